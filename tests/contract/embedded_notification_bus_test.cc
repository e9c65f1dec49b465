// MemoryNotificationBus: the contract of the port, and what is its own: counters and the bound on dead letters.
#include "libs/adapters/embedded/memory_notification_bus.h"
#include "tests/contract/notification_bus_contract.h"

namespace xt::contract {
namespace {

using embedded::MemoryNotificationBus;

class MemoryBackend final : public NotificationBusBackend {
 public:
  std::unique_ptr<ports::NotificationBus> Connect() override { return std::make_unique<MemoryNotificationBus>(); }
};

INSTANTIATE_TEST_SUITE_P(Embedded, NotificationBusContract,
                         ::testing::Values(+[]() -> std::unique_ptr<NotificationBusBackend> {
                           return std::make_unique<MemoryBackend>();
                         }));

ports::Notification Message(const std::string& key, const std::string& text) {
  return {key, {}, std::make_shared<const std::string>(text)};
}

TEST(MemoryNotificationBusTest, EverythingIsCounted) {
  MemoryNotificationBus bus({.max_dead_letters = 2});
  ports::QueueOptions options;
  options.name = "q";
  options.bindings = {"a"};
  options.max_length = 2;
  options.max_deliveries = 1;
  auto consumer = *bus.Consume(options);
  ASSERT_TRUE(bus.Publish({Message("a", "1"), Message("a", "2"), Message("a", "3"), Message("b", "4")}).ok());
  const auto deliveries = *consumer->Read(10, kNow);
  ASSERT_EQ(deliveries.size(), 2U);
  EXPECT_EQ(bus.Stats().unacknowledged, 2U);
  ASSERT_TRUE(consumer->Reject(deliveries[0].tag, false).ok());
  EXPECT_FALSE(consumer->Acknowledge(deliveries[0].tag).ok()) << "settled already";
  consumer.reset();
  const auto stats = bus.Stats();
  EXPECT_EQ(stats.published, 4U);
  EXPECT_EQ(stats.unroutable, 1U);
  EXPECT_EQ(stats.dead_overflow, 1U);
  EXPECT_EQ(stats.dead_rejected, 1U);
  EXPECT_EQ(stats.dead_max_deliveries, 1U);
  EXPECT_EQ(stats.dead_letters, 2U);
  EXPECT_EQ(stats.dead_letters_dropped, 1U);
  EXPECT_EQ(*bus.TakeDeadLetters(10)->at(0).payload, "1") << "the oldest one fell out";
}

TEST(MemoryNotificationBusTest, BindingsOfANamedQueueAddUp) {
  MemoryNotificationBus bus;
  ports::QueueOptions options;
  options.name = "q";
  options.bindings = {"a"};
  auto one = *bus.Consume(options);
  options.bindings = {"b"};
  auto two = *bus.Consume(options);
  ASSERT_TRUE(bus.Publish({Message("a", "1"), Message("b", "2")}).ok());
  EXPECT_EQ(one->Read(10, kNow)->size(), 2U);
  options.prefetch = 0;
  EXPECT_EQ(bus.Consume(options).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace xt::contract
