// ScaledDecimal: the exact value of a number's text as other venues write it, exponents included ("2.2E-7", "0E-8",
// "58001.03000000"). The text is never passed through a binary floating-point number. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace xt::market_data {

// Prices and quantities of other venues are kept in units of 10^-8.
inline constexpr int kExternalDecimals = 8;

// The value in units of 10^-decimals (0..18). nullopt when the text is not a number, has a non-zero digit below that unit, or does
// not fit 63 bits: the field is then refused, never rounded.
std::optional<std::int64_t> ParseScaled(std::string_view text, int decimals = kExternalDecimals);

}  // namespace xt::market_data
