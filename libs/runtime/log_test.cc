#include "libs/runtime/log.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "libs/runtime/metrics.h"

namespace xt::runtime {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class LogTest : public testing::Test {
 protected:
  LogTest() : path_(testing::TempDir() + "xt_log_" + testing::UnitTest::GetInstance()->current_test_info()->name()) {
    std::filesystem::remove(path_);
  }
  ~LogTest() override {
    StopLogging();
    SetLogLevel(LogLevel::kInfo);
  }

  void Start(std::size_t queue_messages = 8192) {
    LogOptions options;
    options.service = "gateway";
    options.instance = "gateway-0";
    options.file = path_;
    options.queue_messages = queue_messages;
    ASSERT_EQ(StartLogging(options), absl::OkStatus());
  }

  // Every line parses, or this throws.
  std::vector<json> Lines() {
    FlushLogs();
    std::vector<json> lines;
    std::ifstream file(path_);
    for (std::string line; std::getline(file, line);) lines.push_back(json::parse(line));
    return lines;
  }

  const std::string path_;
};

// What METRICS.md asks of every line.
void Validate(const json& line) {
  const std::string day = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]";
  const std::string time = "[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]Z";
  EXPECT_THAT(line.at("ts").get<std::string>(), testing::MatchesRegex(day + "T" + time));
  EXPECT_THAT(line.at("level"), testing::AnyOf("debug", "info", "warn", "error"));
  EXPECT_TRUE(line.at("service").is_string());
  EXPECT_TRUE(line.at("instance").is_string());
  EXPECT_TRUE(line.at("msg").is_string());
  for (const auto& [key, value] : line.items()) EXPECT_TRUE(value.is_primitive()) << key;
}

TEST_F(LogTest, OneValidObjectPerLine) {
  Start();
  Log(LogLevel::kInfo, "opened",
      {{"path", "/tmp/x"}, {"seq", 5}, {"fresh", true}, {"min", INT64_MIN}, {"max", UINT64_MAX}});
  Log(LogLevel::kWarn, "plain");
  const std::vector<json> lines = Lines();
  ASSERT_EQ(lines.size(), 2U);
  for (const json& line : lines) Validate(line);
  EXPECT_EQ(lines[0]["level"], "info");
  EXPECT_EQ(lines[0]["service"], "gateway");
  EXPECT_EQ(lines[0]["instance"], "gateway-0");
  EXPECT_EQ(lines[0]["msg"], "opened");
  EXPECT_EQ(lines[0]["path"], "/tmp/x");
  EXPECT_EQ(lines[0]["seq"], 5);
  EXPECT_EQ(lines[0]["fresh"], true);
  EXPECT_EQ(lines[0]["min"], INT64_MIN);
  EXPECT_EQ(lines[0]["max"], UINT64_MAX);
}

TEST_F(LogTest, AnyTextIsEscaped) {
  Start();
  const std::string nasty = std::string("quote\" back\\ line\n tab\t nul") + '\0' + " bell\x07 euro\xe2\x82\xac";
  Log(LogLevel::kInfo, nasty, {{"k\"ey", nasty}});
  Log(LogLevel::kInfo, "bad utf-8",
      {{"a", "x\xff\xc0\xafy"}, {"b", "\xe2\x82"}, {"c", "\xed\xa0\x80"}, {"d", "\xf5\x80\x80\x80"}});
  const std::vector<json> lines = Lines();
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0]["msg"], nasty);
  EXPECT_EQ(lines[0]["k\"ey"], nasty);
  EXPECT_THAT(lines[1]["a"].get<std::string>(), testing::AllOf(HasSubstr("x\xef\xbf\xbd"), testing::EndsWith("y")));
}

TEST_F(LogTest, AStatusBecomesCodeAndMessage) {
  Start();
  Log(LogLevel::kError, "failed", {LogField(absl::UnavailableError("no \"route\"")), {"seq", 1}});
  const json line = Lines().at(0);
  Validate(line);
  EXPECT_EQ(line["err.code"], "UNAVAILABLE");
  EXPECT_EQ(line["err.message"], "no \"route\"");
  EXPECT_EQ(line["seq"], 1);
}

