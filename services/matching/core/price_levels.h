// PriceLevels: one side of a book as an array of price levels indexed by the tick. Levels lie in pages of 1,024 that are
// allocated when their first order comes and given back with the last one; bitmaps over levels and pages find the next
// best price in a few instructions, and the best one is cached. The pages of all books come from one LevelPool, whose
// limit bounds the memory that far-away prices can take. Not thread-safe.
//
//   directory (4,096 pages) -> page (1,024 levels) -> level {head, tail, quantity}
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <memory>
#include <new>
#include <type_traits>
#include <vector>

#include "libs/base/check.h"
#include "libs/domain/enums.h"
#include "services/matching/core/order_slab.h"

namespace xt::matching {

struct Level {
  Slot head;
  Slot tail;
  std::int64_t quantity;
};
static_assert(sizeof(Level) == 16);

struct CountedLevel : Level {
  std::uint32_t orders;
};
template <bool kCountOrders>
using LevelOf = std::conditional_t<kCountOrders, CountedLevel, Level>;

// The direction in which prices get worse: down for bids, up for asks. A bit at or beyond `from` in that direction;
// -1 when there is none.
template <domain::Side kSide>
int NextBit(std::uint64_t word, int from) {
  if constexpr (kSide == domain::Side::kSell) {
    if (from > 63) return -1;
    word &= ~std::uint64_t{0} << from;
    return word != 0 ? std::countr_zero(word) : -1;
  } else {
    if (from < 0) return -1;
    word &= ~std::uint64_t{0} >> (63 - from);
    return word != 0 ? 63 - std::countl_zero(word) : -1;
  }
}

// 64 x kWords bits under one summary word.
template <int kWords>
struct Bitmap {
  static_assert(kWords <= 64);
  std::uint64_t summary;
  std::array<std::uint64_t, kWords> words;

  void Set(int bit) {
    words[static_cast<std::size_t>(bit >> 6)] |= std::uint64_t{1} << (bit & 63);
    summary |= std::uint64_t{1} << (bit >> 6);
  }
  void Clear(int bit) {
    std::uint64_t& word = words[static_cast<std::size_t>(bit >> 6)];
    word &= ~(std::uint64_t{1} << (bit & 63));
    if (word == 0) summary &= ~(std::uint64_t{1} << (bit >> 6));
  }
  [[nodiscard]] bool empty() const { return summary == 0; }

  template <domain::Side kSide>
  [[nodiscard]] int Next(int from) const {
    constexpr int kStep = kSide == domain::Side::kSell ? 1 : -1;
    if (from < 0 || from >= kWords * 64) return -1;
    const int word = from >> 6;
    if (const int bit = NextBit<kSide>(words[static_cast<std::size_t>(word)], from & 63); bit >= 0) {
      return word << 6 | bit;
    }
    const int other = NextBit<kSide>(summary, word + kStep);
    if (other < 0) return -1;
    constexpr int kEdge = kSide == domain::Side::kSell ? 0 : 63;
    return other << 6 | NextBit<kSide>(words[static_cast<std::size_t>(other)], kEdge);
  }
};

inline constexpr int kPageBits = 10;
inline constexpr int kDirectoryBits = 12;

template <bool kCountOrders>
struct LevelPage {
  Bitmap<1 << (kPageBits - 6)> used;
  alignas(64) std::array<LevelOf<kCountOrders>, std::size_t{1} << kPageBits> levels;
};

template <bool kCountOrders>
struct LevelDirectory {
  Bitmap<1 << (kDirectoryBits - 6)> used;
  std::array<LevelPage<kCountOrders>*, std::size_t{1} << kDirectoryBits> pages;
};

// Hands out zeroed nodes and takes them back zeroed again: a page or directory is returned when nothing is in it.
template <typename Node>
class NodePool {
 public:
  explicit NodePool(std::size_t limit) : limit_(limit) {}
  [[nodiscard]] bool empty() const { return free_.empty() && nodes_.size() == limit_; }
  [[nodiscard]] std::size_t used() const { return nodes_.size() - free_.size(); }
  [[nodiscard]] Node* Take() {
    if (free_.empty()) {
      XT_CHECK(nodes_.size() < limit_, "the pool of price levels is empty");
      nodes_.emplace_back(static_cast<Node*>(std::aligned_alloc(64, (sizeof(Node) + 63) / 64 * 64)));
      XT_CHECK(nodes_.back() != nullptr, "out of memory");
      free_.reserve(nodes_.capacity());
      return new (nodes_.back().get()) Node{};
    }
    Node* node = free_.back();
    free_.pop_back();
    return node;
  }
  void Return(Node* node) { free_.push_back(node); }

