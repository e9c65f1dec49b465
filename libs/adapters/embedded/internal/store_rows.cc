#include "libs/adapters/embedded/internal/store_rows.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"

namespace xt::embedded::rows {
namespace {

using domain::ExecutionReport;
using ports::OrderRow;
using sqlite::Connection;
using sqlite::Statement;

constexpr std::int64_t kDayNs = 86'400'000'000'000;

// Floor division, right also before 1970.
std::int64_t DayOf(std::int64_t time_ns) { return time_ns / kDayNs - (time_ns % kDayNs < 0 ? 1 : 0); }

constexpr char kReportColumns[] =
    "symbol, side, type, time_in_force, execution_type, status, reject_reason, price, quantity, quote_quantity, "
    "executed_quantity, executed_quote, expire_time_ms, trade_id, last_price, last_quantity, fee, fee_asset, maker, "
    "stop_price, iceberg_quantity, order_group";

template <typename Report, typename Visit>
void WithReport(Report& r, const Visit& visit) {
  visit(r.symbol, r.side, r.type, r.time_in_force, r.execution_type, r.status, r.reject_reason, r.price, r.quantity,
        r.quote_quantity, r.executed_quantity, r.executed_quote, r.expire_time_ms, r.trade_id, r.last_price,
        r.last_quantity, r.fee, r.fee_asset, r.maker, r.stop_price, r.iceberg_quantity, r.group);
}

std::string Placeholders(int count) {
  std::string text = "?";
  for (int i = 1; i < count; ++i) text += ",?";
  return text;
}

std::string Replace(const std::string& table, const std::string& columns, int count) {
  return absl::StrCat("INSERT OR REPLACE INTO ", table, " (", columns, ") VALUES (", Placeholders(count), ")");
}

const std::string& OrderUpsert() {
  static const std::string sql = absl::StrCat(
      "INSERT INTO orders (order_id, account, client_order_id, created_day_utc, ", kReportColumns,
      ", created_sequence, updated_sequence, created_ns, updated_ns, first_status, first_executed_quantity, "
      "first_executed_quote) VALUES (",
      Placeholders(33),
      ") ON CONFLICT (order_id) DO UPDATE SET execution_type = excluded.execution_type, status = excluded.status, "
      "reject_reason = excluded.reject_reason, price = excluded.price, quantity = excluded.quantity, "
      "quote_quantity = excluded.quote_quantity, executed_quantity = excluded.executed_quantity, "
      "executed_quote = excluded.executed_quote, expire_time_ms = excluded.expire_time_ms, trade_id = "
      "excluded.trade_id, "
      "last_price = excluded.last_price, last_quantity = excluded.last_quantity, fee = excluded.fee, "
      "fee_asset = excluded.fee_asset, maker = excluded.maker, updated_sequence = excluded.updated_sequence, "
      "updated_ns = excluded.updated_ns WHERE excluded.updated_sequence > orders.updated_sequence");
  return sql;
}

// The latest other order of this name must be closed and 24 h older.
absl::Status CheckClientOrderId(Connection& connection, const OrderRow& order) {
  XT_ASSIGN_OR_RETURN(
      Statement * statement,
      connection.Prepare("SELECT order_id, created_ns, status IN (1, 2) FROM orders WHERE account = ? AND "
                         "client_order_id = ? AND order_id <> ? ORDER BY created_day_utc DESC LIMIT 1"));
  statement->Bind(order.report.account, order.report.client_order_id, order.report.order_id);
  sqlite::Use use(*statement);
  XT_ASSIGN_OR_RETURN(const bool found, use->Step());
  if (!found) return absl::OkStatus();
  std::uint64_t other = 0;
  std::int64_t created_ns = 0;
  bool open = false;
  use->Columns(other, created_ns, open);
  if (!open && order.created_ns - created_ns >= kDayNs) return absl::OkStatus();
  return absl::AlreadyExistsError(absl::StrCat(
      "orders ", other, " and ", order.report.order_id.value(), " of account ", order.report.account.value(),
      " have one client order id: ", std::string(order.report.client_order_id.view())));
}

absl::Status PutOrder(Connection& connection, const OrderRow& order) {
  XT_ASSIGN_OR_RETURN(Statement * statement, connection.Prepare(OrderUpsert()));
  WithReport(order.report, [&](const auto&... report) {
    statement->Bind(order.report.order_id, order.report.account, order.report.client_order_id, DayOf(order.created_ns),
                    report..., order.created_sequence, order.updated_sequence, order.created_ns, order.updated_ns,
                    order.first_status, order.first_executed_quantity, order.first_executed_quote);
  });
  return statement->Run();
}

}  // namespace

absl::Status PutOrders(Connection& connection, const ports::StoreBatch& batch) {
  // By age, so that an order that closes in this batch makes its name free for a later one.
  std::vector<const OrderRow*> orders;
  orders.reserve(batch.orders.size());
  for (const OrderRow& order : batch.orders) orders.push_back(&order);
  std::stable_sort(orders.begin(), orders.end(),
                   [](const OrderRow* a, const OrderRow* b) { return a->created_sequence < b->created_sequence; });
  for (const OrderRow* order : orders) {
    if (order->created_sequence > batch.previous_watermark) XT_RETURN_IF_ERROR(CheckClientOrderId(connection, *order));
    XT_RETURN_IF_ERROR(PutOrder(connection, *order));
  }
  return absl::OkStatus();
}

absl::Status PutFills(Connection& connection, const std::vector<ports::FillRow>& fills) {
  if (fills.empty()) return absl::OkStatus();
  static const std::string sql =
      absl::StrCat("INSERT INTO fills (sequence, event, timestamp_ns, account, order_id, client_order_id, ",
                   kReportColumns, ") VALUES (", Placeholders(28), ") ON CONFLICT (sequence, event) DO NOTHING");
  XT_ASSIGN_OR_RETURN(Statement * statement, connection.Prepare(sql));
  for (const ports::FillRow& fill : fills) {
    WithReport(fill.report, [&](const auto&... report) {
      statement->Bind(fill.id.sequence, fill.id.index, fill.timestamp_ns, fill.report.account, fill.report.order_id,
                      fill.report.client_order_id, report...);
    });
    XT_RETURN_IF_ERROR(statement->Run());
  }
  return absl::OkStatus();
}

absl::Status PutTrades(Connection& connection, const std::vector<ports::TradeRow>& trades) {
  if (trades.empty()) return absl::OkStatus();
  XT_ASSIGN_OR_RETURN(
      Statement * statement,
      connection.Prepare(
          "INSERT INTO trades (sequence, event, timestamp_ns, trade_id, symbol, price, quantity, taker_side, "
          "maker_order_id, taker_order_id, maker_account, taker_account) VALUES (?,?,?,?,?,?,?,?,?,?,?,?) "
          "ON CONFLICT (sequence, event) DO NOTHING"));
  for (const ports::TradeRow& row : trades) {
    const domain::Trade& t = row.trade;
    statement->Bind(row.id.sequence, row.id.index, row.timestamp_ns, t.trade_id, t.symbol, t.price, t.quantity,
                    t.taker_side, t.maker_order_id, t.taker_order_id, t.maker_account, t.taker_account);
    XT_RETURN_IF_ERROR(statement->Run());
  }
  return absl::OkStatus();
}

absl::Status PutLedger(Connection& connection, const std::vector<ports::LedgerRow>& ledger) {
  if (ledger.empty()) return absl::OkStatus();
  XT_ASSIGN_OR_RETURN(
      Statement * statement,
      connection.Prepare(
          "INSERT INTO ledger (sequence, event, entry, timestamp_ns, account, asset, book, amount, reason, "
          "order_id, trade_id) VALUES (?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT (sequence, event, entry) DO NOTHING"));
  for (const ports::LedgerRow& row : ledger) {
    statement->Bind(row.id.sequence, row.id.index, row.entry, row.timestamp_ns, row.account, row.asset, row.book,
                    row.amount, row.reason, row.order_id, row.trade_id);
    XT_RETURN_IF_ERROR(statement->Run());
  }
  return absl::OkStatus();
}

absl::Status PutRiskDecisions(Connection& connection, const std::vector<ports::RiskRow>& decisions) {
  if (decisions.empty()) return absl::OkStatus();
  static const std::string sql = absl::StrCat("INSERT INTO risk_decisions (", kRiskColumns, ") VALUES (",
                                              Placeholders(8), ") ON CONFLICT (sequence, event) DO NOTHING");
  XT_ASSIGN_OR_RETURN(Statement * statement, connection.Prepare(sql));
  for (const ports::RiskRow& row : decisions) {
    const domain::RiskDecision& d = row.decision;
    statement->Bind(row.id.sequence, row.id.index, row.timestamp_ns, d.account, d.symbol, d.client_order_id,
                    d.rules_checked, d.reason);
    XT_RETURN_IF_ERROR(statement->Run());
  }
  return absl::OkStatus();
}

absl::Status PutBalances(Connection& connection, const std::vector<ports::BalanceRow>& balances) {
  XT_ASSIGN_OR_RETURN(
      Statement * statement,
      connection.Prepare(
          "INSERT INTO balances (account, asset, available, locked, updated_sequence) VALUES (?,?,?,?,?) "
          "ON CONFLICT (account, asset) DO UPDATE SET available = excluded.available, "
          "locked = excluded.locked, updated_sequence = excluded.updated_sequence "
          "WHERE excluded.updated_sequence > balances.updated_sequence"));
  for (const ports::BalanceRow& row : balances) {
    statement->Bind(row.account, row.asset, row.available, row.locked, row.updated_sequence);
    XT_RETURN_IF_ERROR(statement->Run());
  }
  return absl::OkStatus();
}

absl::Status PutReferenceData(Connection& connection, const ports::StoreBatch& batch) {
  for (const ports::AccountRow& row : batch.accounts) {
    XT_ASSIGN_OR_RETURN(Statement * statement,
                        connection.Prepare("INSERT OR REPLACE INTO accounts (id, name, created_ns) "
                                           "VALUES (?,?,?)"));
    statement->Bind(row.id, row.name, row.created_ns);
    XT_RETURN_IF_ERROR(statement->Run());
  }
  for (const domain::Asset& asset : batch.assets) {
    XT_ASSIGN_OR_RETURN(Statement * statement,
                        connection.Prepare("INSERT OR REPLACE INTO assets (id, code, decimals) VALUES (?,?,?)"));
    statement->Bind(asset.id, asset.code, asset.decimals);
    XT_RETURN_IF_ERROR(statement->Run());
  }
  static const std::string symbol_sql = Replace("symbols", kSymbolColumns, 15);
  for (const domain::Symbol& s : batch.symbols) {
    XT_ASSIGN_OR_RETURN(Statement * statement, connection.Prepare(symbol_sql));
    statement->Bind(s.id, s.code, s.base, s.quote, s.base_decimals, s.quote_decimals, s.tick_size, s.lot_size,
                    s.min_notional, s.max_quantity, s.max_price, s.maker_fee_bps, s.taker_fee_bps, s.status,
                    s.tick_lot_value);
    XT_RETURN_IF_ERROR(statement->Run());
  }
  return absl::OkStatus();
}

absl::Status PutRules(Connection& connection, const ports::StoreBatch& batch) {
  static const std::string settings_sql = Replace("account_settings", kAccountSettingsColumns, 7);
  for (const ports::AccountSettingsRow& row : batch.account_settings) {
    XT_ASSIGN_OR_RETURN(Statement * statement, connection.Prepare(settings_sql));
    const domain::AccountSettings& s = row.settings;
    statement->Bind(row.account, row.status, s.fee_tier, s.self_trade_prevention, s.max_open_orders, s.max_orders,
                    s.order_interval_ms);
    XT_RETURN_IF_ERROR(statement->Run());
  }
  static const std::string tier_sql = Replace("fee_tiers", kFeeTierColumns, 3);
  for (const domain::FeeTier& tier : batch.fee_tiers) {
    XT_ASSIGN_OR_RETURN(Statement * statement, connection.Prepare(tier_sql));
    statement->Bind(tier.id, tier.maker_fee_bps, tier.taker_fee_bps);
    XT_RETURN_IF_ERROR(statement->Run());
  }
  static const std::string limits_sql = Replace("symbol_limits", kSymbolLimitsColumns, 6);
  for (const ports::SymbolLimitsRow& row : batch.symbol_limits) {
    XT_ASSIGN_OR_RETURN(Statement * statement, connection.Prepare(limits_sql));
    const domain::SymbolLimits& l = row.limits;
    statement->Bind(row.symbol, l.max_notional, l.max_position, l.price_deviation_bps, l.lower_price, l.upper_price);
    XT_RETURN_IF_ERROR(statement->Run());
  }
  return absl::OkStatus();
}

std::string OrderColumns() {
  return absl::StrCat("order_id, account, client_order_id, ", kReportColumns,
                      ", created_sequence, updated_sequence, created_ns, updated_ns, first_status, "
                      "first_executed_quantity, first_executed_quote");
}

std::string FillColumns() {
  return absl::StrCat("sequence, event, timestamp_ns, account, order_id, client_order_id, ", kReportColumns);
}

void ReadOrder(Statement& row, OrderRow& order) {
  WithReport(order.report, [&](auto&... report) {
    row.Columns(order.report.order_id, order.report.account, order.report.client_order_id, report...,
                order.created_sequence, order.updated_sequence, order.created_ns, order.updated_ns, order.first_status,
                order.first_executed_quantity, order.first_executed_quote);
  });
}

void ReadFill(Statement& row, ports::FillRow& fill) {
  WithReport(fill.report, [&](auto&... report) {
    row.Columns(fill.id.sequence, fill.id.index, fill.timestamp_ns, fill.report.account, fill.report.order_id,
                fill.report.client_order_id, report...);
  });
}

void ReadRiskDecision(Statement& row, ports::RiskRow& decision) {
  domain::RiskDecision& d = decision.decision;
  row.Columns(decision.id.sequence, decision.id.index, decision.timestamp_ns, d.account, d.symbol, d.client_order_id,
              d.rules_checked, d.reason);
}

void ReadSymbol(Statement& row, domain::Symbol& s) {
  row.Columns(s.id, s.code, s.base, s.quote, s.base_decimals, s.quote_decimals, s.tick_size, s.lot_size, s.min_notional,
              s.max_quantity, s.max_price, s.maker_fee_bps, s.taker_fee_bps, s.status, s.tick_lot_value);
}

void ReadAccountSettings(Statement& row, ports::AccountSettingsRow& account) {
  domain::AccountSettings& s = account.settings;
  row.Columns(account.account, account.status, s.fee_tier, s.self_trade_prevention, s.max_open_orders, s.max_orders,
              s.order_interval_ms);
}

void ReadFeeTier(Statement& row, domain::FeeTier& tier) {
  row.Columns(tier.id, tier.maker_fee_bps, tier.taker_fee_bps);
}

void ReadSymbolLimits(Statement& row, ports::SymbolLimitsRow& symbol) {
  domain::SymbolLimits& l = symbol.limits;
  row.Columns(symbol.symbol, l.max_notional, l.max_position, l.price_deviation_bps, l.lower_price, l.upper_price);
}

}  // namespace xt::embedded::rows
