// KafkaMarketBus while its broker is killed, restarted and stopped: nothing that was published is missing, or out of order,
// or there twice for who drops id <= last.
#include <condition_variable>
#include <iostream>
#include <mutex>
#include <set>
#include <thread>

#include "tests/contract/kafka_support.h"
#include "tools/servers/kafka_server.h"

namespace xt::contract {
namespace {

using kafka::KafkaConfig;
using kafka::KafkaMarketBus;

constexpr std::chrono::minutes kPatience{2};  // two restarts of the broker on a busy machine

// Publishes 1, 2, 3, ... as the sequencer does: batch after batch, the same one again until it is confirmed.
class Publisher {
 public:
  explicit Publisher(const KafkaConfig& config) : bus_(ConnectToKafka(config)), thread_([this] { Run(); }) {}
  ~Publisher() { Stop(); }
  // True when `count` more than now are confirmed.
  bool WaitForMore(std::uint64_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, [&, target = confirmed_ + count] { return confirmed_ >= target; });
  }
  // How many were confirmed.
  std::uint64_t Stop() {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    if (thread_.joinable()) thread_.join();
    return confirmed_;
  }
  [[nodiscard]] KafkaMarketBus& bus() { return *bus_; }

 private:
  static constexpr std::uint64_t kBatch = 20;
  void Run() {
    while (true) {
      const std::uint64_t next = confirmed_ + 1;
      absl::Status status;
      const auto deadline = std::chrono::steady_clock::now() + kPatience;
      do {
        status = bus_->Publish(NumberedMessages("parts", next, next + kBatch - 1));
      } while (absl::IsUnavailable(status) && std::chrono::steady_clock::now() < deadline);
      EXPECT_TRUE(status.ok()) << status;
      std::lock_guard lock(mutex_);
      if (status.ok()) confirmed_ += kBatch;
      changed_.notify_all();
      if (stopping_ || !status.ok()) return;
    }
  }

  const std::unique_ptr<KafkaMarketBus> bus_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t confirmed_ = 0;  // written by Run alone
  bool stopping_ = false;
  std::thread thread_;
};

// A group of one that reads all the while and commits as it goes.
class Reader {
 public:
  explicit Reader(const KafkaConfig& config) : bus_(ConnectToKafka(config)), thread_([this] { Run(); }) {}
  ~Reader() {
    bus_->Close();
    if (thread_.joinable()) thread_.join();
  }
  // Waits until each of `count` messages came; returns all that came, duplicates included.
  std::vector<ports::MarketDelivery> ReadUpTo(std::uint64_t count) {
    {
      std::unique_lock lock(mutex_);
      EXPECT_TRUE(changed_.wait_for(lock, kPatience, [&] { return distinct_.size() >= count; }));
    }
    bus_->Close();
    thread_.join();
    return read_;
  }

 private:
  void Run() {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    auto consumer = bus_->Subscribe("reader", {"parts"}, ports::StartAt::kOldest);
    while (absl::IsUnavailable(consumer.status()) && std::chrono::steady_clock::now() < deadline) {
      consumer = bus_->Subscribe("reader", {"parts"}, ports::StartAt::kOldest);
    }
    ASSERT_TRUE(consumer.ok()) << consumer.status();
    while (true) {
      const auto some = (*consumer)->Poll(100, kPatience);
      if (!some.ok()) return;
      (*consumer)->Commit().IgnoreError();  // it fails while the broker is away; then messages come again
      std::lock_guard lock(mutex_);
      for (const auto& delivery : *some) distinct_.insert(delivery.message.id);
      read_.insert(read_.end(), some->begin(), some->end());
      changed_.notify_all();
    }
  }

