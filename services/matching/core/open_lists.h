// OpenLists: the open orders of every account, each account's in the order in which they came. A list is a chain of small
// blocks of slots; an order that ends leaves a hole, and a block of holes leaves the chain, so that nothing ever moves: an
// order knows its place, and leaving costs one cache line. All memory is reserved at once and committed as it is used.
// Not thread-safe.
//
//   block of eight words: next block, previous block, six slots
#pragma once

#include <cstdint>

#include "libs/base/check.h"
#include "services/matching/core/order_slab.h"
#include "services/matching/core/zeroed_array.h"

namespace xt::matching {

// Where an order stands in the list of its account. No order has place 0.
using ListPlace = std::uint32_t;

// One account's list; what is in it belongs to OpenLists.
struct OpenList {
  std::uint32_t first = 0;  // block; 0 when there was no order yet
  ListPlace last = 7;       // that was taken last: behind it is room, up to the end of its block
};

class OpenLists {
 public:
  // Room for this many orders in this many lists: an order has a block to itself at worst, and each list one block more.
  OpenLists(std::uint32_t orders, std::uint32_t lists)
      : words_((std::size_t{orders} + lists + 2) * kBlockWords), blocks_(orders + lists + 1) {}

  [[nodiscard]] ListPlace Add(OpenList& list, Slot slot) {
    if (list.last % kBlockWords == kBlockWords - 1) list.last = AddBlock(list);
    words_[++list.last] = slot;
    return list.last;
  }

  void Remove(OpenList& list, ListPlace place) {
    words_[place] = kNoSlot;
    const std::uint32_t block = place / kBlockWords;
    if (IsEmpty(block)) RemoveBlock(list, block);
  }

  // Calls visit(Slot, ListPlace) for each, the oldest first. What is visited may leave the list meanwhile.
  template <typename Visit>
  void ForEach(const OpenList& list, const Visit& visit) const {
    for (std::uint32_t block = list.first; block != 0;) {
      const std::uint32_t next = words_[At(block, kNext)];
      for (std::uint32_t place = At(block, kFirstSlot); place < At(block + 1, kNext); ++place) {
        if (words_[place] != kNoSlot) visit(words_[place], place);
      }
      block = next;
    }
  }

  [[gnu::always_inline]] void Prefetch(ListPlace place) const { __builtin_prefetch(&words_[place], 1); }
  // Memory that blocks have ever taken.
  [[nodiscard]] std::uint64_t touched_bytes() const { return made_ * kBlockWords * sizeof(std::uint32_t); }

 private:
  static constexpr std::uint32_t kBlockWords = 8;
  static constexpr std::uint32_t kNext = 0;  // in a free block the next free one
  static constexpr std::uint32_t kPrevious = 1;
  static constexpr std::uint32_t kFirstSlot = 2;

  static ListPlace At(std::uint32_t block, std::uint32_t word) { return block * kBlockWords + word; }

  [[nodiscard]] bool IsEmpty(std::uint32_t block) const {
    std::uint32_t any = 0;
    for (std::uint32_t word = kFirstSlot; word < kBlockWords; ++word) any |= words_[At(block, word)];
    return any == 0;
  }

  // The place before the first of the new block.
  [[gnu::noinline]] ListPlace AddBlock(OpenList& list) {
    std::uint32_t block = free_;
    if (block != 0) {
      free_ = words_[At(block, kNext)];
    } else {
      XT_CHECK(made_ < blocks_, "more open orders than there is room for");
      block = static_cast<std::uint32_t>(++made_);
    }
    const std::uint32_t previous = list.first != 0 ? list.last / kBlockWords : 0;
    if (previous != 0) {
      words_[At(previous, kNext)] = block;
    } else {
      list.first = block;
    }
    words_[At(block, kNext)] = 0;
    words_[At(block, kPrevious)] = previous;
    return At(block, kPrevious);
  }

  [[gnu::noinline]] void RemoveBlock(OpenList& list, std::uint32_t block) {
    if (block == list.last / kBlockWords) {
      list.last = At(block, kPrevious);  // it is filled anew
      return;
    }
    const std::uint32_t next = words_[At(block, kNext)];
    const std::uint32_t previous = words_[At(block, kPrevious)];
    if (previous != 0) {
      words_[At(previous, kNext)] = next;
    } else {
      list.first = next;
    }
    words_[At(next, kPrevious)] = previous;
    words_[At(block, kNext)] = free_;
    free_ = block;
  }

  ZeroedArray<std::uint32_t> words_;
  const std::uint32_t blocks_;
  std::uint64_t made_ = 0;
  std::uint32_t free_ = 0;
};

}  // namespace xt::matching
