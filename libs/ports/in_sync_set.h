// InSyncSet: which copies of the journal must hold a frame before it counts. It is itself replicated state: one record that
// is changed only by compare-and-set, and only by the leader of the present epoch (ZooKeeper in a cluster). Copies are
// named by their identity (ports/journal_copy.h).
//
// Threads: any, one call at a time. Calls may block for as long as the coordinator takes.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/domain/ids.h"

namespace xt::ports {

class InSyncSet {
 public:
  virtual ~InSyncSet() = default;
  // The leader of `epoch` begins: from here on nobody of a lower epoch can change the set. The members, unchanged, by a read
  // that is not stale. Empty: no journal was ever written. FAILED_PRECONDITION: another leads.
  virtual absl::StatusOr<std::vector<std::string>> Claim(domain::Epoch epoch) = 0;
  // After Claim. OK: these are the members. FAILED_PRECONDITION: another leads; the caller must step down. Any other status: not known
  // whether it happened, or not permitted now; it is asked again.
  virtual absl::Status Replace(const std::vector<std::string>& members) = 0;
};

}  // namespace xt::ports
