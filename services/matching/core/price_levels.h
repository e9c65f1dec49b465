// PriceLevels: one side of a book as an array of price levels indexed by the tick. Levels lie in pages of 32 that are
// taken from a pool when their first order comes and given back with the last one; bitmaps over levels and words of them
// find the next best price in a few instructions, and the best one is cached. Prices become keys, of which the greater is the
// better on either side, so that both sides run the same code without a branch on the side. The pages of all books come
// from one LevelPool, whose limit bounds the memory that far-away prices can take. Not thread-safe.
//
//   directory (65,536 words of 64 levels, 131,072 pages) -> page (32 levels) -> level {head, tail, quantity}
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

#include "libs/base/check.h"
#include "libs/domain/enums.h"
#include "services/matching/core/order_slab.h"
#include "services/matching/core/zeroed_array.h"

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

inline constexpr int kPageBits = 5;
inline constexpr int kWordBits = 6;
inline constexpr int kBlockBits = 10;
inline constexpr int kDirectoryBits = 16;

// The highest bit at or below `from`; -1 when there is none.
inline int HighestBit(std::uint64_t word, int from) {
  if (from < 0) return -1;
  word &= ~std::uint64_t{0} >> (63 - from);
  return 63 - std::countl_zero(word);
}

template <bool kCountOrders>
struct LevelPage {
  alignas(64) std::array<LevelOf<kCountOrders>, std::size_t{1} << kPageBits> levels;
};

// Where the pages are and which of their levels have orders. A megabyte of address space, of which only what is used is
// ever touched.
struct LevelDirectory {
  std::array<std::uint64_t, std::size_t{1} << (kDirectoryBits - 12)> summary;  // a bit per word of `used`
  std::array<std::uint64_t, std::size_t{1} << (kDirectoryBits - 6)> used;      // a bit per word of `levels`
  std::array<std::uint64_t, std::size_t{1} << kDirectoryBits> levels;          // a bit per level
  std::array<std::uint32_t, std::size_t{1} << (kDirectoryBits + kWordBits - kPageBits)> pages;  // 0 where there is none

  void Set(std::size_t word) {
    used[word >> 6] |= std::uint64_t{1} << (word & 63);
    summary[word >> 12] |= std::uint64_t{1} << (word >> 6 & 63);
  }
  // True when no word may be left.
  bool Clear(std::size_t word) {
    used[word >> 6] &= ~(std::uint64_t{1} << (word & 63));
    if (used[word >> 6] != 0) return false;
    summary[word >> 12] &= ~(std::uint64_t{1} << (word >> 6 & 63));
    return summary[word >> 12] == 0;
  }
  [[nodiscard]] bool BlockUsed(std::size_t word) const {
    constexpr std::size_t kWords = std::size_t{1} << (kBlockBits - kWordBits);
    return (used[word >> 6] >> (word & 63 & ~(kWords - 1)) & ((std::uint64_t{1} << kWords) - 1)) != 0;
  }
  [[nodiscard]] bool empty() const {
    std::uint64_t any = 0;
    for (const std::uint64_t word : summary) any |= word;
    return any == 0;
  }

  // The highest word at or below `from`; -1 when there is none.
  [[nodiscard]] int Highest(int from) const {
    if (from < 0) return -1;
    if (const int bit = HighestBit(used[static_cast<std::size_t>(from >> 6)], from & 63); bit >= 0) {
      return (from >> 6) << 6 | bit;
    }
    int word = (from >> 6) - 1;
    for (int above = word >> 6; above >= 0; --above, word = above << 6 | 63) {
      const int bit = HighestBit(summary[static_cast<std::size_t>(above)], word & 63);
      if (bit < 0) continue;
      const int found = above << 6 | bit;
      return found << 6 | HighestBit(used[static_cast<std::size_t>(found)], 63);
    }
    return -1;
  }
};

// Hands out zeroed pages, by number, and takes them back zeroed again: a page is returned when nothing is in it. Number 0
// is no page.
template <bool kCountOrders>
class PagePool {
 public:
  using Page = LevelPage<kCountOrders>;
  explicit PagePool(std::size_t limit) : pages_(limit + 1) {}
  [[nodiscard]] Page* data() { return pages_.data(); }
  [[nodiscard]] bool empty() const { return free_ == 0 && made_ + 1 == pages_.size(); }
  [[nodiscard]] std::size_t used() const { return used_; }
  // Pages that were ever in use.
  [[nodiscard]] std::size_t made() const { return made_; }
  [[nodiscard]] std::uint32_t Take() {
    XT_CHECK(!empty(), "the pool of price levels is empty");
    ++used_;
    if (free_ == 0) return ++made_;
    const std::uint32_t page = free_;
    free_ = std::exchange(pages_[page].levels[0].head, 0);
    return page;
  }
  void Return(std::uint32_t page) {
    --used_;
    pages_[page].levels[0].head = std::exchange(free_, page);
  }

