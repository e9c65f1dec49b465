// KafkaMarketBus on a real broker: the contract of the port, and what is its own: partitions, topics that are made, hand-over
// within a group, and that any other client reads what it wrote.
#include <fstream>
#include <map>
#include <mutex>
#include <set>
#include <sstream>
#include <thread>

#include "tests/contract/kafka_support.h"
#include "tests/contract/market_bus_contract.h"
#include "tools/servers/kafka_server.h"

namespace xt::contract {
namespace {

using kafka::KafkaConfig;
using kafka::KafkaMarketBus;
using ports::StartAt;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// One broker for all tests of the program; each has a prefix of its own.
class Broker final : public ::testing::Environment {
 public:
  void SetUp() override {
    const absl::Status status = server_.Start();
    ASSERT_TRUE(status.ok()) << status;
  }
  void TearDown() override { server_.Stop(); }
  [[nodiscard]] KafkaConfig NewNamespace() {
    KafkaConfig config;
    config.brokers = server_.address();
    config.prefix = "t" + std::to_string(++namespaces_) + ".";
    config.topics.clear();
    return config;
  }
  [[nodiscard]] const std::string& folder() const { return server_.folder(); }

 private:
  TemporaryFolder folder_;
  servers::KafkaServer server_{folder_.path()};
  int namespaces_ = 0;
};
auto* const broker = static_cast<Broker*>(::testing::AddGlobalTestEnvironment(new Broker));

class KafkaBackend final : public MarketBusBackend {
 public:
  KafkaBackend() : config_(broker->NewNamespace()) {
    config_.fetch_bytes = 4'000;  // so that a backlog takes many fetches
  }
  std::unique_ptr<ports::MarketBus> Connect() override { return ConnectToKafka(config_); }
  [[nodiscard]] bool DeliversAtOnce() const override { return false; }

 private:
  KafkaConfig config_;
};

INSTANTIATE_TEST_SUITE_P(Kafka, MarketBusContract, ::testing::Values(+[]() -> std::unique_ptr<MarketBusBackend> {
                           return std::make_unique<KafkaBackend>();
                         }));

class KafkaMarketBusTest : public ::testing::Test {
 protected:
  KafkaMarketBusTest() : config_(broker->NewNamespace()) {
    config_.topics["parts"] = {.partitions = 4, .retention_ms = 3'600'000};
  }
  // What kcat prints: a client that shares neither code nor settings with ours, but for the library.
  std::string Kcat(const std::vector<std::string>& arguments) {
    const std::string file = folder_.path() + "/kcat" + std::to_string(++calls_);
    std::vector<std::string> argv = {"/usr/bin/kcat", "-b", config_.brokers};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    ChildProcess kcat(argv, file);
    EXPECT_EQ(kcat.Wait(kDeadline), 0);
    std::ostringstream out;
    out << std::ifstream(file).rdbuf();
    return out.str();
  }

