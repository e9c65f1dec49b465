// MarketQueries: what market-data answers about the exchange's own markets. Market-data implements it; the gateway calls it,
// directly or through gRPC. Threads: any; answers come from memory. NOT_FOUND for an unknown symbol.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/domain/event.h"
#include "libs/domain/ids.h"
#include "libs/domain/level_book.h"

namespace xt::ports {

struct PublicTrade {
  domain::EventId id;
  std::int64_t timestamp_ns = 0;
  domain::TradeId trade_id;
  domain::Price price;
  domain::Quantity quantity;
  domain::Side taker_side = domain::Side::kUnspecified;
};

// Of the last 24 hours of journal time. Prices in ticks, volumes in base units (lots) and quote units.
struct Ticker {
  domain::SymbolId symbol;
  domain::SequenceNumber sequence;
  std::int64_t timestamp_ns = 0;
  std::optional<domain::Price> last, open, high, low;  // nullopt without a trade
  std::optional<domain::Price> best_bid, best_ask;
  domain::Quantity best_bid_quantity, best_ask_quantity;
  domain::Quantity volume;
  domain::Amount quote_volume;
  std::uint64_t trade_count = 0;
};

struct Candle {
  std::int64_t open_time_ms = 0;  // start of the interval, Unix time
  std::int64_t interval_ms = 60'000;
  domain::Price open, high, low, close;
  domain::Quantity volume;
  domain::Amount quote_volume;
  std::uint64_t trade_count = 0;
  bool closed = false;
  friend bool operator==(const Candle&, const Candle&) = default;
};

class MarketQueries {
 public:
  virtual ~MarketQueries() = default;
  // Best `depth` levels per side, 0 means all.
  virtual absl::StatusOr<domain::BookSnapshot> GetBook(domain::SymbolId symbol, std::size_t depth) = 0;
  // Newest first, at most `limit` (1..1000).
  virtual absl::StatusOr<std::vector<PublicTrade>> GetTrades(domain::SymbolId symbol, std::size_t limit) = 0;
  virtual absl::StatusOr<Ticker> GetTicker(domain::SymbolId symbol) = 0;
  // 1-minute candles with trades, oldest first, open_time in [from_ms, to_ms], at most `limit` (1..1000) newest ones.
  virtual absl::StatusOr<std::vector<Candle>> GetCandles(domain::SymbolId symbol, std::int64_t from_ms,
                                                         std::int64_t to_ms, std::size_t limit) = 0;
  // The newest 1-minute candle of an upstream exchange, by its own symbol ("binance", "BTCUSDT"); prices and volumes in
  // units of 10^-8.
  virtual absl::StatusOr<Candle> GetExternalCandle(std::string_view venue, std::string_view symbol) = 0;
};

}  // namespace xt::ports
