#include "services/gateway/testing/rest_fixture.h"

#include <condition_variable>
#include <mutex>
#include <utility>

#include "libs/auth/hmac.h"
#include "libs/auth/signature.h"
#include "libs/http/testing.h"

namespace xt::gateway::testing {

GatewayFixture::GatewayFixture() {
  config_.rest_port = 0;
  config_.order_timeout_ms = 60'000;
  for (const char* number : {"1", "2"}) {
    const auto account = domain::AccountId(static_cast<std::uint32_t>(std::stoi(number)));
    EXPECT_TRUE(history_.PutApiKey({std::string("key-") + number, std::string("secret-") + number, account}).ok());
  }
}

GatewayFixture::~GatewayFixture() {
  history_.set_blocked(false);
  app_.reset();
}

void GatewayFixture::StartGateway(bool ready) {
  app_ = std::make_unique<GatewayApp>(config_, GatewayPorts{sequencing_, history_, market_, matching_, rate_limiter_},
                                      hooks_, clock_, metrics_, health_);
  ASSERT_TRUE(app_->Start().ok());
  client_ = std::make_unique<http::Client>(http::testing::Patient(app_->rest_port()));
  if (!ready) return;
  health_.SetState(runtime::ServingState::kServing);
  std::mutex mutex;
  std::condition_variable changed;
  bool is_ready = false;
  const auto unsubscribe = health_.OnReadyChange([&](bool now) {
    const std::lock_guard lock(mutex);
    is_ready = now;
    changed.notify_all();
  });
  {
    std::unique_lock lock(mutex);
    EXPECT_TRUE(changed.wait_for(lock, std::chrono::seconds(60), [&] { return is_ready; }));
  }
  unsubscribe();
}

RestAnswer GatewayFixture::Send(http::Request request) {
  const absl::StatusOr<http::Response> response = client_->Send(request);
  EXPECT_TRUE(response.ok()) << response.status();
  if (!response.ok()) return {};
  auto body = nlohmann::json::parse(response->body, nullptr, /*allow_exceptions=*/false);
  return {response->status, std::move(body), response->headers};
}

RestAnswer GatewayFixture::Get(std::string_view target) {
  http::Request request;
  request.target = target;
  return Send(std::move(request));
}

http::Request GatewayFixture::SignedRequest(std::string_view method, std::string_view target, std::string_view body,
                                            int account) {
  http::Request request;
  request.method = method;
  request.target = target;
  request.body = body;
  const std::string number = std::to_string(account);
  const std::string timestamp = std::to_string(clock_.WallNs() / 1'000'000);
  request.headers.Set("X-XT-KEY", "key-" + number);
  request.headers.Set("X-XT-TIMESTAMP", timestamp);
  request.headers.Set("X-XT-SIGNATURE",
                      auth::HmacSha256Hex("secret-" + number, auth::SignaturePayload(timestamp, method, target, body)));
  return request;
}

RestAnswer GatewayFixture::Signed(std::string_view method, std::string_view target, std::string_view body,
                                  int account) {
  return Send(SignedRequest(method, target, body, account));
}

nlohmann::json GatewayFixture::Limit(std::string_view price, std::string_view quantity) {
  return {{"symbol", "BTC-USDT"}, {"side", "BUY"},        {"type", "LIMIT"},
          {"price", price},       {"quantity", quantity}, {"clientOrderId", "mine-1"}};
}

void ExpectRefusal(const RestAnswer& answer, int status, std::string_view code, std::string_view field) {
  EXPECT_EQ(answer.status, status) << answer.body;
  ASSERT_TRUE(answer.body.is_object()) << answer.body;
  EXPECT_EQ(answer.body.value("code", ""), code) << answer.body;
  EXPECT_EQ(answer.body.value("field", ""), field) << answer.body;
  EXPECT_FALSE(answer.body.value("message", "").empty());
}

}  // namespace xt::gateway::testing
