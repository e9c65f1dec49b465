// Scenarios: matching's rules as text that a trader can read. A line at the margin is a command; the indented lines below
// it are exactly what the exchange answers. README.md in this folder has the words. Running a scenario gives the text
// with the answers that the engine really gave; the test compares the two. After every command all invariants must hold,
// and at the end the state, saved and restored, must be the same state.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace xt::scenarios {

enum class Restarts { kNever, kAfterEachCommand };

// The scenario with its answers as they are. An error names the line that is not understood, or the broken invariant.
// With restarts, the engine is replaced by one that is restored from its snapshot after each command.
absl::StatusOr<std::string> RunScenario(std::string_view text, Restarts restarts = Restarts::kNever);

}  // namespace xt::scenarios
