#include "libs/runtime/log.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <ctime>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <thread>
#include <utility>
#include <vector>

#include "libs/base/bounded_queue.h"
#include "libs/base/clock.h"
#include "libs/runtime/internal/concat.h"
#include "libs/runtime/internal/json_text.h"
#include "libs/runtime/metrics.h"

namespace xt::runtime {
namespace {

constexpr std::size_t kBatch = 256;
constexpr std::array<std::string_view, kLogLevels> kLevelNames = {"debug", "info", "warn", "error"};

void WriteAll(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;  // nowhere left to report it
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

// One file descriptor, one queue, one thread that writes what waits in one call.
class LogWriter {
 public:
  LogWriter(int fd, std::size_t queue_messages) : fd_(fd), queue_(queue_messages), thread_([this] { Run(); }) {}
  ~LogWriter() {
    queue_.Close();
    thread_.join();
    if (fd_ != STDERR_FILENO) ::close(fd_);
  }
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;

  bool Push(std::string&& line) {
    // Counted before the push, so that the count is never behind what the thread below has written.
    pushed_.fetch_add(1);
    if (queue_.TryPush(std::move(line))) return true;
    {
      std::lock_guard lock(mutex_);
      pushed_.fetch_sub(1);
    }
    written_changed_.notify_all();
    return false;
  }

  void Flush() {
    const std::uint64_t target = pushed_.load();
    std::unique_lock lock(mutex_);
    written_changed_.wait(lock, [&] { return written_ >= target || written_ >= pushed_.load(); });
  }

 private:
  void Run() {
    std::vector<std::string> lines;
    std::string text;
    while (queue_.PopBatch(lines, kBatch, std::chrono::seconds(60))) {
      text.clear();
      for (const std::string& line : lines) text += line;
      WriteAll(fd_, text);
      {
        std::lock_guard lock(mutex_);
        written_ += lines.size();
      }
      written_changed_.notify_all();
    }
  }

  const int fd_;
  BoundedQueue<std::string> queue_;
  std::atomic<std::uint64_t> pushed_{0};
  std::mutex mutex_;
  std::condition_variable written_changed_;
  std::uint64_t written_ = 0;
  std::thread thread_;
};

// The process's log. Never destroyed, so that a thread may log until the very end.
struct LogState {
  std::atomic<LogLevel> level{LogLevel::kInfo};
  std::array<Counter, kLogLevels> messages;
  Counter dropped;

  std::shared_mutex mutex;  // guards what follows
  std::string identity = R"(,"service":"xtrader","instance":"0","msg":)";
  std::unique_ptr<LogWriter> writer;
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
  line += "}\n";
  if (state.writer == nullptr) {
    WriteAll(STDERR_FILENO, line);
  } else if (!state.writer->Push(std::move(line))) {
    state.dropped.Increment();
  }
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
  int fd = STDERR_FILENO;
  if (!options.file.empty()) {
    fd = ::open(options.file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (fd < 0) return absl::ErrnoToStatus(errno, internal::Concat("config key log.file = ", options.file));
  }
  std::string identity = R"(,"service":)";
  internal::AppendJsonString(options.service, identity);
  identity += R"(,"instance":)";
  internal::AppendJsonString(options.instance, identity);
  identity += R"(,"msg":)";

  auto writer = std::make_unique<LogWriter>(fd, options.queue_messages);
  LogState& state = State();
  {
    std::unique_lock lock(state.mutex);
    state.identity = std::move(identity);
    std::swap(state.writer, writer);
  }
  SetLogLevel(options.level);
  return absl::OkStatus();
}

void StopLogging() {
  LogState& state = State();
  std::unique_lock lock(state.mutex);
  state.writer.reset();
}

void FlushLogs() {
  LogState& state = State();
  std::shared_lock lock(state.mutex);
  if (state.writer != nullptr) state.writer->Flush();
}

std::vector<MetricCallback> ExportLogMetrics(MetricsRegistry& metrics) {
  LogState& state = State();
  std::vector<MetricCallback> exports;
  for (std::size_t i = 0; i < kLogLevels; ++i) {
    exports.push_back(metrics.CounterCallback("log_messages_total", "Lines logged, by level.",
                                              {{"level", std::string(kLevelNames[i])}},
                                              [&counter = state.messages[i]] { return counter.value(); }));
  }
  exports.push_back(metrics.CounterCallback("log_messages_dropped_total",
                                            "Lines not written because too many were waiting.", {},
                                            [&state] { return state.dropped.value(); }));
  return exports;
}

std::uint64_t DroppedLogMessages() { return State().dropped.value(); }

}  // namespace xt::runtime
