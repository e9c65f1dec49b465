// The counters of one bus, written by all of its threads.
#pragma once

#include <atomic>
#include <cstdint>

namespace xt::kafka {

struct Counters {
  std::atomic<std::uint64_t> published{0};
  std::atomic<std::uint64_t> already_stored{0};
  std::atomic<std::uint64_t> publish_failures{0};
  std::atomic<std::uint64_t> fatal_errors{0};
  std::atomic<std::uint64_t> producers_built{0};
  std::atomic<std::uint64_t> in_flight{0};
  std::atomic<std::uint64_t> consumed{0};
  std::atomic<std::uint64_t> rebalances{0};
  std::atomic<bool> connected{false};
};

}  // namespace xt::kafka
