// Writing and reading the rows of the store: the SQL of each table beside the fields in the same order. Used with one
// connection at a time; no state.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/adapters/embedded/internal/sqlite.h"
#include "libs/ports/store.h"

namespace xt::embedded::rows {

// Inserts or moves forward. ALREADY_EXISTS when the client order id may not be used again yet.
absl::Status PutOrders(sqlite::Connection& connection, const ports::StoreBatch& batch);
absl::Status PutFills(sqlite::Connection& connection, const std::vector<ports::FillRow>& fills);
absl::Status PutTrades(sqlite::Connection& connection, const std::vector<ports::TradeRow>& trades);
absl::Status PutLedger(sqlite::Connection& connection, const std::vector<ports::LedgerRow>& ledger);
absl::Status PutRiskDecisions(sqlite::Connection& connection, const std::vector<ports::RiskRow>& decisions);
absl::Status PutBalances(sqlite::Connection& connection, const std::vector<ports::BalanceRow>& balances);
absl::Status PutReferenceData(sqlite::Connection& connection, const ports::StoreBatch& batch);
// Settings of accounts, fee tiers, limits of symbols.
absl::Status PutRules(sqlite::Connection& connection, const ports::StoreBatch& batch);

// Columns of the tables, for SELECT, in the order of the Read functions.
std::string OrderColumns();
std::string FillColumns();

void ReadOrder(sqlite::Statement& row, ports::OrderRow& order);
void ReadFill(sqlite::Statement& row, ports::FillRow& fill);
void ReadRiskDecision(sqlite::Statement& row, ports::RiskRow& decision);
void ReadSymbol(sqlite::Statement& row, domain::Symbol& symbol);
void ReadAccountSettings(sqlite::Statement& row, ports::AccountSettingsRow& settings);
void ReadFeeTier(sqlite::Statement& row, domain::FeeTier& tier);
void ReadSymbolLimits(sqlite::Statement& row, ports::SymbolLimitsRow& limits);

inline constexpr char kRiskColumns[] =
    "sequence, event, timestamp_ns, account, symbol, client_order_id, rules_checked, reason";

inline constexpr char kAccountSettingsColumns[] =
    "account, status, fee_tier, self_trade_prevention, max_open_orders, max_orders, order_interval_ms";

inline constexpr char kFeeTierColumns[] = "id, maker_fee_bps, taker_fee_bps";

inline constexpr char kSymbolLimitsColumns[] =
    "symbol, max_notional, max_position, price_deviation_bps, lower_price, upper_price";

inline constexpr char kSymbolColumns[] =
    "id, code, base, quote, base_decimals, quote_decimals, tick_size, lot_size, min_notional, max_quantity, max_price, "
    "maker_fee_bps, taker_fee_bps, status, tick_lot_value";

}  // namespace xt::embedded::rows