 private:
  struct FreeMemory {
    void operator()(Node* node) const { std::free(node); }
  };
  std::size_t limit_;
  std::vector<std::unique_ptr<Node, FreeMemory>> nodes_;
  std::vector<Node*> free_;
};

template <bool kCountOrders>
struct LevelPool {
  explicit LevelPool(std::size_t max_pages) : pages(max_pages), directories(max_pages) {}
  NodePool<LevelPage<kCountOrders>> pages;
  NodePool<LevelDirectory<kCountOrders>> directories;
};

template <domain::Side kSide, bool kCountOrders>
class PriceLevels {
  using Page = LevelPage<kCountOrders>;
  using Directory = LevelDirectory<kCountOrders>;
  using LevelType = LevelOf<kCountOrders>;
  static constexpr int kStep = kSide == domain::Side::kSell ? 1 : -1;

 public:
  // The best price of an empty side: nothing crosses it.
  static constexpr std::int64_t kNone = kSide == domain::Side::kSell ? std::numeric_limits<std::int64_t>::max() : 0;

  explicit PriceLevels(LevelPool<kCountOrders>& pool) : pool_(&pool) {}

  [[nodiscard]] bool empty() const { return best_ == kNone; }
  [[nodiscard]] std::int64_t best() const { return best_; }
  [[nodiscard]] LevelType& best_level() { return *best_level_; }
  [[nodiscard]] static bool IsBetter(std::int64_t a, std::int64_t b) {
    return kSide == domain::Side::kSell ? a < b : a > b;
  }

  // Whether an order can rest here: its page exists or can be made.
  [[nodiscard]] bool HasRoom(std::int64_t price) const { return !pool_->pages.empty() || PageOf(price) != nullptr; }

  // The level of this price; null when no order rests anywhere near it.
  [[nodiscard]] LevelType* Find(std::int64_t price) const {
    Page* page = PageOf(price);
    return page != nullptr ? &page->levels[InPage(price)] : nullptr;
  }

  // The level of this price, for an order to be appended. Only when HasRoom().
  [[nodiscard]] LevelType& Open(std::int64_t price) {
    Page* page = PageOf(price);
    if (page == nullptr) [[unlikely]]
      page = MakePage(price);
    LevelType& level = page->levels[InPage(price)];
    if constexpr (kCountOrders) {
      ++level.orders;
      ++orders_;
    }
    if (level.head == kNoSlot) {
      if constexpr (kCountOrders) ++levels_;
      page->used.Set(static_cast<int>(InPage(price)));
      if (empty() || IsBetter(price, best_)) {
        best_ = price;
        best_level_ = &level;
      }
    }
    return level;
  }

  // The last order of the level has left it.
  void Close(std::int64_t price) {
    if constexpr (kCountOrders) --levels_;
    Directory* directory = directories_[InTop(price)];
    Page* page = directory->pages[InDirectory(price)];
    page->used.Clear(static_cast<int>(InPage(price)));
    if (page->used.empty()) [[unlikely]]
      ReturnPage(price, directory, page);
    if (price == best_) FindBestFrom(price);
  }

  // `orders` have left the level; told before Close.
  void CountDown(LevelType& level, std::uint32_t orders) {
    if constexpr (kCountOrders) {
      level.orders -= orders;
      orders_ -= orders;
    }
  }
  [[nodiscard]] std::uint32_t OrderCount(std::int64_t price) const requires kCountOrders {
    const LevelType* level = Find(price);
    return level != nullptr ? level->orders : 0;
  }

  [[nodiscard]] std::uint32_t orders() const requires kCountOrders { return orders_; }
  [[nodiscard]] std::uint32_t levels() const requires kCountOrders { return levels_; }

  // The next price with orders that is worse than `price`; kNone when there is none.
  [[nodiscard]] std::int64_t NextWorse(std::int64_t price) const { return NextAt(price + kStep); }

 private:
  static std::size_t InPage(std::int64_t price) {
    return static_cast<std::size_t>(price) & ((std::size_t{1} << kPageBits) - 1);
  }
  static std::size_t InDirectory(std::int64_t price) {
    return static_cast<std::size_t>(price) >> kPageBits & ((std::size_t{1} << kDirectoryBits) - 1);
  }
  static std::size_t InTop(std::int64_t price) {
    return static_cast<std::size_t>(price) >> (kPageBits + kDirectoryBits);
  }

