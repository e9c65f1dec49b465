// Commands: everything that can change the state of matching, as one closed variant. A command that was sequenced has its
// place in the journal and one timestamp, the only clock that matching sees. All types are flat and trivially copyable.
#pragma once

#include <cstdint>
#include <type_traits>
#include <variant>

#include "libs/domain/account.h"
#include "libs/domain/enums.h"
#include "libs/domain/fixed_string.h"
#include "libs/domain/ids.h"
#include "libs/domain/symbol.h"

namespace xt::domain {

struct NewOrder {
  AccountId account;
  SymbolId symbol;
  Side side = Side::kUnspecified;
  OrderType type = OrderType::kUnspecified;
  TimeInForce time_in_force = TimeInForce::kUnspecified;
  SelfTradePrevention self_trade_prevention = SelfTradePrevention::kUnspecified;
  Price price;                      // 0 when the type has none
  Price stop_price;                 // 0 when the type has none
  Quantity quantity;                // 0 only with quote_quantity
  Quantity iceberg_quantity;        // 0 when the type has none
  Amount quote_quantity;            // MARKET by quote amount; else 0
  std::int64_t expire_time_ms = 0;  // GTD: Unix time; else 0
  OrderGroup group;                 // 0 when it belongs to none
  ClientOrderId client_order_id;    // never empty: the gateway makes one when the client gave none
  friend bool operator==(const NewOrder&, const NewOrder&) = default;
};

// Names the order by id, or by client order id when order_id is 0.
struct CancelOrder {
  AccountId account;
  OrderId order_id;
  ClientOrderId client_order_id;
  friend bool operator==(const CancelOrder&, const CancelOrder&) = default;
};

// Cancels every open order of the account that is of this symbol and group. Orders of halted symbols stay.
struct CancelAll {
  AccountId account;
  SymbolId symbol = kAllSymbols;
  OrderGroup group;  // 0: every order
  friend bool operator==(const CancelAll&, const CancelAll&) = default;
};

// Cancels one order and enters another of the same account. A cancel that was done stays done when the new order is
// refused.
struct CancelReplace {
  OrderId cancel_order_id;  // names the order by id, or by client order id when 0
  ClientOrderId cancel_client_order_id;
  ReplaceMode mode = ReplaceMode::kUnspecified;
  NewOrder order;
  friend bool operator==(const CancelReplace&, const CancelReplace&) = default;
};

// Lowers the quantity of an open order, which keeps its place in the queue. `quantity` is the new total: more than what
// is executed, less than what is ordered.
struct AmendOrder {
  AccountId account;
  OrderId order_id;  // names the order by id, or by client order id when 0
  ClientOrderId client_order_id;
  Quantity quantity;
  friend bool operator==(const AmendOrder&, const AmendOrder&) = default;
};

// The dead man's switch: unless it is set again within `timeout_ms` of journal time, the account's orders of this group
// are cancelled. Group 0 means every order. A timeout of 0 disarms it.
struct SetCountdown {
  AccountId account;
  OrderGroup group;
  std::int64_t timeout_ms = 0;  // 0..kMaxCountdownMs
  friend bool operator==(const SetCountdown&, const SetCountdown&) = default;
};

struct DefineAsset {
  AssetCode code;
  std::int32_t decimals = 0;  // 0..18
  friend bool operator==(const DefineAsset&, const DefineAsset&) = default;
};

// `symbol.id`, the decimals, tick_lot_value and status are filled by matching; base and quote name existing assets.
struct DefineSymbol {
  Symbol symbol;
  friend bool operator==(const DefineSymbol&, const DefineSymbol&) = default;
};

struct SetSymbolStatus {
  SymbolId symbol;
  SymbolStatus status = SymbolStatus::kUnspecified;
  friend bool operator==(const SetSymbolStatus&, const SetSymbolStatus&) = default;
};

struct CreateAccount {
  AccountName name;
  friend bool operator==(const CreateAccount&, const CreateAccount&) = default;
};

// amount > 0. `reference` makes the transfer idempotent like a client order id does an order; never empty.
struct Deposit {
  AccountId account;
  AssetId asset;
  Amount amount;
  ClientOrderId reference;
  friend bool operator==(const Deposit&, const Deposit&) = default;
};

struct Withdraw {
  AccountId account;
  AssetId asset;
  Amount amount;
  ClientOrderId reference;
  friend bool operator==(const Withdraw&, const Withdraw&) = default;
};

// Moves an amount between two customers. Idempotent by the sender's reference.
struct Transfer {
  AccountId account;  // the sender
  AccountId to_account;
  AssetId asset;
  Amount amount;
  ClientOrderId reference;
  friend bool operator==(const Transfer&, const Transfer&) = default;
};

// A closed account stays closed; only one that owns nothing and has no open order can be closed. Black-listing cancels
// the account's open orders.
struct SetAccountStatus {
  AccountId account;
  AccountStatus status = AccountStatus::kUnspecified;
  friend bool operator==(const SetAccountStatus&, const SetAccountStatus&) = default;
};

// Account 0: what accounts that are created later start with.
struct ConfigureAccount {
  AccountId account;
  AccountSettings settings;
  friend bool operator==(const ConfigureAccount&, const ConfigureAccount&) = default;
};

struct DefineFeeTier {
  FeeTier tier;
  friend bool operator==(const DefineFeeTier&, const DefineFeeTier&) = default;
};

struct SetSymbolLimits {
  SymbolId symbol;
  SymbolLimits limits;
  friend bool operator==(const SetSymbolLimits&, const SetSymbolLimits&) = default;
};

// Lets journal time pass when nothing else does and something is due.
struct Tick {
  friend bool operator==(const Tick&, const Tick&) = default;
};

// The first command of every leader: marks the change of epoch in the journal, and changes nothing else.
struct EpochStart {
  Epoch epoch;
  friend bool operator==(const EpochStart&, const EpochStart&) = default;
};

using CommandBody = std::variant<NewOrder, CancelOrder, DefineAsset, DefineSymbol, SetSymbolStatus, CreateAccount,
                                 Deposit, Withdraw, EpochStart, CancelAll, CancelReplace, AmendOrder, SetCountdown,
                                 Transfer, SetAccountStatus, ConfigureAccount, DefineFeeTier, SetSymbolLimits, Tick>;

// A command that is not sequenced yet.
struct Command {
  CommandBody body;
  friend bool operator==(const Command&, const Command&) = default;
};
static_assert(std::is_trivially_copyable_v<Command>);

}  // namespace xt::domain
