#include "services/market-data/core/external_book.h"

#include <utility>

namespace xt::market_data {
namespace {

template <typename Side>
void Set(Side& side, const std::vector<ExternalLevel>& levels) {
  for (const ExternalLevel& level : levels) {
    if (level.quantity == 0) {
      side.erase(level.price);
    } else {
      side[level.price] = level.quantity;
    }
  }
}

template <typename Side>
std::vector<ExternalLevel> Top(const Side& side, std::size_t depth) {
  std::vector<ExternalLevel> top;
  for (const auto& [price, quantity] : side) {
    if (top.size() == depth) break;
    top.push_back({price, quantity});
  }
  return top;
}

template <typename Side>
std::optional<ExternalLevel> Best(const Side& side) {
  if (side.empty()) return std::nullopt;
  return ExternalLevel{side.begin()->first, side.begin()->second};
}

}  // namespace

void ExternalBook::Reset() {
  buffered_.clear();
  bids_.clear();
  asks_.clear();
  synchronized_ = false;
  fresh_ = false;
  last_id_ = 0;
}

ExternalBook::Outcome ExternalBook::Lose() {
  ++gaps_;
  Reset();
  return Outcome::kNeedSnapshot;
}

ExternalBook::Outcome ExternalBook::Apply(const DepthDifference& difference, bool first) {
  if (difference.last_id <= last_id_) return Outcome::kApplied;
  const bool follows = first ? difference.first_id <= last_id_ + 1 : difference.first_id == last_id_ + 1;
  if (!follows) return Lose();
  Set(bids_, difference.bids);
  Set(asks_, difference.asks);
  last_id_ = difference.last_id;
  fresh_ = false;
  const bool crossed = !bids_.empty() && !asks_.empty() && bids_.begin()->first >= asks_.begin()->first;
  return crossed ? Lose() : Outcome::kApplied;
}

ExternalBook::Outcome ExternalBook::OnDifference(DepthDifference difference) {
  if (synchronized_) {
    // The one that reveals a gap opens the next buffer: it is newer than any snapshot fetched from now on may be.
    const Outcome outcome = Apply(difference, fresh_);
    if (outcome == Outcome::kNeedSnapshot) buffered_.push_back(std::move(difference));
    return outcome;
  }
  if (buffered_.size() == max_buffered_) buffered_.pop_front();
  buffered_.push_back(std::move(difference));
  return Outcome::kBuffered;
}

ExternalBook::Outcome ExternalBook::OnSnapshot(const ExternalSnapshot& snapshot) {
  if (!buffered_.empty() && snapshot.last_id + 1 < buffered_.front().first_id) return Outcome::kNeedSnapshot;
  bids_.clear();
  asks_.clear();
  Set(bids_, snapshot.bids);
  Set(asks_, snapshot.asks);
  last_id_ = snapshot.last_id;
  synchronized_ = true;
  fresh_ = true;
  const std::deque<DepthDifference> waiting = std::exchange(buffered_, {});
  for (const DepthDifference& difference : waiting) {
    if (Apply(difference, fresh_) == Outcome::kNeedSnapshot) return Outcome::kNeedSnapshot;
  }
  return Outcome::kApplied;
}

std::optional<ExternalLevel> ExternalBook::BestBid() const { return Best(bids_); }
std::optional<ExternalLevel> ExternalBook::BestAsk() const { return Best(asks_); }
std::vector<ExternalLevel> ExternalBook::Bids(std::size_t depth) const { return Top(bids_, depth); }
std::vector<ExternalLevel> ExternalBook::Asks(std::size_t depth) const { return Top(asks_, depth); }

}  // namespace xt::market_data
