#include "libs/adapters/redis/redis_session_store.h"

#include <utility>

#include "libs/adapters/redis/internal/expiring_keys.h"

namespace xt::redis {

RedisSessionStore::RedisSessionStore(RedisConfig config, const RedisEdgeOptions& options)
    : keys_(std::make_unique<ExpiringKeys>(std::move(config), options, "session")) {}
RedisSessionStore::~RedisSessionStore() = default;

absl::Status RedisSessionStore::Put(std::string_view session_id, std::string_view value,
                                    std::chrono::milliseconds time_to_live) {
  return keys_->Put(session_id, value, time_to_live);
}

absl::StatusOr<std::optional<std::string>> RedisSessionStore::Get(std::string_view session_id) {
  return keys_->Get(session_id);
}

absl::Status RedisSessionStore::Erase(std::string_view session_id) { return keys_->Erase(session_id); }

}  // namespace xt::redis
