#include "libs/adapters/redis/internal/connection_pool.h"

#include <utility>

#include "libs/base/status.h"

namespace xt::redis {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

ConnectionPool::ConnectionPool(RedisConfig config, const RedisEdgeOptions& options)
    : config_(std::move(config)), max_connections_(options.max_connections), retry_pause_(options.retry_pause_ms) {}

absl::StatusOr<Reply> ConnectionPool::Run(const RedisConnection::Args& args) {
  return With([&](RedisConnection& connection) { return connection.Run(args); });
}

absl::StatusOr<Reply> ConnectionPool::Eval(const Script& script, const RedisConnection::Args& keys,
                                           const RedisConnection::Args& args) {
  return With([&](RedisConnection& connection) { return connection.Eval(script, keys, args); });
}

absl::StatusOr<Reply> ConnectionPool::With(const Call& call) {
  XT_ASSIGN_OR_RETURN(std::unique_ptr<RedisConnection> connection, Take());
  auto reply = call(*connection);
  GiveBack(std::move(connection), reply.status());
  return reply;
}

absl::StatusOr<std::unique_ptr<RedisConnection>> ConnectionPool::Take() {
  std::unique_lock lock(mutex_);
  if (!broken_.ok() && steady_clock::now() < broken_until_) return broken_;
  const bool room = free_.wait_for(lock, milliseconds(config_.command_timeout_ms),
                                   [&] { return !idle_.empty() || in_use_ < max_connections_; });
  if (!room) return absl::UnavailableError("redis: all connections are in use");
  ++in_use_;
  if (idle_.empty()) return std::make_unique<RedisConnection>(config_);
  std::unique_ptr<RedisConnection> connection = std::move(idle_.back());
  idle_.pop_back();
  return connection;
}

void ConnectionPool::GiveBack(std::unique_ptr<RedisConnection> connection, const absl::Status& status) {
  {
    std::lock_guard lock(mutex_);
    --in_use_;
    if (absl::IsUnavailable(status)) {
      idle_.clear();
      broken_ = status;
      broken_until_ = steady_clock::now() + retry_pause_;
    } else {
      broken_ = absl::OkStatus();
      idle_.push_back(std::move(connection));
    }
  }
  free_.notify_one();
}

}  // namespace xt::redis
