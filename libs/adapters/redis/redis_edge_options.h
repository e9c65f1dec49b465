// What the classes for the edge's state (sessions, limits, cache, locks, notices) share. Plain values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace xt::redis {

struct RedisEdgeOptions {
  std::string key_prefix = "xt:";     // before every key and channel
  std::size_t max_connections = 4;    // > 0
  std::int64_t retry_pause_ms = 100;  // >= 0; after a lost connection calls fail at once for so long
};

}  // namespace xt::redis
