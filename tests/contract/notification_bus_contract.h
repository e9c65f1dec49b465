// The contract of ports::NotificationBus as tests; see command_journal_contract.h for how an adapter uses it.
#pragma once

#include <chrono>
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
  // A broker hands a message over after it has confirmed it: how long nothing has to come until nothing is expected.
  [[nodiscard]] virtual std::chrono::milliseconds quiet() const { return kNow; }
  // A broker sends deliveries ahead of Read, up to the prefetch: they are shared out and counted when it sends them.
  [[nodiscard]] virtual bool sends_ahead() const { return false; }
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
  // Waits for the first `expected`, then takes what else is there.
  std::vector<ports::NotificationDelivery> Read(ports::NotificationConsumer& consumer, std::size_t expected,
                                                std::size_t max = 1000) {
    std::vector<ports::NotificationDelivery> all;
    while (all.size() < max) {
      auto deliveries = consumer.Read(max - all.size(), all.size() < expected ? kDeadline : backend_->quiet());
      EXPECT_TRUE(deliveries.ok()) << deliveries.status();
      if (!deliveries.ok() || deliveries->empty()) break;
      all.insert(all.end(), deliveries->begin(), deliveries->end());
    }
    return all;
  }
  static Texts TextsOf(const std::vector<ports::NotificationDelivery>& deliveries) {
    Texts texts;
    for (const auto& delivery : deliveries) texts.push_back(*delivery.notification.payload);
    return texts;
  }
  // Reads and acknowledges.
  Texts Take(ports::NotificationConsumer& consumer, std::size_t expected) {
    const auto deliveries = Read(consumer, expected);
    for (const auto& delivery : deliveries) EXPECT_TRUE(consumer.Acknowledge(delivery.tag).ok());
    return TextsOf(deliveries);
  }
  // Waits for the first `expected`: a broker moves them after it was told.
  Texts DeadLetters(std::size_t expected, std::size_t max = 1000) {
    Texts texts;
    const auto deadline = std::chrono::steady_clock::now() + kDeadline;
    do {
      const auto dead = bus_->TakeDeadLetters(max - texts.size());
      EXPECT_TRUE(dead.ok()) << dead.status();
      if (!dead.ok()) break;
      for (const auto& notification : *dead) texts.push_back(*notification.payload);
    } while (texts.size() < expected && std::chrono::steady_clock::now() < deadline);
    return texts;
  }

  // Of a consumer that can be given nothing more: reads on, since it learns meanwhile what waits.
  static bool ReadUntilWaiting(ports::NotificationConsumer& consumer, std::uint64_t in_queue,
                               std::uint64_t dead_letters) {
    const auto deadline = std::chrono::steady_clock::now() + kDeadline;
    ports::WaitingMessages waiting = consumer.Waiting();
    while ((waiting.in_queue != in_queue || waiting.dead_letters != dead_letters) &&
           std::chrono::steady_clock::now() < deadline) {
      const auto nothing = consumer.Read(1, std::chrono::milliseconds(100));
      EXPECT_TRUE(nothing.ok() && nothing->empty()) << nothing.status();
      if (!nothing.ok()) return false;
      waiting = consumer.Waiting();
    }
    return waiting.in_queue == in_queue && waiting.dead_letters == dead_letters;
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
    EXPECT_EQ(Take(*consumer, expected.size()), expected) << binding;
  }
}

TEST_P(NotificationBusContract, AMessageComesOncePerQueueWithItsIdAndKey) {
  auto consumer = Consume(Queue("", {"trade.#", "#", "trade.X"}));
  ASSERT_TRUE(
      bus_->Publish({{"trade.X", {domain::SequenceNumber(9), 4}, std::make_shared<const std::string>("t")}}).ok());
  const auto deliveries = Read(*consumer, 1);
  ASSERT_EQ(deliveries.size(), 1U);
  EXPECT_EQ(deliveries[0].notification.routing_key, "trade.X");
  EXPECT_EQ(deliveries[0].notification.id, (domain::EventId{domain::SequenceNumber(9), 4}));
  EXPECT_EQ(deliveries[0].delivery_count, 1U);
}

TEST_P(NotificationBusContract, EveryQueueGetsEverythingInOrder) {
  auto one = Consume(Queue("one", {"trade.*"}));
  auto two = Consume(Queue("", {"trade.*"}));
  Publish("trade.X", {"1", "2", "3"});
  EXPECT_EQ(Take(*one, 3), (Texts{"1", "2", "3"}));
  EXPECT_EQ(Take(*two, 3), (Texts{"1", "2", "3"}));
  EXPECT_EQ(Take(*one, 0), Texts{});
}

TEST_P(NotificationBusContract, ANamedQueueKeepsWhatComesWhileNobodyConsumes) {
  Consume(Queue("kept", {"trade.*"})).reset();
  Consume(Queue("", {"trade.*"})).reset();
  Publish("trade.X", {"1", "2"});
  EXPECT_EQ(Take(*Consume(Queue("kept", {"trade.*"})), 2), (Texts{"1", "2"}));
}

TEST_P(NotificationBusContract, ConsumersOfOneQueueShareItsMessages) {
  auto a = Consume(Queue("shared", {"#"}));
  auto b = Consume(Queue("shared", {"#"}));
  Publish("x", {"1", "2", "3", "4"});
  const Texts by_a = TextsOf(Read(*a, 2, 2));
  const Texts by_b = TextsOf(Read(*b, 2));
  EXPECT_THAT(by_a, ::testing::ElementsAre("1", backend_->sends_ahead() ? "3" : "2"));
  EXPECT_THAT(by_b, ::testing::ElementsAre(backend_->sends_ahead() ? "2" : "3", "4"));
}

