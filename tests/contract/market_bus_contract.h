// The contract of ports::MarketBus as tests; see command_journal_contract.h for how an adapter uses it.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "libs/ports/market_bus.h"
#include "tests/contract/contract_support.h"

namespace xt::contract {

class MarketBusBackend {
 public:
  virtual ~MarketBusBackend() = default;
  // A new object on the same data, as after a restart of the process. At most one is alive at a time.
  virtual std::unique_ptr<ports::MarketBus> Connect() = 0;
  // Whether the very next Poll has what is stored. Otherwise it is on its way, and Poll waits for it.
  [[nodiscard]] virtual bool DeliversAtOnce() const { return true; }
};
using MarketBusBackendFactory = std::unique_ptr<MarketBusBackend> (*)();

class MarketBusContract : public ::testing::TestWithParam<MarketBusBackendFactory> {
 protected:
  using StartAt = ports::StartAt;
  inline static const std::string kTrades{ports::topic::kTrade};
  inline static const std::string kDepths{ports::topic::kDepth};

  MarketBusContract() : backend_(GetParam()()), bus_(backend_->Connect()) {}
  void Reopen() {
    bus_.reset();
    bus_ = backend_->Connect();
    ASSERT_NE(bus_, nullptr);
  }
  static ports::MarketMessage Message(const std::string& topic, std::uint64_t sequence, std::uint32_t index = 1,
                                      const std::string& key = "BTC-KRW") {
    return {topic,
            key,
            {domain::SequenceNumber(sequence), index},
            std::make_shared<const std::string>(topic + " " + std::to_string(sequence))};
  }
  void Publish(const std::string& topic, std::uint64_t first, std::uint64_t last) {
    std::vector<ports::MarketMessage> messages;
    for (std::uint64_t n = first; n <= last; ++n) messages.push_back(Message(topic, n));
    const absl::Status status = bus_->Publish(messages);
    ASSERT_TRUE(status.ok()) << status;
  }
  std::unique_ptr<ports::MarketConsumer> Subscribe(std::string_view group, const std::vector<std::string>& topics,
                                                   StartAt start = StartAt::kOldest) {
    auto consumer = bus_->Subscribe(group, topics, start);
    EXPECT_TRUE(consumer.ok()) << consumer.status();
    return consumer.ok() ? *std::move(consumer) : nullptr;
  }
  // The sequences of what was delivered; checks payloads.
  static std::vector<std::uint64_t> Sequences(const std::vector<ports::MarketDelivery>& deliveries) {
    std::vector<std::uint64_t> sequences;
    for (const auto& delivery : deliveries) {
      sequences.push_back(delivery.message.id.sequence.value());
      EXPECT_EQ(*delivery.message.payload, delivery.message.topic + " " + std::to_string(sequences.back()));
    }
    return sequences;
  }
  static std::vector<ports::MarketDelivery> PollOnce(ports::MarketConsumer& consumer, std::size_t max = 1000,
                                                     std::chrono::milliseconds timeout = kNow) {
    auto deliveries = consumer.Poll(max, timeout);
    EXPECT_TRUE(deliveries.ok()) << deliveries.status();
    return deliveries.ok() ? *std::move(deliveries) : std::vector<ports::MarketDelivery>();
  }
  // What comes until `count` are there, at most `max`: by one Poll where that has to be enough, else by as many as it takes.
  std::vector<ports::MarketDelivery> Receive(ports::MarketConsumer& consumer, std::size_t count,
                                             std::size_t max = 1000) {
    if (backend_->DeliversAtOnce()) return PollOnce(consumer, max);
    std::vector<ports::MarketDelivery> all;
    while (all.size() < count) {
      auto some = PollOnce(consumer, max - all.size(), kDeadline);
      if (some.empty()) break;
      all.insert(all.end(), some.begin(), some.end());
    }
    return all;
  }
  std::vector<std::uint64_t> Read(ports::MarketConsumer& consumer, std::size_t count, std::size_t max = 1000) {
    return Sequences(Receive(consumer, count, max));
  }
  static std::vector<std::uint64_t> Numbers(std::uint64_t first, std::uint64_t last) {
    std::vector<std::uint64_t> numbers;
    for (std::uint64_t n = first; n <= last; ++n) numbers.push_back(n);
    return numbers;
  }

