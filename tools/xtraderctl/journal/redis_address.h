// "HOST:PORT" of a Redis as the configuration of its clients. Pure.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "libs/adapters/redis/redis_config.h"

namespace xt::ctl {

// INVALID_ARGUMENT when it is no address. Time-outs are those of somebody who can wait.
absl::StatusOr<redis::RedisConfig> RedisConfigOf(const std::string& address);

}  // namespace xt::ctl
