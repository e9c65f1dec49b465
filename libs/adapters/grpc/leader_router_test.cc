// LeaderRouter with instances in this process, which change their mind at any moment: under ThreadSanitizer too, which
// cannot follow gRPC.
#include "libs/adapters/grpc/leader_router.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace xt::grpc_clients {
namespace {

constexpr std::size_t kInstances = 3;
constexpr std::uint64_t kCommands = 2'000;
constexpr std::uint64_t kThreads = 4;

// Which instance leads; none beyond the last.
using Leader = std::atomic<std::size_t>;

// Answers on a thread of its own.
class FakeInstance final : public ports::OrderSequencing {
 public:
  FakeInstance(std::size_t self, const Leader& leader, std::atomic<std::uint64_t>& applied)
      : self_(self), leader_(leader), applied_(applied), thread_([this] { Run(); }) {}
  ~FakeInstance() override {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    thread_.join();
    for (const Done& done : waiting_) done(absl::UnknownError("gone"));
  }
  void Submit(const domain::Command&, Done done) override {
    {
      const std::lock_guard lock(mutex_);
      waiting_.push_back(std::move(done));
    }
    changed_.notify_all();
  }

 private:
  void Run() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
      changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
      while (!stopping_ && !waiting_.empty()) {
        const Done done = std::move(waiting_.front());
        waiting_.pop_front();
        lock.unlock();
        if (leader_ == self_) {
          done(domain::CommandResult{domain::SequenceNumber(++applied_), 1, {}});
        } else {
          done(absl::UnavailableError("not the leader"));
        }
        lock.lock();
      }
    }
  }

  const std::size_t self_;
  const Leader& leader_;
  std::atomic<std::uint64_t>& applied_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Done> waiting_;
  bool stopping_ = false;
  std::thread thread_;
};

struct World {
  Leader leader{kInstances};
  std::atomic<std::uint64_t> applied{0};

  std::unique_ptr<LeaderRouter> MakeRouter() {
    ClientOptions options;
    options.addresses = {"0", "1", "2"};
    options.leader_wait = std::chrono::minutes(1);
    options.max_in_flight = kThreads * kCommands;
    const auto connect = [this](const std::string& address, const auto&) {
      return std::make_unique<FakeInstance>(std::stoul(address), leader, applied);
    };
    return std::make_unique<LeaderRouter>(options, connect, options.leader_wait);  // nobody is passed over
  }
};

TEST(LeaderRouterTest, EveryCommandIsTakenOnceWhileTheLeaderChanges) {
  World world;
  std::mutex mutex;
  std::condition_variable changed;
  std::uint64_t answered = 0;
  const auto router = world.MakeRouter();
  std::vector<std::thread> threads;
  for (std::uint64_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (std::uint64_t i = 0; i < kCommands; ++i) {
        router->Submit({domain::Tick{}}, [&](const absl::StatusOr<domain::CommandResult>& outcome) {
          EXPECT_TRUE(outcome.ok()) << outcome.status();
          const std::lock_guard lock(mutex);
          ++answered;
          changed.notify_all();
        });
      }
    });
  }
  std::unique_lock lock(mutex);
  for (std::uint64_t change = 1; answered < kThreads * kCommands; ++change) {
    world.leader = change % (kInstances + 1);
    // The next change comes after some answers, or when nobody leads at once.
    const std::uint64_t next = answered + (world.leader < kInstances ? 500 : 0);
    changed.wait(lock, [&] { return answered >= std::min(next, kThreads * kCommands); });
  }
  lock.unlock();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(world.applied, kThreads * kCommands);
}

TEST(LeaderRouterTest, OneSubmittersCommandsKeepTheirOrderWhenALeaderComes) {
  World world;
  std::vector<std::uint64_t> sequences;  // by the fake's one thread that leads
  std::mutex mutex;
  std::condition_variable changed;
  const auto router = world.MakeRouter();
  for (std::uint64_t i = 0; i < kCommands; ++i) {
    if (i == kCommands / 2) world.leader = 1;
    router->Submit({domain::Tick{}}, [&, i](const absl::StatusOr<domain::CommandResult>& outcome) {
      EXPECT_TRUE(outcome.ok()) << outcome.status();
      const std::lock_guard lock(mutex);
      sequences.push_back(i);
      changed.notify_all();
    });
  }
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return sequences.size() == kCommands; });
  for (std::uint64_t i = 0; i < kCommands; ++i) ASSERT_EQ(sequences[i], i);
}

}  // namespace
}  // namespace xt::grpc_clients
