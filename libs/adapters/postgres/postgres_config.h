// How the PostgreSQL store reaches its server. Plain values; PostgresStore::Open checks them.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace xt::postgres {

struct PostgresConfig {
  // "postgresql://user:password@host:port/database"; parameters behind a '?' are allowed. Never logged.
  std::string url;
  // All tables lie in this schema, which Open creates. 1..63 of [a-z0-9_], the first one a letter.
  std::string schema = "xtrader";
  // Connections of queries, opened when needed; 1..64. The writer has one of its own besides.
  std::size_t max_query_connections = 4;
  std::uint32_t connect_timeout_s = 2;  // 2..60
  // The server ends a statement that takes longer, and a session that idles so long within a transaction; 10..600,000.
  std::uint32_t statement_timeout_ms = 5'000;
  // A call that takes longer fails and loses its connection: a server that does not answer is not waited for. The wait
  // for a free connection counts; connecting does not. 10..600,000, at least statement_timeout_ms.
  std::uint32_t call_timeout_ms = 10'000;
  // How long a query waited that found all connections in use. Any thread; must not block.
  std::function<void(std::chrono::nanoseconds)> on_pool_wait;
};

// Since the start, but for the first three.
struct PostgresStats {
  std::uint64_t connections_in_use = 0;
  std::uint64_t connections_idle = 0;
  std::uint64_t queries_waiting = 0;  // for a connection
  std::uint64_t connections_opened = 0;
  std::uint64_t connections_lost = 0;  // broken, or given up since the server did not answer in time
};

}  // namespace xt::postgres
