// How the naive engine trades: one order goes through the book of its market, and then the stops that this triggered.
#include <algorithm>

#include "tools/oracle/naive_engine.h"

namespace xt::oracle {

using namespace domain;  // NOLINT: this file speaks of nothing else
using Reason = RejectReason;
using Wide = NaiveEngine::Wide;

namespace {
bool ByAmount(const NewOrder& order) { return order.quote_quantity.value() != 0; }

bool InsideBand(const SymbolLimits& limits, std::int64_t price) {
  if (limits.lower_price.value() != 0 && price < limits.lower_price.value()) return false;
  return limits.upper_price.value() == 0 || price <= limits.upper_price.value();
}

// Rounded up to the smallest unit.
Wide FeeOf(Wide received, int bps) {
  const Wide fee = received * bps / 10'000;
  return received * bps % 10'000 != 0 ? fee + 1 : fee;
}
}  // namespace

// What it may still trade.
std::int64_t NaiveEngine::Left(const Market& market, const Taker& taker) {
  const Order& order = taker.order;
  const std::int64_t left = ByAmount(order.as) ? market.symbol.max_quantity.value() - order.executed : order.left();
  return taker.stop_at ? std::min(left, *taker.stop_at - order.executed) : left;
}

// What its budget pays at this price.
std::int64_t NaiveEngine::LotsFor(const Market& market, const Taker& taker, std::int64_t price) {
  if (!taker.budget) return kNever;
  return static_cast<std::int64_t>((*taker.budget - taker.order.executed_quote) / QuoteFor(market.symbol, price, 1));
}

bool NaiveEngine::IsFilled(const Taker& taker) {
  if (ByAmount(taker.order.as)) return taker.filled_at_stop && taker.order.executed == taker.stop_at;
  return taker.order.left() == 0;
}

void NaiveEngine::Match(Market& market, Taker& taker) {
  const NewOrder& as = taker.order.as;
  const bool buys = taker.order.buys();
  auto& others = buys ? market.asks : market.bids;
  while (!taker.met_own && !taker.met_band && !others.empty()) {
    if (taker.order.executed_quote == taker.budget) taker.used_up = true;
    if (taker.used_up || Left(market, taker) == 0) return;
    const auto& [price, queue] = buys ? *others.begin() : *others.rbegin();
    if (HasLimit(as.type) && (buys ? price > as.price.value() : price < as.price.value())) return;
    const std::int64_t lots = LotsFor(market, taker, price);
    if (!InsideBand(market.limits, price)) {
      (lots == 0 ? taker.used_up : taker.met_band) = true;
      return;
    }
    Order& maker = market.orders.at(queue.front());
    if (maker.as.account == as.account && ModeOf(as) != SelfTradePrevention::kNone) {
      MeetOwn(market, taker, maker);
      continue;
    }
    const std::int64_t quantity = std::min(Left(market, taker), maker.shown);
    if (lots < quantity) taker.used_up = true;
    if (lots == 0) return;
    Fill(market, taker, maker, price, std::min(quantity, lots));
  }
  if (taker.order.executed_quote == taker.budget) taker.used_up = true;
}

void NaiveEngine::MeetOwn(Market& market, Taker& taker, Order& maker) {
  const SelfTradePrevention mode = ModeOf(taker.order.as);
  if (mode == SelfTradePrevention::kExpireTaker || mode == SelfTradePrevention::kExpireBoth) taker.met_own = true;
  if (mode == SelfTradePrevention::kExpireMaker || mode == SelfTradePrevention::kExpireBoth) {
    End(market, maker.id, ExecutionType::kExpired, OrderStatus::kExpired);
  }
  if (mode != SelfTradePrevention::kDecrement) return;
  const Quantity lost(std::min(Left(market, taker), maker.shown));
  // Whoever has nothing left ends, with the quantity as it was.
  if (lost.value() == taker.order.left()) {
    taker.met_own = true;
  } else {
    taker.order.as.quantity -= lost;
    if (taker.stop_at) *taker.stop_at -= lost.value();
  }
  if (lost.value() == maker.left()) {
    return End(market, maker.id, ExecutionType::kExpired, OrderStatus::kExpired);
  }
  const Wide locked_before = Reserved(market.symbol, maker);
  maker.as.quantity -= lost;
  maker.shown -= lost.value();
  const Wide released = locked_before - Reserved(market.symbol, maker);
  Pay(maker.as.account.value(), ReservedAsset(market.symbol, maker.as), released, -released);
  Say(ReportOf(maker, ExecutionType::kPrevented, OpenStatus(maker)));
  Requeue(market, maker);
}

void NaiveEngine::Fill(Market& market, Taker& taker, Order& maker, std::int64_t price, std::int64_t quantity) {
  const Symbol& s = market.symbol;
  const Wide quote = QuoteFor(s, price, quantity);
  const Wide base = BaseFor(s, quantity);
  if (!rehearsing_) {
    ++last_trade_id_;
    traded_ = {std::min(price, traded_ ? traded_->first : price), std::max(price, traded_ ? traded_->second : price)};
  }
  market.last = price;
  for (Order* order : {&maker, &taker.order}) {
    order->executed += quantity;
    order->executed_quote = static_cast<std::int64_t>(order->executed_quote + quote);
  }
  maker.shown -= quantity;

  Trade trade;
  trade.trade_id = TradeId(last_trade_id_);
  trade.symbol = s.id;
  trade.price = Price(price);
  trade.quantity = Quantity(quantity);
  trade.taker_side = taker.order.as.side;
  trade.maker_order_id = OrderId(maker.id);
  trade.taker_order_id = OrderId(taker.order.id);
  trade.maker_account = maker.as.account;
  trade.taker_account = taker.order.as.account;
  Say(trade);

  const auto settle = [&](const Order& order, bool is_maker, bool filled) {
    const std::uint32_t account = order.as.account.value();
    const Wide gives = order.buys() ? quote : base;
    const Wide receives = order.buys() ? base : quote;
    const std::uint16_t received_asset = order.buys() ? s.base.value() : s.quote.value();
    Wide unlocked = gives;
    if (order.buys() && HasLimit(order.as.type)) unlocked = QuoteFor(s, order.as.price.value(), quantity);
    Pay(account, ReservedAsset(s, order.as), unlocked - gives, -unlocked);
    if (!is_maker) taker.locked -= unlocked;
    const Wide fee = FeeOf(receives, FeeBps(account, s, is_maker));
    Pay(account, received_asset, receives - fee, 0);
    Pay(0, received_asset, fee, 0);
    ExecutionReport report =
        ReportOf(order, ExecutionType::kTrade, filled ? OrderStatus::kFilled : OrderStatus::kPartiallyFilled);
    report.trade_id = trade.trade_id;
    report.last_price = trade.price;
    report.last_quantity = trade.quantity;
    report.fee = Amount(static_cast<std::int64_t>(fee));
    report.fee_asset = AssetId(received_asset);
    report.maker = is_maker;
    Say(report);
  };
  settle(maker, true, maker.left() == 0);
  settle(taker.order, false, IsFilled(taker));
  Requeue(market, maker);
}

void NaiveEngine::Requeue(Market& market, Order& maker) {
  if (maker.shown != 0) return;
  TakeOutOfBook(market, maker);
  if (maker.left() != 0) return Rest(market, maker);
  CloseClientId(maker);
  market.orders.erase(maker.id);
}

void NaiveEngine::Rest(Market& market, Order order) {
  order.shown = order.left();
  if (order.as.type == OrderType::kIceberg) order.shown = std::min(order.shown, order.as.iceberg_quantity.value());
  auto& side = order.buys() ? market.bids : market.asks;
  side[order.as.price.value()].push_back(order.id);
  market.orders[order.id] = order;
}

void NaiveEngine::TakeOutOfBook(Market& market, const Order& order) {
  auto& side = order.buys() ? market.bids : market.asks;
  const auto level = side.find(order.as.price.value());
  std::erase(level->second, order.id);
  if (level->second.empty()) side.erase(level);
}

void NaiveEngine::End(Market& market, std::uint64_t id, ExecutionType type, OrderStatus status) {
  const Order order = market.orders.at(id);
  Say(ReportOf(order, type, status));
  const Wide locked = Reserved(market.symbol, order);
  Pay(order.as.account.value(), ReservedAsset(market.symbol, order.as), locked, -locked);
  if (!order.waiting) TakeOutOfBook(market, order);
  CloseClientId(order);
  market.orders.erase(id);
}

NaiveEngine::Taker NaiveEngine::Rehearse(const Market& market, const Order& order, std::optional<std::int64_t> budget) {
  Market copy = market;
  Taker taker;
  taker.order = order;
  taker.budget = budget;
  if (ModeOf(order.as) == SelfTradePrevention::kDecrement) {
    // A FOK order ends at its own ones; any other must be able to pay as if they were not there.
    taker.order.as.self_trade_prevention = order.as.time_in_force == TimeInForce::kFok
                                               ? SelfTradePrevention::kExpireTaker
                                               : SelfTradePrevention::kExpireMaker;
  }
  rehearsing_ = true;
  Match(copy, taker);
  rehearsing_ = false;
  return taker;
}

void NaiveEngine::Execute(Market& market, const Order& order, const Plan& plan) {
  if (plan.unfillable) {
    Say(ReportOf(order, ExecutionType::kExpired, OrderStatus::kExpired));
    return CloseClientId(order);
  }
  const std::uint32_t account = order.as.account.value();
  const std::uint16_t asset = ReservedAsset(market.symbol, order.as);
  Pay(account, asset, -plan.reserve, plan.reserve);
  Taker taker;
  taker.order = order;
  taker.stop_at = plan.stop_at;
  taker.filled_at_stop = plan.filled_at_stop;
  taker.locked = plan.reserve;
  Match(market, taker);

  const Order& after = taker.order;
  const bool stays = after.as.time_in_force == TimeInForce::kGtc || after.as.time_in_force == TimeInForce::kGtd;
  const bool rests =
      !IsFilled(taker) && HasLimit(after.as.type) && stays && !plan.no_room && !taker.met_own && !taker.met_band;
  const Wide released = taker.locked - (rests ? Reserved(market.symbol, after) : 0);
  Pay(account, asset, released, -released);
  if (rests) {
    Rest(market, after);
    Say(ReportOf(after, ExecutionType::kNew, OpenStatus(after)));
  } else {
    if (!IsFilled(taker)) Say(ReportOf(after, ExecutionType::kExpired, OrderStatus::kExpired));
    CloseClientId(after);
  }
  if (taker.met_band) TripBand(market, after.as);
}

void NaiveEngine::TripBand(Market& market, const NewOrder& order) {
  RiskDecision decision;
  decision.account = order.account;
  decision.symbol = order.symbol;
  decision.client_order_id = order.client_order_id;
  decision.rules_checked = std::uint32_t{1} << static_cast<int>(RiskRule::kPriceBand);
  decision.reason = Reason::kPriceBand;
  Say(decision);
  market.symbol.status = SymbolStatus::kHalted;
  Say(SymbolDefined{market.symbol});
}

void NaiveEngine::RunStops(Market& market) {
  while (market.symbol.status == SymbolStatus::kTrading && traded_) {
    const auto [low, high] = *traded_;
    const Order* up = nullptr;
    const Order* down = nullptr;
    for (const auto& [id, order] : market.orders) {
      if (!order.waiting) continue;
      const std::int64_t stop = order.as.stop_price.value();
      if (TriggersUp(order.as)) {
        if (stop > high) continue;
        if (up == nullptr || std::pair(stop, order.age) < std::pair(up->as.stop_price.value(), up->age)) up = &order;
      } else {
        if (stop < low) continue;
        if (down == nullptr || std::pair(-stop, order.age) < std::pair(-down->as.stop_price.value(), down->age)) {
          down = &order;
        }
      }
    }
    if (up == nullptr && down == nullptr) return;
    Trigger(market, up != nullptr ? up->id : down->id);
  }
}

void NaiveEngine::Trigger(Market& market, std::uint64_t id) {
  Order order = market.orders.at(id);
  Say(ReportOf(order, ExecutionType::kTriggered, OrderStatus::kNew));
  const std::uint32_t account = order.as.account.value();
  const std::uint16_t asset = ReservedAsset(market.symbol, order.as);
  const Wide locked = Reserved(market.symbol, order);
  Pay(account, asset, locked, -locked);
  market.orders.erase(id);
  order.waiting = false;

  Plan plan;
  plan.reserve = locked;
  plan.no_room = HasLimit(order.as.type) && !HasRoom(market, order);
  std::optional<std::int64_t> budget;
  if (order.buys() && !HasLimit(order.as.type)) budget = MoneyOf(account, asset).available;
  const bool fok = order.as.time_in_force == TimeInForce::kFok;
  if (fok || budget) {
    const Taker trial = Rehearse(market, order, budget);
    const bool complete = trial.order.executed == order.as.quantity.value();
    plan.unfillable = fok && !complete;
    if (budget) plan.reserve = trial.order.executed_quote;
    if (budget && trial.used_up) plan.stop_at = trial.order.executed;
  }
  Execute(market, order, plan);
}

OrderStatus NaiveEngine::OpenStatus(const Order& order) {
  return order.executed == 0 ? OrderStatus::kNew : OrderStatus::kPartiallyFilled;
}

ExecutionReport NaiveEngine::ReportOf(const Order& order, ExecutionType type, OrderStatus status) {
  const NewOrder& as = order.as;
  ExecutionReport report;
  report.account = as.account;
  report.order_id = OrderId(order.id);
  report.client_order_id = as.client_order_id;
  report.symbol = as.symbol;
  report.side = as.side;
  report.type = as.type;
  report.time_in_force = as.time_in_force;
  report.execution_type = type;
  report.status = status;
  report.price = as.price;
  report.stop_price = as.stop_price;
  report.quantity = as.quantity;
  report.iceberg_quantity = as.iceberg_quantity;
  report.quote_quantity = as.quote_quantity;
  report.executed_quantity = Quantity(order.executed);
  report.executed_quote = Amount(order.executed_quote);
  report.expire_time_ms = as.expire_time_ms;
  report.group = as.group;
  return report;
}

}  // namespace xt::oracle
