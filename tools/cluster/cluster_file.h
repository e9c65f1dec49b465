// What a running cluster says of itself: <data>/ready.json, written by the supervisor, and the lock that tells whether it
// runs. Plain functions.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace xt::cluster {

// The content of a file; empty when it cannot be read.
std::string ReadText(const std::string& path);

// With it the gateways take commands of operators. Made with the folder, and kept; only its owner can read it.
absl::Status MakeOperatorSecret(const std::string& data);
// Empty when there is none.
std::string ReadOperatorSecret(const std::string& data);

// Held by the supervisor for its whole life. UNAVAILABLE when another one holds it.
absl::Status HoldLock(const std::string& data);
// The supervisor's process; 0 when none runs.
pid_t SupervisorOf(const std::string& data);
// Waits until a process that is no child of this one has ended; false when it still runs.
bool WaitForEnd(pid_t pid, std::chrono::milliseconds timeout);

// A service or server that is held is not started again once it has ended.
void Hold(const std::string& data, const std::string& name);
void Release(const std::string& data, const std::string& name);
[[nodiscard]] bool IsHeld(const std::string& data, const std::string& name);

// As it is now: besides what the file says, which services are ready and which lead. NOT_FOUND when nothing runs.
absl::StatusOr<nlohmann::ordered_json> ReadCluster(const std::string& data);

}  // namespace xt::cluster
