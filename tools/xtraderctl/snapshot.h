// xtraderctl snapshot: has the replicas of matching write their state, so that their next start is short.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace xt::ctl {

struct SnapshotAnswer {
  std::string text;    // a line for each replica
  bool taken = false;  // at least one was written, and no replica failed
};

// Asks each replica (gRPC addresses). The one that works for the leader is passed over, unless `even_leading`: orders would
// wait meanwhile.
SnapshotAnswer TakeSnapshots(const std::vector<std::string>& matching, bool even_leading);

}  // namespace xt::ctl
