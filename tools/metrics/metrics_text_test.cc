#include "tools/metrics/metrics_text.h"

#include <cmath>
#include <limits>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "libs/runtime/metrics.h"

namespace xt::metrics {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::vector<Sample> Parsed(std::string_view text) {
  auto samples = ParseMetrics(text);
  EXPECT_TRUE(samples.ok()) << samples.status();
  return samples.ok() ? *std::move(samples) : std::vector<Sample>();
}

TEST(MetricsTextTest, ReadsWhatTheServicesWrite) {
  runtime::MetricsRegistry registry;
  registry.Gauge("head", "Last one.", {{"shard", "0"}}).Set(9'007'199'254'740'991);
  registry.Counter("lost_total", "Lost.", {{"why", "a \"b\\c\"\nd, e=\"f\"}"}}).Increment(3);
  registry.Histogram("wait_seconds", "Wait.").Observe(1'500'000'000);
  const auto samples = Parsed(registry.Text());
  ASSERT_THAT(SamplesOf(samples, "head"), SizeIs(1));
  EXPECT_EQ(SamplesOf(samples, "head")[0].value, 9'007'199'254'740'991.0);
  ASSERT_THAT(SamplesOf(samples, "lost_total"), SizeIs(1));
  EXPECT_EQ(SamplesOf(samples, "lost_total")[0].labels.at("why"), "a \"b\\c\"\nd, e=\"f\"}");
  EXPECT_EQ(SamplesOf(samples, "lost_total")[0].value, 3);
  EXPECT_EQ(SamplesOf(samples, "wait_seconds_sum")[0].value, 1.5);
  EXPECT_EQ(SamplesOf(samples, "wait_seconds_bucket", {{"le", "+Inf"}})[0].value, 1);
}

TEST(MetricsTextTest, ChoosesByWholeNameAndLabels) {
  const auto samples = Parsed("up{a=\"1\",b=\"x\"} 1\nup{a=\"1\",b=\"y\"} 2\nup_total 3\nup{a=\"11\"} 4\n");
  EXPECT_THAT(SamplesOf(samples, "up"), SizeIs(3));
  ASSERT_THAT(SamplesOf(samples, "up", {{"a", "1"}}), SizeIs(2));
  ASSERT_THAT(SamplesOf(samples, "up", {{"b", "y"}, {"a", "1"}}), SizeIs(1));
  EXPECT_EQ(SamplesOf(samples, "up", {{"b", "y"}})[0].value, 2);
  EXPECT_THAT(SamplesOf(samples, "up", {{"c", ""}}), IsEmpty());
}

TEST(MetricsTextTest, TakesWhatTheFormatAllows) {
  const auto samples = Parsed("# HELP a b{\n\n a\t+Inf 1700000000000\r\nb{} NaN\nc{d=\"e\",} -1e-3");
  ASSERT_THAT(samples, SizeIs(3));
  EXPECT_EQ(samples[0].value, std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::isnan(samples[1].value));
  EXPECT_EQ(samples[2].value, -0.001);
  EXPECT_THAT(Parsed(""), IsEmpty());
}

TEST(MetricsTextTest, NamesTheLineThatIsNone) {
  for (const char* line : {"a", "a ", "a x", "a 1x", "{b=\"c\"} 1", "a{b=\"c\" 1", "a{b=\"c} 1", "a{b} 1", "a{b=c} 1",
                           "a{=\"c\"} 1", "a{b=\"c\\", "a{b=\"c\"d=\"e\"} 1", "<html>"}) {
    const auto samples = ParseMetrics(std::string("ok 1\n") + line + "\n");
    EXPECT_EQ(samples.status().code(), absl::StatusCode::kInvalidArgument) << line;
    EXPECT_THAT(std::string(samples.status().message()), HasSubstr("line 2")) << line;
  }
}

}  // namespace
}  // namespace xt::metrics
