// Reference data: assets and symbols, as they were defined by command, and the exact arithmetic between ticks, lots and
// amounts. `Notional` is exact because a symbol whose tick and lot do not multiply to whole quote units is refused at
// definition. Plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "libs/domain/enums.h"
#include "libs/domain/fixed_string.h"
#include "libs/domain/ids.h"
#include "libs/domain/reject_reason.h"

namespace xt::domain {

struct Asset {
  AssetId id;
  AssetCode code;
  int decimals = 0;  // 0..18
  friend bool operator==(const Asset&, const Asset&) = default;
};

struct Symbol {
  SymbolId id;
  SymbolCode code;
  AssetId base;
  AssetId quote;
  int base_decimals = 0;
  int quote_decimals = 0;
  Amount tick_size;                          // quote units of one tick, for one whole base asset; > 0
  Amount lot_size;                           // base units of one lot; > 0
  Amount min_notional;                       // quote units; >= 0
  Quantity max_quantity = kMaxQuantityLots;  // lots, 1..kMaxQuantityLots
  Price max_price = kMaxPriceTicks;          // ticks, 1..kMaxPriceTicks
  std::int32_t maker_fee_bps = 0;            // basis points, 0..1000
  std::int32_t taker_fee_bps = 0;
  SymbolStatus status = SymbolStatus::kTrading;
  // Quote units of 1 tick x 1 lot. Set by Normalize.
  Amount tick_lot_value;
  friend bool operator==(const Symbol&, const Symbol&) = default;
};

// Checks every bound and sets tick_lot_value. kInvalidCombination on "lotSize" when tick_size * lot_size is not a whole
// number of quote units.
Reject Normalize(Symbol& symbol);

// price x quantity in quote units; nullopt when it does not fit 63 bits. Exact.
std::optional<Amount> Notional(const Symbol& symbol, Price price, Quantity quantity);
// quantity in base units; nullopt when it does not fit.
std::optional<Amount> BaseAmount(const Symbol& symbol, Quantity quantity);

// ceil(amount * bps / 10000): rounded against the customer by less than one unit. amount >= 0.
Amount Fee(Amount amount, std::int32_t bps);

// Text to ticks or lots, checked: kInvalidValue, kTooManyDecimals, kOverflow, kNotPositive, kTickSize / kLotSize,
// kMaxPrice / kMaxQuantity. `field` is echoed in the reject.
struct ParsedPrice {
  Price price;
  Reject reject;
};
struct ParsedQuantity {
  Quantity quantity;
  Reject reject;
};
ParsedPrice ParsePrice(const Symbol& symbol, std::string_view text, std::string_view field);
ParsedQuantity ParseQuantity(const Symbol& symbol, std::string_view text, std::string_view field);

std::string FormatPrice(const Symbol& symbol, Price price);
std::string FormatQuantity(const Symbol& symbol, Quantity quantity);

}  // namespace xt::domain
