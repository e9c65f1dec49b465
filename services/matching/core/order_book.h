// OrderBook: the resting orders of one symbol in price-time priority, and nothing else: no accounts, no balances, no
// client ids. What happens is told to a sink whose calls are inlined. The engine uses it with the details of its orders;
// a bare book (NoDetail, no order counts) is what the benchmark measures. Orders live in a slab that several books may
// share. Not thread-safe; slab and level pool must outlive the book.
#pragma once

#include <concepts>
#include <cstdint>
#include <limits>

#include "libs/base/check.h"
#include "libs/domain/enums.h"
#include "libs/domain/ids.h"
#include "services/matching/core/order_slab.h"
#include "services/matching/core/price_levels.h"

namespace xt::matching {

constexpr domain::Side Opposite(domain::Side side) {
  return side == domain::Side::kBuy ? domain::Side::kSell : domain::Side::kBuy;
}

// The limit of an order that takes any price.
template <domain::Side kTaker>
inline constexpr std::int64_t kAnyPrice = kTaker == domain::Side::kBuy ? std::numeric_limits<std::int64_t>::max() - 1
                                                                       : 1;

// What a sink decides about the maker that is next in line.
struct MakerDecision {
  enum class Action { kTrade, kDecrement, kExpireMaker, kStop };
  Action action = Action::kTrade;
  std::int64_t quantity = 0;  // with kTrade and kDecrement: 1 .. min(left, maker.quantity)
};

// What a sink may have beyond the calls that every sink has; see OrderBook::Match. A sink without them pays nothing.
template <typename Sink, typename Order>
concept RefillsMakers = requires(Sink sink, Slot slot, Order& maker) {
  { sink.Refill(slot, maker) } -> std::same_as<std::int64_t>;
};
template <typename Sink, typename Order>
concept DecrementsMakers = requires(Sink sink, Slot slot, Order& maker, std::int64_t price, std::int64_t quantity) {
  sink.OnDecrement(slot, maker, price, quantity);
};

// A level after a change; no quantity: it is gone. The number of orders is 0 in books that do not count them.
struct LevelState {
  std::int64_t quantity = 0;
  std::uint32_t orders = 0;
};

template <typename DetailT, bool kCountOrdersT>
class OrderBook {
 public:
  using Slab = OrderSlab<DetailT>;
  using OrderType = typename Slab::OrderType;
  using Pool = LevelPool<kCountOrdersT>;

  OrderBook(domain::SymbolId symbol, Slab& orders, Pool& pool)
      : symbol_(symbol), orders_(&orders), bids_(pool), asks_(pool) {}

  template <domain::Side kSide>
  [[nodiscard]] auto& side() {
    if constexpr (kSide == domain::Side::kBuy) {
      return bids_;
    } else {
      return asks_;
    }
  }
  template <domain::Side kSide>
  [[nodiscard]] const auto& side() const {
    if constexpr (kSide == domain::Side::kBuy) {
      return bids_;
    } else {
      return asks_;
    }
  }

  // Whether an order of this side and limit would trade with the best of the other side.
  template <domain::Side kTaker>
  [[nodiscard]] bool Crosses(std::int64_t limit) const {
    const std::int64_t best = side<Opposite(kTaker)>().best();
    return kTaker == domain::Side::kBuy ? best <= limit : best >= limit;
  }

  // Trades up to `left` against the other side, best price first, oldest order first, at the makers' prices.
  //   MakerDecision Sink::Decide(const Order& maker, price, left)
  //   void Sink::OnTrade(Slot, Order& maker, price, quantity)   maker.quantity is what is left of it: 0 when filled
  //   void Sink::OnMakerExpired(Slot, Order& maker)             maker.quantity is what did not trade
  //   void Sink::OnLevelChanged(price, LevelState)              once per level that changed
  // and, when the sink has them:
  //   void Sink::OnDecrement(Slot, Order& maker, price, quantity)     after kDecrement: both sides lost it, without a trade
  //   std::int64_t Sink::Refill(Slot, Order& maker)
  // Refill is asked when nothing is left of a maker: with more than 0, that is its quantity from now on and it goes to the
  // tail of its queue, where this taker may meet it again. Otherwise, and when it is expired, a maker is freed after the
  // call. Returns what is left of `left`.
  template <domain::Side kTaker, typename Sink>
  std::int64_t Match(std::int64_t limit, std::int64_t left, Sink& sink) {
    bool go_on = true;
    while (go_on && left > 0 && Crosses<kTaker>(limit)) go_on = MatchBestLevel<kTaker>(left, sink);
    return left;
  }

