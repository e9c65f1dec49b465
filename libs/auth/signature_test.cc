#include "libs/auth/signature.h"

#include <gtest/gtest.h>

namespace xt::auth {
namespace {

TEST(SignatureTest, SignsTheRequestAsSent) {
  EXPECT_EQ(SignaturePayload("1700000000000", "POST", "/v1/order?a=b", "{}"), "1700000000000POST/v1/order?a=b{}");
  EXPECT_EQ(LogonPayload(1'700'000'000'000, "key"), "1700000000000LOGONkey");
}

TEST(SignatureTest, ReadsTimestamps) {
  EXPECT_EQ(ParseTimestamp("1700000000000"), 1'700'000'000'000);
  for (const char* text : {"", "-1", "+1", "1.5", "1e3", " 1", "1234567890123456", "abc"}) {
    EXPECT_FALSE(ParseTimestamp(text).has_value()) << text;
  }
}

TEST(SignatureTest, TheWindowIsOpenInBothDirections) {
  EXPECT_TRUE(IsFresh(1'000, 1'000, 0));
  EXPECT_TRUE(IsFresh(1'000, 31'000, 30'000));
  EXPECT_TRUE(IsFresh(31'000, 1'000, 30'000));
  EXPECT_FALSE(IsFresh(1'000, 31'001, 30'000));
  EXPECT_FALSE(IsFresh(31'001, 1'000, 30'000));
}

}  // namespace
}  // namespace xt::auth
