// The two ways in which an incoming order meets the book. Walk looks only: what would it take, and for how much? Taker is
// the sink of the real match: it settles each trade and says what happened. Both follow the same rules for an account's
// own orders, so that a walk predicts the match exactly. Internal to the engine.
#pragma once

#include <algorithm>
#include <cstdint>

#include "services/matching/core/engine_internal.h"

namespace xt::matching {

inline domain::SelfTradePrevention EffectiveMode(const domain::NewOrder& order) {
  using Mode = domain::SelfTradePrevention;
  return order.self_trade_prevention == Mode::kUnspecified ? Mode::kExpireTaker : order.self_trade_prevention;
}

template <domain::Side kTaker>
class Engine::Walk {
 public:
  // `budget`: the most quote units to trade for, `enough`: where walking further is of no use; negative: none.
  Walk(const Engine& engine, const Market& market, const domain::NewOrder& order, std::int64_t budget,
       std::int64_t enough)
      : engine_(engine),
        market_(market),
        account_(order.account.value()),
        mode_(EffectiveMode(order)),
        budget_(budget),
        enough_(enough) {}

  void Run(std::int64_t limit, std::int64_t quantity) {
    left_ = quantity;
    market_.book.template ForEachLevel<Opposite(kTaker)>([&](std::int64_t price, const Level& level) {
      const bool crosses = kTaker == domain::Side::kBuy ? price <= limit : price >= limit;
      return crosses && VisitLevel(price, level);
    });
  }

  [[nodiscard]] std::int64_t taken() const { return taken_; }
  [[nodiscard]] __int128 cost() const { return cost_; }
  // Not one more lot at the next price fits into the budget.
  [[nodiscard]] bool budget_used_up() const { return budget_used_up_ || (budget_ >= 0 && cost_ == budget_); }

 private:
  bool VisitLevel(std::int64_t price, const Level& level) {
    for (Slot slot = level.head; slot != kNoSlot; slot = engine_.orders_[slot].next) {
      if (left_ == 0 || budget_used_up_ || (enough_ >= 0 && cost_ > enough_)) return false;
      const auto& maker = engine_.orders_[slot];
      if (maker.owner == account_ && mode_ != domain::SelfTradePrevention::kNone) {
        if (mode_ == domain::SelfTradePrevention::kExpireMaker) continue;
        return false;
      }
      Take(price, std::min(left_, maker.quantity));
    }
    return true;
  }

  void Take(std::int64_t price, std::int64_t quantity) {
    const std::int64_t lot_cost = market_.Quote(price, 1);
    if (budget_ >= 0) {
      const std::int64_t affordable = (budget_ - static_cast<std::int64_t>(cost_)) / lot_cost;
      budget_used_up_ = affordable < quantity;
      quantity = std::min(quantity, affordable);
    }
    taken_ += quantity;
    left_ -= quantity;
    cost_ += static_cast<__int128>(lot_cost) * quantity;
  }

  const Engine& engine_;
  const Market& market_;
  const std::uint32_t account_;
  const domain::SelfTradePrevention mode_;
  const std::int64_t budget_;
  const std::int64_t enough_;
  std::int64_t left_ = 0;
  std::int64_t taken_ = 0;
  __int128 cost_ = 0;
  bool budget_used_up_ = false;
};

template <domain::Side kTaker>
class Engine::Taker {
  static constexpr bool kBuys = kTaker == domain::Side::kBuy;
  using Reason = domain::BalanceReason;

 public:
  Taker(Engine& engine, Market& market, const domain::NewOrder& order, const Intake& intake, domain::OrderId id)
      : engine_(engine),
        market_(market),
        order_(order),
        intake_(intake),
        id_(id),
        mode_(EffectiveMode(order)),
        reserved_(intake.reserve) {}

  template <typename Maker>
  MakerDecision Decide(const Maker& maker, std::int64_t, std::int64_t left) {
    using Action = MakerDecision::Action;
    using Mode = domain::SelfTradePrevention;
    if (stopped_) return {Action::kStop, 0};
    if (maker.owner != order_.account.value() || mode_ == Mode::kNone) [[likely]] {
      return {Action::kTrade, std::min(left, maker.quantity)};
    }
    stopped_ = mode_ != Mode::kExpireMaker;
    return {mode_ == Mode::kExpireTaker ? Action::kStop : Action::kExpireMaker, 0};
  }

  template <typename Maker>
  void OnTrade(Slot slot, Maker& maker, std::int64_t price, std::int64_t quantity) {
    const domain::Symbol& symbol = market_.symbol;
    const std::int64_t quote = market_.Quote(price, quantity);
    const std::int64_t base = market_.Base(quantity);
    executed_ += quantity;
    executed_quote_ += quote;
    maker.detail.executed_quote += quote;
    const std::int64_t taker_fee = FeeOf(kBuys ? base : quote, symbol.taker_fee_bps);
    const std::int64_t maker_fee = FeeOf(kBuys ? quote : base, symbol.maker_fee_bps);
    const Party taker{order_.account, id_, taker_fee};
    const Party resting{domain::AccountId(maker.owner), engine_.orders_.IdOf(slot), maker_fee};
    ++engine_.last_trade_id_;
    EmitTrade(taker, resting, price, quantity);
    ReportFill(engine_.ReportResting(market_, slot), true, price, quantity, maker_fee);
    const bool filled = executed_ == intake_.quantity && intake_.quantity_is_all;
    ReportFill(Report(domain::ExecutionType::kTrade,
                      filled ? domain::OrderStatus::kFilled : domain::OrderStatus::kPartiallyFilled),
               false, price, quantity, taker_fee);
    if constexpr (kBuys) {
      const std::int64_t locked = order_.price.value() != 0 ? market_.Quote(order_.price.value(), quantity) : quote;
      reserved_ -= locked;
      SettleBuyer(taker, quote, base, locked - quote);
      SettleSeller(resting, quote, base);
    } else {
      reserved_ -= base;
      SettleBuyer(resting, quote, base, 0);
      SettleSeller(taker, quote, base);
    }
    if (maker.quantity == 0) engine_.client_ids_.OrderClosed(maker.detail.client_id);
  }

