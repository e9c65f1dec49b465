#include "services/market-data/core/candle_series.h"

#include <algorithm>
#include <limits>

namespace xt::market_data {
namespace {

std::int64_t FloorToMinute(std::int64_t time_ms) {
  const std::int64_t rest = time_ms % kMinuteMs;
  return time_ms - (rest < 0 ? rest + kMinuteMs : rest);
}

template <typename T>
bool AddSaturating(T& sum, T value) {
  std::int64_t result = 0;
  const bool overflow = __builtin_add_overflow(sum.value(), value.value(), &result);
  sum = T(overflow ? std::numeric_limits<std::int64_t>::max() : result);
  return overflow;
}

}  // namespace

MinuteCandle* CandleSeries::FindOrInsert(std::int64_t open_time_ms, domain::Price price) {
  const auto at = std::ranges::lower_bound(candles_, open_time_ms, {}, &MinuteCandle::open_time_ms);
  if (at != candles_.end() && at->open_time_ms == open_time_ms) return &*at;
  if (at == candles_.begin() && candles_.size() >= max_candles_) return nullptr;
  MinuteCandle fresh{.open_time_ms = open_time_ms, .open = price, .high = price, .low = price, .close = price};
  const auto index = static_cast<std::size_t>(at - candles_.begin());
  candles_.insert(at, fresh);
  if (candles_.size() <= max_candles_) return &candles_[index];
  candles_.pop_front();
  return &candles_[index - 1];
}

void CandleSeries::Add(const CandleTrade& trade) {
  MinuteCandle* candle = FindOrInsert(FloorToMinute(trade.time_ms), trade.price);
  if (candle == nullptr) return;
  candle->high = std::max(candle->high, trade.price);
  candle->low = std::min(candle->low, trade.price);
  candle->close = trade.price;
  const bool volume_saturated = AddSaturating(candle->volume, trade.quantity);
  const bool quote_saturated = AddSaturating(candle->quote_volume, trade.quote);
  saturated_ += volume_saturated || quote_saturated ? 1 : 0;
  candle->trade_count += trade.count;
}

std::vector<MinuteCandle> CandleSeries::Range(std::int64_t from_ms, std::int64_t to_ms, std::size_t limit) const {
  const auto begin = std::ranges::lower_bound(candles_, from_ms, {}, &MinuteCandle::open_time_ms);
  const auto end = std::ranges::upper_bound(candles_, to_ms, {}, &MinuteCandle::open_time_ms);
  if (begin >= end) return {};
  const auto count = static_cast<std::size_t>(end - begin);
  return {end - static_cast<std::ptrdiff_t>(std::min(count, limit)), end};
}

std::optional<MinuteCandle> CandleSeries::Newest() const {
  if (candles_.empty()) return std::nullopt;
  return candles_.back();
}

std::optional<DaySummary> CandleSeries::Day(std::int64_t now_ms) const {
  auto at = std::ranges::upper_bound(candles_, now_ms - kDayMs, {}, &MinuteCandle::open_time_ms);
  if (at == candles_.end()) return std::nullopt;
  DaySummary day{.open = at->open, .high = at->high, .low = at->low, .last = candles_.back().close};
  for (; at != candles_.end(); ++at) {
    day.high = std::max(day.high, at->high);
    day.low = std::min(day.low, at->low);
    AddSaturating(day.volume, at->volume);
    AddSaturating(day.quote_volume, at->quote_volume);
    day.trade_count += at->trade_count;
  }
  return day;
}

}  // namespace xt::market_data
