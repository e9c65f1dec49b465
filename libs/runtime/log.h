// Log: one JSON object per line, to stderr or a file, written by one background thread from a bounded queue. When the
// queue is full the line that waited longest is dropped and counted, so that a slow disk never slows a service down. Each line has
// ts (RFC 3339, UTC, microseconds), level, service, instance and msg, then the fields given by the caller.
// Thread-safe. Before StartLogging and after StopLogging lines are written directly to stderr.
//
// No secret reaches a log by construction: a field is a number, a flag, or a string that the caller names one by one.
// Never pass keys, signatures, passwords, connection strings or whole requests; objects that hold one offer no
// conversion to a field. The fields that the project uses: seq, shard, epoch, order_id, client_order_id, account,
// symbol, trace_id, span_id, component, path, err.code, err.message.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/status.h"

namespace xt::runtime {

class MetricCallback;
class MetricsRegistry;

enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarn, kError };
inline constexpr std::size_t kLogLevels = 4;

// One field of a line. It refers to the caller's strings and lives only as long as the call.
class LogField {
 public:
  LogField(std::string_view key, std::string_view value) : key_(key), value_(value) {}
  LogField(std::string_view key, const char* value) : key_(key), value_(std::string_view(value)) {}
  LogField(std::string_view key, const std::string& value) : key_(key), value_(std::string_view(value)) {}
  template <std::same_as<bool> T>
  LogField(std::string_view key, T value) : key_(key), value_(static_cast<bool>(value)) {}
  template <std::signed_integral T>
  LogField(std::string_view key, T value) : key_(key), value_(static_cast<std::int64_t>(value)) {}
  template <std::unsigned_integral T>
  requires(!std::same_as<T, bool>) LogField(std::string_view key, T value)
      : key_(key), value_(static_cast<std::uint64_t>(value)) {}
  // err.code and err.message.
  explicit LogField(const absl::Status& status) : value_(&status) {}

  // Appends `,"key":value`.
  void AppendTo(std::string& line) const;

 private:
  std::string_view key_;
  std::variant<std::string_view, bool, std::int64_t, std::uint64_t, const absl::Status*> value_;
};

// Log(LogLevel::kInfo, "journal opened", {{"path", path}, {"seq", 5}});
// Log(LogLevel::kError, "append failed", {LogField(status), {"seq", 5}});
void Log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields = {});

// False when a line of this level would be thrown away: guards work done only to log.
[[nodiscard]] bool LogEnabled(LogLevel level);

// May be called at any time from any thread.
void SetLogLevel(LogLevel level);
[[nodiscard]] LogLevel GetLogLevel();
// "debug", "info", "warn", "error".
[[nodiscard]] std::string_view LogLevelName(LogLevel level);
[[nodiscard]] bool ParseLogLevel(std::string_view name, LogLevel* level);

struct LogOptions {
  LogLevel level = LogLevel::kInfo;
  std::string service = "xtrader";
  std::string instance = "0";
  std::string file;  // empty: stderr
  std::size_t queue_messages = 8192;
};

// Starts the background writer; a second call replaces the first. Fails when the file cannot be opened.
absl::Status StartLogging(const LogOptions& options);
// Writes what is queued and stops the writer. Idempotent.
void StopLogging();
// Waits until everything logged so far is written or dropped. Other threads that log wait meanwhile.
void FlushLogs();

// Exports log_messages_total{level} and log_messages_dropped_total, the process's counts, while the result lives.
[[nodiscard]] std::vector<MetricCallback> ExportLogMetrics(MetricsRegistry& metrics);
[[nodiscard]] std::uint64_t DroppedLogMessages();

}  // namespace xt::runtime
