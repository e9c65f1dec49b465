#include "libs/adapters/embedded/memory_job_lock.h"

#include "libs/base/random_id.h"

namespace xt::embedded {

absl::StatusOr<std::optional<std::string>> MemoryJobLock::TryAcquire(std::string_view job,
                                                                     std::chrono::milliseconds time_to_live) {
  if (time_to_live.count() <= 0) return absl::InvalidArgumentError("a lock lives for more than 0 ms");
  const std::int64_t now_ns = clock_.MonotonicNs();
  std::lock_guard lock(mutex_);
  Held& held = held_[std::string(job)];
  if (held.until_ns > now_ns) return std::nullopt;
  held = {RandomId(), now_ns + std::chrono::nanoseconds(time_to_live).count()};
  return held.token;
}

absl::Status MemoryJobLock::Release(std::string_view job, std::string_view token) {
  std::lock_guard lock(mutex_);
  const auto held = held_.find(job);
  if (held == held_.end() || held->second.token != token || held->second.until_ns <= clock_.MonotonicNs()) {
    return absl::NotFoundError("the lock is not held with this token");
  }
  held_.erase(held);
  return absl::OkStatus();
}

}  // namespace xt::embedded
