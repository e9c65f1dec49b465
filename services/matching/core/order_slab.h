// OrderSlab: every resting order of a shard, in one array of fixed capacity. An order is named by its slot; an OrderId is
// slot and generation, so that finding an order hashes nothing and an id is never used twice. The first 32 bytes of an
// order are all that the book needs; `Detail` is what its owner keeps beside them in the same cache line.
// Not thread-safe.
#pragma once

#include <cstdint>
#include <type_traits>

#include "libs/base/check.h"
#include "libs/domain/enums.h"
#include "libs/domain/ids.h"
#include "services/matching/core/zeroed_array.h"

namespace xt::matching {

using Slot = std::uint32_t;
inline constexpr Slot kNoSlot = 0;

// The place of an order in one word: its symbol, its side and its price.
class Place {
 public:
  constexpr Place() = default;
  constexpr Place(domain::SymbolId symbol, domain::Side side, std::int64_t price)
      : bits_(std::uint64_t{symbol.value()} << 48 | std::uint64_t{side == domain::Side::kSell} << 47 |
              static_cast<std::uint64_t>(price)) {}
  [[nodiscard]] constexpr std::int64_t price() const {
    return static_cast<std::int64_t>(bits_ & ((std::uint64_t{1} << 47) - 1));
  }
  [[nodiscard]] constexpr domain::Side side() const {
    return (bits_ >> 47 & 1) != 0 ? domain::Side::kSell : domain::Side::kBuy;
  }
  [[nodiscard]] constexpr domain::SymbolId symbol() const {
    return domain::SymbolId(static_cast<std::uint16_t>(bits_ >> 48));
  }

 private:
  std::uint64_t bits_ = 0;
};

template <typename Detail>
struct Order {
  Place place;
  std::int64_t quantity;  // what is left, in lots; 0 in a slot that rests nowhere
  Slot previous;          // towards the head of the queue of its level
  Slot next;              // away from it; in a free slot the next free one
  std::uint32_t generation;
  std::uint32_t owner;  // the account; a bare book keeps what its user likes
  [[no_unique_address]] Detail detail;
};

// For books without accounts.
struct NoDetail {};

template <typename DetailT>
class OrderSlab {
 public:
  using Detail = DetailT;
  using OrderType = Order<Detail>;
  static_assert(sizeof(OrderType) <= 64);
  static constexpr std::uint32_t kLastGeneration = 0xFFFF'FFFF;

  explicit OrderSlab(std::uint32_t capacity) : orders_(std::size_t{capacity} + 1) {}

  [[nodiscard]] OrderType& operator[](Slot slot) { return orders_[slot]; }
  [[nodiscard]] const OrderType& operator[](Slot slot) const { return orders_[slot]; }

  [[nodiscard]] bool full() const { return free_ == kNoSlot && fresh_ == orders_.size(); }

  // A slot with a new id; its order has quantity 0 until it rests. Only when not full().
  [[nodiscard]] Slot Allocate() {
    ++live_;
    if (free_ != kNoSlot) [[likely]] {
      const Slot slot = free_;
      free_ = orders_[slot].next;
      return slot;
    }
    XT_CHECK(fresh_ < orders_.size(), "the order slab is full");
    const Slot slot = fresh_++;
    orders_[slot].generation = 1;
    return slot;
  }

  // The id of this order never names another one: a slot whose generations are used up is not used again.
  void Free(Slot slot) {
    OrderType& order = orders_[slot];
    order.quantity = 0;
    --live_;
    if (order.generation == kLastGeneration) [[unlikely]]
      return;
    ++order.generation;
    order.next = free_;
    free_ = slot;
  }

  [[nodiscard]] domain::OrderId IdOf(Slot slot) const {
    return domain::OrderId(std::uint64_t{orders_[slot].generation} << 32 | slot);
  }

  // kNoSlot unless this order rests now.
  [[nodiscard]] Slot Find(domain::OrderId id) const {
    const Slot slot = static_cast<Slot>(id.value());
    if (slot == kNoSlot || slot >= fresh_) return kNoSlot;
    const OrderType& order = orders_[slot];
    return order.generation == id.value() >> 32 && order.quantity != 0 ? slot : kNoSlot;
  }

  [[gnu::always_inline]] void Prefetch(domain::OrderId id) const { __builtin_prefetch(&orders_[SlotOf(id)], 1); }
  // For prefetching ahead: the slot that an id would be in, whether or not the order lives.
  [[nodiscard]] Slot SlotOf(domain::OrderId id) const {
    const Slot slot = static_cast<Slot>(id.value());
    return slot < orders_.size() ? slot : kNoSlot;
  }

  // For restoring a state into a new slab: every slot that was ever used with its generation, then the free ones from the
  // last in line to the first, then the orders that live take their slots. The caller checks that no slot is named twice.
  void RestoreSlots(Slot fresh) { fresh_ = fresh; }
  void RestoreFree(Slot slot) {
    orders_[slot].next = free_;
    free_ = slot;
  }
  void RestoreLive() { ++live_; }

  [[nodiscard]] std::uint32_t live() const { return live_; }
  [[nodiscard]] std::size_t capacity() const { return orders_.size() - 1; }
  // Memory that orders have ever taken.
  [[nodiscard]] std::size_t touched_bytes() const { return std::size_t{fresh_} * sizeof(OrderType); }
  // All slots that were ever used are 1 .. fresh() - 1.
  [[nodiscard]] Slot fresh() const { return fresh_; }
  [[nodiscard]] Slot first_free() const { return free_; }

 private:
  ZeroedArray<OrderType> orders_;
  Slot fresh_ = 1;
  Slot free_ = kNoSlot;
  std::uint32_t live_ = 0;
};

}  // namespace xt::matching
