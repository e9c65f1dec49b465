// Store: the database of persistence, SQLite in the standalone and PostgreSQL in a cluster. It speaks rows, not SQL, and not
// events: persistence's core turns events into one StoreBatch, and the store applies it in one transaction.
//
// Threads: Apply and ClaimWriting by one thread; queries by any, at the same time; a query sees whole batches only.
// Idempotence: a batch carries the watermark before and after it. A batch that does not start at the stored watermark is
// FAILED_PRECONDITION and changes nothing; the caller reads Watermark() and drops what is already there. Conflicts on
// (account, client_order_id) are never ignored: they raise ALREADY_EXISTS, since they would hide a double execution.
// Errors: UNAVAILABLE may be retried; ABORTED means that the commit's outcome is unknown: read Watermark() first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/domain/account.h"
#include "libs/domain/event.h"
#include "libs/domain/ids.h"
#include "libs/domain/symbol.h"

namespace xt::ports {

// The present state of an order, and what its first answer was (for resent client order ids). In a batch, a row with
// created_sequence 0 updates an order of an earlier batch: created_* and first_* stay as they are stored.
struct OrderRow {
  domain::ExecutionReport report;           // the last one
  domain::SequenceNumber created_sequence;  // the command that entered it
  domain::SequenceNumber updated_sequence;
  std::int64_t created_ns = 0;  // journal time, Unix
  std::int64_t updated_ns = 0;
  domain::OrderStatus first_status = domain::OrderStatus::kUnspecified;  // at the end of the entering command
  domain::Quantity first_executed_quantity;
  domain::Amount first_executed_quote;
};

// One side of a fill: two rows per trade.
struct FillRow {
  domain::EventId id;  // of the execution report; primary key
  std::int64_t timestamp_ns = 0;
  domain::ExecutionReport report;  // execution_type kTrade
};

struct TradeRow {
  domain::EventId id;
  std::int64_t timestamp_ns = 0;
  domain::Trade trade;
};

// One posting of the double-entry ledger. Every balance change makes postings whose amounts sum to zero per asset and
// command: between `available` and `locked` of accounts, the fee account and the outside world.
enum class LedgerBook : std::uint8_t { kAvailable = 1, kLocked = 2, kExternal = 3 };
struct LedgerRow {
  domain::EventId id;       // of the balance change
  std::uint32_t entry = 0;  // from 1 within the event; (id, entry) is the primary key
  std::int64_t timestamp_ns = 0;
  domain::AccountId account;  // for kExternal: the account that deposits or withdraws
  domain::AssetId asset;
  LedgerBook book = LedgerBook::kAvailable;
  domain::Amount amount;  // signed
  domain::BalanceReason reason = domain::BalanceReason::kUnspecified;
  domain::OrderId order_id;
  domain::TradeId trade_id;
};

// What the risk rules said of an order.
struct RiskRow {
  domain::EventId id;  // primary key
  std::int64_t timestamp_ns = 0;
  domain::RiskDecision decision;
};

struct BalanceRow {
  domain::AccountId account;
  domain::AssetId asset;
  domain::Amount available;
  domain::Amount locked;
  domain::SequenceNumber updated_sequence;
  friend bool operator==(const BalanceRow&, const BalanceRow&) = default;
};

struct AccountRow {
  domain::AccountId id;
  domain::AccountName name;
  std::int64_t created_ns = 0;
};

// The status and the settings of an account; of account 0 what accounts start with that are created later. An account
// without a row is active and has the settings that account 0 had when it was created.
struct AccountSettingsRow {
  domain::AccountId account;
  domain::AccountStatus status = domain::AccountStatus::kUnspecified;  // unspecified for account 0
  domain::AccountSettings settings;
  friend bool operator==(const AccountSettingsRow&, const AccountSettingsRow&) = default;
};

// A symbol without a row has no limits.
struct SymbolLimitsRow {
  domain::SymbolId symbol;
  domain::SymbolLimits limits;
  friend bool operator==(const SymbolLimitsRow&, const SymbolLimitsRow&) = default;
};

struct ApiKeyRow {
  std::string api_key;
  std::string secret;  // never logged
  domain::AccountId account;
};

struct StoreBatch {
  domain::SequenceNumber previous_watermark;  // must equal the stored one
  domain::SequenceNumber watermark;           // the last sequence in this batch
  std::vector<OrderRow> orders;               // at most one per order id: the state at the end of the batch
  std::vector<FillRow> fills;
  std::vector<TradeRow> trades;
  std::vector<LedgerRow> ledger;
  std::vector<RiskRow> risk_decisions;
  std::vector<BalanceRow> balances;  // at most one per account and asset
  // Each replaces the row of its id; at most one per id.
  std::vector<AccountRow> accounts;
  std::vector<AccountSettingsRow> account_settings;
  std::vector<domain::FeeTier> fee_tiers;
  std::vector<domain::Asset> assets;
  std::vector<domain::Symbol> symbols;
  std::vector<SymbolLimitsRow> symbol_limits;
};

struct OrderFilter {
  domain::AccountId account;
  std::optional<domain::SymbolId> symbol;
  bool open_only = false;   // NEW or PARTIALLY_FILLED
  domain::OrderId before;   // orders older than this one, for paging; 0: from the newest
  std::size_t limit = 100;  // 1..1000
};

struct FillFilter {
  domain::AccountId account;
  std::optional<domain::SymbolId> symbol;
  std::optional<domain::OrderId> order;
  domain::EventId before;   // older than this fill; {0, 0}: from the newest
  std::size_t limit = 100;  // 1..1000
};

struct RiskFilter {
  domain::AccountId account;
  bool refused_only = false;
  domain::EventId before;   // older than this decision; {0, 0}: from the newest
  std::size_t limit = 100;  // 1..1000
};

class Store {
 public:
  virtual ~Store() = default;

