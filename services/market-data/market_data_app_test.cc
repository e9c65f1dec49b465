#include "services/market-data/market_data_app.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "services/market-data/testing/fakes.h"
#include "tests/support/replay_server.h"

namespace xt::market_data {
namespace {

using ::testing::HasSubstr;
using testing::Level;
using testing::MakeSymbol;
using testing::TradeMessage;

constexpr std::int64_t kTimeoutMs = 60'000;
const domain::SymbolId kBtc(0);

class MarketDataAppTest : public ::testing::Test {
 protected:
  void Make() {
    matching_.Define(btc_, {.symbol = kBtc, .sequence = domain::SequenceNumber(1), .bids = {Level(99, 5)}, .asks = {}});
    app_.emplace(config_, bus_, notifications_, matching_, election_, SystemClock::Instance(), metrics_, health_);
  }
  void Start() {
    Make();
    ASSERT_TRUE(app_->Start().ok());
  }
  void Follow(const test::ReplayServer& venue) {
    config_.binance_port = venue.port();
    config_.binance_rest_port = venue.port();
    config_.binance_symbols = {"BTCUSDT"};
    config_.reconnect_min_ms = 1;
  }

  const domain::Symbol btc_ = MakeSymbol(0, "BTC-KRW");
  MarketDataConfig config_;
  testing::FakeMarketBus bus_;
  testing::FakeNotificationBus notifications_;
  testing::FakeMatching matching_;
  testing::FakeElection election_;
  runtime::MetricsRegistry metrics_;
  runtime::HealthRegistry health_{&metrics_};
  std::optional<MarketDataApp> app_;
};

TEST_F(MarketDataAppTest, AnswersWithinTheLimitsOfThePort) {
  for (std::uint64_t i = 0; i < 1'100; ++i) {
    ASSERT_TRUE(bus_.Publish({TradeMessage(btc_, 2 + i, 100, 1, 1'000)}).ok());
  }
  Start();
  ASSERT_TRUE(bus_.WaitUntilHandled());
  EXPECT_EQ(app_->GetTrades(kBtc, 5'000)->size(), 1'000u);
  EXPECT_EQ(app_->GetTrades(kBtc, 0)->size(), 1u);
  const auto trades = app_->GetTrades(kBtc, 2);
  ASSERT_EQ(trades->size(), 2u);
  EXPECT_EQ(trades->at(0).trade_id, domain::TradeId(1'101));
  EXPECT_EQ(trades->at(0).taker_side, domain::Side::kBuy);
  EXPECT_EQ(app_->GetCandles(kBtc, 0, 60'000, 0)->size(), 1u);
  EXPECT_EQ(app_->GetBook(kBtc, 0)->bids.size(), 1u);
  const domain::SymbolId unknown(7);
  EXPECT_TRUE(absl::IsNotFound(app_->GetBook(unknown, 0).status()));
  EXPECT_TRUE(absl::IsNotFound(app_->GetTrades(unknown, 1).status()));
  EXPECT_TRUE(absl::IsNotFound(app_->GetTicker(unknown).status()));
  EXPECT_TRUE(absl::IsNotFound(app_->GetCandles(unknown, 0, 1, 1).status()));
}

TEST_F(MarketDataAppTest, ConnectsOnlyWhereItLeads) {
  const test::ReplayServer venue(std::string(XT_SOURCE_DIR) + "/tests/data/binance");
  Follow(venue);
  Start();
  EXPECT_THAT(metrics_.Text(), HasSubstr("leader_is_leader{role=\"market-data\",shard=\"0\"} 0"));
  EXPECT_TRUE(absl::IsNotFound(app_->GetExternalCandle("binance", "BTCUSDT").status()));
  election_.SetLeader(true);
  ASSERT_TRUE(app_->feed().WaitForMessages(venue.messages().size(), kTimeoutMs));
  EXPECT_THAT(metrics_.Text(), HasSubstr("leader_is_leader{role=\"market-data\",shard=\"0\"} 1"));
  const auto candle = app_->GetExternalCandle("binance", "BTCUSDT");
  ASSERT_TRUE(candle.ok());
  EXPECT_GT(candle->trade_count, 0u);
  EXPECT_TRUE(candle->closed);
  EXPECT_TRUE(absl::IsNotFound(app_->GetExternalCandle("binance", "ETHUSDT").status()));
  EXPECT_TRUE(absl::IsNotFound(app_->GetExternalCandle("other", "BTCUSDT").status()));
  election_.SetLeader(false);
  EXPECT_THAT(metrics_.Text(), HasSubstr("leader_is_leader{role=\"market-data\",shard=\"0\"} 0"));
  EXPECT_THAT(metrics_.Text(), HasSubstr("leader_epoch{role=\"market-data\",shard=\"0\"} 1"));
  // What it knows, it goes on to answer.
  EXPECT_TRUE(app_->GetExternalCandle("binance", "BTCUSDT").ok());
}

TEST_F(MarketDataAppTest, DrainGivesTheLeadAway) {
  Start();
  election_.SetLeader(true);
  app_->Drain(std::chrono::steady_clock::now() + testing::kPatience);
  EXPECT_TRUE(election_.resigned());
  app_->Stop();
}

TEST_F(MarketDataAppTest, StopsBeforeItWasStarted) {
  Make();
  app_->Stop();
  app_.reset();
  EXPECT_TRUE(election_.resigned());
}

TEST_F(MarketDataAppTest, StopsWhenTheElectionDoesNotOpen) {
  election_.FailCampaign();
  Make();
  EXPECT_FALSE(app_->Start().ok());
  app_->Stop();
}

TEST_F(MarketDataAppTest, StopsWhileItLeadsAndTheVenueIsAway) {
  config_.binance_symbols = {"BTCUSDT"};
  config_.binance_port = 1;  // nobody listens
  config_.reconnect_min_ms = 60'000;
  Start();
  election_.SetLeader(true);
  ASSERT_TRUE(bus_.WaitUntilHandled());
  app_->Stop();
}

}  // namespace
}  // namespace xt::market_data
