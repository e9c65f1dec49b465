// MemorySessionStore, MemoryRateLimiter, MemoryCache, MemoryJobLock, MemoryPubSub and SoleLeader: the contracts of their
// ports, and what is their own: the bounds, the epoch file.
#include <fstream>
#include <thread>

#include "libs/adapters/embedded/memory_cache.h"
#include "libs/adapters/embedded/memory_job_lock.h"
#include "libs/adapters/embedded/memory_pub_sub.h"
#include "libs/adapters/embedded/memory_rate_limiter.h"
#include "libs/adapters/embedded/memory_session_store.h"
#include "libs/adapters/embedded/sole_leader.h"
#include "libs/base/clock.h"
#include "tests/contract/job_lock_contract.h"
#include "tests/contract/leader_election_contract.h"
#include "tests/contract/pub_sub_contract.h"
#include "tests/contract/session_store_contract.h"

namespace xt::contract {
namespace {

using embedded::MemoryCache;
using embedded::MemoryRateLimiter;
using embedded::MemorySessionStore;
using embedded::SoleLeader;

class MemoryBackend final : public EdgeStateBackend {
 public:
  std::unique_ptr<ports::SessionStore> Sessions() override {
    return std::make_unique<MemorySessionStore>(embedded::MemorySessionStoreOptions{.clock = &clock_});
  }
  std::unique_ptr<ports::RateLimiter> Limiter() override {
    return std::make_unique<MemoryRateLimiter>(embedded::MemoryRateLimiterOptions{.clock = &clock_});
  }
  std::unique_ptr<ports::Cache> NewCache() override {
    return std::make_unique<MemoryCache>(embedded::MemoryCacheOptions{.clock = &clock_});
  }
  void PassTime(std::chrono::milliseconds time) override { clock_.AdvanceNs(std::chrono::nanoseconds(time).count()); }

 private:
  ManualClock clock_;
};

INSTANTIATE_TEST_SUITE_P(Embedded, EdgeStateContract, ::testing::Values(+[]() -> std::unique_ptr<EdgeStateBackend> {
                           return std::make_unique<MemoryBackend>();
                         }));

class MemoryLockBackend final : public JobLockBackend {
 public:
  std::unique_ptr<ports::JobLock> Connect() override { return std::make_unique<embedded::MemoryJobLock>(clock_); }
  void PassTime(std::chrono::milliseconds time) override { clock_.AdvanceNs(std::chrono::nanoseconds(time).count()); }

 private:
  ManualClock clock_;
};

INSTANTIATE_TEST_SUITE_P(Embedded, JobLockContract, ::testing::Values(+[]() -> std::unique_ptr<JobLockBackend> {
                           return std::make_unique<MemoryLockBackend>();
                         }));

INSTANTIATE_TEST_SUITE_P(Embedded, PubSubContract, ::testing::Values(+[]() -> std::unique_ptr<ports::PubSub> {
                           return std::make_unique<embedded::MemoryPubSub>();
                         }));

class SoleBackend final : public LeaderElectionBackend {
 public:
  std::unique_ptr<ports::LeaderElection> Connect(const std::string& id) override {
    auto leader = SoleLeader::Open(folder_.path() + "/election", id);
    EXPECT_TRUE(leader.ok()) << leader.status();
    return leader.ok() ? *std::move(leader) : nullptr;
  }

