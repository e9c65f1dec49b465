#include "services/market-data/core/scaled_decimal.h"

#include <gtest/gtest.h>

namespace xt::market_data {
namespace {

TEST(ScaledDecimalTest, ReadsWhatVenuesWrite) {
  EXPECT_EQ(ParseScaled("58001.03000000"), 5'800'103'000'000);
  EXPECT_EQ(ParseScaled("0.08620500"), 8'620'500);
  EXPECT_EQ(ParseScaled("2.2E-7"), 22);
  EXPECT_EQ(ParseScaled("1.16539E8"), 11'653'900'000'000'000);
  EXPECT_EQ(ParseScaled("0E-8"), 0);
  EXPECT_EQ(ParseScaled("5.0E-4"), 50'000);
  EXPECT_EQ(ParseScaled("158219000.00000000"), 15'821'900'000'000'000);
  EXPECT_EQ(ParseScaled("-4.1e+1", 0), -41);
  EXPECT_EQ(ParseScaled("41", 0), 41);
}

TEST(ScaledDecimalTest, RefusesWhatDoesNotFit) {
  EXPECT_EQ(ParseScaled("0.000000001"), std::nullopt);
  EXPECT_EQ(ParseScaled("728107452.06423197609921044"), std::nullopt);
  EXPECT_EQ(ParseScaled("1e30"), std::nullopt);
  EXPECT_EQ(ParseScaled("99999999999999999999"), std::nullopt);
}

TEST(ScaledDecimalTest, RefusesWhatIsNotANumber) {
  for (const char* text : {"", "-", ".", "e5", "1e", "1e+", "1.2.3", "0x10", "NaN", " 1", "1e9999", "1,0"}) {
    EXPECT_EQ(ParseScaled(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace xt::market_data
