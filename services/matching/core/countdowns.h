// Countdowns: the dead man's switches that are armed, by (account, group), and in the order in which they are due.
// Not thread-safe.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "libs/domain/ids.h"

namespace xt::matching {

class Countdowns {
 public:
  using Key = std::pair<domain::AccountId, domain::OrderGroup>;
  using Due = std::tuple<std::int64_t, domain::AccountId, domain::OrderGroup>;  // deadline first

  explicit Countdowns(std::uint32_t capacity) : capacity_(capacity) {}

  // False when there is no room for a new one.
  [[nodiscard]] bool HasRoom(const Key& key) const { return deadlines_.size() < capacity_ || deadlines_.contains(key); }
  void Set(const Key& key, std::int64_t deadline_ns) {
    Disarm(key);
    deadlines_.emplace(key, deadline_ns);
    due_.emplace(deadline_ns, key.first, key.second);
  }
  void Disarm(const Key& key) {
    const auto found = deadlines_.find(key);
    if (found == deadlines_.end()) return;
    due_.erase({found->second, key.first, key.second});
    deadlines_.erase(found);
  }
  [[nodiscard]] std::int64_t next_due_ns() const {
    return due_.empty() ? std::numeric_limits<std::int64_t>::max() : std::get<0>(*due_.begin());
  }
  // In the order in which they are due.
  [[nodiscard]] const std::set<Due>& due() const { return due_; }

 private:
  std::uint32_t capacity_;
  std::map<Key, std::int64_t> deadlines_;
  std::set<Due> due_;
};

}  // namespace xt::matching
