// Decimal text to scaled integers and back, exactly. The only place where "0.015" becomes 1500000 units of 8 decimals.
// No exponent, no sign but '-', no blanks, no leading '+': the strict form that the API accepts. Pure, thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "libs/domain/reject_reason.h"

namespace xt::domain {

inline constexpr int kMaxDecimals = 18;

struct ParsedDecimal {
  std::int64_t units = 0;
  // kNone, kInvalidValue (not a decimal number), kTooManyDecimals (a non-zero digit beyond `decimals`) or kOverflow.
  RejectReason error = RejectReason::kNone;
};

// "12.5" with decimals 2 is 1250. Zeros beyond `decimals` are accepted, other digits are not. At most 64 characters.
ParsedDecimal ParseDecimal(std::string_view text, int decimals);

// 1250 with decimals 2 is "12.5"; no trailing zeros, no trailing point, "0" for zero, '-' in front of negative values.
std::string FormatDecimal(std::int64_t units, int decimals);

// 10^exponent for 0..18.
std::int64_t PowerOfTen(int exponent);

}  // namespace xt::domain
