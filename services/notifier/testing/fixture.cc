#include "services/notifier/testing/fixture.h"

#include "libs/auth/hmac.h"
#include "libs/auth/signature.h"

namespace xt::notifier::testing {
namespace {

constexpr std::int64_t kPatienceMs = std::chrono::milliseconds(kPatience).count();

http::WebSocketClientOptions Patient(http::WebSocketClientOptions options) {
  options.connect_timeout_ms = options.send_timeout_ms = kPatienceMs;
  return options;
}

}  // namespace

Listener::Listener(const NotifierApp& app, const std::string& query, http::WebSocketClientOptions options)
    : client_(Patient(options)) {
  const absl::Status status = client_.Connect("127.0.0.1", app.port(), "/ws/exchange" + query);
  EXPECT_TRUE(status.ok()) << status;
}

void Listener::Send(const std::string& text) { EXPECT_TRUE(client_.Send(text).ok()); }

json Listener::Next() {
  const auto message = client_.Read(kPatienceMs);
  EXPECT_TRUE(message.ok()) << message.status() << " " << client_.close_reason();
  return message.ok() ? json::parse(message->data, nullptr, false) : json();
}

json Listener::Ask(const json& request) {
  Send(request);
  return Next();
}

json Listener::Next(const std::string& type) {
  json message = Next();
  EXPECT_EQ(message.value("type", ""), type) << message;
  return message;
}

std::string Listener::End() {
  while (client_.Read(kPatienceMs).ok()) {
  }
  return std::to_string(client_.close_code()) + " " + client_.close_reason();
}

json LogonRequestOf(const std::string& api_key, const std::string& secret, std::int64_t timestamp_ms) {
  const std::string signature = auth::HmacSha256Hex(secret, auth::LogonPayload(timestamp_ms, api_key));
  const json params{{"apiKey", api_key}, {"timestamp", timestamp_ms}, {"signature", signature}};
  return {{"method", "LOGON"}, {"params", params}, {"id", "logon"}};
}

NotifierTest::NotifierTest() {
  config_.close_timeout_ms = std::chrono::milliseconds(kPatience).count();
  matching_.Set(Book(kBtc, 10, {Level(99, 5), Level(98, 6)}, {Level(101, 7)}));
  for (const std::uint32_t account : {1U, 2U, 0U}) {
    const std::string name = std::to_string(account);
    EXPECT_TRUE(history_.PutApiKey({"key-" + name, "secret-" + name, domain::AccountId(account)}).ok());
  }
}

void NotifierTest::Start() {
  app_ = std::make_unique<NotifierApp>(config_, bus_, matching_, history_, clock_, metrics_, health_);
  ASSERT_TRUE(app_->Start().ok());
  ASSERT_TRUE(app_->WaitUntilCurrent(std::chrono::steady_clock::now() + kPatience).ok());
}

void NotifierTest::Publish(const std::vector<ports::Notification>& notifications) {
  ASSERT_TRUE(bus_.Publish(notifications).ok());
}

std::string NotifierTest::Metric(const std::string& series) const {
  const std::string text = "\n" + metrics_.Text();
  const std::size_t at = text.find("\n" + series + " ");
  if (at == std::string::npos) return "";
  const std::size_t begin = at + series.size() + 2;
  return text.substr(begin, text.find('\n', begin) - begin);
}

runtime::ComponentHealth NotifierTest::HealthOf(const std::string& component) const {
  for (const runtime::ComponentHealth& health : health_.Components()) {
    if (health.component == component) return health;
  }
  return {};
}

}  // namespace xt::notifier::testing
