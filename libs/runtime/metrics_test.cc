#include "libs/runtime/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "libs/runtime/build_info.h"

namespace xt::runtime {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(MetricsTest, TextIsExact) {
  MetricsRegistry registry;
  registry.Counter("gateway_rejects_total", "Refused orders.", {{"reason", "FOK"}}).Increment(3);
  registry.Counter("gateway_rejects_total", "Refused orders.", {{"reason", "a\"b\\c\n"}});
  registry.Gauge("queue_depth", "Waiting.").Set(-2);
  registry.Gauge("started_timestamp_seconds", "When.", {}, Scale::kNanosecond).Set(1'500'000'000);
  static constexpr std::array<std::int64_t, 2> kBounds = {1'000'000, 500'000'000};
  Histogram& histogram = registry.Histogram("op_seconds", "Time.", {{"op", "new"}}, kBounds);
  histogram.Observe(1'000'000);
  histogram.Observe(1'000'001);
  histogram.Observe(2'000'000'000);
  histogram.Observe(-5);
  EXPECT_EQ(registry.Text(),
            "# HELP gateway_rejects_total Refused orders.\n"
            "# TYPE gateway_rejects_total counter\n"
            "gateway_rejects_total{reason=\"FOK\"} 3\n"
            "gateway_rejects_total{reason=\"a\\\"b\\\\c\\n\"} 0\n"
            "# HELP op_seconds Time.\n"
            "# TYPE op_seconds histogram\n"
            "op_seconds_count{op=\"new\"} 4\n"
            "op_seconds_sum{op=\"new\"} 2.002000001\n"
            "op_seconds_bucket{op=\"new\",le=\"0.001\"} 2\n"
            "op_seconds_bucket{op=\"new\",le=\"0.5\"} 3\n"
            "op_seconds_bucket{op=\"new\",le=\"+Inf\"} 4\n"
            "# HELP queue_depth Waiting.\n"
            "# TYPE queue_depth gauge\n"
            "queue_depth -2\n"
            "# HELP started_timestamp_seconds When.\n"
            "# TYPE started_timestamp_seconds gauge\n"
            "started_timestamp_seconds 1.5\n");
}

TEST(MetricsTest, LatencyBucketsAreTheCatalogues) {
  MetricsRegistry registry;
  registry.Histogram("latency_seconds", "Latency.");
  const std::string text = registry.Text();
  for (const char* edge : {"5e-05", "0.0001", "0.00025", "0.0005", "0.001", "0.002", "0.005", "0.01", "0.025", "0.05",
                           "0.1", "0.25", "0.5", "1", "2.5", "5", "+Inf"}) {
    EXPECT_THAT(text, HasSubstr(std::string("le=\"") + edge + "\""));
  }
}

TEST(MetricsTest, BucketEdgesAreCloseTogether) {
  const auto check = [](std::span<const std::int64_t> bounds) {
    for (std::size_t i = 1; i < bounds.size(); ++i) EXPECT_LE(2 * bounds[i], 5 * bounds[i - 1]);
  };
  check(kLatencyBucketsNs);
  check(kInProcessBucketsNs);
  check(kBatchSizeBuckets);
}

TEST(MetricsTest, TheSameNameAndLabelsAreTheSameHandle) {
  MetricsRegistry registry;
  Counter& a = registry.Counter("x_total", "X.", {{"k", "1"}});
  EXPECT_EQ(&a, &registry.Counter("x_total", "X.", {{"k", "1"}}));
  EXPECT_NE(&a, &registry.Counter("x_total", "X.", {{"k", "2"}}));
  EXPECT_EQ(&registry.Gauge("g", "G."), &registry.Gauge("g", "G."));
  EXPECT_EQ(&registry.Histogram("h_seconds", "H."), &registry.Histogram("h_seconds", "H."));
}

TEST(MetricsTest, SymbolsAreCapped) {
  MetricsRegistry registry(2);
  Counter& a = registry.Counter("trades_total", "T.", {{"symbol", "A"}});
  registry.Counter("trades_total", "T.", {{"symbol", "B"}});
  Counter& c = registry.Counter("trades_total", "T.", {{"symbol", "C"}});
  Counter& d = registry.Counter("trades_total", "T.", {{"symbol", "D"}});
  EXPECT_NE(&a, &c);
  EXPECT_EQ(&c, &d);
  EXPECT_EQ(&a, &registry.Counter("trades_total", "T.", {{"symbol", "A"}}));
  EXPECT_THAT(registry.Text(), HasSubstr("symbol=\"_other\""));
  EXPECT_THAT(registry.Text(), Not(HasSubstr("symbol=\"C\"")));
}

TEST(MetricsTest, CallbacksAreReadAtScrapeAndEndWithTheirHandle) {
  MetricsRegistry registry;
  std::int64_t depth = 4;
  MetricCallback gauge = registry.GaugeCallback("depth", "D.", {{"q", "in"}}, [&] { return depth; });
  MetricCallback counter = registry.CounterCallback("seen_total", "S.", {}, [] { return std::uint64_t{9}; });
  EXPECT_THAT(registry.Text(), HasSubstr("depth{q=\"in\"} 4\n"));
  depth = 5;
  EXPECT_THAT(registry.Text(), HasSubstr("depth{q=\"in\"} 5\n"));
  EXPECT_THAT(registry.Text(), HasSubstr("seen_total 9\n"));
  MetricCallback moved = std::move(gauge);
  gauge.Reset();
  EXPECT_THAT(registry.Text(), HasSubstr("depth{"));
  moved.Reset();
  EXPECT_THAT(registry.Text(), Not(HasSubstr("depth")));
  gauge = registry.GaugeCallback("depth", "D.", {{"q", "in"}}, [] { return std::int64_t{1}; });
  EXPECT_THAT(registry.Text(), HasSubstr("depth{q=\"in\"} 1\n"));
}

TEST(MetricsTest, DescribesItself) {
  MetricsRegistry registry;
  registry.Counter("b_total", "B.", {{"x", "1"}, {"y", "2"}});
  registry.Histogram("a_seconds", "A.");
  EXPECT_THAT(registry.Describe(), testing::ElementsAre(MetricDescription{"a_seconds", "histogram", "A.", {}},
                                                        MetricDescription{"b_total", "counter", "B.", {"x", "y"}}));
}

TEST(MetricsTest, ProcessAndBuild) {
  MetricsRegistry registry;
  registry.ExportProcess();
  registry.ExportBuildInfo("gateway");
  const std::string text = registry.Text();
  const auto value = [&](const std::string& name) {
    const std::size_t at = text.find("\n" + name + " ");
    return at == std::string::npos ? -1.0 : std::stod(text.substr(at + name.size() + 2));
  };
  for (const char* name : {"process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds",
                           "process_max_fds", "process_threads"}) {
    EXPECT_GT(value(name), 0) << name;
  }
  EXPECT_GT(value("process_start_time_seconds"), 1.6e9);
  EXPECT_LE(value("process_start_time_seconds"), static_cast<double>(std::time(nullptr)) + 1);
  EXPECT_THAT(text,
              HasSubstr("build_info{service=\"gateway\",version=\"" + std::string(BuildVersion()) + "\",revision=\""));
}

TEST(MetricsTest, ManyWritersAndAScraperAddUp) {
  MetricsRegistry registry;
  Counter& counter = registry.Counter("x_total", "X.");
  Histogram& histogram = registry.Histogram("x_seconds", "X.");
  Counter& own = registry.Counter("own_total", "O.");
  constexpr int kEach = 10'000;
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        counter.Increment();
        histogram.Observe(i * 1'000);
        if (t == 0) own.IncrementSingleWriter();
      }
    });
  }
  for (int i = 0; i < 20; ++i) EXPECT_THAT(registry.Text(), HasSubstr("x_total"));
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(counter.value(), 3U * kEach);
  EXPECT_EQ(histogram.count(), 3U * kEach);
  EXPECT_EQ(own.value(), std::uint64_t{kEach});
}

TEST(MetricsDeathTest, BrokenRulesAbort) {
  MetricsRegistry registry;
  registry.Counter("a_total", "A.", {{"k", "v"}});
  EXPECT_DEATH(registry.Counter("requests", "R."), "requests");
  EXPECT_DEATH(registry.Gauge("depth_total", "D."), "depth_total");
  EXPECT_DEATH(registry.Gauge("Depth", "D."), "Depth");
  EXPECT_DEATH(registry.Gauge("depth-1", "D."), "depth-1");
  EXPECT_DEATH(registry.Gauge("depth", ""), "depth");
  EXPECT_DEATH(registry.Counter("a_total", "A.", {{"other", "v"}}), "a_total");
  EXPECT_DEATH(registry.Counter("a_total", "Other.", {{"k", "v"}}), "a_total");
  EXPECT_DEATH(registry.Counter("b_total", "B.", {{"le", "v"}}), "le");
}

}  // namespace
}  // namespace xt::runtime