 private:
  ZeroedArray<Page> pages_;
  std::uint32_t made_ = 0;
  std::uint32_t free_ = 0;  // linked through the first level
  std::size_t used_ = 0;
};

// The same for directories, which are few and far apart.
class DirectoryPool {
 public:
  [[nodiscard]] std::size_t used() const { return made_.size() - free_.size(); }
  [[nodiscard]] LevelDirectory* Take() {
    if (free_.empty()) {
      free_.reserve(made_.size() + 1);
      return &made_.emplace_back(1)[0];
    }
    LevelDirectory* directory = free_.back();
    free_.pop_back();
    return directory;
  }
  void Return(LevelDirectory* directory) { free_.push_back(directory); }

  // Of what is in use, in pieces in which the system hands out memory.
  [[nodiscard]] std::size_t touched_bytes() const {
    constexpr std::size_t kPiece = 4'096;
    std::size_t bytes = 0;
    for (const auto& directory : made_) {
      const auto* begin = reinterpret_cast<const unsigned char*>(directory.data());
      for (std::size_t at = 0; at < sizeof(LevelDirectory); at += kPiece) {
        const auto* end = begin + std::min(at + kPiece, sizeof(LevelDirectory));
        if (std::any_of(begin + at, end, [](unsigned char byte) { return byte != 0; })) bytes += kPiece;
      }
    }
    return bytes;
  }

 private:
  std::vector<ZeroedArray<LevelDirectory>> made_;
  std::vector<LevelDirectory*> free_;
};

// What may be used is counted in blocks of 1,024 prices on one side of one book, so that the rule is the same whatever the
// size of a page is.
template <bool kCountOrders>
struct LevelPool {
  explicit LevelPool(std::size_t blocks) : max_blocks(blocks), pages(blocks << (kBlockBits - kPageBits)) {}
  std::size_t max_blocks;
  std::size_t used_blocks = 0;
  PagePool<kCountOrders> pages;
  DirectoryPool directories;

  // Memory that levels have ever taken.
  [[nodiscard]] std::size_t touched_bytes() const {
    return pages.made() * sizeof(LevelPage<kCountOrders>) + directories.touched_bytes();
  }
};

template <bool kCountOrders>
class PriceLevels {
  using Page = LevelPage<kCountOrders>;
  using Directory = LevelDirectory;
  using LevelType = LevelOf<kCountOrders>;

 public:
  PriceLevels(domain::Side side, LevelPool<kCountOrders>& pool)
      : flip_(side == domain::Side::kSell ? -1 : 0),
        best_key_(KeyOf(none())),
        pages_(pool.pages.data()),
        pool_(&pool) {}

  // The best price of an empty side: nothing crosses it.
  [[nodiscard]] std::int64_t none() const { return flip_ & std::numeric_limits<std::int64_t>::max(); }

  // Of two prices the better one has the greater key.
  [[nodiscard]] std::int64_t KeyOf(std::int64_t price) const { return price ^ flip_; }

  [[nodiscard]] bool empty() const { return best_level_ == nullptr; }
  [[nodiscard]] std::int64_t best() const { return best_key_ ^ flip_; }
  [[nodiscard]] std::int64_t best_key() const { return best_key_; }
  [[nodiscard]] LevelType& best_level() { return *best_level_; }
  [[nodiscard]] bool IsBetter(std::int64_t a, std::int64_t b) const { return KeyOf(a) > KeyOf(b); }

  // Whether an order can rest here: its block is in use or can be.
  [[nodiscard]] bool HasRoom(std::int64_t price) const {
    if (pool_->used_blocks < pool_->max_blocks) [[likely]]
      return true;
    const Directory* directory = DirectoryOf(price);
    return directory != nullptr && directory->BlockUsed(InDirectory(KeyOf(price)));
  }

  // The level of this price; null when no order rests anywhere near it.
  [[nodiscard]] LevelType* Find(std::int64_t price) const {
    Page* page = PageOf(price);
    return page != nullptr ? &page->levels[InPage(KeyOf(price))] : nullptr;
  }

