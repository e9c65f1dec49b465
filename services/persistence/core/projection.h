// Projector: turns what commands did into rows: orders, fills, trades, double-entry postings, balances, risk decisions,
// reference data, settings and limits. It keeps no state between batches; everything follows from the events themselves. It refuses
// (FAILED_PRECONDITION) a result that does not follow the one before, and (DATA_LOSS) books that do not balance: then
// nothing may be stored. Not thread-safe; one projector per batch.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "libs/domain/event.h"
#include "libs/domain/ids.h"
#include "libs/domain/symbol.h"

namespace xt::persistence {

// An order at the end of the batch. created_sequence 0: it was entered in an earlier batch, whose created_* and first_*
// stay as they are.
struct OrderState {
  domain::ExecutionReport report;  // the last one
  domain::SequenceNumber created_sequence;
  domain::SequenceNumber updated_sequence;
  std::int64_t created_ns = 0;
  std::int64_t updated_ns = 0;
  // The first answer: as it stood at the end of the command that entered it.
  domain::OrderStatus first_status = domain::OrderStatus::kUnspecified;
  domain::Quantity first_executed_quantity;
  domain::Amount first_executed_quote;
};

// One event with its id and journal time.
template <typename Event>
struct Stamped {
  domain::EventId id;
  std::int64_t timestamp_ns = 0;
  Event event;
};

enum class Book : std::uint8_t { kAvailable = 1, kLocked = 2, kExternal = 3 };

// One posting: `amount` enters (leaves, when negative) a book of an account. The postings of one command sum to zero in
// each asset. kExternal is the outside world as the account's counterpart in a deposit or withdrawal.
struct Posting {
  domain::EventId id;       // of the balance change
  std::uint32_t entry = 0;  // from 1 within the event
  std::int64_t timestamp_ns = 0;
  domain::BalanceChange change;
  Book book = Book::kAvailable;
  domain::Amount amount;
};

struct BalanceState {
  domain::BalanceChange change;  // the last one
  domain::SequenceNumber updated_sequence;
};

struct Projection {
  domain::SequenceNumber previous;  // before the first command
  domain::SequenceNumber last;
  std::vector<OrderState> orders;  // one per order
  std::vector<Stamped<domain::ExecutionReport>> fills;
  std::vector<Stamped<domain::Trade>> trades;
  std::vector<Posting> ledger;
  std::vector<Stamped<domain::RiskDecision>> risk_decisions;
  std::vector<BalanceState> balances;  // one per account and asset
  std::vector<Stamped<domain::AccountCreated>> accounts;
  std::vector<domain::Asset> assets;
  std::vector<domain::Symbol> symbols;
  // The last one of each account, tier and symbol.
  std::vector<domain::AccountChanged> account_settings;
  std::vector<domain::FeeTier> fee_tiers;
  std::vector<domain::SymbolLimitsChanged> symbol_limits;
};

// Where the books did not balance.
struct Imbalance {
  domain::SequenceNumber sequence;
  domain::AssetId asset;
  domain::Amount sum;  // clamped to 63 bits
};

class Projector {
 public:
  // `watermark`: the last command that is stored already.
  explicit Projector(domain::SequenceNumber watermark);

  // After DATA_LOSS the projector must not be used any more.
  absl::Status Add(const domain::CommandResult& result);

  [[nodiscard]] const Projection& projection() const { return projection_; }
  // Set when Add returned DATA_LOSS because of the ledger.
  [[nodiscard]] const Imbalance& imbalance() const { return imbalance_; }

 private:
  struct OrderTraits;
  using OrdersOfCommand = absl::flat_hash_map<domain::OrderId, OrderTraits>;

  void AddDefinition(const domain::Event& event);
  static OrdersOfCommand ReadOrders(const domain::CommandResult& result);
  void AddOrders(const domain::CommandResult& result);
  absl::Status AddEvent(const domain::CommandResult& result, std::uint32_t index);
  absl::Status AddBalance(const Stamped<domain::BalanceChange>& change);
  void Post(const Stamped<domain::BalanceChange>& change);
  absl::Status CheckLedger(std::size_t first_posting);

  Projection projection_;
  Imbalance imbalance_;
  absl::flat_hash_map<domain::OrderId, std::size_t> order_rows_;
  absl::flat_hash_map<std::uint64_t, std::size_t> balance_rows_;  // by account and asset
};

}  // namespace xt::persistence
