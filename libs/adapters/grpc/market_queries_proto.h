// Tickers, candles and public trades (libs/ports/market_queries.h) as protobuf messages and as bytes on the buses, both
// ways. Used by market-data, by whoever consumes market.ticker and market.kline, and by the clients of this folder.
// Decoding checks identifiers, codes and enums and names the field that is wrong. Pure functions, thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "libs/domain/fixed_string.h"
#include "libs/domain/ids.h"
#include "libs/ports/market_queries.h"
#include "libs/wire/proto_fwd.h"

namespace xt::grpc_clients {

// xtrader.v1.MarketTicker, MarketCandle and MarketTrade carry the symbol's code besides. An external candle has no
// symbol: id 0 and an empty code.
void ToProto(const ports::Ticker& ticker, domain::SymbolCode code, xtrader::v1::MarketTicker& out);
void ToProto(const ports::Candle& candle, domain::SymbolId symbol, domain::SymbolCode code,
             xtrader::v1::MarketCandle& out);
void ToProto(const ports::PublicTrade& trade, domain::SymbolId symbol, domain::SymbolCode code,
             xtrader::v1::MarketTrade& out);

absl::StatusOr<ports::Ticker> TickerFromProto(const xtrader::v1::MarketTicker& ticker);
absl::StatusOr<ports::Candle> CandleFromProto(const xtrader::v1::MarketCandle& candle);
absl::StatusOr<ports::PublicTrade> PublicTradeFromProto(const xtrader::v1::MarketTrade& trade);

// The same as serialized messages.
struct SymbolTicker {
  domain::SymbolCode code;
  ports::Ticker ticker;
};
struct SymbolCandle {
  domain::SymbolId symbol;
  domain::SymbolCode code;
  ports::Candle candle;
};
std::string EncodeTicker(const ports::Ticker& ticker, domain::SymbolCode code);
std::string EncodeCandle(const ports::Candle& candle, domain::SymbolId symbol, domain::SymbolCode code);
absl::StatusOr<SymbolTicker> DecodeTicker(std::string_view bytes);
absl::StatusOr<SymbolCandle> DecodeCandle(std::string_view bytes);

}  // namespace xt::grpc_clients
