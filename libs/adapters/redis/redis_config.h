// How to reach one Redis. Plain values; every class of this adapter takes one.
#pragma once

#include <cstdint>
#include <string>

namespace xt::redis {

struct RedisConfig {
  std::string host = "127.0.0.1";
  std::uint16_t port = 6379;
  std::int64_t connect_timeout_ms = 200;  // 1..60000
  std::int64_t command_timeout_ms = 200;  // 1..60000; for one reply, or for one batch of commands to be sent
};

}  // namespace xt::redis