  // Creates or migrates the schema. Called once before anything else.
  virtual absl::Status Open() = 0;
  virtual absl::Status Apply(const StoreBatch& batch) = 0;
  // Whether this object is the one that should Apply: one of all that share the data is, until it is destroyed, releases
  // it, or loses its connection. Several may still Apply, each batch once; but they would wait for each other all the time.
  virtual absl::StatusOr<bool> ClaimWriting() { return true; }
  virtual void ReleaseWriting() {}
  // The last sequence that was applied; 0 when none.
  virtual absl::StatusOr<domain::SequenceNumber> Watermark() = 0;

  // NOT_FOUND when absent (also when it belongs to another account).
  virtual absl::StatusOr<OrderRow> GetOrder(domain::AccountId account, domain::OrderId order) = 0;
  virtual absl::StatusOr<OrderRow> FindOrder(domain::AccountId account, std::string_view client_order_id) = 0;
  // Newest first.
  virtual absl::StatusOr<std::vector<OrderRow>> ListOrders(const OrderFilter& filter) = 0;
  virtual absl::StatusOr<std::vector<FillRow>> ListFills(const FillFilter& filter) = 0;
  virtual absl::StatusOr<std::vector<RiskRow>> ListRiskDecisions(const RiskFilter& filter) = 0;
  virtual absl::StatusOr<std::vector<BalanceRow>> ListBalances(domain::AccountId account) = 0;
  virtual absl::StatusOr<std::vector<AccountRow>> ListAccounts() = 0;
  virtual absl::StatusOr<std::vector<domain::Asset>> ListAssets() = 0;
  virtual absl::StatusOr<std::vector<domain::Symbol>> ListSymbols() = 0;
  virtual absl::StatusOr<std::vector<AccountSettingsRow>> ListAccountSettings() = 0;
  virtual absl::StatusOr<std::vector<domain::FeeTier>> ListFeeTiers() = 0;
  virtual absl::StatusOr<std::vector<SymbolLimitsRow>> ListSymbolLimits() = 0;

  // Credentials are not events: they never enter the journal. Put replaces.
  virtual absl::Status PutApiKey(const ApiKeyRow& row) = 0;
  virtual absl::StatusOr<ApiKeyRow> GetApiKey(std::string_view api_key) = 0;  // NOT_FOUND when absent
  virtual absl::StatusOr<std::vector<ApiKeyRow>> ListApiKeys(domain::AccountId account) = 0;

  // Per asset, the sum of all postings of the ledger; all zero when the books balance.
  struct LedgerSum {
    domain::AssetId asset;
    domain::Amount sum;
  };
  virtual absl::StatusOr<std::vector<LedgerSum>> SumLedger() = 0;
};

}  // namespace xt::ports
