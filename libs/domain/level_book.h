// LevelBook: an aggregated order book, rebuilt from a snapshot and the BookChange events after it. What market-data and
// notifier keep per symbol; matching has its own, order by order. Not thread-safe; one writer.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <vector>

#include "libs/domain/event.h"
#include "libs/domain/ids.h"

namespace xt::domain {

struct BookLevel {
  Price price;
  Quantity quantity;
  friend bool operator==(const BookLevel&, const BookLevel&) = default;
};

// The book as of the end of command `sequence`; bids from the highest price, asks from the lowest.
struct BookSnapshot {
  SymbolId symbol;
  SequenceNumber sequence;
  std::vector<BookLevel> bids;
  std::vector<BookLevel> asks;
  friend bool operator==(const BookSnapshot&, const BookSnapshot&) = default;
};

class LevelBook {
 public:
  void Reset(const BookSnapshot& snapshot) {
    bids_.clear();
    asks_.clear();
    for (const BookLevel& level : snapshot.bids) bids_[level.price] = level.quantity;
    for (const BookLevel& level : snapshot.asks) asks_[level.price] = level.quantity;
    sequence_ = snapshot.sequence;
  }

  // Applies a change of command `sequence`. False, and no effect, when the book already stands behind that command.
  bool Apply(SequenceNumber sequence, const BookChange& change) {
    if (sequence < sequence_) return false;
    sequence_ = sequence;
    if (change.side == Side::kBuy) {
      Set(bids_, change);
    } else {
      Set(asks_, change);
    }
    return true;
  }

  // The best `depth` levels of each side; 0 means all.
  [[nodiscard]] BookSnapshot Snapshot(SymbolId symbol, std::size_t depth) const {
    return {symbol, sequence_, Top(bids_, depth), Top(asks_, depth)};
  }

  [[nodiscard]] SequenceNumber sequence() const { return sequence_; }

 private:
  template <typename Levels>
  static void Set(Levels& levels, const BookChange& change) {
    if (change.quantity == Quantity(0)) {
      levels.erase(change.price);
    } else {
      levels[change.price] = change.quantity;
    }
  }

  template <typename Levels>
  static std::vector<BookLevel> Top(const Levels& levels, std::size_t depth) {
    std::vector<BookLevel> top;
    for (const auto& [price, quantity] : levels) {
      if (depth != 0 && top.size() == depth) break;
      top.push_back({price, quantity});
    }
    return top;
  }

  std::map<Price, Quantity, std::greater<>> bids_;
  std::map<Price, Quantity> asks_;
  SequenceNumber sequence_;
};

}  // namespace xt::domain
