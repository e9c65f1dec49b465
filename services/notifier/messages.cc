#include "services/notifier/messages.h"

#include <nlohmann/json.hpp>
#include <optional>

#include "libs/domain/decimal.h"
#include "libs/domain/names.h"

namespace xt::notifier {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t kNsPerMs = 1'000'000;

Json Head(std::string_view type, const domain::Symbol& symbol, domain::SequenceNumber sequence) {
  return {{"type", type}, {"symbol", symbol.code.view()}, {"sequence", sequence.value()}};
}

Json Levels(const std::vector<domain::BookLevel>& levels, const domain::Symbol& symbol) {
  Json out = Json::array();
  for (const domain::BookLevel& level : levels) {
    out.push_back({domain::FormatPrice(symbol, level.price), domain::FormatQuantity(symbol, level.quantity)});
  }
  return out;
}

Json Changes(const std::vector<domain::BookChange>& changes, domain::Side side, const domain::Symbol& symbol) {
  Json out = Json::array();
  for (const domain::BookChange& change : changes) {
    if (change.side != side) continue;
    out.push_back({domain::FormatPrice(symbol, change.price), domain::FormatQuantity(symbol, change.quantity)});
  }
  return out;
}

// What only some orders have.
void AddTerms(const domain::ExecutionReport& report, const domain::Symbol& symbol, Json& out) {
  if (report.stop_price.value() != 0) out["stopPrice"] = domain::FormatPrice(symbol, report.stop_price);
  if (report.iceberg_quantity.value() != 0) {
    out["icebergQuantity"] = domain::FormatQuantity(symbol, report.iceberg_quantity);
  }
  if (report.expire_time_ms != 0) out["expireTime"] = report.expire_time_ms;
  if (report.group.value() != 0) out["group"] = report.group.value();
}

Json PriceOrNull(std::optional<domain::Price> price, const domain::Symbol& symbol) {
  return price ? Json(domain::FormatPrice(symbol, *price)) : Json(nullptr);
}

}  // namespace

std::string TradeMessage(const wire::MarketTrade& trade, const domain::Symbol& symbol) {
  Json out = Head("trade", symbol, trade.id.sequence);
  out["index"] = trade.id.index;
  out["tradeId"] = std::to_string(trade.trade_id.value());
  out["price"] = domain::FormatPrice(symbol, trade.price);
  out["quantity"] = domain::FormatQuantity(symbol, trade.quantity);
  out["takerSide"] = domain::NameOf(trade.taker_side);
  out["time"] = trade.timestamp_ns / kNsPerMs;
  return out.dump();
}

std::string SnapshotMessage(const domain::BookSnapshot& snapshot, const domain::Symbol& symbol) {
  Json out = Head("snapshot", symbol, snapshot.sequence);
  out["bids"] = Levels(snapshot.bids, symbol);
  out["asks"] = Levels(snapshot.asks, symbol);
  return out.dump();
}

std::string BookMessage(const wire::MarketDepth& depth, domain::SequenceNumber previous, const domain::Symbol& symbol) {
  Json out = Head("book", symbol, depth.sequence);
  out["previousSequence"] = previous.value();
  out["bids"] = Changes(depth.changes, domain::Side::kBuy, symbol);
  out["asks"] = Changes(depth.changes, domain::Side::kSell, symbol);
  out["time"] = depth.timestamp_ns / kNsPerMs;
  return out.dump();
}

std::string TickerMessage(const ports::Ticker& ticker, const domain::Symbol& symbol) {
  Json out = Head("ticker", symbol, ticker.sequence);
  out["last"] = PriceOrNull(ticker.last, symbol);
  out["open"] = PriceOrNull(ticker.open, symbol);
  out["high"] = PriceOrNull(ticker.high, symbol);
  out["low"] = PriceOrNull(ticker.low, symbol);
  out["bestBid"] = PriceOrNull(ticker.best_bid, symbol);
  out["bestBidQuantity"] = domain::FormatQuantity(symbol, ticker.best_bid_quantity);
  out["bestAsk"] = PriceOrNull(ticker.best_ask, symbol);
  out["bestAskQuantity"] = domain::FormatQuantity(symbol, ticker.best_ask_quantity);
  out["volume"] = domain::FormatQuantity(symbol, ticker.volume);
  out["quoteVolume"] = domain::FormatDecimal(ticker.quote_volume.value(), symbol.quote_decimals);
  out["trades"] = ticker.trade_count;
  out["time"] = ticker.timestamp_ns / kNsPerMs;
  return out.dump();
}

std::string ExecutionMessage(domain::EventId id, std::int64_t timestamp_ns, const domain::ExecutionReport& report,
                             const domain::Symbol& symbol, const domain::Asset& fee_asset) {
  Json out = Head("execution", symbol, id.sequence);
  out["index"] = id.index;
  out["orderId"] = std::to_string(report.order_id.value());
  out["clientOrderId"] = report.client_order_id.view();
  out["side"] = domain::NameOf(report.side);
  out["orderType"] = domain::NameOf(report.type);
  out["timeInForce"] = domain::NameOf(report.time_in_force);
  out["executionType"] = domain::NameOf(report.execution_type);
  out["status"] = domain::NameOf(report.status);
  out["price"] = domain::FormatPrice(symbol, report.price);
  out["quantity"] = domain::FormatQuantity(symbol, report.quantity);
  out["executedQuantity"] = domain::FormatQuantity(symbol, report.executed_quantity);
  AddTerms(report, symbol, out);
  if (report.execution_type == domain::ExecutionType::kTrade) {
    out["tradeId"] = std::to_string(report.trade_id.value());
    out["lastPrice"] = domain::FormatPrice(symbol, report.last_price);
    out["lastQuantity"] = domain::FormatQuantity(symbol, report.last_quantity);
    out["fee"] = domain::FormatDecimal(report.fee.value(), fee_asset.decimals);
    out["feeAsset"] = fee_asset.code.view();
    out["maker"] = report.maker;
  }
  out["time"] = timestamp_ns / kNsPerMs;
  return out.dump();
}

std::string BalanceMessage(domain::EventId id, std::int64_t timestamp_ns, const domain::BalanceChange& change,
                           const domain::Asset& asset) {
  const Json out{{"type", "balance"},
                 {"sequence", id.sequence.value()},
                 {"index", id.index},
                 {"asset", asset.code.view()},
                 {"available", domain::FormatDecimal(change.available.value(), asset.decimals)},
                 {"locked", domain::FormatDecimal(change.locked.value(), asset.decimals)},
                 {"reason", domain::NameOf(change.reason)},
                 {"time", timestamp_ns / kNsPerMs}};
  return out.dump();
}

std::string ResultMessage(std::string_view id, const std::vector<std::string>& channels, std::string_view account) {
  Json out{{"type", "result"}, {"id", Json::parse(id, nullptr, false)}, {"channels", channels}};
  if (!account.empty()) out["account"] = account;
  return out.dump();
}

std::string ErrorMessage(std::string_view id, domain::RejectReason reason, std::string_view field) {
  Json out{{"type", "error"},
           {"id", Json::parse(id, nullptr, false)},
           {"code", domain::RejectReasonCode(reason)},
           {"message", domain::RejectReasonText(reason)}};
  if (!field.empty()) out["field"] = field;
  return out.dump();
}

}  // namespace xt::notifier
