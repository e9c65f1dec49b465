// The naive engine's rules that need no book: what an order must look like, and what the risk rules say of it.
#include <limits>

#include "tools/oracle/naive_engine.h"

namespace xt::oracle {

using namespace domain;  // NOLINT: this file speaks of nothing else
using Reason = RejectReason;
using Wide = NaiveEngine::Wide;

namespace {

constexpr Wide kMax = std::numeric_limits<std::int64_t>::max();

Reject CheckTimeInForce(const NewOrder& o) {
  const Reject missing{Reason::kMissingField, "timeInForce"};
  const Reject combination{Reason::kInvalidCombination, "timeInForce"};
  if (static_cast<int>(o.time_in_force) > 4) return {Reason::kInvalidValue, "timeInForce"};
  switch (o.type) {
    case OrderType::kLimit:
    case OrderType::kStopLossLimit:
    case OrderType::kTakeProfitLimit: return o.time_in_force == TimeInForce::kUnspecified ? missing : Reject{};
    case OrderType::kMarket:
    case OrderType::kStopLoss:
    case OrderType::kTakeProfit: return o.time_in_force == TimeInForce::kGtd ? combination : Reject{};
    default:
      return o.time_in_force == TimeInForce::kIoc || o.time_in_force == TimeInForce::kFok ? combination : Reject{};
  }
}

Reject CheckEnums(const NewOrder& o, SelfTradePrevention mode) {
  if (o.side == Side::kUnspecified) return {Reason::kMissingField, "side"};
  if (static_cast<int>(o.side) > 2) return {Reason::kInvalidValue, "side"};
  if (o.type == OrderType::kUnspecified) return {Reason::kMissingField, "type"};
  if (static_cast<int>(o.type) > 8) return {Reason::kInvalidValue, "type"};
  if (const Reject reject = CheckTimeInForce(o)) return reject;
  if (static_cast<int>(o.self_trade_prevention) > 5) return {Reason::kInvalidValue, "selfTradePrevention"};
  if (mode == SelfTradePrevention::kDecrement && o.quote_quantity.value() != 0) {
    return {Reason::kInvalidCombination, "selfTradePrevention"};
  }
  return {};
}

Reject CheckMarketByAmount(const NewOrder& o, const Symbol& s) {
  if (o.quantity.value() != 0) return {Reason::kInvalidCombination, "quantity"};
  if (o.quote_quantity.value() < 0) return {Reason::kNotPositive, "quoteQuantity"};
  if (o.quote_quantity < s.min_notional) return {Reason::kMinNotional, "quoteQuantity"};
  return {};
}

Reject CheckIceberg(const NewOrder& o) {
  if (o.iceberg_quantity.value() <= 0) return {Reason::kNotPositive, "icebergQuantity"};
  if (o.iceberg_quantity > o.quantity) return {Reason::kInvalidValue, "icebergQuantity"};
  if (o.quantity.value() > Wide{o.iceberg_quantity.value()} * 100) return {Reason::kIcebergParts, "icebergQuantity"};
  return {};
}

Reject CheckExpireTime(const NewOrder& o, std::int64_t now_ns) {
  if (o.expire_time_ms <= 0) return {Reason::kNotPositive, "expireTime"};
  if (o.expire_time_ms > 9'000'000'000'000) return {Reason::kInvalidValue, "expireTime"};
  if (Wide{o.expire_time_ms} * 1'000'000 <= now_ns) return {Reason::kInvalidValue, "expireTime"};
  return {};
}

std::uint32_t Bit(RiskRule rule) { return std::uint32_t{1} << static_cast<int>(rule); }

Reason ReasonOf(AccountStatus status) {
  switch (status) {
    case AccountStatus::kFrozen: return Reason::kAccountFrozen;
    case AccountStatus::kBlacklisted: return Reason::kAccountBlacklisted;
    case AccountStatus::kClosed: return Reason::kAccountClosed;
    default: return Reason::kNone;
  }
}

}  // namespace

bool NaiveEngine::HasLimit(OrderType type) {
  return type != OrderType::kMarket && type != OrderType::kStopLoss && type != OrderType::kTakeProfit;
}

bool NaiveEngine::IsStop(OrderType type) {
  return type == OrderType::kStopLoss || type == OrderType::kStopLossLimit || type == OrderType::kTakeProfit ||
         type == OrderType::kTakeProfitLimit;
}

bool NaiveEngine::TriggersUp(const NewOrder& o) {
  const bool stop_loss = o.type == OrderType::kStopLoss || o.type == OrderType::kStopLossLimit;
  return stop_loss == (o.side == Side::kBuy);
}

TimeInForce NaiveEngine::FilledIn(const NewOrder& o) {
  if (o.time_in_force != TimeInForce::kUnspecified) return o.time_in_force;
  return HasLimit(o.type) ? TimeInForce::kGtc : TimeInForce::kIoc;
}

SelfTradePrevention NaiveEngine::ModeOf(const NewOrder& o) const {
  if (o.self_trade_prevention != SelfTradePrevention::kUnspecified) return o.self_trade_prevention;
  return accounts_[o.account.value()].settings.self_trade_prevention;
}

Wide NaiveEngine::QuoteFor(const Symbol& s, std::int64_t price, std::int64_t lots) {
  Wide whole = 1;
  for (int i = 0; i < s.base_decimals; ++i) whole *= 10;
  // tick and lot multiply to whole quote units per tick and lot
  const Wide unit = Wide{s.tick_size.value()} * s.lot_size.value() / whole;
  const Wide product = Wide{price} * lots;
  constexpr Wide kTooMuch = Wide{1} << 120;
  return product != 0 && unit > kTooMuch / product ? kTooMuch : product * unit;
}

Wide NaiveEngine::BaseFor(const Symbol& s, std::int64_t lots) { return Wide{lots} * s.lot_size.value(); }

Wide NaiveEngine::Reserved(const Symbol& s, const Order& order) {
  if (!order.buys()) return BaseFor(s, order.left());
  return QuoteFor(s, HasLimit(order.as.type) ? order.as.price.value() : order.as.stop_price.value(), order.left());
}

std::uint16_t NaiveEngine::ReservedAsset(const Symbol& s, const NewOrder& order) {
  return order.side == Side::kBuy ? s.quote.value() : s.base.value();
}

// Rules 5, 6 and 7.
Reject NaiveEngine::CheckShape(const NewOrder& o, const Symbol& s, std::int64_t now_ns, SelfTradePrevention mode) {
  if (const Reject reject = CheckEnums(o, mode)) return reject;
  const bool stop = IsStop(o.type);
  const bool limit = HasLimit(o.type);
  const bool iceberg = o.type == OrderType::kIceberg;
  const bool gtd = o.time_in_force == TimeInForce::kGtd;
  if (!stop && o.stop_price.value() != 0) return {Reason::kInvalidCombination, "stopPrice"};
  if (!iceberg && o.iceberg_quantity.value() != 0) return {Reason::kInvalidCombination, "icebergQuantity"};
  if (!gtd && o.expire_time_ms != 0) return {Reason::kInvalidCombination, "expireTime"};
  if (o.type != OrderType::kMarket && o.quote_quantity.value() != 0) {
    return {Reason::kInvalidCombination, "quoteQuantity"};
  }
  if (!limit && o.price.value() != 0) return {Reason::kInvalidCombination, "price"};

  if (stop && o.stop_price.value() <= 0) return {Reason::kNotPositive, "stopPrice"};
  if (stop && o.stop_price > s.max_price) return {Reason::kMaxPrice, "stopPrice"};
  if (limit && o.price.value() <= 0) return {Reason::kNotPositive, "price"};
  if (limit && o.price > s.max_price) return {Reason::kMaxPrice, "price"};
  if (o.quote_quantity.value() != 0) return CheckMarketByAmount(o, s);
  if (o.quantity.value() <= 0) return {Reason::kNotPositive, "quantity"};
  if (o.quantity > s.max_quantity) return {Reason::kMaxQuantity, "quantity"};
  if (BaseFor(s, o.quantity.value()) > kMax) return {Reason::kOverflow, "quantity"};
  if (o.type != OrderType::kMarket) {
    const Wide notional = QuoteFor(s, limit ? o.price.value() : o.stop_price.value(), o.quantity.value());
    if (notional > kMax) return {Reason::kOverflow, "quantity"};
    if (notional < s.min_notional.value()) return {Reason::kMinNotional, "quantity"};
  }
  if (iceberg) {
    if (const Reject reject = CheckIceberg(o)) return reject;
  }
  return gtd ? CheckExpireTime(o, now_ns) : Reject{};
}

// Rule 9. Stops at the first rule that refuses.
NaiveEngine::Risk NaiveEngine::AskRisk(const Market& market, const NewOrder& o) const {
  Risk risk;
  const Symbol& s = market.symbol;
  const Account& account = accounts_[o.account.value()];
  const AccountSettings& settings = account.settings;
  const SymbolLimits& limits = market.limits;
  const bool by_amount = o.quote_quantity.value() != 0;
  const char* const how_much = by_amount ? "quoteQuantity" : "quantity";
  const auto allowed = [&](RiskRule rule, bool ok, Reason reason, const char* field) {
    risk.checked |= Bit(rule);
    if (!ok) risk.reject = {reason, field};
    return ok;
  };

  if (const Reason reason = ReasonOf(account.status); reason != Reason::kNone) {
    allowed(RiskRule::kAccountStatus, false, reason, "account");
    return risk;
  }
  if (settings.max_orders != 0) {
    const bool window_runs = account.window_orders != 0 &&
                             now_ns_ - account.window_start_ns < std::int64_t{settings.order_interval_ms} * 1'000'000;
    const bool ok = !window_runs || account.window_orders < settings.max_orders;
    if (!allowed(RiskRule::kOrderRate, ok, Reason::kOrderRate, "")) return risk;
  }
  const bool at_once = o.time_in_force == TimeInForce::kIoc || o.time_in_force == TimeInForce::kFok;
  const bool cannot_rest = o.type == OrderType::kMarket || (o.type == OrderType::kLimit && at_once);
  if (settings.max_open_orders != 0 && !cannot_rest) {
    std::uint32_t open = 0;
    for (const Market& m : markets_) {
      for (const auto& [id, order] : m.orders) open += order.as.account == o.account ? 1 : 0;
    }
    const bool ok = open < settings.max_open_orders;
    if (!allowed(RiskRule::kMaxOpenOrders, ok, Reason::kMaxOpenOrders, "")) return risk;
  }
  const bool market_without_last = o.type == OrderType::kMarket && !by_amount && !market.last;
  if (limits.max_notional.value() != 0 && !market_without_last) {
    Wide notional = o.quote_quantity.value();
    if (!by_amount) {
      const std::int64_t price = o.type == OrderType::kMarket ? *market.last
                                 : HasLimit(o.type)           ? o.price.value()
                                                              : o.stop_price.value();
      notional = QuoteFor(s, price, o.quantity.value());
    }
    const bool ok = notional <= limits.max_notional.value();
    if (!allowed(RiskRule::kMaxNotional, ok, Reason::kMaxNotional, how_much)) return risk;
  }
  if (limits.max_position.value() != 0 && o.side == Side::kBuy) {
    Wide lots = o.quantity.value();
    if (by_amount) {
      lots = market.asks.empty() ? 0 : o.quote_quantity.value() / QuoteFor(s, market.asks.begin()->first, 1);
    }
    for (const auto& [id, order] : market.orders) {
      if (order.as.account == o.account && order.buys()) lots += order.left();
    }
    const Money owned = MoneyOf(o.account.value(), s.base.value());
    const Wide position = Wide{owned.available} + owned.locked + lots * s.lot_size.value();
    const bool ok = position <= limits.max_position.value();
    if (!allowed(RiskRule::kMaxPosition, ok, Reason::kMaxPosition, how_much)) return risk;
  }
  if (limits.price_deviation_bps != 0 && HasLimit(o.type) && market.last) {
    const Wide distance = Wide{o.price.value()} - *market.last;
    const bool ok = (distance < 0 ? -distance : distance) * 10'000 <= Wide{limits.price_deviation_bps} * *market.last;
    allowed(RiskRule::kPriceDeviation, ok, Reason::kPriceDeviation, "price");
  }
  return risk;
}

}  // namespace xt::oracle