  // Appends the order in `slot` to the queue of its price. Only when side<kSide>().HasRoom(price).
  template <domain::Side kSide>
  LevelState Rest(Slot slot, std::int64_t price, std::int64_t quantity) {
    OrderType& order = (*orders_)[slot];
    order.place = Place(symbol_, kSide, price);
    order.quantity = quantity;
    order.next = kNoSlot;
    auto& level = side<kSide>().Open(price);
    order.previous = level.tail;
    if (level.tail != kNoSlot) {
      (*orders_)[level.tail].next = slot;
    } else {
      level.head = slot;
    }
    level.tail = slot;
    level.quantity += quantity;
    return StateOf(level);
  }

  // Takes `by` off a resting order, less than it has; it keeps its place in the queue.
  LevelState Reduce(Slot slot, std::int64_t by) {
    OrderType& order = (*orders_)[slot];
    XT_CHECK(by > 0 && by < order.quantity, "an order is reduced to nothing");
    order.quantity -= by;
    const std::int64_t price = order.place.price();
    auto* level = order.place.side() == domain::Side::kBuy ? bids_.Find(price) : asks_.Find(price);
    level->quantity -= by;
    return StateOf(*level);
  }

  // Takes a resting order out and frees its slot.
  LevelState Remove(Slot slot) {
    const LevelState state = Detach(slot);
    orders_->Free(slot);
    return state;
  }

  // Takes a resting order out; its slot stays allocated, and is the caller's to use or free.
  LevelState Detach(Slot slot) {
    return (*orders_)[slot].place.side() == domain::Side::kBuy ? DetachFrom<domain::Side::kBuy>(slot)
                                                               : DetachFrom<domain::Side::kSell>(slot);
  }

  // visit(price, Level) for the levels of a side, best first, until it returns false.
  template <domain::Side kSide, typename Visit>
  void ForEachLevel(Visit&& visit) const {
    const auto& levels = side<kSide>();
    for (std::int64_t price = levels.best(); price != levels.kNone; price = levels.NextWorse(price)) {
      if (!visit(price, *levels.Find(price))) return;
    }
  }

  // Brings what a Rest at this price will touch nearer; a hint without effect on the result.
  template <domain::Side kSide>
  void PrefetchLevel(std::int64_t price) const {
    if (const Level* level = side<kSide>().Find(price)) __builtin_prefetch(level, 1);
  }
  template <domain::Side kSide>
  void PrefetchTail(std::int64_t price) const {
    if (const Level* level = side<kSide>().Find(price)) __builtin_prefetch(&(*orders_)[level->tail], 1);
  }
  // The same for a Remove: the order must be near already.
  void PrefetchAround(Slot slot) const {
    const OrderType& order = (*orders_)[slot];
    __builtin_prefetch(&(*orders_)[order.previous], 1);
    __builtin_prefetch(&(*orders_)[order.next], 1);
    if (order.place.side() == domain::Side::kBuy) {
      PrefetchLevel<domain::Side::kBuy>(order.place.price());
    } else {
      PrefetchLevel<domain::Side::kSell>(order.place.price());
    }
  }

 private:
  template <typename AnyLevel>
  static LevelState StateOf(const AnyLevel& level) {
    if constexpr (kCountOrdersT) {
      return {level.quantity, level.orders};
    } else {
      return {level.quantity, 0};
    }
  }