  KafkaConfig config_;
  TemporaryFolder folder_;
  int calls_ = 0;
};

TEST_F(KafkaMarketBusTest, AKeyStaysInOrderInATopicOfSeveralPartitions) {
  const auto bus = ConnectToKafka(config_);
  constexpr std::uint64_t kLast = 2000;
  for (std::uint64_t n = 1; n <= kLast; n += 100) {
    ASSERT_TRUE(bus->Publish(NumberedMessages("parts", n, n + 99)).ok());
  }
  EXPECT_EQ(bus->LastId("parts")->sequence.value(), kLast);
  const auto deliveries = ReadTopic(*bus, "parts");
  EXPECT_EQ(ExpectCompleteInOrder(deliveries, kLast), 0U);
  std::map<std::string, std::uint64_t> offsets;
  for (const auto& [message, offset] : deliveries) {
    const auto [known, first] = offsets.try_emplace(message.key, offset);
    EXPECT_TRUE(first || offset > known->second);
    known->second = offset;
  }
  EXPECT_EQ(bus->stats().published, kLast);
  EXPECT_EQ(bus->stats().in_flight, 0U);
}

TEST_F(KafkaMarketBusTest, AnyClientReadsWhatItWrote) {
  const auto bus = ConnectToKafka(config_);
  ASSERT_TRUE(bus->Publish({NumberedMessage("trade", 7, "BTC-KRW"), NumberedMessage("trade", 6, ""),
                            NumberedMessage("trade", 8, "ETH-KRW")})
                  .ok());
  EXPECT_EQ(Kcat({"-C", "-t", config_.prefix + "trade", "-o", "beginning", "-e", "-q", "-f", "%o|%k|%h|%s\n"}),
            "0|BTC-KRW|id=7-1|7 \n1||id=6-1,highest=7-1|6 \n2|ETH-KRW|id=8-1|8 \n");
}

TEST_F(KafkaMarketBusTest, ATopicIsMadeAsConfigured) {
  const auto bus = ConnectToKafka(config_);
  EXPECT_EQ(*bus->LastId("parts"), domain::EventId{});
  EXPECT_THAT(Kcat({"-L", "-t", config_.prefix + "parts"}), HasSubstr("with 4 partitions"));
  EXPECT_EQ(*bus->LastId("other"), domain::EventId{});
  EXPECT_THAT(Kcat({"-L", "-t", config_.prefix + "other"}), HasSubstr("with 1 partitions"));
  // Another process that wants it otherwise takes it as it is.
  config_.topics["parts"].partitions = 2;
  ASSERT_TRUE(ConnectToKafka(config_)->Publish(NumberedMessages("parts", 1, 40)).ok());
  EXPECT_EQ(ReadTopic(*bus, "parts").size(), 40U);
}

TEST_F(KafkaMarketBusTest, WhatOthersWroteHasNoId) {
  const auto bus = ConnectToKafka(config_);
  ASSERT_TRUE(bus->Publish({NumberedMessage("trade", 7, "BTC-KRW")}).ok());
  const std::string input = folder_.path() + "/input";
  std::ofstream(input) << "foreign";
  Kcat({"-P", "-t", config_.prefix + "trade", "-k", "K", "-H", "id=nonsense", input});
  const auto deliveries = ReadTopic(*bus, "trade");
  ASSERT_EQ(deliveries.size(), 2U);
  EXPECT_EQ(deliveries[1].message.key, "K");
  EXPECT_EQ(deliveries[1].message.id, domain::EventId{});
  EXPECT_EQ(*deliveries[1].message.payload, "foreign");
}

TEST_F(KafkaMarketBusTest, ASecondConsumerOfAGroupTakesOverWhereTheFirstCommitted) {
  const auto bus = ConnectToKafka(config_);
  ASSERT_TRUE(bus->Publish(NumberedMessages("trade", 1, 3)).ok());
  auto first = *bus->Subscribe("g", {"trade"}, StartAt::kOldest);
  ASSERT_EQ(first->Poll(1, kDeadline)->size(), 1U);
  ASSERT_TRUE(first->Commit().ok());
  ASSERT_EQ(first->Poll(1, kDeadline)->size(), 1U);
  auto second = *bus->Subscribe("g", {"trade"}, StartAt::kNewest);
  EXPECT_THAT(*second->Poll(10, kNow), IsEmpty());
  first.reset();
  std::vector<std::uint64_t> sequences;
  while (sequences.size() < 2) {
    const auto some = *second->Poll(10, kDeadline);
    ASSERT_FALSE(some.empty());
    for (const auto& delivery : some) sequences.push_back(delivery.message.id.sequence.value());
  }
  EXPECT_THAT(sequences, ElementsAre(2, 3));
}

TEST_F(KafkaMarketBusTest, AGroupSharesThePartitions) {
  const auto bus = ConnectToKafka(config_);
  ASSERT_TRUE(bus->Publish(NumberedMessages("parts", 1, 400)).ok());
  std::mutex mutex;
  std::map<std::string, std::map<int, std::vector<std::uint64_t>>> read;  // by key and consumer
  std::set<std::uint64_t> distinct;
  const auto run = [&](int name) {
    auto consumer = *bus->Subscribe("g", {"parts"}, StartAt::kOldest);
    while (true) {
      const auto some = *consumer->Poll(10, std::chrono::milliseconds(100));
      std::lock_guard lock(mutex);
      for (const auto& delivery : some) {
        read[delivery.message.key][name].push_back(delivery.message.id.sequence.value());
        distinct.insert(delivery.message.id.sequence.value());
      }
      if (distinct.size() == 400) break;
    }
  };
  std::thread one(run, 1);
  run(2);
  one.join();
  for (const auto& [key, consumers] : read) {
    for (const auto& [name, sequences] : consumers) EXPECT_TRUE(std::is_sorted(sequences.begin(), sequences.end()));
  }
}

TEST_F(KafkaMarketBusTest, ABacklogInOnePartitionLeavesRoomForAnother) {
  constexpr std::uint64_t kBacklog = 5000;
  const auto bus = ConnectToKafka(config_);
  auto consumer = *bus->Subscribe("", {"many", "few"}, StartAt::kOldest);
  ASSERT_TRUE(bus->Publish(NumberedMessages("many", 1, kBacklog)).ok());
  ASSERT_TRUE(bus->Publish(NumberedMessages("few", 1, 3)).ok());
  // The fetches that bring the messages also say where the partitions end.
  while (consumer->Lag() < kBacklog + 3) std::this_thread::yield();
  std::size_t many = 0;
  for (std::size_t few = 0; few < 3;) {
    const auto some = *consumer->Poll(10, kDeadline);
    ASSERT_FALSE(some.empty());
    for (const auto& delivery : some) ++(delivery.message.topic == "few" ? few : many);
  }
  EXPECT_LT(many, kBacklog);
}

TEST_F(KafkaMarketBusTest, WhatIsTooLargeIsRefusedBeforeAnythingIsSent) {
  config_.message_max_bytes = 5'000;
  const auto bus = ConnectToKafka(config_);
  EXPECT_EQ(bus->Publish({NumberedMessage("trade", 1, "K"), NumberedMessage("trade", 2, "K", 5'000)}).code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(ReadTopic(*bus, "trade"), IsEmpty());
  EXPECT_TRUE(bus->Publish({NumberedMessage("trade", 1, "K"), NumberedMessage("trade", 2, "K", 4'000)}).ok());
}

TEST_F(KafkaMarketBusTest, MoreThanTheQueueHoldsWaits) {
  config_.queue_messages = 10;
  const auto bus = ConnectToKafka(config_);
  ASSERT_TRUE(bus->Publish(NumberedMessages("trade", 1, 500)).ok());
  EXPECT_EQ(ExpectCompleteInOrder(ReadTopic(*bus, "trade"), 500), 0U);
}

TEST_F(KafkaMarketBusTest, SeveralThreadsPublishEachItsTopic) {
  const auto bus = ConnectToKafka(config_);
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&, topic = "topic" + std::to_string(i)] {
      for (std::uint64_t n = 1; n <= 200; n += 10) ASSERT_TRUE(bus->Publish(NumberedMessages(topic, n, n + 9)).ok());
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(ExpectCompleteInOrder(ReadTopic(*bus, "topic" + std::to_string(i)), 200), 0U);
  }
}

TEST_F(KafkaMarketBusTest, ABadConfigurationNamesItsField) {
  const auto refused = [](const KafkaConfig& config, const std::string& field) {
    const auto bus = KafkaMarketBus::Create(config);
    EXPECT_EQ(bus.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(bus.status().message()), HasSubstr(field));
  };
  refused({}, "brokers");
  refused({.brokers = "b:1", .prefix = "a/b"}, "prefix");
  refused({.brokers = "b:1", .topics = {{"t", {.partitions = 0}}}}, "t.partitions");
  refused({.brokers = "b:1", .publish_timeout = kNow}, "publish_timeout");
  refused({.brokers = "b:1", .queue_messages = 0}, "queue_messages");
}

}  // namespace
}  // namespace xt::contract
