// OrderBook: the resting orders of one symbol in price-time priority, and nothing else: no accounts, no balances, no
// client ids. What happens is told to a sink whose calls are inlined. The engine uses it with the details of its orders;
// a bare book (NoDetail, no order counts) is what the benchmark measures. Orders live in a slab that several books may
// share. Writes through kNoSlot fall into an order that nobody reads, which spares branches. Not thread-safe; slab and
// level pool must outlive the book.
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <limits>

#include "libs/base/check.h"
#include "libs/domain/enums.h"
#include "libs/domain/ids.h"
#include "services/matching/core/order_slab.h"
#include "services/matching/core/planted_bugs.h"
#include "services/matching/core/price_levels.h"

namespace xt::matching {

constexpr domain::Side Opposite(domain::Side side) {
  return side == domain::Side::kBuy ? domain::Side::kSell : domain::Side::kBuy;
}

// The limit of an order that takes any price.
constexpr std::int64_t AnyPrice(domain::Side taker) {
  return taker == domain::Side::kBuy ? std::numeric_limits<std::int64_t>::max() - 1 : 1;
}
template <domain::Side kTaker>
inline constexpr std::int64_t kAnyPrice = AnyPrice(kTaker);

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

  using Levels = PriceLevels<kCountOrdersT>;

  OrderBook(domain::SymbolId symbol, Slab& orders, Pool& pool)
      : symbol_(symbol),
        orders_(&orders),
        sides_{Levels(domain::Side::kBuy, pool), Levels(domain::Side::kSell, pool)} {}

  [[nodiscard]] Levels& side(domain::Side side) { return sides_[Index(side)]; }
  [[nodiscard]] const Levels& side(domain::Side side) const { return sides_[Index(side)]; }
  template <domain::Side kSide>
  [[nodiscard]] Levels& side() {
    return side(kSide);
  }
  template <domain::Side kSide>
  [[nodiscard]] const Levels& side() const {
    return side(kSide);
  }

