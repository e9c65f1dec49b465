// Metrics: handles that are resolved once at start and then cost one relaxed atomic operation. Values are integers; a
// Scale says how they are exported (nanoseconds as seconds), so no floating point is near a hot path. The registry owns
// the handles, which stay valid for its life; asking again for the same name and labels gives the same handle.
// Exposition is Prometheus text 0.0.4.
//
// Rules, checked when a metric is registered (a broken one is a programming error and aborts): names are
// [a-z][a-z0-9_]*, counters end in _total and nothing else does, one type, help and scale per name, the same label names
// in every series of a name. Register every known series at start, so that it is exported as 0 and not missing.
// The label `symbol` is capped: symbols beyond the limit share the series symbol="_other".
//
// Thread-safe, except for the *SingleWriter methods, which may be called from one thread only per handle and are cheaper.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace xt::runtime {

using Labels = std::vector<std::pair<std::string, std::string>>;

// How an integer is exported.
enum class Scale {
  kOne,         // as it is: counts, bytes
  kNanosecond,  // divided by 10^9: names end in _seconds
  kMillionth,   // divided by 10^6: ratios
};

// Upper bounds of latency buckets, in nanoseconds. Objectives are exact edges, so these never change.
inline constexpr std::array<std::int64_t, 16> kLatencyBucketsNs = {
    50'000,     100'000,    250'000,     500'000,     1'000'000,   2'000'000,     5'000'000,     10'000'000,
    25'000'000, 50'000'000, 100'000'000, 250'000'000, 500'000'000, 1'000'000'000, 2'500'000'000, 5'000'000'000};
// For hops inside one process.
inline constexpr std::array<std::int64_t, 21> kInProcessBucketsNs = {
    1'000,      2'500,       5'000,       10'000,      25'000,        50'000,        100'000,
    250'000,    500'000,     1'000'000,   2'000'000,   5'000'000,     10'000'000,    25'000'000,
    50'000'000, 100'000'000, 250'000'000, 500'000'000, 1'000'000'000, 2'500'000'000, 5'000'000'000};
// For sizes of batches.
inline constexpr std::array<std::int64_t, 9> kBatchSizeBuckets = {1, 2, 4, 8, 16, 32, 64, 128, 256};

class Counter {
 public:
  Counter() = default;
  Counter(const Counter&) = delete;
  Counter& operator=(const Counter&) = delete;
  void Increment(std::uint64_t by = 1) { value_.fetch_add(by, std::memory_order_relaxed); }
  void IncrementSingleWriter(std::uint64_t by = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

class Gauge {
 public:
  Gauge() = default;
  Gauge(const Gauge&) = delete;
  Gauge& operator=(const Gauge&) = delete;
  void Set(std::int64_t value) { value_.store(value, std::memory_order_relaxed); }
  void Add(std::int64_t by) { value_.fetch_add(by, std::memory_order_relaxed); }
  [[nodiscard]] std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> value_{0};
};

class Histogram {
 public:
  // `upper_bounds` ascend; values above the last one are counted in +Inf.
  explicit Histogram(std::span<const std::int64_t> upper_bounds);
  Histogram(const Histogram&) = delete;
  Histogram& operator=(const Histogram&) = delete;

  // For latencies the value is in nanoseconds. Negative values count as 0.
  void Observe(std::int64_t value) {
    value = value < 0 ? 0 : value;
    counts_[BucketOf(value)].fetch_add(1, std::memory_order_relaxed);
    sum_.fetch_add(value, std::memory_order_relaxed);
  }
  void ObserveSingleWriter(std::int64_t value) {
    value = value < 0 ? 0 : value;
    std::atomic<std::uint64_t>& count = counts_[BucketOf(value)];
    count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    sum_.store(sum_.load(std::memory_order_relaxed) + value, std::memory_order_relaxed);
  }

  [[nodiscard]] const std::vector<std::int64_t>& upper_bounds() const { return upper_bounds_; }
  // Of one bucket (not cumulative); the index upper_bounds().size() is +Inf.
  [[nodiscard]] std::uint64_t bucket_count(std::size_t index) const {
    return counts_[index].load(std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t count() const;
  [[nodiscard]] std::int64_t sum() const { return sum_.load(std::memory_order_relaxed); }

 private:
  [[nodiscard]] std::size_t BucketOf(std::int64_t value) const {
    std::size_t index = 0;
    while (index < upper_bounds_.size() && value > upper_bounds_[index]) ++index;
    return index;
  }

  const std::vector<std::int64_t> upper_bounds_;
  const std::unique_ptr<std::atomic<std::uint64_t>[]> counts_;
  std::atomic<std::int64_t> sum_{0};
};

// Keeps a callback registered; when it is destroyed, no scrape runs or will run the callback.
class MetricCallback {
 public:
  MetricCallback() = default;
  explicit MetricCallback(std::function<void()> unregister) : unregister_(std::move(unregister)) {}
  MetricCallback(MetricCallback&& other) noexcept : unregister_(std::exchange(other.unregister_, nullptr)) {}
  MetricCallback& operator=(MetricCallback&& other) noexcept {
    if (this != &other) {
      Reset();
      unregister_ = std::exchange(other.unregister_, nullptr);
    }
    return *this;
  }
  ~MetricCallback() { Reset(); }
  void Reset() {
    if (auto unregister = std::exchange(unregister_, nullptr)) unregister();
  }

 private:
  std::function<void()> unregister_;
};

// What a name stands for; for documentation and tests.
struct MetricDescription {
  std::string name;
  std::string type;  // counter, gauge, histogram
  std::string help;
  std::vector<std::string> label_names;  // in the order given
  friend auto operator<=>(const MetricDescription&, const MetricDescription&) = default;
};

class MetricsRegistry {
 public:
  explicit MetricsRegistry(std::size_t max_symbols = 64);
  ~MetricsRegistry();
  MetricsRegistry(const MetricsRegistry&) = delete;
  MetricsRegistry& operator=(const MetricsRegistry&) = delete;

  runtime::Counter& Counter(std::string_view name, std::string_view help, const Labels& labels = {},
                            Scale scale = Scale::kOne);
  runtime::Gauge& Gauge(std::string_view name, std::string_view help, const Labels& labels = {},
                        Scale scale = Scale::kOne);
  runtime::Histogram& Histogram(std::string_view name, std::string_view help, const Labels& labels = {},
                                std::span<const std::int64_t> upper_bounds = kLatencyBucketsNs,
                                Scale scale = Scale::kNanosecond);

  // Read at scrape, on the scraping thread: for what somebody counts already (the depth of a queue). The callback must
  // be quick and must not use the registry.
  [[nodiscard]] MetricCallback CounterCallback(std::string_view name, std::string_view help, const Labels& labels,
                                               std::function<std::uint64_t()> read, Scale scale = Scale::kOne);
  [[nodiscard]] MetricCallback GaugeCallback(std::string_view name, std::string_view help, const Labels& labels,
                                             std::function<std::int64_t()> read, Scale scale = Scale::kOne);

  // process_*, and build_info{service, version, revision} = 1.
  void ExportProcess();
  void ExportBuildInfo(std::string_view service);

  // Prometheus text 0.0.4, families sorted by name. Send it as kContentType.
  static constexpr std::string_view kContentType = "text/plain; version=0.0.4; charset=utf-8";
  [[nodiscard]] std::string Text() const;
  [[nodiscard]] std::vector<MetricDescription> Describe() const;

 private:
  struct Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace xt::runtime
