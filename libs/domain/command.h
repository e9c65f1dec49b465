// Commands: everything that can change the state of matching, as one closed variant. A command that was sequenced has its
// place in the journal and one timestamp, the only clock that matching sees. All types are flat and trivially copyable.
#pragma once

#include <cstdint>
#include <type_traits>
#include <variant>

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

// The first command of every leader: marks the change of epoch in the journal, and changes nothing else.
struct EpochStart {
  Epoch epoch;
  friend bool operator==(const EpochStart&, const EpochStart&) = default;
};

using CommandBody = std::variant<NewOrder, CancelOrder, DefineAsset, DefineSymbol, SetSymbolStatus, CreateAccount,
                                 Deposit, Withdraw, EpochStart>;

// A command that is not sequenced yet.
struct Command {
  CommandBody body;
  friend bool operator==(const Command&, const Command&) = default;
};
static_assert(std::is_trivially_copyable_v<Command>);

}  // namespace xt::domain
