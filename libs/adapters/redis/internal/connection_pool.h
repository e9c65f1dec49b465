// ConnectionPool: a bounded number of connections for classes that any thread may call; one command at a time on each.
// A call that finds none free waits up to the command's time-out (UNAVAILABLE). When a connection breaks, the idle ones
// are dropped with it, and for a while every call fails at once: a Redis that is away must not hold the threads of the
// edge one time-out after the other. Thread-safe.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "libs/adapters/redis/internal/redis_connection.h"
#include "libs/adapters/redis/redis_edge_options.h"

namespace xt::redis {

class ConnectionPool {
 public:
  ConnectionPool(RedisConfig config, const RedisEdgeOptions& options);

  absl::StatusOr<Reply> Run(const RedisConnection::Args& args);
  absl::StatusOr<Reply> Eval(const Script& script, const RedisConnection::Args& keys,
                             const RedisConnection::Args& args);

 private:
  using Call = std::function<absl::StatusOr<Reply>(RedisConnection&)>;

  absl::StatusOr<Reply> With(const Call& call);
  absl::StatusOr<std::unique_ptr<RedisConnection>> Take();
  void GiveBack(std::unique_ptr<RedisConnection> connection, const absl::Status& status);

  const RedisConfig config_;
  const std::size_t max_connections_;
  const std::chrono::milliseconds retry_pause_;
  std::mutex mutex_;
  std::condition_variable free_;
  std::vector<std::unique_ptr<RedisConnection>> idle_;
  std::size_t in_use_ = 0;
  absl::Status broken_;  // what a call got that was not answered
  std::chrono::steady_clock::time_point broken_until_;
};

}  // namespace xt::redis
