// KafkaMarketBus on a real broker: the contract of the port, and what is its own: partitions, topics that are made, hand-over
// within a group, and that any other client reads what it wrote.
#include <fstream>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <sstream>
#include <thread>

#include "libs/adapters/kafka/internal/client.h"
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
    // Patient with a slow machine.
    config.publish_timeout = std::chrono::minutes(2);
    config.request_timeout = std::chrono::seconds(60);
    config.session_timeout = std::chrono::seconds(20);  // shorter than kDeadline
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
  // As an operator does, with a setting of its own.
  void CreateTopic(const std::string& name, const char* setting, const char* value) {
    const auto client = *kafka::MakeClient(RD_KAFKA_PRODUCER, *kafka::MakeConfig(config_, {}));
    auto* topic = rd_kafka_NewTopic_new((config_.prefix + name).c_str(), 1, 1, nullptr, 0);
    rd_kafka_NewTopic_set_config(topic, setting, value);
    const kafka::Queue queue(rd_kafka_queue_new(client.get()));
    rd_kafka_CreateTopics(client.get(), &topic, 1, nullptr, queue.get());
    const kafka::KafkaEvent event(rd_kafka_queue_poll(queue.get(), 30'000));
    ASSERT_TRUE(event && rd_kafka_event_error(event.get()) == RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_NewTopic_destroy(topic);
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
  std::set<std::uint64_t> distinct;
  const auto run = [&] {
    auto consumer = *bus->Subscribe("g", {"parts"}, StartAt::kOldest);
    const auto deadline = std::chrono::steady_clock::now() + 3 * kDeadline;
    std::map<std::string, std::uint64_t> highest;
    bool done = false;
    while (!done && std::chrono::steady_clock::now() < deadline) {
      const auto some = *consumer->Poll(10, std::chrono::milliseconds(100));
      std::lock_guard lock(mutex);
      for (const auto& delivery : some) {
        distinct.insert(delivery.message.id.sequence.value());
        // From the beginning again after a rebalance, since nothing is committed.
        std::uint64_t& before = highest[delivery.message.key];
        EXPECT_LE(delivery.message.id.sequence.value(), before + 4);
        before = delivery.message.id.sequence.value();
      }
      done = distinct.size() == 400;
    }
  };
  std::thread one(run);
  run();
  one.join();
  EXPECT_EQ(distinct.size(), 400U);
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

// The library must not go on behind what was refused: the end of the log would hide the gap.
TEST_F(KafkaMarketBusTest, AMessageThatTheBrokerRefusesLeavesNoGap) {
  CreateTopic("small", "max.message.bytes", "100000");
  const auto bus = ConnectToKafka(config_);
  ASSERT_TRUE(bus->Publish(NumberedMessages("small", 1, 4)).ok());
  // Several requests, small ones when compressed, but for the one with message 10.
  auto messages = NumberedMessages("small", 5, 500, 20'000);
  std::string noise(200'000, '\0');
  std::mt19937 random(1);
  for (char& byte : noise) byte = static_cast<char>(random());
  messages[5].payload = std::make_shared<const std::string>("10 " + noise);
  EXPECT_EQ(bus->Publish(messages).code(), absl::StatusCode::kUnavailable);
  messages[5] = NumberedMessage("small", 10, messages[5].key);
  EXPECT_TRUE(bus->Publish(messages).ok());
  EXPECT_EQ(ExpectCompleteInOrder(ReadTopic(*bus, "small"), 500), 0U);
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

TEST_F(KafkaMarketBusTest, BehindAnIdIsFoundWithoutReadingWhatLiesBefore) {
  config_.queue_messages = 10;
  auto bus = ConnectToKafka(config_);
  for (std::uint64_t n = 1; n <= 2000; n += 100) {
    ASSERT_TRUE(bus->Publish(NumberedMessages("trading.events", n, n + 99)).ok());
  }
  for (const std::uint64_t last : {0, 1, 1000, 1999, 2000, 5000}) {
    auto consumer = bus->SubscribeBehind("trading.events", {domain::SequenceNumber(last), 1});
    ASSERT_TRUE(consumer.ok()) << consumer.status();
    const auto first = (*consumer)->Poll(1, kDeadline);
    ASSERT_TRUE(first.ok() && first->size() == 1) << last;
    const std::uint64_t sequence = first->front().message.id.sequence.value();
    EXPECT_LE(sequence, last + 1);
    EXPECT_GE(sequence + 20, std::min<std::uint64_t>(last + 1, 2001)) << last;  // what a failed producer can have had
  }
  ASSERT_TRUE(bus->Publish({NumberedMessage("parts", 1, "KEY-1")}).ok());
  EXPECT_EQ(bus->SubscribeBehind("parts", {}).status().code(), absl::StatusCode::kInvalidArgument);
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