  const std::unique_ptr<KafkaMarketBus> bus_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::set<domain::EventId> distinct_;
  std::vector<ports::MarketDelivery> read_;
  std::thread thread_;
};

class KafkaOutageTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TemporaryFolder;
    server_ = new servers::KafkaServer(folder_->path());
    Start();
  }
  static void TearDownTestSuite() {
    delete server_;
    delete folder_;
  }
  static void Start() {
    const absl::Status status = server_->Start();
    ASSERT_TRUE(status.ok()) << status;
  }
  static KafkaConfig Config(const std::string& prefix, std::chrono::milliseconds publish_timeout) {
    KafkaConfig config;
    config.brokers = server_->address();
    config.prefix = prefix;
    config.publish_timeout = publish_timeout;
    config.request_timeout = std::min<std::chrono::milliseconds>(publish_timeout, std::chrono::seconds(5));
    config.topics["parts"] = {.partitions = 4};
    return config;
  }
  // By a bus of its own, which knows nothing of what happened.
  static void ExpectStored(KafkaConfig config, std::uint64_t last) {
    config.request_timeout = kDeadline;  // what is asked here is not how fast it answers
    const auto bus = ConnectToKafka(config);
    const std::size_t twice = ExpectCompleteInOrder(ReadTopic(*bus, "parts"), last);
    std::cout << config.prefix << ": " << last << " published, " << twice << " of them twice in the log\n";
  }
  static void PublishUntilConfirmed(KafkaMarketBus& bus, std::uint64_t first, std::uint64_t last) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    absl::Status status;
    do {
      status = bus.Publish(NumberedMessages("parts", first, last));
    } while (absl::IsUnavailable(status) && std::chrono::steady_clock::now() < deadline);
    ASSERT_TRUE(status.ok()) << status;
  }

  static inline TemporaryFolder* folder_ = nullptr;
  static inline servers::KafkaServer* server_ = nullptr;
};

// One publisher is so patient that the library alone gets through, the other gives up again and again and resumes by the
// log.
TEST_F(KafkaOutageTest, ABrokerThatIsKilledLosesNothing) {
  const KafkaConfig patient = Config("patient.", kPatience);
  const KafkaConfig hasty = Config("hasty.", std::chrono::milliseconds(1'500));
  Publisher one(patient);
  Publisher two(hasty);
  Reader reader(patient);
  ASSERT_TRUE(one.WaitForMore(200) && two.WaitForMore(200));
  for (int i = 0; i < 2; ++i) {
    server_->Kill();
    ASSERT_NO_FATAL_FAILURE(Start());
    ASSERT_TRUE(one.WaitForMore(200) && two.WaitForMore(200));
  }
  const std::uint64_t last = one.Stop();
  ExpectStored(patient, last);
  ExpectStored(hasty, two.Stop());
  EXPECT_EQ(one.bus().stats().publish_failures, one.bus().stats().fatal_errors);
  EXPECT_GT(two.bus().stats().producers_built, 1U);
  ExpectCompleteInOrder(reader.ReadUpTo(last), last);
}

TEST_F(KafkaOutageTest, ABrokerThatHangsIsWaitedFor) {
  const KafkaConfig config = Config("hangs.", kPatience);
  const auto bus = ConnectToKafka(config);
  ASSERT_NO_FATAL_FAILURE(PublishUntilConfirmed(*bus, 1, 100));
  server_->Pause();
  std::thread publisher([&] { PublishUntilConfirmed(*bus, 101, 200); });
  while (bus->stats().in_flight < 100) std::this_thread::yield();
  server_->Resume();
  publisher.join();
  EXPECT_EQ(bus->stats().producers_built, 1U);
  ExpectStored(config, 200);
}

// What the producer that was given up had sent lies in the sockets of the broker, and arrives when it goes on: before,
// between or behind what its successor sends.
TEST_F(KafkaOutageTest, WhatArrivesAfterItWasGivenUpIsOnlyThereTwice) {
  const KafkaConfig config = Config("late.", std::chrono::seconds(1));
  const auto bus = ConnectToKafka(config);
  ASSERT_NO_FATAL_FAILURE(PublishUntilConfirmed(*bus, 1, 100));
  server_->Pause();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(bus->Publish(NumberedMessages("parts", 101, 200)).code(), absl::StatusCode::kUnavailable);
  }
  server_->Resume();
  ASSERT_NO_FATAL_FAILURE(PublishUntilConfirmed(*bus, 101, 200));
  ASSERT_NO_FATAL_FAILURE(PublishUntilConfirmed(*bus, 201, 300));
  ExpectStored(config, 300);
}

}  // namespace
}  // namespace xt::contract
