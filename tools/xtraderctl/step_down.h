// `xtraderctl step-down`: the sequencer that leads hands over in order, and who leads then. Plain values and functions.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/xtraderctl/instances.h"
#include "tools/xtraderctl/state.h"

namespace xt::ctl {

struct Leader {
  std::string instance;
  std::int64_t epoch = 0;
};

// Asks one sequencer (gRPC address) after the other until one gives its leadership up, and says which. FAILED_PRECONDITION
// says what each answered.
absl::StatusOr<Leader> StepDown(const std::vector<std::string>& sequencers, const std::string& reason, bool force);

// The sequencer that leads and serves in a later epoch; none yet: nullopt.
std::optional<Leader> SuccessorIn(const std::vector<InstanceState>& instances, std::int64_t epoch);

// Asks the instances until there is a successor. DEADLINE_EXCEEDED when there is none in time.
absl::StatusOr<Leader> AwaitSuccessor(const std::vector<Instance>& instances, std::int64_t epoch,
                                      std::chrono::steady_clock::time_point deadline);

}  // namespace xt::ctl
