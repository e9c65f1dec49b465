// RabbitMqNotificationBus while its broker is away or stopped, and after it came back elsewhere.
#include "tests/contract/rabbitmq_support.h"

namespace xt::contract {
namespace {

using rabbitmq::RabbitMqConfig;

constexpr std::chrono::milliseconds kShort{1'000};

// Until the broker has seen what happened to it.
absl::Status PublishUntilItWorks(ports::NotificationBus& bus, const std::vector<ports::Notification>& messages) {
  const auto deadline = std::chrono::steady_clock::now() + 3 * kDeadline;
  absl::Status status;
  do {
    status = bus.Publish(messages);
  } while (!status.ok() && std::chrono::steady_clock::now() < deadline);
  return status;
}

TEST(RabbitMqFaultsTest, ABrokerThatIsAwayIsUnavailable) {
  const auto bus = ConnectToRabbitMq(ConfigOf("amqp://guest:guest@127.0.0.1:" + std::to_string(servers::FreePort())));
  EXPECT_EQ(bus->Publish({Numbered("a", 1)}).code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(bus->Consume(NamedQueue("q", "a")).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(bus->TakeDeadLetters(1).status().code(), absl::StatusCode::kUnavailable);
}

TEST(RabbitMqFaultsTest, AStoppedBrokerEndsPublishAtItsDeadline) {
  StartedRabbitMq rabbit;
  RabbitMqConfig config = ConfigOf(rabbit.server().url());
  const auto patient = ConnectToRabbitMq(config);
  auto consumer = MustConsume(*patient, NamedQueue("q", "a"));
  config.publish_timeout = kShort;
  const auto bus = ConnectToRabbitMq(config);
  ASSERT_TRUE(PublishUntilItWorks(*bus, {Numbered("a", 1)}).ok());
  const std::uint64_t before = bus->stats().reconnects;

  rabbit.server().Pause();
  // More than all buffers on the way hold.
  auto large = NumberedRange("a", 2, 400);
  for (auto& message : large) message.payload = std::make_shared<const std::string>(rabbitmq::kMaxMessageBytes, 'x');
  EXPECT_EQ(bus->Publish(large).code(), absl::StatusCode::kUnavailable);
  EXPECT_GT(bus->stats().reconnects, before);
  EXPECT_FALSE(bus->stats().connected);
  EXPECT_EQ(bus->Publish({Numbered("a", 2)}).code(), absl::StatusCode::kUnavailable) << "a new connection, too";
  rabbit.server().Resume();

  ASSERT_TRUE(PublishUntilItWorks(*bus, {Numbered("a", 1'000)}).ok());
  std::set<std::uint64_t> seen;
  while (seen.count(1'000) == 0) {
    const auto numbers = TakeNumbers(*consumer, 1);
    ASSERT_FALSE(numbers.empty());
    seen.insert(numbers.begin(), numbers.end());
  }
  EXPECT_EQ(seen.count(1), 1U);
}

TEST(RabbitMqFaultsTest, WhatWasConfirmedIsThereOnAnotherPort) {
  TemporaryFolder folder;
  {
    servers::RabbitMqServer server(folder.path());
    const absl::Status started = server.Start();
    ASSERT_TRUE(started.ok()) << started;
    const auto bus = ConnectToRabbitMq(ConfigOf(server.url()));
    MustConsume(*bus, NamedQueue("q", "a")).reset();  // the queue stays
    ASSERT_TRUE(bus->Publish(NumberedRange("a", 1, 3)).ok());
    server.Stop();
  }
  servers::RabbitMqServer server(folder.path());
  const absl::Status started = server.Start();
  ASSERT_TRUE(started.ok()) << started;
  const auto bus = ConnectToRabbitMq(ConfigOf(server.url()));
  auto consumer = MustConsume(*bus, NamedQueue("q", "a"));
  EXPECT_EQ(TakeNumbers(*consumer, 3), (std::vector<std::uint64_t>{1, 2, 3}));
}

}  // namespace
}  // namespace xt::contract
