#include "services/gateway/core/order_json.h"

#include "libs/base/check.h"
#include "libs/domain/decimal.h"
#include "libs/domain/names.h"

namespace xt::gateway {
namespace {

using domain::ExecutionReport;
using domain::Symbol;
using Wide = __int128;

const Symbol& SymbolOf(const SymbolTable& symbols, domain::SymbolId id) {
  const Symbol* symbol = symbols.Get(id);
  XT_CHECK(symbol != nullptr, "a symbol that is not in the table");
  return *symbol;
}

const domain::Asset& AssetOf(const SymbolTable& symbols, domain::AssetId id) {
  const domain::Asset* asset = symbols.GetAsset(id);
  XT_CHECK(asset != nullptr, "an asset that is not in the table");
  return *asset;
}

void WriteText(JsonWriter& json, std::string_view key, std::string_view value) { json.Key(key).String(value); }

void WriteOptional(JsonWriter& json, std::string_view key, const std::optional<std::string>& value) {
  json.Key(key);
  if (value) {
    json.String(*value);
  } else {
    json.Null();
  }
}

void WriteFee(JsonWriter& json, const ExecutionReport& fill, const SymbolTable& symbols) {
  const domain::Asset& asset = AssetOf(symbols, fill.fee_asset);
  WriteText(json, "fee", domain::FormatDecimal(fill.fee.value(), asset.decimals));
  WriteText(json, "feeAsset", asset.code.view());
}

void WriteExecuted(JsonWriter& json, const ExecutionReport& report, const Symbol& symbol) {
  WriteText(json, "executedQuantity", domain::FormatQuantity(symbol, report.executed_quantity));
  WriteText(json, "executedQuoteQuantity", domain::FormatDecimal(report.executed_quote.value(), symbol.quote_decimals));
  WriteOptional(json, "averagePrice", AveragePrice(symbol, report.executed_quantity, report.executed_quote));
}

void WriteStamp(JsonWriter& json, const OrderStamp& stamp) {
  json.Key("sequence").Unsigned(stamp.sequence.value());
  json.Key("time").Integer(stamp.time_ms);
  if (stamp.update_sequence) json.Key("updateSequence").Unsigned(stamp.update_sequence->value());
  if (stamp.update_time_ms) json.Key("updateTime").Integer(*stamp.update_time_ms);
}

void WriteUnlessZero(JsonWriter& json, std::string_view key, std::int64_t value) {
  json.Key(key);
  if (value == 0) {
    json.Null();
  } else {
    json.Integer(value);
  }
}

void WriteOrderAnswer(JsonWriter& json, const OrderAnswer& answer, const SymbolTable& symbols) {
  json.BeginObject();
  WriteOrderFields(json, answer.report, {answer.sequence, answer.timestamp_ns / kNsPerMs, {}, {}}, symbols);
  WriteFills(json, answer.fills, symbols);
  json.EndObject();
}

void WriteRefusal(JsonWriter& json, const Refusal& refusal) {
  json.BeginObject();
  WriteText(json, "code", domain::RejectReasonCode(refusal.reason));
  WriteText(json, "message", refusal.Text());
  if (!refusal.field.empty()) WriteText(json, "field", refusal.field);
  json.EndObject();
}

void WriteOutcome(JsonWriter& json, const std::variant<OrderAnswer, Refusal>& outcome, const SymbolTable* symbols) {
  if (const auto* refusal = std::get_if<Refusal>(&outcome)) return WriteRefusal(json, *refusal);
  WriteOrderAnswer(json, std::get<OrderAnswer>(outcome), *symbols);
}

void WriteLevels(JsonWriter& json, const std::vector<domain::BookLevel>& levels, const Symbol& symbol) {
  json.BeginArray();
  for (const domain::BookLevel& level : levels) {
    json.BeginArray();
    json.String(domain::FormatPrice(symbol, level.price)).String(domain::FormatQuantity(symbol, level.quantity));
    json.EndArray();
  }
  json.EndArray();
}

}  // namespace

void WriteOrderFields(JsonWriter& json, const ExecutionReport& report, const OrderStamp& stamp,
                      const SymbolTable& symbols) {
  const Symbol& symbol = SymbolOf(symbols, report.symbol);
  const auto unless_zero = [](std::int64_t value, auto format) {
    return value == 0 ? std::nullopt : std::optional<std::string>(format());
  };
  json.Key("orderId").Id(report.order_id.value());
  WriteText(json, "clientOrderId", report.client_order_id.view());
  WriteText(json, "symbol", symbol.code.view());
  WriteText(json, "side", domain::NameOf(report.side));
  WriteText(json, "type", domain::NameOf(report.type));
  WriteText(json, "timeInForce", domain::NameOf(report.time_in_force));
  WriteText(json, "status", domain::NameOf(report.status));
  const auto price = [&](std::string_view key, domain::Price value) {
    WriteOptional(json, key, unless_zero(value.value(), [&] { return domain::FormatPrice(symbol, value); }));
  };
  const auto quantity = [&](std::string_view key, domain::Quantity value) {
    WriteOptional(json, key, unless_zero(value.value(), [&] { return domain::FormatQuantity(symbol, value); }));
  };
  price("price", report.price);
  price("stopPrice", report.stop_price);
  quantity("quantity", report.quantity);
  quantity("icebergQuantity", report.iceberg_quantity);
  WriteOptional(json, "quoteQuantity", unless_zero(report.quote_quantity.value(), [&] {
                  return domain::FormatDecimal(report.quote_quantity.value(), symbol.quote_decimals);
                }));
  WriteUnlessZero(json, "expireTime", report.expire_time_ms);
  WriteUnlessZero(json, "group", report.group.value());
  WriteExecuted(json, report, symbol);
  WriteStamp(json, stamp);
}

void WriteFills(JsonWriter& json, const std::vector<ExecutionReport>& fills, const SymbolTable& symbols) {
  json.Key("fills").BeginArray();
  for (const ExecutionReport& fill : fills) {
    const Symbol& symbol = SymbolOf(symbols, fill.symbol);
    json.BeginObject();
    json.Key("tradeId").Id(fill.trade_id.value());
    WriteText(json, "price", domain::FormatPrice(symbol, fill.last_price));
    WriteText(json, "quantity", domain::FormatQuantity(symbol, fill.last_quantity));
    WriteFee(json, fill, symbols);
    json.EndObject();
  }
  json.EndArray();
}

std::string OrderAnswerJson(const OrderAnswer& answer, const SymbolTable& symbols) {
  JsonWriter json;
  WriteOrderAnswer(json, answer, symbols);
  return json.Take();
}

std::string BatchJson(const std::vector<OrderResult>& results) {
  JsonWriter json;
  json.BeginObject().Key("results").BeginArray();
  for (const OrderResult& result : results) WriteOutcome(json, result.outcome, result.symbols.get());
  json.EndArray().EndObject();
  return json.Take();
}

std::string ReplaceJson(const ReplaceAnswer& answer, const SymbolTable& symbols) {
  JsonWriter json;
  json.BeginObject();
  json.Key("sequence").Unsigned(answer.sequence.value());
  json.Key("time").Integer(answer.timestamp_ns / kNsPerMs);
  json.Key("cancel");
  if (answer.cancel) {
    WriteOutcome(json, *answer.cancel, &symbols);
  } else {
    json.Null();
  }
  json.Key("order");
  WriteOutcome(json, answer.order, &symbols);
  json.EndObject();
  return json.Take();
}

std::string CancelAllJson(const CancelAllAnswer& answer) {
  JsonWriter json;
  json.BeginObject();
  json.Key("count").Unsigned(answer.orders.size());
  json.Key("orderIds").BeginArray();
  for (const domain::OrderId order : answer.orders) json.Id(order.value());
  json.EndArray();
  json.Key("sequence").Unsigned(answer.sequence.value());
  json.Key("time").Integer(answer.timestamp_ns / kNsPerMs);
  json.EndObject();
  return json.Take();
}

std::string CountdownJson(const CountdownAnswer& answer, std::int64_t timeout_ms) {
  JsonWriter json;
  json.BeginObject();
  WriteUnlessZero(json, "group", answer.group.value());
  json.Key("timeoutMs").Integer(timeout_ms);
  WriteUnlessZero(json, "deadline", answer.deadline_ns / kNsPerMs);
  json.Key("sequence").Unsigned(answer.sequence.value());
  json.Key("time").Integer(answer.timestamp_ns / kNsPerMs);
  json.EndObject();
  return json.Take();
}

void WriteTrade(JsonWriter& json, domain::EventId id, std::int64_t timestamp_ns, const ExecutionReport& report,
                const SymbolTable& symbols) {
  const Symbol& symbol = SymbolOf(symbols, report.symbol);
  json.BeginObject();
  WriteText(json, "id", std::to_string(id.sequence.value()) + "-" + std::to_string(id.index));
  json.Key("tradeId").Id(report.trade_id.value());
  json.Key("orderId").Id(report.order_id.value());
  WriteText(json, "clientOrderId", report.client_order_id.view());
  WriteText(json, "symbol", symbol.code.view());
  WriteText(json, "side", domain::NameOf(report.side));
  WriteText(json, "price", domain::FormatPrice(symbol, report.last_price));
  WriteText(json, "quantity", domain::FormatQuantity(symbol, report.last_quantity));
  WriteFee(json, report, symbols);
  json.Key("maker").Bool(report.maker);
  json.Key("time").Integer(timestamp_ns / kNsPerMs);
  json.Key("sequence").Unsigned(id.sequence.value());
  json.EndObject();
}

void WriteSymbol(JsonWriter& json, const Symbol& symbol, const SymbolTable& symbols) {
  json.BeginObject();
  WriteText(json, "symbol", symbol.code.view());
  WriteText(json, "baseAsset", AssetOf(symbols, symbol.base).code.view());
  WriteText(json, "quoteAsset", AssetOf(symbols, symbol.quote).code.view());
  json.Key("baseDecimals").Integer(symbol.base_decimals);
  json.Key("quoteDecimals").Integer(symbol.quote_decimals);
  WriteText(json, "tickSize", domain::FormatDecimal(symbol.tick_size.value(), symbol.quote_decimals));
  WriteText(json, "lotSize", domain::FormatDecimal(symbol.lot_size.value(), symbol.base_decimals));
  WriteText(json, "minNotional", domain::FormatDecimal(symbol.min_notional.value(), symbol.quote_decimals));
  WriteText(json, "maxQuantity", domain::FormatQuantity(symbol, symbol.max_quantity));
  WriteText(json, "maxPrice", domain::FormatPrice(symbol, symbol.max_price));
  json.Key("makerFeeBps").Integer(symbol.maker_fee_bps);
  json.Key("takerFeeBps").Integer(symbol.taker_fee_bps);
  WriteText(json, "status", domain::NameOf(symbol.status));
  json.EndObject();
}

std::string BookJson(const domain::BookSnapshot& book, const Symbol& symbol) {
  JsonWriter json;
  json.BeginObject();
  WriteText(json, "symbol", symbol.code.view());
  json.Key("sequence").Unsigned(book.sequence.value());
  json.Key("bids");
  WriteLevels(json, book.bids, symbol);
  json.Key("asks");
  WriteLevels(json, book.asks, symbol);
  json.EndObject();
  return json.Take();
}

std::string RefusalJson(const Refusal& refusal) {
  JsonWriter json;
  WriteRefusal(json, refusal);
  return json.Take();
}

std::optional<std::string> AveragePrice(const Symbol& symbol, domain::Quantity executed,
                                        domain::Amount executed_quote) {
  const Wide base_units = Wide{executed.value()} * symbol.lot_size.value();
  if (base_units <= 0) return std::nullopt;
  // At most 2^63 x 10^18, which 128 bits hold.
  const Wide average = Wide{executed_quote.value()} * domain::PowerOfTen(symbol.base_decimals) / base_units;
  // The average of prices is a price: whole ticks and a rest smaller than one, so it formats without overflow.
  const std::int64_t scale = domain::PowerOfTen(symbol.quote_decimals);
  const std::string fraction = domain::FormatDecimal(static_cast<std::int64_t>(average % scale), symbol.quote_decimals);
  const auto point = fraction.find('.');
  std::string whole = domain::FormatDecimal(static_cast<std::int64_t>(average / scale), 0);
  return point == std::string::npos ? whole : whole + fraction.substr(point);
}

}  // namespace xt::gateway
