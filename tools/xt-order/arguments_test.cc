#include "tools/xt-order/arguments.h"

#include <gtest/gtest.h>

namespace xt::order {
namespace {

Arguments Parse(const std::vector<std::string>& words) {
  const auto arguments = ParseArguments(words);
  EXPECT_TRUE(arguments.ok()) << arguments.status();
  return arguments.value_or(Arguments{});
}

TEST(ArgumentsTest, APriceMakesALimitOrder) {
  for (const std::vector<std::string>& words : {std::vector<std::string>{"buy", "0.5", "BTC-KRW", "@", "100"},
                                                {"buy", "0.5", "BTC-KRW", "@100"},
                                                {"buy", "0.5", "BTC-KRW", "--price", "100"},
                                                {"--price=100", "buy", "0.5", "BTC-KRW"},
                                                {"buy", "--quantity", "0.5", "BTC-KRW", "@", "100"}}) {
    const Arguments arguments = Parse(words);
    EXPECT_EQ(arguments.method, "POST");
    EXPECT_EQ(arguments.target, "/v1/order");
    EXPECT_EQ(arguments.body, R"({"symbol":"BTC-KRW","side":"BUY","type":"LIMIT","price":"100","quantity":"0.5"})");
  }
}

TEST(ArgumentsTest, WithoutAPriceItIsAMarketOrder) {
  EXPECT_EQ(Parse({"sell", "0.5", "BTC-KRW"}).body,
            R"({"symbol":"BTC-KRW","side":"SELL","type":"MARKET","quantity":"0.5"})");
  EXPECT_EQ(Parse({"buy", "--quote-quantity", "1000", "BTC-KRW"}).body,
            R"({"symbol":"BTC-KRW","side":"BUY","type":"MARKET","quoteQuantity":"1000"})");
}

TEST(ArgumentsTest, EveryOptionIsAField) {
  EXPECT_EQ(Parse({"sell", "1", "BTC-KRW", "@", "5", "--type", "STOP_LOSS_LIMIT", "--tif", "GTD", "--stop-price", "6",
                   "--iceberg-quantity", "0.1", "--expire-time", "7", "--self-trade-prevention", "NONE",
                   "--client-order-id", "mine"})
                .body,
            R"({"symbol":"BTC-KRW","side":"SELL","type":"STOP_LOSS_LIMIT","timeInForce":"GTD","price":"5",)"
            R"("quantity":"1","stopPrice":"6","icebergQuantity":"0.1","expireTime":7,)"
            R"("selfTradePrevention":"NONE","clientOrderId":"mine"})");
}

TEST(ArgumentsTest, WrongNumbersAreTheExchangesToRefuse) {
  EXPECT_EQ(Parse({"buy", "-1", "BTC-KRW", "@", "x"}).body,
            R"({"symbol":"BTC-KRW","side":"BUY","type":"LIMIT","price":"x","quantity":"-1"})");
}

TEST(ArgumentsTest, CancelsAndQueries) {
  Arguments arguments = Parse({"--data", "d", "--account", "demo-2", "cancel", "17"});
  EXPECT_EQ(arguments.method + " " + arguments.target, "DELETE /v1/order/17");
  EXPECT_EQ(arguments.data, "d");
  EXPECT_EQ(arguments.account, "demo-2");
  EXPECT_EQ(Parse({"cancel", "--client-order-id", "a/b"}).target, "/v1/order?clientOrderId=a%2Fb");
  EXPECT_EQ(Parse({"account"}).target, "/v1/account");
  EXPECT_EQ(Parse({"orders", "--open", "--symbol", "BTC-KRW"}).target, "/v1/orders?open=true&symbol=BTC-KRW");
  EXPECT_EQ(Parse({"trades", "--order-id", "3", "--before", "5-1"}).target, "/v1/trades?orderId=3&before=5-1");
  arguments = Parse({"get", "/v1/market/BTC-KRW/book"});
  EXPECT_EQ(arguments.method + " " + arguments.target, "GET /v1/market/BTC-KRW/book");
}

TEST(ArgumentsTest, ListsOfOrders) {
  Arguments arguments = Parse({"cancel-all"});
  EXPECT_EQ(arguments.method + " " + arguments.target, "DELETE /v1/orders");
  EXPECT_EQ(Parse({"cancel-all", "--symbol", "BTC-KRW", "--group", "7"}).target, "/v1/orders?symbol=BTC-KRW&group=7");
  arguments = Parse({"amend", "17", "--quantity", "0.3"});
  EXPECT_EQ(arguments.method + " " + arguments.target + " " + arguments.body,
            R"(PATCH /v1/order/17 {"quantity":"0.3"})");
  EXPECT_EQ(Parse({"amend", "--client-order-id", "a", "--quantity", "1"}).target, "/v1/order?clientOrderId=a");
  arguments = Parse({"countdown", "5000", "--group", "7"});
  EXPECT_EQ(arguments.method + " " + arguments.target + " " + arguments.body,
            R"(POST /v1/countdown {"timeoutMs":5000,"group":7})");
}

TEST(ArgumentsTest, AReplacementIsACancelAndAnOrder) {
  Arguments arguments = Parse({"replace", "17", "buy", "0.5", "BTC-KRW", "@", "100", "--group", "7"});
  EXPECT_EQ(arguments.method + " " + arguments.target, "POST /v1/order/replace");
  EXPECT_EQ(arguments.body,
            R"({"cancelOrderId":"17","cancelReplaceMode":"STOP_ON_FAILURE","symbol":"BTC-KRW","side":"BUY",)"
            R"("type":"LIMIT","price":"100","quantity":"0.5","group":7})");
  EXPECT_EQ(Parse({"replace", "--cancel-client-order-id", "a", "sell", "1", "BTC-KRW", "--mode", "ALLOW_FAILURE"}).body,
            R"({"cancelClientOrderId":"a","cancelReplaceMode":"ALLOW_FAILURE","symbol":"BTC-KRW","side":"SELL",)"
            R"("type":"MARKET","quantity":"1"})");
}

TEST(ArgumentsTest, WhatIsNoCommandIsRefused) {
  for (const std::vector<std::string>& words : {std::vector<std::string>{},
                                                {"hold"},
                                                {"buy"},
                                                {"buy", "1"},
                                                {"buy", "1", "A-B", "C-D"},
                                                {"buy", "1", "A-B", "@"},
                                                {"buy", "1", "A-B", "@", "1", "--price", "2"},
                                                {"cancel"},
                                                {"cancel", "1", "--client-order-id", "a"},
                                                {"amend", "1"},
                                                {"amend", "--quantity", "1"},
                                                {"replace", "1"},
                                                {"replace", "1", "2", "A-B"},
                                                {"replace", "buy", "1", "A-B"},
                                                {"countdown"},
                                                {"cancel-all", "1"},
                                                {"account", "x"},
                                                {"get", "v1"},
                                                {"--colour", "red", "account"},
                                                {"account", "--data"}}) {
    EXPECT_EQ(ParseArguments(words).status().code(), absl::StatusCode::kInvalidArgument);
  }
  EXPECT_TRUE(Parse({"--data", "d", "--help"}).help);
}

TEST(ArgumentsTest, WatchNamesTheStreamAndItsChannels) {
  EXPECT_TRUE(Parse({"watch"}).watch);
  EXPECT_EQ(Parse({"watch"}).target, "/ws/exchange");
  EXPECT_EQ(Parse({"watch", "trade.BTC-KRW", "ticker.*"}).target, "/ws/exchange?channels=trade.BTC-KRW,ticker.%2A");
}

}  // namespace
}  // namespace xt::order
