#include "tests/chaos/schedule.h"

#include <algorithm>
#include <utility>

namespace xt::chaos {
namespace {

constexpr std::chrono::seconds kBetweenDestructions{60};
constexpr unsigned kOneOfThisManyIsTwo = 4;
constexpr int kTries = 100;

}  // namespace

std::vector<const FaultEntry*> InSomeOrder(std::vector<const FaultEntry*> entries, unsigned seed) {
  std::mt19937 random(seed);
  std::shuffle(entries.begin(), entries.end(), random);
  return entries;
}

std::vector<const FaultEntry*> Schedule::Next(Clock::time_point now) {
  const std::size_t wanted = random_() % kOneOfThisManyIsTwo == 0 ? 2 : 1;
  std::vector<const FaultEntry*> picked;
  for (int i = 0; i < kTries && picked.size() < wanted; ++i) {
    const FaultEntry* entry = entries_[random_() % entries_.size()];
    if (std::ranges::find(picked, entry) != picked.end()) continue;
    if (entry->destroys_data) {
      if (destroyed_ && now - *destroyed_ < kBetweenDestructions) continue;
      destroyed_ = now;
    }
    picked.push_back(entry);
  }
  return picked;
}

}  // namespace xt::chaos
