// RedisSessionStore, RedisRateLimiter, RedisCache, RedisJobLock and RedisPubSub: the contracts of their ports, and what is
// their own: bounded connections, a Redis that is away.
#include <algorithm>
#include <atomic>
#include <thread>

#include "gmock/gmock.h"
#include "libs/adapters/redis/redis_cache.h"
#include "libs/adapters/redis/redis_job_lock.h"
#include "libs/adapters/redis/redis_pub_sub.h"
#include "libs/adapters/redis/redis_rate_limiter.h"
#include "libs/adapters/redis/redis_session_store.h"
#include "tests/contract/job_lock_contract.h"
#include "tests/contract/pub_sub_contract.h"
#include "tests/contract/redis_support.h"
#include "tests/contract/session_store_contract.h"

namespace xt::contract {
namespace {

using redis::RedisEdgeOptions;
using redis::RedisPubSub;
using redis::RedisRateLimiter;
using redis::RedisSessionStore;
using Kind = servers::RedisServer::Kind;
using std::chrono::milliseconds;

RedisEdgeOptions NewOptions() {
  RedisEdgeOptions options;
  options.key_prefix = SharedRedis::Instance().NewName() + ":";
  options.retry_pause_ms = 0;
  return options;
}

class RedisEdgeBackend final : public EdgeStateBackend {
 public:
  std::unique_ptr<ports::SessionStore> Sessions() override {
    return std::make_unique<RedisSessionStore>(SharedRedis::Instance().Config(), options_);
  }
  std::unique_ptr<ports::RateLimiter> Limiter() override {
    return std::make_unique<RedisRateLimiter>(SharedRedis::Instance().Config(), options_);
  }
  std::unique_ptr<ports::Cache> NewCache() override {
    return std::make_unique<redis::RedisCache>(SharedRedis::Instance().Config(), options_);
  }
  void PassTime(milliseconds time) override { SharedRedis::Instance().PassTime(time); }

 private:
  const RedisEdgeOptions options_ = NewOptions();
};

INSTANTIATE_TEST_SUITE_P(Redis, EdgeStateContract, ::testing::Values(+[]() -> std::unique_ptr<EdgeStateBackend> {
                           return std::make_unique<RedisEdgeBackend>();
                         }));

class RedisLockBackend final : public JobLockBackend {
 public:
  std::unique_ptr<ports::JobLock> Connect() override {
    return std::make_unique<redis::RedisJobLock>(SharedRedis::Instance().Config(), NewOptions());
  }
  void PassTime(milliseconds time) override { SharedRedis::Instance().PassTime(time); }
};

INSTANTIATE_TEST_SUITE_P(Redis, JobLockContract, ::testing::Values(+[]() -> std::unique_ptr<JobLockBackend> {
                           return std::make_unique<RedisLockBackend>();
                         }));

INSTANTIATE_TEST_SUITE_P(Redis, PubSubContract, ::testing::Values(+[]() -> std::unique_ptr<ports::PubSub> {
                           return std::make_unique<RedisPubSub>(SharedRedis::Instance().Config(), NewOptions());
                         }));

TEST(RedisRateLimiterTest, LargeLimitsStayExact) {
  RedisRateLimiter limiter(SharedRedis::Instance().Config(), NewOptions());
  constexpr std::uint64_t kMax = 1'000'000'000;
  EXPECT_TRUE(limiter.Take("a", {1, kMax}, kMax - 1)->allowed);
  EXPECT_TRUE(limiter.Take("a", {1, kMax}, 1)->allowed);
  const auto refused = *limiter.Take("a", {1, kMax}, kMax);
  EXPECT_FALSE(refused.allowed);
  EXPECT_EQ(refused.retry_after, std::chrono::seconds(kMax));
  SharedRedis::Instance().PassTime(milliseconds(1));
  EXPECT_FALSE(limiter.Take("a", {1, kMax}, 1)->allowed);
  SharedRedis::Instance().PassTime(milliseconds(999));
  EXPECT_TRUE(limiter.Take("a", {1, kMax}, 1)->allowed);
  EXPECT_FALSE(limiter.Take("a", {1, kMax}, 1)->allowed);
  SharedRedis::Instance().PassTime(milliseconds(1));
  EXPECT_TRUE(limiter.Take("a", {kMax, kMax}, 1'000'000)->allowed) << "a rate of 10^9";
  EXPECT_EQ(limiter.Take("a", {1, 1}, 2).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(RedisRateLimiterTest, AFullBucketIsForgotten) {
  const RedisEdgeOptions options = NewOptions();
  RedisRateLimiter limiter(SharedRedis::Instance().Config(), options);
  EXPECT_TRUE(limiter.Take("a", {.tokens_per_second = 10, .burst = 10}, 5)->allowed);
  EXPECT_EQ(NumberOf(SharedRedis::Instance().Config(), {"PTTL", options.key_prefix + "limit:a"}), 501);
}

TEST(RedisRateLimiterTest, RacingThreadsTakeExactlyTheBurst) {
  RedisRateLimiter limiter(SharedRedis::Instance().Config(), NewOptions());
  std::atomic<int> allowed{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 100; ++n) allowed += limiter.Take("key", {5, 277}, 1)->allowed ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(allowed, 277);
}

TEST(RedisSessionStoreTest, ConnectionsAreBounded) {
  OwnRedis redis(Kind::kGeneral);
  RedisEdgeOptions options = NewOptions();
  options.max_connections = 2;
  RedisSessionStore store(redis.Config(), options);
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 50; ++n) EXPECT_TRUE(store.Put("id", "value", milliseconds(100'000)).ok());
    });
  }
  for (std::thread& thread : threads) thread.join();
  const std::string clients = TextOf(redis.Config(), {"CLIENT", "LIST"});
  EXPECT_LE(std::count(clients.begin(), clients.end(), '\n'), 3) << "those of the pool and that of the test";
}

TEST(RedisSessionStoreTest, ARestartCostsOneCall) {
  OwnRedis redis(Kind::kGeneral);
  RedisSessionStore store(redis.Config(), NewOptions());
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 200; ++n) EXPECT_TRUE(store.Get("id").ok());
    });
  }
  for (std::thread& thread : threads) thread.join();
  redis.KillAndRestart();
  EXPECT_EQ(store.Get("id").status().code(), absl::StatusCode::kUnavailable);
  for (int i = 0; i < 8; ++i) EXPECT_TRUE(store.Get("id").ok());
}

