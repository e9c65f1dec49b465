// RabbitMqNotificationBus while its broker is killed and restarted.
#include <fstream>
#include <iterator>
#include <set>

#include "tests/contract/rabbitmq_support.h"

namespace xt::contract {
namespace {

// RabbitMQ 3.10 writes the names of quorum queues when it has made none for half a second. A queue whose name is not
// there after a kill begins anew, empty and without ever getting a leader, whatever was confirmed.
bool IsOnDisk(const servers::RabbitMqServer& server, const std::string& queue) {
  std::ifstream names(server.folder() + "/data/xtrader@localhost/quorum/xtrader@localhost/names.dets",
                      std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(names), {}};
  return text.find("%2F_" + queue) != std::string::npos;
}

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

  ASSERT_TRUE(Eventually([&] { return IsOnDisk(rabbit.server(), "q"); }));
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
