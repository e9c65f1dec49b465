#include "libs/adapters/postgres/internal/connection_pool.h"

#include <chrono>
#include <utility>

#include "libs/base/status.h"

namespace xt::postgres {

using Clock = std::chrono::steady_clock;

absl::Status ConnectionPool::Execute(const Connection::Work& work) {
  Deadline deadline = Clock::now() + std::chrono::milliseconds(config_.call_timeout_ms);
  XT_ASSIGN_OR_RETURN(std::unique_ptr<Connection> connection, Enter(deadline));
  if (!connection) {
    const auto before = Clock::now();
    auto opened = Connection::Open(config_, watch_);
    if (!opened.ok()) {
      Leave(nullptr);
      return opened.status();
    }
    connection = *std::move(opened);
    deadline += Clock::now() - before;
    std::lock_guard lock(mutex_);
    ++stats_.connections_opened;
  }
  absl::Status status = connection->Execute(deadline, work);
  Leave(std::move(connection));
  return status;
}

absl::StatusOr<std::unique_ptr<Connection>> ConnectionPool::Enter(Deadline deadline) {
  std::unique_lock lock(mutex_);
  const auto free = [this] { return stats_.connections_in_use < config_.max_query_connections; };
  if (!free()) {
    const auto before = Clock::now();
    ++stats_.queries_waiting;
    const bool in_time = left_.wait_until(lock, deadline, free);
    --stats_.queries_waiting;
    if (config_.on_pool_wait) config_.on_pool_wait(Clock::now() - before);
    if (!in_time) return absl::UnavailableError("postgres: all connections are in use");
  }
  ++stats_.connections_in_use;
  while (!idle_.empty()) {
    std::unique_ptr<Connection> connection = std::move(idle_.back());
    idle_.pop_back();
    if (!connection->ClosedByServer()) return connection;
    ++stats_.connections_lost;
  }
  return nullptr;
}

void ConnectionPool::Leave(std::unique_ptr<Connection> connection) {
  {
    std::lock_guard lock(mutex_);
    --stats_.connections_in_use;
    if (connection && connection->usable()) {
      idle_.push_back(std::move(connection));
    } else if (connection) {
      ++stats_.connections_lost;
    }
  }
  left_.notify_one();
}

PostgresStats ConnectionPool::stats() const {
  std::lock_guard lock(mutex_);
  PostgresStats stats = stats_;
  stats.connections_idle = idle_.size();
  return stats;
}

}  // namespace xt::postgres
