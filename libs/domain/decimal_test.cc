#include "libs/domain/decimal.h"

#include <gtest/gtest.h>

#include <limits>

namespace xt::domain {
namespace {

TEST(DecimalTest, ParsesExactly) {
  EXPECT_EQ(ParseDecimal("12.5", 2).units, 1250);
  EXPECT_EQ(ParseDecimal("0.00000001", 8).units, 1);
  EXPECT_EQ(ParseDecimal("-3", 0).units, -3);
  EXPECT_EQ(ParseDecimal("007.10", 1).units, 71);
  EXPECT_EQ(ParseDecimal("9223372036854775807", 0).units, std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(ParseDecimal("-9223372036854775808", 0).units, std::numeric_limits<std::int64_t>::min());
}

TEST(DecimalTest, RefusesWhatIsNotADecimal) {
  for (const char* text :
       {"", "-", ".", "1.", ".5", "1e3", "+1", " 1", "1 ", "1..2", "1.2.3", "0x1", "NaN", "1,5", "--1"}) {
    EXPECT_EQ(ParseDecimal(text, 8).error, RejectReason::kInvalidValue) << text;
  }
  EXPECT_EQ(ParseDecimal(std::string(65, '1'), 8).error, RejectReason::kInvalidValue);
}

TEST(DecimalTest, RefusesDigitsBeyondTheDecimals) {
  EXPECT_EQ(ParseDecimal("0.001", 2).error, RejectReason::kTooManyDecimals);
  EXPECT_EQ(ParseDecimal("0.010", 2).units, 1);
}

TEST(DecimalTest, RefusesOverflow) {
  EXPECT_EQ(ParseDecimal("9223372036854775808", 0).error, RejectReason::kOverflow);
  EXPECT_EQ(ParseDecimal("92233720368547758.08", 3).error, RejectReason::kOverflow);
  EXPECT_EQ(ParseDecimal("99999999999999999999999999", 0).error, RejectReason::kOverflow);
}

TEST(DecimalTest, FormatsWithoutTrailingZeros) {
  EXPECT_EQ(FormatDecimal(1250, 2), "12.5");
  EXPECT_EQ(FormatDecimal(1, 8), "0.00000001");
  EXPECT_EQ(FormatDecimal(0, 8), "0");
  EXPECT_EQ(FormatDecimal(-500, 2), "-5");
  EXPECT_EQ(FormatDecimal(-5, 2), "-0.05");
  EXPECT_EQ(FormatDecimal(std::numeric_limits<std::int64_t>::min(), 0), "-9223372036854775808");
}

TEST(DecimalTest, RoundTrips) {
  for (const std::int64_t units :
       {std::int64_t{1}, std::int64_t{-1}, std::int64_t{123456789}, std::int64_t{100000000}}) {
    EXPECT_EQ(ParseDecimal(FormatDecimal(units, 8), 8).units, units);
  }
}

}  // namespace
}  // namespace xt::domain
