#include "libs/domain/decimal.h"

#include <array>
#include <limits>

#include "libs/base/check.h"

namespace xt::domain {
namespace {

constexpr std::size_t kMaxTextLength = 64;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Accumulates downwards so that the most negative value needs no special case.
bool AppendDigit(std::int64_t& negative, int digit) {
  return !__builtin_mul_overflow(negative, std::int64_t{10}, &negative) &&
         !__builtin_sub_overflow(negative, static_cast<std::int64_t>(digit), &negative);
}

}  // namespace

std::int64_t PowerOfTen(int exponent) {
  static constexpr auto kPowers = [] {
    std::array<std::int64_t, kMaxDecimals + 1> powers{1};
    for (std::size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * 10;
    return powers;
  }();
  XT_CHECK(exponent >= 0 && exponent <= kMaxDecimals);
  return kPowers[static_cast<std::size_t>(exponent)];
}

ParsedDecimal ParseDecimal(std::string_view text, int decimals) {
  XT_CHECK(decimals >= 0 && decimals <= kMaxDecimals);
  const bool minus = !text.empty() && text.front() == '-';
  std::string_view digits = text.substr(minus ? 1 : 0);
  if (digits.empty() || text.size() > kMaxTextLength || !IsDigit(digits.front()) || !IsDigit(digits.back())) {
    return {0, RejectReason::kInvalidValue};
  }
  std::int64_t negative = 0;
  int fraction_digits = 0;
  bool in_fraction = false;
  bool overflow = false;
  bool too_fine = false;
  for (const char c : digits) {
    if (c == '.' && !in_fraction) {
      in_fraction = true;
      continue;
    }
    if (!IsDigit(c)) return {0, RejectReason::kInvalidValue};
    if (in_fraction && fraction_digits == decimals) {
      too_fine = too_fine || c != '0';
      continue;
    }
    fraction_digits += in_fraction ? 1 : 0;
    overflow = overflow || !AppendDigit(negative, c - '0');
  }
  for (; fraction_digits < decimals; ++fraction_digits) overflow = overflow || !AppendDigit(negative, 0);
  if (too_fine) return {0, RejectReason::kTooManyDecimals};
  if (overflow || (!minus && negative == std::numeric_limits<std::int64_t>::min())) return {0, RejectReason::kOverflow};
  return {minus ? negative : -negative, RejectReason::kNone};
}

std::string FormatDecimal(std::int64_t units, int decimals) {
  XT_CHECK(decimals >= 0 && decimals <= kMaxDecimals);
  const std::uint64_t magnitude = units < 0 ? 0 - static_cast<std::uint64_t>(units) : static_cast<std::uint64_t>(units);
  const auto scale = static_cast<std::uint64_t>(PowerOfTen(decimals));
  std::string text(units < 0 ? "-" : "");
  text += std::to_string(magnitude / scale);
  if (const std::uint64_t fraction = magnitude % scale; fraction != 0) {
    const std::string digits = std::to_string(fraction);
    std::string tail = std::string(static_cast<std::size_t>(decimals) - digits.size(), '0') + digits;
    tail.erase(tail.find_last_not_of('0') + 1);
    text += "." + tail;
  }
  return text;
}

}  // namespace xt::domain
