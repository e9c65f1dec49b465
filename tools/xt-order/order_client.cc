#include "tools/xt-order/order_client.h"

#include <charconv>
#include <nlohmann/json.hpp>

#include "libs/auth/hmac.h"
#include "libs/auth/signature.h"

namespace xt::order {
namespace {

using Json = nlohmann::ordered_json;

absl::Status ReadUrl(const std::string& url, Target& target) {
  constexpr std::string_view kScheme = "http://";
  const auto colon = url.rfind(':');
  const bool has_port = url.starts_with(kScheme) && colon != std::string::npos && colon > kScheme.size();
  if (has_port) std::from_chars(url.data() + colon + 1, url.data() + url.size(), target.port);
  if (target.port == 0) {
    return absl::InvalidArgumentError("the ready file has no address of the form http://host:port: " + url);
  }
  target.host = url.substr(kScheme.size(), colon - kScheme.size());
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Target> ReadTarget(std::string_view ready, std::string_view account) {
  const Json json = Json::parse(ready, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return absl::InvalidArgumentError("the ready file is no JSON object");
  Target target;
  if (const absl::Status url = ReadUrl(json.value("rest", ""), target); !url.ok()) return url;
  for (const Json& entry : json.value("accounts", Json::array())) {
    const std::string name = entry.value("account", "");
    if (!account.empty() && name != account) continue;
    target.account = name;
    target.api_key = entry.value("apiKey", "");
    target.secret = entry.value("secret", "");
    return target;
  }
  return absl::NotFoundError("the ready file has no account " + std::string(account));
}

http::Request SignRequest(const Arguments& arguments, const Target& target, std::int64_t now_ms) {
  http::Request request;
  request.method = arguments.method;
  request.target = arguments.target;
  request.body = arguments.body;
  const std::string timestamp = std::to_string(now_ms);
  if (!request.body.empty()) request.headers.Set("Content-Type", "application/json");
  request.headers.Set("X-XT-KEY", target.api_key);
  request.headers.Set("X-XT-TIMESTAMP", timestamp);
  request.headers.Set("X-XT-SIGNATURE",
                      auth::HmacSha256Hex(target.secret, auth::SignaturePayload(timestamp, request.method,
                                                                                request.target, request.body)));
  return request;
}

std::string ShowRequest(const http::Request& request, const Target& target) {
  std::string text = request.method + " " + request.target + " HTTP/1.1\n";
  text += "Host: " + target.host + ":" + std::to_string(target.port) + "\n";
  for (std::size_t i = 0; i < request.headers.size(); ++i) {
    const auto [name, value] = request.headers.at(i);
    text.append(name).append(": ").append(value).append("\n");
  }
  if (!request.body.empty()) text += "\n" + request.body + "\n";
  return text;
}

std::string ShowResponse(const http::Response& response) {
  const Json json = Json::parse(response.body, nullptr, /*allow_exceptions=*/false);
  std::string text = "HTTP/1.1 " + std::to_string(response.status) + " ";
  text.append(http::ReasonPhrase(response.status)).append("\n\n");
  return text + (json.is_discarded() ? response.body : json.dump(2)) + "\n";
}

}  // namespace xt::order
