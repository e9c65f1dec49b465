// How orders come into the naive engine, and how they are cancelled and changed.
#include <algorithm>
#include <limits>
#include <set>
#include <tuple>

#include "libs/domain/names.h"
#include "tools/oracle/naive_engine.h"

namespace xt::oracle {

using namespace domain;  // NOLINT: this file speaks of nothing else
using Reason = RejectReason;
using Wide = NaiveEngine::Wide;

namespace {
constexpr Wide kMax = std::numeric_limits<std::int64_t>::max();
}  // namespace

void NaiveEngine::Do(const NewOrder& o) {
  if (!IdentityRefusedOrAnswered(o)) Enter(o);
}

// Rules 1 to 3.
bool NaiveEngine::IdentityRefusedOrAnswered(const NewOrder& o) {
  const ClientOrderId& id = o.client_order_id;
  if (!IsCustomer(o.account)) {
    Refuse({Reason::kUnknownAccount, "account"}, o.account, id);
    return true;
  }
  if (id.empty()) return false;
  if (!IsValidClientOrderId(id.view())) {
    Refuse({Reason::kInvalidValue, "clientOrderId"}, o.account, id);
    return true;
  }
  return AnsweredBefore({o.account.value(), 0, std::string(id.view())}, &o, {}, id);
}

// Rules 4 to 13, and what the order then does.
void NaiveEngine::Enter(const NewOrder& o) {
  const auto refuse = [&](const Reject& reject) { Refuse(reject, o.account, o.client_order_id); };
  if (o.symbol.value() >= markets_.size()) return refuse({Reason::kUnknownSymbol, "symbol"});
  Market& market = markets_[o.symbol.value()];
  if (market.symbol.status != SymbolStatus::kTrading) return refuse({Reason::kSymbolHalted, "symbol"});
  if (const Reject reject = CheckShape(o, market.symbol, now_ns_, ModeOf(o))) return refuse(reject);
  if (!o.client_order_id.empty() && ids_.size() >= limits_.max_client_ids) {
    return refuse({Reason::kCapacity, "clientOrderId"});
  }
  if (open_orders() >= limits_.max_orders) return refuse({Reason::kCapacity, ""});

  const Risk risk = AskRisk(market, o);
  if (risk.checked != 0) {
    RiskDecision decision;
    decision.account = o.account;
    decision.symbol = o.symbol;
    decision.client_order_id = o.client_order_id;
    decision.rules_checked = risk.checked;
    decision.reason = risk.reject.reason;
    Say(decision);
  }
  if (risk.reject) return refuse(risk.reject);

  Order order;
  order.id = last_order_id_ + 1;
  order.age = sequence_;
  order.as = o;
  order.as.time_in_force = FilledIn(o);
  order.as.self_trade_prevention = ModeOf(o);
  Plan plan;
  const bool market_order = o.type == OrderType::kMarket;
  if (const Reject r = market_order ? DecideMarket(market, order, plan) : DecideLimit(market, order, plan)) {
    return refuse(r);
  }

  last_order_id_ = order.id;
  CountAccepted(accounts_[o.account.value()]);
  if (!o.client_order_id.empty()) {
    Remembered remembered;
    remembered.order = o;
    remembered.open = true;
    Remember({o.account.value(), 0, std::string(o.client_order_id.view())}, remembered);
  }
  if (IsStop(o.type)) {
    Pay(o.account.value(), ReservedAsset(market.symbol, o), -plan.reserve, plan.reserve);
    order.waiting = true;
    market.orders[order.id] = order;
    Say(ReportOf(order, ExecutionType::kNew, OrderStatus::kNew));
    return;
  }
  Execute(market, order, plan);
  RunStops(market);
}

void NaiveEngine::CountAccepted(Account& account) {
  const AccountSettings& settings = account.settings;
  if (settings.max_orders == 0) return;
  const bool over = now_ns_ - account.window_start_ns >= std::int64_t{settings.order_interval_ms} * 1'000'000;
  if (over || account.window_orders == 0) {
    account.window_start_ns = now_ns_;
    account.window_orders = 0;
  }
  ++account.window_orders;
}

// Rules 10, 12 and 13 of everything but MARKET.
Reject NaiveEngine::DecideLimit(const Market& market, const Order& order, Plan& plan) {
  const NewOrder& o = order.as;
  if (o.type == OrderType::kLimitMaker) {
    const bool would_match = order.buys() ? !market.asks.empty() && market.asks.begin()->first <= o.price.value()
                                          : !market.bids.empty() && market.bids.rbegin()->first >= o.price.value();
    if (would_match) return {Reason::kWouldMatch, "price"};
  }
  if (IsStop(o.type) && market.last) {
    const std::int64_t stop = o.stop_price.value();
    if (TriggersUp(o) ? *market.last >= stop : *market.last <= stop) return {Reason::kWouldTrigger, "stopPrice"};
  }
  plan.reserve = Reserved(market.symbol, order);
  const std::uint16_t asset = ReservedAsset(market.symbol, o);
  if (plan.reserve > MoneyOf(o.account.value(), asset).available) return {Reason::kInsufficientBalance, "quantity"};
  Order resting = order;
  resting.waiting = IsStop(o.type);
  const bool at_once = o.time_in_force == TimeInForce::kIoc || o.time_in_force == TimeInForce::kFok;
  if ((resting.waiting || !at_once) && !HasRoom(market, resting)) {
    return {Reason::kCapacity, resting.waiting ? "stopPrice" : "price"};
  }
  if (!IsStop(o.type) && o.time_in_force == TimeInForce::kFok) {
    plan.unfillable = Rehearse(market, order, std::nullopt).order.executed != o.quantity.value();
  }
  return {};
}

bool NaiveEngine::HasRoom(const Market& market, const Order& order) const {
  using Block = std::tuple<std::uint16_t, bool, bool, std::int64_t>;  // symbol, stops, side or direction, price
  const auto block_of = [](const Symbol& symbol, const Order& o) {
    if (!o.waiting) return Block{symbol.id.value(), false, o.buys(), o.as.price.value() / 1'024};
    return Block{symbol.id.value(), true, TriggersUp(o.as), o.as.stop_price.value() / 1'024};
  };
  std::set<Block> used;
  for (const Market& m : markets_) {
    for (const auto& [id, open] : m.orders) used.insert(block_of(m.symbol, open));
  }
  return used.contains(block_of(market.symbol, order)) || used.size() < limits_.max_price_blocks;
}

// Rules 11 and 12 of MARKET.
Reject NaiveEngine::DecideMarket(const Market& market, const Order& order, Plan& plan) {
  const NewOrder& o = order.as;
  const Symbol& s = market.symbol;
  const bool by_amount = o.quote_quantity.value() != 0;
  const char* const how_much = by_amount ? "quoteQuantity" : "quantity";
  if ((order.buys() ? market.asks : market.bids).empty()) return {Reason::kNoLiquidity, ""};
  if (!by_amount) {
    const std::int64_t best = order.buys() ? market.asks.begin()->first : market.bids.rbegin()->first;
    const Wide notional = QuoteFor(s, best, o.quantity.value());
    if (notional > kMax) return {Reason::kOverflow, "quantity"};
    if (notional < s.min_notional.value()) return {Reason::kMinNotional, "quantity"};
  }
  std::optional<std::int64_t> budget;
  if (by_amount) budget = o.quote_quantity.value();
  const Taker trial = Rehearse(market, order, budget);
  if (by_amount && trial.used_up && trial.order.executed == 0) return {Reason::kMinNotional, "quoteQuantity"};
  plan.reserve = order.buys() ? Wide{trial.order.executed_quote}
                              : BaseFor(s, by_amount ? trial.order.executed : o.quantity.value());
  const std::uint16_t asset = ReservedAsset(s, o);
  if (plan.reserve > MoneyOf(o.account.value(), asset).available) return {Reason::kInsufficientBalance, how_much};
  const bool complete = by_amount ? trial.used_up : trial.order.executed == o.quantity.value();
  plan.unfillable = o.time_in_force == TimeInForce::kFok && !complete;
  if (by_amount && trial.used_up) {
    plan.stop_at = trial.order.executed;
    plan.filled_at_stop = true;
  }
  return {};
}

NaiveEngine::Found NaiveEngine::FindOpen(AccountId account, OrderId id, const ClientOrderId& client_id,
                                         const char* id_field, const char* client_id_field) {
  if (!IsCustomer(account)) return {{Reason::kUnknownAccount, "account"}};
  const bool by_id = id.value() != 0;
  if (!by_id && client_id.empty()) return {{Reason::kMissingField, id_field}};
  for (Market& market : markets_) {
    for (auto& [key, order] : market.orders) {
      if (order.as.account != account) continue;
      if (by_id ? order.id != id.value() : order.as.client_order_id != client_id) continue;
      if (market.symbol.status == SymbolStatus::kHalted) return {{Reason::kSymbolHalted, "symbol"}};
      return {{}, &market, &order};
    }
  }
  return {{Reason::kUnknownOrder, by_id ? id_field : client_id_field}};
}

void NaiveEngine::Cancel(Market& market, std::uint64_t id) {
  End(market, id, ExecutionType::kCanceled, OrderStatus::kCanceled);
}

void NaiveEngine::Do(const CancelOrder& c) {
  const Found found = FindOpen(c.account, c.order_id, c.client_order_id, "orderId", "clientOrderId");
  if (found.reject) return Refuse(found.reject, c.account, c.client_order_id);
  Cancel(*found.market, found.order->id);
}

void NaiveEngine::Do(const AmendOrder& a) {
  const Found found = FindOpen(a.account, a.order_id, a.client_order_id, "orderId", "clientOrderId");
  const auto refuse = [&](const Reject& reject) { Refuse(reject, a.account, a.client_order_id); };
  if (found.reject) return refuse(found.reject);
  Order& order = *found.order;
  if (a.quantity.value() <= 0) return refuse({Reason::kNotPositive, "quantity"});
  if (a.quantity >= order.as.quantity || a.quantity.value() <= order.executed) {
    return refuse({Reason::kInvalidValue, "quantity"});
  }
  const Symbol& s = found.market->symbol;
  const Wide before = Reserved(s, order);
  order.as.quantity = a.quantity;
  order.shown = std::min(order.shown, order.left());
  const Wide released = before - Reserved(s, order);
  Pay(a.account.value(), ReservedAsset(s, order.as), released, -released);
  Say(ReportOf(order, ExecutionType::kReplaced, OpenStatus(order)));
}

void NaiveEngine::Do(const CancelAll& c) {
  if (!IsCustomer(c.account)) return Refuse({Reason::kUnknownAccount, "account"}, c.account);
  if (c.symbol != kAllSymbols && c.symbol.value() >= markets_.size()) {
    return Refuse({Reason::kUnknownSymbol, "symbol"}, c.account);
  }
  CancelMany(c.account.value(), c.symbol, c.group, false, MassCancelReason::kCommand);
}

void NaiveEngine::CancelMany(std::uint32_t account, SymbolId symbol, OrderGroup group, bool halted_too,
                             MassCancelReason reason) {
  std::vector<std::tuple<std::uint64_t, Market*, std::uint64_t>> chosen;  // age, market, id
  for (Market& market : markets_) {
    if (symbol != kAllSymbols && market.symbol.id != symbol) continue;
    if (market.symbol.status == SymbolStatus::kHalted && !halted_too) continue;
    for (const auto& [id, order] : market.orders) {
      if (order.as.account.value() != account) continue;
      if (group.value() == 0 || order.as.group == group) chosen.emplace_back(order.age, &market, id);
    }
  }
  std::sort(chosen.begin(), chosen.end());
  for (const auto& [age, market, id] : chosen) Cancel(*market, id);
  OrdersCanceled number;
  number.account = AccountId(account);
  number.group = group;
  number.reason = reason;
  number.count = static_cast<std::uint32_t>(chosen.size());
  Say(number);
}

void NaiveEngine::Do(const CancelReplace& c) {
  const NewOrder& o = c.order;
  if (IdentityRefusedOrAnswered(o)) return;
  const auto refuse = [&](const Reject& reject) { Refuse(reject, o.account, o.client_order_id); };
  if (c.mode == ReplaceMode::kUnspecified) return refuse({Reason::kMissingField, "cancelReplaceMode"});
  if (static_cast<int>(c.mode) > 2) return refuse({Reason::kInvalidValue, "cancelReplaceMode"});
  const Found found =
      FindOpen(o.account, c.cancel_order_id, c.cancel_client_order_id, "cancelOrderId", "cancelClientOrderId");
  if (!found.reject) {
    Cancel(*found.market, found.order->id);
  } else if (c.mode == ReplaceMode::kStopOnFailure) {
    return refuse(found.reject);
  } else {
    Refuse(found.reject, o.account, c.cancel_client_order_id);
  }
  Enter(o);
}

void NaiveEngine::Do(const SetCountdown& c) {
  if (!IsCustomer(c.account)) return Refuse({Reason::kUnknownAccount, "account"}, c.account);
  if (c.timeout_ms < 0 || c.timeout_ms > 86'400'000) return Refuse({Reason::kInvalidValue, "timeout"}, c.account);
  const std::pair key{c.account.value(), c.group.value()};
  CountdownChanged changed;
  changed.account = c.account;
  changed.group = c.group;
  if (c.timeout_ms == 0) {
    countdowns_.erase(key);
  } else {
    if (!countdowns_.contains(key) && countdowns_.size() >= limits_.max_countdowns) {
      return Refuse({Reason::kCapacity, "group"}, c.account);
    }
    changed.deadline_ns = now_ns_ + c.timeout_ms * 1'000'000;
    countdowns_[key] = changed.deadline_ns;
  }
  Say(changed);
}

}  // namespace xt::oracle
