#include "tools/xtraderctl/journal/until.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace xt::ctl {

absl::StatusOr<Until> ParseUntil(const std::string& text) {
  Until until;
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size()) {
    until.sequence = domain::SequenceNumber(number);
    return until;
  }
  absl::Time time;
  std::string why;
  if (!absl::ParseTime(absl::RFC3339_full, text, &time, &why)) {
    return absl::InvalidArgumentError(absl::StrCat("neither a sequence nor a time like 2026-11-22T09:30:00Z: ", text));
  }
  until.time_ns = absl::ToUnixNanos(time);
  return until;
}

std::string FormatTime(std::int64_t time_ns) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E*SZ", absl::FromUnixNanos(time_ns), absl::UTCTimeZone());
}

}  // namespace xt::ctl
