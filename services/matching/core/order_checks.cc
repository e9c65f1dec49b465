#include "services/matching/core/order_checks.h"

#include "services/matching/core/engine_internal.h"

namespace xt::matching {

using domain::NewOrder;
using domain::OrderType;
using domain::Reject;
using domain::RejectReason;
using domain::SelfTradePrevention;
using domain::Side;
using domain::TimeInForce;

namespace {

// Rests in the book by its nature: GTC, the default, or GTD.
bool IsMakerType(OrderType type) { return type == OrderType::kLimitMaker || type == OrderType::kIceberg; }

Reject CheckTimeInForce(const NewOrder& order) {
  constexpr std::string_view kField = "timeInForce";
  if (order.time_in_force > TimeInForce::kGtd) return {RejectReason::kInvalidValue, kField};
  if (IsMarketType(order.type)) {
    if (order.time_in_force == TimeInForce::kGtd) return {RejectReason::kInvalidCombination, kField};
  } else if (IsMakerType(order.type)) {
    const bool ends_at_once = order.time_in_force == TimeInForce::kIoc || order.time_in_force == TimeInForce::kFok;
    if (ends_at_once) return {RejectReason::kInvalidCombination, kField};
  } else if (order.time_in_force == TimeInForce::kUnspecified) {
    return {RejectReason::kMissingField, kField};
  }
  return {};
}

Reject CheckEnums(const NewOrder& order, SelfTradePrevention account_default) {
  if (order.side == Side::kUnspecified) return {RejectReason::kMissingField, "side"};
  if (order.side > Side::kSell) return {RejectReason::kInvalidValue, "side"};
  if (order.type == OrderType::kUnspecified) return {RejectReason::kMissingField, "type"};
  if (order.type > OrderType::kIceberg) return {RejectReason::kInvalidValue, "type"};
  if (const Reject reject = CheckTimeInForce(order)) return reject;
  constexpr std::string_view kField = "selfTradePrevention";
  if (order.self_trade_prevention > SelfTradePrevention::kDecrement) return {RejectReason::kInvalidValue, kField};
  if (order.quote_quantity.value() != 0 && EffectiveMode(order, account_default) == SelfTradePrevention::kDecrement) {
    return {RejectReason::kInvalidCombination, kField};
  }
  return {};
}

Reject CheckUnusedFields(const NewOrder& order) {
  if (order.stop_price.value() != 0 && !HasStopPrice(order.type)) {
    return {RejectReason::kInvalidCombination, "stopPrice"};
  }
  if (order.iceberg_quantity.value() != 0 && order.type != OrderType::kIceberg) {
    return {RejectReason::kInvalidCombination, "icebergQuantity"};
  }
  if (order.expire_time_ms != 0 && order.time_in_force != TimeInForce::kGtd) {
    return {RejectReason::kInvalidCombination, "expireTime"};
  }
  if (order.quote_quantity.value() != 0 && order.type != OrderType::kMarket) {
    return {RejectReason::kInvalidCombination, "quoteQuantity"};
  }
  if (order.price.value() != 0 && IsMarketType(order.type)) return {RejectReason::kInvalidCombination, "price"};
  return {};
}

Reject CheckPrice(domain::Price price, const domain::Symbol& symbol, std::string_view field) {
  if (price.value() <= 0) return {RejectReason::kNotPositive, field};
  if (price > symbol.max_price) return {RejectReason::kMaxPrice, field};
  return {};
}

Reject CheckQuantity(const NewOrder& order, const domain::Symbol& symbol) {
  if (order.quantity.value() <= 0) return {RejectReason::kNotPositive, "quantity"};
  if (order.quantity > symbol.max_quantity) return {RejectReason::kMaxQuantity, "quantity"};
  std::int64_t base = 0;
  if (__builtin_mul_overflow(order.quantity.value(), symbol.lot_size.value(), &base)) {
    return {RejectReason::kOverflow, "quantity"};
  }
  return {};
}

Reject CheckNotional(const NewOrder& order, domain::Price price, const domain::Symbol& symbol) {
  if (Planted(Bug::kReserveWraps)) return {};
  std::int64_t notional = 0;
  if (__builtin_mul_overflow(price.value(), order.quantity.value(), &notional) ||
      __builtin_mul_overflow(notional, symbol.tick_lot_value.value(), &notional)) {
    return {RejectReason::kOverflow, "quantity"};
  }
  if (notional < symbol.min_notional.value()) return {RejectReason::kMinNotional, "quantity"};
  return {};
}

Reject CheckIceberg(const NewOrder& order) {
  constexpr std::string_view kField = "icebergQuantity";
  const std::int64_t slice = order.iceberg_quantity.value();
  if (slice <= 0) return {RejectReason::kNotPositive, kField};
  if (slice > order.quantity.value()) return {RejectReason::kInvalidValue, kField};
  if ((order.quantity.value() - 1) / slice >= domain::kMaxIcebergParts) return {RejectReason::kIcebergParts, kField};
  return {};
}

Reject CheckExpireTime(const NewOrder& order, std::int64_t now_ns) {
  constexpr std::string_view kField = "expireTime";
  if (order.expire_time_ms <= 0) return {RejectReason::kNotPositive, kField};
  const bool valid = order.expire_time_ms <= domain::kMaxExpireTimeMs && order.expire_time_ms * kNsPerMs > now_ns;
  if (!valid) return {RejectReason::kInvalidValue, kField};
  return {};
}

Reject CheckQuoteQuantity(const NewOrder& order, const domain::Symbol& symbol) {
  if (order.quantity.value() != 0) return {RejectReason::kInvalidCombination, "quantity"};
  if (order.quote_quantity.value() < 0) return {RejectReason::kNotPositive, "quoteQuantity"};
  if (order.quote_quantity < symbol.min_notional) return {RejectReason::kMinNotional, "quoteQuantity"};
  return {};
}

}  // namespace

Reject CheckShape(const NewOrder& order, const domain::Symbol& symbol, SelfTradePrevention account_default,
                  std::int64_t now_ns) {
  if (const Reject reject = CheckEnums(order, account_default)) return reject;
  if (const Reject reject = CheckUnusedFields(order)) return reject;
  if (order.quote_quantity.value() != 0) return CheckQuoteQuantity(order, symbol);
  if (HasStopPrice(order.type)) {
    if (const Reject reject = CheckPrice(order.stop_price, symbol, "stopPrice")) return reject;
  }
  if (!IsMarketType(order.type)) {
    if (const Reject reject = CheckPrice(order.price, symbol, "price")) return reject;
  }
  if (const Reject reject = CheckQuantity(order, symbol)) return reject;
  if (order.type != OrderType::kMarket) {
    const domain::Price price = order.price.value() != 0 ? order.price : order.stop_price;
    if (const Reject reject = CheckNotional(order, price, symbol)) return reject;
  }
  if (order.type == OrderType::kIceberg) {
    if (const Reject reject = CheckIceberg(order)) return reject;
  }
  if (order.time_in_force == TimeInForce::kGtd) return CheckExpireTime(order, now_ns);
  return {};
}

}  // namespace xt::matching
