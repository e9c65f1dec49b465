#include "services/market-data/core/market.h"

#include <gtest/gtest.h>

namespace xt::market_data {
namespace {

domain::Symbol TestSymbol() {
  domain::Symbol symbol;
  symbol.id = domain::SymbolId(3);
  symbol.base = domain::AssetId(1);
  symbol.base_decimals = 2;
  symbol.quote_decimals = 2;
  symbol.tick_size = domain::Amount(100);
  symbol.lot_size = domain::Amount(1);
  EXPECT_FALSE(domain::Normalize(symbol));
  return symbol;
}

MarketTradeEvent TradeEvent(std::uint64_t sequence, std::uint32_t index, std::int64_t price, std::int64_t quantity) {
  return {.id = {domain::SequenceNumber(sequence), index},
          .timestamp_ns = 60'000'000'000,
          .trade_id = domain::TradeId(sequence * 10 + index),
          .price = domain::Price(price),
          .quantity = domain::Quantity(quantity),
          .taker_side = domain::Side::kBuy};
}

TEST(MarketTest, CountsATradeOnce) {
  Market market(TestSymbol());
  EXPECT_TRUE(market.AddTrade(TradeEvent(5, 2, 10, 3)));
  EXPECT_FALSE(market.AddTrade(TradeEvent(5, 2, 10, 3)));
  EXPECT_TRUE(market.AddTrade(TradeEvent(5, 4, 11, 1)));
  EXPECT_FALSE(market.AddTrade(TradeEvent(4, 9, 10, 3)));
  ASSERT_EQ(market.Trades(10).size(), 2u);
  EXPECT_EQ(market.Trades(1).front().price, domain::Price(11));
  const auto candle = market.candles().Newest();
  ASSERT_TRUE(candle.has_value());
  EXPECT_EQ(candle->volume, domain::Quantity(4));
  // 1 tick x 1 lot is 1 quote unit here.
  EXPECT_EQ(candle->quote_volume, domain::Amount(41));
}

TEST(MarketTest, KeepsTheLastTradesOnly) {
  Market market(TestSymbol(), 2);
  for (std::uint64_t i = 1; i <= 5; ++i) market.AddTrade(TradeEvent(i, 1, static_cast<std::int64_t>(i), 1));
  ASSERT_EQ(market.Trades(10).size(), 2u);
  EXPECT_EQ(market.Trades(10)[1].price, domain::Price(4));
}

TEST(MarketTest, DepthBeforeTheSnapshotIsDropped) {
  Market market(TestSymbol());
  market.ResetBook({domain::SymbolId(3), domain::SequenceNumber(7), {{domain::Price(10), domain::Quantity(5)}}, {}});
  const std::vector<domain::BookChange> change{{.symbol = domain::SymbolId(3),
                                                .side = domain::Side::kBuy,
                                                .price = domain::Price(10),
                                                .quantity = domain::Quantity(0)}};
  EXPECT_FALSE(market.ApplyDepth(domain::SequenceNumber(6), 1, change));
  EXPECT_EQ(market.Top().bid, (domain::BookLevel{domain::Price(10), domain::Quantity(5)}));
  EXPECT_TRUE(market.ApplyDepth(domain::SequenceNumber(8), 1, change));
  EXPECT_FALSE(market.Top().bid.has_value());
  EXPECT_EQ(market.last_sequence(), domain::SequenceNumber(8));
}

}  // namespace
}  // namespace xt::market_data
