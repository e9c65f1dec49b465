// RedisCache: a look-aside cache that processes share. UNAVAILABLE when Redis cannot be asked: the caller goes on without.
// When memory is short Redis drops what would end soonest. Thread-safe.
#pragma once

#include <memory>

#include "libs/adapters/redis/redis_config.h"
#include "libs/adapters/redis/redis_edge_options.h"
#include "libs/ports/session_store.h"

namespace xt::redis {

class ExpiringKeys;

class RedisCache final : public ports::Cache {
 public:
  explicit RedisCache(RedisConfig config, const RedisEdgeOptions& options = {});
  ~RedisCache() override;

  absl::Status Put(std::string_view key, std::string_view value, std::chrono::milliseconds time_to_live) override;
  absl::StatusOr<std::optional<std::string>> Get(std::string_view key) override;
  absl::Status Erase(std::string_view key) override;

 private:
  const std::unique_ptr<ExpiringKeys> keys_;
};

}  // namespace xt::redis
