// Market: the present picture of one of the exchange's own symbols: its book, its last trades, its candles and its ticker.
// Fed with what the buses deliver, at least once and in order; what was seen before is dropped. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "libs/domain/event.h"
#include "libs/domain/ids.h"
#include "libs/domain/level_book.h"
#include "libs/domain/symbol.h"
#include "services/market-data/core/candle_series.h"

namespace xt::market_data {

struct MarketTradeEvent {
  domain::EventId id;
  std::int64_t timestamp_ns = 0;
  domain::TradeId trade_id;
  domain::Price price;
  domain::Quantity quantity;
  domain::Side taker_side = domain::Side::kUnspecified;
};

struct TopOfBook {
  std::optional<domain::BookLevel> bid;
  std::optional<domain::BookLevel> ask;
};

class Market {
 public:
  explicit Market(const domain::Symbol& symbol, std::size_t max_trades = 1'000)
      : symbol_(symbol), max_trades_(max_trades) {}

  // False when the trade was seen before.
  bool AddTrade(const MarketTradeEvent& trade);
  void ResetBook(const domain::BookSnapshot& snapshot) { book_.Reset(snapshot); }
  // False when the book already stands behind that command.
  bool ApplyDepth(domain::SequenceNumber sequence, std::int64_t timestamp_ns,
                  const std::vector<domain::BookChange>& changes);

  [[nodiscard]] const domain::Symbol& symbol() const { return symbol_; }
  [[nodiscard]] domain::BookSnapshot Book(std::size_t depth) const { return book_.Snapshot(symbol_.id, depth); }
  [[nodiscard]] domain::SequenceNumber book_sequence() const { return book_.sequence(); }
  [[nodiscard]] TopOfBook Top() const;
  // Newest first.
  [[nodiscard]] std::vector<MarketTradeEvent> Trades(std::size_t limit) const;
  [[nodiscard]] const CandleSeries& candles() const { return candles_; }
  // Journal time of the last thing that happened here; the "now" of the ticker.
  [[nodiscard]] std::int64_t last_update_ns() const { return last_update_ns_; }
  [[nodiscard]] domain::SequenceNumber last_sequence() const { return last_sequence_; }

 private:
  void Touch(domain::SequenceNumber sequence, std::int64_t timestamp_ns);

  domain::Symbol symbol_;
  const std::size_t max_trades_;
  domain::LevelBook book_;
  CandleSeries candles_;
  std::deque<MarketTradeEvent> trades_;  // oldest first
  domain::EventId last_trade_;
  domain::SequenceNumber last_sequence_;
  std::int64_t last_update_ns_ = 0;
};

}  // namespace xt::market_data
