#include "libs/runtime/log.h"

#include <fcntl.h>
#include <spdlog/async.h>
#include <spdlog/details/null_mutex.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <ctime>
#include <latch>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <utility>

#include "absl/status/statusor.h"
#include "libs/base/clock.h"
#include "libs/base/status.h"
#include "libs/runtime/internal/concat.h"
#include "libs/runtime/internal/json_text.h"
#include "libs/runtime/metrics.h"

namespace xt::runtime {
namespace {

constexpr std::array<std::string_view, kLogLevels> kLevelNames = {"debug", "info", "warn", "error"};

using ThreadPool = spdlog::details::thread_pool;

// A logger that writes lines as they are given; which ones is decided before they are made.
template <typename Logger, typename... Arguments>
std::shared_ptr<spdlog::logger> MakeLogger(Arguments&&... arguments) {
  auto logger = std::make_shared<Logger>("", std::forward<Arguments>(arguments)...);
  logger->set_pattern("%v");
  logger->set_error_handler([](const std::string&) {});  // nowhere left to report it
  return logger;
}

std::shared_ptr<spdlog::logger> MakeStderrLogger() {
  return MakeLogger<spdlog::logger>(std::make_shared<spdlog::sinks::stderr_sink_mt>());
}

absl::StatusOr<spdlog::sink_ptr> OpenSink(const std::string& file) {
  if (file.empty()) return std::make_shared<spdlog::sinks::stderr_sink_mt>();
  // Opened here first, because spdlog would create missing folders and try several times.
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (fd < 0) return absl::ErrnoToStatus(errno, internal::Concat("config key log.file = ", file));
  spdlog::file_event_handlers handlers;
  handlers.after_open = [](const spdlog::filename_t&, std::FILE* opened) {
    ::fcntl(::fileno(opened), F_SETFD, FD_CLOEXEC);
    std::setvbuf(opened, nullptr, _IONBF, 0);  // a line is one write, and is there at once
  };
  absl::StatusOr<spdlog::sink_ptr> sink;
  try {
    sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(file, /*truncate=*/false, handlers);
  } catch (const spdlog::spdlog_ex& error) {
    sink = absl::UnavailableError(internal::Concat("config key log.file = ", file, ": ", error.what()));
  }
  ::close(fd);  // only now, so that the reader of a pipe sees no end of file
  return sink;
}

// Tells when the background thread has come to it.
class FlushSignal final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  void Wait() { reached_.wait(); }

 private:
  void sink_it_(const spdlog::details::log_msg&) override {}
  void flush_() override { reached_.count_down(); }

  std::latch reached_{1};
};

// The process's log. Never destroyed, so that a thread may log until the very end.
struct LogState {
  std::atomic<LogLevel> level{LogLevel::kInfo};
  std::array<Counter, kLogLevels> messages;

  std::shared_mutex mutex;  // guards what follows
  std::string identity = R"(,"service":"xtrader","instance":"0","msg":)";
  std::shared_ptr<ThreadPool> pool;  // the queue and its thread; null: lines are written by those who log
  std::shared_ptr<spdlog::logger> logger = MakeStderrLogger();
  std::uint64_t dropped_before = 0;  // by pools that ended
};

LogState& State() {
  static LogState* const state = new LogState;
  return *state;
}

void AppendTimestamp(std::int64_t wall_ns, std::string& line) {
  const std::time_t seconds = wall_ns / 1'000'000'000;
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  std::array<char, 40> text{};
  const std::size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &utc);
  line.append(text.data(), length);
  const std::string micros = std::to_string(1'000'000 + wall_ns % 1'000'000'000 / 1'000);
  internal::Append(line, ".", std::string_view(micros).substr(1), "Z");
}

}  // namespace

void LogField::AppendTo(std::string& line) const {
  if (const auto* status = std::get_if<const absl::Status*>(&value_)) {
    internal::Append(line, R"(,"err.code":")", absl::StatusCodeToString((*status)->code()), R"(","err.message":)");
    internal::AppendJsonString(std::string((*status)->message()), line);
    return;
  }
  line += ',';
  internal::AppendJsonString(key_, line);
  line += ':';
  if (const auto* text = std::get_if<std::string_view>(&value_)) {
    internal::AppendJsonString(*text, line);
  } else if (const auto* flag = std::get_if<bool>(&value_)) {
    line += *flag ? "true" : "false";
  } else if (const auto* number = std::get_if<std::int64_t>(&value_)) {
    internal::Append(line, *number);
  } else {
    internal::Append(line, std::get<std::uint64_t>(value_));
  }
}

