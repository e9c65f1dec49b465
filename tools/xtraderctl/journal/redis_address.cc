#include "tools/xtraderctl/journal/redis_address.h"

#include "libs/base/status.h"
#include "tools/xtraderctl/instances.h"

namespace xt::ctl {

absl::StatusOr<redis::RedisConfig> RedisConfigOf(const std::string& address) {
  XT_ASSIGN_OR_RETURN(const Instance instance, ParseInstance("redis=" + address));
  redis::RedisConfig config;
  config.host = instance.host;
  config.port = instance.port;
  config.connect_timeout_ms = 2'000;
  config.command_timeout_ms = 10'000;
  return config;
}

}  // namespace xt::ctl
