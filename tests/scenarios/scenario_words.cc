#include "tests/scenarios/scenario_words.h"

#include <iomanip>
#include <utility>

namespace xt::scenarios {
namespace {

constexpr std::int64_t kMs = 1'000'000;
constexpr std::int64_t kSecond = 1'000 * kMs;
constexpr std::int64_t kMinute = 60 * kSecond;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kDay = 24 * kHour;

}  // namespace

absl::StatusOr<std::int64_t> ParseDuration(std::string_view text) {
  constexpr std::pair<std::string_view, std::int64_t> kUnits[] = {{"ns", 1},      {"ms", kMs},  {"s", kSecond},
                                                                  {"m", kMinute}, {"h", kHour}, {"d", kDay}};
  for (const auto& [unit, ns] : kUnits) {
    if (!text.ends_with(unit)) continue;
    std::int64_t value = 0;
    XT_RETURN_IF_ERROR(ParseNumber(text.substr(0, text.size() - unit.size()), value));
    return value * ns;
  }
  return NotUnderstood(text);
}

absl::StatusOr<std::int64_t> ParseTime(std::string_view text) {
  std::int64_t days = 0;
  if (const auto end = text.find("d+"); end != std::string_view::npos) {
    XT_RETURN_IF_ERROR(ParseNumber(text.substr(0, end), days));
    text.remove_prefix(end + 2);
  }
  const std::vector<std::string_view> parts = Split(text, ':');
  if (parts.size() != 3) return NotUnderstood(text);
  std::int64_t hours = 0;
  std::int64_t minutes = 0;
  XT_RETURN_IF_ERROR(ParseNumber(parts[0], hours));
  XT_RETURN_IF_ERROR(ParseNumber(parts[1], minutes));
  const domain::ParsedDecimal seconds = domain::ParseDecimal(parts[2], 9);
  if (seconds.error != domain::RejectReason::kNone) return NotUnderstood(text);
  return days * kDay + hours * kHour + minutes * kMinute + seconds.units;
}

std::string FormatTime(std::int64_t time_ns) {
  std::ostringstream text;
  if (time_ns >= kDay) text << time_ns / kDay << "d+";
  time_ns %= kDay;
  text << std::setfill('0') << std::setw(2) << time_ns / kHour << ':' << std::setw(2) << time_ns % kHour / kMinute
       << ':' << std::setw(2) << time_ns % kMinute / kSecond;
  const std::string fraction = domain::FormatDecimal(time_ns % kSecond, 9);
  text << std::string_view(fraction).substr(1);
  return text.str();
}

std::string FormatDuration(std::int64_t duration_ms) {
  return duration_ms % 1'000 == 0 ? Text(duration_ms / 1'000, "s") : Text(duration_ms, "ms");
}

}  // namespace xt::scenarios
