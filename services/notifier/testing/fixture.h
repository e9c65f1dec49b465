// NotifierTest: a notifier on a free port among fakes, and clients of it. Listener is a client that takes one message after
// the other; what does not come within kPatience fails the test.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "libs/base/clock.h"
#include "libs/http/client.h"
#include "services/notifier/notifier_app.h"
#include "services/notifier/testing/fakes.h"

namespace xt::notifier::testing {

using nlohmann::json;

class Listener {
 public:
  explicit Listener(const NotifierApp& app, const std::string& query = "", http::WebSocketClientOptions options = {});

  void Send(const std::string& text);
  void Send(const json& request) { Send(request.dump()); }
  // The next message; null when none came.
  json Next();
  // Sends, and takes the next message.
  json Ask(const json& request);
  // The next message has to be of this type.
  json Next(const std::string& type);
  // Reads up to the end of the connection, and says with which code and reason it came.
  std::string End();

 private:
  http::WebSocketClient client_;
};

// A signed LOGON.
json LogonRequestOf(const std::string& api_key, const std::string& secret, std::int64_t timestamp_ms);

class NotifierTest : public ::testing::Test {
 protected:
  static constexpr std::int64_t kNowMs = 1'700'000'000'000;

  NotifierTest();
  // Makes the app with config_ and starts it. The books are there when it returns.
  void Start();
  void Publish(const std::vector<ports::Notification>& notifications);
  [[nodiscard]] std::string Metric(const std::string& series) const;
  [[nodiscard]] runtime::ComponentHealth HealthOf(const std::string& component) const;

  NotifierConfig config_;
  FakeBus bus_;
  FakeMatching matching_;
  FakeHistory history_;
  ManualClock clock_{kNowMs * 1'000'000};
  runtime::MetricsRegistry metrics_;
  runtime::HealthRegistry health_{&metrics_};
  std::unique_ptr<NotifierApp> app_;
};

}  // namespace xt::notifier::testing
