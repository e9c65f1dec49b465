// Recorder: what one client saw. Answers count when they arrive within the window; each latency is kept as it is, in no
// bucket. Not thread-safe: one per client, put together at the end.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bench/e2e/order_flow.h"

namespace xt::bench {

// Nanoseconds of a monotonic clock.
std::int64_t NowNs();
// Of a load at a rate: what is due within it is sent together. Waking up for each order would take the processor from
// what is measured.
inline constexpr std::int64_t kTickNs = 1'000'000;

struct Window {
  std::int64_t start_ns = 0;
  std::int64_t end_ns = 0;
};

class Recorder {
 public:
  explicit Recorder(Window window) : window_(window) {}

  [[nodiscard]] bool Over() const { return NowNs() >= window_.end_ns || !error_.empty(); }
  void Answered(std::int64_t sent_ns, std::int64_t received_ns);
  // A new order that was taken, by its id.
  void Accepted(std::uint64_t order_id) { order_ids_.push_back(order_id); }
  // Only a cancel that comes too late is refused; everything else is a failure of the run.
  void Refused(Operation operation, std::string_view code, std::int64_t received_ns);
  // The first one stays, and ends the run.
  void Fail(std::string error);

  void Merge(const Recorder& other);

  [[nodiscard]] const Window& window() const { return window_; }
  [[nodiscard]] const std::string& error() const { return error_; }
  [[nodiscard]] std::uint64_t refused() const { return refused_; }
  [[nodiscard]] std::uint64_t answered() const { return latencies_ns_.size(); }
  // Sorts, so it is for the end. 990 is p99; 0 without a sample.
  [[nodiscard]] std::int64_t PercentileNs(std::size_t per_thousand);
  // No order id was given twice. Sorts, too.
  [[nodiscard]] bool OrderIdsAreUnique();

 private:
  [[nodiscard]] bool InWindow(std::int64_t now_ns) const {
    return now_ns >= window_.start_ns && now_ns < window_.end_ns;
  }

  Window window_;
  std::vector<std::int64_t> latencies_ns_;
  std::vector<std::uint64_t> order_ids_;
  std::uint64_t refused_ = 0;
  std::string error_;
};

}  // namespace xt::bench
