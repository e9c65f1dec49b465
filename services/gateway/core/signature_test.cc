#include "services/gateway/core/signature.h"

#include <gtest/gtest.h>

#include <limits>

namespace xt::gateway {
namespace {

TEST(SignatureTest, CoversTimestampMethodTargetAndBody) {
  EXPECT_EQ(SignaturePayload("17", "POST", "/v1/order?a=b", "{}"), "17POST/v1/order?a=b{}");
  EXPECT_EQ(LogonPayload(17, "key"), "17LOGONkey");
}

TEST(SignatureTest, ATimestampIsDigits) {
  EXPECT_EQ(ParseTimestamp("1700000000000"), 1'700'000'000'000);
  EXPECT_EQ(ParseTimestamp("0"), 0);
  for (const char* text : {"", "-1", "+1", "1.0", " 1", "1 ", "1e3", "1234567890123456"}) {
    EXPECT_EQ(ParseTimestamp(text), std::nullopt) << text;
  }
}

TEST(SignatureTest, TheWindowIsInclusiveInBothDirections) {
  EXPECT_TRUE(IsFresh(1'000, 1'030, 30));
  EXPECT_TRUE(IsFresh(1'060, 1'030, 30));
  EXPECT_FALSE(IsFresh(999, 1'030, 30));
  EXPECT_FALSE(IsFresh(1'061, 1'030, 30));
  EXPECT_FALSE(IsFresh(std::numeric_limits<std::int64_t>::min(), 1'030, 30));
}

}  // namespace
}  // namespace xt::gateway