  template <typename Maker>
  void OnMakerExpired(Slot slot, Maker&) {
    engine_.EndResting(market_, slot, domain::ExecutionType::kExpired, domain::OrderStatus::kExpired);
  }

  void OnLevelChanged(std::int64_t price) { engine_.changed_levels_.push_back({Opposite(kTaker), price}); }

  // The order's state now; after trades only what rests or expires it is still to be told.
  domain::ExecutionReport& Report(domain::ExecutionType type, domain::OrderStatus status) {
    auto& report = engine_.Emit<domain::ExecutionReport>();
    report.account = order_.account;
    report.order_id = id_;
    report.client_order_id = order_.client_order_id;
    report.symbol = order_.symbol;
    report.side = kTaker;
    report.type = order_.type;
    // A MARKET order needs none: it takes what is there.
    report.time_in_force =
        order_.time_in_force == domain::TimeInForce::kUnspecified ? domain::TimeInForce::kIoc : order_.time_in_force;
    report.execution_type = type;
    report.status = status;
    report.price = order_.price;
    report.quantity = order_.quantity;
    report.quote_quantity = order_.quote_quantity;
    report.executed_quantity = domain::Quantity(executed_);
    report.executed_quote = domain::Amount(executed_quote_);
    return report;
  }

  // An account's own order stood in the way, and its mode ends this one.
  [[nodiscard]] bool stopped() const { return stopped_; }
  [[nodiscard]] std::int64_t executed() const { return executed_; }
  [[nodiscard]] std::int64_t executed_quote() const { return executed_quote_; }
  // What is still locked of the reservation.
  [[nodiscard]] std::int64_t reserved() const { return reserved_; }

 private:
  struct Party {
    domain::AccountId account;
    domain::OrderId order_id;
    std::int64_t fee;
  };

  void EmitTrade(const Party& taker, const Party& maker, std::int64_t price, std::int64_t quantity) {
    auto& trade = engine_.Emit<domain::Trade>();
    trade.trade_id = engine_.last_trade_id_;
    trade.symbol = order_.symbol;
    trade.price = domain::Price(price);
    trade.quantity = domain::Quantity(quantity);
    trade.taker_side = kTaker;
    trade.maker_order_id = maker.order_id;
    trade.taker_order_id = taker.order_id;
    trade.maker_account = maker.account;
    trade.taker_account = taker.account;
  }

  void ReportFill(domain::ExecutionReport& report, bool maker, std::int64_t price, std::int64_t quantity,
                  std::int64_t fee) {
    report.trade_id = engine_.last_trade_id_;
    report.last_price = domain::Price(price);
    report.last_quantity = domain::Quantity(quantity);
    report.fee = domain::Amount(fee);
    report.fee_asset = report.side == domain::Side::kBuy ? market_.symbol.base : market_.symbol.quote;
    report.maker = maker;
  }

  // `improvement` is what was locked beyond the price of the trade.
  void SettleBuyer(const Party& party, std::int64_t quote, std::int64_t base, std::int64_t improvement) {
    const domain::AssetId paid = market_.symbol.quote;
    Change(party, paid, Reason::kTrade, 0, -quote);
    if (improvement != 0) Change(party, paid, Reason::kRelease, improvement, -improvement);
    Change(party, market_.symbol.base, Reason::kTrade, base, 0);
    PayFee(party, market_.symbol.base);
  }

  void SettleSeller(const Party& party, std::int64_t quote, std::int64_t base) {
    Change(party, market_.symbol.base, Reason::kTrade, 0, -base);
    Change(party, market_.symbol.quote, Reason::kTrade, quote, 0);
    PayFee(party, market_.symbol.quote);
  }

  void PayFee(const Party& party, domain::AssetId asset) {
    if (party.fee == 0) return;
    Change(party, asset, Reason::kFee, -party.fee, 0);
    Change({domain::kFeeAccount, party.order_id, 0}, asset, Reason::kFee, party.fee, 0);
  }

  void Change(const Party& party, domain::AssetId asset, Reason reason, std::int64_t available, std::int64_t locked) {
    engine_.ChangeBalance(party.account, asset, reason, available, locked, party.order_id, engine_.last_trade_id_);
  }

  Engine& engine_;
  Market& market_;
  const domain::NewOrder& order_;
  const Intake& intake_;
  const domain::OrderId id_;
  const domain::SelfTradePrevention mode_;
  std::int64_t reserved_;
  std::int64_t executed_ = 0;
  std::int64_t executed_quote_ = 0;
  bool stopped_ = false;
};

}  // namespace xt::matching
