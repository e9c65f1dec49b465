// The contract of ports::NotificationBus as tests; see command_journal_contract.h for how an adapter uses it.
#pragma once

#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "libs/ports/notification_bus.h"
#include "tests/contract/contract_support.h"

namespace xt::contract {

class NotificationBusBackend {
 public:
  virtual ~NotificationBusBackend() = default;
  // A new object, as after a restart of the process. At most one is alive at a time.
  virtual std::unique_ptr<ports::NotificationBus> Connect() = 0;
};
using NotificationBusBackendFactory = std::unique_ptr<NotificationBusBackend> (*)();

class NotificationBusContract : public ::testing::TestWithParam<NotificationBusBackendFactory> {
 protected:
  using Texts = std::vector<std::string>;

  NotificationBusContract() : backend_(GetParam()()), bus_(backend_->Connect()) {}

  static ports::Notification Message(const std::string& routing_key, const std::string& text) {
    return {routing_key, {domain::SequenceNumber(1), 1}, std::make_shared<const std::string>(text)};
  }
  void Publish(const std::string& routing_key, const Texts& texts) {
    std::vector<ports::Notification> messages;
    for (const std::string& text : texts) messages.push_back(Message(routing_key, text));
    const absl::Status status = bus_->Publish(messages);
    ASSERT_TRUE(status.ok()) << status;
  }
  static ports::QueueOptions Queue(const std::string& name, const Texts& bindings) {
    ports::QueueOptions options;
    options.name = name;
    options.bindings = bindings;
    return options;
  }
  std::unique_ptr<ports::NotificationConsumer> Consume(const ports::QueueOptions& options) {
    auto consumer = bus_->Consume(options);
    EXPECT_TRUE(consumer.ok()) << consumer.status();
    return consumer.ok() ? *std::move(consumer) : nullptr;
  }
  static std::vector<ports::NotificationDelivery> Read(ports::NotificationConsumer& consumer, std::size_t max = 1000) {
    auto deliveries = consumer.Read(max, kNow);
    EXPECT_TRUE(deliveries.ok()) << deliveries.status();
    return deliveries.ok() ? *std::move(deliveries) : std::vector<ports::NotificationDelivery>();
  }
  static Texts TextsOf(const std::vector<ports::NotificationDelivery>& deliveries) {
    Texts texts;
    for (const auto& delivery : deliveries) texts.push_back(*delivery.notification.payload);
    return texts;
  }
  // Reads and acknowledges.
  static Texts Take(ports::NotificationConsumer& consumer) {
    const auto deliveries = Read(consumer);
    for (const auto& delivery : deliveries) EXPECT_TRUE(consumer.Acknowledge(delivery.tag).ok());
    return TextsOf(deliveries);
  }
  Texts DeadLetters(std::size_t max = 1000) {
    Texts texts;
    const auto dead = bus_->TakeDeadLetters(max);
    EXPECT_TRUE(dead.ok()) << dead.status();
    if (dead.ok()) {
      for (const auto& notification : *dead) texts.push_back(*notification.payload);
    }
    return texts;
  }

