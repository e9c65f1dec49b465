// How a case is measured: one throughput pass without timing single operations, then, on a fresh engine, a pass that times
// each one. Every acknowledgement, trade and cancel is written as one 32-byte event into a ring, so that no engine wins
// by reporting nothing. Not thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "bench/matching/allocations.h"
#include "bench/matching/workload.h"

namespace xt::bench {

enum class RingEventKind : std::uint32_t { kAcknowledged, kTrade, kCanceled };

struct RingEvent {
  std::uint64_t first;
  std::uint64_t second;
  std::uint64_t price;
  std::uint32_t quantity;
  RingEventKind kind;
};
static_assert(sizeof(RingEvent) == 32);

class EventRing {
 public:
  void Write(const RingEvent& event) { slots_[next_++ % slots_.size()] = event; }
  [[nodiscard]] std::uint64_t written() const { return next_; }
  [[nodiscard]] const RingEvent& last() const { return slots_[(next_ - 1) % slots_.size()]; }

 private:
  std::array<RingEvent, 4'096> slots_{};
  std::uint64_t next_ = 0;
};

// A cheap counter that runs evenly, and what one reading of it costs.
std::uint64_t ReadTicks();

struct CaseResult {
  std::string name;
  std::uint64_t operations = 0;
  std::int64_t elapsed_ns = 0;
  std::int64_t p50_ns = 0;
  std::int64_t p99_ns = 0;
  std::int64_t p999_ns = 0;
  WorkloadAnswer answer;
  WorkloadAnswer expected;
  std::uint64_t bytes_per_order = 0;  // memory that orders and levels have touched, per order that rests at the end
  std::uint64_t allocations = 0;      // in the timed part of the last round

  [[nodiscard]] bool right() const { return answer == expected; }
};

// Nanoseconds of a monotonic clock.
std::int64_t NowNs();

// `ticks` holds one duration per operation; the cost of the timer itself is taken off.
void SetPercentiles(std::vector<std::uint32_t>& ticks, CaseResult& result);

// Driver(workload) makes a fresh engine; Warm() applies the preload; Run(i) applies message i and may look a few
// messages ahead; Answer() is compared with the workload's.
template <typename Driver>
CaseResult Measure(std::string name, const Workload& workload, int rounds) {
  CaseResult result;
  result.name = std::move(name);
  result.operations = workload.messages.size() - workload.preload;
  result.expected = workload.answer;
  const std::size_t end = workload.messages.size();
  for (int round = 0; round < rounds; ++round) {
    Driver driver(workload);
    for (std::size_t i = 0; i < workload.preload; ++i) driver.Run(i);
    const std::uint64_t allocations = Allocations();
    const std::int64_t start_ns = NowNs();
    for (std::size_t i = workload.preload; i < end; ++i) driver.Run(i);
    const std::int64_t elapsed_ns = NowNs() - start_ns;
    result.allocations = Allocations() - allocations;
    if (round == 0 || elapsed_ns < result.elapsed_ns) result.elapsed_ns = elapsed_ns;
    result.answer = driver.Answer();
    if (!result.right()) return result;
  }
  Driver driver(workload);
  for (std::size_t i = 0; i < workload.preload; ++i) driver.Run(i);
  std::vector<std::uint32_t> ticks(result.operations);
  for (std::size_t i = workload.preload; i < end; ++i) {
    const std::uint64_t before = ReadTicks();
    driver.Run(i);
    ticks[i - workload.preload] = static_cast<std::uint32_t>(ReadTicks() - before);
  }
  result.answer = driver.Answer();
  result.bytes_per_order = driver.BytesPerOrder();
  SetPercentiles(ticks, result);
  return result;
}

CaseResult RunBare(const WorkloadSpec& spec, const Workload& workload, int rounds);
CaseResult RunComplete(const WorkloadSpec& spec, const Workload& workload, int rounds);
CaseResult RunCompleteWithIds(const WorkloadSpec& spec, const Workload& workload, int rounds);

}  // namespace xt::bench
