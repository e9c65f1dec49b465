// HMAC-SHA256 and what goes with it: the comparison that takes the same time wherever texts differ, and random bytes for
// names that nobody can guess. Pure but for the random source; thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace xt::auth {

// 64 lower-case hex digits.
std::string HmacSha256Hex(std::string_view key, std::string_view message);
// The time taken depends on the lengths alone.
bool ConstantTimeEquals(std::string_view a, std::string_view b);

std::string RandomBytes(std::size_t count);

}  // namespace xt::auth
