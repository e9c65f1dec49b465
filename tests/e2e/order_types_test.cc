// Every order type of the API, entered into a running exchange through REST and through gRPC: what waits, what trades, what
// is refused and by which rule, and what the owner hears of it.

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "tests/e2e/order_stream.h"
#include "tests/e2e/private_stream.h"
#include "tests/support/standalone.h"

namespace xt::test {
namespace {

namespace pb = xtrader::v1;
using nlohmann::json;

std::int64_t NowMs() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

json Order(const std::string& type, const std::string& side, const json& fields) {
  json order{{"symbol", "ETH-USDT"}, {"side", side}, {"type", type}};
  order.update(fields);
  return order;
}

class OrderTypesTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(exchange_.Start()) << exchange_.output(); }

  // The answer to an order that must be taken.
  static json Enter(SignedClient& client, const json& order) {
    const auto answer = client.Order(order);
    EXPECT_TRUE(answer.ok()) << answer.status();
    if (!answer.ok()) return json::object();
    EXPECT_EQ(answer->status, 200) << order << answer->body;
    return answer->body;
  }
  static void ExpectRefused(SignedClient& client, const json& order, const std::string& code,
                            const std::string& field) {
    const auto answer = client.Order(order);
    ASSERT_TRUE(answer.ok()) << answer.status();
    EXPECT_EQ(answer->status, 422) << order << answer->body;
    EXPECT_EQ(answer->body.value("code", ""), code) << order;
    EXPECT_EQ(answer->body.value("field", ""), field) << order;
  }
  // The public book follows the orders: asked until it has seen the command that entered `last`.
  json AsksAfter(const json& last) {
    SignedClient anybody(exchange_.rest());
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (std::chrono::steady_clock::now() < deadline) {
      const auto book = anybody.Get("/v1/market/ETH-USDT/book");
      if (!book.ok() || book->status != 200) break;
      if (book->body.at("sequence") >= last.at("sequence")) return book->body.at("asks");
    }
    return "no book";
  }
  static json Shown(SignedClient& client, const json& entered) {
    const auto answer = client.Get("/v1/order/" + entered.value("orderId", "0"));
    return answer.ok() ? answer->body : json();
  }

  Standalone exchange_;
};

TEST_F(OrderTypesTest, EveryTypeByRest) {
  SignedClient maker = exchange_.client(0);
  SignedClient taker = exchange_.client(1);
  EXPECT_EQ(Enter(maker, Order("LIMIT", "SELL", {{"price", "2000"}, {"quantity", "1"}})).at("status"), "NEW");
  const json bought = Enter(taker, Order("MARKET", "BUY", {{"quantity", "0.1"}}));
  EXPECT_EQ(bought.at("status"), "FILLED");
  EXPECT_EQ(bought.at("timeInForce"), "IOC");
  const json spent = Enter(taker, Order("MARKET", "BUY", {{"quoteQuantity", "100"}}));
  EXPECT_EQ(spent.at("status"), "FILLED");
  EXPECT_EQ(spent.at("executedQuantity"), "0.05");
  const json killed =
      Enter(taker, Order("LIMIT", "BUY", {{"price", "2000"}, {"quantity", "5"}, {"timeInForce", "FOK"}}));
  EXPECT_EQ(killed.at("status"), "EXPIRED");
  EXPECT_EQ(killed.at("executedQuantity"), "0");

  // The last price is 2000 from here on.
  const std::vector<json> waiting{
      Order("LIMIT", "BUY",
            {{"price", "1500"}, {"quantity", "1"}, {"timeInForce", "GTD"}, {"expireTime", NowMs() + 3'600'000}}),
      Order("LIMIT_MAKER", "BUY", {{"price", "1600"}, {"quantity", "1"}}),
      Order("ICEBERG", "SELL", {{"price", "2100"}, {"quantity", "1"}, {"icebergQuantity", "0.2"}}),
      Order("STOP_LOSS", "SELL", {{"stopPrice", "1900"}, {"quantity", "1"}}),
      Order("STOP_LOSS_LIMIT", "BUY", {{"stopPrice", "2200"}, {"price", "2250"}, {"quantity", "1"}}),
      Order("TAKE_PROFIT", "SELL", {{"stopPrice", "2200"}, {"quantity", "1"}}),
      Order("TAKE_PROFIT_LIMIT", "BUY", {{"stopPrice", "1900"}, {"price", "1950"}, {"quantity", "1"}, {"group", 7}}),
  };
  json last_in_book;
  for (const json& order : waiting) {
    const json entered = Enter(maker, order);
    if (!order.contains("stopPrice")) last_in_book = entered;
    EXPECT_EQ(entered.value("status", ""), "NEW") << order;
    const json shown = Shown(maker, entered);
    for (const auto& [field, value] : order.items()) {
      EXPECT_EQ(entered.value(field, json()), value) << field << order;
      EXPECT_EQ(shown.value(field, json()), value) << field << shown;
    }
  }
  EXPECT_EQ(AsksAfter(last_in_book), json::parse(R"([["2000", "0.85"], ["2100", "0.2"]])"))
      << "stops and hidden parts do not show";
}

