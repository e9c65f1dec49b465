// The two ways in which an incoming order meets the book. Walk looks only: what would it take, and for how much? Taker is
// the sink of the real match: it settles each trade and says what happened. Both follow the same rules for an account's
// own orders, so that a walk predicts the match. Internal to the engine.
#pragma once

#include <algorithm>
#include <cstdint>

#include "services/matching/core/engine_internal.h"

namespace xt::matching {

template <domain::Side kTaker>
class Engine::Walk {
  using Mode = domain::SelfTradePrevention;

 public:
  // `budget`: the most quote units to trade for, `enough`: where walking further is of no use; negative: none.
  Walk(const Engine& engine, const Market& market, const Incoming& in, std::int64_t budget, std::int64_t enough)
      : engine_(engine),
        market_(market),
        account_(in.account.value()),
        own_(OwnOrder(in)),
        budget_(budget),
        enough_(enough) {}

  void Run(std::int64_t limit, std::int64_t quantity) {
    left_ = quantity;
    const std::int64_t in_band = market_.template InBand<kTaker>(limit);
    const bool may_trade = !market_.template IsBestBeforeBand<kTaker>();
    market_.book.template ForEachLevel<Opposite(kTaker)>([&](std::int64_t price, const Level& level) {
      if (IsOver() || !IsWithin(price, limit)) return false;
      if (may_trade && IsWithin(price, in_band)) return VisitLevel(price, level);
      // What the budget does not pay for is not asked for outside of the price band either.
      budget_used_up_ = budget_ >= 0 && budget_ - static_cast<std::int64_t>(cost_) < market_.Quote(price, 1);
      return false;
    });
  }

  [[nodiscard]] std::int64_t taken() const { return taken_; }
  [[nodiscard]] __int128 cost() const { return cost_; }
  // Not one more lot at the next price fits into the budget.
  [[nodiscard]] bool budget_used_up() const { return budget_used_up_ || (budget_ >= 0 && cost_ == budget_); }

 private:
  enum class Own { kTrades, kIsPassed, kStops };

  // To a FOK order an own one in the way means that it cannot be filled; any other order must be able to pay as if its own
  // ones were not there.
  static Own OwnOrder(const Incoming& in) {
    switch (in.mode) {
      case Mode::kNone: return Own::kTrades;
      case Mode::kExpireMaker: return Own::kIsPassed;
      case Mode::kDecrement: return in.time_in_force == domain::TimeInForce::kFok ? Own::kStops : Own::kIsPassed;
      default: return Own::kStops;
    }
  }

  static bool IsWithin(std::int64_t price, std::int64_t limit) {
    return kTaker == domain::Side::kBuy ? price <= limit : price >= limit;
  }

  bool VisitLevel(std::int64_t price, const Level& level) {
    std::int64_t hidden = 0;
    for (Slot slot = level.head; slot != kNoSlot; slot = engine_.orders_[slot].next) {
      if (IsOver()) return false;
      const auto& maker = engine_.orders_[slot];
      if (maker.owner == account_ && own_ != Own::kTrades) {
        if (own_ == Own::kIsPassed) continue;
        return false;
      }
      Take(price, std::min(left_, maker.quantity));
      hidden += engine_.extras_[maker.detail.extra].hidden;
    }
    // The slices that follow stand behind everything that is shown.
    if (hidden != 0 && !IsOver()) Take(price, std::min(left_, hidden));
    return true;
  }

  [[nodiscard]] bool IsOver() const { return left_ == 0 || budget_used_up_ || (enough_ >= 0 && cost_ > enough_); }

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
  const Own own_;
  const std::int64_t budget_;
  const std::int64_t enough_;
  std::int64_t left_ = 0;
  std::int64_t taken_ = 0;
  __int128 cost_ = 0;
  bool budget_used_up_ = false;
};

// What the taker gets and gives is summed up and booked once, by Settle.
template <domain::Side kTaker>
class Engine::Taker {
  static constexpr bool kBuys = kTaker == domain::Side::kBuy;
  using Mode = domain::SelfTradePrevention;

 public:
  Taker(Engine& engine, Market& market, const Incoming& in)
      : engine_(engine),
        market_(market),
        in_(in),
        account_(in.account.value()),
        prevents_(in.mode != Mode::kNone),
        taker_fee_bps_(FeeBps(engine.accounts_.Head(in.account).taker_fee_bps, market.symbol.taker_fee_bps)) {}

