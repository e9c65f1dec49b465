// RedisJobLock: SET NX PX with a random token; only who has the token releases it. Thread-safe.
#pragma once

#include <memory>
#include <string>

#include "libs/adapters/redis/redis_config.h"
#include "libs/adapters/redis/redis_edge_options.h"
#include "libs/ports/job_lock.h"

namespace xt::redis {

class ConnectionPool;

class RedisJobLock final : public ports::JobLock {
 public:
  explicit RedisJobLock(RedisConfig config, const RedisEdgeOptions& options = {});
  ~RedisJobLock() override;

  absl::StatusOr<std::optional<std::string>> TryAcquire(std::string_view job,
                                                        std::chrono::milliseconds time_to_live) override;
  absl::Status Release(std::string_view job, std::string_view token) override;

 private:
  const std::string prefix_;
  const std::unique_ptr<ConnectionPool> pool_;
};

}  // namespace xt::redis
