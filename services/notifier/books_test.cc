// Books, and everything else that the bus says, as clients see it.
#include "services/notifier/testing/fixture.h"

namespace xt::notifier {
namespace {

using testing::Book;
using testing::DepthOf;
using testing::json;
using testing::kBtc;
using testing::kEth;
using testing::Level;
using testing::Listener;
using testing::NotifierTest;
using testing::TickerOf;
using testing::TradeOf;

using BooksTest = NotifierTest;

json Levels(const std::vector<std::pair<std::string, std::string>>& levels) {
  json out = json::array();
  for (const auto& [price, quantity] : levels) out.push_back({price, quantity});
  return out;
}

TEST_F(BooksTest, ASnapshotAndThenEveryChange) {
  Start();
  Listener client(*app_);
  const json snapshot = client.Next("snapshot");
  EXPECT_EQ(snapshot.at("symbol"), "BTC-KRW");
  EXPECT_EQ(snapshot.at("sequence"), 10);
  EXPECT_EQ(snapshot.at("bids"), Levels({{"99", "0.05"}, {"98", "0.06"}}));
  EXPECT_EQ(snapshot.at("asks"), Levels({{"101", "0.07"}}));

  Publish({DepthOf(kBtc, 12, 0, {Level(99, 0)}, {}), DepthOf(kBtc, 15, 12, {Level(97, 1)}, {Level(101, 3)}),
           DepthOf(kBtc, 16, 15, {}, {Level(101, 0), Level(102, 4)})});
  std::uint64_t previous = 10;
  for (const std::uint64_t sequence : {12U, 15U, 16U}) {
    const json change = client.Next("book");
    EXPECT_EQ(change.at("previousSequence"), previous);
    EXPECT_EQ(change.at("sequence"), sequence);
    previous = sequence;
    if (sequence != 15) continue;
    EXPECT_EQ(change.at("bids"), Levels({{"97", "0.01"}}));
    EXPECT_EQ(change.at("asks"), Levels({{"101", "0.03"}}));
    EXPECT_EQ(change.at("time"), kNowMs);
  }
  // Who comes later starts from the book as it is now.
  Listener late(*app_);
  const json now = late.Next("snapshot");
  EXPECT_EQ(now.at("sequence"), 16);
  EXPECT_EQ(now.at("bids"), Levels({{"98", "0.06"}, {"97", "0.01"}}));
  EXPECT_EQ(now.at("asks"), Levels({{"102", "0.04"}}));
  EXPECT_EQ(Metric(R"(md_sequence_gaps_total{channel="orderbook"})"), "0");
}

TEST_F(BooksTest, DuplicatesAreDropped) {
  Start();
  Listener client(*app_);
  client.Next("snapshot");
  Publish({DepthOf(kBtc, 9, 0, {Level(99, 9)}, {}), DepthOf(kBtc, 12, 0, {Level(99, 8)}, {}),
           DepthOf(kBtc, 12, 0, {Level(99, 8)}, {}), TradeOf(kBtc, 12, 99, 1), TradeOf(kBtc, 12, 99, 1),
           TradeOf(kBtc, 11, 99, 1), TickerOf(kBtc, 12, 99), TickerOf(kBtc, 11, 98), TickerOf(kBtc, 13, 100)});
  EXPECT_EQ(client.Next("book").at("sequence"), 12);
  EXPECT_EQ(client.Next("trade").at("sequence"), 12);
  EXPECT_EQ(client.Next("ticker").at("sequence"), 12);
  EXPECT_EQ(client.Next("ticker").at("last"), "100");
  app_->Stop();
  const std::string series =
      R"(mq_consumer_messages_total{broker="notifications",topic="market-notifications",group="notifier",result=)";
  EXPECT_EQ(Metric(series + R"("duplicate"})"), "5");
  EXPECT_EQ(Metric(series + R"("ok"})"), "4");
  EXPECT_EQ(Metric(R"(notifier_delivery_seconds_count{channel="trade"})"), "1");
  EXPECT_EQ(Metric(R"(notifier_delivery_seconds_count{channel="orderbook"})"), "1");
  EXPECT_EQ(Metric(R"(notifier_delivery_seconds_count{channel="ticker"})"), "2");
  EXPECT_EQ(Metric(R"(notifier_delivery_seconds_count{channel="private"})"), "0");
}

TEST_F(BooksTest, AGapGivesEverybodyTheBookAnew) {
  Start();
  Listener client(*app_);
  Listener other(*app_, "?channels=trade.*");
  other.Next("result");
  client.Next("snapshot");
  matching_.Set(Book(kBtc, 20, {Level(90, 1)}, {}));
  // 14 went to the dead letters.
  Publish({DepthOf(kBtc, 12, 0, {Level(99, 8)}, {}), DepthOf(kBtc, 16, 14, {Level(96, 1)}, {}),
           DepthOf(kBtc, 20, 16, {Level(90, 1)}, {}), DepthOf(kBtc, 23, 20, {Level(89, 2)}, {}),
           TradeOf(kBtc, 23, 90, 1)});
  EXPECT_EQ(client.Next("book").at("sequence"), 12);
  const json snapshot = client.Next("snapshot");
  EXPECT_EQ(snapshot.at("sequence"), 20);
  EXPECT_EQ(snapshot.at("bids"), Levels({{"90", "0.01"}}));
  EXPECT_EQ(snapshot.at("asks"), Levels({}));
  const json change = client.Next("book");
  EXPECT_EQ(change.at("previousSequence"), 20);
  EXPECT_EQ(change.at("sequence"), 23);
  EXPECT_EQ(other.Next("trade").at("sequence"), 23) << "no book was asked for";
  EXPECT_EQ(Metric(R"(md_sequence_gaps_total{channel="orderbook"})"), "1");
}

TEST_F(BooksTest, TheFirstChangeBehindASnapshotMayLeaveAGapToo) {
  Start();
  Listener client(*app_);
  client.Next("snapshot");
  matching_.Set(Book(kBtc, 13, {Level(91, 1)}, {}));
  Publish({DepthOf(kBtc, 13, 12, {Level(91, 1)}, {})});
  EXPECT_EQ(client.Next("snapshot").at("sequence"), 13);
  EXPECT_EQ(Metric(R"(md_sequence_gaps_total{channel="orderbook"})"), "1");
}

// What a publisher before it sent last may have been lost; that is no gap that was seen.
TEST_F(BooksTest, APublisherThatStartedAnewMakesItAskForTheBook) {
  Start();
  Listener client(*app_);
  client.Next("snapshot");
  matching_.Set(Book(kBtc, 14, {Level(91, 1)}, {}));
  Publish({DepthOf(kBtc, 12, 0, {Level(99, 8)}, {}), DepthOf(kBtc, 15, 0, {Level(92, 1)}, {})});
  EXPECT_EQ(client.Next("book").at("sequence"), 12);
  EXPECT_EQ(client.Next("snapshot").at("sequence"), 14);
  EXPECT_EQ(client.Next("book").at("previousSequence"), 14);
  EXPECT_EQ(Metric(R"(md_sequence_gaps_total{channel="orderbook"})"), "0");
}

TEST_F(BooksTest, AGapWaitsForAMatchingThatIsAbsentOrBehind) {
  Start();
  Listener client(*app_);
  client.Next("snapshot");
  matching_.SetPresent(false);
  Publish({DepthOf(kBtc, 16, 14, {Level(96, 1)}, {}), TradeOf(kBtc, 16, 96, 1)});
  ASSERT_TRUE(matching_.WaitForQuestions(2));
  EXPECT_EQ(HealthOf("notifier.matching").status, runtime::HealthStatus::kDown);
  matching_.Set(Book(kBtc, 14, {Level(95, 1)}, {}));
  matching_.SetPresent(true);
  ASSERT_TRUE(matching_.WaitForQuestions(2)) << "the book of 14 is not what came before 16";
  matching_.Set(Book(kBtc, 15, {Level(95, 2)}, {}));
  EXPECT_EQ(client.Next("snapshot").at("sequence"), 15);
  EXPECT_EQ(client.Next("book").at("previousSequence"), 15);
  client.Next("trade");
  EXPECT_EQ(HealthOf("notifier.matching").status, runtime::HealthStatus::kOk);
}

TEST_F(BooksTest, AnUnknownSymbolIsLearnt) {
  Start();
  Listener client(*app_);
  client.Next("snapshot");
  matching_.Set(Book(kEth, 20, {Level(50, 1)}, {}));
  Publish({TradeOf(kEth, 19, 50, 1), DepthOf(kEth, 21, 0, {Level(50, 2)}, {})});
  const json snapshot = client.Next("snapshot");
  EXPECT_EQ(snapshot.at("symbol"), "ETH-KRW");
  EXPECT_EQ(client.Next("trade").at("symbol"), "ETH-KRW");
  EXPECT_EQ(client.Next("book").at("previousSequence"), 20);
}

TEST_F(BooksTest, WhatNobodyCanReadStopsNothing) {
  Start();
  Listener client(*app_, "?channels=trade.*");
  client.Next("result");
  const auto garbage = std::make_shared<const std::string>("\x01");
  // The last one is of a symbol that matching, which stands at 10, should know.
  Publish({{"trade.X", {}, garbage},
           {"orderbook.X", {}, garbage},
           {"ticker.X", {}, garbage},
           {"user.1", {}, garbage},
           TradeOf(kEth, 9, 1, 1),
           DepthOf(kEth, 9, 0, {}, {}),
           TickerOf(kEth, 9, 1),
           TradeOf(kBtc, 12, 99, 2)});
  const json trade = client.Next("trade");
  EXPECT_EQ(trade.at("tradeId"), "12");
  EXPECT_EQ(trade.at("index"), 1);
  EXPECT_EQ(trade.at("price"), "99");
  EXPECT_EQ(trade.at("quantity"), "0.02");
  EXPECT_EQ(trade.at("takerSide"), "SELL");
  EXPECT_EQ(Metric(R"(mq_consumer_messages_total{broker="notifications",topic="market-notifications",group="notifier",)"
                   R"(result="refused"})"),
            "7");
}

}  // namespace
}  // namespace xt::notifier
