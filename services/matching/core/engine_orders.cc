// New orders and cancels. An order is checked in three steps, all before the first mutation: its shape, its numbers
// against its symbol, and what it would do to book and balances (Intake).
#include "libs/base/check.h"
#include "libs/domain/names.h"
#include "services/matching/core/engine.h"
#include "services/matching/core/engine_internal.h"
#include "services/matching/core/taker.h"

namespace xt::matching {
namespace {

using domain::NewOrder;
using domain::OrderType;
using domain::Reject;
using domain::RejectReason;
using domain::SelfTradePrevention;
using domain::Side;
using domain::TimeInForce;

std::uint64_t FingerprintOf(const NewOrder& order) {
  return Fingerprint(order.symbol.value(), order.side, order.type, order.time_in_force, order.self_trade_prevention,
                     order.price.value(), order.stop_price.value(), order.quantity.value(),
                     order.iceberg_quantity.value(), order.quote_quantity.value(), order.expire_time_ms);
}

Reject CheckType(OrderType type) {
  if (type == OrderType::kUnspecified) return {RejectReason::kMissingField, "type"};
  if (type > OrderType::kIceberg) return {RejectReason::kInvalidValue, "type"};
  if (type != OrderType::kLimit && type != OrderType::kMarket) return {RejectReason::kUnsupportedOrderType, "type"};
  return {};
}

// A MARKET order never rests, so that for it GTC and no value at all mean IOC.
Reject CheckTimeInForce(const NewOrder& order) {
  if (order.time_in_force > TimeInForce::kGtd) return {RejectReason::kInvalidValue, "timeInForce"};
  if (order.time_in_force == TimeInForce::kGtd) return {RejectReason::kUnsupportedOrderType, "timeInForce"};
  if (order.time_in_force == TimeInForce::kUnspecified && order.type == OrderType::kLimit) {
    return {RejectReason::kMissingField, "timeInForce"};
  }
  return {};
}

Reject CheckEnums(const NewOrder& order) {
  if (order.side == Side::kUnspecified) return {RejectReason::kMissingField, "side"};
  if (order.side > Side::kSell) return {RejectReason::kInvalidValue, "side"};
  if (const Reject reject = CheckType(order.type)) return reject;
  if (const Reject reject = CheckTimeInForce(order)) return reject;
  if (order.self_trade_prevention > SelfTradePrevention::kDecrement) {
    return {RejectReason::kInvalidValue, "selfTradePrevention"};
  }
  if (order.self_trade_prevention == SelfTradePrevention::kDecrement) {
    return {RejectReason::kUnsupportedOrderType, "selfTradePrevention"};
  }
  return {};
}

// Fields that no supported type has.
Reject CheckUnusedFields(const NewOrder& order) {
  if (order.stop_price.value() != 0) return {RejectReason::kInvalidCombination, "stopPrice"};
  if (order.iceberg_quantity.value() != 0) return {RejectReason::kInvalidCombination, "icebergQuantity"};
  if (order.expire_time_ms != 0) return {RejectReason::kInvalidCombination, "expireTime"};
  return {};
}

Reject CheckQuantity(const NewOrder& order, const domain::Symbol& symbol) {
  if (order.quantity.value() <= 0) return {RejectReason::kNotPositive, "quantity"};
  if (order.quantity > symbol.max_quantity) return {RejectReason::kMaxQuantity, "quantity"};
  if (!domain::BaseAmount(symbol, order.quantity)) return {RejectReason::kOverflow, "quantity"};
  return {};
}

Reject CheckLimitNumbers(const NewOrder& order, const domain::Symbol& symbol) {
  if (order.quote_quantity.value() != 0) return {RejectReason::kInvalidCombination, "quoteQuantity"};
  if (order.price.value() <= 0) return {RejectReason::kNotPositive, "price"};
  if (order.price > symbol.max_price) return {RejectReason::kMaxPrice, "price"};
  if (const Reject reject = CheckQuantity(order, symbol)) return reject;
  const auto notional = domain::Notional(symbol, order.price, order.quantity);
  if (!notional) return {RejectReason::kOverflow, "quantity"};
  if (*notional < symbol.min_notional) return {RejectReason::kMinNotional, "quantity"};
  return {};
}

Reject CheckMarketNumbers(const NewOrder& order, const domain::Symbol& symbol) {
  if (order.price.value() != 0) return {RejectReason::kInvalidCombination, "price"};
  if (order.quote_quantity.value() == 0) return CheckQuantity(order, symbol);
  if (order.quantity.value() != 0) return {RejectReason::kInvalidCombination, "quantity"};
  if (order.quote_quantity.value() < 0) return {RejectReason::kNotPositive, "quoteQuantity"};
  if (order.quote_quantity < symbol.min_notional) return {RejectReason::kMinNotional, "quoteQuantity"};
  return {};
}

Reject CheckShape(const NewOrder& order, const domain::Symbol& symbol) {
  if (const Reject reject = CheckEnums(order)) return reject;
  if (const Reject reject = CheckUnusedFields(order)) return reject;
  return order.type == OrderType::kLimit ? CheckLimitNumbers(order, symbol) : CheckMarketNumbers(order, symbol);
}

}  // namespace

Reject Engine::Handle(const NewOrder& order) {
  if (!accounts_.Exists(order.account)) return {RejectReason::kUnknownAccount, "account"};
  std::uint64_t fingerprint = 0;
  if (!order.client_order_id.empty()) {
    if (const Reject reject = CheckClientId(order.client_order_id, "clientOrderId")) return reject;
    fingerprint = FingerprintOf(order);
    const Repeated repeated = CheckRepeated(order.account, ClientIds::Kind::kOrder, order.client_order_id, fingerprint);
    if (repeated.yes) return repeated.reject;
  }
  if (!HasSymbol(order.symbol)) return {RejectReason::kUnknownSymbol, "symbol"};
  Market& market = *markets_[order.symbol.value()];
  if (market.symbol.status != domain::SymbolStatus::kTrading) return {RejectReason::kSymbolHalted, "symbol"};
  if (const Reject reject = CheckShape(order, market.symbol)) return reject;
  if (!order.client_order_id.empty() && client_ids_.full()) return {RejectReason::kCapacity, "clientOrderId"};
  if (orders_.full()) return {RejectReason::kCapacity, ""};
  return order.side == Side::kBuy ? Enter<Side::kBuy>(order, market, fingerprint)
                                  : Enter<Side::kSell>(order, market, fingerprint);
}

template <Side kTaker>
Reject Engine::Enter(const NewOrder& order, Market& market, std::uint64_t fingerprint) {
  Intake intake;
  const Reject reject = order.type == OrderType::kLimit ? DecideLimit<kTaker>(order, market, intake)
                                                        : DecideMarket<kTaker>(order, market, intake);
  if (reject) return reject;
  Execute<kTaker>(order, intake, market, fingerprint);
  return {};
}

template <Side kTaker>
Reject Engine::DecideLimit(const NewOrder& order, const Market& market, Intake& intake) const {
  const Place place(order.symbol, kTaker, order.price.value());
  intake.limit = order.price.value();
  intake.quantity = order.quantity.value();
  intake.reserve = market.Reserved(place, order.quantity.value());
  intake.rests = order.time_in_force == TimeInForce::kGtc;
  if (intake.reserve > accounts_.At(order.account, market.ReservedAsset(kTaker)).available) {
    return {RejectReason::kInsufficientBalance, "quantity"};
  }
  if (intake.rests && !market.book.template side<kTaker>().HasRoom(intake.limit)) {
    return {RejectReason::kCapacity, "price"};
  }
  if (order.time_in_force == TimeInForce::kFok) {
    Walk<kTaker> walk(*this, market, order, -1, -1);
    walk.Run(intake.limit, intake.quantity);
    intake.unfillable = walk.taken() < intake.quantity;
  }
  return {};
}

template <Side kTaker>
Reject Engine::DecideMarket(const NewOrder& order, const Market& market, Intake& intake) const {
  const auto& others = market.book.template side<Opposite(kTaker)>();
  if (others.empty()) return {RejectReason::kNoLiquidity, ""};
  const bool by_quote = order.quote_quantity.value() != 0;
  if (!by_quote) {
    const auto notional = domain::Notional(market.symbol, domain::Price(others.best()), order.quantity);
    if (!notional) return {RejectReason::kOverflow, "quantity"};
    if (*notional < market.symbol.min_notional) return {RejectReason::kMinNotional, "quantity"};
  }
  intake.limit = kAnyPrice<kTaker>;
  const std::int64_t available = accounts_.At(order.account, market.ReservedAsset(kTaker)).available;
  Walk<kTaker> walk(*this, market, order, by_quote ? order.quote_quantity.value() : -1,
                    kTaker == Side::kBuy ? available : -1);
  walk.Run(intake.limit, by_quote ? market.symbol.max_quantity.value() : order.quantity.value());
  if (by_quote && walk.taken() == 0 && walk.budget_used_up()) return {RejectReason::kMinNotional, "quoteQuantity"};
  // A quote quantity becomes the lots that it takes. When the book ends first, it wants one lot more than there is, so
  // that the match meets the account's own orders as far as it would reach.
  intake.quantity_is_all = !by_quote || walk.budget_used_up();
  const bool book_ended = by_quote && !walk.budget_used_up() && walk.taken() < market.symbol.max_quantity.value();
  intake.quantity = by_quote ? walk.taken() + (book_ended ? 1 : 0) : order.quantity.value();
  intake.unfillable =
      order.time_in_force == TimeInForce::kFok && (by_quote ? !walk.budget_used_up() : walk.taken() < intake.quantity);
  const auto base = domain::BaseAmount(market.symbol, by_quote ? domain::Quantity(walk.taken()) : order.quantity);
  const bool affordable = kTaker == Side::kBuy ? walk.cost() <= available : base && base->value() <= available;
  if (!affordable) return {RejectReason::kInsufficientBalance, by_quote ? "quoteQuantity" : "quantity"};
  intake.reserve = kTaker == Side::kBuy ? static_cast<std::int64_t>(walk.cost()) : base->value();
  return {};
}

template <Side kTaker>
void Engine::Execute(const NewOrder& order, const Intake& intake, Market& market, std::uint64_t fingerprint) {
  const Slot slot = orders_.Allocate();
  const domain::OrderId id = orders_.IdOf(slot);
  const domain::AssetId asset = market.ReservedAsset(kTaker);
  Taker<kTaker> taker(*this, market, order, intake, id);
  std::int64_t left = intake.quantity;
  if (!intake.unfillable) {
    if (intake.reserve != 0) {
      ChangeBalance(order.account, asset, domain::BalanceReason::kReservation, -intake.reserve, intake.reserve, id);
    }
    left = market.book.template Match<kTaker>(intake.limit, left, taker);
  }
  const bool rests = left != 0 && intake.rests && !taker.stopped();
  ClientIds::Ref client_id = ClientIds::kNone;
  if (!order.client_order_id.empty()) {
    client_id = Remember(order.account, ClientIds::Kind::kOrder, order.client_order_id, fingerprint, id, rests);
  }
  if (rests) {
    orders_[slot].owner = order.account.value();
    orders_[slot].detail = {order.quantity.value(), taker.executed_quote(), client_id, order.type, order.time_in_force};
    market.book.template Rest<kTaker>(slot, intake.limit, left);
    changed_levels_.push_back({kTaker, intake.limit});
    taker.Report(domain::ExecutionType::kNew,
                 taker.executed() != 0 ? domain::OrderStatus::kPartiallyFilled : domain::OrderStatus::kNew);
  } else {
    if (left != 0 || !intake.quantity_is_all) {
      taker.Report(domain::ExecutionType::kExpired, domain::OrderStatus::kExpired);
    }
    const std::int64_t release = intake.unfillable ? 0 : taker.reserved();
    if (release != 0) {
      ChangeBalance(order.account, asset, domain::BalanceReason::kRelease, release, -release, id);
    }
    orders_.Free(slot);
  }
  FlushBookChanges(market);
}

Reject Engine::Handle(const domain::CancelOrder& cancel) {
  if (!accounts_.Exists(cancel.account)) return {RejectReason::kUnknownAccount, "account"};
  const bool by_id = cancel.order_id.value() != 0;
  if (!by_id && cancel.client_order_id.empty()) return {RejectReason::kMissingField, "orderId"};
  domain::OrderId id = cancel.order_id;
  if (!by_id)
    id = client_ids_[client_ids_.Find(cancel.account, ClientIds::Kind::kOrder, cancel.client_order_id)].order_id;
  const Slot slot = orders_.Find(id);
  if (slot == kNoSlot || orders_[slot].owner != cancel.account.value()) {
    return {RejectReason::kUnknownOrder, by_id ? "orderId" : "clientOrderId"};
  }
  const Place place = orders_[slot].place;
  Market& market = *markets_[place.symbol().value()];
  if (market.symbol.status == domain::SymbolStatus::kHalted) return {RejectReason::kSymbolHalted, "symbol"};
  EndResting(market, slot, domain::ExecutionType::kCanceled, domain::OrderStatus::kCanceled);
  market.book.Remove(slot);
  changed_levels_.push_back({place.side(), place.price()});
  FlushBookChanges(market);
  return {};
}

void Engine::EndResting(Market& market, Slot slot, domain::ExecutionType type, domain::OrderStatus status) {
  const auto& order = orders_[slot];
  domain::ExecutionReport& report = ReportResting(market, slot);
  report.execution_type = type;
  report.status = status;
  const std::int64_t reserved = market.Reserved(order.place, order.quantity);
  ChangeBalance(domain::AccountId(order.owner), market.ReservedAsset(order.place.side()),
                domain::BalanceReason::kRelease, reserved, -reserved, orders_.IdOf(slot));
  client_ids_.OrderClosed(order.detail.client_id);
}

// With the execution type of a fill; the caller changes what differs.
domain::ExecutionReport& Engine::ReportResting(const Market& market, Slot slot) {
  const auto& order = orders_[slot];
  auto& report = Emit<domain::ExecutionReport>();
  report.account = domain::AccountId(order.owner);
  report.order_id = orders_.IdOf(slot);
  report.client_order_id = client_ids_[order.detail.client_id].id;
  report.symbol = market.symbol.id;
  report.side = order.place.side();
  report.type = order.detail.type;
  report.time_in_force = order.detail.time_in_force;
  report.execution_type = domain::ExecutionType::kTrade;
  report.status = order.quantity == 0 ? domain::OrderStatus::kFilled : domain::OrderStatus::kPartiallyFilled;
  report.price = domain::Price(order.place.price());
  report.quantity = domain::Quantity(order.detail.ordered);
  report.executed_quantity = domain::Quantity(order.detail.ordered - order.quantity);
  report.executed_quote = domain::Amount(order.detail.executed_quote);
  return report;
}

void Engine::FlushBookChanges(Market& market) {
  const auto emit = [&](domain::Side side, std::int64_t price, const auto& levels) {
    const Level* level = levels.Find(price);
    auto& change = Emit<domain::BookChange>();
    change.symbol = market.symbol.id;
    change.side = side;
    change.price = domain::Price(price);
    change.quantity = domain::Quantity(level != nullptr ? level->quantity : 0);
    change.order_count = levels.OrderCount(price);
  };
  for (const LevelRef& changed : changed_levels_) {
    if (changed.side == Side::kBuy) {
      emit(changed.side, changed.price, market.book.template side<Side::kBuy>());
    } else {
      emit(changed.side, changed.price, market.book.template side<Side::kSell>());
    }
  }
  changed_levels_.clear();
}

}  // namespace xt::matching
