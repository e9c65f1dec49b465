// The connection of xt-order: where the exchange is and which keys there are (its ready file), the signature of a request,
// and how request and answer are shown. The secret is used and never shown.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "libs/http/message.h"
#include "tools/xt-order/arguments.h"

namespace xt::order {

struct Target {
  std::string host;
  std::uint16_t port = 0;
  std::string account;
  std::string api_key;
  std::string secret;
};

// `ready` is the content of a ready file; an empty account is its first one.
absl::StatusOr<Target> ReadTarget(std::string_view ready, std::string_view account);

// Headers X-XT-KEY, X-XT-TIMESTAMP and X-XT-SIGNATURE, as for any client of the REST API.
http::Request SignRequest(const Arguments& arguments, const Target& target, std::int64_t now_ms);

std::string ShowRequest(const http::Request& request, const Target& target);
// JSON is indented.
std::string ShowResponse(const http::Response& response);

}  // namespace xt::order
