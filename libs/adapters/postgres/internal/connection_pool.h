// ConnectionPool: the connections of queries, opened when needed, at most so many. Who finds all of them in use waits.
// Broken ones are dropped, also those that the server has closed while they were idle: after a restart of the server
// no call fails because of it. Threads: any.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "absl/status/status.h"
#include "libs/adapters/postgres/internal/connection.h"
#include "libs/adapters/postgres/postgres_config.h"

namespace xt::postgres {

class ConnectionPool {
 public:
  // Both outlive the object.
  ConnectionPool(const PostgresConfig& config, CallWatch& watch) : config_(config), watch_(watch) {}

  // Connection::Execute on one of the connections. UNAVAILABLE when none is free in time.
  absl::Status Execute(const Connection::Work& work);

  [[nodiscard]] PostgresStats stats() const;

 private:
  // Waits for a place and takes an idle connection along, when there is a good one; the caller has a place then.
  absl::StatusOr<std::unique_ptr<Connection>> Enter(Deadline deadline);
  void Leave(std::unique_ptr<Connection> connection);

  const PostgresConfig& config_;
  CallWatch& watch_;
  mutable std::mutex mutex_;
  std::condition_variable left_;
  std::vector<std::unique_ptr<Connection>> idle_;
  PostgresStats stats_;  // connections_idle is idle_.size()
};

}  // namespace xt::postgres
