// RabbitMqNotificationBus on a real broker: the contract of the port, and what is its own.
#include <numeric>

#include "libs/adapters/rabbitmq/internal/topology.h"
#include "tests/contract/notification_bus_contract.h"
#include "tests/contract/rabbitmq_support.h"
#include "tests/support/cutting_proxy.h"

namespace xt::contract {
namespace {

using rabbitmq::RabbitMqConfig;
using rabbitmq::RabbitMqNotificationBus;
using ::testing::HasSubstr;

// One broker for all tests of this program.
servers::RabbitMqServer& Server() {
  static StartedRabbitMq rabbit;
  return rabbit.server();
}

// With names of its own.
RabbitMqConfig NewConfig() {
  static int count = 0;
  RabbitMqConfig config;
  config.url = Server().url();
  config.prefix = "test" + std::to_string(++count) + ".";
  config.publish_timeout = kDeadline;
  config.request_timeout = kDeadline;
  return config;
}

class RabbitMqBackend final : public NotificationBusBackend {
 public:
  std::unique_ptr<ports::NotificationBus> Connect() override { return ConnectToRabbitMq(config_); }
  [[nodiscard]] std::chrono::milliseconds quiet() const override { return std::chrono::milliseconds(100); }
  [[nodiscard]] bool sends_ahead() const override { return true; }

