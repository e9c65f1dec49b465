#include "services/market-data/own_markets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "libs/adapters/grpc/market_queries_proto.h"
#include "services/market-data/testing/fakes.h"

namespace xt::market_data {
namespace {

using testing::DepthMessage;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Level;
using testing::MakeSymbol;
using testing::TradeMessage;

constexpr std::int64_t kNsPerMs = 1'000'000;
constexpr std::int64_t kStartMs = 28'000'000 * kMinuteMs;  // the start of a minute
const domain::SymbolId kBtc(0);
const domain::SymbolId kEth(1);

class OwnMarketsTest : public ::testing::Test {
 protected:
  OwnMarketsTest() { config_.publish_interval_ms = 0; }

  void DefineBtc() {
    matching_.Define(btc_, {.symbol = kBtc,
                            .sequence = domain::SequenceNumber(20),
                            .bids = {Level(99, 5), Level(98, 1)},
                            .asks = {Level(101, 7)}});
  }
  void Make() { markets_.emplace(config_, bus_, notifications_, matching_, clock_, metrics_, health_); }
  void Start() {
    Make();
    ASSERT_TRUE(markets_->Start().ok());
  }
  void StartAndHandle() {
    Start();
    ASSERT_TRUE(bus_.WaitUntilHandled());
  }
  void Publish(const ports::MarketMessage& message) { ASSERT_TRUE(bus_.Publish({message}).ok()); }
  void PublishTrade(const domain::Symbol& symbol, std::uint64_t sequence, std::int64_t price,
                    std::int64_t time_ms = kStartMs) {
    Publish(TradeMessage(symbol, sequence, price, 2, time_ms));
  }

  std::vector<ports::Ticker> Tickers() {
    std::vector<ports::Ticker> tickers;
    for (const auto& message : bus_.Messages(ports::topic::kTicker)) {
      const auto decoded = grpc_clients::DecodeTicker(*message.payload);
      if (!decoded.ok()) ADD_FAILURE() << decoded.status();
      if (decoded.ok()) tickers.push_back(decoded->ticker);
    }
    return tickers;
  }
  std::vector<ports::Candle> Candles() {
    std::vector<ports::Candle> candles;
    for (const auto& message : bus_.Messages(ports::topic::kKline)) {
      const auto decoded = grpc_clients::DecodeCandle(*message.payload);
      if (!decoded.ok()) ADD_FAILURE() << decoded.status();
      if (decoded.ok()) candles.push_back(decoded->candle);
    }
    return candles;
  }
  [[nodiscard]] bool Ready() {
    health_.SetState(runtime::ServingState::kServing);
    return health_.Ready();
  }