  template <typename Maker>
  MakerDecision Decide(const Maker& maker, std::int64_t, std::int64_t left) {
    using Action = MakerDecision::Action;
    if (stopped_) [[unlikely]]
      return {Action::kStop, 0};
    if (maker.owner != account_ || !prevents_ || Planted(Bug::kSkipSelfTradePrevention)) [[likely]] {
      return {Action::kTrade, std::min(left, maker.quantity)};
    }
    if (in_.mode == Mode::kDecrement) return {Action::kDecrement, std::min(left, maker.quantity)};
    stopped_ = in_.mode != Mode::kExpireMaker;
    return {in_.mode == Mode::kExpireTaker ? Action::kStop : Action::kExpireMaker, 0};
  }

  template <typename Maker>
  void OnTrade(Slot slot, Maker& maker, std::int64_t price, std::int64_t quantity) {
    if (Planted(Bug::kTradeAtTakersPrice) && in_.price != 0) price = in_.price;
    const std::int64_t quote = market_.Quote(price, quantity);
    const std::int64_t base = market_.Base(quantity);
    executed_ += quantity;
    quote_ += quote;
    ended_by_decrease_ = false;
    maker.detail.executed_quote += quote;
    const std::int64_t hidden = engine_.extras_[maker.detail.extra].hidden;
    const std::int64_t left = maker.quantity + hidden;
    const AccountHead& owner = engine_.accounts_.Head(domain::AccountId(maker.owner));
    const std::int32_t maker_fee_bps = FeeBps(owner.maker_fee_bps, market_.symbol.maker_fee_bps);
    const std::int64_t taker_fee = FeeOf(kBuys ? base : quote, taker_fee_bps_);
    const std::int64_t maker_fee = FeeOf(kBuys ? quote : base, maker_fee_bps);
    taker_fees_ += taker_fee;
    maker_fees_ += maker_fee;
    PayMaker(domain::AccountId(maker.owner), quote, base, maker_fee);
    first_price_ = first_price_ == 0 ? price : first_price_;
    last_price_ = price;
    ++engine_.last_trade_id_;
    TellFill(slot, maker, price, quantity, left, maker_fee, taker_fee);
    if (left == 0) {
      engine_.accounts_.RemoveOpenOrder(domain::AccountId(maker.owner), maker.detail.listed_at);
      engine_.client_ids_.OrderClosed(maker.detail.client_id);
      engine_.FreeExtra(maker.detail.extra);
    }
  }

  template <typename Maker>
  void OnDecrement(Slot slot, Maker& maker, std::int64_t price, std::int64_t quantity) {
    const std::int64_t release = market_.Reserved(Opposite(kTaker), price, quantity);
    engine_.Move(domain::AccountId(maker.owner), market_.ReservedAsset(Opposite(kTaker)), release, -release);
    const std::int64_t left = engine_.LeftOf(slot);
    if (left != 0) {
      maker.detail.ordered -= quantity;
      const bool traded = maker.detail.executed_quote != 0;
      engine_.TellOrder(market_, slot, domain::ExecutionType::kPrevented,
                        traded ? domain::OrderStatus::kPartiallyFilled : domain::OrderStatus::kNew, release, left);
    } else {
      engine_.TellOrder(market_, slot, domain::ExecutionType::kExpired, domain::OrderStatus::kExpired, release,
                        quantity);
      engine_.Forget(slot);
    }
    decreased_ += quantity;
    ended_by_decrease_ = true;
    // What a limit has locked for it is free; a market order's reservation is only an upper bound.
    const std::int64_t own = in_.price != 0 ? market_.Reserved(kTaker, in_.price, quantity) : 0;
    engine_.Move(in_.account, market_.ReservedAsset(kTaker), own, -own);
    released_ += own;
    const bool all = in_.quantity_is_all && executed_ + decreased_ == in_.quantity;
    new (engine_.outcomes_.Take<DecreasedOutcome>())
        DecreasedOutcome{{OutcomeKind::kDecreased, WordsOf<DecreasedOutcome>(), 0, account_}, all ? 0 : quantity, own};
  }

  template <typename Maker>
  std::int64_t Refill(Slot, Maker& maker) {
    if (maker.detail.extra == kNoExtra) [[likely]]
      return 0;
    OrderExtra& extra = engine_.extras_[maker.detail.extra];
    const std::int64_t slice = std::min(extra.slice, extra.hidden);
    extra.hidden -= slice;
    return slice;
  }

  template <typename Maker>
  void OnMakerExpired(Slot slot, Maker&) {
    engine_.EndInMatch(market_, slot);
  }

  void OnLevelChanged(std::int64_t price, const LevelState& level) {
    engine_.NoteLevel<Opposite(kTaker)>(market_, price, level);
  }