  std::unique_ptr<MarketBusBackend> backend_;
  std::unique_ptr<ports::MarketBus> bus_;
};

TEST_P(MarketBusContract, AMessageComesBackAsItWas) {
  ASSERT_TRUE(bus_->Publish({Message(kTrades, 5, 3, "ETH-BTC"), Message(kTrades, 6, 1, "")}).ok());
  const auto deliveries = Receive(*Subscribe("", {kTrades}), 2);
  ASSERT_EQ(deliveries.size(), 2U);
  EXPECT_EQ(deliveries[0].message.topic, kTrades);
  EXPECT_EQ(deliveries[0].message.key, "ETH-BTC");
  EXPECT_EQ(deliveries[0].message.id, (domain::EventId{domain::SequenceNumber(5), 3}));
  EXPECT_EQ(*deliveries[0].message.payload, kTrades + " 5");
  EXPECT_EQ(deliveries[0].offset, 0U);
  EXPECT_EQ(deliveries[1].message.key, "");
  EXPECT_EQ(deliveries[1].offset, 1U);
}

TEST_P(MarketBusContract, LastIdIsTheHighestStoredAlsoAfterARestart) {
  EXPECT_EQ(*bus_->LastId(kTrades), domain::EventId{});
  ASSERT_TRUE(bus_->Publish({Message(kTrades, 5, 3), Message(kTrades, 5, 2), Message(kTrades, 0, 0)}).ok());
  const domain::EventId highest{domain::SequenceNumber(5), 3};
  EXPECT_EQ(*bus_->LastId(kTrades), highest);
  EXPECT_EQ(*bus_->LastId(kDepths), domain::EventId{});
  Reopen();
  EXPECT_EQ(*bus_->LastId(kTrades), highest);
  Publish(kTrades, 6, 6);
  EXPECT_EQ(bus_->LastId(kTrades)->sequence.value(), 6U);
}

TEST_P(MarketBusContract, EveryGroupReadsInOrder) {
  Publish(kTrades, 1, 100);
  auto one = Subscribe("one", {kTrades});
  auto two = Subscribe("two", {kTrades});
  EXPECT_EQ(Read(*one, 40, 40), Numbers(1, 40));
  EXPECT_EQ(Read(*two, 100), Numbers(1, 100));
  EXPECT_EQ(Read(*one, 60), Numbers(41, 100));
  EXPECT_THAT(PollOnce(*one), ::testing::IsEmpty());
  Publish(kTrades, 101, 102);
  EXPECT_EQ(Read(*one, 2), Numbers(101, 102));
}

TEST_P(MarketBusContract, OnlyWhatWasCommittedIsBehindALaterConsumer) {
  Publish(kTrades, 1, 10);
  auto consumer = Subscribe("group", {kTrades});
  EXPECT_EQ(Read(*consumer, 4, 4), Numbers(1, 4));
  ASSERT_TRUE(consumer->Commit().ok());
  EXPECT_EQ(Read(*consumer, 4, 4), Numbers(5, 8));
  consumer.reset();
  EXPECT_EQ(Read(*Subscribe("group", {kTrades}, StartAt::kNewest), 2, 2), Numbers(5, 6));
  Reopen();
  consumer = Subscribe("group", {kTrades});
  EXPECT_EQ(Read(*consumer, 6), Numbers(5, 10));
  ASSERT_TRUE(consumer->Commit().ok());
  consumer.reset();
  consumer = Subscribe("group", {kTrades});
  EXPECT_THAT(PollOnce(*consumer), ::testing::IsEmpty());
  Publish(kTrades, 11, 11);
  EXPECT_EQ(Read(*consumer, 1), Numbers(11, 11));
}

TEST_P(MarketBusContract, WithoutACommittedOffsetItStartsWhereItWasTold) {
  Publish(kTrades, 1, 5);
  auto newest = Subscribe("newest", {kTrades}, StartAt::kNewest);
  auto oldest = Subscribe("oldest", {kTrades}, StartAt::kOldest);
  EXPECT_THAT(PollOnce(*newest), ::testing::IsEmpty());
  Publish(kTrades, 6, 7);
  EXPECT_EQ(Read(*newest, 2), Numbers(6, 7));
  EXPECT_EQ(Read(*oldest, 7), Numbers(1, 7));
}

TEST_P(MarketBusContract, TheEmptyGroupIsAloneAndForgets) {
  Publish(kTrades, 1, 3);
  for (int i = 0; i < 2; ++i) {
    auto one = Subscribe("", {kTrades});
    auto two = Subscribe("", {kTrades});
    EXPECT_EQ(Read(*one, 3), Numbers(1, 3));
    EXPECT_EQ(Read(*two, 3), Numbers(1, 3));
    EXPECT_TRUE(one->Commit().ok());
    EXPECT_EQ(one->Lag(), 0U);
  }
}

TEST_P(MarketBusContract, BehindAnIdNothingIsMissing) {
  Publish(kTrades, 1, 300);
  for (const std::uint64_t last : {0, 1, 150, 299}) {
    auto consumer = bus_->SubscribeBehind(kTrades, {domain::SequenceNumber(last), 1});
    ASSERT_TRUE(consumer.ok()) << consumer.status();
    std::vector<std::uint64_t> behind;
    while (behind.empty() || behind.back() != 300) {
      const auto some = Sequences(PollOnce(**consumer, 1000, kDeadline));
      ASSERT_FALSE(some.empty()) << last;
      for (const std::uint64_t sequence : some) {
        if (sequence > last) behind.push_back(sequence);
      }
    }
    EXPECT_EQ(behind, Numbers(last + 1, 300));
  }
  auto consumer = bus_->SubscribeBehind(kTrades, {domain::SequenceNumber(300), 1});
  ASSERT_TRUE(consumer.ok()) << consumer.status();
  Publish(kTrades, 301, 301);
  std::vector<std::uint64_t> behind;
  while (behind.empty() || behind.back() != 301) behind = Sequences(PollOnce(**consumer, 1000, kDeadline));
}

TEST_P(MarketBusContract, SeveralTopicsAreReadWithoutStarving) {
  constexpr std::size_t kBacklog = 5000;
  for (std::size_t n = 1; n <= kBacklog; n += 100) Publish(kTrades, n, n + 99);
  Publish(kDepths, 1, 3);
  auto consumer = Subscribe("group", {kTrades, kDepths});
  std::size_t polls = 0;
  std::size_t depths = 0;
  std::size_t trades = 0;
  for (; depths < 3 || trades < 10; ++polls) {
    const auto some = PollOnce(*consumer, 10, kDeadline);
    ASSERT_FALSE(some.empty());
    EXPECT_LE(some.size(), 10U);
    for (const auto& delivery : some) ++(delivery.message.topic == kDepths ? depths : trades);
  }
  EXPECT_EQ(depths, 3U);
  EXPECT_LT(trades, kBacklog);
  if (backend_->DeliversAtOnce()) {
    EXPECT_LE(polls, 4U);
  }
}

TEST_P(MarketBusContract, LagCountsWhatIsNotCommitted) {
  Publish(kTrades, 1, 10);
  auto consumer = Subscribe("group", {kTrades});
  if (backend_->DeliversAtOnce()) {
    EXPECT_EQ(consumer->Lag(), 10U);
  }
  EXPECT_EQ(Read(*consumer, 4, 4).size(), 4U);
  EXPECT_EQ(consumer->Lag(), 10U);
  ASSERT_TRUE(consumer->Commit().ok());
  EXPECT_EQ(consumer->Lag(), 6U);
}

TEST_P(MarketBusContract, PublishWakesAWaitingConsumer) {
  auto consumer = Subscribe("group", {kTrades});
  Outcomes<std::uint64_t> read;
  std::thread reader([&] {
    while (read.Get().size() < 40) {
      const auto some = consumer->Poll(7, std::chrono::hours(1));  // the time-out is no way to get anywhere
      if (!some.ok()) return;
      for (const std::uint64_t sequence : Sequences(*some)) read.Add(sequence);
    }
  });
  for (std::uint64_t n = 1; n <= 40; ++n) Publish(kTrades, n, n);
  EXPECT_EQ(read.WaitFor(40), Numbers(1, 40));
  bus_->Close();
  reader.join();
}

TEST_P(MarketBusContract, CloseWakesConsumersAndRefusesWhatFollows) {
  auto consumer = Subscribe("group", {kTrades});
  absl::Status status;
  std::thread reader([&] { status = consumer->Poll(1, kDeadline).status(); });
  bus_->Close();
  reader.join();
  EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(bus_->Publish({Message(kTrades, 1)}).code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(bus_->LastId(kTrades).status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(consumer->Commit().code(), absl::StatusCode::kCancelled);
  bus_->Close();
}

}  // namespace xt::contract
