#include "libs/adapters/embedded/internal/consumer_group.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace xt::embedded {

std::uint64_t ConsumerGroup::Lag(std::uint64_t last) const {
  return last - std::min(last, delivered_) + pending_.size();
}

void ConsumerGroup::Deliver(const std::string& consumer, std::uint64_t count, std::int64_t now_ns) {
  for (; count > 0; --count) pending_.emplace_hint(pending_.end(), ++delivered_, Pending{consumer, now_ns, 1});
}

std::vector<std::uint64_t> ConsumerGroup::HeldBy(std::string_view consumer, std::uint64_t from, std::size_t max) const {
  std::vector<std::uint64_t> entries;
  for (auto it = pending_.lower_bound(from); it != pending_.end() && entries.size() < max; ++it) {
    if (it->second.consumer == consumer) entries.push_back(it->first);
  }
  return entries;
}

std::vector<std::uint64_t> ConsumerGroup::Claimable(std::string_view consumer, std::int64_t delivered_before_ns,
                                                    std::size_t max) const {
  std::vector<std::uint64_t> entries;
  for (auto it = pending_.begin(); it != pending_.end() && entries.size() < max; ++it) {
    if (it->second.consumer != consumer && it->second.delivered_ns <= delivered_before_ns) entries.push_back(it->first);
  }
  return entries;
}

std::uint32_t ConsumerGroup::Redeliver(std::uint64_t entry, const std::string& consumer, std::int64_t now_ns) {
  Pending& pending = pending_.at(entry);
  pending.consumer = consumer;
  pending.delivered_ns = now_ns;
  return ++pending.deliveries;
}

bool ConsumerGroup::Acknowledge(const std::vector<std::uint64_t>& entries) {
  std::size_t erased = 0;
  for (const std::uint64_t entry : entries) erased += pending_.erase(entry);
  RaiseFloor();
  return erased > 0;
}

void ConsumerGroup::RaiseFloor() { floor_ = pending_.empty() ? delivered_ : pending_.begin()->first - 1; }

// One line "floor delivered", then a line per run of pending entries: "first count deliveries consumer".
std::string ConsumerGroup::Encode() const {
  std::string text = absl::StrCat(floor_, " ", delivered_, "\n");
  for (auto it = pending_.begin(); it != pending_.end();) {
    const auto first = it;
    std::uint64_t count = 0;
    while (it != pending_.end() && it->first == first->first + count && it->second.consumer == first->second.consumer &&
           it->second.deliveries == first->second.deliveries) {
      ++it;
      ++count;
    }
    absl::StrAppend(&text, first->first, " ", count, " ", first->second.deliveries, " ", first->second.consumer, "\n");
  }
  return text;
}

absl::StatusOr<ConsumerGroup> ConsumerGroup::Decode(std::string_view text, std::int64_t now_ns) {
  const absl::Status damaged = absl::DataLossError("not the state of a consumer group");
  ConsumerGroup group;
  bool first_line = true;
  for (const absl::string_view line :
       absl::StrSplit(absl::string_view(text.data(), text.size()), '\n', absl::SkipEmpty())) {
    const std::vector<std::string> words = absl::StrSplit(line, ' ');
    if (std::exchange(first_line, false)) {
      if (words.size() != 2 || !absl::SimpleAtoi(words[0], &group.floor_) ||
          !absl::SimpleAtoi(words[1], &group.delivered_)) {
        return damaged;
      }
      continue;
    }
    std::uint64_t first = 0;
    std::uint64_t count = 0;
    Pending pending;
    if (words.size() != 4 || !absl::SimpleAtoi(words[0], &first) || !absl::SimpleAtoi(words[1], &count) ||
        !absl::SimpleAtoi(words[2], &pending.deliveries)) {
      return damaged;
    }
    pending.consumer = words[3];
    pending.delivered_ns = now_ns;
    for (std::uint64_t i = 0; i < count; ++i) group.pending_.emplace_hint(group.pending_.end(), first + i, pending);
  }
  if (first_line) return damaged;
  return group;
}

void ConsumerGroup::Clamp(std::uint64_t begin, std::uint64_t end) {
  pending_.erase(pending_.begin(), pending_.lower_bound(begin));
  pending_.erase(pending_.lower_bound(end), pending_.end());
  delivered_ = std::clamp(delivered_, begin - 1, end - 1);
  RaiseFloor();
}

}  // namespace xt::embedded
