#include "libs/runtime/metrics.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <variant>

#include "libs/base/check.h"
#include "libs/runtime/build_info.h"
#include "libs/runtime/internal/process_stats.h"

namespace xt::runtime {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

constexpr std::string_view kSymbolLabel = "symbol";
constexpr std::string_view kOtherSymbols = "_other";

struct CounterRead {
  std::function<std::uint64_t()> read;
};
struct GaugeRead {
  std::function<std::int64_t()> read;
};

struct Series {
  Labels labels;
  std::variant<std::unique_ptr<Counter>, std::unique_ptr<Gauge>, std::unique_ptr<Histogram>, CounterRead, GaugeRead>
      value;
};

struct Family {
  MetricType type = MetricType::Counter;
  std::string help;
  Scale scale = Scale::kOne;
  std::vector<std::string> label_names;
  std::vector<std::unique_ptr<Series>> series;
};

bool IsName(std::string_view name) {
  if (name.empty() || name.front() < 'a' || name.front() > 'z') return false;
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

void CheckName(std::string_view name, std::string_view help, MetricType type) {
  XT_CHECK(IsName(name), name);
  XT_CHECK(name.ends_with("_total") == (type == MetricType::Counter), name);
  XT_CHECK(!help.empty(), name);
}

std::vector<std::string> LabelNames(const Labels& labels) {
  std::vector<std::string> names;
  for (const auto& [name, value] : labels) {
    XT_CHECK(IsName(name) && name != "le", name);
    names.push_back(name);
  }
  return names;
}

// Floating point appears here only, on its way out.
double Scaled(double value, Scale scale) {
  switch (scale) {
    case Scale::kOne: return value;
    case Scale::kNanosecond: return value / 1e9;
    case Scale::kMillionth: return value / 1e6;
  }
  return value;
}

void Read(const Histogram& histogram, Scale scale, ClientMetric& metric) {
  std::uint64_t cumulative = 0;
  for (std::size_t i = 0; i < histogram.upper_bounds().size(); ++i) {
    cumulative += histogram.bucket_count(i);
    metric.histogram.bucket.push_back({cumulative, Scaled(static_cast<double>(histogram.upper_bounds()[i]), scale)});
  }
  // Derived from the buckets just read: the count then never contradicts them, whatever is observed meanwhile.
  metric.histogram.sample_count = cumulative + histogram.bucket_count(histogram.upper_bounds().size());
  metric.histogram.sample_sum = Scaled(static_cast<double>(histogram.sum()), scale);
}

ClientMetric Read(const Series& series, Scale scale) {
  ClientMetric metric;
  for (const auto& [name, value] : series.labels) metric.label.push_back({name, value});
  if (const auto* counter = std::get_if<std::unique_ptr<Counter>>(&series.value)) {
    metric.counter.value = Scaled(static_cast<double>((*counter)->value()), scale);
  } else if (const auto* gauge = std::get_if<std::unique_ptr<Gauge>>(&series.value)) {
    metric.gauge.value = Scaled(static_cast<double>((*gauge)->value()), scale);
  } else if (const auto* histogram = std::get_if<std::unique_ptr<Histogram>>(&series.value)) {
    Read(**histogram, scale, metric);
  } else if (const auto* counted = std::get_if<CounterRead>(&series.value)) {
    metric.counter.value = Scaled(static_cast<double>(counted->read()), scale);
  } else {
    metric.gauge.value = Scaled(static_cast<double>(std::get<GaugeRead>(series.value).read()), scale);
  }
  return metric;
}

std::string_view TypeName(MetricType type) {
  return type == MetricType::Counter ? "counter" : type == MetricType::Gauge ? "gauge" : "histogram";
}

}  // namespace

Histogram::Histogram(std::span<const std::int64_t> upper_bounds)
    : upper_bounds_(upper_bounds.begin(), upper_bounds.end()),
      counts_(new std::atomic<std::uint64_t>[upper_bounds.size() + 1]()) {
  XT_CHECK(!upper_bounds_.empty());
  XT_CHECK(std::is_sorted(upper_bounds_.begin(), upper_bounds_.end(), std::less_equal<>()), "bounds must ascend");
}

std::uint64_t Histogram::count() const {
  std::uint64_t total = 0;
  for (std::size_t i = 0; i <= upper_bounds_.size(); ++i) total += bucket_count(i);
  return total;
}

struct MetricsRegistry::Impl {
  explicit Impl(std::size_t symbols) : max_symbols(symbols) {}

  Family& FamilyOf(std::string_view name, std::string_view help, const Labels& labels, MetricType type, Scale scale) {
    CheckName(name, help, type);
    auto found = families.find(name);
    if (found == families.end()) {
      found = families.emplace(std::string(name), Family{type, std::string(help), scale, LabelNames(labels), {}}).first;
    }
    Family& family = found->second;
    XT_CHECK(family.type == type && family.scale == scale && family.help == help, name);
    XT_CHECK(family.label_names == LabelNames(labels), name);
    return family;
  }

  // Symbols are the one label whose values come from outside, so their number is bounded here.
  Labels Capped(const Labels& labels) {
    Labels capped = labels;
    for (auto& [name, value] : capped) {
      if (name != kSymbolLabel || std::find(symbols_seen.begin(), symbols_seen.end(), value) != symbols_seen.end())
        continue;
      if (symbols_seen.size() < max_symbols) {
        symbols_seen.push_back(value);
      } else {
        value = kOtherSymbols;
      }
    }
    return capped;
  }

