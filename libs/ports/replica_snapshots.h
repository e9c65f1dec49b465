// ReplicaSnapshots: has a replica of matching write its state, so that a restart need not apply the whole journal again, and
// hands out what it keeps: to those who want to know up to where the journal may be trimmed, and to a replica that cannot
// be fed since the journal begins behind what it has applied.
// A snapshot is kept when it is durable and verified: it was read back, and the state restored from it is the one it was
// taken of. From any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
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
  // Waits until the snapshot is durable.
  virtual absl::StatusOr<SnapshotInfo> TakeSnapshot(bool even_leading) = 0;
  // The sequences of those it keeps, the newest first. FAILED_PRECONDITION when it keeps none ever.
  virtual absl::StatusOr<std::vector<domain::SequenceNumber>> ListSnapshots() = 0;
  // The newest of those it keeps from `at_least` to `at_most`, as bytes, in pieces, in order. A visitor's error stops and
  // is returned. NOT_FOUND when there is none.
  using PieceVisitor = std::function<absl::Status(std::string_view piece)>;
  virtual absl::Status ReadSnapshot(domain::SequenceNumber at_least, domain::SequenceNumber at_most,
                                    const PieceVisitor& visitor) = 0;
  // Has it keep a copy of such a snapshot of another replica, which is at `source` ("host:port"). Waits until it does.
  virtual absl::Status CopySnapshot(const std::string& source, domain::SequenceNumber at_least,
                                    domain::SequenceNumber at_most) = 0;
};

}  // namespace xt::ports
