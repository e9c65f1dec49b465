#include "bench/matching/measure.h"

#include <algorithm>
#include <chrono>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace xt::bench {
namespace {

// Ticks of ReadTicks per 1,024 ns.
std::uint64_t MeasureTickRate() {
  const std::int64_t start_ns = NowNs();
  const std::uint64_t start = ReadTicks();
  while (NowNs() - start_ns < 20'000'000) {
  }
  const std::uint64_t ticks = ReadTicks() - start;
  return std::max<std::uint64_t>(1, ticks * 1'024 / static_cast<std::uint64_t>(NowNs() - start_ns));
}

std::uint32_t TimerCost() {
  std::array<std::uint32_t, 1'001> costs;
  for (std::uint32_t& cost : costs) {
    const std::uint64_t before = ReadTicks();
    cost = static_cast<std::uint32_t>(ReadTicks() - before);
  }
  std::nth_element(costs.begin(), costs.begin() + 500, costs.end());
  return costs[500];
}

}  // namespace

std::uint64_t ReadTicks() {
#if defined(__x86_64__)
  return __rdtsc();
#else
  return static_cast<std::uint64_t>(NowNs());
#endif
}

std::int64_t NowNs() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

void SetPercentiles(std::vector<std::uint32_t>& ticks, CaseResult& result) {
  const std::uint64_t rate = MeasureTickRate();
  const std::uint32_t cost = TimerCost();
  std::sort(ticks.begin(), ticks.end());
  const auto at = [&](std::size_t per_thousand) {
    const std::size_t index = std::min(ticks.size() - 1, ticks.size() * per_thousand / 1'000);
    const std::uint32_t net = ticks[index] - std::min(cost, ticks[index]);
    return static_cast<std::int64_t>(std::uint64_t{net} * 1'024 / rate);
  };
  result.p50_ns = at(500);
  result.p99_ns = at(990);
  result.p999_ns = at(999);
}

}  // namespace xt::bench
