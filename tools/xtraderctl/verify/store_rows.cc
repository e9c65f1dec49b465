#include "tools/xtraderctl/verify/store_rows.h"

#include <type_traits>

namespace xt::ctl {
namespace {

constexpr std::int64_t kDayNs = 86'400'000'000'000;
// The values of ledger.book.
constexpr int kAvailable = 1;
constexpr int kLocked = 2;
constexpr int kExternal = 3;

template <typename T>
std::string Text(const T& value) {
  if constexpr (std::is_same_v<T, bool>) {
    return value ? "t" : "f";
  } else if constexpr (std::is_enum_v<T> || std::is_integral_v<T>) {
    return std::to_string(static_cast<std::int64_t>(value));
  } else if constexpr (requires { value.view(); }) {
    return std::string(value.view());
  } else {
    return std::to_string(static_cast<std::int64_t>(value.value()));
  }
}

template <typename... Values>
StoreRow Row(const Values&... values) {
  return {Text(values)...};
}

StoreRow operator+(StoreRow row, const StoreRow& more) {
  row.insert(row.end(), more.begin(), more.end());
  return row;
}

const StoreRow& ReportColumns() {
  static const StoreRow columns{"account",
                                "client_order_id",
                                "symbol",
                                "side",
                                "type",
                                "time_in_force",
                                "execution_type",
                                "status",
                                "reject_reason",
                                "price",
                                "stop_price",
                                "quantity",
                                "quote_quantity",
                                "iceberg_quantity",
                                "executed_quantity",
                                "executed_quote",
                                "expire_time_ms",
                                "order_group",
                                "trade_id",
                                "last_price",
                                "last_quantity",
                                "fee",
                                "fee_asset",
                                "maker"};
  return columns;
}

StoreRow ReportRow(const domain::ExecutionReport& r) {
  return Row(r.account, r.client_order_id, r.symbol, r.side, r.type, r.time_in_force, r.execution_type, r.status,
             r.reject_reason, r.price, r.stop_price, r.quantity, r.quote_quantity, r.iceberg_quantity,
             r.executed_quantity, r.executed_quote, r.expire_time_ms, r.group, r.trade_id, r.last_price,
             r.last_quantity, r.fee, r.fee_asset, r.maker);
}

}  // namespace

namespace tables {

const Table& Assets() {
  static const Table table{"assets", 1, {"id", "decimals", "code"}};
  return table;
}
const Table& Symbols() {
  static const Table table{
      "symbols",
      1,
      {"id", "code", "base", "quote", "base_decimals", "quote_decimals", "tick_size", "lot_size", "min_notional",
       "max_quantity", "max_price", "maker_fee_bps", "taker_fee_bps", "status", "tick_lot_value"}};
  return table;
}
const Table& Accounts() {
  static const Table table{"accounts", 1, {"id", "name", "created_ns"}};
  return table;
}
const Table& AccountSettings() {
  static const Table table{
      "account_settings",
      1,
      {"account", "status", "fee_tier", "self_trade_prevention", "max_open_orders", "max_orders", "order_interval_ms"}};
  return table;
}
const Table& FeeTiers() {
  static const Table table{"fee_tiers", 1, {"id", "maker_fee_bps", "taker_fee_bps"}};
  return table;
}
const Table& SymbolLimits() {
  static const Table table{
      "symbol_limits",
      1,
      {"symbol", "max_notional", "max_position", "price_deviation_bps", "lower_price", "upper_price"}};
  return table;
}
const Table& Orders() {
  static const Table table{
      "orders", 1,
      StoreRow{"order_id"} + ReportColumns() +
          StoreRow{"created_sequence", "updated_sequence", "created_ns", "updated_ns", "first_status",
                   "first_executed_quantity", "first_executed_quote", "created_day_utc"}};
  return table;
}
const Table& Fills() {
  static const Table table{"fills", 2, StoreRow{"sequence", "event", "timestamp_ns", "order_id"} + ReportColumns()};
  return table;
}
const Table& Trades() {
  static const Table table{"trades",
                           2,
                           {"sequence", "event", "timestamp_ns", "trade_id", "symbol", "price", "quantity",
                            "taker_side", "maker_order_id", "taker_order_id", "maker_account", "taker_account"}};
  return table;
}
const Table& Ledger() {
  static const Table table{"ledger",
                           3,
                           {"sequence", "event", "entry", "timestamp_ns", "account", "asset", "book", "amount",
                            "reason", "order_id", "trade_id"}};
  return table;
}
const Table& Balances() {
  static const Table table{"balances", 2, {"account", "asset", "available", "locked", "updated_sequence"}};
  return table;
}
const Table& RiskDecisions() {
  static const Table table{
      "risk_decisions",
      2,
      {"sequence", "event", "timestamp_ns", "account", "symbol", "client_order_id", "rules_checked", "reason"}};
  return table;
}

}  // namespace tables

StoreRow RowOf(const domain::Asset& a) { return Row(a.id, a.decimals, a.code); }

StoreRow RowOf(const domain::Symbol& s) {
  return Row(s.id, s.code, s.base, s.quote, s.base_decimals, s.quote_decimals, s.tick_size, s.lot_size, s.min_notional,
             s.max_quantity, s.max_price, s.maker_fee_bps, s.taker_fee_bps, s.status, s.tick_lot_value);
}

StoreRow RowOf(const domain::AccountCreated& created, std::int64_t timestamp_ns) {
  return Row(created.account, created.name, timestamp_ns);
}

StoreRow RowOf(const domain::AccountChanged& changed) {
  const domain::AccountSettings& s = changed.settings;
  return Row(changed.account, changed.status, s.fee_tier, s.self_trade_prevention, s.max_open_orders, s.max_orders,
             s.order_interval_ms);
}

StoreRow RowOf(const domain::FeeTier& tier) { return Row(tier.id, tier.maker_fee_bps, tier.taker_fee_bps); }

StoreRow RowOf(const domain::SymbolLimitsChanged& changed) {
  const domain::SymbolLimits& l = changed.limits;
  return Row(changed.symbol, l.max_notional, l.max_position, l.price_deviation_bps, l.lower_price, l.upper_price);
}

StoreRow RowOf(const StoredOrder& o) {
  return Row(o.report.order_id) + ReportRow(o.report) +
         Row(o.created_sequence, o.updated_sequence, o.created_ns, o.updated_ns, o.first.status,
             o.first.executed_quantity, o.first.executed_quote, o.created_ns / kDayNs);
}

StoreRow RowOf(const domain::EventId& id, std::int64_t timestamp_ns, const domain::ExecutionReport& fill) {
  return Row(id.sequence, id.index, timestamp_ns, fill.order_id) + ReportRow(fill);
}

StoreRow RowOf(const domain::EventId& id, std::int64_t timestamp_ns, const domain::Trade& t) {
  return Row(id.sequence, id.index, timestamp_ns, t.trade_id, t.symbol, t.price, t.quantity, t.taker_side,
             t.maker_order_id, t.taker_order_id, t.maker_account, t.taker_account);
}

StoreRow RowOf(const domain::EventId& id, std::int64_t timestamp_ns, const domain::RiskDecision& d) {
  return Row(id.sequence, id.index, timestamp_ns, d.account, d.symbol, d.client_order_id, d.rules_checked, d.reason);
}

StoreRow RowOf(const domain::BalanceChange& last, domain::SequenceNumber sequence) {
  return Row(last.account, last.asset, last.available, last.locked, sequence);
}

std::vector<StoreRow> PostingsOf(const domain::EventId& id, std::int64_t timestamp_ns,
                                 const domain::BalanceChange& change) {
  std::vector<StoreRow> rows;
  const auto post = [&](int book, domain::Amount amount) {
    if (amount.value() == 0) return;
    rows.push_back(Row(id.sequence, id.index, rows.size() + 1, timestamp_ns, change.account, change.asset, book, amount,
                       change.reason, change.order_id, change.trade_id));
  };
  post(kAvailable, change.available_delta);
  post(kLocked, change.locked_delta);
  if (change.reason == domain::BalanceReason::kDeposit || change.reason == domain::BalanceReason::kWithdrawal) {
    post(kExternal, -(change.available_delta + change.locked_delta));
  }
  return rows;
}

}  // namespace xt::ctl
