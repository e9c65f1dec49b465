#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>

#include "libs/base/clock.h"
#include "libs/domain/names.h"
#include "services/gateway/client_order_ids.h"
#include "services/gateway/cors.h"
#include "services/gateway/pending_calls.h"
#include "services/gateway/worker_pool.h"

namespace xt::gateway {
namespace {

using std::chrono::steady_clock;

class Latch {
 public:
  void Set() {
    const std::lock_guard lock(mutex_);
    set_ = true;
    changed_.notify_all();
  }
  bool Wait() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(60), [&] { return set_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool set_ = false;
};

TEST(ClientOrderIdsTest, AreValidAndUnique) {
  ClientOrderIds first;
  ClientOrderIds second;
  std::set<std::string> seen;
  for (int i = 0; i < 5'000; ++i) {
    for (ClientOrderIds* ids : {&first, &second}) {
      const auto id = ids->Next();
      EXPECT_TRUE(domain::IsValidClientOrderId(id.view())) << id.view();
      EXPECT_TRUE(seen.emplace(id.view()).second) << id.view();
    }
  }
}

TEST(CorsTest, PublicDataIsForEveryPageAndOrdersForThisMachine) {
  const CorsPolicy policy({"https://trade.example"});
  EXPECT_EQ(policy.AllowOrigin("https://anyone.example", true), "*");
  EXPECT_EQ(policy.AllowOrigin("", true), "");
  EXPECT_EQ(policy.AllowOrigin("http://localhost:3000", false), "http://localhost:3000");
  EXPECT_EQ(policy.AllowOrigin("http://127.0.0.1", false), "http://127.0.0.1");
  EXPECT_EQ(policy.AllowOrigin("https://trade.example", false), "https://trade.example");
  EXPECT_EQ(policy.AllowOrigin("https://anyone.example", false), "");
  EXPECT_EQ(policy.AllowOrigin("http://localhost.evil.example", false), "");
  EXPECT_EQ(policy.AllowOrigin("null", false), "");
}

TEST(WorkerPoolTest, RunsWhatItTookAndRefusesWhatDoesNotFit) {
  Latch started;
  Latch go;
  std::atomic<int> done{0};
  WorkerPool pool(1, 2);
  ASSERT_TRUE(pool.Post([&] {
    started.Set();
    go.Wait();
    ++done;
  }));
  ASSERT_TRUE(started.Wait());
  EXPECT_TRUE(pool.Post([&] { ++done; }));
  EXPECT_TRUE(pool.Post([&] { ++done; }));
  EXPECT_FALSE(pool.Post([&] { ++done; }));
  EXPECT_EQ(pool.queued(), 2u);
  go.Set();
  pool.Stop();
  EXPECT_EQ(done, 3);
  EXPECT_FALSE(pool.Post([&] { ++done; }));
}

TEST(PendingCallsTest, OneTakesIt) {
  PendingCalls calls(10, std::chrono::hours(1));
  std::atomic<int> expired{0};
  const std::uint64_t id = calls.Add([&] { ++expired; });
  ASSERT_NE(id, 0u);
  EXPECT_TRUE(calls.Take(id));
  EXPECT_FALSE(calls.Take(id));
  calls.Close();
  EXPECT_EQ(expired, 0);
}

TEST(PendingCallsTest, ExpiresInOrder) {
  PendingCalls calls(10, std::chrono::milliseconds(1));
  Latch both;
  std::atomic<int> expired{0};
  ASSERT_NE(calls.Add([&] { ++expired; }), 0u);
  const std::uint64_t second = calls.Add([&] {
    EXPECT_EQ(expired, 1);
    both.Set();
  });
  ASSERT_TRUE(both.Wait());
  EXPECT_FALSE(calls.Take(second));
}

TEST(PendingCallsTest, IsBoundedAndRefusesWhenClosed) {
  PendingCalls calls(2, std::chrono::hours(1));
  std::atomic<int> expired{0};
  const auto expire = [&] { ++expired; };
  ASSERT_NE(calls.Add(expire), 0u);
  ASSERT_NE(calls.Add(expire), 0u);
  EXPECT_EQ(calls.Add(expire), 0u);
  EXPECT_FALSE(calls.WaitUntilEmpty(steady_clock::now()));
  calls.Close();
  EXPECT_EQ(expired, 2);
  EXPECT_EQ(calls.Add(expire), 0u);
  EXPECT_TRUE(calls.WaitUntilEmpty(steady_clock::now()));
}

TEST(PendingCallsTest, AnswerAndDeadlineRaceForEachCall) {
  PendingCalls calls(100'000, std::chrono::milliseconds(2));
  std::atomic<int> expired{0};
  std::atomic<int> taken{0};
  constexpr int kCalls = 5'000;
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < kCalls; ++i) {
        const std::uint64_t id = calls.Add([&] { ++expired; });
        if (i % 2 == 0 && calls.Take(id)) ++taken;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(calls.WaitUntilEmpty(steady_clock::now() + std::chrono::seconds(60)));
  calls.Close();
  EXPECT_EQ(expired + taken, 3 * kCalls);
}

}  // namespace
}  // namespace xt::gateway
