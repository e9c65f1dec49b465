#include "libs/adapters/rabbitmq/rabbitmq_config.h"

#include <amqp.h>

#include <algorithm>
#include <cctype>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"

namespace xt::rabbitmq {
namespace {

absl::Status CheckRange(const std::string& field, std::int64_t value, std::int64_t least, std::int64_t most) {
  if (value >= least && value <= most) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("rabbitmq: ", field, " is ", value, ", not in ", least, "..", most));
}

}  // namespace

absl::Status RabbitMqConfig::Validate() const {
  std::string parsed_in_place = url;
  amqp_connection_info info{};
  if (amqp_parse_url(parsed_in_place.data(), &info) != AMQP_STATUS_OK || info.ssl != 0) {
    return absl::InvalidArgumentError("rabbitmq: url is not like amqp://user:password@host:port/vhost");
  }
  const bool plain = std::all_of(prefix.begin(), prefix.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-';
  });
  if (!plain || prefix.size() > 100) {
    return absl::InvalidArgumentError("rabbitmq: prefix has up to 100 characters of [A-Za-z0-9._-]");
  }
  XT_RETURN_IF_ERROR(CheckRange("publish_timeout", publish_timeout.count(), 100, 600'000));
  XT_RETURN_IF_ERROR(CheckRange("request_timeout", request_timeout.count(), 100, 60'000));
  XT_RETURN_IF_ERROR(CheckRange("window", window, 1, 10'000));
  return CheckRange("max_dead_letters", max_dead_letters, 1, 10'000'000);
}

}  // namespace xt::rabbitmq
