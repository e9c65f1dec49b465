#include "libs/domain/names.h"

#include <gtest/gtest.h>

#include <set>

#include "libs/domain/reject_reason.h"

namespace xt::domain {
namespace {

TEST(NamesTest, ParseIsTheInverseOfNameOf) {
  for (int i = 1; i <= 8; ++i) EXPECT_EQ(ParseOrderType(NameOf(static_cast<OrderType>(i))), static_cast<OrderType>(i));
  for (int i = 1; i <= 4; ++i) {
    EXPECT_EQ(ParseTimeInForce(NameOf(static_cast<TimeInForce>(i))), static_cast<TimeInForce>(i));
  }
  for (int i = 1; i <= 6; ++i) {
    EXPECT_EQ(ParseOrderStatus(NameOf(static_cast<OrderStatus>(i))), static_cast<OrderStatus>(i));
  }
  EXPECT_EQ(ParseSide("buy"), Side::kUnspecified);
  EXPECT_EQ(ParseSide("UNSPECIFIED"), Side::kUnspecified);
}

TEST(NamesTest, ChecksTheCharactersOfNames) {
  EXPECT_TRUE(IsValidClientOrderId("a-1_b.c:d/e"));
  EXPECT_FALSE(IsValidClientOrderId(""));
  EXPECT_FALSE(IsValidClientOrderId("a b"));
  EXPECT_FALSE(IsValidClientOrderId(std::string(37, 'a')));
  EXPECT_TRUE(IsValidSymbolCode("BTC-KRW"));
  EXPECT_FALSE(IsValidSymbolCode("BTCKRW"));
  EXPECT_FALSE(IsValidSymbolCode("BTC-"));
  EXPECT_FALSE(IsValidSymbolCode("btc-krw"));
}

TEST(RejectReasonTest, CodesAreUnique) {
  std::set<std::string_view> codes;
  for (const RejectReason reason : AllRejectReasons()) {
    EXPECT_TRUE(codes.insert(RejectReasonCode(reason)).second) << RejectReasonCode(reason);
    EXPECT_FALSE(RejectReasonText(reason).empty());
  }
}

}  // namespace
}  // namespace xt::domain
