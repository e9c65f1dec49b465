// ExternalBook: the local copy of one Binance order book, kept by the rules of the venue's documentation ("How to manage a local
// order book correctly"): differences are buffered until a snapshot is there, those that the snapshot already has are
// dropped, the first kept one must span lastUpdateId + 1, and every later one must follow the one before. A gap or a crossed
// book throws the copy away and asks for a new snapshot. Prices and quantities in units of 10^-8. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <vector>

namespace xt::market_data {

struct ExternalLevel {
  std::int64_t price = 0;
  std::int64_t quantity = 0;  // 0 removes
  friend bool operator==(const ExternalLevel&, const ExternalLevel&) = default;
};

struct DepthDifference {
  std::uint64_t first_id = 0;  // U
  std::uint64_t last_id = 0;   // u
  std::vector<ExternalLevel> bids;
  std::vector<ExternalLevel> asks;
};

struct ExternalSnapshot {
  std::uint64_t last_id = 0;
  std::vector<ExternalLevel> bids;
  std::vector<ExternalLevel> asks;
};

class ExternalBook {
 public:
  enum class Outcome {
    kApplied,       // the book changed (or a duplicate was dropped)
    kBuffered,      // waits for a snapshot
    kNeedSnapshot,  // the copy was thrown away: fetch a snapshot
  };

  // At most `max_buffered` differences wait for a snapshot; beyond, the oldest are dropped, and a snapshot older than what is
  // left is refused as too old.
  explicit ExternalBook(std::size_t max_buffered = 10'000) : max_buffered_(max_buffered) {}

  Outcome OnDifference(DepthDifference difference);
  // kNeedSnapshot when it is older than the first buffered difference: fetch again.
  Outcome OnSnapshot(const ExternalSnapshot& snapshot);
  // Forgets everything: the connection was lost.
  void Reset();

  [[nodiscard]] bool synchronized() const { return synchronized_; }
  [[nodiscard]] std::uint64_t last_id() const { return last_id_; }
  [[nodiscard]] std::optional<ExternalLevel> BestBid() const;
  [[nodiscard]] std::optional<ExternalLevel> BestAsk() const;
  [[nodiscard]] std::vector<ExternalLevel> Bids(std::size_t depth) const;
  [[nodiscard]] std::vector<ExternalLevel> Asks(std::size_t depth) const;
  [[nodiscard]] std::uint64_t gaps() const { return gaps_; }

 private:
  Outcome Apply(const DepthDifference& difference, bool first);
  Outcome Lose();

  const std::size_t max_buffered_;
  std::deque<DepthDifference> buffered_;
  std::map<std::int64_t, std::int64_t, std::greater<>> bids_;
  std::map<std::int64_t, std::int64_t> asks_;
  bool synchronized_ = false;
  bool fresh_ = false;  // a snapshot was taken and no difference has followed it yet
  std::uint64_t last_id_ = 0;
  std::uint64_t gaps_ = 0;
};

}  // namespace xt::market_data
