#include "services/gateway/infra_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace xt::gateway {
namespace {

using ports::ServerState;
using ports::ServerStatus;
using Servers = std::vector<ServerState>;

InfraComponent Component(const InfraHealth& health, const std::string& name) {
  for (const InfraComponent& component : health.components) {
    if (component.component == name) return component;
  }
  return {};
}

TEST(SummarizeInfraTest, TheProfileIsWhatCanBeUsed) {
  const auto profile = [](ServerStatus kafka, ServerStatus redis) {
    return SummarizeInfra({{"sequencer", Servers{{"kafka", kafka, "x"}, {"redis", redis, "x"}}}}).profile;
  };
  EXPECT_EQ(profile(ServerStatus::kOk, ServerStatus::kOk), "full");
  EXPECT_EQ(profile(ServerStatus::kDegraded, ServerStatus::kOk), "full");
  EXPECT_EQ(profile(ServerStatus::kOk, ServerStatus::kDown), "kafka-only");
  EXPECT_EQ(profile(ServerStatus::kDown, ServerStatus::kOk), "redis-only");
  EXPECT_EQ(profile(ServerStatus::kDown, ServerStatus::kDown), "none");
  EXPECT_EQ(SummarizeInfra({{"sequencer", Servers{}}}).profile, "none");
}

TEST(SummarizeInfraTest, WhoUsesAServerDecidesHowItIs) {
  const InfraHealth health = SummarizeInfra(
      {{"a", Servers{{"kafka", ServerStatus::kDown, "no broker"}, {"redis", ServerStatus::kDown, "refused"}}},
       {"b", Servers{{"kafka", ServerStatus::kOk, ""}, {"redis", ServerStatus::kDegraded, "slow"}}},
       {"c", Servers{{"postgresql", ServerStatus::kOk, ""}}}});
  EXPECT_EQ(Component(health, "kafka").status, "down") << "for one of two";
  EXPECT_EQ(Component(health, "kafka").why, "a: no broker");
  EXPECT_EQ(Component(health, "redis").status, "down");
  EXPECT_EQ(Component(health, "redis").why, "a: refused; b: slow");
  EXPECT_EQ(Component(health, "postgresql").status, "ok");
  EXPECT_EQ(Component(health, "postgresql").why, "");
  EXPECT_EQ(Component(health, "rabbitmq").status, "off");
  EXPECT_EQ(health.why, "kafka is down, redis is down");
}

TEST(SummarizeInfraTest, AStandbyKnowsNothing) {
  const ServerState unused{"rabbitmq", ServerStatus::kUnknown, "not used by this process now"};
  const auto rabbitmq = [](const std::vector<InfraReport>& reports) {
    return Component(SummarizeInfra(reports), "rabbitmq");
  };
  EXPECT_EQ(rabbitmq({{"a", Servers{unused}}, {"b", Servers{{"rabbitmq", ServerStatus::kOk, ""}}}}).status, "ok");
  EXPECT_EQ(rabbitmq({{"a", Servers{unused}}, {"b", Servers{unused}}}).status, "unknown");
  EXPECT_EQ(rabbitmq({{"a", Servers{unused}}, {"b", Servers{unused}}}).why, "nobody uses it now");
}

TEST(SummarizeInfraTest, WhatNobodyTellsIsUnknown) {
  const InfraHealth health =
      SummarizeInfra({{"a", absl::UnavailableError("")}, {"b", Servers{{"redis", ServerStatus::kOk, ""}}}});
  EXPECT_EQ(Component(health, "kafka").status, "unknown");
  EXPECT_EQ(Component(health, "kafka").why, "no answer from a");
  EXPECT_EQ(Component(health, "redis").status, "ok");
  EXPECT_EQ(health.profile, "redis-only");
}

// Answers what it was told, and counts the questions.
class FakeStatus final : public ports::InfraStatus {
 public:
  absl::StatusOr<Servers> GetServers() override {
    const std::lock_guard lock(mutex_);
    ++asked_;
    changed_.notify_all();
    return answer_;
  }
  // Returns when the answer was given, and taken by the one who asked.
  void Answer(Servers answer) {
    std::unique_lock lock(mutex_);
    answer_ = std::move(answer);
    const int enough = asked_ + 2;
    EXPECT_TRUE(changed_.wait_for(lock, std::chrono::seconds(60), [&] { return asked_ >= enough; }));
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  absl::StatusOr<Servers> answer_ = absl::UnavailableError("not up");
  int asked_ = 0;
};

TEST(InfraWatchTest, SinceIsWhenTheStatusWasFirstSeen) {
  ManualClock clock{5'000 * 1'000'000LL};
  auto owned = std::make_unique<FakeStatus>();
  FakeStatus& status = *owned;
  std::vector<InfraWatch::Source> sources;
  sources.push_back({"sequencer", std::move(owned)});
  const InfraWatch watch(std::move(sources), clock);
  EXPECT_EQ(Component(watch.Now(), "kafka").status, "unknown");
  EXPECT_EQ(Component(watch.Now(), "kafka").since_ms, 5'000);

  clock.AdvanceNs(1'000 * 1'000'000LL);
  status.Answer({{"kafka", ServerStatus::kDown, "first reason"}});
  clock.AdvanceNs(1'000 * 1'000'000LL);
  status.Answer({{"kafka", ServerStatus::kDown, "another reason"}});
  EXPECT_EQ(Component(watch.Now(), "kafka").status, "down");
  EXPECT_EQ(Component(watch.Now(), "kafka").why, "sequencer: another reason");
  EXPECT_EQ(Component(watch.Now(), "kafka").since_ms, 6'000) << "it is down since then, whatever the reason";
  EXPECT_EQ(watch.Now().profile, "none");
  EXPECT_EQ(watch.Now().since_ms, 5'000);
  status.Answer({{"kafka", ServerStatus::kOk, ""}});
  EXPECT_EQ(watch.Now().profile, "kafka-only");
  EXPECT_EQ(watch.Now().since_ms, 7'000);
}

}  // namespace
}  // namespace xt::gateway