void Log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
  LogState& state = State();
  if (!LogEnabled(level)) return;
  state.messages[static_cast<std::size_t>(level)].Increment();
  std::string line = R"({"ts":")";
  AppendTimestamp(SystemClock::Instance().WallNs(), line);
  internal::Append(line, R"(","level":")", LogLevelName(level), "\"");

  std::shared_lock lock(state.mutex);
  line += state.identity;
  internal::AppendJsonString(message, line);
  for (const LogField& field : fields) field.AppendTo(line);
  line += '}';
  state.logger->log(spdlog::level::info, spdlog::string_view_t(line));
}

bool LogEnabled(LogLevel level) { return level >= GetLogLevel(); }
void SetLogLevel(LogLevel level) { State().level.store(level, std::memory_order_relaxed); }
LogLevel GetLogLevel() { return State().level.load(std::memory_order_relaxed); }
std::string_view LogLevelName(LogLevel level) { return kLevelNames[static_cast<std::size_t>(level)]; }

bool ParseLogLevel(std::string_view name, LogLevel* level) {
  for (std::size_t i = 0; i < kLogLevels; ++i) {
    if (kLevelNames[i] != name) continue;
    *level = static_cast<LogLevel>(i);
    return true;
  }
  return false;
}

absl::Status StartLogging(const LogOptions& options) {
  XT_ASSIGN_OR_RETURN(spdlog::sink_ptr sink, OpenSink(options.file));
  std::string identity = R"(,"service":)";
  internal::AppendJsonString(options.service, identity);
  identity += R"(,"instance":)";
  internal::AppendJsonString(options.instance, identity);
  identity += R"(,"msg":)";

  auto pool = std::make_shared<ThreadPool>(options.queue_messages, 1);
  auto logger = MakeLogger<spdlog::async_logger>(std::move(sink), pool, spdlog::async_overflow_policy::overrun_oldest);
  LogState& state = State();
  {
    std::unique_lock lock(state.mutex);
    if (state.pool != nullptr) state.dropped_before += state.pool->overrun_counter();
    state.identity = std::move(identity);
    std::swap(state.logger, logger);
    std::swap(state.pool, pool);
  }
  SetLogLevel(options.level);
  return absl::OkStatus();
}

void StopLogging() {
  LogState& state = State();
  std::unique_lock lock(state.mutex);
  if (state.pool == nullptr) return;
  state.dropped_before += state.pool->overrun_counter();
  state.pool.reset();
  state.logger = MakeStderrLogger();
}

void FlushLogs() {
  LogState& state = State();
  // Exclusive, because a line logged meanwhile might push the signal out of a full queue.
  std::unique_lock lock(state.mutex);
  if (state.pool == nullptr) return;
  auto signal = std::make_shared<FlushSignal>();
  MakeLogger<spdlog::async_logger>(signal, state.pool, spdlog::async_overflow_policy::block)->flush();
  signal->Wait();
}

std::vector<MetricCallback> ExportLogMetrics(MetricsRegistry& metrics) {
  LogState& state = State();
  std::vector<MetricCallback> exports;
  for (std::size_t i = 0; i < kLogLevels; ++i) {
    exports.push_back(metrics.CounterCallback("log_messages_total", "Lines logged, by level.",
                                              {{"level", std::string(kLevelNames[i])}},
                                              [&counter = state.messages[i]] { return counter.value(); }));
  }
  exports.push_back(metrics.CounterCallback(
      "log_messages_dropped_total", "Lines not written because too many were waiting.", {}, DroppedLogMessages));
  return exports;
}

std::uint64_t DroppedLogMessages() {
  LogState& state = State();
  std::shared_lock lock(state.mutex);
  return state.dropped_before + (state.pool == nullptr ? 0 : state.pool->overrun_counter());
}

}  // namespace xt::runtime
