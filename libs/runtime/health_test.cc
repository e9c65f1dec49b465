#include "libs/runtime/health.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <thread>
#include <vector>

#include "libs/runtime/metrics.h"

namespace xt::runtime {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

class HealthTest : public testing::Test {
 protected:
  MetricsRegistry metrics_;
  ManualClock clock_{1};
  HealthRegistry health_{&metrics_, clock_};
};

TEST_F(HealthTest, ReadyOnlyWhileServing) {
  EXPECT_FALSE(health_.Ready());
  EXPECT_FALSE(health_.Started());
  health_.SetState(ServingState::kServing);
  EXPECT_TRUE(health_.Ready());
  EXPECT_TRUE(health_.Started());
  health_.SetState(ServingState::kDraining);
  EXPECT_FALSE(health_.Ready());
  EXPECT_TRUE(health_.Started());
  EXPECT_TRUE(health_.Alive());
}

TEST_F(HealthTest, AHardDependencyThatIsDownMakesItNotReady) {
  HealthCheck& journal = health_.AddCheck("journal", Dependency::kHard);
  HealthCheck& kafka = health_.AddCheck("kafka", Dependency::kSoft);
  health_.SetState(ServingState::kServing);
  EXPECT_FALSE(health_.Ready()) << "not checked yet";
  journal.SetOk();
  EXPECT_TRUE(health_.Ready()) << "a soft one may be down";
  journal.Set(HealthStatus::kDegraded, "slow");
  EXPECT_TRUE(health_.Ready());
  journal.Set(HealthStatus::kDown, "gone");
  kafka.SetOk();
  EXPECT_FALSE(health_.Ready());
}

TEST_F(HealthTest, ComponentUpIsExported) {
  HealthCheck& journal = health_.AddCheck("journal", Dependency::kHard);
  EXPECT_THAT(metrics_.Text(), HasSubstr("component_up{component=\"journal\"} 0\n"));
  journal.Set(HealthStatus::kDegraded, "slow");
  EXPECT_THAT(metrics_.Text(), HasSubstr("component_up{component=\"journal\"} 1\n"));
  journal.Set(HealthStatus::kDown, "gone");
  EXPECT_THAT(metrics_.Text(), HasSubstr("component_up{component=\"journal\"} 0\n"));
}

TEST_F(HealthTest, JsonSaysWhy) {
  health_.AddCheck("journal", Dependency::kHard).Set(HealthStatus::kDown, "disk \"full\"");
  health_.AddCheck("kafka", Dependency::kSoft).SetOk();
  health_.SetState(ServingState::kServing);
  EXPECT_EQ(json::parse(health_.ReadyJson()), json::parse(R"({"ready": false, "state": "serving", "checks": [
      {"component": "journal", "status": "down", "hard": true, "reason": "disk \"full\""},
      {"component": "kafka", "status": "ok", "hard": false, "reason": ""}]})"));
}

TEST_F(HealthTest, ALoopThatStandsStillIsNotAlive) {
  Heartbeat& matching = health_.AddHeartbeat("matching", 1'000);
  Heartbeat& outbox = health_.AddHeartbeat("outbox", 5'000);
  clock_.AdvanceNs(1'000'000'000);
  EXPECT_TRUE(health_.Alive());
  clock_.AdvanceNs(1);
  EXPECT_FALSE(health_.Alive());
  EXPECT_THAT(health_.StalledLoops(), ElementsAre("matching"));
  EXPECT_EQ(json::parse(health_.LiveJson()), json::parse(R"({"alive": false, "stalled": ["matching"]})"));
  matching.Beat();
  EXPECT_TRUE(health_.Alive());
  clock_.AdvanceNs(10'000'000'000);
  matching.Retire();
  outbox.Beat();
  EXPECT_TRUE(health_.Alive());
}

TEST_F(HealthTest, ListenersHearChangesOfReadinessOnly) {
  std::vector<bool> heard;
  const auto unsubscribe = health_.OnReadyChange([&](bool ready) { heard.push_back(ready); });
  EXPECT_THAT(heard, ElementsAre(false));
  HealthCheck& check = health_.AddCheck("journal", Dependency::kHard);
  health_.SetState(ServingState::kServing);
  EXPECT_THAT(heard, ElementsAre(false));
  check.SetOk();
  check.Set(HealthStatus::kDegraded, "slow");
  check.Set(HealthStatus::kDown, "gone");
  EXPECT_THAT(heard, ElementsAre(false, true, false));
  unsubscribe();
  check.SetOk();
  EXPECT_THAT(heard, ElementsAre(false, true, false));
}

TEST_F(HealthTest, ManyThreadsReportAtOnce) {
  std::vector<bool> heard;
  const auto unsubscribe = health_.OnReadyChange([&](bool ready) { heard.push_back(ready); });
  health_.SetState(ServingState::kServing);
  std::vector<std::thread> threads;
  for (const char* name : {"a", "b", "c"}) {
    threads.emplace_back([&, name] {
      HealthCheck& check = health_.AddCheck(name, Dependency::kHard);
      for (int i = 0; i < 200; ++i) {
        check.Set(HealthStatus::kDown, "gone");
        check.SetOk();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(health_.Ready());
  EXPECT_TRUE(heard.back());
  for (std::size_t i = 1; i < heard.size(); ++i) EXPECT_NE(heard[i], heard[i - 1]);
  unsubscribe();
}

}  // namespace
}  // namespace xt::runtime
