#include "services/matching/core/risk_check.h"

#include "services/matching/core/engine.h"
#include "services/matching/core/order_checks.h"

namespace xt::matching {

using domain::AccountStatus;
using domain::Reject;
using domain::RejectReason;
using domain::RiskRule;

namespace {

bool WindowIsOver(const AccountRecord& account, std::int64_t now_ns) {
  return account.window_orders == 0 ||
         now_ns - account.window_start_ns >= std::int64_t{account.settings.order_interval_ms} * kNsPerMs;
}

}  // namespace

RejectReason RefusalOf(AccountStatus status) {
  switch (status) {
    case AccountStatus::kFrozen: return RejectReason::kAccountFrozen;
    case AccountStatus::kBlacklisted: return RejectReason::kAccountBlacklisted;
    case AccountStatus::kClosed: return RejectReason::kAccountClosed;
    default: return RejectReason::kNone;
  }
}

Reject Engine::RiskCheck::Run() {
  const Reject reject = CheckRules();
  if (rules_checked_ != 0) {
    engine_.Tell(domain::RiskDecision{.account = order_.account,
                                      .symbol = order_.symbol,
                                      .client_order_id = order_.client_order_id,
                                      .rules_checked = rules_checked_,
                                      .reason = reject.reason});
  }
  return reject;
}

Reject Engine::RiskCheck::CheckRules() {
  if (const Reject reject = CheckStatus()) return reject;
  if (const Reject reject = CheckOrderRate()) return reject;
  if (const Reject reject = CheckOpenOrders()) return reject;
  if (const Reject reject = CheckNotional()) return reject;
  if (const Reject reject = CheckPosition()) return reject;
  return CheckDeviation();
}

Reject Engine::RiskCheck::CheckStatus() {
  if (account_.status == AccountStatus::kActive) return {};
  Checked(RiskRule::kAccountStatus);
  return {RefusalOf(account_.status), "account"};
}

Reject Engine::RiskCheck::CheckOrderRate() {
  if (record_.settings.max_orders == 0) return {};
  Checked(RiskRule::kOrderRate);
  if (WindowIsOver(record_, engine_.now_ns_) || record_.window_orders < record_.settings.max_orders) return {};
  return {RejectReason::kOrderRate, ""};
}

void Engine::RiskCheck::CountOrder(AccountRecord& account, std::int64_t now_ns) {
  if (account.settings.max_orders == 0) return;
  if (WindowIsOver(account, now_ns)) {
    account.window_start_ns = now_ns;
    account.window_orders = 0;
  }
  ++account.window_orders;
}

Reject Engine::RiskCheck::CheckOpenOrders() {
  if (record_.settings.max_open_orders == 0) return {};
  const auto time_in_force = EffectiveTimeInForce(order_);
  const bool ends_at_once = time_in_force == domain::TimeInForce::kIoc || time_in_force == domain::TimeInForce::kFok;
  if ((ends_at_once || order_.type == domain::OrderType::kMarket) && !HasStopPrice(order_.type)) return {};
  Checked(RiskRule::kMaxOpenOrders);
  if (account_.open_orders < record_.settings.max_open_orders) return {};
  return {RejectReason::kMaxOpenOrders, ""};
}

Reject Engine::RiskCheck::CheckNotional() {
  if (market_.limits.max_notional.value() == 0) return {};
  const bool by_quote = order_.quote_quantity.value() != 0;
  const std::int64_t price = order_.price.value() != 0        ? order_.price.value()
                             : order_.stop_price.value() != 0 ? order_.stop_price.value()
                                                              : market_.last_price;
  if (!by_quote && price == 0) return {};
  Checked(RiskRule::kMaxNotional);
  const __int128 notional = by_quote
                                ? __int128{order_.quote_quantity.value()}
                                : __int128{price} * order_.quantity.value() * market_.symbol.tick_lot_value.value();
  if (notional <= market_.limits.max_notional.value()) return {};
  return {RejectReason::kMaxNotional, by_quote ? "quoteQuantity" : "quantity"};
}

Reject Engine::RiskCheck::CheckPosition() {
  if (market_.limits.max_position.value() == 0 || order_.side != domain::Side::kBuy) return {};
  Checked(RiskRule::kMaxPosition);
  const bool by_quote = order_.quote_quantity.value() != 0;
  std::int64_t quantity = order_.quantity.value();
  if (by_quote) {
    const auto& asks = market_.book.side<domain::Side::kSell>();
    quantity = asks.empty() ? 0 : order_.quote_quantity.value() / market_.Quote(asks.best(), 1);
  }
  const Balance& base = engine_.accounts_.At(order_.account, market_.symbol.base);
  const __int128 owned = __int128{base.available} + base.locked;
  const __int128 position = owned + OpenBuys() + __int128{quantity} * market_.symbol.lot_size.value();
  if (position <= market_.limits.max_position.value()) return {};
  return {RejectReason::kMaxPosition, by_quote ? "quoteQuantity" : "quantity"};
}

__int128 Engine::RiskCheck::OpenBuys() const {
  __int128 lots = 0;
  engine_.accounts_.ForEachOpenOrder(order_.account, [&](Slot slot, ListPlace) {
    const auto& order = engine_.orders_[slot];
    if (order.detail.side != domain::Side::kBuy || order.place.symbol() != market_.symbol.id) return;
    lots += engine_.LeftOf(slot);
  });
  return lots * market_.symbol.lot_size.value();
}

Reject Engine::RiskCheck::CheckDeviation() {
  if (market_.limits.price_deviation_bps == 0 || market_.last_price == 0 || order_.price.value() == 0) return {};
  Checked(RiskRule::kPriceDeviation);
  const __int128 last = market_.last_price;
  const __int128 difference = order_.price.value() > last ? order_.price.value() - last : last - order_.price.value();
  if (difference * 10'000 <= last * market_.limits.price_deviation_bps) return {};
  return {RejectReason::kPriceDeviation, "price"};
}

}  // namespace xt::matching