  // Whether an order of this side and limit would trade with the best of the other side.
  [[nodiscard]] bool Crosses(domain::Side taker, std::int64_t limit) const {
    const Levels& levels = side(Opposite(taker));
    return levels.best_key() >= levels.KeyOf(limit);
  }
  template <domain::Side kTaker>
  [[nodiscard]] bool Crosses(std::int64_t limit) const {
    return Crosses(kTaker, limit);
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
  template <typename Sink>
  std::int64_t Match(domain::Side taker, std::int64_t limit, std::int64_t left, Sink& sink) {
    Levels& levels = side(Opposite(taker));
    const std::int64_t limit_key = levels.KeyOf(limit);
    bool go_on = true;
    while (go_on && left > 0 && levels.best_key() >= limit_key) go_on = MatchBestLevel(levels, left, sink);
    return left;
  }
  template <domain::Side kTaker, typename Sink>
  std::int64_t Match(std::int64_t limit, std::int64_t left, Sink& sink) {
    return Match(kTaker, limit, left, sink);
  }

  // Appends the order in `slot` to the queue of its price. Only when side(side).HasRoom(price).
  LevelState Rest(domain::Side own, Slot slot, std::int64_t price, std::int64_t quantity) {
    OrderType& order = (*orders_)[slot];
    auto& level = side(own).Open(price);
    const Slot tail = level.tail;
    order.place = Place(symbol_, own, price);
    order.quantity = quantity;
    order.previous = tail;
    order.next = kNoSlot;
    (*orders_)[tail].next = slot;
    level.head = tail != kNoSlot ? level.head : slot;
    level.tail = slot;
    level.quantity += quantity;
    if (Planted(Bug::kNewestMakerFirst)) MoveToHead(level, slot);
    return StateOf(level);
  }
  template <domain::Side kSide>
  LevelState Rest(Slot slot, std::int64_t price, std::int64_t quantity) {
    return Rest(kSide, slot, price, quantity);
  }

  // Takes `by` off a resting order, less than it has; it keeps its place in the queue.
  LevelState Reduce(Slot slot, std::int64_t by) {
    OrderType& order = (*orders_)[slot];
    XT_CHECK(by > 0 && by < order.quantity, "an order is reduced to nothing");
    order.quantity -= by;
    auto& level = *side(order.place.side()).Find(order.place.price());
    level.quantity -= by;
    return StateOf(level);
  }

  // Takes a resting order out and frees its slot.
  LevelState Remove(Slot slot) {
    const LevelState state = Detach(slot);
    orders_->Free(slot);
    return state;
  }

  // Takes a resting order out; its slot stays allocated, and is the caller's to use or free.
  LevelState Detach(Slot slot) {
    const OrderType& order = (*orders_)[slot];
    Levels& levels = side(order.place.side());
    const std::int64_t price = order.place.price();
    const Slot previous = order.previous;
    const Slot next = order.next;
    auto& level = *levels.Find(price);
    level.quantity -= order.quantity;
    levels.CountDown(level, 1);
    (*orders_)[previous].next = next;
    (*orders_)[next].previous = previous;
    level.head = previous != kNoSlot ? level.head : next;
    level.tail = next != kNoSlot ? level.tail : previous;
    const LevelState state = StateOf(level);
    if (level.head == kNoSlot) levels.Close(price);
    return state;
  }

  // Puts a resting order behind the others of its level: a mistake that tests plant.
  void RestAgain(Slot slot) {
    const OrderType order = (*orders_)[slot];
    Detach(slot);
    Rest(order.place.side(), slot, order.place.price(), order.quantity);
  }

  // visit(price, Level) for the levels of a side, best first, until it returns false.
  template <domain::Side kSide, typename Visit>
  void ForEachLevel(Visit&& visit) const {
    const auto& levels = side<kSide>();
    for (std::int64_t price = levels.best(); price != levels.none(); price = levels.NextWorse(price)) {
      if (!visit(price, *levels.Find(price))) return;
    }
  }

  // What a command that comes soon will touch: a Rest of an order of `side` at `price`, or a Remove of `slot` when that
  // is not kNoSlot. Hints without effect on the result, and without a branch on which of the two it is, which nobody
  // could predict. First the far one and, when that is near, the near one. While the orders fit into a cache of the core
  // they do nothing: the instructions would cost more than they save.
  [[gnu::always_inline]] void PrefetchFar(Slot slot, domain::Side own, std::int64_t price) const {
    if (OrdersAreCached()) return;
    const Levels& levels = side(own);
    __builtin_prefetch(&(*orders_)[slot], 1);
    __builtin_prefetch(levels.FindNear(slot != kNoSlot ? levels.best() : price), 1);
  }
  [[gnu::always_inline]] void PrefetchNear(Slot slot, domain::Side own, std::int64_t price) const {
    if (OrdersAreCached()) return;
    const OrderType& order = (*orders_)[slot];
    const bool removes = slot != kNoSlot;
    own = removes ? order.place.side() : own;
    price = removes ? order.place.price() : price;
    const Level* level = side(own).FindNear(price);
    const Slot* first = removes ? &order.previous : &level->tail;
    const void* second = removes ? static_cast<const void*>(&(*orders_)[order.next]) : level;
    __builtin_prefetch(&(*orders_)[*first], 1);
    __builtin_prefetch(level, 1);
    __builtin_prefetch(second, 1);
  }

  // The same in parts, for who knows what is to come.
  template <domain::Side kSide>
  [[gnu::always_inline]] void PrefetchLevel(std::int64_t price) const {
    __builtin_prefetch(side<kSide>().FindNear(price), 1);
  }
  template <domain::Side kSide>
  [[gnu::always_inline]] void PrefetchTail(std::int64_t price) const {
    __builtin_prefetch(&(*orders_)[side<kSide>().FindNear(price)->tail], 1);
  }
  [[gnu::always_inline]] void PrefetchAround(Slot slot) const {
    const OrderType& order = (*orders_)[slot];
    __builtin_prefetch(&(*orders_)[order.previous], 1);
    __builtin_prefetch(&(*orders_)[order.next], 1);
    __builtin_prefetch(side(order.place.side()).FindNear(order.place.price()), 1);
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

  [[nodiscard]] bool OrdersAreCached() const {
    constexpr std::uint32_t kOrders = (std::uint32_t{2} << 20) / sizeof(OrderType);
    return orders_->live() < kOrders;
  }

  static std::size_t Index(domain::Side side) { return side == domain::Side::kSell ? 1 : 0; }

  // False when the sink wants no more.
  template <typename Sink>
  bool MatchBestLevel(Levels& levels, std::int64_t& left, Sink& sink) {
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
            if (next != kNoSlot && !Planted(Bug::kRefillIcebergAtFront)) {
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
    (*orders_)[slot].previous = kNoSlot;
    if (slot == kNoSlot) {
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

  // Of the tail of the queue: a mistake that tests plant.
  void MoveToHead(Level& level, Slot slot) {
    OrderType& order = (*orders_)[slot];
    if (level.head == slot) return;
    level.tail = order.previous;
    (*orders_)[level.tail].next = kNoSlot;
    (*orders_)[level.head].previous = slot;
    order.previous = kNoSlot;
    order.next = level.head;
    level.head = slot;
  }

  domain::SymbolId symbol_;
  Slab* orders_;
  std::array<Levels, 2> sides_;
};

// The book alone, for benchmarks and experiments: 32 bytes per order.
using BareSlab = OrderSlab<NoDetail>;
using BareBook = OrderBook<NoDetail, false>;
using BareLevelPool = LevelPool<false>;
static_assert(sizeof(BareSlab::OrderType) == 32);

}  // namespace xt::matching
