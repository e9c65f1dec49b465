// ReorderBuffer: results that were delivered and are not stored yet, in sequence order. Delivery is at least once and
// may jump after a redelivery or when another consumer of the group holds a part; here duplicates fall out and gaps
// show. Bounded by its owner, who stops reading while full(). Not thread-safe.
#pragma once

#include <cstddef>
#include <map>
#include <utility>
#include <vector>

#include "libs/domain/event.h"
#include "libs/domain/ids.h"

namespace xt::persistence {

class ReorderBuffer {
 public:
  ReorderBuffer(domain::SequenceNumber watermark, std::size_t capacity) : watermark_(watermark), capacity_(capacity) {}

  // False when it is stored or held already.
  bool Offer(domain::CommandResult result) {
    if (result.sequence <= watermark_) return false;
    const domain::SequenceNumber sequence = result.sequence;
    return held_.try_emplace(sequence, std::move(result)).second;
  }

  // Up to `max` results that follow the watermark without a gap; they stay held.
  [[nodiscard]] std::vector<const domain::CommandResult*> Run(std::size_t max) const {
    std::vector<const domain::CommandResult*> run;
    domain::SequenceNumber next(watermark_.value() + 1);
    for (const auto& [sequence, result] : held_) {
      if (sequence != next || run.size() == max) break;
      run.push_back(&result);
      ++next;
    }
    return run;
  }

  // Everything up to `watermark` is stored. Returns the sequences that were held and are to be acknowledged now.
  std::vector<domain::SequenceNumber> Advance(domain::SequenceNumber watermark) {
    std::vector<domain::SequenceNumber> stored;
    while (!held_.empty() && held_.begin()->first <= watermark) {
      stored.push_back(held_.begin()->first);
      held_.erase(held_.begin());
    }
    if (watermark > watermark_) watermark_ = watermark;
    return stored;
  }

  // Results are held, but the next one is missing.
  [[nodiscard]] bool gap() const { return !held_.empty() && held_.begin()->first.value() != watermark_.value() + 1; }
  // The first that is held; where there is a gap, what it ends before.
  [[nodiscard]] domain::SequenceNumber first() const { return held_.begin()->first; }
  [[nodiscard]] domain::SequenceNumber watermark() const { return watermark_; }
  [[nodiscard]] std::size_t size() const { return held_.size(); }
  [[nodiscard]] bool full() const { return held_.size() >= capacity_; }

 private:
  domain::SequenceNumber watermark_;
  const std::size_t capacity_;
  std::map<domain::SequenceNumber, domain::CommandResult> held_;
};

}  // namespace xt::persistence
