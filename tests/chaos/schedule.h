// Schedule: which faults come next, by a seed: each once in some order, or at random with overlaps. Not thread-safe.
#pragma once

#include <chrono>
#include <optional>
#include <random>
#include <vector>

#include "tests/chaos/fault.h"

namespace xt::chaos {

// All of them once.
std::vector<const FaultEntry*> InSomeOrder(std::vector<const FaultEntry*> entries, unsigned seed);

class Schedule {
 public:
  using Clock = std::chrono::steady_clock;

  Schedule(std::vector<const FaultEntry*> entries, unsigned seed) : entries_(std::move(entries)), random_(seed) {}

  // One, or now and then two at once. Of those that destroy data at most one in a minute; none when only such are left.
  std::vector<const FaultEntry*> Next(Clock::time_point now);

 private:
  const std::vector<const FaultEntry*> entries_;
  std::mt19937 random_;
  std::optional<Clock::time_point> destroyed_;  // the last time
};

}  // namespace xt::chaos
