// New orders. An order is checked in three steps, all before the first mutation: its shape and numbers against its symbol
// (order_checks.h), its risk (risk_check.h), and what it would do to book and balances (Decide, which fills in Incoming).
#include <limits>

#include "libs/base/check.h"
#include "services/matching/core/engine.h"
#include "services/matching/core/engine_internal.h"
#include "services/matching/core/order_checks.h"
#include "services/matching/core/risk_check.h"
#include "services/matching/core/taker.h"

namespace xt::matching {

using domain::NewOrder;
using domain::OrderStatus;
using domain::OrderType;
using domain::Reject;
using domain::RejectReason;
using domain::Side;
using domain::TimeInForce;
using Reported = domain::ExecutionType;

namespace {

std::uint64_t FingerprintOf(const NewOrder& order) {
  return Fingerprint(order.symbol.value(), order.side, order.type, order.time_in_force, order.self_trade_prevention,
                     order.price.value(), order.stop_price.value(), order.quantity.value(),
                     order.iceberg_quantity.value(), order.quote_quantity.value(), order.expire_time_ms,
                     order.group.value());
}

}  // namespace

Reject Engine::Handle(const NewOrder& order) {
  if (order.client_order_id.empty() && accounts_.Exists(order.account)) return EnterNew(order, 0);
  std::uint64_t fingerprint = 0;
  const Repeated repeated = CheckRepeated(order, fingerprint);
  return repeated.yes ? repeated.reject : EnterNew(order, fingerprint);
}

Engine::Repeated Engine::CheckRepeated(const NewOrder& order, std::uint64_t& fingerprint) {
  if (!accounts_.Exists(order.account)) return {true, {RejectReason::kUnknownAccount, "account"}};
  if (order.client_order_id.empty()) return {};
  if (const Reject reject = CheckClientId(order.client_order_id, "clientOrderId")) return {true, reject};
  fingerprint = FingerprintOf(order);
  return CheckRepeated(order.account, ClientIds::Kind::kOrder, order.client_order_id, fingerprint);
}

Reject Engine::EnterNew(const NewOrder& order, std::uint64_t fingerprint) {
  if (!HasSymbol(order.symbol)) return {RejectReason::kUnknownSymbol, "symbol"};
  Market& market = *markets_[order.symbol.value()];
  if (market.symbol.status != domain::SymbolStatus::kTrading) return {RejectReason::kSymbolHalted, "symbol"};
  const AccountHead& account = accounts_.Head(order.account);
  const bool plain = IsPlainLimit(order, market.symbol);
  if (!plain) {
    if (const Reject reject = CheckShape(order, market.symbol, account.self_trade_prevention, now_ns_)) return reject;
  }
  if (!order.client_order_id.empty() && client_ids_.full()) return {RejectReason::kCapacity, "clientOrderId"};
  if (orders_.full()) return {RejectReason::kCapacity, ""};
  if (market.has_rules || account.has_rules || account.status != domain::AccountStatus::kActive) [[unlikely]] {
    if (const Reject reject = RiskCheck(*this, market, order).Run()) return reject;
  }
  const bool rests = plain && order.time_in_force == TimeInForce::kGtc && order.group.value() == 0 &&
                     !account.has_rules && !levels_repeat_;
  if (order.side == Side::kBuy) {
    return rests && !market.book.Crosses<Side::kBuy>(order.price.value())
               ? EnterResting<Side::kBuy>(order, market, fingerprint)
               : Enter<Side::kBuy>(order, market, fingerprint);
  }
  return rests && !market.book.Crosses<Side::kSell>(order.price.value())
             ? EnterResting<Side::kSell>(order, market, fingerprint)
             : Enter<Side::kSell>(order, market, fingerprint);
}

template <Side kSide>
Reject Engine::EnterResting(const NewOrder& order, Market& market, std::uint64_t fingerprint) {
  const std::int64_t price = order.price.value();
  const std::int64_t quantity = order.quantity.value();
  const std::int64_t reserve = market.Reserved(kSide, price, quantity);
  AccountHead& account = accounts_.Head(order.account);
  Balance& balance = accounts_.At(order.account, market.ReservedAsset(kSide));
  if (reserve > balance.available) return {RejectReason::kInsufficientBalance, "quantity"};
  if (!market.book.side<kSide>().HasRoom(price)) return {RejectReason::kCapacity, "price"};
  const Slot slot = orders_.Allocate();
  const domain::OrderId id = orders_.IdOf(slot);
  ClientIds::Ref client_id = ClientIds::kNone;
  if (!order.client_order_id.empty()) {
    client_id = Remember(order.account, ClientIds::Kind::kOrder, order.client_order_id, fingerprint, id, true);
  }
  balance.available -= reserve;
  balance.locked += reserve;
  auto& resting = orders_[slot];
  resting.owner = order.account.value();
  resting.detail.ordered = quantity;
  resting.detail.executed_quote = 0;
  resting.detail.client_id = client_id;
  resting.detail.extra = kNoExtra;
  resting.detail.type = OrderType::kLimit;
  resting.detail.time_in_force = TimeInForce::kGtc;
  resting.detail.self_trade_prevention = EffectiveMode(order, account.self_trade_prevention);
  resting.detail.side = kSide;
  const LevelState level = market.book.Rest<kSide>(slot, price, quantity);
  NoteOpen(order.account, slot);
  new (outcomes_.Take<RestedOutcome>()) RestedOutcome{
      .head = {OutcomeKind::kRested, WordsOf<RestedOutcome>(), market.symbol.id.value(), order.account.value()},
      .order_id = id.value(),
      .price = price,
      .quantity = quantity,
      .reserve = reserve,
      .level_quantity = level.quantity,
      .level_orders = level.orders,
      .client_id = client_id,
      .side = kSide,
      .time_in_force = TimeInForce::kGtc,
  };
  return {};
}

template <Side kTaker>
Reject Engine::Enter(const NewOrder& order, Market& market, std::uint64_t fingerprint) {
  AccountHead& account = accounts_.Head(order.account);
  Incoming in{.account = order.account,
              .id = {},
              .slot = kNoSlot,
              .type = order.type,
              .time_in_force = EffectiveTimeInForce(order),
              .mode = EffectiveMode(order, account.self_trade_prevention),
              .client_id = ClientIds::kNone,
              .extra = kNoExtra,
              .price = order.price.value(),
              .ordered = order.quantity.value(),
              .quote_quantity = order.quote_quantity.value()};
  const bool waits = HasStopPrice(order.type);
  const Reject reject = waits ? DecideWaiting<kTaker>(order, market, in) : Decide<kTaker>(order, market, in);
  if (reject) return reject;

  in.slot = orders_.Allocate();
  in.id = orders_.IdOf(in.slot);
  if (!order.client_order_id.empty()) {
    in.client_id = Remember(order.account, ClientIds::Kind::kOrder, order.client_order_id, fingerprint, in.id, true);
  }
  if (waits || order.type == OrderType::kIceberg || order.expire_time_ms != 0 || order.group.value() != 0) [[unlikely]]
    AddExtra(order, in);
  if (account.has_rules) RiskCheck::CountOrder(accounts_.Record(order.account), now_ns_);
  if (waits) {
    Wait<kTaker>(market, in);
  } else {
    Work<kTaker>(market, in);
    if (highest_trade_ != 0) RunStops(market);
  }
  return {};
}

void Engine::AddExtra(const NewOrder& order, Incoming& in) {
  in.extra = extras_.Add({.price = order.price.value(),
                          .stop_price = order.stop_price.value(),
                          .slice = order.iceberg_quantity.value(),
                          .hidden = 0,
                          .expire_time_ms = order.expire_time_ms,
                          .entered = sequence_.value(),
                          .group = order.group.value(),
                          .waiting = false,
                          .slot = in.slot,
                          .queued_at = kNotQueued,
                          .next_free = kNoExtra});
}

template <Side kTaker>
Reject Engine::Decide(const NewOrder& order, const Market& market, Incoming& in) const {
  if (order.type == OrderType::kMarket) return DecideMarket<kTaker>(market, in);
  if (order.type == OrderType::kLimitMaker && market.book.template Crosses<kTaker>(in.price) &&
      !Planted(Bug::kPostOnlyTrades)) {
    return {RejectReason::kWouldMatch, "price"};
  }
  return DecideLimit<kTaker>(market, in);
}

template <Side kTaker>
Reject Engine::DecideWaiting(const NewOrder& order, const Market& market, Incoming& in) const {
  const std::int64_t stop = order.stop_price.value();
  const bool up = TriggersUp(order.type, kTaker);
  const std::int64_t last = market.last_price;
  if (last != 0 && (up ? last >= stop : last <= stop)) return {RejectReason::kWouldTrigger, "stopPrice"};
  in.quantity = in.ordered;
  in.reserve = market.Reserved(kTaker, in.price != 0 ? in.price : stop, in.quantity);
  if (in.reserve > accounts_.At(in.account, market.ReservedAsset(kTaker)).available) {
    return {RejectReason::kInsufficientBalance, "quantity"};
  }
  const bool room = up ? market.stops.side<Side::kSell>().HasRoom(stop) : market.stops.side<Side::kBuy>().HasRoom(stop);
  if (!room) return {RejectReason::kCapacity, "stopPrice"};
  return {};
}

template <Side kTaker>
Reject Engine::DecideLimit(const Market& market, Incoming& in) const {
  in.limit = in.price;
  in.quantity = in.ordered;
  in.reserve = market.Reserved(kTaker, in.price, in.quantity);
  in.rests = in.time_in_force == TimeInForce::kGtc || in.time_in_force == TimeInForce::kGtd;
  if (in.reserve > accounts_.At(in.account, market.ReservedAsset(kTaker)).available) {
    return {RejectReason::kInsufficientBalance, "quantity"};
  }
  if (in.rests && !market.book.template side<kTaker>().HasRoom(in.limit)) return {RejectReason::kCapacity, "price"};
  if (in.time_in_force == TimeInForce::kFok && !Planted(Bug::kPartlyFillFok)) {
    Walk<kTaker> walk(*this, market, in, -1, -1);
    walk.Run(in.limit, in.quantity);
    in.unfillable = walk.taken() < in.quantity;
  }
  return {};
}

template <Side kTaker>
Reject Engine::DecideMarket(const Market& market, Incoming& in) const {
  const auto& others = market.book.template side<Opposite(kTaker)>();
  if (others.empty()) return {RejectReason::kNoLiquidity, ""};
  const bool by_quote = in.quote_quantity != 0;
  if (!by_quote) {
    const auto notional = domain::Notional(market.symbol, domain::Price(others.best()), domain::Quantity(in.ordered));
    if (!notional) return {RejectReason::kOverflow, "quantity"};
    if (*notional < market.symbol.min_notional) return {RejectReason::kMinNotional, "quantity"};
  }
  in.limit = kAnyPrice<kTaker>;
  const std::int64_t available = accounts_.At(in.account, market.ReservedAsset(kTaker)).available;
  if (kTaker == Side::kSell && !by_quote && in.time_in_force != TimeInForce::kFok) {
    // What it gives is known without asking the book.
    in.quantity = in.ordered;
    in.reserve = market.Base(in.ordered);
    if (in.reserve > available) return {RejectReason::kInsufficientBalance, "quantity"};
    return {};
  }
  Walk<kTaker> walk(*this, market, in, by_quote ? in.quote_quantity : -1, kTaker == Side::kBuy ? available : -1);
  walk.Run(in.limit, by_quote ? market.symbol.max_quantity.value() : in.ordered);
  if (by_quote && walk.taken() == 0 && walk.budget_used_up()) return {RejectReason::kMinNotional, "quoteQuantity"};
  // A quote quantity becomes the lots that it takes. When the book ends first, it wants one lot more than there is, so
  // that the match meets the account's own orders, or the end of the price band, as far as it would reach.
  in.quantity_is_all = !by_quote || walk.budget_used_up();
  const bool book_ended = by_quote && !walk.budget_used_up() && walk.taken() < market.symbol.max_quantity.value();
  in.quantity = by_quote ? walk.taken() + (book_ended ? 1 : 0) : in.ordered;
  in.unfillable = in.time_in_force == TimeInForce::kFok &&
                  (by_quote ? !walk.budget_used_up() : walk.taken() < in.quantity) && !Planted(Bug::kPartlyFillFok);
  const auto base = domain::BaseAmount(market.symbol, domain::Quantity(by_quote ? walk.taken() : in.ordered));
  const bool affordable = kTaker == Side::kBuy ? walk.cost() <= available : base && base->value() <= available;
  if (!affordable) return {RejectReason::kInsufficientBalance, by_quote ? "quoteQuantity" : "quantity"};
  in.reserve = kTaker == Side::kBuy ? static_cast<std::int64_t>(walk.cost()) : base->value();
  return {};
}

void Engine::TellEntered(const Market& market, const Incoming& in, Side side) {
  const bool extended = in.extra != kNoExtra;
  auto* place = extended ? outcomes_.Take<EnteredOutcome>(ExtensionOf(in.extra)) : outcomes_.Take<EnteredOutcome>();
  new (place) EnteredOutcome{
      .head = {OutcomeKind::kEntered, WordsOf<EnteredOutcome>(extended), market.symbol.id.value(), in.account.value()},
      .order_id = in.id.value(),
      .price = in.price,
      .quantity = in.ordered,
      .quote_quantity = in.quote_quantity,
      .reserve = in.reserve,
      .client_id = in.client_id,
      .side = side,
      .type = in.type,
      .time_in_force = in.time_in_force,
      .has_extension = extended,
  };
}

template <Side kTaker>
void Engine::Wait(Market& market, Incoming& in) {
  Move(in.account, market.ReservedAsset(kTaker), -in.reserve, in.reserve);
  TellEntered(market, in, kTaker);
  auto& order = orders_[in.slot];
  order.owner = in.account.value();
  order.detail = {in.ordered, 0, in.client_id, in.extra, 0, in.type, in.time_in_force, in.mode, kTaker};
  extras_[in.extra].waiting = true;
  const std::int64_t stop = extras_[in.extra].stop_price;
  if (TriggersUp(in.type, kTaker)) {
    market.stops.Rest<Side::kSell>(in.slot, stop, in.ordered);
  } else {
    market.stops.Rest<Side::kBuy>(in.slot, stop, in.ordered);
  }
  NoteOpen(in.account, in.slot);
  if (extras_[in.extra].expire_time_ms != 0) expiries_.Add(in.extra);
  TellFinished(Reported::kNew, OrderStatus::kNew, 0);
}

template <Side kTaker>
void Engine::Work(Market& market, Incoming& in) {
  if (in.unfillable) in.reserve = 0;
  TellEntered(market, in, kTaker);
  Taker<kTaker> taker(*this, market, in);
  std::int64_t left = in.quantity;
  bool trips = false;
  if (!in.unfillable) {
    Move(in.account, market.ReservedAsset(kTaker), -in.reserve, in.reserve);
    if (!market.IsBestBeforeBand<kTaker>()) [[likely]]
      left = market.book.template Match<kTaker>(market.InBand<kTaker>(in.limit), left, taker);
    taker.Settle();
    trips = left != 0 && !taker.stopped() && market.book.template Crosses<kTaker>(in.limit);
  }
  if (trips) in.rests = false;
  RestOrEnd<kTaker>(market, in, taker, left);
  if (trips) [[unlikely]]
    TripBand(market, in);
}

template <Side kTaker>
void Engine::RestOrEnd(Market& market, Incoming& in, const Taker<kTaker>& taker, std::int64_t left) {
  if (left != 0 && in.rests && !taker.stopped()) {
    auto& order = orders_[in.slot];
    order.owner = in.account.value();
    order.detail = {in.ordered - taker.decreased(),
                    taker.executed_quote(),
                    in.client_id,
                    in.extra,
                    order.detail.listed_at,
                    in.type,
                    in.time_in_force,
                    in.mode,
                    kTaker};
    std::int64_t shown = left;
    if (in.extra != kNoExtra) [[unlikely]] {
      OrderExtra& extra = extras_[in.extra];
      if (extra.slice != 0) shown = std::min(left, extra.slice);
      extra.hidden = left - shown;
      if (extra.expire_time_ms != 0 && extra.queued_at == kNotQueued) expiries_.Add(in.extra);
    }
    NoteLevel<kTaker>(market, in.limit, market.book.template Rest<kTaker>(in.slot, in.limit, shown));
    if (!in.triggered) NoteOpen(in.account, in.slot);
    TellFinished(Reported::kNew, taker.executed() != 0 ? OrderStatus::kPartiallyFilled : OrderStatus::kNew, 0);
    return;
  }
  const std::int64_t release = Planted(Bug::kForgetRelease) ? 0 : taker.locked();
  Move(in.account, market.ReservedAsset(kTaker), release, -release);
  if (in.triggered) accounts_.RemoveOpenOrder(in.account, orders_[in.slot].detail.listed_at);
  client_ids_.OrderClosed(in.client_id);
  FreeExtra(in.extra);
  orders_.Free(in.slot);
  if (left != 0 || !in.quantity_is_all || taker.ended_by_decrease()) {
    TellFinished(Reported::kExpired, OrderStatus::kExpired, release);
  } else {
    TellFinished(Reported::kUnspecified, OrderStatus::kUnspecified, release);
  }
}

void Engine::TellFinished(Reported type, OrderStatus status, std::int64_t release) {
  new (outcomes_.Take<FinishedOutcome>())
      FinishedOutcome{{OutcomeKind::kFinished, WordsOf<FinishedOutcome>(), 0, 0}, release, type, status};
}

void Engine::TripBand(Market& market, const Incoming& in) {
  market.symbol.status = domain::SymbolStatus::kHalted;
  Tell(domain::RiskDecision{.account = in.account,
                            .symbol = market.symbol.id,
                            .client_order_id = client_ids_[in.client_id].id,
                            .rules_checked = 1u << static_cast<unsigned>(domain::RiskRule::kPriceBand),
                            .reason = RejectReason::kPriceBand});
  Tell(domain::SymbolDefined{market.symbol});
}

// A triggered stop can trigger the next one; the range of prices only grows, and each turn takes one stop out.
void Engine::RunStops(Market& market) {
  const auto& up = market.stops.side<Side::kSell>();
  const auto& down = market.stops.side<Side::kBuy>();
  while (market.symbol.status == domain::SymbolStatus::kTrading) {
    if (up.best() <= highest_trade_) {
      Trigger(market, up.Find(up.best())->head);
    } else if (down.best() >= lowest_trade_) {
      Trigger(market, down.Find(down.best())->head);
    } else {
      return;
    }
    if (Planted(Bug::kStopCascadeOnce)) return;
  }
}

void Engine::Trigger(Market& market, Slot slot) {
  levels_repeat_ = true;
  auto& order = orders_[slot];
  const Terms terms = TermsOf(slot);
  const Side side = order.detail.side;
  const std::int64_t release = market.Reserved(side, terms.reserve_price, terms.left);
  Move(domain::AccountId(order.owner), market.ReservedAsset(side), release, -release);
  TellOrder(market, slot, Reported::kTriggered, OrderStatus::kNew, release, terms.left);
  market.stops.Detach(slot);
  extras_[order.detail.extra].waiting = false;
  order.quantity = 0;
  Incoming in;
  in.account = domain::AccountId(order.owner);
  in.id = orders_.IdOf(slot);
  in.slot = slot;
  in.type = order.detail.type;
  in.time_in_force = order.detail.time_in_force;
  in.mode = order.detail.self_trade_prevention;
  in.client_id = order.detail.client_id;
  in.extra = order.detail.extra;
  in.price = terms.price;
  in.ordered = Planted(Bug::kStopFiresTwice) ? 2 * order.detail.ordered : order.detail.ordered;
  in.triggered = true;
  if (side == Side::kBuy) {
    WorkTriggered<Side::kBuy>(market, in);
  } else {
    WorkTriggered<Side::kSell>(market, in);
  }
}

template <Side kTaker>
void Engine::WorkTriggered(Market& market, Incoming& in) {
  if (in.price != 0) {
    // Its funds were locked at this very price until now, so only the room for its level can be missing.
    const Reject reject = DecideLimit<kTaker>(market, in);
    if (reject.reason == RejectReason::kCapacity) in.rests = false;
  } else {
    in.limit = kAnyPrice<kTaker>;
    const std::int64_t available = accounts_.At(in.account, market.ReservedAsset(kTaker)).available;
    Walk<kTaker> walk(*this, market, in, kTaker == Side::kBuy ? available : -1, -1);
    walk.Run(in.limit, in.ordered);
    in.quantity_is_all = !walk.budget_used_up() || walk.taken() == in.ordered;
    in.quantity = in.quantity_is_all ? in.ordered : walk.taken();
    in.unfillable = in.time_in_force == TimeInForce::kFok && walk.taken() < in.ordered;
    in.reserve = kTaker == Side::kBuy ? static_cast<std::int64_t>(walk.cost()) : market.Base(in.ordered);
  }
  Work<kTaker>(market, in);
}

template std::span<const std::byte> Engine::Execute(domain::SequenceNumber, std::int64_t, const NewOrder&);

}  // namespace xt::matching
