#include "services/sequencer/publisher.h"

#include <algorithm>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "libs/wire/event_codec.h"
#include "libs/wire/market_proto.h"
#include "libs/wire/risk_proto.h"
#include "services/sequencer/testing/world.h"
#include "tests/support/eventually.h"

namespace xt::sequencer {
namespace {

using domain::EventId;
using domain::SequenceNumber;
using testing::Await;
using testing::World;

// A deposit stands for "define BTC-KRW", a cancel for "trade": results with every kind of event that is published.
void TradeEffect(const domain::Command& command, domain::CommandResult& result) {
  if (std::holds_alternative<domain::Deposit>(command.body)) {
    domain::SymbolDefined defined;
    defined.symbol.code = *domain::SymbolCode::From("BTC-KRW");
    result.events.emplace_back(defined);
  } else if (std::holds_alternative<domain::CancelOrder>(command.body)) {
    domain::ExecutionReport report;
    report.account = domain::AccountId(7);
    report.client_order_id = testing::IdIn(command);
    report.side = domain::Side::kBuy;
    report.type = domain::OrderType::kLimit;
    report.time_in_force = domain::TimeInForce::kGtc;
    report.execution_type = domain::ExecutionType::kNew;
    report.status = domain::OrderStatus::kNew;
    result.events = {report};
    domain::Trade trade;
    trade.trade_id = domain::TradeId(result.sequence.value());
    trade.price = domain::Price(5);
    trade.quantity = domain::Quantity(6);
    trade.taker_side = domain::Side::kBuy;
    result.events.emplace_back(trade);
    domain::BookChange change;
    change.side = domain::Side::kSell;
    change.price = domain::Price(5);
    result.events.emplace_back(change);
    result.events.emplace_back(domain::RiskDecision{domain::AccountId(7), domain::SymbolId(0), testing::IdIn(command),
                                                    1U << 2U, domain::RejectReason::kNone});
  }
}

domain::Command DefineMarket() {
  domain::Deposit deposit;
  deposit.account = domain::AccountId(1);
  deposit.amount = domain::Amount(1);
  deposit.reference = testing::IdOf(0);
  return {deposit};
}

class PublisherTest : public ::testing::Test {
 protected:
  void SetUp() override {
    world_.matching.SetEffect(TradeEffect);
    ASSERT_TRUE(world_.StartAndServe().ok());
    ASSERT_TRUE(Await(world_.Ask(DefineMarket())).ok());
  }
  void Trade(std::uint64_t first, std::uint64_t count) {
    for (std::uint64_t n = first; n < first + count; ++n) ASSERT_TRUE(Await(world_.Ask(n)).ok());
  }
  void WaitForAll(std::uint64_t sequence) {
    for (const char* name : {"executions", "market", "notifications"}) {
      ASSERT_TRUE(world_.events.WaitForCursor(name, sequence)) << name;
    }
  }
  std::vector<std::uint64_t> SequencesOn(std::string_view topic) {
    std::vector<std::uint64_t> sequences;
    for (const auto& message : world_.market.channel.messages()) {
      if (message.topic == topic) sequences.push_back(message.id.sequence.value());
    }
    return sequences;
  }
  World world_;
};

TEST_F(PublisherTest, EachBusGetsItsMessages) {
  Trade(1, 1);
  WaitForAll(3);
  const auto market = world_.market.channel.messages();
  const auto find = [&](std::string_view topic) {
    return *std::find_if(market.rbegin(), market.rend(), [&](const auto& m) { return m.topic == topic; });
  };
  const auto trade = find("market.trade");
  EXPECT_EQ(trade.key, "BTC-KRW");
  EXPECT_EQ(trade.id, (EventId{SequenceNumber(3), 2}));
  EXPECT_EQ(wire::DecodeMarketTrade(*trade.payload)->price, domain::Price(5));
  const auto depth = find("market.depth");
  EXPECT_EQ(depth.key, "BTC-KRW");
  EXPECT_EQ(wire::DecodeMarketDepth(*depth.payload)->changes.size(), 1U);
  const auto events = find("trading.events");
  EXPECT_EQ(events.key, "BTC-KRW");
  EXPECT_EQ(wire::DecodeEventBatch(*events.payload)->sequence, SequenceNumber(3));
  const auto audit = find("risk.audit");
  EXPECT_EQ(audit.key, "BTC-KRW");
  EXPECT_EQ(audit.id, (EventId{SequenceNumber(3), 4}));
  EXPECT_EQ(wire::DecodeRiskAudit(*audit.payload)->decision.account, domain::AccountId(7));
  EXPECT_EQ(market.front().topic, "trading.events") << "EPOCH_START concerns no symbol";
  EXPECT_EQ(market.front().key, "");

  std::vector<std::string> keys;
  for (const auto& notification : world_.notifications.channel.messages()) keys.push_back(notification.routing_key);
  EXPECT_THAT(keys, ::testing::ElementsAre("trade.BTC-KRW", "orderbook.BTC-KRW", "user.7"));
  EXPECT_EQ(wire::DecodeUserEvents(*world_.notifications.channel.messages().back().payload)->account,
            domain::AccountId(7));
}

TEST_F(PublisherTest, ABusThatIsDownDelaysNobodyAndMissesNothing) {
  world_.market.channel.SetDown(true);
  Trade(1, 300);
  ASSERT_TRUE(world_.market.channel.WaitForAttempts(3)) << "it is tried again";
  ASSERT_TRUE(world_.events.WaitForCursor("executions", 302));
  ASSERT_TRUE(world_.events.WaitForCursor("notifications", 302));
  EXPECT_LT(world_.events.CursorAt("market"), 302U);
  EXPECT_TRUE(world_.ready()) << "orders are still taken";
  EXPECT_EQ(world_.Metric("mq_connection_up{broker=\"market\"}"), "0");
  // The cursor moves before the number that is shown.
  EXPECT_TRUE(test::Eventually(
      [&] { return world_.Metric("mq_producer_confirmed_sequence{broker=\"executions\"}") == "302"; }));
  EXPECT_NE(world_.Metric("mq_producer_confirmed_sequence{broker=\"market\"}"), "302");
  world_.market.channel.SetDown(false);
  world_.app().Drain(testing::Soon());
  std::vector<std::uint64_t> due;
  for (std::uint64_t sequence = 3; sequence <= 302; ++sequence) due.push_back(sequence);
  EXPECT_EQ(SequencesOn("market.trade"), due);
  EXPECT_EQ(world_.Metric("mq_connection_up{broker=\"market\"}"), "1");
  EXPECT_EQ(world_.Metric("mq_spill_queue_depth{broker=\"market\"}"), "0");
  EXPECT_EQ(world_.Metric("mq_producer_confirmed_sequence{broker=\"market\"}"), "302");
}

TEST_F(PublisherTest, FailuresAreCountedByTheirReason) {
  const auto errors = [&](const std::string& reason) {
    return world_.Metric("mq_producer_errors_total{broker=\"market\",topic=\"trading.events\",reason=\"" + reason +
                         "\"}");
  };
  world_.market.channel.Fail(absl::ResourceExhaustedError("no room"));
  Trade(1, 1);
  ASSERT_TRUE(world_.market.channel.WaitForAttempts(1));
  world_.market.channel.Fail(absl::OkStatus());
  WaitForAll(3);
  EXPECT_NE(errors("full"), "0");
  EXPECT_EQ(errors("unavailable"), "0") << "it was there, and had no room";
  EXPECT_EQ(errors("rejected"), "0");
  EXPECT_EQ(errors("other"), "0");
}

// Also when batches were tried several times, and grew meanwhile.
TEST_F(PublisherTest, ADepthMessageNamesTheOneBefore) {
  Trade(1, 2);
  WaitForAll(4);
  world_.market.channel.SetDown(true);
  world_.notifications.channel.SetDown(true);
  Trade(3, 3);
  ASSERT_TRUE(world_.market.channel.WaitForAttempts(2));
  ASSERT_TRUE(world_.notifications.channel.WaitForAttempts(2));
  Trade(6, 2);
  ASSERT_TRUE(world_.notifications.channel.WaitForAttempts(2));
  world_.market.channel.SetDown(false);
  world_.notifications.channel.SetDown(false);
  WaitForAll(9);
  const auto follow = [](const std::vector<std::string>& payloads) {
    ASSERT_EQ(payloads.size(), 7U);
    SequenceNumber previous;  // the first does not know
    for (const std::string& payload : payloads) {
      const auto depth = wire::DecodeMarketDepth(payload);
      ASSERT_TRUE(depth.ok()) << depth.status();
      EXPECT_EQ(depth->previous_sequence, previous);
      previous = depth->sequence;
    }
  };
  std::vector<std::string> on_market, notified;
  for (const auto& message : world_.market.channel.messages()) {
    if (message.topic == "market.depth") on_market.push_back(*message.payload);
  }
  for (const auto& notification : world_.notifications.channel.messages()) {
    if (notification.routing_key == "orderbook.BTC-KRW") notified.push_back(*notification.payload);
  }
  follow(on_market);
  follow(notified);
}

TEST(PublisherGatherTest, WhatComesAfterABatchWaitsForTheNext) {
  World world;
  world.config.publisher_gather_ms = 600'000;
  ASSERT_TRUE(world.StartAndServe().ok());
  ASSERT_TRUE(world.events.WaitForCursor("executions", 1)) << "the first does not wait";
  for (std::uint64_t n = 1; n <= 10; ++n) ASSERT_TRUE(Await(world.Ask(n)).ok());
  world.Crash();
  EXPECT_EQ(world.executions.entries().size(), 1U);
  world.config.publisher_gather_ms = 0;
  ASSERT_TRUE(world.StartAndServe().ok());
  EXPECT_TRUE(world.executions.WaitForEntries(12));
}

TEST(PublisherGatherTest, AFullBatchIsFollowedAtOnce) {
  World world;
  world.config.publisher_gather_ms = 600'000;
  world.config.publisher_batch = 1;
  ASSERT_TRUE(world.StartAndServe().ok());
  for (std::uint64_t n = 1; n <= 3; ++n) ASSERT_TRUE(Await(world.Ask(n)).ok());
  EXPECT_TRUE(world.executions.WaitForEntries(4));
}

// One publisher of the executions, whose log begins at 11; they lack everything.
class PublisherGapTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(log_.BeginAt(SequenceNumber(11)).ok());
    Append(11, 20);
    ASSERT_TRUE(publisher_.Start().ok());
    ASSERT_TRUE(test::Eventually([&] { return publisher_.lost_after() == SequenceNumber(0); }));
  }
  void TearDown() override { publisher_.Stop(); }
  void Append(std::uint64_t first, std::uint64_t last) {
    for (std::uint64_t n = first; n <= last; ++n) {
      ASSERT_TRUE(log_.Append({{SequenceNumber(n), std::make_shared<const std::string>(std::to_string(n))}}).ok());
    }
  }
  [[nodiscard]] bool Counted(std::uint64_t lost) const {
    const std::string series = "mq_producer_lost_commands_total{broker=\"executions\"} " + std::to_string(lost) + "\n";
    return metrics_.Text().find(series) != std::string::npos;
  }

