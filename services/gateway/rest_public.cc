// Public data: reference data, markets, and what describes the gateway itself.
#include <cstring>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "libs/auth/hmac.h"
#include "libs/domain/decimal.h"
#include "libs/domain/names.h"
#include "services/gateway/core/order_json.h"
#include "services/gateway/openapi.h"
#include "services/gateway/request_reader.h"
#include "services/gateway/rest_api.h"

namespace xt::gateway {
namespace {

void WriteProfile(const InfraHealth& health, JsonWriter& json) {
  json.Key("profile").String(health.profile).Key("why").String(health.why);
  if (health.since_ms != 0) json.Key("since").Integer(health.since_ms);
}

using domain::RejectReason;
using domain::Symbol;

constexpr std::size_t kMaxDepth = 5000;
constexpr std::size_t kDefaultDepth = 100;
constexpr std::size_t kMaxRows = 1000;
constexpr std::size_t kDefaultTrades = 100;
constexpr std::size_t kDefaultCandles = 500;
constexpr std::int64_t kMaxTimeMs = 253'402'300'799'999;  // the end of year 9999

void WritePrice(JsonWriter& json, std::string_view key, const Symbol& symbol, std::optional<domain::Price> price) {
  json.Key(key);
  if (price) {
    json.String(domain::FormatPrice(symbol, *price));
  } else {
    json.Null();
  }
}

void WriteTopQuantity(JsonWriter& json, std::string_view key, const Symbol& symbol, std::optional<domain::Price> price,
                      domain::Quantity quantity) {
  json.Key(key);
  if (price) {
    json.String(domain::FormatQuantity(symbol, quantity));
  } else {
    json.Null();
  }
}

std::string TickerJson(const ports::Ticker& ticker, const Symbol& symbol) {
  JsonWriter json;
  json.BeginObject().Key("symbol").String(symbol.code.view());
  json.Key("sequence").Unsigned(ticker.sequence.value());
  json.Key("time").Integer(ticker.timestamp_ns / kNsPerMs);
  WritePrice(json, "last", symbol, ticker.last);
  WritePrice(json, "open", symbol, ticker.open);
  WritePrice(json, "high", symbol, ticker.high);
  WritePrice(json, "low", symbol, ticker.low);
  WritePrice(json, "bestBid", symbol, ticker.best_bid);
  WriteTopQuantity(json, "bestBidQuantity", symbol, ticker.best_bid, ticker.best_bid_quantity);
  WritePrice(json, "bestAsk", symbol, ticker.best_ask);
  WriteTopQuantity(json, "bestAskQuantity", symbol, ticker.best_ask, ticker.best_ask_quantity);
  json.Key("volume").String(domain::FormatQuantity(symbol, ticker.volume));
  json.Key("quoteVolume").String(domain::FormatDecimal(ticker.quote_volume.value(), symbol.quote_decimals));
  json.Key("trades").Unsigned(ticker.trade_count);
  json.EndObject();
  return json.Take();
}

void WriteCandle(JsonWriter& json, const ports::Candle& candle, const Symbol& symbol) {
  json.BeginObject().Key("openTime").Integer(candle.open_time_ms);
  WritePrice(json, "open", symbol, candle.open);
  WritePrice(json, "high", symbol, candle.high);
  WritePrice(json, "low", symbol, candle.low);
  WritePrice(json, "close", symbol, candle.close);
  json.Key("volume").String(domain::FormatQuantity(symbol, candle.volume));
  json.Key("quoteVolume").String(domain::FormatDecimal(candle.quote_volume.value(), symbol.quote_decimals));
  json.Key("trades").Unsigned(candle.trade_count);
  json.Key("closed").Bool(candle.closed);
  json.EndObject();
}

void WritePublicTrade(JsonWriter& json, const ports::PublicTrade& trade, const Symbol& symbol) {
  json.BeginObject().Key("tradeId").Id(trade.trade_id.value());
  json.Key("price").String(domain::FormatPrice(symbol, trade.price));
  json.Key("quantity").String(domain::FormatQuantity(symbol, trade.quantity));
  json.Key("takerSide").String(domain::NameOf(trade.taker_side));
  json.Key("time").Integer(trade.timestamp_ns / kNsPerMs);
  json.Key("sequence").Unsigned(trade.id.sequence.value());
  json.EndObject();
}

}  // namespace

void RestApi::WithSymbol(const CallPtr& call, std::function<void(const Symbol&)> task) {
  OnWorker(call, [this, call, task = std::move(task)] {
    const std::string_view code = call->request.PathParameter("symbol");
    auto symbols = parts_.symbols->Current();
    if (symbols == nullptr || symbols->Find(code) == nullptr) {
      if (!parts_.symbols->Refresh().ok()) return call->Refuse(Refusal(RejectReason::kUnavailable));
      symbols = parts_.symbols->Current();
    }
    const Symbol* symbol = symbols->Find(code);
    if (symbol == nullptr) return call->Refuse(Refusal(RejectReason::kUnknownSymbol, "symbol"));
    task(*symbol);
  });
}

// A status that changed, or a new market, shows within a second.
void RestApi::GetSymbols(const CallPtr& call) {
  const QueryReader query(call->request, {});
  if (query.refusal()) return call->Refuse(*query.refusal());
  OnWorker(call, [this, call] {
    parts_.symbols->RefreshIfDue().IgnoreError();
    const auto symbols = parts_.symbols->Current();
    if (symbols == nullptr) return call->Refuse(Refusal(RejectReason::kUnavailable));
    JsonWriter json;
    json.BeginObject().Key("symbols").BeginArray();
    for (const Symbol& symbol : symbols->symbols()) WriteSymbol(json, symbol, *symbols);
    json.EndArray().EndObject();
    call->Answer(json.Take());
  });
}

void RestApi::GetBook(const CallPtr& call) {
  QueryReader query(call->request, {"depth"});
  const std::size_t depth = query.Number("depth", kDefaultDepth, 1, kMaxDepth);
  if (query.refusal()) return call->Refuse(*query.refusal());
  WithSymbol(call, [this, call, depth](const Symbol& symbol) {
    const auto book = parts_.market.GetBook(symbol.id, depth);
    if (!book.ok()) return call->Refuse(RefusalOf(book.status(), RejectReason::kUnavailable));
    call->Answer(BookJson(*book, symbol));
  });
}

void RestApi::GetMarketTrades(const CallPtr& call) {
  QueryReader query(call->request, {"limit"});
  const std::size_t limit = query.Number("limit", kDefaultTrades, 1, kMaxRows);
  if (query.refusal()) return call->Refuse(*query.refusal());
  WithSymbol(call, [this, call, limit](const Symbol& symbol) {
    const auto trades = parts_.market.GetTrades(symbol.id, limit);
    if (!trades.ok()) return call->Refuse(RefusalOf(trades.status(), RejectReason::kUnavailable));
    JsonWriter json;
    json.BeginObject().Key("trades").BeginArray();
    for (const ports::PublicTrade& trade : *trades) WritePublicTrade(json, trade, symbol);
    json.EndArray().EndObject();
    call->Answer(json.Take());
  });
}

void RestApi::GetTicker(const CallPtr& call) {
  const QueryReader query(call->request, {});
  if (query.refusal()) return call->Refuse(*query.refusal());
  WithSymbol(call, [this, call](const Symbol& symbol) {
    const auto ticker = parts_.market.GetTicker(symbol.id);
    if (!ticker.ok()) return call->Refuse(RefusalOf(ticker.status(), RejectReason::kUnavailable));
    call->Answer(TickerJson(*ticker, symbol));
  });
}

void RestApi::GetCandles(const CallPtr& call) {
  QueryReader query(call->request, {"interval", "from", "to", "limit"});
  query.Require(query.Text("interval").value_or("1m") == "1m", "interval");
  const auto from_ms = static_cast<std::int64_t>(query.Number("from", 0, 0, kMaxTimeMs));
  const auto to_ms = static_cast<std::int64_t>(query.Number("to", kMaxTimeMs, 0, kMaxTimeMs));
  const std::size_t limit = query.Number("limit", kDefaultCandles, 1, kMaxRows);
  if (query.refusal()) return call->Refuse(*query.refusal());
  WithSymbol(call, [this, call, from_ms, to_ms, limit](const Symbol& symbol) {
    const auto candles = parts_.market.GetCandles(symbol.id, from_ms, to_ms, limit);
    if (!candles.ok()) return call->Refuse(RefusalOf(candles.status(), RejectReason::kUnavailable));
    JsonWriter json;
    json.BeginObject().Key("candles").BeginArray();
    for (const ports::Candle& candle : *candles) WriteCandle(json, candle, symbol);
    json.EndArray().EndObject();
    call->Answer(json.Take());
  });
}

void RestApi::GetTime(const CallPtr& call) {
  JsonWriter json;
  json.BeginObject().Key("time").Integer(parts_.clock.WallNs() / kNsPerMs).EndObject();
  call->Answer(json.Take());
}

void RestApi::GetInfraHealth(const CallPtr& call) {
  const InfraHealth health = parts_.infra_health();
  JsonWriter json;
  json.BeginObject();
  WriteProfile(health, json);
  json.Key("components").BeginArray();
  for (const InfraComponent& component : health.components) {
    json.BeginObject().Key("component").String(component.component);
    json.Key("status").String(component.status).Key("why").String(component.why);
    if (component.since_ms != 0) json.Key("since").Integer(component.since_ms);
    json.EndObject();
  }
  json.EndArray().EndObject();
  call->Answer(json.Take());
}

// What a SockJS client asks first, and the profile. Only the plain WebSocket transport exists.
void RestApi::GetWebSocketInfo(const CallPtr& call) {
  std::uint32_t entropy = 0;
  std::memcpy(&entropy, auth::RandomBytes(sizeof entropy).data(), sizeof entropy);
  JsonWriter json;
  json.BeginObject().Key("websocket").Bool(true).Key("origins").BeginArray().String("*:*").EndArray();
  json.Key("cookie_needed").Bool(false).Key("entropy").Unsigned(entropy);
  WriteProfile(parts_.infra_health(), json);
  json.EndObject();
  call->Answer(json.Take());
}

void RestApi::GetOpenApi(const CallPtr& call) { call->Answer(std::string(OpenApiJson())); }

}  // namespace xt::gateway
