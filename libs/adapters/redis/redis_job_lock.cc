#include "libs/adapters/redis/redis_job_lock.h"

#include <utility>

#include "libs/adapters/redis/internal/connection_pool.h"
#include "libs/base/random_id.h"
#include "libs/base/status.h"

namespace xt::redis {
namespace {

// KEYS: lock. ARGV: token.
constexpr Script kRelease{R"lua(
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1]))lua"};

}  // namespace

RedisJobLock::RedisJobLock(RedisConfig config, const RedisEdgeOptions& options)
    : prefix_(options.key_prefix + "job:"), pool_(std::make_unique<ConnectionPool>(std::move(config), options)) {}
RedisJobLock::~RedisJobLock() = default;

absl::StatusOr<std::optional<std::string>> RedisJobLock::TryAcquire(std::string_view job,
                                                                    std::chrono::milliseconds time_to_live) {
  if (time_to_live.count() <= 0) return absl::InvalidArgumentError("a lock lives for more than 0 ms");
  std::string token = RandomId();
  const std::string key = prefix_ + std::string(job);
  XT_ASSIGN_OR_RETURN(const Reply reply, pool_->Run({"SET", key, token, "NX", "PX", PxArgument(time_to_live)}));
  if (IsNil(*reply)) return std::nullopt;
  return token;
}

absl::Status RedisJobLock::Release(std::string_view job, std::string_view token) {
  XT_ASSIGN_OR_RETURN(const Reply removed, pool_->Eval(kRelease, {prefix_ + std::string(job)}, {token}));
  return Integer(*removed) == 1 ? absl::OkStatus() : absl::NotFoundError("the lock is not held with this token");
}

}  // namespace xt::redis