  testing::FakeEventLog log_;
  testing::FakeExecutionStream stream_;
  runtime::MetricsRegistry metrics_;
  runtime::HealthRegistry health_{&metrics_};
  Publisher publisher_{log_,
                       MakeExecutionSink(stream_),
                       {.backoff_min = std::chrono::milliseconds(1), .backoff_max = std::chrono::milliseconds(2)},
                       metrics_,
                       health_,
                       SystemClock::Instance()};
};

TEST_F(PublisherGapTest, ABusThatCannotGoOnYetIsAskedAgainAndCountedOnce) {
  stream_.FailBeginAt(absl::FailedPreconditionError("somebody has not read what is there"));
  publisher_.GiveUpBefore(SequenceNumber(11));
  EXPECT_FALSE(publisher_.lost_after().has_value()) << "nobody is to look for it again";
  ASSERT_TRUE(stream_.WaitForBeginAt(3));
  EXPECT_FALSE(publisher_.lost_after().has_value());
  EXPECT_TRUE(Counted(0)) << "it may come back";
  EXPECT_TRUE(stream_.entries().empty());
  stream_.FailBeginAt(absl::OkStatus());
  ASSERT_TRUE(stream_.WaitForLast(20));
  EXPECT_EQ(stream_.entries().front().sequence, SequenceNumber(11));
  EXPECT_TRUE(Counted(10));
}

