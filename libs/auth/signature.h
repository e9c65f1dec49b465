// What a signed request or logon signs, and when its timestamp is fresh. The keyed hash itself is in hmac.h. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace xt::auth {

// timestamp + METHOD + path with query + body, each exactly as sent.
std::string SignaturePayload(std::string_view timestamp, std::string_view method, std::string_view target,
                             std::string_view body);
// timestamp + "LOGON" + API key: the first message of an order entry stream.
std::string LogonPayload(std::int64_t timestamp_ms, std::string_view api_key);

// Unix milliseconds: 1 to 15 digits.
std::optional<std::int64_t> ParseTimestamp(std::string_view text);
// Within `window_ms` of now, in both directions.
bool IsFresh(std::int64_t timestamp_ms, std::int64_t now_ms, std::int64_t window_ms);

}  // namespace xt::auth
