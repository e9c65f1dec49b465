#include "tests/support/signed_client.h"

#include <openssl/hmac.h>

#include <array>
#include <chrono>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "libs/base/check.h"

namespace xt::test {

std::string Sign(std::string_view secret, std::string_view payload) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  ::HMAC(::EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
         reinterpret_cast<const unsigned char*>(payload.data()), payload.size(), digest.data(), &size);
  return absl::BytesToHexString({reinterpret_cast<const char*>(digest.data()), size});
}

std::uint16_t PortOf(std::string_view url) {
  unsigned port = 0;
  XT_CHECK(absl::SimpleAtoi(std::string(url.substr(url.rfind(':') + 1)), &port) && port <= 65535, url);
  return static_cast<std::uint16_t>(port);
}

SignedClient::SignedClient(const std::string& rest, std::optional<Credentials> credentials)
    : credentials_(std::move(credentials)),
      client_(http::ClientOptions{.port = PortOf(rest), .connect_timeout_ms = 60'000, .request_timeout_ms = 120'000}) {}

absl::StatusOr<Answer> SignedClient::Send(std::string_view method, std::string_view target, std::string_view body) {
  http::Request request;
  request.method = method;
  request.target = target;
  request.body = body;
  if (!body.empty()) request.headers.Add("Content-Type", "application/json");
  if (credentials_) {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const std::string timestamp =
        std::to_string(timestamp_ms_.value_or(std::chrono::duration_cast<std::chrono::milliseconds>(now).count()));
    std::string payload = timestamp;
    payload.append(method).append(target).append(body);
    request.headers.Add("X-XT-KEY", credentials_->api_key);
    request.headers.Add("X-XT-TIMESTAMP", timestamp);
    request.headers.Add("X-XT-SIGNATURE", Sign(credentials_->secret, payload));
  }
  auto response = client_.Send(request);
  if (!response.ok()) return response.status();
  return Answer{response->status, nlohmann::json::parse(response->body, nullptr, /*allow_exceptions=*/false)};
}

nlohmann::json LimitOrder(std::string_view symbol, std::string_view side, std::string_view price,
                          std::string_view quantity, std::string_view client_order_id, std::string_view time_in_force) {
  nlohmann::json order{{"symbol", symbol}, {"side", side},         {"type", "LIMIT"},
                       {"price", price},   {"quantity", quantity}, {"timeInForce", time_in_force}};
  if (!client_order_id.empty()) order["clientOrderId"] = client_order_id;
  return order;
}

}  // namespace xt::test
