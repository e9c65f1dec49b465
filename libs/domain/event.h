// Events: everything that matching says, as one closed variant. A command's events are one CommandResult; the id of an
// event is (sequence, index), index counting from 1 in the order of `events`. They are the whole truth: orders, trades,
// balances, book and reference data can be rebuilt from them alone. Flat values.
#pragma once

#include <cstdint>
#include <type_traits>
#include <variant>
#include <vector>

#include "libs/domain/account.h"
#include "libs/domain/enums.h"
#include "libs/domain/fixed_string.h"
#include "libs/domain/ids.h"
#include "libs/domain/reject_reason.h"
#include "libs/domain/symbol.h"

namespace xt::domain {

// One step in the life of one order, with the order's state after it. Exactly one report per accepted NewOrder ends or
// rests the order on entry; each fill is one report (kTrade) for the taker's order and one for the maker's.
// A stop that waits is NEW; when it is triggered, one report (kTriggered) says so before what it does.
struct ExecutionReport {
  AccountId account;
  OrderId order_id;  // 0 when rejected
  ClientOrderId client_order_id;
  SymbolId symbol;
  Side side = Side::kUnspecified;
  OrderType type = OrderType::kUnspecified;
  TimeInForce time_in_force = TimeInForce::kUnspecified;
  ExecutionType execution_type = ExecutionType::kUnspecified;
  OrderStatus status = OrderStatus::kUnspecified;
  RejectReason reject_reason = RejectReason::kNone;  // with kRejected only
  Price price;
  Price stop_price;
  Quantity quantity;  // as ordered or last amended, without what self-trade prevention took
  Quantity iceberg_quantity;
  Amount quote_quantity;       // as ordered
  Quantity executed_quantity;  // sum of all fills
  Amount executed_quote;       // sum of price x quantity of all fills
  std::int64_t expire_time_ms = 0;
  OrderGroup group;
  // The fill, with kTrade only.
  TradeId trade_id;
  Price last_price;
  Quantity last_quantity;
  Amount fee;
  AssetId fee_asset;
  bool maker = false;
  friend bool operator==(const ExecutionReport&, const ExecutionReport&) = default;
};

// The public face of a fill.
struct Trade {
  TradeId trade_id;
  SymbolId symbol;
  Price price;
  Quantity quantity;
  Side taker_side = Side::kUnspecified;
  OrderId maker_order_id;
  OrderId taker_order_id;
  AccountId maker_account;
  AccountId taker_account;
  friend bool operator==(const Trade&, const Trade&) = default;
};

// The new total of a price level; quantity 0 removes it. At most one per level and command: its state at the end.
struct BookChange {
  SymbolId symbol;
  Side side = Side::kUnspecified;
  Price price;
  Quantity quantity;
  std::uint32_t order_count = 0;
  friend bool operator==(const BookChange&, const BookChange&) = default;
};

// A change of one balance with its state after. Per command and asset the deltas of available and locked over all
// accounts (fee account included) sum to zero, but for deposits and withdrawals.
struct BalanceChange {
  AccountId account;
  AssetId asset;
  BalanceReason reason = BalanceReason::kUnspecified;
  Amount available_delta;
  Amount locked_delta;
  Amount available;
  Amount locked;
  OrderId order_id;  // 0 when none
  TradeId trade_id;  // 0 when none
  friend bool operator==(const BalanceChange&, const BalanceChange&) = default;
};

struct AssetDefined {
  Asset asset;
  friend bool operator==(const AssetDefined&, const AssetDefined&) = default;
};

// Also sent, with the new status, when the status changes.
struct SymbolDefined {
  Symbol symbol;
  friend bool operator==(const SymbolDefined&, const SymbolDefined&) = default;
};

// What the risk rules said of an order, before anything else about it. Only told when a rule was checked: one that is
// configured, or the account's status when it refuses.
struct RiskDecision {
  AccountId account;
  SymbolId symbol;
  ClientOrderId client_order_id;
  std::uint32_t rules_checked = 0;  // bits of RiskRule
  RejectReason reason =
      RejectReason::kNone;  // kNone: every rule that was checked allowed it; else the last one refused
  friend bool operator==(const RiskDecision&, const RiskDecision&) = default;
};

// The last event of a cancel of many: how many there were.
struct OrdersCanceled {
  AccountId account;
  OrderGroup group;
  MassCancelReason reason = MassCancelReason::kUnspecified;
  std::uint32_t count = 0;
  friend bool operator==(const OrdersCanceled&, const OrdersCanceled&) = default;
};

struct CountdownChanged {
  AccountId account;
  OrderGroup group;
  std::int64_t deadline_ns = 0;  // journal time; 0: disarmed
  friend bool operator==(const CountdownChanged&, const CountdownChanged&) = default;
};

struct AccountChanged {
  AccountId account;
  AccountStatus status = AccountStatus::kUnspecified;  // unspecified for account 0
  AccountSettings settings;
  friend bool operator==(const AccountChanged&, const AccountChanged&) = default;
};

struct FeeTierDefined {
  FeeTier tier;
  friend bool operator==(const FeeTierDefined&, const FeeTierDefined&) = default;
};

struct SymbolLimitsChanged {
  SymbolId symbol;
  SymbolLimits limits;
  friend bool operator==(const SymbolLimitsChanged&, const SymbolLimitsChanged&) = default;
};

struct Ticked {
  friend bool operator==(const Ticked&, const Ticked&) = default;
};

struct AccountCreated {
  AccountId account;
  AccountName name;
  friend bool operator==(const AccountCreated&, const AccountCreated&) = default;
};

// The refusal of a command. An order that is refused creates no order; only what was due at the command's time (expired
// orders, countdowns) and the audit of its risk may stand before it, and the cancel of a cancel-replace. For a resent client order id
// (or transfer reference) with the same content, `reason` is kNone and `original_sequence` names the command that was
// executed: its events are the answer.
struct CommandRejected {
  AccountId account;
  RejectReason reason = RejectReason::kNone;
  FixedString<24> field;  // the name of the field as in the REST API, may be empty
  ClientOrderId client_order_id;
  SequenceNumber original_sequence;
  friend bool operator==(const CommandRejected&, const CommandRejected&) = default;
};

struct EpochStarted {
  Epoch epoch;
  friend bool operator==(const EpochStarted&, const EpochStarted&) = default;
};

using Event = std::variant<ExecutionReport, Trade, BookChange, BalanceChange, AssetDefined, SymbolDefined,
                           AccountCreated, CommandRejected, EpochStarted, RiskDecision, OrdersCanceled,
                           CountdownChanged, AccountChanged, FeeTierDefined, SymbolLimitsChanged, Ticked>;
static_assert(std::is_trivially_copyable_v<Event>);

// What one sequenced command did.
struct CommandResult {
  SequenceNumber sequence;
  std::int64_t timestamp_ns = 0;  // the frame's: Unix time
  std::vector<Event> events;      // never empty
  friend bool operator==(const CommandResult&, const CommandResult&) = default;
};

}  // namespace xt::domain
