// JobLock: keeps two processes from running the same scheduled job at once. Redis in a cluster, in process in the
// standalone. It saves work, it protects nothing: the lock ends by itself after its time, whatever its holder does, and a
// Redis that was restarted may have forgotten it. A job must be harmless when it runs twice.
// Thread-safe.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace xt::ports {

class JobLock {
 public:
  virtual ~JobLock() = default;
  // The token of the new holder, for `time_to_live` from now; nullopt when somebody holds it. UNAVAILABLE: not known; it may
  // be held, by nobody who knows of it, until the time is over.
  virtual absl::StatusOr<std::optional<std::string>> TryAcquire(std::string_view job,
                                                                std::chrono::milliseconds time_to_live) = 0;
  // NOT_FOUND when it is not held with this token: it had ended, and the job may have run elsewhere meanwhile.
  virtual absl::Status Release(std::string_view job, std::string_view token) = 0;
};

}  // namespace xt::ports
