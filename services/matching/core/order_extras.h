// What only some orders have beside their slot: stop price, hidden iceberg quantity, expire time, group. They lie in a
// slab of their own, so that the orders that most traders send stay small. ExpiryQueue is the heap of the orders that have
// an expire time: by time, then by age, whatever the heap looks like inside. Not thread-safe.
#pragma once

#include <cstdint>
#include <vector>

#include "libs/base/check.h"
#include "services/matching/core/order_slab.h"
#include "services/matching/core/zeroed_array.h"

namespace xt::matching {

using ExtraRef = std::uint32_t;
inline constexpr ExtraRef kNoExtra = 0;
inline constexpr std::uint32_t kNotQueued = 0;

struct OrderExtra {
  std::int64_t price;           // limit of a stop that waits; its place is its stop price
  std::int64_t stop_price;      // 0: no stop
  std::int64_t slice;           // the iceberg quantity; 0: none
  std::int64_t hidden;          // iceberg quantity that is not in the book yet
  std::int64_t expire_time_ms;  // 0: none
  std::uint64_t entered;        // sequence of the command that entered the order
  std::uint32_t group;
  bool waiting;  // a stop that is not triggered
  Slot slot;
  std::uint32_t queued_at;  // position in the expiry queue from 1; kNotQueued
  ExtraRef next_free;
};

class ExtraSlab {
 public:
  explicit ExtraSlab(std::uint32_t capacity) : extras_(std::size_t{capacity} + 1) {}

  // `entry.next_free` and `queued_at` are ignored. There is one per order at most, so it is never full.
  ExtraRef Add(const OrderExtra& extra) {
    ExtraRef ref = free_;
    if (ref != kNoExtra) {
      free_ = extras_[ref].next_free;
    } else {
      XT_CHECK(fresh_ < extras_.size(), "more extras than orders");
      ref = fresh_++;
    }
    extras_[ref] = extra;
    extras_[ref].queued_at = kNotQueued;
    extras_[ref].next_free = kNoExtra;
    return ref;
  }
  void Free(ExtraRef ref) {
    extras_[ref].next_free = free_;
    free_ = ref;
  }
  // All that were ever used are 1 .. fresh() - 1.
  [[nodiscard]] ExtraRef fresh() const { return fresh_; }
  // kNoExtra may be read: everything is 0.
  [[nodiscard]] OrderExtra& operator[](ExtraRef ref) { return extras_[ref]; }
  [[nodiscard]] const OrderExtra& operator[](ExtraRef ref) const { return extras_[ref]; }

 private:
  ZeroedArray<OrderExtra> extras_;
  ExtraRef fresh_ = 1;
  ExtraRef free_ = kNoExtra;
};

class ExpiryQueue {
 public:
  explicit ExpiryQueue(ExtraSlab& extras) : extras_(&extras) {}

  [[nodiscard]] bool empty() const { return heap_.empty(); }
  [[nodiscard]] std::size_t size() const { return heap_.size(); }
  // The one that expires first.
  [[nodiscard]] ExtraRef first() const { return heap_.front(); }

  void Add(ExtraRef ref) {
    heap_.push_back(ref);
    Settle(heap_.size() - 1, ref);
  }
  // Nothing happens when it is not queued.
  void Remove(ExtraRef ref) {
    const std::uint32_t position = (*extras_)[ref].queued_at;
    if (position == kNotQueued) return;
    (*extras_)[ref].queued_at = kNotQueued;
    const ExtraRef last = heap_.back();
    heap_.pop_back();
    if (last != ref) Settle(position - 1, last);
  }

 private:
  [[nodiscard]] bool IsBefore(ExtraRef a, ExtraRef b) const {
    const OrderExtra& x = (*extras_)[a];
    const OrderExtra& y = (*extras_)[b];
    return x.expire_time_ms != y.expire_time_ms ? x.expire_time_ms < y.expire_time_ms : x.entered < y.entered;
  }
  void Put(std::size_t at, ExtraRef ref) {
    heap_[at] = ref;
    (*extras_)[ref].queued_at = static_cast<std::uint32_t>(at + 1);
  }
  // Finds the place of `ref` from the hole at `at`, upwards or downwards.
  void Settle(std::size_t at, ExtraRef ref) {
    for (; at > 0 && IsBefore(ref, heap_[(at - 1) / 2]); at = (at - 1) / 2) Put(at, heap_[(at - 1) / 2]);
    for (std::size_t child = 2 * at + 1; child < heap_.size(); child = 2 * at + 1) {
      if (child + 1 < heap_.size() && IsBefore(heap_[child + 1], heap_[child])) ++child;
      if (!IsBefore(heap_[child], ref)) break;
      Put(at, heap_[child]);
      at = child;
    }
    Put(at, ref);
  }

  ExtraSlab* extras_;
  std::vector<ExtraRef> heap_;
};

}  // namespace xt::matching
