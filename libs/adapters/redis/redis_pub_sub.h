// RedisPubSub: notices over PUBLISH and SUBSCRIBE. Each subscription has a connection and a thread, which connects again,
// for ever, when the connection is lost. A handler that is too slow for what comes in is cut off by Redis (its limit for
// the output of subscribers) and starts anew: memory stays bounded, and `live` says so. Thread-safe.
#pragma once

#include <memory>
#include <string>

#include "libs/adapters/redis/redis_config.h"
#include "libs/adapters/redis/redis_edge_options.h"
#include "libs/ports/pub_sub.h"

namespace xt::redis {

class ConnectionPool;

class RedisPubSub final : public ports::PubSub {
 public:
  explicit RedisPubSub(RedisConfig config, const RedisEdgeOptions& options = {});
  ~RedisPubSub() override;

  absl::Status Publish(std::string_view channel, std::string_view message) override;
  std::unique_ptr<ports::PubSubSubscription> Subscribe(std::string_view channel, Handler handler) override;

 private:
  class Subscription;

  const RedisConfig config_;
  const RedisEdgeOptions options_;
  const std::unique_ptr<ConnectionPool> pool_;
};

}  // namespace xt::redis
