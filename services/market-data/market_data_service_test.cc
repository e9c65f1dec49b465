// The service alone, through its gRPC port: real channel, real client, fakes for everything that it consumes.
#include "services/market-data/market_data_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libs/adapters/grpc/clients.h"
#include "libs/runtime/grpc_host.h"
#include "services/market-data/market_data_app.h"
#include "services/market-data/testing/fakes.h"

namespace xt::market_data {
namespace {

using testing::DepthMessage;
using ::testing::ElementsAre;
using testing::Level;
using testing::MakeSymbol;
using testing::TradeMessage;

const domain::SymbolId kBtc(0);
const domain::SymbolId kUnknown(7);

class MarketDataServiceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    matching_.Define(btc_, {.symbol = kBtc,
                            .sequence = domain::SequenceNumber(1),
                            .bids = {Level(99, 5), Level(98, 6)},
                            .asks = {Level(101, 7)}});
    ASSERT_TRUE(bus_.Publish({TradeMessage(btc_, 2, 100, 3, 60'000), TradeMessage(btc_, 3, 101, 4, 120'000),
                              DepthMessage(btc_, 3, {}, {Level(101, 3)}, 120'000)})
                    .ok());
    ASSERT_TRUE(app_.Start().ok());
    ASSERT_TRUE(bus_.WaitUntilHandled());
    auto host = runtime::GrpcHost::Start({}, {{&service_, xtrader::v1::MarketDataService::service_full_name()}},
                                         health_, metrics_);
    ASSERT_TRUE(host.ok()) << host.status();
    host_ = *std::move(host);
    markets_ =
        grpc_clients::ConnectMarketQueries({.addresses = {host_->address()}, .call_timeout = testing::kPatience});
  }

  const domain::Symbol btc_ = MakeSymbol(0, "BTC-KRW");
  testing::FakeMarketBus bus_;
  testing::FakeNotificationBus notifications_;
  testing::FakeMatching matching_;
  testing::FakeElection election_;
  runtime::MetricsRegistry metrics_;
  runtime::HealthRegistry health_{&metrics_};
  ManualClock clock_{200'000'000'000};
  MarketDataApp app_{{}, bus_, notifications_, matching_, election_, clock_, metrics_, health_};
  MarketDataService service_{app_, [this](domain::SymbolId symbol) { return app_.CodeOf(symbol); }};
  std::unique_ptr<runtime::GrpcHost> host_;
  std::unique_ptr<ports::MarketQueries> markets_;
};

TEST_F(MarketDataServiceTest, GivesTheBook) {
  const auto book = markets_->GetBook(kBtc, 1);
  ASSERT_TRUE(book.ok()) << book.status();
  EXPECT_EQ(book->symbol, kBtc);
  EXPECT_EQ(book->sequence, domain::SequenceNumber(3));
  EXPECT_THAT(book->bids, ElementsAre(Level(99, 5)));
  EXPECT_THAT(book->asks, ElementsAre(Level(101, 3)));
  EXPECT_EQ(markets_->GetBook(kBtc, 0)->bids.size(), 2u);
}

TEST_F(MarketDataServiceTest, GivesTradesNewestFirst) {
  const auto trades = markets_->GetTrades(kBtc, 10);
  ASSERT_TRUE(trades.ok()) << trades.status();
  ASSERT_EQ(trades->size(), 2u);
  const ports::PublicTrade& newest = trades->front();
  EXPECT_EQ(newest.id, (domain::EventId{domain::SequenceNumber(3), 1}));
  EXPECT_EQ(newest.timestamp_ns, 120'000'000'000);
  EXPECT_EQ(newest.trade_id, domain::TradeId(3));
  EXPECT_EQ(newest.price, domain::Price(101));
  EXPECT_EQ(newest.quantity, domain::Quantity(4));
  EXPECT_EQ(newest.taker_side, domain::Side::kBuy);
  EXPECT_EQ(markets_->GetTrades(kBtc, 1)->size(), 1u);
}

TEST_F(MarketDataServiceTest, GivesTheSameAsThePortItself) {
  const auto candles = markets_->GetCandles(kBtc, 0, 200'000, 10);
  ASSERT_TRUE(candles.ok()) << candles.status();
  ASSERT_EQ(candles->size(), 2u);
  EXPECT_EQ(*candles, *app_.GetCandles(kBtc, 0, 200'000, 10));
  EXPECT_EQ(markets_->GetCandles(kBtc, 0, 60'000, 10)->size(), 1u);

  const auto ticker = markets_->GetTicker(kBtc);
  ASSERT_TRUE(ticker.ok()) << ticker.status();
  const auto direct = app_.GetTicker(kBtc);
  EXPECT_EQ(ticker->sequence, direct->sequence);
  EXPECT_EQ(ticker->timestamp_ns, direct->timestamp_ns);
  EXPECT_EQ(ticker->last, domain::Price(101));
  EXPECT_EQ(ticker->open, domain::Price(100));
  EXPECT_EQ(ticker->best_bid, domain::Price(99));
  EXPECT_EQ(ticker->best_ask_quantity, domain::Quantity(3));
  EXPECT_EQ(ticker->volume, domain::Quantity(7));
  EXPECT_EQ(ticker->quote_volume, domain::Amount(704));
  EXPECT_EQ(ticker->trade_count, 2u);
}

TEST_F(MarketDataServiceTest, SaysNotFound) {
  EXPECT_TRUE(absl::IsNotFound(markets_->GetBook(kUnknown, 1).status()));
  EXPECT_TRUE(absl::IsNotFound(markets_->GetTrades(kUnknown, 1).status()));
  EXPECT_TRUE(absl::IsNotFound(markets_->GetTicker(kUnknown).status()));
  EXPECT_TRUE(absl::IsNotFound(markets_->GetCandles(kUnknown, 0, 1, 1).status()));
  EXPECT_TRUE(absl::IsNotFound(markets_->GetExternalCandle("binance", "BTCUSDT").status()));
}

TEST_F(MarketDataServiceTest, NamesTheSymbolInEachMessage) {
  xtrader::v1::GetTradesRequest trades;
  trades.set_limit(10);
  xtrader::v1::GetTradesResponse trades_response;
  ASSERT_TRUE(service_.GetTrades(nullptr, &trades, &trades_response).ok());
  EXPECT_EQ(trades_response.trades(0).symbol(), "BTC-KRW");
  xtrader::v1::GetTickerResponse ticker_response;
  const xtrader::v1::GetTickerRequest ticker;
  ASSERT_TRUE(service_.GetTicker(nullptr, &ticker, &ticker_response).ok());
  EXPECT_EQ(ticker_response.ticker().symbol(), "BTC-KRW");
  xtrader::v1::GetCandlesRequest candles;
  candles.set_limit(10);
  candles.set_to_ms(200'000);
  xtrader::v1::GetCandlesResponse candles_response;
  ASSERT_TRUE(service_.GetCandles(nullptr, &candles, &candles_response).ok());
  EXPECT_EQ(candles_response.candles(0).symbol(), "BTC-KRW");
}

TEST_F(MarketDataServiceTest, RefusesASymbolBeyondTheRange) {
  xtrader::v1::GetDepthRequest request;
  request.set_symbol_id(65'536);  // not 0
  xtrader::v1::GetDepthResponse response;
  EXPECT_EQ(service_.GetDepth(nullptr, &request, &response).error_code(), grpc::StatusCode::NOT_FOUND);
}

}  // namespace
}  // namespace xt::market_data
