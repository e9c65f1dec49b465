// MemoryJobLock: locks of scheduled jobs of one process. There are as many entries as jobs. The clock outlives the lock.
// Thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "libs/base/clock.h"
#include "libs/ports/job_lock.h"

namespace xt::embedded {

class MemoryJobLock final : public ports::JobLock {
 public:
  explicit MemoryJobLock(const Clock& clock = SystemClock::Instance()) : clock_(clock) {}

  absl::StatusOr<std::optional<std::string>> TryAcquire(std::string_view job,
                                                        std::chrono::milliseconds time_to_live) override;
  absl::Status Release(std::string_view job, std::string_view token) override;

 private:
  struct Held {
    std::string token;
    std::int64_t until_ns = 0;
  };

  const Clock& clock_;
  std::mutex mutex_;
  std::map<std::string, Held, std::less<>> held_;
};

}  // namespace xt::embedded