TEST_F(OrderTypesTest, EveryTypeByGrpc) {
  OrderStream maker(exchange_, 0);
  OrderStream taker(exchange_, 1);
  ASSERT_TRUE(maker.logged_on() && taker.logged_on());
  const auto order = [](pb::OrderType type, pb::Side side, std::int64_t price, std::int64_t stop) {
    pb::EnterOrder out;
    out.set_symbol("ETH-USDT");
    out.set_type(type);
    out.set_side(side);
    out.set_price_ticks(price * 100);
    out.set_stop_price_ticks(stop * 100);
    out.set_quantity_lots(10'000);
    return out;
  };
  const auto expect = [](const OrderStream::Response& answer, pb::OrderStatus status) {
    EXPECT_TRUE(answer.has_result()) << answer.ShortDebugString();
    EXPECT_EQ(answer.result().report().status(), status) << answer.ShortDebugString();
  };
  expect(maker.Enter(order(pb::ORDER_TYPE_LIMIT, pb::SIDE_SELL, 2'000, 0)), pb::ORDER_STATUS_NEW);
  pb::EnterOrder market = order(pb::ORDER_TYPE_MARKET, pb::SIDE_BUY, 0, 0);
  market.set_quantity_lots(1'000);
  expect(taker.Enter(market), pb::ORDER_STATUS_FILLED);
  market.set_quantity_lots(0);
  market.set_quote_quantity(10'000'000'000);
  expect(taker.Enter(market), pb::ORDER_STATUS_FILLED);

  pb::EnterOrder limited = order(pb::ORDER_TYPE_LIMIT, pb::SIDE_BUY, 1'500, 0);
  limited.set_time_in_force(pb::TIME_IN_FORCE_GTD);
  limited.set_expire_time_ms(NowMs() + 3'600'000);
  pb::EnterOrder iceberg = order(pb::ORDER_TYPE_ICEBERG, pb::SIDE_SELL, 2'100, 0);
  iceberg.set_iceberg_quantity_lots(2'000);
  iceberg.set_order_group(7);
  for (const pb::EnterOrder& waiting : {limited, iceberg, order(pb::ORDER_TYPE_LIMIT_MAKER, pb::SIDE_BUY, 1'600, 0),
                                        order(pb::ORDER_TYPE_STOP_LOSS, pb::SIDE_SELL, 0, 1'900),
                                        order(pb::ORDER_TYPE_STOP_LOSS_LIMIT, pb::SIDE_BUY, 2'250, 2'200),
                                        order(pb::ORDER_TYPE_TAKE_PROFIT, pb::SIDE_SELL, 0, 2'200),
                                        order(pb::ORDER_TYPE_TAKE_PROFIT_LIMIT, pb::SIDE_BUY, 1'950, 1'900)}) {
    const auto answer = maker.Enter(waiting);
    expect(answer, pb::ORDER_STATUS_NEW);
    const pb::ExecutionReport& report = answer.result().report();
    EXPECT_EQ(report.stop_price_ticks(), waiting.stop_price_ticks());
    EXPECT_EQ(report.iceberg_quantity_lots(), waiting.iceberg_quantity_lots());
    EXPECT_EQ(report.expire_time_ms(), waiting.expire_time_ms());
    EXPECT_EQ(report.order_group(), waiting.order_group());
  }
  const auto crossing = maker.Enter(order(pb::ORDER_TYPE_LIMIT_MAKER, pb::SIDE_BUY, 2'000, 0));
  EXPECT_EQ(crossing.refusal().code(), "WOULD_MATCH");
  EXPECT_EQ(crossing.refusal().field(), "price");
  const auto reached = maker.Enter(order(pb::ORDER_TYPE_STOP_LOSS, pb::SIDE_SELL, 0, 2'050));
  EXPECT_EQ(reached.refusal().code(), "WOULD_TRIGGER");
  EXPECT_EQ(reached.refusal().field(), "stopPrice");
}

TEST_F(OrderTypesTest, RefusalsNameTheRule) {
  SignedClient maker = exchange_.client(0);
  SignedClient taker = exchange_.client(1);
  ExpectRefused(taker, Order("MARKET", "BUY", {{"quantity", "1"}}), "NO_LIQUIDITY", "");
  Enter(maker, Order("LIMIT", "SELL", {{"price", "2000"}, {"quantity", "1"}}));
  ExpectRefused(taker, Order("LIMIT_MAKER", "BUY", {{"price", "2000"}, {"quantity", "1"}}), "WOULD_MATCH", "price");
  Enter(taker, Order("MARKET", "BUY", {{"quantity", "0.1"}}));
  ExpectRefused(taker, Order("STOP_LOSS", "SELL", {{"stopPrice", "2000"}, {"quantity", "1"}}), "WOULD_TRIGGER",
                "stopPrice");
  ExpectRefused(taker,
                Order("TAKE_PROFIT_LIMIT", "SELL", {{"stopPrice", "1999"}, {"price", "1999"}, {"quantity", "1"}}),
                "WOULD_TRIGGER", "stopPrice");
  ExpectRefused(taker, Order("STOP_LOSS", "BUY", {{"stopPrice", "100000"}, {"quantity", "10000"}}),
                "INSUFFICIENT_BALANCE", "quantity");
  const auto open = taker.Get("/v1/orders?open=true");
  ASSERT_TRUE(open.ok());
  EXPECT_TRUE(open->body.at("orders").empty()) << open->body;
}

TEST_F(OrderTypesTest, AStopTriggersAndItsTradesAreNotThoseOfTheOrderThatTriggeredIt) {
  SignedClient stopped = exchange_.client(0);
  SignedClient trader = exchange_.client(1);
  PrivateStream stream;
  ASSERT_TRUE(stream.Connect(exchange_, 0));
  // The stop belongs to the account that will trade at its price.
  Enter(stopped, Order("LIMIT", "BUY", {{"price", "1900"}, {"quantity", "1"}}));
  const json stop =
      Enter(stopped, Order("STOP_LOSS_LIMIT", "SELL", {{"stopPrice", "1950"}, {"price", "1800"}, {"quantity", "0.3"}}));
  EXPECT_EQ(stop.at("status"), "NEW");
  const json buy = Enter(trader, Order("LIMIT", "BUY", {{"price", "1850"}, {"quantity", "0.5"}}));
  const json sale = Enter(trader, Order("LIMIT", "SELL", {{"price", "1900"}, {"quantity", "1"}}));
  EXPECT_EQ(sale.at("status"), "FILLED");
  ASSERT_EQ(sale.at("fills").size(), 1u) << "the stop's trade is not its own: " << sale;
  EXPECT_EQ(sale.at("fills")[0].at("price"), "1900");

  const auto triggered = stream.Await(stop.at("orderId"), "TRIGGERED");
  ASSERT_TRUE(triggered.has_value());
  EXPECT_EQ(triggered->at("stopPrice"), "1950");
  EXPECT_EQ(triggered->at("sequence"), sale.at("sequence"));
  const auto traded = stream.Await(stop.at("orderId"), "TRADE");
  ASSERT_TRUE(traded.has_value());
  EXPECT_EQ(traded->at("status"), "FILLED");
  EXPECT_EQ(traded->at("lastPrice"), "1850");
  EXPECT_EQ(Shown(stopped, stop).at("status"), "FILLED");
  EXPECT_EQ(Shown(trader, buy).at("executedQuantity"), "0.3");
}

TEST_F(OrderTypesTest, AnIcebergRefillsAtTheBackOfItsQueue) {
  SignedClient maker = exchange_.client(0);
  SignedClient taker = exchange_.client(1);
  const json iceberg =
      Enter(maker, Order("ICEBERG", "SELL", {{"price", "2000"}, {"quantity", "1"}, {"icebergQuantity", "0.2"}}));
  const json other = Enter(maker, Order("LIMIT", "SELL", {{"price", "2000"}, {"quantity", "0.1"}}));
  EXPECT_EQ(AsksAfter(other), json::parse(R"([["2000", "0.3"]])"));
  Enter(taker, Order("LIMIT", "BUY", {{"price", "2000"}, {"quantity", "0.2"}}));
  EXPECT_EQ(Shown(maker, iceberg).at("executedQuantity"), "0.2");
  EXPECT_EQ(Shown(maker, iceberg).at("status"), "PARTIALLY_FILLED");
  // The next slice stands behind the other order.
  Enter(taker, Order("LIMIT", "BUY", {{"price", "2000"}, {"quantity", "0.1"}}));
  EXPECT_EQ(Shown(maker, other).at("status"), "FILLED");
  EXPECT_EQ(Shown(maker, iceberg).at("executedQuantity"), "0.2");
  const json rest = Enter(taker, Order("LIMIT", "BUY", {{"price", "2000"}, {"quantity", "0.8"}}));
  EXPECT_EQ(rest.at("status"), "FILLED");
  EXPECT_EQ(rest.at("fills").size(), 4u) << "a slice at a time: " << rest;
  EXPECT_EQ(Shown(maker, iceberg).at("status"), "FILLED");
}

TEST_F(OrderTypesTest, AGtdOrderExpiresWithoutTraffic) {
  SignedClient client = exchange_.client(0);
  PrivateStream stream;
  ASSERT_TRUE(stream.Connect(exchange_, 0));
  const json fields{{"price", "1500"}, {"quantity", "1"}, {"timeInForce", "GTD"}, {"expireTime", NowMs() + 5'000}};
  const json order = Enter(client, Order("LIMIT", "BUY", fields));
  ASSERT_EQ(order.at("status"), "NEW");
  const auto expired = stream.Await(order.at("orderId"), "EXPIRED");
  ASSERT_TRUE(expired.has_value());
  EXPECT_EQ(expired->at("status"), "EXPIRED");
  EXPECT_GE(expired->at("time").get<std::int64_t>(), fields.at("expireTime").get<std::int64_t>());
}

TEST_F(OrderTypesTest, AnAmountOfMoneyIsNotChangedByAnyOfIt) {
  SignedClient client = exchange_.client(0);
  const auto before = client.Get("/v1/account");
  ASSERT_TRUE(before.ok());
  std::vector<json> entered;
  for (const json& order :
       {Order("LIMIT_MAKER", "BUY", {{"price", "1600"}, {"quantity", "1"}}),
        Order("ICEBERG", "SELL", {{"price", "2100"}, {"quantity", "1"}, {"icebergQuantity", "0.2"}}),
        Order("STOP_LOSS", "BUY", {{"stopPrice", "2200"}, {"quantity", "1"}}),
        Order("TAKE_PROFIT_LIMIT", "SELL", {{"stopPrice", "2200"}, {"price", "2150"}, {"quantity", "1"}})}) {
    entered.push_back(Enter(client, order));
  }
  for (const json& order : entered) {
    const auto canceled = client.Delete("/v1/order/" + order.value("orderId", "0"));
    ASSERT_TRUE(canceled.ok());
    EXPECT_EQ(canceled->body.value("status", ""), "CANCELED") << canceled->body;
  }
  const auto after = client.Get("/v1/account");
  ASSERT_TRUE(after.ok());
  EXPECT_EQ(after->body, before->body);
}

}  // namespace
}  // namespace xt::test
