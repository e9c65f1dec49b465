#include "libs/auth/signature.h"

#include <charconv>

namespace xt::auth {

std::string SignaturePayload(std::string_view timestamp, std::string_view method, std::string_view target,
                             std::string_view body) {
  std::string payload;
  payload.reserve(timestamp.size() + method.size() + target.size() + body.size());
  return payload.append(timestamp).append(method).append(target).append(body);
}

std::string LogonPayload(std::int64_t timestamp_ms, std::string_view api_key) {
  return std::to_string(timestamp_ms).append("LOGON").append(api_key);
}

std::optional<std::int64_t> ParseTimestamp(std::string_view text) {
  constexpr std::size_t kMaxDigits = 15;
  if (text.empty() || text.size() > kMaxDigits || text.front() == '-') return std::nullopt;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool IsFresh(std::int64_t timestamp_ms, std::int64_t now_ms, std::int64_t window_ms) {
  std::int64_t age_ms = 0;
  if (__builtin_sub_overflow(now_ms, timestamp_ms, &age_ms)) return false;
  return age_ms <= window_ms && age_ms >= -window_ms;
}

}  // namespace xt::auth
