// What the tests of the market bus on Kafka share: messages with numbers, reading a topic to its end, and what a consumer
// that drops id <= last makes of it.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "libs/adapters/kafka/kafka_market_bus.h"
#include "tests/contract/contract_support.h"

namespace xt::contract {

inline std::unique_ptr<kafka::KafkaMarketBus> ConnectToKafka(const kafka::KafkaConfig& config) {
  auto bus = kafka::KafkaMarketBus::Create(config);
  EXPECT_TRUE(bus.ok()) << bus.status();
  return bus.ok() ? *std::move(bus) : nullptr;
}

inline ports::MarketMessage NumberedMessage(const std::string& topic, std::uint64_t sequence, const std::string& key,
                                            std::size_t bytes = 0) {
  std::string payload = std::to_string(sequence) + " ";
  payload.resize(std::max(payload.size(), bytes), '.');
  return {topic, key, {domain::SequenceNumber(sequence), 1}, std::make_shared<const std::string>(std::move(payload))};
}

// Of four keys, by turns.
inline std::vector<ports::MarketMessage> NumberedMessages(const std::string& topic, std::uint64_t first,
                                                          std::uint64_t last, std::size_t bytes = 0) {
  std::vector<ports::MarketMessage> messages;
  for (std::uint64_t n = first; n <= last; ++n) {
    messages.push_back(NumberedMessage(topic, n, "KEY-" + std::to_string(n % 4), bytes));
  }
  return messages;
}

// Everything in the topic now, duplicates included.
inline std::vector<ports::MarketDelivery> ReadTopic(ports::MarketBus& bus, const std::string& topic) {
  std::vector<ports::MarketDelivery> all;
  auto consumer = bus.Subscribe("", {topic}, ports::StartAt::kOldest);
  EXPECT_TRUE(consumer.ok()) << consumer.status();
  if (!consumer.ok()) return all;
  const std::uint64_t count = (*consumer)->Lag();
  while (all.size() < count) {
    auto some = (*consumer)->Poll(1000, kDeadline);
    EXPECT_TRUE(some.ok() && !some->empty()) << "only " << all.size() << " of " << count;
    if (!some.ok() || some->empty()) break;
    all.insert(all.end(), some->begin(), some->end());
  }
  return all;
}

// Checks that what is left of a topic with 1..last after dropping id <= last per key is complete and in order, and
// returns how many were dropped.
inline std::size_t ExpectCompleteInOrder(const std::vector<ports::MarketDelivery>& deliveries, std::uint64_t last) {
  std::map<std::string, std::uint64_t> highest;
  std::size_t fresh = 0;
  for (const auto& [message, offset] : deliveries) {
    const std::uint64_t sequence = message.id.sequence.value();
    EXPECT_EQ(message.payload->substr(0, message.payload->find(' ')), std::to_string(sequence));
    std::uint64_t& before = highest.try_emplace(message.key, 0).first->second;
    if (sequence <= before) continue;
    const std::uint64_t expected = before != 0 ? before + 4 : sequence;
    EXPECT_EQ(sequence, expected) << "a gap in " << message.key;
    before = sequence;
    ++fresh;
  }
  EXPECT_EQ(fresh, last) << "missing or out of order";
  return deliveries.size() - fresh;
}

}  // namespace xt::contract