  const domain::Symbol btc_ = MakeSymbol(0, "BTC-KRW");
  const domain::Symbol eth_ = MakeSymbol(1, "ETH-KRW");
  MarketDataConfig config_;
  testing::FakeMarketBus bus_;
  testing::FakeNotificationBus notifications_;
  testing::FakeMatching matching_;
  ManualClock clock_{kStartMs * kNsPerMs};
  runtime::MetricsRegistry metrics_;
  runtime::HealthRegistry health_{&metrics_};
  std::optional<OwnMarkets> markets_;
};

TEST_F(OwnMarketsTest, TheLagIsWhatLiesBehindWhatWasHandled) {
  DefineBtc();
  PublishTrade(btc_, 15, 95);
  PublishTrade(btc_, 21, 101);
  bus_.SetBacklog(7);
  StartAndHandle();
  EXPECT_THAT(metrics_.Text(),
              HasSubstr("mq_consumer_lag{broker=\"market\",topic=\"market.*\",group=\"market-data\"} 7\n"));
}

TEST_F(OwnMarketsTest, RebuildsTheHistoryAroundTheSnapshot) {
  DefineBtc();
  PublishTrade(btc_, 10, 90, kStartMs - kMinuteMs);
  Publish(DepthMessage(btc_, 10, {Level(98, 3), Level(97, 9)}, {}, kStartMs - kMinuteMs));  // is in the snapshot
  PublishTrade(btc_, 15, 95);
  Publish(DepthMessage(btc_, 20, {Level(98, 1)}, {}, kStartMs));  // the last one that is in it
  PublishTrade(btc_, 21, 101);
  Publish(DepthMessage(btc_, 21, {Level(99, 2)}, {Level(101, 0), Level(102, 4)}, kStartMs));
  StartAndHandle();

  const auto book = markets_->Book(kBtc, 0);
  ASSERT_TRUE(book.ok()) << book.status();
  EXPECT_EQ(book->sequence, domain::SequenceNumber(21));
  EXPECT_THAT(book->bids, ElementsAre(Level(99, 2), Level(98, 1)));
  EXPECT_THAT(book->asks, ElementsAre(Level(102, 4)));

  const auto trades = markets_->Trades(kBtc, 10);
  ASSERT_TRUE(trades.ok());
  ASSERT_EQ(trades->size(), 3u);
  EXPECT_EQ(trades->front().price, domain::Price(101));
  EXPECT_EQ(trades->back().price, domain::Price(90));

  const auto candles = markets_->Candles(kBtc, 0, kStartMs, 10);
  ASSERT_TRUE(candles.ok());
  ASSERT_EQ(candles->size(), 2u);
  EXPECT_TRUE(candles->front().closed);
  EXPECT_EQ(*candles, (std::vector<ports::Candle>{{.open_time_ms = kStartMs - kMinuteMs,
                                                   .open = domain::Price(90),
                                                   .high = domain::Price(90),
                                                   .low = domain::Price(90),
                                                   .close = domain::Price(90),
                                                   .volume = domain::Quantity(2),
                                                   .quote_volume = domain::Amount(180),
                                                   .trade_count = 1,
                                                   .closed = true},
                                                  {.open_time_ms = kStartMs,
                                                   .open = domain::Price(95),
                                                   .high = domain::Price(101),
                                                   .low = domain::Price(95),
                                                   .close = domain::Price(101),
                                                   .volume = domain::Quantity(4),
                                                   .quote_volume = domain::Amount(392),
                                                   .trade_count = 2,
                                                   .closed = false}}));

  const auto ticker = markets_->Ticker(kBtc);
  ASSERT_TRUE(ticker.ok());
  EXPECT_EQ(ticker->sequence, domain::SequenceNumber(21));
  EXPECT_EQ(ticker->open, domain::Price(90));
  EXPECT_EQ(ticker->last, domain::Price(101));
  EXPECT_EQ(ticker->best_bid, domain::Price(99));
  EXPECT_EQ(ticker->best_ask, domain::Price(102));
  EXPECT_EQ(ticker->best_ask_quantity, domain::Quantity(4));
  EXPECT_EQ(ticker->trade_count, 3u);
  EXPECT_TRUE(Ready());
}

TEST_F(OwnMarketsTest, DropsWhatItSawBefore) {
  DefineBtc();
  PublishTrade(btc_, 21, 100);
  Publish(DepthMessage(btc_, 22, {Level(99, 1)}, {}, kStartMs));
  StartAndHandle();
  // The publisher did not learn that its messages arrived, and sends them again.
  PublishTrade(btc_, 21, 100);
  Publish(DepthMessage(btc_, 21, {Level(99, 8)}, {}, kStartMs));
  ASSERT_TRUE(bus_.WaitUntilHandled());
  EXPECT_EQ(markets_->Trades(kBtc, 10)->size(), 1u);
  EXPECT_EQ(markets_->Ticker(kBtc)->trade_count, 1u);
  EXPECT_EQ(markets_->Book(kBtc, 1)->bids.front(), Level(99, 1));
  EXPECT_EQ(Tickers().size(), 1u);
  for (const std::string topic : {"market.trade", "market.depth"}) {
    EXPECT_THAT(metrics_.Text(), HasSubstr("mq_duplicates_dropped_total{broker=\"market\",topic=\"" + topic +
                                           "\",group=\"market-data\"} 1"));
  }
}

TEST_F(OwnMarketsTest, PublishesNothingBeforeTheBacklogIsHandled) {
  DefineBtc();
  config_.poll_messages = 10;
  for (std::uint64_t i = 0; i < 35; ++i) {
    PublishTrade(btc_, 100 + i, 100 + static_cast<std::int64_t>(i),
                 kStartMs - kMinuteMs + static_cast<std::int64_t>(i));
  }
  StartAndHandle();
  const auto tickers = Tickers();
  ASSERT_EQ(tickers.size(), 1u);
  EXPECT_EQ(tickers[0].trade_count, 35u);
  EXPECT_EQ(tickers[0].last, domain::Price(134));
  const auto candles = Candles();
  ASSERT_EQ(candles.size(), 1u);
  EXPECT_EQ(candles[0].close, domain::Price(134));
  EXPECT_TRUE(candles[0].closed);
  const auto pushed = notifications_.Notifications();
  ASSERT_EQ(pushed.size(), 1u);
  EXPECT_EQ(pushed[0].routing_key, "ticker.BTC-KRW");
  EXPECT_EQ(*pushed[0].payload, *bus_.Messages(ports::topic::kTicker)[0].payload);
}

TEST_F(OwnMarketsTest, ConflatesWhatComesTooFast) {
  DefineBtc();
  config_.publish_interval_ms = 1'000;
  PublishTrade(btc_, 21, 100);
  StartAndHandle();
  PublishTrade(btc_, 22, 101);
  ASSERT_TRUE(bus_.WaitUntilHandled());
  PublishTrade(btc_, 23, 102);
  ASSERT_TRUE(bus_.WaitUntilHandled());
  EXPECT_EQ(Tickers().size(), 1u);
  clock_.AdvanceNs(1'000 * kNsPerMs);
  ASSERT_TRUE(bus_.WaitForMessages(ports::topic::kTicker, 2));
  EXPECT_EQ(Tickers().back().trade_count, 3u);
  EXPECT_THAT(metrics_.Text(), HasSubstr("md_conflated_total{channel=\"ticker\"} 2"));
}

TEST_F(OwnMarketsTest, SaysWhenACandleIsClosed) {
  DefineBtc();
  PublishTrade(btc_, 21, 100);
  StartAndHandle();
  ASSERT_EQ(Candles().size(), 1u);
  EXPECT_FALSE(Candles()[0].closed);
  // Nobody trades any more; the minute ends all the same.
  clock_.AdvanceNs(kMinuteMs * kNsPerMs);
  ASSERT_TRUE(bus_.WaitForMessages(ports::topic::kKline, 2));
  ports::Candle expected = Candles()[0];
  expected.closed = true;
  EXPECT_EQ(Candles()[1], expected);
  EXPECT_EQ(Tickers().size(), 1u);
}

TEST_F(OwnMarketsTest, PublishesAgainWhatTheBusDidNotTake) {
  DefineBtc();
  PublishTrade(btc_, 21, 100);
  bus_.FailPublish(true);
  StartAndHandle();
  EXPECT_TRUE(Tickers().empty());
  bus_.FailPublish(false);
  ASSERT_TRUE(bus_.WaitForMessages(ports::topic::kTicker, 1));
  EXPECT_EQ(Tickers()[0].trade_count, 1u);
  EXPECT_EQ(Candles().size(), 1u);
}

TEST_F(OwnMarketsTest, LearnsASymbolThatCameLater) {
  DefineBtc();
  StartAndHandle();
  EXPECT_EQ(markets_->Book(kEth, 0).status().code(), absl::StatusCode::kNotFound);
  matching_.Define(eth_, {.symbol = kEth, .sequence = domain::SequenceNumber(40), .bids = {Level(10, 1)}, .asks = {}});
  PublishTrade(eth_, 41, 10);
  Publish(DepthMessage(eth_, 41, {Level(10, 0)}, {Level(11, 3)}, kStartMs));
  ASSERT_TRUE(bus_.WaitUntilHandled());
  EXPECT_EQ(markets_->Trades(kEth, 10)->size(), 1u);
  const auto book = markets_->Book(kEth, 0);
  EXPECT_TRUE(book->bids.empty());
  EXPECT_THAT(book->asks, ElementsAre(Level(11, 3)));
}

TEST_F(OwnMarketsTest, LoadsABookAgainAfterAGap) {
  DefineBtc();
  Publish(DepthMessage(btc_, 22, {Level(99, 1)}, {}, kStartMs, 15));
  Publish(DepthMessage(btc_, 23, {Level(98, 2)}, {}, kStartMs, 22));
  StartAndHandle();
  EXPECT_THAT(metrics_.Text(), HasSubstr("md_sequence_gaps_total{channel=\"depth\"} 0"));
  matching_.SetBook({.symbol = kBtc, .sequence = domain::SequenceNumber(30), .bids = {Level(50, 5)}, .asks = {}});
  Publish(DepthMessage(btc_, 29, {Level(40, 1)}, {}, kStartMs, 27));  // what came behind 23 is not there any more
  Publish(DepthMessage(btc_, 31, {Level(51, 2)}, {}, kStartMs, 29));
  ASSERT_TRUE(bus_.WaitUntilHandled());
  EXPECT_THAT(metrics_.Text(), HasSubstr("md_sequence_gaps_total{channel=\"depth\"} 1"));
  EXPECT_EQ(markets_->Book(kBtc, 0)->sequence, domain::SequenceNumber(31));
  EXPECT_THAT(markets_->Book(kBtc, 0)->bids, ElementsAre(Level(51, 2), Level(50, 5)));
}

TEST_F(OwnMarketsTest, WithoutTheBusItReadsTheExecutions) {
  DefineBtc();
  testing::FakeExecutions executions;
  executions.Add(21, 24, kStartMs);
  PublishTrade(btc_, 21, 100);
  bus_.FailPublish(true);
  markets_.emplace(config_, bus_, notifications_, matching_, clock_, metrics_, health_,
                   ExecutionFallback{.reader = &executions});
  ASSERT_TRUE(markets_->Start().ok());
  ASSERT_TRUE(notifications_.WaitForNotifications(1)) << "a ticker, for the notification bus alone";
  EXPECT_EQ(markets_->Trades(kBtc, 10)->size(), 2U) << "21 came by both";
  EXPECT_THAT(markets_->Book(kBtc, 1)->bids, ElementsAre(Level(99, 24)));
  EXPECT_TRUE(Ready());
  EXPECT_THAT(metrics_.Text(), HasSubstr("mq_consumer_fallback{broker=\"market\"} 1\n"));
  EXPECT_TRUE(Tickers().empty());

  bus_.FailPublish(false);
  PublishTrade(btc_, 23, 100);
  PublishTrade(btc_, 25, 101);
  ASSERT_TRUE(bus_.WaitForMessages(ports::topic::kTicker, 1));
  ASSERT_TRUE(bus_.WaitForMessages(ports::topic::kKline, 1));
  EXPECT_EQ(Candles()[0].trade_count, 3U) << "the trades without the bus too";
  EXPECT_THAT(metrics_.Text(), HasSubstr("mq_consumer_fallback{broker=\"market\"} 0\n"));
}

TEST_F(OwnMarketsTest, WaitsForMatching) {
  DefineBtc();
  matching_.SetPresent(false);
  PublishTrade(btc_, 21, 100);
  Start();
  ASSERT_TRUE(matching_.WaitForQuestions(2));
  EXPECT_EQ(markets_->Book(kBtc, 0).status().code(), absl::StatusCode::kNotFound);
  EXPECT_FALSE(Ready());
  EXPECT_THAT(health_.ReadyJson(), HasSubstr("matching is absent"));
  matching_.SetPresent(true);
  ASSERT_TRUE(bus_.WaitUntilHandled());
  EXPECT_EQ(markets_->Trades(kBtc, 10)->size(), 1u);
  EXPECT_TRUE(Ready());
}

TEST_F(OwnMarketsTest, RefusesWhatItCannotReadAndGoesOn) {
  DefineBtc();
  Publish({.topic = std::string(ports::topic::kTrade),
           .key = "BTC-KRW",
           .id = {},
           .payload = std::make_shared<const std::string>("\xff\xff")});
  Publish({.topic = std::string(ports::topic::kDepth),
           .key = "BTC-KRW",
           .id = {},
           .payload = std::make_shared<const std::string>("\xff\xff")});
  PublishTrade(btc_, 21, 100);
  StartAndHandle();
  EXPECT_EQ(markets_->Trades(kBtc, 10)->size(), 1u);
  EXPECT_THAT(metrics_.Text(), HasSubstr("md_messages_total{channel=\"refused\"} 2"));
}

TEST_F(OwnMarketsTest, StopsBeforeItWasStarted) {
  Make();
  markets_->Stop();
  markets_->Stop();
}

TEST_F(OwnMarketsTest, StopsAfterItDidNotStart) {
  bus_.FailSubscribe();
  Make();
  EXPECT_FALSE(markets_->Start().ok());
  markets_->Stop();
}

TEST_F(OwnMarketsTest, StopsWhileMatchingIsAbsent) {
  matching_.SetPresent(false);
  Start();
  ASSERT_TRUE(matching_.WaitForQuestions(1));
  markets_->Stop();
}

TEST_F(OwnMarketsTest, StopsWhileASymbolIsUnknown) {
  DefineBtc();
  StartAndHandle();
  PublishTrade(eth_, 41, 10);
  ASSERT_TRUE(matching_.WaitForQuestions(3));
  markets_->Stop();
  EXPECT_FALSE(Ready());
}

TEST_F(OwnMarketsTest, StopsWhileTheBusFails) {
  DefineBtc();
  bus_.FailPolls(true);
  StartAndHandle();
  markets_->Stop();
}

TEST_F(OwnMarketsTest, StopsAfterTheBusWasClosed) {
  DefineBtc();
  StartAndHandle();
  bus_.Close();
  markets_->Stop();
}

TEST_F(OwnMarketsTest, AnswersAfterItsStop) {
  DefineBtc();
  PublishTrade(btc_, 21, 100);
  StartAndHandle();
  markets_->Stop();
  EXPECT_EQ(markets_->Trades(kBtc, 10)->size(), 1u);
}

}  // namespace
}  // namespace xt::market_data
