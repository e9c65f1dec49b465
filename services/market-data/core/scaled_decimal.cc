#include "services/market-data/core/scaled_decimal.h"

#include <algorithm>

namespace xt::market_data {
namespace {

constexpr std::size_t kMaxTextLength = 64;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Consumes an optional sign.
bool TakeMinus(std::string_view& text) {
  if (text.empty() || (text.front() != '-' && text.front() != '+')) return false;
  const bool minus = text.front() == '-';
  text.remove_prefix(1);
  return minus;
}

std::optional<int> ParseExponent(std::string_view text) {
  const bool minus = TakeMinus(text);
  if (text.empty() || text.size() > 3 || !std::ranges::all_of(text, IsDigit)) return std::nullopt;
  int value = 0;
  for (const char c : text) value = value * 10 + (c - '0');
  return minus ? -value : value;
}

struct Digits {
  std::int64_t mantissa = 0;
  int fraction_digits = 0;
};

// Trailing zeros of the fraction are skipped, so that "158219000.00000000" needs no more room than its value.
std::optional<Digits> ParseDigits(std::string_view text) {
  Digits digits;
  if (const auto point = text.find('.'); point != std::string_view::npos) {
    while (text.size() > point + 1 && text.back() == '0') text.remove_suffix(1);
    if (text.size() == point + 1 && point > 0) text.remove_suffix(1);
  }
  bool any = false;
  bool in_fraction = false;
  for (const char c : text) {
    if (c == '.' && !in_fraction) {
      in_fraction = true;
      continue;
    }
    if (!IsDigit(c) || __builtin_mul_overflow(digits.mantissa, std::int64_t{10}, &digits.mantissa) ||
        __builtin_add_overflow(digits.mantissa, static_cast<std::int64_t>(c - '0'), &digits.mantissa)) {
      return std::nullopt;
    }
    any = true;
    digits.fraction_digits += in_fraction ? 1 : 0;
  }
  if (!any) return std::nullopt;
  return digits;
}

}  // namespace

std::optional<std::int64_t> ParseScaled(std::string_view text, int decimals) {
  if (text.size() > kMaxTextLength) return std::nullopt;
  const bool minus = TakeMinus(text);
  const auto e = text.find_first_of("eE");
  const std::optional<int> exponent = e == std::string_view::npos ? 0 : ParseExponent(text.substr(e + 1));
  const std::optional<Digits> digits = ParseDigits(text.substr(0, e));
  if (!exponent || !digits) return std::nullopt;
  std::int64_t value = digits->mantissa;
  if (value == 0) return 0;
  int shift = *exponent - digits->fraction_digits + decimals;
  for (; shift > 0; --shift) {
    if (__builtin_mul_overflow(value, std::int64_t{10}, &value)) return std::nullopt;
  }
  for (; shift < 0; ++shift) {
    if (value % 10 != 0) return std::nullopt;
    value /= 10;
  }
  return minus ? -value : value;
}

}  // namespace xt::market_data
