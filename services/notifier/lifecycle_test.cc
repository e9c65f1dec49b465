// The end, in every state.
#include <gmock/gmock.h>

#include <thread>

#include "services/notifier/testing/fixture.h"

namespace xt::notifier {
namespace {

using testing::DepthOf;
using testing::FakeBus;
using testing::kBtc;
using testing::kPatience;
using testing::Listener;
using testing::LogonRequestOf;
using testing::NotifierTest;
using ::testing::StartsWith;
using testing::TradeOf;

class LifecycleTest : public NotifierTest {
 protected:
  void Make() { app_ = std::make_unique<NotifierApp>(config_, bus_, matching_, history_, clock_, metrics_, health_); }
  static std::chrono::steady_clock::time_point Soon() { return std::chrono::steady_clock::now() + kPatience; }
};

TEST_F(LifecycleTest, StopBeforeStartAndTwice) {
  Make();
  app_->Stop();
  app_->Stop();
}

TEST_F(LifecycleTest, StopWhileMatchingIsAbsent) {
  matching_.SetPresent(false);
  Make();
  ASSERT_TRUE(app_->Start().ok());
  ASSERT_TRUE(matching_.WaitForQuestions(2));
  EXPECT_EQ(HealthOf("notifier.matching").status, runtime::HealthStatus::kDown);
  EXPECT_EQ(HealthOf("notifier.matching").reason, "not there");
  EXPECT_EQ(HealthOf("notifier.notification_bus").status, runtime::HealthStatus::kOk);
  EXPECT_FALSE(app_->WaitUntilCurrent(std::chrono::steady_clock::now()).ok());
  Listener client(*app_);
  app_->Stop();
  EXPECT_THAT(client.End(), StartsWith("1001"));
  EXPECT_FALSE(app_->WaitUntilCurrent(Soon()).ok()) << "it does not wait for what will not come";
}

TEST_F(LifecycleTest, StopWhileItWaitsForABook) {
  Start();
  matching_.SetPresent(false);
  Publish({DepthOf(kBtc, 20, 19, {}, {})});
  ASSERT_TRUE(matching_.WaitForQuestions(2));
  app_->Stop();
}

TEST_F(LifecycleTest, WhatWaitsOnTheBusIsShown) {
  config_.read_notifications = 1;
  ports::QueueOptions full;
  full.name = "another";
  full.bindings = {"#"};
  full.max_length = 1;
  const auto nobody_reads = bus_.Consume(full);
  Start();
  matching_.SetPresent(false);
  Publish({DepthOf(kBtc, 20, 19, {}, {}), TradeOf(kBtc, 21, 99, 1), TradeOf(kBtc, 22, 99, 1)});
  ASSERT_TRUE(matching_.WaitForQuestions(2));
  const std::string bus = "{broker=\"notifications\",topic=\"market-notifications\"";
  EXPECT_EQ(Metric("mq_consumer_lag" + bus + ",group=\"notifier\"}"), "2");
  EXPECT_EQ(Metric("mq_dead_letter_depth" + bus + "}"), "2");
  app_->Stop();
}

TEST_F(LifecycleTest, StopWhileALogonWaits) {
  Start();
  Listener client(*app_);
  history_.Hold(true);
  client.Send(LogonRequestOf("key-1", "secret-1", kNowMs));
  client.Send(LogonRequestOf("key-1", "secret-1", kNowMs));
  ASSERT_TRUE(history_.WaitForHeld(1));
  std::thread stop([&] { app_->Stop(); });
  EXPECT_THAT(client.End(), StartsWith("1001"));
  history_.Hold(false);
  stop.join();
}

TEST_F(LifecycleTest, StopAfterTheBusWasClosed) {
  Start();
  bus_.Close();
  Listener client(*app_);
  client.Next("snapshot");
  app_->Stop();
}

TEST_F(LifecycleTest, DrainSendsClientsAwayAlsoThoseThatComeLater) {
  Start();
  Listener client(*app_);
  client.Next("snapshot");
  app_->Drain(Soon());
  EXPECT_EQ(client.End(), "1001 the exchange is shutting down");
  // It is sent away at once: on a busy machine perhaps before its own side has seen the connection stand.
  http::WebSocketClient late;
  if (const absl::Status status = late.Connect("127.0.0.1", app_->port(), "/ws/exchange"); status.ok()) {
    while (late.Read(std::chrono::milliseconds(kPatience).count()).ok()) {
    }
    EXPECT_EQ(late.close_code(), 1001);
  } else {
    EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  }
  Publish({TradeOf(kBtc, 20, 99, 1)});
  app_->Stop();
  EXPECT_EQ(app_->hub().Sessions().size(), 0U);
}

TEST_F(LifecycleTest, ABusThatIsAbsentOrAPortInUseRefusesToStart) {
  Start();
  NotifierConfig config = config_;
  config.port = app_->port();
  FakeBus bus;
  runtime::MetricsRegistry metrics;
  runtime::HealthRegistry health(&metrics);
  {
    NotifierApp second(config, bus, matching_, history_, clock_, metrics, health);
    EXPECT_FALSE(second.Start().ok());
  }
  bus.FailConsume();
  runtime::HealthRegistry another(&metrics);
  NotifierApp third(config_, bus, matching_, history_, clock_, metrics, another);
  EXPECT_TRUE(absl::IsUnavailable(third.Start()));
}

}  // namespace
}  // namespace xt::notifier
