// What matching's metrics cost: two engines get the same frames, one as matching applies them, with its metrics and the clock
// that they need, the other without. Frame by frame in turns, so that what disturbs the machine disturbs both. Applying
// a frame is what MatchingApp does between taking it and answering: the engine, the results encoded, their digest.
#pragma once

#include <cstdint>
#include <string_view>

namespace xt::bench {

inline constexpr std::string_view kMetricsCase = "metrics";

struct MetricsResult {
  std::uint64_t commands = 0;  // of each engine
  std::int64_t with_ns = 0;    // of processor time, of the round with the smallest sum
  std::int64_t without_ns = 0;
  bool right = false;  // both engines ended with the same digest
};

MetricsResult RunMetrics(int rounds);

}  // namespace xt::bench