  // For prefetching: the level of this price when its page is in the directory in use, or else some other level.
  [[nodiscard]] [[gnu::always_inline]] const LevelType* FindNear(std::int64_t price) const {
    const std::int64_t key = KeyOf(price);
    return &pages_[home_->pages[PageNumber(key)]].levels[InPage(key)];
  }

  // The level of this price, for an order to be appended. Only when HasRoom().
  [[nodiscard]] LevelType& Open(std::int64_t price) {
    const std::int64_t key = KeyOf(price);
    Directory* directory = DirectoryOf(price);
    if (directory == nullptr) [[unlikely]]
      directory = MakeDirectory(price);
    const std::uint32_t& page = directory->pages[PageNumber(key)];
    if (page == 0) MakePage(*directory, key);
    LevelType& level = pages_[page].levels[InPage(key)];
    if constexpr (kCountOrders) {
      ++level.orders;
      ++orders_;
      levels_ += level.head == kNoSlot ? 1 : 0;
    }
    directory->levels[InDirectory(key)] |= std::uint64_t{1} << InWord(key);
    if (key > best_key_) {
      best_key_ = key;
      best_level_ = &level;
    }
    return level;
  }

  // The last order of the level has left it.
  void Close(std::int64_t price) {
    if constexpr (kCountOrders) --levels_;
    const std::int64_t key = KeyOf(price);
    Directory& directory = *DirectoryOf(price);
    std::uint64_t& levels = directory.levels[InDirectory(key)];
    levels &= ~(std::uint64_t{1} << InWord(key));
    if (key == best_key_) FindBest(price, directory);
    constexpr std::uint64_t kPageMask = (std::uint64_t{1} << (1 << kPageBits)) - 1;
    if ((levels >> (InWord(key) - InPage(key)) & kPageMask) == 0) ReturnPage(price, directory);
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

  // The next price with orders that is worse than `price`; none() when there is none.
  [[nodiscard]] std::int64_t NextWorse(std::int64_t price) const {
    if (const Directory* directory = DirectoryOf(price)) {
      const std::int64_t key = KeyOf(price);
      const int level = HighestBit(directory->levels[InDirectory(key)], static_cast<int>(InWord(key)) - 1);
      if (level >= 0) return (key >> kWordBits << kWordBits | level) ^ flip_;
    }
    return NextWord(price);
  }

 private:
  static constexpr std::size_t kNoTop = std::numeric_limits<std::size_t>::max();
  static inline Directory kNoDirectory{};  // never written

  // Directories are by the price, what is in them by the key.
  static std::size_t InPage(std::int64_t key) {
    return static_cast<std::size_t>(key) & ((std::size_t{1} << kPageBits) - 1);
  }
  static std::size_t InWord(std::int64_t key) {
    return static_cast<std::size_t>(key) & ((std::size_t{1} << kWordBits) - 1);
  }
  // The word of a directory, and the page.
  static std::size_t InDirectory(std::int64_t key) {
    return static_cast<std::size_t>(key) >> kWordBits & ((std::size_t{1} << kDirectoryBits) - 1);
  }
  static std::size_t PageNumber(std::int64_t key) {
    return static_cast<std::size_t>(key) >> kPageBits &
           ((std::size_t{1} << (kDirectoryBits + kWordBits - kPageBits)) - 1);
  }
  static std::size_t InTop(std::int64_t price) {
    return static_cast<std::size_t>(price) >> (kWordBits + kDirectoryBits);
  }

  // Null where there is none.
  [[nodiscard]] Directory* DirectoryOf(std::int64_t price) const {
    const std::size_t top = InTop(price);
    if (top == home_top_) [[likely]]
      return home_;
    return top < directories_.size() ? directories_[top] : nullptr;
  }
  [[nodiscard]] Page* PageOf(std::int64_t price) const {
    const Directory* directory = DirectoryOf(price);
    const std::uint32_t page = directory != nullptr ? directory->pages[PageNumber(KeyOf(price))] : 0;
    return page != 0 ? &pages_[page] : nullptr;
  }

  // A price far from all others comes and goes with its page, so these two are quick.
  void MakePage(Directory& directory, std::int64_t key) {
    const std::size_t word = InDirectory(key);
    pool_->used_blocks += directory.BlockUsed(word) ? 0 : 1;
    directory.Set(word);
    directory.pages[PageNumber(key)] = pool_->pages.Take();
  }

  void ReturnPage(std::int64_t price, Directory& directory) {
    const std::size_t word = InDirectory(KeyOf(price));
    pool_->pages.Return(std::exchange(directory.pages[PageNumber(KeyOf(price))], 0));
    if (directory.levels[word] != 0) return;
    const bool maybe_empty = directory.Clear(word);
    pool_->used_blocks -= directory.BlockUsed(word) ? 0 : 1;
    if (maybe_empty && directory.empty()) ReturnDirectory(price);
  }

  [[gnu::noinline]] Directory* MakeDirectory(std::int64_t price) {
    const std::size_t top = InTop(price);
    if (top >= directories_.size()) {
      directories_.resize(top + 1);
      used_.resize(top / 64 + 1);
    }
    directories_[top] = pool_->directories.Take();
    used_[top / 64] |= std::uint64_t{1} << (top % 64);
    home_top_ = top;
    home_ = directories_[top];
    return home_;
  }

  [[gnu::noinline]] void ReturnDirectory(std::int64_t price) {
    const std::size_t top = InTop(price);
    pool_->directories.Return(std::exchange(directories_[top], nullptr));
    used_[top / 64] &= ~(std::uint64_t{1} << (top % 64));
    if (top == home_top_) {
      home_top_ = kNoTop;
      home_ = &kNoDirectory;
    }
  }

  // The best level was `price` and has just been closed.
  void FindBest(std::int64_t price, const Directory& directory) {
    const std::int64_t key = KeyOf(price);
    const std::uint64_t left = directory.levels[InDirectory(key)];
    if (left != 0) [[likely]] {
      // All others are worse, so the highest that is left is the best.
      const int level = 63 - std::countl_zero(left);
      best_key_ = key >> kWordBits << kWordBits | level;
      best_level_ = &pages_[directory.pages[PageNumber(best_key_)]].levels[InPage(best_key_)];
      return;
    }
    const std::int64_t next = NextWord(price);
    best_key_ = KeyOf(next);
    best_level_ = next != none() ? Find(next) : nullptr;
  }

  // The best price in the words beyond that of `price`.
  [[nodiscard]] std::int64_t NextWord(std::int64_t price) const {
    const std::size_t top = InTop(price);
    if (top < directories_.size() && directories_[top] != nullptr) {
      const std::int64_t found = BestInDirectory(price, static_cast<int>(InDirectory(KeyOf(price))) - 1);
      if (found != none()) return found;
    }
    return NextDirectory(static_cast<std::int64_t>(top));
  }

  // In the directory of `price`, in the words from `from` on.
  [[nodiscard]] std::int64_t BestInDirectory(std::int64_t price, int from) const {
    constexpr int kBits = kWordBits + kDirectoryBits;
    const Directory& directory = *directories_[InTop(price)];
    const int word = directory.Highest(from);
    if (word < 0) return none();
    const int level = 63 - std::countl_zero(directory.levels[static_cast<std::size_t>(word)]);
    return (KeyOf(price) >> kBits << kBits | std::int64_t{word} << kWordBits | level) ^ flip_;
  }

  // Directories are few: one covers four million ticks.
  [[nodiscard]] std::int64_t NextDirectory(std::int64_t top) const {
    const std::int64_t step = flip_ != 0 ? 1 : -1;
    const auto words = static_cast<std::int64_t>(used_.size());
    top = std::min(top + step, words * 64);
    while (top >= 0 && top < words * 64) {
      const std::uint64_t word = used_[static_cast<std::size_t>(top >> 6)];
      if (word == 0) {
        top = step > 0 ? (top | 63) + 1 : (top & ~std::int64_t{63}) - 1;
      } else if ((word >> (top & 63) & 1) == 0) {
        top += step;
      } else {
        return BestInDirectory(top << (kWordBits + kDirectoryBits), (1 << kDirectoryBits) - 1);
      }
    }
    return none();
  }

  std::int64_t flip_;  // all ones on the side whose lower prices are better
  std::int64_t best_key_;
  LevelType* best_level_ = nullptr;
  Page* pages_;
  std::size_t home_top_ = kNoTop;  // the directory that came last; none when it is gone
  Directory* home_ = &kNoDirectory;
  std::vector<Directory*> directories_;
  std::vector<std::uint64_t> used_;  // one bit per directory
  LevelPool<kCountOrders>* pool_;
  std::uint32_t orders_ = 0;
  std::uint32_t levels_ = 0;
};

}  // namespace xt::matching