TEST_F(PublisherGapTest, ABusThatHasItAgainGoesOnWhereItIs) {
  ASSERT_TRUE(stream_.BeginAt(SequenceNumber(14)).ok());  // as with a backup that was put back
  publisher_.GiveUpBefore(SequenceNumber(11));
  ASSERT_TRUE(stream_.WaitForLast(20));
  EXPECT_EQ(stream_.entries().front().sequence, SequenceNumber(14));
  EXPECT_TRUE(Counted(0));
}

TEST_F(PublisherGapTest, WhatIsLostTwiceIsCountedOnceAndWhatIsLostBesidesToo) {
  publisher_.GiveUpBefore(SequenceNumber(11));
  ASSERT_TRUE(stream_.WaitForLast(20));
  EXPECT_TRUE(Counted(10));
  stream_.SetDown(true);
  stream_.CutAfter(0);
  ASSERT_TRUE(log_.BeginAt(SequenceNumber(16)).ok());
  publisher_.GiveUpBefore(SequenceNumber(16));
  Append(16, 21);
  stream_.SetDown(false);
  ASSERT_TRUE(stream_.WaitForLast(21));
  EXPECT_EQ(stream_.entries().front().sequence, SequenceNumber(16));
  EXPECT_TRUE(Counted(15)) << "1 to 10, and 11 to 15";
}

