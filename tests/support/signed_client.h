// SignedClient: a trader's client of the native REST API, written from the API's description alone and sharing no code
// with the gateway: it signs each request as the documentation says. One thread at a time.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "libs/http/client.h"

namespace xt::test {

struct Credentials {
  std::string account;
  std::string api_key;
  std::string secret;
};

struct Answer {
  int status = 0;
  nlohmann::json body;
};

// Lower-case hex of HMAC-SHA256.
std::string Sign(std::string_view secret, std::string_view payload);

class SignedClient {
 public:
  // `rest` is an origin, "http://127.0.0.1:8080". Without credentials requests are not signed.
  explicit SignedClient(const std::string& rest, std::optional<Credentials> credentials = std::nullopt);

  // An error means that there was no answer: the request may or may not have been executed.
  absl::StatusOr<Answer> Send(std::string_view method, std::string_view target, std::string_view body = "");
  absl::StatusOr<Answer> Get(std::string_view target) { return Send("GET", target); }
  absl::StatusOr<Answer> Delete(std::string_view target) { return Send("DELETE", target); }
  absl::StatusOr<Answer> Order(const nlohmann::json& order) { return Send("POST", "/v1/order", order.dump()); }

  // Sent instead of the present time, to test the window.
  void set_timestamp_ms(std::optional<std::int64_t> timestamp_ms) { timestamp_ms_ = timestamp_ms; }

 private:
  std::optional<Credentials> credentials_;
  std::optional<std::int64_t> timestamp_ms_;
  http::Client client_;
};

// {"symbol": ..., "side": ..., "type": "LIMIT", ...}
nlohmann::json LimitOrder(std::string_view symbol, std::string_view side, std::string_view price,
                          std::string_view quantity, std::string_view client_order_id = "",
                          std::string_view time_in_force = "GTC");

// The port of "http://127.0.0.1:8080".
std::uint16_t PortOf(std::string_view url);

}  // namespace xt::test
