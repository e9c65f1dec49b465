#include "services/market-data/core/candle_series.h"

#include <gtest/gtest.h>

#include <limits>

namespace xt::market_data {
namespace {

CandleTrade TradeAt(std::int64_t time_ms, std::int64_t price, std::int64_t quantity) {
  return {time_ms, domain::Price(price), domain::Quantity(quantity), domain::Amount(price * quantity)};
}

TEST(CandleSeriesTest, BuildsOneCandlePerMinuteWithTrades) {
  CandleSeries series;
  series.Add(TradeAt(60'000, 10, 1));
  series.Add(TradeAt(119'999, 8, 2));
  series.Add(TradeAt(61'000, 12, 3));
  series.Add(TradeAt(240'000, 9, 4));
  const auto candles = series.Range(0, 1'000'000, 100);
  ASSERT_EQ(candles.size(), 2u);
  EXPECT_EQ(candles[0], (MinuteCandle{60'000, domain::Price(10), domain::Price(12), domain::Price(8), domain::Price(12),
                                      domain::Quantity(6), domain::Amount(62), 3}));
  EXPECT_EQ(candles[1].open_time_ms, 240'000);
}

TEST(CandleSeriesTest, RangeIsInclusiveAndGivesTheNewest) {
  CandleSeries series;
  for (std::int64_t minute = 0; minute < 10; ++minute) series.Add(TradeAt(minute * kMinuteMs, 1, 1));
  const auto candles = series.Range(2 * kMinuteMs, 7 * kMinuteMs, 3);
  ASSERT_EQ(candles.size(), 3u);
  EXPECT_EQ(candles.front().open_time_ms, 5 * kMinuteMs);
  EXPECT_EQ(candles.back().open_time_ms, 7 * kMinuteMs);
  EXPECT_TRUE(series.Range(7 * kMinuteMs, 2 * kMinuteMs, 3).empty());
}

TEST(CandleSeriesTest, ForgetsTheOldest) {
  CandleSeries series(3);
  for (std::int64_t minute = 0; minute < 5; ++minute) series.Add(TradeAt(minute * kMinuteMs, minute + 1, 1));
  const auto candles = series.Range(0, kDayMs, 100);
  ASSERT_EQ(candles.size(), 3u);
  EXPECT_EQ(candles.front().open_time_ms, 2 * kMinuteMs);
  EXPECT_EQ(candles.back().close, domain::Price(5));
  series.Add(TradeAt(0, 9, 1));
  EXPECT_EQ(series.Range(0, kDayMs, 100).size(), 3u);
}

TEST(CandleSeriesTest, DayCoversTwentyFourHours) {
  CandleSeries series;
  series.Add(TradeAt(0, 100, 5));
  series.Add(TradeAt(kMinuteMs, 10, 1));
  series.Add(TradeAt(kDayMs - 1, 30, 2));
  const auto day = series.Day(kDayMs);
  ASSERT_TRUE(day.has_value());
  EXPECT_EQ(day->open, domain::Price(10));
  EXPECT_EQ(day->high, domain::Price(30));
  EXPECT_EQ(day->last, domain::Price(30));
  EXPECT_EQ(day->volume, domain::Quantity(3));
  EXPECT_EQ(day->trade_count, 2u);
  EXPECT_FALSE(series.Day(3 * kDayMs).has_value());
}

TEST(CandleSeriesTest, SumsSaturateAndAreCounted) {
  CandleSeries series;
  const std::int64_t huge = std::numeric_limits<std::int64_t>::max() - 1;
  series.Add({0, domain::Price(1), domain::Quantity(huge), domain::Amount(1)});
  series.Add({0, domain::Price(1), domain::Quantity(huge), domain::Amount(1)});
  EXPECT_EQ(series.saturated(), 1u);
  EXPECT_EQ(series.Newest()->volume, domain::Quantity(std::numeric_limits<std::int64_t>::max()));
}

}  // namespace
}  // namespace xt::market_data
