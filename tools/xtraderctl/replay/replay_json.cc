#include "tools/xtraderctl/replay/replay_json.h"

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

#include "libs/domain/decimal.h"
#include "libs/domain/names.h"
#include "libs/domain/reject_reason.h"

namespace xt::ctl {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t kLevels = 10;  // of each side

template <typename Id>
std::string Text(Id id) {
  return std::to_string(id.value());
}

std::string AmountText(const matching::Engine& engine, domain::AssetId asset, std::int64_t units) {
  return domain::FormatDecimal(units, engine.assets().at(asset.value()).decimals);
}

std::string AssetCode(const matching::Engine& engine, domain::AssetId asset) {
  return std::string(engine.assets().at(asset.value()).code.view());
}

ordered_json SideJson(const domain::Symbol& symbol, const std::vector<domain::BookLevel>& levels) {
  ordered_json side = ordered_json::array();
  for (const domain::BookLevel& level : levels) {
    side.push_back({domain::FormatPrice(symbol, level.price), domain::FormatQuantity(symbol, level.quantity)});
  }
  return side;
}

void AddBalances(domain::AccountId account, const matching::Engine& engine, ordered_json& balances) {
  for (const domain::Asset& asset : engine.assets()) {
    const matching::Balance balance = engine.accounts().At(account, asset.id);
    if (balance == matching::Balance{}) continue;
    balances.push_back({{"account", Text(account)},
                        {"asset", asset.code.view()},
                        {"available", domain::FormatDecimal(balance.available, asset.decimals)},
                        {"locked", domain::FormatDecimal(balance.locked, asset.decimals)}});
  }
}

// What an order is; what happened to it comes behind.
ordered_json OrderJson(const domain::ExecutionReport& report, const domain::Symbol& symbol) {
  ordered_json order{{"orderId", Text(report.order_id)},
                     {"account", Text(report.account)},
                     {"clientOrderId", report.client_order_id.view()},
                     {"symbol", symbol.code.view()},
                     {"side", domain::NameOf(report.side)},
                     {"orderType", domain::NameOf(report.type)},
                     {"timeInForce", domain::NameOf(report.time_in_force)},
                     {"status", domain::NameOf(report.status)},
                     {"price", domain::FormatPrice(symbol, report.price)},
                     {"quantity", domain::FormatQuantity(symbol, report.quantity)},
                     {"executedQuantity", domain::FormatQuantity(symbol, report.executed_quantity)}};
  if (report.stop_price.value() != 0) order["stopPrice"] = domain::FormatPrice(symbol, report.stop_price);
  return order;
}

ordered_json OpenOrdersJson(const matching::Engine& engine, const OpenOrders& orders,
                            const std::optional<domain::AccountId>& account) {
  ordered_json out = ordered_json::array();
  for (const auto& [id, order] : orders.all()) {
    if (account && order.report.account != *account) continue;
    out.push_back(OrderJson(order.report, engine.symbol(order.report.symbol)));
    out.back()["sequence"] = order.entered.value();
  }
  return out;
}

ordered_json EventJson(const domain::ExecutionReport& report, const matching::Engine& engine) {
  const domain::Symbol& symbol = engine.symbol(report.symbol);
  ordered_json out{{"event", domain::NameOf(report.execution_type)}};
  out.update(OrderJson(report, symbol));
  if (report.execution_type != domain::ExecutionType::kTrade) return out;
  out["tradeId"] = Text(report.trade_id);
  out["lastPrice"] = domain::FormatPrice(symbol, report.last_price);
  out["lastQuantity"] = domain::FormatQuantity(symbol, report.last_quantity);
  out["fee"] = AmountText(engine, report.fee_asset, report.fee.value());
  out["feeAsset"] = AssetCode(engine, report.fee_asset);
  out["maker"] = report.maker;
  return out;
}

ordered_json EventJson(const domain::Trade& trade, const matching::Engine& engine) {
  const domain::Symbol& symbol = engine.symbol(trade.symbol);
  return {{"event", "MATCH"},
          {"tradeId", Text(trade.trade_id)},
          {"lastPrice", domain::FormatPrice(symbol, trade.price)},
          {"lastQuantity", domain::FormatQuantity(symbol, trade.quantity)},
          {"makerOrderId", Text(trade.maker_order_id)},
          {"takerOrderId", Text(trade.taker_order_id)}};
}

ordered_json EventJson(const domain::BalanceChange& change, const matching::Engine& engine) {
  const auto amount = [&](domain::Amount units) { return AmountText(engine, change.asset, units.value()); };
  return {{"event", "BALANCE"},
          {"reason", domain::NameOf(change.reason)},
          {"account", Text(change.account)},
          {"asset", AssetCode(engine, change.asset)},
          {"availableDelta", amount(change.available_delta)},
          {"lockedDelta", amount(change.locked_delta)},
          {"available", amount(change.available)},
          {"locked", amount(change.locked)}};
}

}  // namespace

ordered_json HeadJson(const JournalSource& source, const Player& player) {
  return {{"journal", source.name()},
          {"note", player.note()},
          {"sequence", player.engine().applied().value()},
          {"time", FormatTime(player.timestamp_ns())},
          {"epoch", player.engine().epoch().value()},
          {"digest", player.engine().Digest().ToHex()}};
}

void AddState(const matching::Engine& engine, const OpenOrders& orders, ordered_json& out) {
  out["books"] = ordered_json::array();
  for (const domain::Symbol& symbol : engine.symbols()) {
    const domain::BookSnapshot book = engine.Snapshot(symbol.id, kLevels);
    out["books"].push_back({{"symbol", symbol.code.view()},
                            {"status", domain::NameOf(symbol.status)},
                            {"bids", SideJson(symbol, book.bids)},
                            {"asks", SideJson(symbol, book.asks)}});
  }
  out["balances"] = ordered_json::array();
  AddBalances(domain::kFeeAccount, engine, out["balances"]);
  for (domain::AccountId account(1); engine.accounts().Exists(account); ++account) {
    AddBalances(account, engine, out["balances"]);
  }
  out["openOrders"] = OpenOrdersJson(engine, orders, std::nullopt);
}

void AddAccount(domain::AccountId account, const matching::Engine& engine, const OpenOrders& orders,
                ordered_json& out) {
  out["account"] = {{"id", Text(account)},
                    {"name", engine.accounts().Record(account).name.view()},
                    {"status", domain::NameOf(engine.accounts().Head(account).status)}};
  out["balances"] = ordered_json::array();
  AddBalances(account, engine, out["balances"]);
  out["openOrders"] = OpenOrdersJson(engine, orders, account);
}

void AddLife(domain::OrderId order, const std::vector<LifeEvent>& life, const matching::Engine& engine,
             ordered_json& out) {
  out["order"] = Text(order);
  out["events"] = ordered_json::array();
  for (const LifeEvent& one : life) {
    ordered_json event{
        {"sequence", one.id.sequence.value()}, {"index", one.id.index}, {"time", FormatTime(one.timestamp_ns)}};
    std::visit(
        [&](const auto& body) {
          if constexpr (requires { EventJson(body, engine); }) event.update(EventJson(body, engine));
        },
        one.event);
    out["events"].push_back(std::move(event));
  }
}

}  // namespace xt::ctl
