// The tables of persistence, and the rows in them that events mean. Derived from what the schema says, not with the
// code that persistence writes them by. Pure functions.
#pragma once

#include <cstdint>

#include "libs/domain/event.h"
#include "tools/xtraderctl/verify/store_view.h"

namespace xt::ctl {

// An order as its reports tell it.
struct StoredOrder {
  domain::ExecutionReport report;  // the last one
  domain::SequenceNumber created_sequence, updated_sequence;
  std::int64_t created_ns = 0;
  std::int64_t updated_ns = 0;
  domain::ExecutionReport first;  // the last one of the command that entered it
};

namespace tables {

const Table& Assets();
const Table& Symbols();
const Table& Accounts();
const Table& AccountSettings();
const Table& FeeTiers();
const Table& SymbolLimits();
const Table& Orders();
const Table& Fills();
const Table& Trades();
const Table& Ledger();
const Table& Balances();
const Table& RiskDecisions();

}  // namespace tables

StoreRow RowOf(const domain::Asset& asset);
StoreRow RowOf(const domain::Symbol& symbol);
StoreRow RowOf(const domain::AccountCreated& created, std::int64_t timestamp_ns);
StoreRow RowOf(const domain::AccountChanged& changed);
StoreRow RowOf(const domain::FeeTier& tier);
StoreRow RowOf(const domain::SymbolLimitsChanged& changed);
StoreRow RowOf(const StoredOrder& order);
StoreRow RowOf(const domain::EventId& id, std::int64_t timestamp_ns, const domain::ExecutionReport& fill);
StoreRow RowOf(const domain::EventId& id, std::int64_t timestamp_ns, const domain::Trade& trade);
StoreRow RowOf(const domain::EventId& id, std::int64_t timestamp_ns, const domain::RiskDecision& decision);
StoreRow RowOf(const domain::BalanceChange& last, domain::SequenceNumber sequence);
// The postings of one change: what goes into the books of the account, and for deposits and withdrawals out of the
// outside world.
std::vector<StoreRow> PostingsOf(const domain::EventId& id, std::int64_t timestamp_ns,
                                 const domain::BalanceChange& change);

}  // namespace xt::ctl
