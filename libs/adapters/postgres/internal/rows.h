// Writing and reading the rows of the store: the columns of each table beside the fields in the same order. Used with
// one session at a time; no state. The functions throw what libpqxx throws.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "libs/adapters/postgres/internal/connection.h"
#include "libs/adapters/postgres/internal/values.h"
#include "libs/ports/store.h"

namespace xt::postgres::rows {

// Inserts or moves forward. ALREADY_EXISTS when a client order id may not be used again yet.
absl::Status PutOrders(Session& session, const ports::StoreBatch& batch);
// `watermark`: the stored one before the batch. Events that are there already stay.
void PutFills(Session& session, const std::vector<ports::FillRow>& fills, domain::SequenceNumber watermark);
void PutTrades(Session& session, const std::vector<ports::TradeRow>& trades, domain::SequenceNumber watermark);
void PutLedger(Session& session, const std::vector<ports::LedgerRow>& ledger, domain::SequenceNumber watermark);
void PutRiskDecisions(Session& session, const std::vector<ports::RiskRow>& decisions, domain::SequenceNumber watermark);
void PutBalances(Session& session, const std::vector<ports::BalanceRow>& balances);
void PutReferenceData(Session& session, const ports::StoreBatch& batch);
// Settings of accounts, fee tiers, limits of symbols.
void PutRules(Session& session, const ports::StoreBatch& batch);

// Columns of the tables, for SELECT, in the order of the Read functions.
const std::string& OrderColumns();
const std::string& FillColumns();
const std::string& RiskColumns();
const std::string& BalanceColumns();
const std::string& AccountColumns();
const std::string& AssetColumns();
const std::string& SymbolColumns();
const std::string& AccountSettingsColumns();
const std::string& FeeTierColumns();
const std::string& SymbolLimitsColumns();

void ReadOrder(RowReader& row, ports::OrderRow& order);
void ReadFill(RowReader& row, ports::FillRow& fill);
void ReadRiskDecision(RowReader& row, ports::RiskRow& decision);
void ReadBalance(RowReader& row, ports::BalanceRow& balance);
void ReadAccount(RowReader& row, ports::AccountRow& account);
void ReadAsset(RowReader& row, domain::Asset& asset);
void ReadSymbol(RowReader& row, domain::Symbol& symbol);
void ReadAccountSettings(RowReader& row, ports::AccountSettingsRow& account);
void ReadFeeTier(RowReader& row, domain::FeeTier& tier);
void ReadSymbolLimits(RowReader& row, ports::SymbolLimitsRow& symbol);

}  // namespace xt::postgres::rows
