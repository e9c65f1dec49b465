#include "bench/e2e/recorder.h"

#include <algorithm>
#include <utility>

#include "libs/base/clock.h"

namespace xt::bench {

std::int64_t NowNs() { return SystemClock::Instance().MonotonicNs(); }

void Recorder::Answered(std::int64_t sent_ns, std::int64_t received_ns) {
  if (InWindow(received_ns)) latencies_ns_.push_back(received_ns - sent_ns);
}

void Recorder::Refused(Operation operation, std::string_view code, std::int64_t received_ns) {
  if (operation != Operation::kCancel || code != "UNKNOWN_ORDER") return Fail("refused: " + std::string(code));
  refused_ += InWindow(received_ns) ? 1 : 0;
}

void Recorder::Fail(std::string error) {
  if (error_.empty()) error_ = std::move(error);
}

void Recorder::Merge(const Recorder& other) {
  latencies_ns_.insert(latencies_ns_.end(), other.latencies_ns_.begin(), other.latencies_ns_.end());
  order_ids_.insert(order_ids_.end(), other.order_ids_.begin(), other.order_ids_.end());
  refused_ += other.refused_;
  if (!other.error_.empty()) Fail(other.error_);
}

std::int64_t Recorder::PercentileNs(std::size_t per_thousand) {
  if (latencies_ns_.empty()) return 0;
  std::ranges::sort(latencies_ns_);
  return latencies_ns_[std::min(latencies_ns_.size() - 1, latencies_ns_.size() * per_thousand / 1'000)];
}

bool Recorder::OrderIdsAreUnique() {
  std::ranges::sort(order_ids_);
  return std::ranges::adjacent_find(order_ids_) == order_ids_.end();
}

}  // namespace xt::bench
