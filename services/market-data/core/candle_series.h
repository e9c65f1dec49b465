// CandleSeries: the 1-minute candles of one market, built from its trades in their order, and the 24-hour summary that
// follows from them. Prices and quantities are integers of whatever unit the owner chose; the quote amount of a trade is given
// with it. Minutes without a trade have no candle. Bounded: the oldest candles are forgotten. One writer, not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "libs/domain/ids.h"

namespace xt::market_data {

inline constexpr std::int64_t kMinuteMs = 60'000;
inline constexpr std::int64_t kDayMs = 24 * 60 * kMinuteMs;

struct CandleTrade {
  std::int64_t time_ms = 0;  // Unix time
  domain::Price price;
  domain::Quantity quantity;
  domain::Amount quote;
  std::uint64_t count = 1;  // venues may put several trades of one order into one message
};

struct MinuteCandle {
  std::int64_t open_time_ms = 0;  // a multiple of kMinuteMs
  domain::Price open, high, low, close;
  domain::Quantity volume;
  domain::Amount quote_volume;
  std::uint64_t trade_count = 0;
  friend bool operator==(const MinuteCandle&, const MinuteCandle&) = default;
};

struct DaySummary {
  domain::Price open, high, low, last;
  domain::Quantity volume;
  domain::Amount quote_volume;
  std::uint64_t trade_count = 0;
};

class CandleSeries {
 public:
  // Enough for the 24-hour summary and two weeks of queries.
  explicit CandleSeries(std::size_t max_candles = 20'160) : max_candles_(max_candles) {}

  // Journal time never falls, but another venue's may: a trade of a minute that has passed is added to its candle while that
  // is still there. Sums that would overflow stay at their limit and are counted in saturated().
  void Add(const CandleTrade& trade);

  // Candles with open_time in [from_ms, to_ms], oldest first, the newest `limit` of them.
  [[nodiscard]] std::vector<MinuteCandle> Range(std::int64_t from_ms, std::int64_t to_ms, std::size_t limit) const;
  [[nodiscard]] std::optional<MinuteCandle> Newest() const;
  // Over the candles that began less than 24 hours before `now_ms`; nullopt without a trade in that time.
  [[nodiscard]] std::optional<DaySummary> Day(std::int64_t now_ms) const;
  [[nodiscard]] std::uint64_t saturated() const { return saturated_; }

 private:
  MinuteCandle* FindOrInsert(std::int64_t open_time_ms, domain::Price price);

  const std::size_t max_candles_;
  std::deque<MinuteCandle> candles_;  // ascending open_time_ms
  std::uint64_t saturated_ = 0;
};

}  // namespace xt::market_data