  Series* Find(Family& family, const Labels& labels) {
    for (const auto& series : family.series) {
      if (series->labels == labels) return series.get();
    }
    return nullptr;
  }

  template <typename T, typename Make>
  T& Handle(std::string_view name, std::string_view help, const Labels& labels, MetricType type, Scale scale,
            Make make) {
    std::lock_guard lock(mutex);
    Family& family = FamilyOf(name, help, labels, type, scale);
    const Labels capped = Capped(labels);
    Series* series = Find(family, capped);
    if (series == nullptr) {
      family.series.push_back(std::make_unique<Series>(Series{capped, make()}));
      series = family.series.back().get();
    }
    auto* value = std::get_if<std::unique_ptr<T>>(&series->value);
    XT_CHECK(value != nullptr, name);
    return **value;
  }

  template <typename Source>
  MetricCallback Callback(std::string_view name, std::string_view help, const Labels& labels, MetricType type,
                          Scale scale, Source source) {
    std::lock_guard lock(mutex);
    Family& family = FamilyOf(name, help, labels, type, scale);
    XT_CHECK(Find(family, labels) == nullptr, name);
    family.series.push_back(std::make_unique<Series>(Series{labels, std::move(source)}));
    return MetricCallback([this, &family, series = family.series.back().get()] {
      std::lock_guard unregister_lock(mutex);
      std::erase_if(family.series, [&](const auto& other) { return other.get() == series; });
    });
  }

  const std::size_t max_symbols;
  mutable std::mutex mutex;
  std::map<std::string, Family, std::less<>> families;  // never shrinks: callbacks refer to families
  std::vector<std::string> symbols_seen;
  std::vector<MetricCallback> own_callbacks;
};

MetricsRegistry::MetricsRegistry(std::size_t max_symbols) : impl_(std::make_unique<Impl>(max_symbols)) {}
MetricsRegistry::~MetricsRegistry() { impl_->own_callbacks.clear(); }

Counter& MetricsRegistry::Counter(std::string_view name, std::string_view help, const Labels& labels, Scale scale) {
  return impl_->Handle<runtime::Counter>(name, help, labels, MetricType::Counter, scale,
                                         [] { return std::make_unique<runtime::Counter>(); });
}

Gauge& MetricsRegistry::Gauge(std::string_view name, std::string_view help, const Labels& labels, Scale scale) {
  return impl_->Handle<runtime::Gauge>(name, help, labels, MetricType::Gauge, scale,
                                       [] { return std::make_unique<runtime::Gauge>(); });
}

Histogram& MetricsRegistry::Histogram(std::string_view name, std::string_view help, const Labels& labels,
                                      std::span<const std::int64_t> upper_bounds, Scale scale) {
  return impl_->Handle<runtime::Histogram>(name, help, labels, MetricType::Histogram, scale,
                                           [&] { return std::make_unique<runtime::Histogram>(upper_bounds); });
}

MetricCallback MetricsRegistry::CounterCallback(std::string_view name, std::string_view help, const Labels& labels,
                                                std::function<std::uint64_t()> read, Scale scale) {
  return impl_->Callback(name, help, labels, MetricType::Counter, scale, CounterRead{std::move(read)});
}

MetricCallback MetricsRegistry::GaugeCallback(std::string_view name, std::string_view help, const Labels& labels,
                                              std::function<std::int64_t()> read, Scale scale) {
  return impl_->Callback(name, help, labels, MetricType::Gauge, scale, GaugeRead{std::move(read)});
}

void MetricsRegistry::ExportProcess() {
  std::vector<MetricCallback>& own = impl_->own_callbacks;
  own.push_back(CounterCallback(
      "process_cpu_seconds_total", "User and system CPU time spent.", {}, [] { return internal::ProcessCpuNs(); },
      Scale::kNanosecond));
  own.push_back(GaugeCallback("process_resident_memory_bytes", "Resident memory.", {}, internal::ProcessResidentBytes));
  own.push_back(GaugeCallback("process_open_fds", "Open file descriptors.", {}, internal::ProcessOpenFds));
  own.push_back(GaugeCallback("process_threads", "Threads.", {}, internal::ProcessThreads));
  Gauge("process_max_fds", "Most file descriptors that may be open.").Set(internal::ProcessMaxFds());
  Gauge("process_start_time_seconds", "When the process started, since the Unix epoch.", {}, Scale::kNanosecond)
      .Set(internal::ProcessStartTimeNs());
}

void MetricsRegistry::ExportBuildInfo(std::string_view service) {
  Gauge("build_info", "The running build: always 1.",
        {{"service", std::string(service)},
         {"version", std::string(BuildVersion())},
         {"revision", std::string(BuildRevision())}})
      .Set(1);
}

std::string MetricsRegistry::Text() const {
  std::vector<MetricFamily> families;
  {
    std::lock_guard lock(impl_->mutex);
    for (const auto& [name, family] : impl_->families) {
      if (family.series.empty()) continue;
      MetricFamily out{name, family.help, family.type, {}};
      for (const auto& series : family.series) out.metric.push_back(Read(*series, family.scale));
      families.push_back(std::move(out));
    }
  }
  return prometheus::TextSerializer().Serialize(families);
}

std::vector<MetricDescription> MetricsRegistry::Describe() const {
  std::lock_guard lock(impl_->mutex);
  std::vector<MetricDescription> descriptions;
  for (const auto& [name, family] : impl_->families) {
    descriptions.push_back({name, std::string(TypeName(family.type)), family.help, family.label_names});
  }
  return descriptions;
}

}  // namespace xt::runtime