 private:
  TemporaryFolder folder_;
};

INSTANTIATE_TEST_SUITE_P(Embedded, LeaderElectionContract,
                         ::testing::Values(+[]() -> std::unique_ptr<LeaderElectionBackend> {
                           return std::make_unique<SoleBackend>();
                         }));

TEST(MemorySessionStoreTest, AFullStoreDropsTheExpiredAndRefusesTheRest) {
  ManualClock clock;
  MemorySessionStore store({.max_sessions = 2, .clock = &clock});
  ASSERT_TRUE(store.Put("a", "1", std::chrono::milliseconds(10)).ok());
  ASSERT_TRUE(store.Put("b", "2", std::chrono::milliseconds(100)).ok());
  EXPECT_EQ(store.Put("c", "3", std::chrono::milliseconds(100)).code(), absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(store.Put("b", "4", std::chrono::milliseconds(100)).ok()) << "an existing session is replaced";
  clock.AdvanceNs(10'000'000);
  EXPECT_TRUE(store.Put("c", "3", std::chrono::milliseconds(100)).ok());
  EXPECT_EQ(**store.Get("b"), "4");
}

TEST(MemoryCacheTest, TheLeastRecentlyUsedMakesRoom) {
  ManualClock clock;
  MemoryCache cache({.max_bytes = 9, .clock = &clock});
  const std::chrono::milliseconds long_time(1'000'000);
  for (const char* key : {"a", "b", "c"}) ASSERT_TRUE(cache.Put(key, "vv", long_time).ok());
  EXPECT_TRUE(cache.Get("a")->has_value());
  ASSERT_TRUE(cache.Put("d", "vv", long_time).ok());
  EXPECT_TRUE(cache.Get("a")->has_value());
  EXPECT_FALSE(cache.Get("b")->has_value());
  ASSERT_TRUE(cache.Put("e", "much too large", long_time).ok());
  EXPECT_FALSE(cache.Get("e")->has_value());
  EXPECT_TRUE(cache.Get("a")->has_value()) << "what cannot be kept pushes nothing out";
}

TEST(MemoryRateLimiterTest, KeysAreBounded) {
  ManualClock clock;
  MemoryRateLimiter limiter({.max_keys = 3, .clock = &clock});
  const ports::RateLimiter::Limit limit{.tokens_per_second = 1, .burst = 1};
  for (const char* key : {"a", "b", "c"}) EXPECT_TRUE(limiter.Take(key, limit, 1)->allowed);
  EXPECT_FALSE(limiter.Take("a", limit, 1)->allowed);
  EXPECT_TRUE(limiter.Take("d", limit, 1)->allowed);
  EXPECT_EQ(limiter.keys(), 3U);
  EXPECT_EQ(limiter.evicted_keys(), 1U);
  EXPECT_FALSE(limiter.Take("a", limit, 1)->allowed) << "b was the least recently used";
  EXPECT_EQ(limiter.Take("a", limit, 2).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(MemoryRateLimiterTest, RacingThreadsTakeExactlyTheBurst) {
  ManualClock clock;
  MemoryRateLimiter limiter({.clock = &clock});
  std::atomic<int> allowed{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 500; ++n) {
        if (limiter.Take("key", {.tokens_per_second = 5, .burst = 777}, 1)->allowed) ++allowed;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(allowed, 777);
}

TEST(SoleLeaderTest, TheEpochGrowsByOneAndResignIsTold) {
  TemporaryFolder folder;
  for (std::uint64_t epoch = 1; epoch <= 3; ++epoch) {
    auto leader = *SoleLeader::Open(folder.path(), "me");
    EXPECT_EQ(SoleLeader::Open(folder.path(), "you").status().code(), absl::StatusCode::kFailedPrecondition);
    std::vector<ports::Leadership> told;
    ASSERT_TRUE(leader->Campaign([&](const ports::Leadership& leadership) { told.push_back(leadership); }).ok());
    leader->Resign();
    ASSERT_EQ(told.size(), 2U);
    EXPECT_TRUE(told[0].leader);
    EXPECT_EQ(told[0].epoch.value(), epoch);
    EXPECT_FALSE(told[1].leader);
  }
}

TEST(SoleLeaderTest, ADamagedEpochIsDataLoss) {
  TemporaryFolder folder;
  ASSERT_TRUE((*SoleLeader::Open(folder.path(), "me"))->Campaign([](const ports::Leadership&) {}).ok());
  std::ofstream(folder.path() + "/epoch") << "7";
  EXPECT_EQ(SoleLeader::Open(folder.path(), "me").status().code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace xt::contract
