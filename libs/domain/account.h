// What is configured for an account and for the risk of a symbol; data that comes by command. Plain values.
#pragma once

#include <cstdint>

#include "libs/domain/enums.h"
#include "libs/domain/ids.h"

namespace xt::domain {

struct AccountSettings {
  FeeTierId fee_tier;  // 0..kFeeTiers - 1; all but 0 must be defined
  SelfTradePrevention self_trade_prevention = SelfTradePrevention::kExpireTaker;  // of orders that name none
  std::uint32_t max_open_orders = 0;                                              // 0: no limit
  std::uint32_t max_orders = 0;             // per order_interval_ms of journal time; 0: no limit
  std::uint32_t order_interval_ms = 1'000;  // 1..86,400,000
  friend bool operator==(const AccountSettings&, const AccountSettings&) = default;
};

// Basis points, 0..1000, instead of those of the symbol.
struct FeeTier {
  FeeTierId id;  // 1..kFeeTiers - 1
  std::int32_t maker_fee_bps = 0;
  std::int32_t taker_fee_bps = 0;
  friend bool operator==(const FeeTier&, const FeeTier&) = default;
};

// 0 switches a rule off.
struct SymbolLimits {
  Amount max_notional;                   // of one order, in quote units
  Amount max_position;                   // of the base asset: owned, locked and to be bought by open orders
  std::int32_t price_deviation_bps = 0;  // 0..1,000,000: how far a limit price may be from the last price
  Price lower_price;                     // the price band: a trade outside of it is not made, the symbol halts instead
  Price upper_price;                     // with both, lower_price < upper_price
  friend bool operator==(const SymbolLimits&, const SymbolLimits&) = default;
};

}  // namespace xt::domain