TEST_P(NotificationBusContract, ADeadConsumersMessagesComeAgainInOrder) {
  ports::QueueOptions options = Queue("q", {"#"});
  auto dying = Consume(options);
  Publish("x", {"1", "2", "3", "4", "5"});
  const auto held = Read(*dying, 4, 4);
  ASSERT_EQ(held.size(), 4U);
  ASSERT_TRUE(dying->Acknowledge(held[1].tag).ok());
  dying.reset();
  auto heir = Consume(options);
  const auto again = Read(*heir, 4);
  ASSERT_EQ(TextsOf(again), (Texts{"1", "3", "4", "5"}));
  EXPECT_EQ(again[0].delivery_count, 2U);
  EXPECT_EQ(again[3].delivery_count, backend_->sends_ahead() ? 2U : 1U);
}

TEST_P(NotificationBusContract, PrefetchBoundsWhatIsUnacknowledged) {
  ports::QueueOptions options = Queue("q", {"#"});
  options.prefetch = 3;
  auto consumer = Consume(options);
  Publish("x", {"1", "2", "3", "4", "5"});
  const auto first = Read(*consumer, 3);
  ASSERT_EQ(TextsOf(first), (Texts{"1", "2", "3"}));
  EXPECT_EQ(TextsOf(Read(*consumer, 0)), Texts{});
  ASSERT_TRUE(consumer->Acknowledge(first[0].tag).ok());
  ASSERT_TRUE(consumer->Acknowledge(first[2].tag).ok());
  EXPECT_EQ(TextsOf(Read(*consumer, 2)), (Texts{"4", "5"}));
}

TEST_P(NotificationBusContract, ARejectedMessageIsRequeuedOrDead) {
  auto consumer = Consume(Queue("q", {"#"}));
  Publish("x", {"1", "2"});
  auto deliveries = Read(*consumer, 2);
  ASSERT_EQ(deliveries.size(), 2U);
  ASSERT_TRUE(consumer->Reject(deliveries[0].tag, true).ok());
  ASSERT_TRUE(consumer->Reject(deliveries[1].tag, false).ok());
  EXPECT_EQ(DeadLetters(1), Texts{"2"});
  EXPECT_EQ(DeadLetters(0), Texts{}) << "they are taken out";
  deliveries = Read(*consumer, 1);
  ASSERT_EQ(TextsOf(deliveries), Texts{"1"});
  EXPECT_EQ(deliveries[0].delivery_count, 2U);
}

TEST_P(NotificationBusContract, AfterMaxDeliveriesAMessageIsDead) {
  ports::QueueOptions options = Queue("q", {"#"});
  options.max_deliveries = 3;
  auto consumer = Consume(options);
  Publish("x", {"poison"});
  for (std::uint32_t count = 1; count <= 3; ++count) {
    const auto deliveries = Read(*consumer, 1);
    ASSERT_EQ(deliveries.size(), 1U);
    EXPECT_EQ(deliveries[0].delivery_count, count);
    EXPECT_EQ(DeadLetters(0), Texts{});
    if (count == 2) {
      consumer = nullptr;  // dies with it
      consumer = Consume(options);
    } else {
      ASSERT_TRUE(consumer->Reject(deliveries[0].tag, true).ok());
    }
  }
  EXPECT_EQ(TextsOf(Read(*consumer, 0)), Texts{});
  EXPECT_EQ(DeadLetters(1), Texts{"poison"});
}

TEST_P(NotificationBusContract, WhatDoesNotFitGoesToTheDeadLetters) {
  ports::QueueOptions options = Queue("q", {"#"});
  options.max_length = 3;
  Consume(options).reset();  // what a broker has sent ahead to a consumer takes no room
  // One by one: a broker tells its publishers that a queue is full, and takes what they sent before they heard of it.
  for (const char* text : {"1", "2", "3", "4", "5"}) Publish("x", {text});
  EXPECT_EQ(DeadLetters(1, 1), Texts{"4"}) << "oldest first";
  EXPECT_EQ(DeadLetters(1), Texts{"5"});
  auto consumer = Consume(options);
  EXPECT_EQ(Take(*consumer, 3), (Texts{"1", "2", "3"}));
  Publish("x", {"6"});
  EXPECT_EQ(Take(*consumer, 1), Texts{"6"});
}

TEST_P(NotificationBusContract, WhatWaitsIsKnown) {
  ports::QueueOptions options = Queue("q", {"#"});
  options.prefetch = 1;
  auto consumer = Consume(options);
  Publish("x", {"1", "2", "3", "4"});
  const auto held = Read(*consumer, 1, 1);
  ASSERT_EQ(TextsOf(held), Texts{"1"});
  EXPECT_TRUE(ReadUntilWaiting(*consumer, 3, 0));
  ASSERT_TRUE(consumer->Reject(held[0].tag, false).ok());
  ASSERT_EQ(TextsOf(Read(*consumer, 1, 1)), Texts{"2"});
  EXPECT_TRUE(ReadUntilWaiting(*consumer, 2, 1));
  EXPECT_EQ(DeadLetters(1), Texts{"1"});
  EXPECT_TRUE(ReadUntilWaiting(*consumer, 2, 0));
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
