// What the lines of a scenario are made of: words, numbers, amounts, times. Pure. Internal to the scenario runner.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <deque>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/base/status.h"
#include "libs/domain/decimal.h"
#include "libs/domain/ids.h"

namespace xt::scenarios {

template <typename... Parts>
std::string Text(const Parts&... parts) {
  std::ostringstream text;
  (text << ... << parts);
  return text.str();
}

inline std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (std::size_t end = 0; end != std::string_view::npos; text.remove_prefix(std::min(end + 1, text.size()))) {
    end = text.find(separator);
    parts.push_back(text.substr(0, end));
  }
  return parts;
}

inline absl::Status NotUnderstood(std::string_view what) {
  return absl::InvalidArgumentError(Text("not understood: ", what));
}

// The words of one line, taken from the front.
class Words {
 public:
  explicit Words(std::string_view line) {
    for (const std::string_view word : Split(line, ' ')) {
      if (!word.empty()) words_.push_back(word);
    }
  }
  [[nodiscard]] bool empty() const { return words_.empty(); }
  [[nodiscard]] std::string_view Peek() const { return words_.empty() ? "" : words_.front(); }
  [[nodiscard]] std::string_view Next() {
    if (words_.empty()) return "";
    const std::string_view word = words_.front();
    words_.pop_front();
    return word;
  }
  bool Take(std::string_view word) {
    if (words_.empty() || words_.front() != word) return false;
    words_.pop_front();
    return true;
  }

 private:
  std::deque<std::string_view> words_;
};

template <typename T>
absl::Status ParseNumber(std::string_view text, T& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool good = error == std::errc() && end == text.data() + text.size();
  return good ? absl::OkStatus() : NotUnderstood(text);
}

// "raw:7" is the enum's value 7, whatever it means; else its name.
template <typename Enum, typename Parse>
absl::Status ParseEnum(std::string_view text, const Parse& parse, Enum& value) {
  std::uint8_t raw = 0;
  if (!text.starts_with("raw:")) {
    value = parse(text);
    return absl::OkStatus();
  }
  XT_RETURN_IF_ERROR(ParseNumber(text.substr(4), raw));
  value = static_cast<Enum>(raw);
  return absl::OkStatus();
}

// "1.5" in units of `unit`; "raw:123" as it is; nothing is 0.
inline absl::StatusOr<std::int64_t> Units(std::string_view text, int decimals, domain::Amount unit) {
  std::int64_t raw = 0;
  if (text.empty()) return raw;
  if (text.starts_with("raw:")) {
    XT_RETURN_IF_ERROR(ParseNumber(text.substr(4), raw));
    return raw;
  }
  const domain::ParsedDecimal parsed = domain::ParseDecimal(text, decimals);
  if (parsed.error != domain::RejectReason::kNone || parsed.units % unit.value() != 0) return NotUnderstood(text);
  return parsed.units / unit.value();
}

// "24h", "5m", "30s", "500ms", "1ns", in nanoseconds.
absl::StatusOr<std::int64_t> ParseDuration(std::string_view text);
// "10:00:05" or "10:00:05.250", after "2d+" on the day after the next one, in nanoseconds since the scenario's midnight.
absl::StatusOr<std::int64_t> ParseTime(std::string_view text);
std::string FormatTime(std::int64_t time_ns);
// "5s", "1500ms".
std::string FormatDuration(std::int64_t duration_ms);

}  // namespace xt::scenarios
