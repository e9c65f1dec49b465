// GatewayFixture: a gateway on a free port with fake ports, and a client that signs as the documentation says. Two accounts
// have keys: "key-1" with "secret-1" is account 1, "key-2" with "secret-2" account 2.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "libs/http/client.h"
#include "libs/runtime/health.h"
#include "libs/runtime/metrics.h"
#include "services/gateway/gateway_app.h"
#include "services/gateway/testing/fakes.h"

namespace xt::gateway::testing {

struct RestAnswer {
  int status = 0;
  nlohmann::json body;
  http::Headers headers;
};

class GatewayFixture : public ::testing::Test {
 protected:
  GatewayFixture();
  ~GatewayFixture() override;

  // Starts the gateway with `config`; waits until its reference data is there unless `ready` is false.
  void StartGateway(bool ready = true);

  RestAnswer Send(http::Request request);
  RestAnswer Get(std::string_view target);  // unsigned
  RestAnswer Signed(std::string_view method, std::string_view target, std::string_view body = "", int account = 1);
  RestAnswer PostOrder(const nlohmann::json& order) { return Signed("POST", "/v1/order", order.dump()); }
  http::Request SignedRequest(std::string_view method, std::string_view target, std::string_view body, int account = 1);

  static nlohmann::json Limit(std::string_view price = "50000", std::string_view quantity = "0.5");

  GatewayConfig config_;
  ManualClock clock_{1'700'000'000'000'000'000};
  FakeSequencing sequencing_;
  FakeHistory history_;
  FakeMarket market_;
  FakeMatching matching_;
  FakeRateLimiter rate_limiter_;
  GatewayHooks hooks_;
  runtime::MetricsRegistry metrics_;
  runtime::HealthRegistry health_{nullptr};
  std::unique_ptr<GatewayApp> app_;
  std::unique_ptr<http::Client> client_;
};

void ExpectRefusal(const RestAnswer& answer, int status, std::string_view code, std::string_view field = "");

}  // namespace xt::gateway::testing
