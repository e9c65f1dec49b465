#include "services/market-data/core/market.h"

#include <algorithm>

namespace xt::market_data {

void Market::Touch(domain::SequenceNumber sequence, std::int64_t timestamp_ns) {
  last_sequence_ = std::max(last_sequence_, sequence);
  last_update_ns_ = std::max(last_update_ns_, timestamp_ns);
}

bool Market::AddTrade(const MarketTradeEvent& trade) {
  if (trade.id <= last_trade_) return false;
  last_trade_ = trade.id;
  Touch(trade.id.sequence, trade.timestamp_ns);
  // Matching refuses orders whose notional does not fit, so a fill's always does.
  const auto quote = domain::Notional(symbol_, trade.price, trade.quantity);
  candles_.Add({trade.timestamp_ns / 1'000'000, trade.price, trade.quantity, quote.value_or(domain::Amount(0))});
  trades_.push_back(trade);
  if (trades_.size() > max_trades_) trades_.pop_front();
  return true;
}

bool Market::ApplyDepth(domain::SequenceNumber sequence, std::int64_t timestamp_ns,
                        const std::vector<domain::BookChange>& changes) {
  bool applied = false;
  for (const domain::BookChange& change : changes) applied = book_.Apply(sequence, change) || applied;
  if (applied) Touch(sequence, timestamp_ns);
  return applied;
}

TopOfBook Market::Top() const {
  const domain::BookSnapshot top = book_.Snapshot(symbol_.id, 1);
  TopOfBook result;
  if (!top.bids.empty()) result.bid = top.bids.front();
  if (!top.asks.empty()) result.ask = top.asks.front();
  return result;
}

std::vector<MarketTradeEvent> Market::Trades(std::size_t limit) const {
  const std::size_t count = std::min(limit, trades_.size());
  return {trades_.rbegin(), trades_.rbegin() + static_cast<std::ptrdiff_t>(count)};
}

}  // namespace xt::market_data