  // Books what the order got and gave. What it locked and did not use is still locked.
  void Settle() {
    if (executed_ == 0) return;
    const std::int64_t base = market_.Base(executed_);
    const std::int64_t dust = Planted(Bug::kLoseFeeDust) && taker_fees_ != 0 ? 1 : 0;
    const domain::AssetId base_asset = market_.symbol.base;
    const domain::AssetId quote_asset = market_.symbol.quote;
    if constexpr (kBuys) {
      // A limit locks at its own price and trades at a better one.
      const std::int64_t locked = in_.price != 0 ? market_.Quote(in_.price, executed_) : quote_;
      used_ = locked;
      engine_.Move(in_.account, quote_asset, locked - quote_, -locked);
      engine_.Move(in_.account, base_asset, base - taker_fees_, 0);
      engine_.Move(domain::kFeeAccount, base_asset, taker_fees_ - dust, 0);
      engine_.Move(domain::kFeeAccount, quote_asset, maker_fees_, 0);
    } else {
      used_ = base;
      engine_.Move(in_.account, base_asset, 0, -base);
      engine_.Move(in_.account, quote_asset, quote_ - taker_fees_, 0);
      engine_.Move(domain::kFeeAccount, quote_asset, taker_fees_, 0);
      engine_.Move(domain::kFeeAccount, base_asset, maker_fees_, 0);
    }
    market_.last_price = last_price_;
    if (Planted(Bug::kRangeForgetsFirstTrade)) first_price_ = last_price_;
    engine_.lowest_trade_ = std::min({engine_.lowest_trade_, first_price_, last_price_});
    engine_.highest_trade_ = std::max({engine_.highest_trade_, first_price_, last_price_});
  }

  // An account's own order stood in the way, and its mode ends this one.
  [[nodiscard]] bool stopped() const { return stopped_; }
  [[nodiscard]] std::int64_t executed() const { return executed_; }
  [[nodiscard]] std::int64_t executed_quote() const { return quote_; }
  [[nodiscard]] std::int64_t decreased() const { return decreased_; }
  // The last that it met was an order of its own, which took what was left.
  [[nodiscard]] bool ended_by_decrease() const { return ended_by_decrease_; }
  // What is still locked of the reservation, after Settle.
  [[nodiscard]] std::int64_t locked() const { return in_.reserve - used_ - released_; }

 private:
  static std::int32_t FeeBps(std::int16_t own, std::int32_t symbols) { return own >= 0 ? own : symbols; }

  void PayMaker(domain::AccountId maker, std::int64_t quote, std::int64_t base, std::int64_t fee) {
    if constexpr (kBuys) {
      engine_.Move(maker, market_.symbol.base, 0, -base);
      engine_.Move(maker, market_.symbol.quote, quote - fee, 0);
    } else {
      engine_.Move(maker, market_.symbol.quote, 0, -quote);
      engine_.Move(maker, market_.symbol.base, base - fee, 0);
    }
  }

  template <typename Maker>
  void TellFill(Slot slot, const Maker& maker, std::int64_t price, std::int64_t quantity, std::int64_t left,
                std::int64_t maker_fee, std::int64_t taker_fee) {
    const bool extended = maker.detail.extra != kNoExtra;
    auto* place = extended ? engine_.outcomes_.Take<FillOutcome>(engine_.ExtensionOf(maker.detail.extra))
                           : engine_.outcomes_.Take<FillOutcome>();
    new (place) FillOutcome{
        .head = {OutcomeKind::kFill, WordsOf<FillOutcome>(extended), 0, maker.owner},
        .trade_id = engine_.last_trade_id_.value(),
        .maker_order_id = engine_.orders_.IdOf(slot).value(),
        .price = price,
        .quantity = quantity,
        .maker_quantity = maker.detail.ordered,
        .maker_left = left,
        .maker_executed_quote = maker.detail.executed_quote,
        .maker_fee = maker_fee,
        .taker_fee = taker_fee,
        .maker_client_id = maker.detail.client_id,
        .maker_type = maker.detail.type,
        .maker_time_in_force = maker.detail.time_in_force,
        .taker_filled = executed_ + decreased_ == in_.quantity && in_.quantity_is_all,
        .has_extension = extended,
    };
  }

  Engine& engine_;
  Market& market_;
  const Incoming& in_;
  const std::uint32_t account_;
  const bool prevents_;
  const std::int32_t taker_fee_bps_;
  std::int64_t executed_ = 0;
  std::int64_t quote_ = 0;
  std::int64_t decreased_ = 0;
  std::int64_t taker_fees_ = 0;
  std::int64_t maker_fees_ = 0;
  std::int64_t used_ = 0;      // of the reservation, by trades
  std::int64_t released_ = 0;  // of the reservation, by self-trade prevention
  std::int64_t first_price_ = 0;
  std::int64_t last_price_ = 0;
  bool stopped_ = false;
  bool ended_by_decrease_ = false;
};

}  // namespace xt::matching
