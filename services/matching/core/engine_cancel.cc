// What ends or changes open orders: cancels of one and of many, cancel-replace, amend, expiry, countdowns.
#include "services/matching/core/engine.h"
#include "services/matching/core/engine_internal.h"

namespace xt::matching {

using domain::ExecutionType;
using domain::MassCancelReason;
using domain::OrderStatus;
using domain::Reject;
using domain::RejectReason;
using domain::Side;

Engine::Found Engine::FindOwn(domain::AccountId account, domain::OrderId order_id,
                              const domain::ClientOrderId& client_order_id) const {
  if (!accounts_.Exists(account)) return {kNoSlot, {RejectReason::kUnknownAccount, "account"}};
  const bool by_id = order_id.value() != 0;
  if (!by_id && client_order_id.empty()) return {kNoSlot, {RejectReason::kMissingField, "orderId"}};
  if (!by_id) order_id = client_ids_[client_ids_.Find(account, ClientIds::Kind::kOrder, client_order_id)].order_id;
  const Slot slot = orders_.Find(order_id);
  if (slot == kNoSlot || orders_[slot].owner != account.value()) {
    return {kNoSlot, {RejectReason::kUnknownOrder, by_id ? "orderId" : "clientOrderId"}};
  }
  if (MarketOf(slot).symbol.status == domain::SymbolStatus::kHalted) {
    return {kNoSlot, {RejectReason::kSymbolHalted, "symbol"}};
  }
  return {slot, {}};
}

Reject Engine::Handle(const domain::CancelOrder& cancel) {
  const Found found = FindOwn(cancel.account, cancel.order_id, cancel.client_order_id);
  if (found.reject) return found.reject;
  End(found.slot, ExecutionType::kCanceled, OrderStatus::kCanceled);
  return {};
}

Reject Engine::Handle(const domain::CancelAll& cancel) {
  if (!accounts_.Exists(cancel.account)) return {RejectReason::kUnknownAccount, "account"};
  const bool all = cancel.symbol == domain::kAllSymbols;
  if (!all && !HasSymbol(cancel.symbol)) return {RejectReason::kUnknownSymbol, "symbol"};
  CancelMany(cancel.account, cancel.group, MassCancelReason::kCommand, [&](Slot slot) {
    const domain::Symbol& symbol = MarketOf(slot).symbol;
    return (all || symbol.id == cancel.symbol) && symbol.status != domain::SymbolStatus::kHalted;
  });
  return {};
}

template <typename Choose>
void Engine::CancelMany(domain::AccountId account, domain::OrderGroup group, MassCancelReason reason,
                        const Choose& choose) {
  levels_repeat_ = true;
  std::uint32_t count = 0;
  accounts_.ForEachOpenOrder(account, [&](Slot slot, ListPlace) {
    if (!choose(slot)) return;
    if (group.value() != 0 && extras_[orders_[slot].detail.extra].group != group.value()) return;
    if (Planted(Bug::kCancelAllForgetsStops) && IsWaiting(slot)) return;
    End(slot, ExecutionType::kCanceled, OrderStatus::kCanceled);
    ++count;
  });
  Tell(domain::OrdersCanceled{.account = account, .group = group, .reason = reason, .count = count});
}

namespace {

// As the fields of the order to cancel are called in a cancel-replace.
std::string_view CancelField(std::string_view field) {
  if (field == "orderId") return "cancelOrderId";
  if (field == "clientOrderId") return "cancelClientOrderId";
  return field;
}

}  // namespace

Reject Engine::Handle(const domain::CancelReplace& replace) {
  levels_repeat_ = true;
  std::uint64_t fingerprint = 0;
  const Repeated repeated = CheckRepeated(replace.order, fingerprint);
  if (repeated.yes) return repeated.reject;
  if (replace.mode == domain::ReplaceMode::kUnspecified) return {RejectReason::kMissingField, "cancelReplaceMode"};
  if (replace.mode > domain::ReplaceMode::kAllowFailure) return {RejectReason::kInvalidValue, "cancelReplaceMode"};
  const domain::CancelOrder cancel{replace.order.account, replace.cancel_order_id, replace.cancel_client_order_id};
  if (const Reject reject = Handle(cancel)) {
    if (replace.mode == domain::ReplaceMode::kStopOnFailure) return {reject.reason, CancelField(reject.field)};
    RejectCommand(cancel, {reject.reason, CancelField(reject.field)});
  }
  if (const Reject reject = EnterNew(replace.order, fingerprint)) RejectCommand(replace.order, reject);
  return {};
}

Reject Engine::Handle(const domain::AmendOrder& amend) {
  const Found found = FindOwn(amend.account, amend.order_id, amend.client_order_id);
  if (found.reject) return found.reject;
  if (amend.quantity.value() <= 0) return {RejectReason::kNotPositive, "quantity"};
  const Slot slot = found.slot;
  auto& order = orders_[slot];
  const Terms terms = TermsOf(slot);
  const std::int64_t executed = order.detail.ordered - terms.left;
  const bool lowers = amend.quantity.value() < order.detail.ordered && amend.quantity.value() > executed;
  if (!lowers) return {RejectReason::kInvalidValue, "quantity"};

  Market& market = MarketOf(slot);
  const std::int64_t by = order.detail.ordered - amend.quantity.value();
  const std::int64_t from_hidden = std::min(by, extras_[order.detail.extra].hidden);
  if (from_hidden != 0) extras_[order.detail.extra].hidden -= from_hidden;
  if (by != from_hidden) {
    const std::int64_t price = order.place.price();
    const LevelState level = (IsWaiting(slot) ? market.stops : market.book).Reduce(slot, by - from_hidden);
    if (!IsWaiting(slot)) NoteLevel(market, order.detail.side, price, level);
  }
  if (Planted(Bug::kAmendLosesPriority) && !IsWaiting(slot)) market.book.RestAgain(slot);
  order.detail.ordered = amend.quantity.value();
  const std::int64_t release = market.Reserved(order.detail.side, terms.reserve_price, by);
  Move(amend.account, market.ReservedAsset(order.detail.side), release, -release);
  TellOrder(market, slot, ExecutionType::kReplaced, executed != 0 ? OrderStatus::kPartiallyFilled : OrderStatus::kNew,
            release, terms.left - by);
  return {};
}

Reject Engine::Handle(const domain::SetCountdown& countdown) {
  if (!accounts_.Exists(countdown.account)) return {RejectReason::kUnknownAccount, "account"};
  if (countdown.timeout_ms < 0 || countdown.timeout_ms > domain::kMaxCountdownMs) {
    return {RejectReason::kInvalidValue, "timeout"};
  }
  const Countdowns::Key key{countdown.account, countdown.group};
  const bool arms = countdown.timeout_ms != 0;
  if (arms && !countdowns_.HasRoom(key)) return {RejectReason::kCapacity, "group"};
  const std::int64_t deadline_ns = arms ? now_ns_ + countdown.timeout_ms * kNsPerMs : 0;
  if (arms) {
    countdowns_.Set(key, deadline_ns);
  } else {
    countdowns_.Disarm(key);
  }
  Tell(domain::CountdownChanged{.account = countdown.account, .group = countdown.group, .deadline_ns = deadline_ns});
  return {};
}

void Engine::RunDue() {
  while (!expiries_.empty() && !Planted(Bug::kIgnoreExpireTime)) {
    const OrderExtra& first = extras_[expiries_.first()];
    if (first.expire_time_ms * kNsPerMs > now_ns_) break;
    levels_repeat_ = true;
    End(first.slot, ExecutionType::kExpired, OrderStatus::kExpired);
  }
  while (countdowns_.next_due_ns() <= now_ns_) {
    const auto [deadline_ns, account, group] = *countdowns_.due().begin();
    countdowns_.Disarm({account, group});
    CancelMany(account, group, MassCancelReason::kCountdown, [](Slot) { return true; });
    Tell(domain::CountdownChanged{.account = account, .group = group, .deadline_ns = 0});
  }
}

Reject Engine::Handle(const domain::SetAccountStatus& change) {
  using domain::AccountStatus;
  if (!accounts_.Exists(change.account)) return {RejectReason::kUnknownAccount, "account"};
  if (change.status == AccountStatus::kUnspecified) return {RejectReason::kMissingField, "status"};
  if (change.status > AccountStatus::kClosed) return {RejectReason::kInvalidValue, "status"};
  AccountHead& head = accounts_.Head(change.account);
  if (head.status == AccountStatus::kClosed) return {RejectReason::kAccountClosed, "account"};
  if (change.status == AccountStatus::kClosed) {
    bool owns = head.open_orders != 0;
    for (const domain::Asset& asset : assets_) owns = owns || accounts_.At(change.account, asset.id) != Balance{};
    if (owns) return {RejectReason::kAccountNotEmpty, "account"};
  }
  head.status = change.status;
  if (change.status == AccountStatus::kBlacklisted) {
    CancelMany(change.account, {}, MassCancelReason::kBlacklisted, [](Slot) { return true; });
  }
  TellAccount(change.account);
  return {};
}

void Engine::End(Slot slot, ExecutionType type, OrderStatus status) {
  auto& order = orders_[slot];
  Market& market = MarketOf(slot);
  const Side side = order.detail.side;
  if (order.detail.extra == kNoExtra && !levels_repeat_) [[likely]] {
    EndPlain(market, slot, type, status);
    return;
  }
  const Terms terms = TermsOf(slot);
  const std::int64_t release = market.Reserved(side, terms.reserve_price, terms.left);
  Move(domain::AccountId(order.owner), market.ReservedAsset(side), release, -release);
  TellOrder(market, slot, type, status, release, terms.left);
  const bool waiting = IsWaiting(slot);
  Forget(slot);
  if (waiting) {
    market.stops.Remove(slot);
  } else {
    const std::int64_t price = order.place.price();
    NoteLevel(market, side, price, market.book.Remove(slot));
  }
}

// One that rests without an extra, and nothing else happens in the command.
void Engine::EndPlain(Market& market, Slot slot, ExecutionType type, OrderStatus status) {
  const auto& order = orders_[slot];
  const Side side = order.detail.side;
  const std::int64_t price = order.place.price();
  const std::int64_t left = order.quantity;
  const std::int64_t release = market.Reserved(side, price, left);
  const std::int64_t given = Planted(Bug::kReleaseTwice) && order.detail.executed_quote != 0 ? 2 * release : release;
  Move(domain::AccountId(order.owner), market.ReservedAsset(side), given, -release);
  accounts_.RemoveOpenOrder(domain::AccountId(order.owner), order.detail.listed_at);
  client_ids_.OrderClosed(order.detail.client_id);
  auto* left_outcome = new (outcomes_.Take<LeftOutcome>())
      LeftOutcome{.order = {.head = {OutcomeKind::kLeft, WordsOf<LeftOutcome>(), market.symbol.id.value(), order.owner},
                            .order_id = orders_.IdOf(slot).value(),
                            .price = price,
                            .quantity = order.detail.ordered,
                            .executed = order.detail.ordered - left,
                            .executed_quote = order.detail.executed_quote,
                            .release = release,
                            .client_id = order.detail.client_id,
                            .side = side,
                            .type = order.detail.type,
                            .time_in_force = order.detail.time_in_force,
                            .has_extension = false,
                            .execution_type = type,
                            .status = status},
                  .level_quantity = 0,
                  .level_orders = 0};
  const LevelState level = market.book.Remove(slot);
  left_outcome->level_quantity = level.quantity;
  left_outcome->level_orders = level.orders;
}

void Engine::EndInMatch(const Market& market, Slot slot) {
  const auto& order = orders_[slot];
  const Side side = order.detail.side;
  const std::int64_t left = LeftOf(slot);
  const std::int64_t release = market.Reserved(side, order.place.price(), left);
  Move(domain::AccountId(order.owner), market.ReservedAsset(side), release, -release);
  TellOrder(market, slot, ExecutionType::kExpired, OrderStatus::kExpired, release, left);
  Forget(slot);
}

void Engine::Forget(Slot slot) {
  const auto& order = orders_[slot];
  accounts_.RemoveOpenOrder(domain::AccountId(order.owner), order.detail.listed_at);
  client_ids_.OrderClosed(order.detail.client_id);
  FreeExtra(order.detail.extra);
}

void Engine::RemoveExtra(ExtraRef extra) {
  expiries_.Remove(extra);
  extras_.Free(extra);
}

OrderExtension Engine::ExtensionOf(ExtraRef ref) const {
  const OrderExtra& extra = extras_[ref];
  return {extra.stop_price, extra.slice, extra.expire_time_ms, extra.group};
}

Engine::Terms Engine::TermsOf(Slot slot) const {
  const auto& order = orders_[slot];
  const OrderExtra& extra = extras_[order.detail.extra];
  const std::int64_t place = order.place.price();
  const std::int64_t price = extra.waiting ? extra.price : place;
  return {price, price != 0 ? price : place, order.quantity + extra.hidden};
}

void Engine::TellOrder(const Market& market, Slot slot, ExecutionType type, OrderStatus status, std::int64_t release,
                       std::int64_t left) {
  const auto& order = orders_[slot];
  const bool extended = order.detail.extra != kNoExtra;
  auto* place =
      extended ? outcomes_.Take<OrderOutcome>(ExtensionOf(order.detail.extra)) : outcomes_.Take<OrderOutcome>();
  new (place) OrderOutcome{
      .head = {OutcomeKind::kOrder, WordsOf<OrderOutcome>(extended), market.symbol.id.value(), order.owner},
      .order_id = orders_.IdOf(slot).value(),
      .price = IsWaiting(slot) ? extras_[order.detail.extra].price : order.place.price(),
      .quantity = order.detail.ordered,
      .executed = order.detail.ordered - left,
      .executed_quote = order.detail.executed_quote,
      .release = release,
      .client_id = order.detail.client_id,
      .side = order.detail.side,
      .type = order.detail.type,
      .time_in_force = order.detail.time_in_force,
      .has_extension = extended,
      .execution_type = type,
      .status = status,
  };
}

template std::span<const std::byte> Engine::Execute(domain::SequenceNumber, std::int64_t, const domain::CancelOrder&);

}  // namespace xt::matching