TEST(RedisSessionStoreTest, ARedisThatIsAwayFailsAtOnceForAWhile) {
  OwnRedis redis(Kind::kGeneral);
  RedisEdgeOptions options = NewOptions();
  options.retry_pause_ms = 3'600'000;
  RedisSessionStore store(redis.Config(), options);
  ASSERT_TRUE(store.Put("id", "value", milliseconds(100'000)).ok());
  redis.KillAndRestart();
  for (int i = 0; i < 2; ++i) EXPECT_EQ(store.Get("id").status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(TextOf(redis.Config(), {"INFO", "stats"}).find("total_connections_received:1\r"), std::string::npos);
  RedisSessionStore anew(redis.Config(), options);
  EXPECT_TRUE(anew.Get("id").ok());
}

TEST(RedisSessionStoreTest, WhenMemoryIsShortOnlyWhatEndsGoes) {
  OwnRedis redis(Kind::kGeneral, {.max_memory_mb = 3});
  RedisSessionStore store(redis.Config(), NewOptions());
  for (int i = 0; i < 100; ++i) MustRun(redis.Config(), {"XADD", "stream", "*", "b", std::string(1'000, 'x')});
  for (int i = 0; i < 4'000; ++i) {
    ASSERT_TRUE(store.Put(std::to_string(i), std::string(1'000, 'x'), milliseconds(1'000'000)).ok());
  }
  EXPECT_EQ(NumberOf(redis.Config(), {"XLEN", "stream"}), 100);
  EXPECT_LT(NumberOf(redis.Config(), {"DBSIZE"}), 4'000);
}

TEST(RedisPubSubTest, ALostConnectionIsMadeAgainAndSaysSo) {
  OwnRedis redis(Kind::kGeneral);
  RedisPubSub pub_sub(redis.Config(), NewOptions());
  Listener listener;
  const auto subscription = pub_sub.Subscribe("news", listener.Handler());
  ASSERT_EQ(listener.WaitFor(1).size(), 1U);
  redis.KillAndRestart();
  EXPECT_THAT(listener.WaitFor(2), ::testing::ElementsAre("<live>", "<live>"));
  EXPECT_TRUE(pub_sub.Publish("news", "again").ok());
  EXPECT_THAT(listener.WaitFor(3), ::testing::ElementsAre("<live>", "<live>", "again"));
}

TEST(RedisPubSubTest, ItWaitsForARedisThatIsNotThereYet) {
  OwnRedis redis(Kind::kGeneral);
  redis.server().Kill();
  RedisPubSub pub_sub(redis.Config(), NewOptions());
  Listener listener;
  const auto subscription = pub_sub.Subscribe("news", listener.Handler());
  EXPECT_EQ(pub_sub.Publish("news", "lost").code(), absl::StatusCode::kUnavailable);
  redis.Start();
  EXPECT_THAT(listener.WaitFor(1), ::testing::ElementsAre("<live>"));
}

}  // namespace
}  // namespace xt::contract
