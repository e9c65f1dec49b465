// RedisRateLimiter: token buckets that all gateways share, in integers, by the clock of Redis. A bucket is forgotten as
// soon as it would be full. When Redis cannot be asked (UNAVAILABLE) the caller decides whether to allow. Thread-safe.
#pragma once

#include <memory>
#include <string>

#include "libs/adapters/redis/redis_config.h"
#include "libs/adapters/redis/redis_edge_options.h"
#include "libs/ports/session_store.h"

namespace xt::redis {

class ConnectionPool;

class RedisRateLimiter final : public ports::RateLimiter {
 public:
  explicit RedisRateLimiter(RedisConfig config, const RedisEdgeOptions& options = {});
  ~RedisRateLimiter() override;

  // INVALID_ARGUMENT for a limit of zero or above 10^9, and for more tokens than the bucket can ever hold.
  absl::StatusOr<Decision> Take(std::string_view key, const Limit& limit, std::uint64_t tokens) override;

 private:
  const std::string prefix_;
  const std::unique_ptr<ConnectionPool> pool_;
};

}  // namespace xt::redis