  [[nodiscard]] Page* PageOf(std::int64_t price) const {
    const std::size_t top = InTop(price);
    if (top >= directories_.size() || directories_[top] == nullptr) [[unlikely]]
      return nullptr;
    return directories_[top]->pages[InDirectory(price)];
  }

  Page* MakePage(std::int64_t price) {
    const std::size_t top = InTop(price);
    if (top >= directories_.size()) {
      directories_.resize(top + 1);
      used_.resize(top / 64 + 1);
    }
    if (directories_[top] == nullptr) {
      directories_[top] = pool_->directories.Take();
      used_[top / 64] |= std::uint64_t{1} << (top % 64);
    }
    Page* page = pool_->pages.Take();
    directories_[top]->pages[InDirectory(price)] = page;
    directories_[top]->used.Set(static_cast<int>(InDirectory(price)));
    return page;
  }

  void ReturnPage(std::int64_t price, Directory* directory, Page* page) {
    directory->pages[InDirectory(price)] = nullptr;
    directory->used.Clear(static_cast<int>(InDirectory(price)));
    pool_->pages.Return(page);
    if (!directory->used.empty()) return;
    const std::size_t top = InTop(price);
    pool_->directories.Return(directory);
    directories_[top] = nullptr;
    used_[top / 64] &= ~(std::uint64_t{1} << (top % 64));
  }

  void FindBestFrom(std::int64_t price) {
    best_ = NextAt(price);
    best_level_ = best_ != kNone ? Find(best_) : nullptr;
  }

  // The first price with orders at or beyond `price`.
  [[nodiscard]] std::int64_t NextAt(std::int64_t price) const {
    if (price <= 0) return kNone;
    const std::size_t top = InTop(price);
    if (top < directories_.size() && directories_[top] != nullptr) {
      const std::int64_t found = NextInDirectory(price, *directories_[top]);
      if (found != kNone) return found;
    }
    return NextInTop(static_cast<std::int64_t>(top) + kStep);
  }

  [[nodiscard]] static std::int64_t NextInDirectory(std::int64_t price, const Directory& directory) {
    const std::size_t in_directory = InDirectory(price);
    if (const Page* page = directory.pages[in_directory]) {
      const int level = page->used.template Next<kSide>(static_cast<int>(InPage(price)));
      if (level >= 0) return (price >> kPageBits << kPageBits) | level;
    }
    const int other = directory.used.template Next<kSide>(static_cast<int>(in_directory) + kStep);
    return other < 0 ? kNone : FirstInPage(price >> (kPageBits + kDirectoryBits), other, directory);
  }

  [[nodiscard]] static std::int64_t FirstInPage(std::int64_t top, int page, const Directory& directory) {
    constexpr int kEdge = kSide == domain::Side::kSell ? 0 : (1 << kPageBits) - 1;
    const int level = directory.pages[static_cast<std::size_t>(page)]->used.template Next<kSide>(kEdge);
    return (top << kDirectoryBits | page) << kPageBits | level;
  }

  // Directories are few: one covers four million ticks.
  [[nodiscard]] std::int64_t NextInTop(std::int64_t top) const {
    constexpr int kEdge = kSide == domain::Side::kSell ? 0 : 63;
    const auto words = static_cast<std::int64_t>(used_.size());
    if (kSide == domain::Side::kBuy && top >= words * 64) top = words * 64 - 1;
    std::int64_t word = top >> 6;
    int from = static_cast<int>(top & 63);
    for (; word >= 0 && word < words; word += kStep, from = kEdge) {
      const int bit = NextBit<kSide>(used_[static_cast<std::size_t>(word)], from);
      if (bit < 0) continue;
      const std::int64_t index = word << 6 | bit;
      const Directory& directory = *directories_[static_cast<std::size_t>(index)];
      constexpr int kDirectoryEdge = kSide == domain::Side::kSell ? 0 : (1 << kDirectoryBits) - 1;
      return FirstInPage(index, directory.used.template Next<kSide>(kDirectoryEdge), directory);
    }
    return kNone;
  }

  LevelPool<kCountOrders>* pool_;
  std::int64_t best_ = kNone;
  LevelType* best_level_ = nullptr;
  std::uint32_t orders_ = 0;
  std::uint32_t levels_ = 0;
  std::vector<Directory*> directories_;
  std::vector<std::uint64_t> used_;  // one bit per directory
};

}  // namespace xt::matching
