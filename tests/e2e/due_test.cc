// What happens without a command of its owner: an order that expires while nobody sends anything, a stop that somebody
// else's trade triggers, and what came due while the exchange was dead.

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <string>

#include "libs/http/client.h"
#include "tests/support/standalone.h"

namespace xt::test {
namespace {

using nlohmann::json;

std::int64_t NowMs() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

// The private stream of one account, from its logon on.
class PrivateStream {
 public:
  PrivateStream(const Standalone& exchange, const Credentials& credentials) {
    EXPECT_TRUE(stream_.Connect("127.0.0.1", PortOf(exchange.rest()), "/ws/exchange?channels=trade.ETH-BTC").ok());
    const std::int64_t now_ms = NowMs();
    const std::string signature = Sign(credentials.secret, std::to_string(now_ms) + "LOGON" + credentials.api_key);
    const json logon{{"method", "LOGON"},
                     {"id", 1},
                     {"params", {{"apiKey", credentials.api_key}, {"timestamp", now_ms}, {"signature", signature}}}};
    EXPECT_TRUE(stream_.Send(logon.dump()).ok());
    const json answer = Until([](const json& m) { return m.value("id", json()) == 1; });
    EXPECT_EQ(answer.value("type", ""), "result") << answer;
  }
  // The first message that satisfies `wanted`; null when none came in time.
  json Until(const std::function<bool(const json&)>& wanted) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (std::chrono::steady_clock::now() < deadline) {
      const auto message = stream_.Read(60'000);
      if (!message.ok()) break;
      json parsed = json::parse(message->data, nullptr, false);
      if (wanted(parsed)) return parsed;
    }
    return {};
  }
  json Execution(const std::string& client_order_id, const std::string& execution_type) {
    return Until([&](const json& m) {
      return m.value("clientOrderId", "") == client_order_id && m.value("executionType", "") == execution_type;
    });
  }

 private:
  http::WebSocketClient stream_;
};

class DueTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(exchange_.Start()) << exchange_.output(); }

  static json GoodTill(std::int64_t expire_time_ms, const std::string& client_order_id) {
    json order = LimitOrder("BTC-USDT", "BUY", "50000", "1", client_order_id, "GTD");
    order["expireTime"] = expire_time_ms;
    return order;
  }
  // The order, as new as a command that was sent after it.
  static json Look(SignedClient& client, const std::string& order_id) {
    const auto seen = client.Order(LimitOrder("ETH-BTC", "BUY", "0.01", "1"));
    EXPECT_TRUE(seen.ok() && seen->status == 200);
    const auto order = client.Get("/v1/order/" + order_id);
    EXPECT_TRUE(order.ok());
    return order.ok() ? order->body : json();
  }

  Standalone exchange_;
};

TEST_F(DueTest, AnOrderExpiresWhileNobodySendsAnything) {
  PrivateStream stream(exchange_, exchange_.account(0));
  SignedClient client = exchange_.client(0);
  const auto placed = client.Order(GoodTill(NowMs() + 5'000, "for-a-while"));
  ASSERT_TRUE(placed.ok());
  ASSERT_EQ(placed->status, 200) << placed->body;
  EXPECT_EQ(placed->body.at("status"), "NEW");
  const json expired = stream.Execution("for-a-while", "EXPIRED");
  ASSERT_FALSE(expired.is_null());
  EXPECT_EQ(expired.at("status"), "EXPIRED");
  EXPECT_GT(expired.at("sequence"), placed->body.at("sequence"));
  const json released = stream.Until([](const json& m) { return m.value("reason", "") == "RELEASE"; });
  ASSERT_FALSE(released.is_null());
  EXPECT_EQ(released.at("locked"), "0");
  EXPECT_EQ(released.at("available"), "10000000");
  EXPECT_EQ(Look(client, placed->body.at("orderId")).value("status", ""), "EXPIRED");
}

TEST_F(DueTest, WhatCameDueWhileItWasDeadHappensAtTheStart) {
  SignedClient client = exchange_.client(0);
  ASSERT_TRUE(client.Get("/v1/account").ok());  // connected, and the key is known: the order is entered at once
  const auto placed = client.Order(GoodTill(NowMs() + 2'000, "too-late"));
  ASSERT_TRUE(placed.ok());
  ASSERT_EQ(placed->status, 200) << placed->body;
  exchange_.Kill();
  ASSERT_TRUE(exchange_.Start()) << exchange_.output();
  SignedClient again = exchange_.client(0);
  // It may be quicker than these two seconds: then the order expires by itself soon.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  std::string status;
  while (status != "EXPIRED" && std::chrono::steady_clock::now() < deadline) {
    status = Look(again, placed->body.at("orderId")).value("status", "");
  }
  EXPECT_EQ(status, "EXPIRED");
}

TEST_F(DueTest, AStopOfAnotherAccountIsItsOwnersAlone) {
  SignedClient owner = exchange_.client(0);
  SignedClient other = exchange_.client(1);
  ASSERT_EQ(other.Order(LimitOrder("BTC-KRW", "SELL", "100000000", "0.1", "at-100"))->status, 200);
  ASSERT_EQ(other.Order(LimitOrder("BTC-KRW", "SELL", "101000000", "0.3", "at-101"))->status, 200);
  json stop = LimitOrder("BTC-KRW", "BUY", "101000000", "0.2", "the-stop");
  stop["type"] = "STOP_LOSS_LIMIT";
  stop["stopPrice"] = "100000000";
  const auto waiting = owner.Order(stop);
  ASSERT_TRUE(waiting.ok());
  ASSERT_EQ(waiting->status, 200) << waiting->body;
  EXPECT_EQ(waiting->body.at("status"), "NEW");

  PrivateStream stream(exchange_, exchange_.account(0));
  const auto taken = other.Order([] {
    json order = LimitOrder("BTC-KRW", "BUY", "100000000", "0.1", "the-trigger");
    order["selfTradePrevention"] = "NONE";
    return order;
  }());
  ASSERT_TRUE(taken.ok());
  ASSERT_EQ(taken->status, 200) << taken->body;
  EXPECT_EQ(taken->body.at("clientOrderId"), "the-trigger");
  EXPECT_EQ(taken->body.at("executedQuantity"), "0.1") << "and nothing of the stop";

  const json triggered = stream.Execution("the-stop", "TRIGGERED");
  ASSERT_FALSE(triggered.is_null());
  EXPECT_EQ(triggered.at("sequence"), taken->body.at("sequence"));
  EXPECT_EQ(triggered.at("stopPrice"), "100000000");
  const json filled = stream.Execution("the-stop", "TRADE");
  ASSERT_FALSE(filled.is_null());
  EXPECT_EQ(filled.at("status"), "FILLED");
  EXPECT_EQ(filled.at("lastPrice"), "101000000");
  const json row = Look(owner, waiting->body.at("orderId"));
  EXPECT_EQ(row.value("status", ""), "FILLED");
  EXPECT_EQ(row.value("stopPrice", ""), "100000000");
}

}  // namespace
}  // namespace xt::test
