#include "libs/adapters/redis/redis_cache.h"

#include <utility>

#include "libs/adapters/redis/internal/expiring_keys.h"

namespace xt::redis {

RedisCache::RedisCache(RedisConfig config, const RedisEdgeOptions& options)
    : keys_(std::make_unique<ExpiringKeys>(std::move(config), options, "cache")) {}
RedisCache::~RedisCache() = default;

absl::Status RedisCache::Put(std::string_view key, std::string_view value, std::chrono::milliseconds time_to_live) {
  return keys_->Put(key, value, time_to_live);
}

absl::StatusOr<std::optional<std::string>> RedisCache::Get(std::string_view key) { return keys_->Get(key); }

absl::Status RedisCache::Erase(std::string_view key) { return keys_->Erase(key); }

}  // namespace xt::redis