TEST_F(LogTest, TheLevelChangesWhileRunning) {
  Start();
  Log(LogLevel::kDebug, "hidden");
  SetLogLevel(LogLevel::kDebug);
  EXPECT_TRUE(LogEnabled(LogLevel::kDebug));
  Log(LogLevel::kDebug, "shown");
  SetLogLevel(LogLevel::kError);
  EXPECT_FALSE(LogEnabled(LogLevel::kWarn));
  Log(LogLevel::kWarn, "hidden too");
  const std::vector<json> lines = Lines();
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0]["msg"], "shown");
}

TEST_F(LogTest, LevelNamesRoundTrip) {
  for (const LogLevel level : {LogLevel::kDebug, LogLevel::kInfo, LogLevel::kWarn, LogLevel::kError}) {
    LogLevel parsed = LogLevel::kDebug;
    EXPECT_TRUE(ParseLogLevel(LogLevelName(level), &parsed));
    EXPECT_EQ(parsed, level);
  }
  LogLevel unchanged = LogLevel::kWarn;
  EXPECT_FALSE(ParseLogLevel("loud", &unchanged));
  EXPECT_EQ(unchanged, LogLevel::kWarn);
}

TEST_F(LogTest, ManyThreadsLoseNothingAndMixNothing) {
  Start();
  constexpr int kThreads = 4;
  constexpr int kEach = 500;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([t] {
      for (int i = 0; i < kEach; ++i) Log(LogLevel::kInfo, "line", {{"thread", t}, {"i", i}});
    });
  }
  for (std::thread& thread : threads) thread.join();
  const std::vector<json> lines = Lines();
  ASSERT_EQ(lines.size(), std::size_t{kThreads * kEach});
  std::vector<int> next(kThreads, 0);
  for (const json& line : lines) EXPECT_EQ(line["i"], next[line["thread"].get<std::size_t>()]++);
}

TEST_F(LogTest, AFullQueueDropsTheOldestAndCounts) {
  // A pipe that nobody reads blocks the writer, so that the queue fills.
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  const int reader = ::open(path_.c_str(), O_RDONLY | O_NONBLOCK);
  ASSERT_GE(reader, 0);
  const std::uint64_t before = DroppedLogMessages();
  Start(16);
  const std::string big(4096, 'x');
  constexpr int kLines = 1000;
  for (int i = 0; i < kLines; ++i) Log(LogLevel::kInfo, big, {{"i", i}});
  const std::uint64_t dropped = DroppedLogMessages() - before;
  EXPECT_GT(dropped, 0U);

  std::string text;
  std::thread drain([&] {
    std::vector<char> buffer(65536);
    ::fcntl(reader, F_SETFL, 0);
    for (ssize_t got = 0; (got = ::read(reader, buffer.data(), buffer.size())) > 0;) {
      text.append(buffer.data(), static_cast<std::size_t>(got));
    }
  });
  StopLogging();
  drain.join();
  ::close(reader);
  EXPECT_EQ(static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n')) + dropped, std::uint64_t{kLines});
  EXPECT_THAT(text, testing::EndsWith("\"i\":999}\n"));
}

TEST_F(LogTest, CountsAreExported) {
  Start();
  MetricsRegistry metrics;
  const std::vector<MetricCallback> exports = ExportLogMetrics(metrics);
  const auto value = [&](const std::string& series) {
    const std::string text = metrics.Text();
    const std::size_t at = text.find("\n" + series + " ");
    return at == std::string::npos ? -1L : std::stol(text.substr(at + series.size() + 2));
  };
  const long before = value("log_messages_total{level=\"warn\"}");
  ASSERT_GE(before, 0);
  Log(LogLevel::kWarn, "one");
  EXPECT_EQ(value("log_messages_total{level=\"warn\"}"), before + 1);
  EXPECT_GE(value("log_messages_dropped_total"), 0);
}

TEST_F(LogTest, AFileThatCannotBeOpenedNamesTheKey) {
  LogOptions options;
  options.file = "/nonexistent/folder/x.log";
  const absl::Status status = StartLogging(options);
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()), testing::AllOf(HasSubstr("log.file"), HasSubstr(options.file)));
}

}  // namespace
}  // namespace xt::runtime
