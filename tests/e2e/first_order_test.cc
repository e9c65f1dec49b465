// The first steps of the README, as a newcomer takes them: two demo accounts trade, the stream shows it, and it is all
// there after a restart.

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <string>

#include "libs/http/client.h"
#include "tests/support/standalone.h"

namespace xt::test {
namespace {

using nlohmann::json;

// Reads messages until one satisfies `wanted`; nullopt when none came in time.
std::optional<json> ReadUntil(http::WebSocketClient& stream, const std::function<bool(const json&)>& wanted) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (std::chrono::steady_clock::now() < deadline) {
    const auto message = stream.Read(60'000);
    if (!message.ok()) break;
    json parsed = json::parse(message->data, nullptr, false);
    if (wanted(parsed)) return parsed;
  }
  return std::nullopt;
}

std::string Balance(SignedClient& client, const std::string& asset, const std::string& field) {
  const auto answer = client.Get("/v1/account");
  if (!answer.ok() || answer->status != 200) return "no answer";
  for (const json& balance : answer->body.at("balances")) {
    if (balance.at("asset") == asset) return balance.at(field);
  }
  return "no such asset";
}

class FirstOrderTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(exchange_.Start()) << exchange_.output(); }
  Standalone exchange_;
};

TEST_F(FirstOrderTest, TheDemoAccountsAreFunded) {
  SignedClient first = exchange_.client(0);
  EXPECT_EQ(Balance(first, "KRW", "available"), "10000000000");
  EXPECT_EQ(Balance(first, "USDT", "available"), "10000000");
  EXPECT_EQ(Balance(first, "BTC", "available"), "1000");
  EXPECT_EQ(Balance(first, "ETH", "available"), "10000");
  EXPECT_EQ(exchange_.ready().at("accounts").size(), 2u);
  EXPECT_EQ(exchange_.ready().at("pid"), exchange_.pid());
}

TEST_F(FirstOrderTest, TradesAndIsSeenEverywhereAndSurvivesARestart) {
  http::WebSocketClient stream;
  ASSERT_TRUE(stream.Connect("127.0.0.1", PortOf(exchange_.rest()), "/ws/exchange").ok());
  SignedClient seller = exchange_.client(0);
  SignedClient buyer = exchange_.client(1);

  const auto resting = seller.Order(LimitOrder("BTC-KRW", "SELL", "100000000", "0.5", "first-sell"));
  ASSERT_TRUE(resting.ok());
  ASSERT_EQ(resting->status, 200) << resting->body;
  EXPECT_EQ(resting->body.at("status"), "NEW");
  EXPECT_EQ(Balance(seller, "BTC", "locked"), "0.5");

  const auto taken = buyer.Order(LimitOrder("BTC-KRW", "BUY", "100000000", "0.2", "first-buy"));
  ASSERT_TRUE(taken.ok());
  ASSERT_EQ(taken->status, 200) << taken->body;
  EXPECT_EQ(taken->body.at("status"), "FILLED");
  EXPECT_EQ(taken->body.at("executedQuantity"), "0.2");
  ASSERT_EQ(taken->body.at("fills").size(), 1u);
  const std::string trade_id = taken->body.at("fills")[0].at("tradeId");

  const auto trade = ReadUntil(stream, [](const json& m) { return m.value("type", "") == "trade"; });
  ASSERT_TRUE(trade.has_value());
  EXPECT_EQ(trade->at("tradeId"), trade_id);
  EXPECT_EQ(trade->at("price"), "100000000");
  EXPECT_EQ(trade->at("quantity"), "0.2");

  exchange_.Kill();
  ASSERT_TRUE(exchange_.Start()) << exchange_.output();

  SignedClient again = exchange_.client(1);
  const auto fills = again.Get("/v1/trades");
  ASSERT_TRUE(fills.ok());
  ASSERT_EQ(fills->status, 200) << fills->body;
  ASSERT_EQ(fills->body.at("trades").size(), 1u);
  EXPECT_EQ(fills->body.at("trades")[0].at("tradeId"), trade_id);

  SignedClient anybody(exchange_.rest());
  const auto candles = anybody.Get("/v1/market/BTC-KRW/candles");
  ASSERT_TRUE(candles.ok());
  ASSERT_EQ(candles->status, 200) << candles->body;
  ASSERT_EQ(candles->body.at("candles").size(), 1u) << candles->body;
  EXPECT_EQ(candles->body.at("candles")[0].at("volume"), "0.2");
  EXPECT_EQ(candles->body.at("candles")[0].at("close"), "100000000");

  const auto book = anybody.Get("/v1/market/BTC-KRW/book");
  ASSERT_TRUE(book.ok());
  EXPECT_EQ(book->body.at("asks"), json::parse(R"([["100000000", "0.3"]])"));
  EXPECT_EQ(book->body.at("bids"), json::array());
}

TEST_F(FirstOrderTest, AResentClientOrderIdGetsTheFirstResult) {
  SignedClient client = exchange_.client(0);
  const json order = LimitOrder("ETH-USDT", "BUY", "2000", "1", "same-id");
  const auto first = client.Order(order);
  ASSERT_TRUE(first.ok());
  ASSERT_EQ(first->status, 200) << first->body;
  const auto second = client.Order(order);
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(second->status, 200);
  EXPECT_EQ(second->body.at("orderId"), first->body.at("orderId"));
  EXPECT_EQ(second->body.at("sequence"), first->body.at("sequence"));
  const auto other = client.Order(LimitOrder("ETH-USDT", "BUY", "2000", "2", "same-id"));
  ASSERT_TRUE(other.ok());
  EXPECT_EQ(other->status, 409);
  EXPECT_EQ(other->body.at("code"), "DUPLICATE_CLIENT_ORDER_ID");
  const auto open = client.Get("/v1/orders?open=true");
  ASSERT_TRUE(open.ok());
  EXPECT_EQ(open->body.at("orders").size(), 1u);
}

TEST_F(FirstOrderTest, ACanceledOrderReleasesItsReservation) {
  SignedClient client = exchange_.client(0);
  const auto placed = client.Order(LimitOrder("BTC-USDT", "BUY", "50000", "1"));
  ASSERT_TRUE(placed.ok());
  ASSERT_EQ(placed->status, 200) << placed->body;
  EXPECT_EQ(Balance(client, "USDT", "locked"), "50000");
  const auto canceled = client.Delete("/v1/order/" + placed->body.at("orderId").get<std::string>());
  ASSERT_TRUE(canceled.ok());
  EXPECT_EQ(canceled->status, 200);
  EXPECT_EQ(canceled->body.at("status"), "CANCELED");
  EXPECT_EQ(Balance(client, "USDT", "locked"), "0");
  EXPECT_EQ(Balance(client, "USDT", "available"), "10000000");
}

TEST_F(FirstOrderTest, TermEndsItInOrder) { EXPECT_EQ(exchange_.Terminate(), 0) << exchange_.output(); }

}  // namespace
}  // namespace xt::test
