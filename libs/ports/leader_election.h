// LeaderElection: who of several processes leads a role, and in which epoch. ZooKeeper in a cluster; in the standalone the
// only one is the leader. Leadership alone never permits a write: the fence is checked where the data is.
//
// Threads: any; the observer is called on one thread of the election, must not block, and is told every change in order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/domain/ids.h"

namespace xt::ports {

struct Leadership {
  bool leader = false;
  domain::Epoch epoch;    // of the present leader, else of the last one; 0 before the first. Never falls.
  std::string leader_id;  // empty when there is none
};

class LeaderElection {
 public:
  using Observer = std::function<void(const Leadership&)>;
  virtual ~LeaderElection() = default;
  // Enters the election; the observer learns of the outcome, at once or later. Called once.
  virtual absl::Status Campaign(Observer observer) = 0;
  // How many others would lead after this one. UNAVAILABLE when it cannot be known now. May block for a round trip; not
  // inside the observer.
  virtual absl::StatusOr<std::size_t> OtherCandidates() = 0;
  // Leaves it; after the return the observer is not called again and another may lead. Idempotent.
  virtual void Resign() = 0;
};

}  // namespace xt::ports
