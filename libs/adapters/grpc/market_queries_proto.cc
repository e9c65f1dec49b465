#include "libs/adapters/grpc/market_queries_proto.h"

#include <optional>

#include "libs/base/status.h"
#include "libs/wire/fields.h"
#include "libs/wire/market_proto.h"
#include "xtrader/v1/market_data.pb.h"

namespace xt::grpc_clients {

namespace pb = ::xtrader::v1;
using wire::FieldReader;

namespace {

// On the wire 0 stands for "no such price": prices count from 1.
std::int64_t OrZero(const std::optional<domain::Price>& price) { return price ? price->value() : 0; }

std::optional<domain::Price> OrNone(std::int64_t ticks) {
  return ticks == 0 ? std::nullopt : std::optional(domain::Price(ticks));
}

template <typename Message>
absl::StatusOr<Message> Parse(std::string_view bytes) {
  Message message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::DataLossError("not a " + Message::descriptor()->name());
  }
  return message;
}

absl::StatusOr<domain::SymbolCode> ReadCode(const std::string& text) {
  domain::SymbolCode code;
  FieldReader reader;
  reader.Text("symbol", text, code);
  XT_RETURN_IF_ERROR(reader.status());
  return code;
}

}  // namespace

void ToProto(const ports::Ticker& ticker, domain::SymbolCode code, pb::MarketTicker& out) {
  out.Clear();
  out.set_sequence(ticker.sequence.value());
  out.set_timestamp_ns(ticker.timestamp_ns);
  out.set_symbol_id(ticker.symbol.value());
  out.set_symbol(std::string(code.view()));
  out.set_last_price_ticks(OrZero(ticker.last));
  out.set_open_price_ticks(OrZero(ticker.open));
  out.set_high_price_ticks(OrZero(ticker.high));
  out.set_low_price_ticks(OrZero(ticker.low));
  out.set_best_bid_ticks(OrZero(ticker.best_bid));
  out.set_best_bid_lots(ticker.best_bid_quantity.value());
  out.set_best_ask_ticks(OrZero(ticker.best_ask));
  out.set_best_ask_lots(ticker.best_ask_quantity.value());
  out.set_volume_lots(ticker.volume.value());
  out.set_quote_volume(ticker.quote_volume.value());
  out.set_trade_count(ticker.trade_count);
}

void ToProto(const ports::Candle& candle, domain::SymbolId symbol, domain::SymbolCode code, pb::MarketCandle& out) {
  out.Clear();
  out.set_symbol_id(symbol.value());
  out.set_symbol(std::string(code.view()));
  out.set_open_time_ms(candle.open_time_ms);
  out.set_interval_ms(candle.interval_ms);
  out.set_open_ticks(candle.open.value());
  out.set_high_ticks(candle.high.value());
  out.set_low_ticks(candle.low.value());
  out.set_close_ticks(candle.close.value());
  out.set_volume_lots(candle.volume.value());
  out.set_quote_volume(candle.quote_volume.value());
  out.set_trade_count(candle.trade_count);
  out.set_closed(candle.closed);
}

void ToProto(const ports::PublicTrade& trade, domain::SymbolId symbol, domain::SymbolCode code, pb::MarketTrade& out) {
  wire::ToProto(wire::MarketTrade{trade.id, trade.timestamp_ns, symbol, code, trade.trade_id, trade.price,
                                  trade.quantity, trade.taker_side},
                out);
}

absl::StatusOr<ports::Ticker> TickerFromProto(const pb::MarketTicker& ticker) {
  ports::Ticker out;
  FieldReader reader;
  reader.Integer("symbol_id", ticker.symbol_id(), out.symbol);
  XT_RETURN_IF_ERROR(reader.status());
  out.sequence = domain::SequenceNumber(ticker.sequence());
  out.timestamp_ns = ticker.timestamp_ns();
  out.last = OrNone(ticker.last_price_ticks());
  out.open = OrNone(ticker.open_price_ticks());
  out.high = OrNone(ticker.high_price_ticks());
  out.low = OrNone(ticker.low_price_ticks());
  out.best_bid = OrNone(ticker.best_bid_ticks());
  out.best_ask = OrNone(ticker.best_ask_ticks());
  out.best_bid_quantity = domain::Quantity(ticker.best_bid_lots());
  out.best_ask_quantity = domain::Quantity(ticker.best_ask_lots());
  out.volume = domain::Quantity(ticker.volume_lots());
  out.quote_volume = domain::Amount(ticker.quote_volume());
  out.trade_count = ticker.trade_count();
  return out;
}

absl::StatusOr<ports::Candle> CandleFromProto(const pb::MarketCandle& candle) {
  if (candle.interval_ms() <= 0) return wire::FieldError("interval_ms", "must be positive");
  ports::Candle out;
  out.open_time_ms = candle.open_time_ms();
  out.interval_ms = candle.interval_ms();
  out.open = domain::Price(candle.open_ticks());
  out.high = domain::Price(candle.high_ticks());
  out.low = domain::Price(candle.low_ticks());
  out.close = domain::Price(candle.close_ticks());
  out.volume = domain::Quantity(candle.volume_lots());
  out.quote_volume = domain::Amount(candle.quote_volume());
  out.trade_count = candle.trade_count();
  out.closed = candle.closed();
  return out;
}

absl::StatusOr<ports::PublicTrade> PublicTradeFromProto(const pb::MarketTrade& trade) {
  XT_ASSIGN_OR_RETURN(const wire::MarketTrade read, wire::FromProto(trade));
  return ports::PublicTrade{read.id, read.timestamp_ns, read.trade_id, read.price, read.quantity, read.taker_side};
}

std::string EncodeTicker(const ports::Ticker& ticker, domain::SymbolCode code) {
  pb::MarketTicker message;
  ToProto(ticker, code, message);
  return message.SerializeAsString();
}

std::string EncodeCandle(const ports::Candle& candle, domain::SymbolId symbol, domain::SymbolCode code) {
  pb::MarketCandle message;
  ToProto(candle, symbol, code, message);
  return message.SerializeAsString();
}

absl::StatusOr<SymbolTicker> DecodeTicker(std::string_view bytes) {
  XT_ASSIGN_OR_RETURN(const auto message, Parse<pb::MarketTicker>(bytes));
  XT_ASSIGN_OR_RETURN(const auto code, ReadCode(message.symbol()));
  XT_ASSIGN_OR_RETURN(auto ticker, TickerFromProto(message));
  return SymbolTicker{code, ticker};
}

absl::StatusOr<SymbolCandle> DecodeCandle(std::string_view bytes) {
  XT_ASSIGN_OR_RETURN(const auto message, Parse<pb::MarketCandle>(bytes));
  XT_ASSIGN_OR_RETURN(const auto code, ReadCode(message.symbol()));
  XT_ASSIGN_OR_RETURN(const auto candle, CandleFromProto(message));
  domain::SymbolId symbol;
  FieldReader reader;
  reader.Integer("symbol_id", message.symbol_id(), symbol);
  XT_RETURN_IF_ERROR(reader.status());
  return SymbolCandle{symbol, code, candle};
}

}  // namespace xt::grpc_clients
