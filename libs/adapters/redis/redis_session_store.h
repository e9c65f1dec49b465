// RedisSessionStore: sessions that every gateway sees. UNAVAILABLE when Redis cannot be asked, RESOURCE_EXHAUSTED when it is
// full. When memory is short Redis drops the sessions that would end soonest. Thread-safe.
#pragma once

#include <memory>

#include "libs/adapters/redis/redis_config.h"
#include "libs/adapters/redis/redis_edge_options.h"
#include "libs/ports/session_store.h"

namespace xt::redis {

class ExpiringKeys;

class RedisSessionStore final : public ports::SessionStore {
 public:
  explicit RedisSessionStore(RedisConfig config, const RedisEdgeOptions& options = {});
  ~RedisSessionStore() override;

  absl::Status Put(std::string_view session_id, std::string_view value,
                   std::chrono::milliseconds time_to_live) override;
  absl::StatusOr<std::optional<std::string>> Get(std::string_view session_id) override;
  absl::Status Erase(std::string_view session_id) override;

 private:
  const std::unique_ptr<ExpiringKeys> keys_;
};

}  // namespace xt::redis
