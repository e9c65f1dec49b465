// ReplicaSnapshots: has a replica of matching write its state, so that a restart need not apply the whole journal again.
// From any thread; waits until the snapshot is durable.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "libs/domain/ids.h"

namespace xt::ports {

struct SnapshotInfo {
  domain::SequenceNumber sequence;  // of the last command in it
  std::uint64_t bytes = 0;
};

class ReplicaSnapshots {
 public:
  virtual ~ReplicaSnapshots() = default;
  // The replica that works for the leader refuses (FAILED_PRECONDITION) unless `even_leading`: orders wait while its
  // state is copied, about a third of a second per million open orders. FAILED_PRECONDITION when it keeps no snapshots,
  // UNAVAILABLE while it writes another one or has applied nothing.
  virtual absl::StatusOr<SnapshotInfo> TakeSnapshot(bool even_leading) = 0;
};

}  // namespace xt::ports
