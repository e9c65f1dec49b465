// The first step of entering an order: whether its fields are known, go together for its type, and fit its symbol.
// Pure functions of the order and the symbol.
#pragma once

#include <cstdint>

#include "libs/domain/command.h"
#include "libs/domain/reject_reason.h"
#include "libs/domain/symbol.h"

namespace xt::matching {

inline bool HasStopPrice(domain::OrderType type) {
  return type >= domain::OrderType::kStopLoss && type <= domain::OrderType::kTakeProfitLimit;
}
// Its limit is the market's, also once it is triggered.
inline bool IsMarketType(domain::OrderType type) {
  return type == domain::OrderType::kMarket || type == domain::OrderType::kStopLoss ||
         type == domain::OrderType::kTakeProfit;
}
// Whether a stop waits for a price from below: it is triggered by one at or above its own.
inline bool TriggersUp(domain::OrderType type, domain::Side side) {
  const bool stop_loss = type == domain::OrderType::kStopLoss || type == domain::OrderType::kStopLossLimit;
  return stop_loss == (side == domain::Side::kBuy);
}

domain::Reject CheckShape(const domain::NewOrder& order, const domain::Symbol& symbol,
                          domain::SelfTradePrevention account_default, std::int64_t now_ns);

// True only for orders in which CheckShape finds nothing: the ones that most traders send, without going through all of it.
inline bool IsPlainLimit(const domain::NewOrder& order, const domain::Symbol& symbol) {
  using domain::TimeInForce;
  if (order.type != domain::OrderType::kLimit || order.side == domain::Side::kUnspecified ||
      order.side > domain::Side::kSell || order.self_trade_prevention > domain::SelfTradePrevention::kDecrement) {
    return false;
  }
  if (order.time_in_force == TimeInForce::kUnspecified || order.time_in_force > TimeInForce::kFok) return false;
  const std::int64_t others =
      order.stop_price.value() | order.iceberg_quantity.value() | order.quote_quantity.value() | order.expire_time_ms;
  const std::int64_t price = order.price.value();
  const std::int64_t quantity = order.quantity.value();
  if (others != 0 || price <= 0 || price > symbol.max_price.value() || quantity <= 0 ||
      quantity > symbol.max_quantity.value()) {
    return false;
  }
  std::int64_t base = 0;
  std::int64_t notional = 0;
  const bool overflows = __builtin_mul_overflow(quantity, symbol.lot_size.value(), &base) ||
                         __builtin_mul_overflow(price, quantity, &notional) ||
                         __builtin_mul_overflow(notional, symbol.tick_lot_value.value(), &notional);
  return !overflows && notional >= symbol.min_notional.value();
}

// With the default of the type or of the account filled in.
inline domain::TimeInForce EffectiveTimeInForce(const domain::NewOrder& order) {
  if (order.time_in_force != domain::TimeInForce::kUnspecified) return order.time_in_force;
  return IsMarketType(order.type) ? domain::TimeInForce::kIoc : domain::TimeInForce::kGtc;
}
inline domain::SelfTradePrevention EffectiveMode(const domain::NewOrder& order,
                                                 domain::SelfTradePrevention account_default) {
  return order.self_trade_prevention == domain::SelfTradePrevention::kUnspecified ? account_default
                                                                                  : order.self_trade_prevention;
}

}  // namespace xt::matching
