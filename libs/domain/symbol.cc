#include "libs/domain/symbol.h"

#include <limits>

#include "libs/domain/decimal.h"

namespace xt::domain {
namespace {

using Wide = __int128;

std::optional<Amount> Narrow(Wide value) {
  if (value > std::numeric_limits<std::int64_t>::max() || value < std::numeric_limits<std::int64_t>::min()) {
    return std::nullopt;
  }
  return Amount(static_cast<std::int64_t>(value));
}

// Formatting never fails: a product beyond 64 bits is split into its whole and fractional part first.
std::string FormatWide(std::int64_t count, Amount unit, int decimals) {
  const Wide units = Wide{count} * unit.value();
  if (const auto narrow = Narrow(units)) return FormatDecimal(narrow->value(), decimals);
  const std::int64_t scale = PowerOfTen(decimals);
  std::string whole = FormatDecimal(static_cast<std::int64_t>(units / scale), 0);
  const std::string fraction = FormatDecimal(static_cast<std::int64_t>(units % scale), decimals);
  const auto point = fraction.find('.');
  return point == std::string::npos ? whole : whole + fraction.substr(point);
}

Reject CheckPositive(const ParsedDecimal& parsed, std::string_view field) {
  if (parsed.error != RejectReason::kNone) return {parsed.error, field};
  if (parsed.units <= 0) return {RejectReason::kNotPositive, field};
  return {};
}

}  // namespace

Reject Normalize(Symbol& symbol) {
  const auto bad_decimals = [](int decimals) { return decimals < 0 || decimals > kMaxDecimals; };
  if (bad_decimals(symbol.base_decimals)) return {RejectReason::kInvalidValue, "baseAsset"};
  if (bad_decimals(symbol.quote_decimals)) return {RejectReason::kInvalidValue, "quoteAsset"};
  if (symbol.base == symbol.quote) return {RejectReason::kInvalidCombination, "quoteAsset"};
  if (symbol.tick_size.value() <= 0) return {RejectReason::kNotPositive, "tickSize"};
  if (symbol.lot_size.value() <= 0) return {RejectReason::kNotPositive, "lotSize"};
  if (symbol.min_notional.value() < 0) return {RejectReason::kNotPositive, "minNotional"};
  if (symbol.max_quantity.value() <= 0 || symbol.max_quantity > kMaxQuantityLots)
    return {RejectReason::kInvalidValue, "maxQuantity"};
  if (symbol.max_price.value() <= 0 || symbol.max_price > kMaxPriceTicks)
    return {RejectReason::kInvalidValue, "maxPrice"};
  if (symbol.maker_fee_bps < 0 || symbol.maker_fee_bps > 1000) return {RejectReason::kInvalidValue, "makerFeeBps"};
  if (symbol.taker_fee_bps < 0 || symbol.taker_fee_bps > 1000) return {RejectReason::kInvalidValue, "takerFeeBps"};
  const Wide product = Wide{symbol.tick_size.value()} * symbol.lot_size.value();
  const Wide scale = PowerOfTen(symbol.base_decimals);
  if (product % scale != 0) return {RejectReason::kInvalidCombination, "lotSize"};
  const auto value = Narrow(product / scale);
  if (!value) return {RejectReason::kOverflow, "tickSize"};
  symbol.tick_lot_value = *value;
  return {};
}

std::optional<Amount> Notional(const Symbol& symbol, Price price, Quantity quantity) {
  Wide product = Wide{price.value()} * quantity.value();
  if (__builtin_mul_overflow(product, Wide{symbol.tick_lot_value.value()}, &product)) return std::nullopt;
  return Narrow(product);
}

std::optional<Amount> BaseAmount(const Symbol& symbol, Quantity quantity) {
  return Narrow(Wide{quantity.value()} * symbol.lot_size.value());
}

Amount Fee(Amount amount, std::int32_t bps) {
  return Amount(static_cast<std::int64_t>((Wide{amount.value()} * bps + 9'999) / 10'000));
}

ParsedPrice ParsePrice(const Symbol& symbol, std::string_view text, std::string_view field) {
  const ParsedDecimal parsed = ParseDecimal(text, symbol.quote_decimals);
  if (const Reject reject = CheckPositive(parsed, field)) return {{}, reject};
  if (parsed.units % symbol.tick_size.value() != 0) return {{}, {RejectReason::kTickSize, field}};
  const Price price(parsed.units / symbol.tick_size.value());
  if (price > symbol.max_price) return {{}, {RejectReason::kMaxPrice, field}};
  return {price, {}};
}

ParsedQuantity ParseQuantity(const Symbol& symbol, std::string_view text, std::string_view field) {
  const ParsedDecimal parsed = ParseDecimal(text, symbol.base_decimals);
  if (const Reject reject = CheckPositive(parsed, field)) return {{}, reject};
  if (parsed.units % symbol.lot_size.value() != 0) return {{}, {RejectReason::kLotSize, field}};
  const Quantity quantity(parsed.units / symbol.lot_size.value());
  if (quantity > symbol.max_quantity) return {{}, {RejectReason::kMaxQuantity, field}};
  return {quantity, {}};
}

std::string FormatPrice(const Symbol& symbol, Price price) {
  return FormatWide(price.value(), symbol.tick_size, symbol.quote_decimals);
}

std::string FormatQuantity(const Symbol& symbol, Quantity quantity) {
  return FormatWide(quantity.value(), symbol.lot_size, symbol.base_decimals);
}

}  // namespace xt::domain