  // False when the sink wants no more.
  template <domain::Side kTaker, typename Sink>
  bool MatchBestLevel(std::int64_t& left, Sink& sink) {
    auto& levels = side<Opposite(kTaker)>();
    const std::int64_t price = levels.best();
    auto& level = levels.best_level();
    Slot slot = level.head;
    std::int64_t level_quantity = level.quantity;
    std::uint32_t gone = 0;
    bool go_on = true;
    do {
      OrderType& maker = (*orders_)[slot];
      const Slot next = maker.next;
      __builtin_prefetch(&(*orders_)[next], 1);
      const MakerDecision decision = sink.Decide(maker, price, left);
      if (decision.action == MakerDecision::Action::kExpireMaker) {
        level_quantity -= maker.quantity;
        sink.OnMakerExpired(slot, maker);
      } else {
        if (decision.action == MakerDecision::Action::kStop) {
          go_on = false;
          break;
        }
        maker.quantity -= decision.quantity;
        level_quantity -= decision.quantity;
        left -= decision.quantity;
        TellTaken(slot, maker, price, decision, sink);
        if (maker.quantity != 0) {
          go_on = false;
          break;
        }
        if constexpr (RefillsMakers<Sink, OrderType>) {
          if (const std::int64_t refill = sink.Refill(slot, maker); refill > 0) {
            maker.quantity = refill;
            level_quantity += refill;
            if (next != kNoSlot) {
              MoveToTail(level, slot);
              slot = next;
            }
            continue;
          }
        }
      }
      orders_->Free(slot);
      ++gone;
      slot = next;
    } while (slot != kNoSlot && left > 0);
    const bool changed = gone != 0 || level_quantity != level.quantity;
    if (gone != 0) levels.CountDown(level, gone);
    level.quantity = level_quantity;
    if (changed) sink.OnLevelChanged(price, StateOf(level));
    level.head = slot;
    if (slot != kNoSlot) {
      (*orders_)[slot].previous = kNoSlot;
    } else {
      level.tail = kNoSlot;
      levels.Close(price);
    }
    return go_on;
  }

  template <typename Sink>
  static void TellTaken(Slot slot, OrderType& maker, std::int64_t price, const MakerDecision& decision, Sink& sink) {
    if constexpr (DecrementsMakers<Sink, OrderType>) {
      if (decision.action == MakerDecision::Action::kDecrement) {
        sink.OnDecrement(slot, maker, price, decision.quantity);
        return;
      }
    }
    sink.OnTrade(slot, maker, price, decision.quantity);
  }

  // Of the head of the queue, behind which there are others; the next one's link back is the caller's.
  void MoveToTail(Level& level, Slot slot) {
    OrderType& order = (*orders_)[slot];
    (*orders_)[level.tail].next = slot;
    order.previous = level.tail;
    order.next = kNoSlot;
    level.tail = slot;
  }

  template <domain::Side kSide>
  LevelState DetachFrom(Slot slot) {
    auto& levels = side<kSide>();
    OrderType& order = (*orders_)[slot];
    const std::int64_t price = order.place.price();
    auto& level = *levels.Find(price);
    level.quantity -= order.quantity;
    levels.CountDown(level, 1);
    const Slot previous = order.previous;
    const Slot next = order.next;
    (previous != kNoSlot ? (*orders_)[previous].next : level.head) = next;
    (next != kNoSlot ? (*orders_)[next].previous : level.tail) = previous;
    const LevelState state = StateOf(level);
    if (level.head == kNoSlot) levels.Close(price);
    return state;
  }

  domain::SymbolId symbol_;
  Slab* orders_;
  PriceLevels<domain::Side::kBuy, kCountOrdersT> bids_;
  PriceLevels<domain::Side::kSell, kCountOrdersT> asks_;
};

// The book alone, for benchmarks and experiments: 32 bytes per order.
using BareSlab = OrderSlab<NoDetail>;
using BareBook = OrderBook<NoDetail, false>;
using BareLevelPool = LevelPool<false>;
static_assert(sizeof(BareSlab::OrderType) == 32);

}  // namespace xt::matching
