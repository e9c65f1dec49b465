#include "libs/adapters/postgres/internal/rows.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "libs/adapters/postgres/internal/bulk_insert.h"

namespace xt::postgres::rows {
namespace {

using ports::OrderRow;

constexpr std::int64_t kDayNs = 86'400'000'000'000;

// Floor division, right also before 1970.
std::int64_t DayOf(std::int64_t time_ns) { return time_ns / kDayNs - (time_ns % kDayNs < 0 ? 1 : 0); }

constexpr char kEventId[] = "(sequence, event)";

Columns ReportColumns() {
  return {{"symbol", "integer"},
          {"side", "smallint"},
          {"type", "smallint"},
          {"time_in_force", "smallint"},
          {"execution_type", "smallint"},
          {"status", "smallint"},
          {"reject_reason", "smallint"},
          {"price", "bigint"},
          {"quantity", "bigint"},
          {"quote_quantity", "bigint"},
          {"executed_quantity", "bigint"},
          {"executed_quote", "bigint"},
          {"expire_time_ms", "bigint"},
          {"trade_id", "bigint"},
          {"last_price", "bigint"},
          {"last_quantity", "bigint"},
          {"fee", "bigint"},
          {"fee_asset", "integer"},
          {"maker", "boolean"},
          {"stop_price", "bigint"},
          {"iceberg_quantity", "bigint"},
          {"order_group", "bigint"}};
}

template <typename Report, typename Visit>
void WithReport(Report& r, const Visit& visit) {
  visit(r.symbol, r.side, r.type, r.time_in_force, r.execution_type, r.status, r.reject_reason, r.price, r.quantity,
        r.quote_quantity, r.executed_quantity, r.executed_quote, r.expire_time_ms, r.trade_id, r.last_price,
        r.last_quantity, r.fee, r.fee_asset, r.maker, r.stop_price, r.iceberg_quantity, r.group);
}

// Events beyond the watermark are not there: what it covers is stored in the same transaction.
struct Beyond {
  domain::SequenceNumber watermark;
  template <typename Row>
  bool operator()(const Row& row) const {
    return row.id.sequence > watermark;
  }
};

struct MayBeThere {
  template <typename Row>
  bool operator()(const Row&) const {
    return false;
  }
};

Columns Joined(Columns first, const Columns& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

const BulkInsert& Orders() {
  static const BulkInsert insert(
      "orders",
      Joined(Joined({{"order_id", "bigint"}, {"account", "bigint"}, {"client_order_id", "text"}}, ReportColumns()),
             {{"created_sequence", "bigint"},
              {"updated_sequence", "bigint"},
              {"created_ns", "bigint"},
              {"updated_ns", "bigint"},
              {"first_status", "smallint"},
              {"first_executed_quantity", "bigint"},
              {"first_executed_quote", "bigint"},
              {"created_day_utc", "integer"}}),
      MoveForward("orders", "(order_id)",
                  {"execution_type", "status", "reject_reason", "price", "quantity", "quote_quantity",
                   "executed_quantity", "executed_quote", "expire_time_ms", "trade_id", "last_price", "last_quantity",
                   "fee", "fee_asset", "maker", "updated_sequence", "updated_ns"}));
  return insert;
}

const BulkInsert& Fills() {
  static const BulkInsert insert("fills",
                                 Joined({{"sequence", "bigint"},
                                         {"event", "integer"},
                                         {"timestamp_ns", "bigint"},
                                         {"account", "bigint"},
                                         {"order_id", "bigint"},
                                         {"client_order_id", "text"}},
                                        ReportColumns()),
                                 Ignore(kEventId));
  return insert;
}

const BulkInsert& Trades() {
  static const BulkInsert insert("trades",
                                 {{"sequence", "bigint"},
                                  {"event", "integer"},
                                  {"timestamp_ns", "bigint"},
                                  {"trade_id", "bigint"},
                                  {"symbol", "integer"},
                                  {"price", "bigint"},
                                  {"quantity", "bigint"},
                                  {"taker_side", "smallint"},
                                  {"maker_order_id", "bigint"},
                                  {"taker_order_id", "bigint"},
                                  {"maker_account", "bigint"},
                                  {"taker_account", "bigint"}},
                                 Ignore(kEventId));
  return insert;
}

const BulkInsert& Ledger() {
  static const BulkInsert insert("ledger",
                                 {{"sequence", "bigint"},
                                  {"event", "integer"},
                                  {"entry", "integer"},
                                  {"timestamp_ns", "bigint"},
                                  {"account", "bigint"},
                                  {"asset", "integer"},
                                  {"book", "smallint"},
                                  {"amount", "bigint"},
                                  {"reason", "smallint"},
                                  {"order_id", "bigint"},
                                  {"trade_id", "bigint"}},
                                 Ignore("(sequence, event, entry)"));
  return insert;
}

const BulkInsert& RiskDecisions() {
  static const BulkInsert insert("risk_decisions",
                                 {{"sequence", "bigint"},
                                  {"event", "integer"},
                                  {"timestamp_ns", "bigint"},
                                  {"account", "bigint"},
                                  {"symbol", "integer"},
                                  {"client_order_id", "text"},
                                  {"rules_checked", "bigint"},
                                  {"reason", "smallint"}},
                                 Ignore(kEventId));
  return insert;
}

const BulkInsert& Balances() {
  static const BulkInsert insert(
      "balances",
      {{"account", "bigint"},
       {"asset", "integer"},
       {"available", "bigint"},
       {"locked", "bigint"},
       {"updated_sequence", "bigint"}},
      MoveForward("balances", "(account, asset)", {"available", "locked", "updated_sequence"}));
  return insert;
}

const BulkInsert& Accounts() {
  static const BulkInsert insert("accounts", {{"id", "bigint"}, {"name", "text"}, {"created_ns", "bigint"}},
                                 Replace("(id)", {"name", "created_ns"}));
  return insert;
}

const BulkInsert& Assets() {
  static const BulkInsert insert("assets", {{"id", "integer"}, {"code", "text"}, {"decimals", "smallint"}},
                                 Replace("(id)", {"code", "decimals"}));
  return insert;
}

const BulkInsert& Symbols() {
  static const BulkInsert insert("symbols",
                                 {{"id", "integer"},
                                  {"code", "text"},
                                  {"base", "integer"},
                                  {"quote", "integer"},
                                  {"base_decimals", "smallint"},
                                  {"quote_decimals", "smallint"},
                                  {"tick_size", "bigint"},
                                  {"lot_size", "bigint"},
                                  {"min_notional", "bigint"},
                                  {"max_quantity", "bigint"},
                                  {"max_price", "bigint"},
                                  {"maker_fee_bps", "integer"},
                                  {"taker_fee_bps", "integer"},
                                  {"status", "smallint"},
                                  {"tick_lot_value", "bigint"}},
                                 Replace("(id)", {"code", "base", "quote", "base_decimals", "quote_decimals",
                                                  "tick_size", "lot_size", "min_notional", "max_quantity", "max_price",
                                                  "maker_fee_bps", "taker_fee_bps", "status", "tick_lot_value"}));
  return insert;
}

const BulkInsert& AccountSettings() {
  static const BulkInsert insert("account_settings",
                                 {{"account", "bigint"},
                                  {"status", "smallint"},
                                  {"fee_tier", "smallint"},
                                  {"self_trade_prevention", "smallint"},
                                  {"max_open_orders", "bigint"},
                                  {"max_orders", "bigint"},
                                  {"order_interval_ms", "bigint"}},
                                 Replace("(account)", {"status", "fee_tier", "self_trade_prevention", "max_open_orders",
                                                       "max_orders", "order_interval_ms"}));
  return insert;
}

const BulkInsert& FeeTiers() {
  static const BulkInsert insert("fee_tiers",
                                 {{"id", "smallint"}, {"maker_fee_bps", "integer"}, {"taker_fee_bps", "integer"}},
                                 Replace("(id)", {"maker_fee_bps", "taker_fee_bps"}));
  return insert;
}

const BulkInsert& SymbolLimits() {
  static const BulkInsert insert(
      "symbol_limits",
      {{"symbol", "integer"},
       {"max_notional", "bigint"},
       {"max_position", "bigint"},
       {"price_deviation_bps", "integer"},
       {"lower_price", "bigint"},
       {"upper_price", "bigint"}},
      Replace("(symbol)", {"max_notional", "max_position", "price_deviation_bps", "lower_price", "upper_price"}));
  return insert;
}

// Of the orders that this batch enters, in one statement, after they are written: the latest earlier order of the same
// name must be closed and 24 h older.
absl::Status CheckClientOrderIds(Session& session, const ports::StoreBatch& batch) {
  ArrayParams entered(5);
  bool any = false;
  for (const OrderRow& order : batch.orders) {
    if (order.created_sequence <= batch.previous_watermark) continue;
    any = true;
    entered.AddRow(order.report.account, order.report.client_order_id, order.report.order_id, order.created_sequence,
                   order.created_ns);
  }
  if (!any) return absl::OkStatus();
  static const std::string sql = absl::StrCat(
      "SELECT n.account, n.client_order_id, n.order_id, o.order_id "
      "FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[]) "
      "AS n (account, client_order_id, order_id, created_sequence, created_ns), "
      "LATERAL (SELECT order_id, created_ns, status FROM orders WHERE account = n.account "
      "AND client_order_id = n.client_order_id AND order_id <> n.order_id AND created_sequence <= n.created_sequence "
      "ORDER BY created_day_utc DESC LIMIT 1) AS o "
      "WHERE o.status IN (1, 2) OR n.created_ns - o.created_ns < ",
      kDayNs, " LIMIT 1");
  const pqxx::result found = session.Run(sql, std::move(entered).Finish());
  if (found.empty()) return absl::OkStatus();
  const pqxx::row row = found[0];
  return absl::AlreadyExistsError(absl::StrCat("orders ", row[3].c_str(), " and ", row[2].c_str(), " of account ",
                                               row[0].c_str(), " have one client order id: ", row[1].c_str()));
}

}  // namespace

absl::Status PutOrders(Session& session, const ports::StoreBatch& batch) {
  const auto entered = [&](const OrderRow& order) { return order.created_sequence > batch.previous_watermark; };
  Orders().Write(session, batch.orders, entered, [](auto& out, const OrderRow& order) {
    WithReport(order.report, [&](const auto&... report) {
      out.AddRow(order.report.order_id, order.report.account, order.report.client_order_id, report...,
                 order.created_sequence, order.updated_sequence, order.created_ns, order.updated_ns, order.first_status,
                 order.first_executed_quantity, order.first_executed_quote, DayOf(order.created_ns));
    });
  });
  return CheckClientOrderIds(session, batch);
}

void PutFills(Session& session, const std::vector<ports::FillRow>& fills, domain::SequenceNumber watermark) {
  Fills().Write(session, fills, Beyond{watermark}, [](auto& out, const ports::FillRow& fill) {
    WithReport(fill.report, [&](const auto&... report) {
      out.AddRow(fill.id.sequence, fill.id.index, fill.timestamp_ns, fill.report.account, fill.report.order_id,
                 fill.report.client_order_id, report...);
    });
  });
}

void PutTrades(Session& session, const std::vector<ports::TradeRow>& trades, domain::SequenceNumber watermark) {
  Trades().Write(session, trades, Beyond{watermark}, [](auto& out, const ports::TradeRow& trade) {
    const domain::Trade& t = trade.trade;
    out.AddRow(trade.id.sequence, trade.id.index, trade.timestamp_ns, t.trade_id, t.symbol, t.price, t.quantity,
               t.taker_side, t.maker_order_id, t.taker_order_id, t.maker_account, t.taker_account);
  });
}

void PutLedger(Session& session, const std::vector<ports::LedgerRow>& ledger, domain::SequenceNumber watermark) {
  Ledger().Write(session, ledger, Beyond{watermark}, [](auto& out, const ports::LedgerRow& posting) {
    out.AddRow(posting.id.sequence, posting.id.index, posting.entry, posting.timestamp_ns, posting.account,
               posting.asset, posting.book, posting.amount, posting.reason, posting.order_id, posting.trade_id);
  });
}

void PutRiskDecisions(Session& session, const std::vector<ports::RiskRow>& decisions,
                      domain::SequenceNumber watermark) {
  RiskDecisions().Write(session, decisions, Beyond{watermark}, [](auto& out, const ports::RiskRow& decision) {
    const domain::RiskDecision& d = decision.decision;
    out.AddRow(decision.id.sequence, decision.id.index, decision.timestamp_ns, d.account, d.symbol, d.client_order_id,
               d.rules_checked, d.reason);
  });
}

void PutBalances(Session& session, const std::vector<ports::BalanceRow>& balances) {
  Balances().Write(session, balances, MayBeThere(), [](auto& out, const ports::BalanceRow& b) {
    out.AddRow(b.account, b.asset, b.available, b.locked, b.updated_sequence);
  });
}

void PutReferenceData(Session& session, const ports::StoreBatch& batch) {
  Accounts().Write(session, batch.accounts, MayBeThere(), [](auto& out, const ports::AccountRow& account) {
    out.AddRow(account.id, account.name, account.created_ns);
  });
  Assets().Write(session, batch.assets, MayBeThere(),
                 [](auto& out, const domain::Asset& asset) { out.AddRow(asset.id, asset.code, asset.decimals); });
  Symbols().Write(session, batch.symbols, MayBeThere(), [](auto& out, const domain::Symbol& s) {
    out.AddRow(s.id, s.code, s.base, s.quote, s.base_decimals, s.quote_decimals, s.tick_size, s.lot_size,
               s.min_notional, s.max_quantity, s.max_price, s.maker_fee_bps, s.taker_fee_bps, s.status,
               s.tick_lot_value);
  });
}

void PutRules(Session& session, const ports::StoreBatch& batch) {
  AccountSettings().Write(session, batch.account_settings, MayBeThere(),
                          [](auto& out, const ports::AccountSettingsRow& account) {
                            const domain::AccountSettings& s = account.settings;
                            out.AddRow(account.account, account.status, s.fee_tier, s.self_trade_prevention,
                                       s.max_open_orders, s.max_orders, s.order_interval_ms);
                          });
  FeeTiers().Write(session, batch.fee_tiers, MayBeThere(), [](auto& out, const domain::FeeTier& tier) {
    out.AddRow(tier.id, tier.maker_fee_bps, tier.taker_fee_bps);
  });
  SymbolLimits().Write(session, batch.symbol_limits, MayBeThere(), [](auto& out, const ports::SymbolLimitsRow& symbol) {
    const domain::SymbolLimits& l = symbol.limits;
    out.AddRow(symbol.symbol, l.max_notional, l.max_position, l.price_deviation_bps, l.lower_price, l.upper_price);
  });
}

const std::string& OrderColumns() { return Orders().names(); }
const std::string& FillColumns() { return Fills().names(); }
const std::string& RiskColumns() { return RiskDecisions().names(); }
const std::string& BalanceColumns() { return Balances().names(); }
const std::string& AccountColumns() { return Accounts().names(); }
const std::string& AssetColumns() { return Assets().names(); }
const std::string& SymbolColumns() { return Symbols().names(); }
const std::string& AccountSettingsColumns() { return AccountSettings().names(); }
const std::string& FeeTierColumns() { return FeeTiers().names(); }
const std::string& SymbolLimitsColumns() { return SymbolLimits().names(); }

// Without created_day_utc, the last column.
void ReadOrder(RowReader& row, OrderRow& order) {
  WithReport(order.report, [&](auto&... report) {
    row.Columns(order.report.order_id, order.report.account, order.report.client_order_id, report...,
                order.created_sequence, order.updated_sequence, order.created_ns, order.updated_ns, order.first_status,
                order.first_executed_quantity, order.first_executed_quote);
  });
}

void ReadFill(RowReader& row, ports::FillRow& fill) {
  WithReport(fill.report, [&](auto&... report) {
    row.Columns(fill.id.sequence, fill.id.index, fill.timestamp_ns, fill.report.account, fill.report.order_id,
                fill.report.client_order_id, report...);
  });
}

void ReadRiskDecision(RowReader& row, ports::RiskRow& decision) {
  domain::RiskDecision& d = decision.decision;
  row.Columns(decision.id.sequence, decision.id.index, decision.timestamp_ns, d.account, d.symbol, d.client_order_id,
              d.rules_checked, d.reason);
}

void ReadBalance(RowReader& row, ports::BalanceRow& b) {
  row.Columns(b.account, b.asset, b.available, b.locked, b.updated_sequence);
}

void ReadAccount(RowReader& row, ports::AccountRow& account) {
  row.Columns(account.id, account.name, account.created_ns);
}

void ReadAsset(RowReader& row, domain::Asset& asset) { row.Columns(asset.id, asset.code, asset.decimals); }

void ReadSymbol(RowReader& row, domain::Symbol& s) {
  row.Columns(s.id, s.code, s.base, s.quote, s.base_decimals, s.quote_decimals, s.tick_size, s.lot_size, s.min_notional,
              s.max_quantity, s.max_price, s.maker_fee_bps, s.taker_fee_bps, s.status, s.tick_lot_value);
}

void ReadAccountSettings(RowReader& row, ports::AccountSettingsRow& account) {
  domain::AccountSettings& s = account.settings;
  row.Columns(account.account, account.status, s.fee_tier, s.self_trade_prevention, s.max_open_orders, s.max_orders,
              s.order_interval_ms);
}

void ReadFeeTier(RowReader& row, domain::FeeTier& tier) {
  row.Columns(tier.id, tier.maker_fee_bps, tier.taker_fee_bps);
}

void ReadSymbolLimits(RowReader& row, ports::SymbolLimitsRow& symbol) {
  domain::SymbolLimits& l = symbol.limits;
  row.Columns(symbol.symbol, l.max_notional, l.max_position, l.price_deviation_bps, l.lower_price, l.upper_price);
}

}  // namespace xt::postgres::rows
