#include "libs/http/message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace xt::http {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

TEST(HeadersTest, NamesIgnoreCaseAndKeepOrder) {
  Headers headers{{"Content-Type", "a"}, {"X-One", "1"}};
  headers.Add("x-one", "2");
  EXPECT_EQ(headers.Get("CONTENT-TYPE"), "a");
  EXPECT_EQ(headers.Get("X-ONE"), "1");
  EXPECT_EQ(headers.at(2), (Headers::Field{"x-one", "2"}));
  EXPECT_FALSE(headers.Find("X-Two").has_value());
  headers.Set("X-One", "3");
  EXPECT_EQ(headers.size(), 2U);
  EXPECT_EQ(headers.Get("x-one"), "3");
}

TEST(HeadersTest, TokensOfAList) {
  const Headers headers{{"Connection", "keep-alive,  Upgrade"}};
  EXPECT_TRUE(headers.HasToken("connection", "upgrade"));
  EXPECT_TRUE(headers.HasToken("connection", "keep-alive"));
  EXPECT_FALSE(headers.HasToken("connection", "close"));
}

TEST(HeadersTest, AValueCannotSmuggleASecondHeader) {
  const Headers headers{{"X-Name", "value\r\nX-Evil: 1"}};
  EXPECT_EQ(headers.Get("X-Name"), "value  X-Evil: 1");
}

TEST(RequestTest, PathAndQuery) {
  Request request;
  request.target = "/v1/order?clientOrderId=a%2Bb+c&empty=&flag&clientOrderId=second";
  EXPECT_EQ(request.path(), "/v1/order");
  EXPECT_EQ(request.query_string(), "clientOrderId=a%2Bb+c&empty=&flag&clientOrderId=second");
  EXPECT_EQ(request.Query("clientOrderId"), "a+b c");
  EXPECT_EQ(request.Query("empty"), "");
  EXPECT_EQ(request.Query("flag"), "");
  EXPECT_FALSE(request.Query("absent").has_value());
  EXPECT_THAT(request.QueryParameters(), ElementsAre(Pair("clientOrderId", "a+b c"), Pair("empty", ""),
                                                     Pair("flag", ""), Pair("clientOrderId", "second")));
}

TEST(UrlTest, DecodeLeavesBrokenEscapes) {
  EXPECT_EQ(UrlDecode("%41%4g%", false), "A%4g%");
  EXPECT_EQ(UrlDecode("a+b", false), "a+b");
  EXPECT_EQ(UrlDecode(UrlEncode("BTC/KRW 100% ~"), false), "BTC/KRW 100% ~");
}

}  // namespace
}  // namespace xt::http