  std::unique_ptr<NotificationBusBackend> backend_;
  std::unique_ptr<ports::NotificationBus> bus_;
};

TEST_P(NotificationBusContract, BindingsRouteByWords) {
  const std::vector<std::pair<std::string, Texts>> cases = {
      {"trade.BTC-KRW", {"trade.BTC-KRW"}},
      {"trade.*", {"trade.BTC-KRW", "trade.ETH-BTC"}},
      {"*.BTC-KRW", {"trade.BTC-KRW", "ticker.BTC-KRW"}},
      {"#", {"trade.BTC-KRW", "trade.ETH-BTC", "ticker.BTC-KRW", "user.7", "trade", "a.b.c"}},
      {"trade.#", {"trade.BTC-KRW", "trade.ETH-BTC", "trade"}},
      {"#.c", {"a.b.c"}},
      {"a.#.c", {"a.b.c"}},
      {"a.*", {}},
      {"*", {"trade"}},
      {"user.7", {"user.7"}},
  };
  for (const auto& [binding, expected] : cases) {
    auto consumer = Consume(Queue("", {binding}));
    for (const char* key : {"trade.BTC-KRW", "trade.ETH-BTC", "ticker.BTC-KRW", "user.7", "trade", "a.b.c"}) {
      Publish(key, {key});
    }
    EXPECT_EQ(Take(*consumer), expected) << binding;
  }
}

TEST_P(NotificationBusContract, AMessageComesOncePerQueueWithItsIdAndKey) {
  auto consumer = Consume(Queue("", {"trade.#", "#", "trade.X"}));
  ASSERT_TRUE(
      bus_->Publish({{"trade.X", {domain::SequenceNumber(9), 4}, std::make_shared<const std::string>("t")}}).ok());
  const auto deliveries = Read(*consumer);
  ASSERT_EQ(deliveries.size(), 1U);
  EXPECT_EQ(deliveries[0].notification.routing_key, "trade.X");
  EXPECT_EQ(deliveries[0].notification.id, (domain::EventId{domain::SequenceNumber(9), 4}));
  EXPECT_EQ(deliveries[0].delivery_count, 1U);
}

TEST_P(NotificationBusContract, EveryQueueGetsEverythingInOrder) {
  auto one = Consume(Queue("one", {"trade.*"}));
  auto two = Consume(Queue("", {"trade.*"}));
  Publish("trade.X", {"1", "2", "3"});
  EXPECT_EQ(Take(*one), (Texts{"1", "2", "3"}));
  EXPECT_EQ(Take(*two), (Texts{"1", "2", "3"}));
  EXPECT_EQ(Take(*one), Texts{});
}

TEST_P(NotificationBusContract, ANamedQueueKeepsWhatComesWhileNobodyConsumes) {
  Consume(Queue("kept", {"trade.*"})).reset();
  Consume(Queue("", {"trade.*"})).reset();
  Publish("trade.X", {"1", "2"});
  EXPECT_EQ(Take(*Consume(Queue("kept", {"trade.*"}))), (Texts{"1", "2"}));
}

TEST_P(NotificationBusContract, ConsumersOfOneQueueShareItsMessages) {
  auto a = Consume(Queue("shared", {"#"}));
  auto b = Consume(Queue("shared", {"#"}));
  Publish("x", {"1", "2", "3", "4"});
  EXPECT_EQ(TextsOf(Read(*a, 2)), (Texts{"1", "2"}));
  EXPECT_EQ(TextsOf(Read(*b)), (Texts{"3", "4"}));
}

TEST_P(NotificationBusContract, ADeadConsumersMessagesComeAgainInOrder) {
  ports::QueueOptions options = Queue("q", {"#"});
  auto dying = Consume(options);
  Publish("x", {"1", "2", "3", "4", "5"});
  const auto held = Read(*dying, 4);
  ASSERT_TRUE(dying->Acknowledge(held[1].tag).ok());
  dying.reset();
  auto heir = Consume(options);
  const auto again = Read(*heir);
  EXPECT_EQ(TextsOf(again), (Texts{"1", "3", "4", "5"}));
  EXPECT_EQ(again[0].delivery_count, 2U);
  EXPECT_EQ(again[3].delivery_count, 1U);
}

TEST_P(NotificationBusContract, PrefetchBoundsWhatIsUnacknowledged) {
  ports::QueueOptions options = Queue("q", {"#"});
  options.prefetch = 3;
  auto consumer = Consume(options);
  Publish("x", {"1", "2", "3", "4", "5"});
  const auto first = Read(*consumer);
  EXPECT_EQ(TextsOf(first), (Texts{"1", "2", "3"}));
  EXPECT_EQ(TextsOf(Read(*consumer)), Texts{});
  ASSERT_TRUE(consumer->Acknowledge(first[0].tag).ok());
  ASSERT_TRUE(consumer->Acknowledge(first[2].tag).ok());
  EXPECT_EQ(TextsOf(Read(*consumer)), (Texts{"4", "5"}));
}

TEST_P(NotificationBusContract, ARejectedMessageIsRequeuedOrDead) {
  auto consumer = Consume(Queue("q", {"#"}));
  Publish("x", {"1", "2"});
  auto deliveries = Read(*consumer);
  ASSERT_TRUE(consumer->Reject(deliveries[0].tag, true).ok());
  ASSERT_TRUE(consumer->Reject(deliveries[1].tag, false).ok());
  EXPECT_EQ(DeadLetters(), Texts{"2"});
  EXPECT_EQ(DeadLetters(), Texts{}) << "they are taken out";
  deliveries = Read(*consumer);
  EXPECT_EQ(TextsOf(deliveries), Texts{"1"});
  EXPECT_EQ(deliveries[0].delivery_count, 2U);
}

TEST_P(NotificationBusContract, AfterMaxDeliveriesAMessageIsDead) {
  ports::QueueOptions options = Queue("q", {"#"});
  options.max_deliveries = 3;
  auto consumer = Consume(options);
  Publish("x", {"poison"});
  for (std::uint32_t count = 1; count <= 3; ++count) {
    const auto deliveries = Read(*consumer);
    ASSERT_EQ(deliveries.size(), 1U);
    EXPECT_EQ(deliveries[0].delivery_count, count);
    EXPECT_EQ(DeadLetters(), Texts{});
    if (count == 2) {
      consumer = nullptr;  // dies with it
      consumer = Consume(options);
    } else {
      ASSERT_TRUE(consumer->Reject(deliveries[0].tag, true).ok());
    }
  }
  EXPECT_EQ(TextsOf(Read(*consumer)), Texts{});
  EXPECT_EQ(DeadLetters(), Texts{"poison"});
}

TEST_P(NotificationBusContract, WhatDoesNotFitGoesToTheDeadLetters) {
  ports::QueueOptions options = Queue("q", {"#"});
  options.max_length = 3;
  auto consumer = Consume(options);
  Publish("x", {"1", "2", "3", "4", "5"});
  EXPECT_EQ(DeadLetters(1), Texts{"4"}) << "oldest first";
  EXPECT_EQ(DeadLetters(), Texts{"5"});
  EXPECT_EQ(Take(*consumer), (Texts{"1", "2", "3"}));
  Publish("x", {"6"});
  EXPECT_EQ(Take(*consumer), Texts{"6"});
}

TEST_P(NotificationBusContract, PublishWakesAWaitingConsumer) {
  auto consumer = Consume(Queue("q", {"#"}));
  Texts read;
  std::thread reader([&] {
    while (read.size() < 20) {
      const auto deliveries = consumer->Read(3, kDeadline);
      ASSERT_TRUE(deliveries.ok());
      if (deliveries->empty()) return;
      for (const auto& delivery : *deliveries) {
        read.push_back(*delivery.notification.payload);
        ASSERT_TRUE(consumer->Acknowledge(delivery.tag).ok());
      }
    }
  });
  Texts sent;
  for (int i = 0; i < 20; ++i) {
    sent.push_back(std::to_string(i));
    Publish("x", {sent.back()});
  }
  reader.join();
  EXPECT_EQ(read, sent);
}

TEST_P(NotificationBusContract, CloseWakesConsumersAndRefusesWhatFollows) {
  auto consumer = Consume(Queue("q", {"#"}));
  absl::Status status;
  std::thread reader([&] { status = consumer->Read(1, kDeadline).status(); });
  bus_->Close();
  reader.join();
  EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(bus_->Publish({Message("x", "1")}).code(), absl::StatusCode::kCancelled);
  bus_->Close();
}

}  // namespace xt::contract