TEST_F(PublisherTest, ARestartGoesOnBehindTheCursor) {
  Trade(1, 10);
  WaitForAll(12);
  world_.Crash();
  ASSERT_TRUE(world_.StartAndServe().ok());
  Trade(11, 2);
  WaitForAll(15);
  const auto sequences = SequencesOn("trading.events");
  ASSERT_EQ(sequences.size(), 15U);
  for (std::size_t i = 0; i < sequences.size(); ++i) EXPECT_EQ(sequences[i], i + 1);
}

TEST_F(PublisherTest, AStreamThatKnowsMoreThanTheCursorIsBelieved) {
  Trade(1, 10);
  WaitForAll(12);
  world_.Crash();
  world_.events.SetCursor("executions", 2);
  ASSERT_TRUE(world_.StartAndServe().ok());
  WaitForAll(13);
  EXPECT_EQ(world_.executions.entries().size(), 13U);
}

TEST_F(PublisherTest, AStreamThatLostItsTailIsFilledAgain) {
  Trade(1, 10);
  WaitForAll(12);
  world_.Crash();
  world_.executions.CutAfter(4);
  ASSERT_TRUE(world_.StartAndServe().ok());
  ASSERT_TRUE(world_.executions.WaitForEntries(13));
  std::uint64_t due = 1;
  for (const auto& entry : world_.executions.entries()) EXPECT_EQ(entry.sequence.value(), due++);
}

}  // namespace
}  // namespace xt::sequencer
