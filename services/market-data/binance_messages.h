// Binance spot messages, parsed: what the feed needs of the combined stream `{"stream", "data"}` and of the REST snapshot. Numbers keep
// their exact value (units of 10^-8); a message with a field that does not fit is refused as a whole. Pure, thread-safe.
// Source: the venue's "WebSocket Streams" and "Market Data Requests" documentation.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "absl/status/statusor.h"
#include "libs/domain/enums.h"
#include "services/market-data/core/external_book.h"

namespace xt::market_data {

// `@aggTrade`: the fills of one taker order at one price.
struct BinanceAggregateTrade {
  std::string symbol;
  std::uint64_t aggregate_id = 0;
  std::uint64_t first_trade_id = 0;
  std::uint64_t last_trade_id = 0;
  std::int64_t trade_time_ms = 0;
  std::int64_t price = 0;
  std::int64_t quantity = 0;
  domain::Side taker_side = domain::Side::kUnspecified;
};

// `@depth@100ms`.
struct BinanceDepth {
  std::string symbol;
  std::int64_t event_time_ms = 0;
  DepthDifference difference;
};

// A well-formed message that the feed has no use for (a kline, the answer to a subscription).
struct BinanceOther {};

using BinanceMessage = std::variant<BinanceOther, BinanceAggregateTrade, BinanceDepth>;

absl::StatusOr<BinanceMessage> ParseBinanceMessage(std::string_view text);
absl::StatusOr<ExternalSnapshot> ParseBinanceSnapshot(std::string_view text);

}  // namespace xt::market_data