 private:
  const RabbitMqConfig config_ = NewConfig();
};

INSTANTIATE_TEST_SUITE_P(RabbitMq, NotificationBusContract,
                         ::testing::Values(+[]() -> std::unique_ptr<NotificationBusBackend> {
                           return std::make_unique<RabbitMqBackend>();
                         }));

TEST(RabbitMqNotificationBusTest, WhatMatchesNoBindingIsCounted) {
  const auto bus = ConnectToRabbitMq(NewConfig());
  auto consumer = MustConsume(*bus, NamedQueue("q", "a"));
  ASSERT_TRUE(bus->Publish({Numbered("a", 1), Numbered("b", 2), Numbered("b", 3)}).ok());
  EXPECT_EQ(bus->stats().published, 3U);
  EXPECT_EQ(bus->stats().returned, 2U);
  EXPECT_EQ(TakeNumbers(*consumer, 1), std::vector<std::uint64_t>{1});
}

TEST(RabbitMqNotificationBusTest, OneConfirmationMayMeanMany) {
  constexpr std::uint64_t kMessages = 5'000;
  const auto bus = ConnectToRabbitMq(NewConfig());
  auto consumer = MustConsume(*bus, NamedQueue("q", "a"));
  ASSERT_TRUE(bus->Publish(NumberedRange("a", 1, kMessages)).ok());
  EXPECT_GT(bus->stats().multiple_acks, 0U);
  EXPECT_EQ(bus->stats().republished, 0U);
  std::vector<std::uint64_t> expected(kMessages);
  std::iota(expected.begin(), expected.end(), 1);
  EXPECT_EQ(TakeNumbers(*consumer, kMessages), expected);
}

TEST(RabbitMqNotificationBusTest, WhatIsNotHeldIsNotSettled) {
  const auto bus = ConnectToRabbitMq(NewConfig());
  auto consumer = MustConsume(*bus, NamedQueue("q", "a"));
  EXPECT_EQ(consumer->Acknowledge(1).code(), absl::StatusCode::kInvalidArgument);
  ASSERT_TRUE(bus->Publish({Numbered("a", 1)}).ok());
  EXPECT_EQ(TakeNumbers(*consumer, 1), std::vector<std::uint64_t>{1}) << "the connection was not lost over it";
}

TEST(RabbitMqNotificationBusTest, OtherOptionsOfAQueueThatIsThereAreRefused) {
  const auto bus = ConnectToRabbitMq(NewConfig());
  ports::QueueOptions options = NamedQueue("q", "a");
  auto consumer = MustConsume(*bus, options);
  options.max_length = 7;
  EXPECT_EQ(bus->Consume(options).status().code(), absl::StatusCode::kFailedPrecondition);
}

// Reads until the consumer says so.
template <typename Predicate>
bool ReadUntil(ports::NotificationConsumer& consumer, const Predicate& holds) {
  const auto deadline = std::chrono::steady_clock::now() + kDeadline;
  while (!holds(consumer.Waiting()) && std::chrono::steady_clock::now() < deadline) {
    consumer.Read(1, std::chrono::milliseconds(100)).IgnoreError();
  }
  return holds(consumer.Waiting());
}

bool IsKnown(const ports::WaitingMessages& waiting) { return waiting.in_queue == 0 && waiting.dead_letters == 0; }

TEST(RabbitMqNotificationBusTest, AQueueThatIsNotThereIsNotKnownAndCostsNobodyTheConnection) {
  const RabbitMqConfig config = NewConfig();
  const auto bus = ConnectToRabbitMq(config);
  auto consumer = MustConsume(*bus, NamedQueue("", "a"));
  EXPECT_TRUE(ReadUntil(*consumer, IsKnown));
  const auto other = *rabbitmq::Connection::Open(config, std::chrono::steady_clock::now() + kDeadline);
  const std::string dead_letters = rabbitmq::DeadLetterQueue(config);
  amqp_queue_delete(other->state(), rabbitmq::kChannel, rabbitmq::BytesOf(dead_letters), 0, 0);
  ASSERT_TRUE(other->LastReply("queue.delete").ok());
  EXPECT_TRUE(ReadUntil(*consumer, [](const auto& waiting) { return !waiting.dead_letters; }));
  EXPECT_EQ(consumer->Waiting().in_queue, 0U);
  ASSERT_TRUE(bus->TakeDeadLetters(1).ok()) << "makes it anew";
  EXPECT_TRUE(ReadUntil(*consumer, IsKnown));
  ASSERT_TRUE(bus->Publish({Numbered("a", 1)}).ok());
  EXPECT_EQ(TakeNumbers(*consumer, 1), std::vector<std::uint64_t>{1});
  EXPECT_EQ(bus->stats().reconnects, 0U);
}

TEST(RabbitMqNotificationBusTest, WithoutAConnectionNothingIsKnown) {
  CuttingProxy proxy(Server().port());
  RabbitMqConfig config = NewConfig();
  config.url = "amqp://guest:guest@" + proxy.address();
  const auto bus = ConnectToRabbitMq(config);
  auto consumer = MustConsume(*bus, NamedQueue("q", "a"));
  EXPECT_TRUE(ReadUntil(*consumer, IsKnown));
  proxy.Cut();
  EXPECT_EQ(consumer->Read(1, kDeadline).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_FALSE(consumer->Waiting().in_queue);
  EXPECT_FALSE(consumer->Waiting().dead_letters);
  proxy.Restore();
  EXPECT_TRUE(ReadUntil(*consumer, IsKnown));
}

TEST(RabbitMqNotificationBusTest, WhatIsTooLargeIsRefused) {
  const auto bus = ConnectToRabbitMq(NewConfig());
  const auto large = std::make_shared<const std::string>(rabbitmq::kMaxMessageBytes + 1, 'x');
  EXPECT_EQ(bus->Publish({{"a", {}, large}}).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(bus->Publish({Numbered(std::string(256, 'k'), 1)}).code(), absl::StatusCode::kInvalidArgument);
}

TEST(RabbitMqNotificationBusTest, ABadConfigurationNamesItsField) {
  const auto refused = [](const RabbitMqConfig& config, const std::string& field) {
    const auto bus = RabbitMqNotificationBus::Create(config);
    EXPECT_EQ(bus.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(bus.status().message()), HasSubstr(field));
  };
  const std::string url = "amqp://guest:guest@127.0.0.1:1/";
  refused({}, "url");
  refused({.url = url, .prefix = "a/b"}, "prefix");
  refused({.url = url, .publish_timeout = kNow}, "publish_timeout");
  refused({.url = url, .request_timeout = kNow}, "request_timeout");
  refused({.url = url, .window = 0}, "window");
  refused({.url = url, .max_dead_letters = 0}, "max_dead_letters");
}

}  // namespace
}  // namespace xt::contract
