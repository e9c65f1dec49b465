// RabbitMqNotificationBus while its broker is killed and restarted.
#include <set>

#include "tests/contract/rabbitmq_support.h"

namespace xt::contract {
namespace {

// Reads and acknowledges until so many different ones have come, or nothing more comes.
std::set<std::uint64_t> TakeDistinct(ports::NotificationConsumer& consumer, std::size_t count) {
  std::set<std::uint64_t> numbers;
  while (numbers.size() < count) {
    const auto deliveries = UntilAvailable([&] { return consumer.Read(1'000, kDeadline); });
    if (!deliveries.ok() || deliveries->empty()) break;
    for (const auto& delivery : *deliveries) {
      numbers.insert(delivery.notification.id.sequence.value());
      EXPECT_TRUE(consumer.Acknowledge(delivery.tag).ok());
    }
  }
  return numbers;
}

TEST(RabbitMqFaultsTest, WhatWasConfirmedSurvivesAKilledBroker) {
  constexpr std::uint64_t kMessages = 2'000;
  StartedRabbitMq rabbit;
  const auto bus = ConnectToRabbitMq(ConfigOf(rabbit.server().url()));
  auto consumer = *bus->Consume(NamedQueue("q", "a"));
  ports::QueueOptions options = NamedQueue("", "a");
  auto private_consumer = *bus->Consume(options);
  ASSERT_TRUE(bus->Publish(NumberedRange("a", 1, kMessages)).ok());
  const auto held = *consumer->Read(1, kDeadline);
  ASSERT_EQ(held.size(), 1U);

  rabbit.server().Kill();
  EXPECT_EQ(bus->Publish({Numbered("a", kMessages + 1)}).code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(consumer->Read(1, kNow).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(consumer->Acknowledge(held[0].tag).code(), absl::StatusCode::kUnavailable);
  const absl::Status restarted = rabbit.server().Start();
  ASSERT_TRUE(restarted.ok()) << restarted;

  EXPECT_EQ(TakeDistinct(*consumer, kMessages).size(),
            kMessages);  // what had been sent ahead comes again, in any order
  EXPECT_TRUE(UntilAvailable([&] { return private_consumer->Read(1, kNow); })->empty()) << "made anew";
  EXPECT_EQ(bus->stats().private_queues_remade, 1U);
  ASSERT_TRUE(UntilAvailable([&] { return bus->Publish({Numbered("a", kMessages + 1)}); }).ok());
  EXPECT_EQ(TakeNumbers(*consumer, 1), std::vector<std::uint64_t>{kMessages + 1});
  EXPECT_EQ(TakeNumbers(*private_consumer, 1), std::vector<std::uint64_t>{kMessages + 1});
}

}  // namespace
}  // namespace xt::contract
