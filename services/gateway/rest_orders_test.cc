// Order entry by REST: over a real socket, with a sequencer that the test holds in its hand.
#include <gtest/gtest.h>

#include <thread>

#include "libs/http/testing.h"
#include "libs/runtime/metrics.h"
#include "services/gateway/testing/rest_fixture.h"

namespace xt::gateway::testing {
namespace {

using nlohmann::json;

class RestOrdersTest : public GatewayFixture {
 protected:
  [[nodiscard]] domain::NewOrder OnlyOrder() const {
    const auto commands = sequencing_.commands();
    EXPECT_EQ(commands.size(), 1u);
    return commands.empty() ? domain::NewOrder{} : std::get<domain::NewOrder>(commands[0].body);
  }
  bool HasMetric(const std::string& line) { return metrics_.Text().find(line) != std::string::npos; }
};

TEST_F(RestOrdersTest, AnOrderIsEnteredAndAnswered) {
  StartGateway();
  const RestAnswer answer = PostOrder(Limit());
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.body, json::parse(R"({
      "orderId": "1010", "clientOrderId": "mine-1", "symbol": "BTC-USDT", "side": "BUY", "type": "LIMIT",
      "timeInForce": "GTC", "status": "NEW", "price": "50000", "stopPrice": null, "quantity": "0.5",
      "icebergQuantity": null, "quoteQuantity": null, "expireTime": null, "group": null,
      "executedQuantity": "0", "executedQuoteQuantity": "0", "averagePrice": null,
      "sequence": 101, "time": 1700000000123, "fills": []})"));
  const domain::NewOrder order = OnlyOrder();
  EXPECT_EQ(order.account, domain::AccountId(1));
  EXPECT_EQ(order.symbol, kBtcUsdt);
  EXPECT_EQ(order.price, domain::Price(5'000'000));
  EXPECT_EQ(order.quantity, domain::Quantity(50'000));
  EXPECT_TRUE(HasMetric(R"(gateway_order_requests_total{op="new",outcome="accepted",protocol="rest"} 1)") ||
              HasMetric(R"(gateway_order_requests_total{op="new",protocol="rest",outcome="accepted"} 1)"))
      << metrics_.Text();
}

TEST_F(RestOrdersTest, EveryFieldReachesTheExchangeAndIsShown) {
  StartGateway();
  const json order{{"symbol", "BTC-USDT"},
                   {"side", "SELL"},
                   {"type", "STOP_LOSS_LIMIT"},
                   {"timeInForce", "GTD"},
                   {"price", "50000"},
                   {"stopPrice", "50010.5"},
                   {"quantity", "0.5"},
                   {"expireTime", 1'800'000'000'000},
                   {"group", 7},
                   {"selfTradePrevention", "DECREMENT"},
                   {"clientOrderId", "mine-1"}};
  const RestAnswer answer = PostOrder(order);
  ASSERT_EQ(answer.status, 200) << answer.body;
  for (const char* field : {"type", "timeInForce", "price", "stopPrice", "quantity", "expireTime", "group"}) {
    EXPECT_EQ(answer.body.at(field), order.at(field)) << field;
  }
  const domain::NewOrder entered = OnlyOrder();
  EXPECT_EQ(entered.stop_price, domain::Price(5'001'050));
  EXPECT_EQ(entered.time_in_force, domain::TimeInForce::kGtd);
  EXPECT_EQ(entered.expire_time_ms, 1'800'000'000'000);
  EXPECT_EQ(entered.group, domain::OrderGroup(7));
  EXPECT_EQ(entered.self_trade_prevention, domain::SelfTradePrevention::kDecrement);
}

TEST_F(RestOrdersTest, AnIcebergAndAMarketOrderByAmount) {
  StartGateway();
  json iceberg = Limit();
  iceberg["type"] = "ICEBERG";
  iceberg["icebergQuantity"] = "0.1";
  const RestAnswer shown = PostOrder(iceberg);
  ASSERT_EQ(shown.status, 200) << shown.body;
  EXPECT_EQ(shown.body.at("icebergQuantity"), "0.1");
  const RestAnswer market =
      PostOrder({{"symbol", "BTC-USDT"}, {"side", "BUY"}, {"type", "MARKET"}, {"quoteQuantity", "100"}});
  ASSERT_EQ(market.status, 200) << market.body;
  EXPECT_EQ(market.body.at("quoteQuantity"), "100");
  const auto commands = sequencing_.commands();
  EXPECT_EQ(std::get<domain::NewOrder>(commands[0].body).iceberg_quantity, domain::Quantity(10'000));
  EXPECT_EQ(std::get<domain::NewOrder>(commands[1].body).quote_quantity, domain::Amount(10'000'000'000));
}

TEST_F(RestOrdersTest, FillsAreShown) {
  StartGateway();
  sequencing_.set_answer([](const domain::Command& command, domain::SequenceNumber sequence) {
    const auto report = ReportOf(std::get<domain::NewOrder>(command.body), domain::OrderId(3));
    return domain::CommandResult{sequence,
                                 0,
                                 {FillOf(report, domain::TradeId(8), domain::Quantity(50'000),
                                         domain::Amount(2'500'000'000'000), domain::OrderStatus::kFilled)}};
  });
  const RestAnswer answer = PostOrder(Limit());
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.body.at("status"), "FILLED");
  EXPECT_EQ(answer.body.at("executedQuantity"), "0.5");
  EXPECT_EQ(answer.body.at("averagePrice"), "50000");
  EXPECT_EQ(answer.body.at("fills"),
            json::parse(
                R"([{"tradeId": "8", "price": "50000", "quantity": "0.5", "fee": "0.00000001", "feeAsset": "BTC"}])"));
}

TEST_F(RestOrdersTest, AnOrderWithoutANameGetsOne) {
  StartGateway();
  json order = Limit();
  order.erase("clientOrderId");
  const RestAnswer first = PostOrder(order);
  const RestAnswer second = PostOrder(order);
  ASSERT_EQ(first.status, 200);
  EXPECT_FALSE(first.body.at("clientOrderId").get<std::string>().empty());
  EXPECT_NE(first.body.at("clientOrderId"), second.body.at("clientOrderId"));
}

TEST_F(RestOrdersTest, CancelsByEitherName) {
  StartGateway();
  const RestAnswer by_id = Signed("DELETE", "/v1/order/55");
  ASSERT_EQ(by_id.status, 200) << by_id.body;
  EXPECT_EQ(by_id.body.at("status"), "CANCELED");
  EXPECT_EQ(by_id.body.at("orderId"), "55");
  const RestAnswer by_name = Signed("DELETE", "/v1/order?clientOrderId=mine%2F1");
  ASSERT_EQ(by_name.status, 200) << by_name.body;
  EXPECT_EQ(by_name.body.at("clientOrderId"), "mine/1");
  const auto commands = sequencing_.commands();
  ASSERT_EQ(commands.size(), 2u);
  EXPECT_EQ(std::get<domain::CancelOrder>(commands[0].body).order_id, domain::OrderId(55));
  EXPECT_EQ(std::get<domain::CancelOrder>(commands[1].body).client_order_id.view(), "mine/1");
}

// What the first command of a resent order did, and what came after it.
class ResentOrderTest : public RestOrdersTest {
 protected:
  void AddFirstResult() {
    domain::NewOrder order;
    order.account = domain::AccountId(1);
    order.symbol = kBtcUsdt;
    order.side = domain::Side::kBuy;
    order.type = domain::OrderType::kLimit;
    order.time_in_force = domain::TimeInForce::kGtc;
    order.price = domain::Price(5'000'000);
    order.quantity = domain::Quantity(50'000);
    order.client_order_id = *domain::ClientOrderId::From("mine-1");
    const auto entered = ReportOf(order, domain::OrderId(3));
    const auto first = FillOf(entered, domain::TradeId(8), domain::Quantity(10'000), domain::Amount(500'000'000'000),
                              domain::OrderStatus::kPartiallyFilled);
    const auto second = FillOf(first, domain::TradeId(9), domain::Quantity(10'000), domain::Amount(500'000'000'000),
                               domain::OrderStatus::kPartiallyFilled);
    const auto later = FillOf(second, domain::TradeId(10), domain::Quantity(30'000), domain::Amount(1'500'000'000'000),
                              domain::OrderStatus::kFilled);
    history_.AddFill({{domain::SequenceNumber(50), 1}, 5, first});
    history_.AddFill({{domain::SequenceNumber(50), 3}, 5, second});
    history_.AddFill({{domain::SequenceNumber(60), 1}, 6, later});
    history_.AddOrder({later, domain::SequenceNumber(50), domain::SequenceNumber(60), 5'000'000, 6'000'000,
                       domain::OrderStatus::kPartiallyFilled, domain::Quantity(20'000),
                       domain::Amount(1'000'000'000'000)});
    sequencing_.set_answer([](const domain::Command&, domain::SequenceNumber sequence) {
      return RefusedResult(sequence, domain::RejectReason::kNone, "", domain::SequenceNumber(50));
    });
  }
};

TEST_F(ResentOrderTest, GetsTheFirstResult) {
  AddFirstResult();
  StartGateway();
  const RestAnswer answer = PostOrder(Limit());
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.headers.Get("X-XT-Resent"), "true");
  EXPECT_EQ(answer.body.at("orderId"), "3");
  EXPECT_EQ(answer.body.at("sequence"), 50);
  EXPECT_EQ(answer.body.at("time"), 5);
  EXPECT_EQ(answer.body.at("status"), "PARTIALLY_FILLED");
  EXPECT_EQ(answer.body.at("executedQuantity"), "0.2");
  EXPECT_EQ(answer.body.at("executedQuoteQuantity"), "10000");
  ASSERT_EQ(answer.body.at("fills").size(), 2u);
  EXPECT_EQ(answer.body.at("fills")[0].at("tradeId"), "8");
  EXPECT_EQ(answer.body.at("fills")[1].at("tradeId"), "9");
}

TEST_F(ResentOrderTest, IsUnknownWhileItsResultCannotBeRead) {
  AddFirstResult();
  StartGateway();
  ASSERT_EQ(Signed("GET", "/v1/account").status, 200);  // the key is known from now on
  history_.set_status(absl::UnavailableError("lagging"));
  ExpectRefusal(PostOrder(Limit()), 504, "UNKNOWN_OUTCOME");
}

TEST_F(RestOrdersTest, AnswersOfTheExchangeArePassedOn) {
  StartGateway();
  struct Case {
    domain::RejectReason reason;
    const char* field;
    int status;
    const char* code;
  };
  for (const Case& refusal :
       {Case{domain::RejectReason::kInsufficientBalance, "quantity", 422, "INSUFFICIENT_BALANCE"},
        Case{domain::RejectReason::kDuplicateClientOrderId, "clientOrderId", 409, "DUPLICATE_CLIENT_ORDER_ID"},
        Case{domain::RejectReason::kSymbolHalted, "symbol", 409, "SYMBOL_HALTED"},
        Case{domain::RejectReason::kUnsupportedOrderType, "type", 422, "UNSUPPORTED_ORDER_TYPE"},
        Case{domain::RejectReason::kWouldMatch, "price", 422, "WOULD_MATCH"},
        Case{domain::RejectReason::kWouldTrigger, "stopPrice", 422, "WOULD_TRIGGER"},
        Case{domain::RejectReason::kMaxOpenOrders, "", 422, "MAX_OPEN_ORDERS"},
        Case{domain::RejectReason::kAccountFrozen, "account", 422, "ACCOUNT_FROZEN"},
        Case{domain::RejectReason::kNoLiquidity, "", 422, "NO_LIQUIDITY"}}) {
    sequencing_.set_answer([&](const domain::Command&, domain::SequenceNumber sequence) {
      return RefusedResult(sequence, refusal.reason, refusal.field);
    });
    ExpectRefusal(PostOrder(Limit()), refusal.status, refusal.code, refusal.field);
  }
  sequencing_.set_answer([](const domain::Command&, domain::SequenceNumber sequence) {
    return RefusedResult(sequence, domain::RejectReason::kUnknownOrder);
  });
  ExpectRefusal(Signed("DELETE", "/v1/order/55"), 404, "UNKNOWN_ORDER");
}

TEST_F(RestOrdersTest, WhatWasNotAcceptedAndWhatIsUnknownAreKeptApart) {
  StartGateway();
  struct Case {
    absl::Status status;
    int http_status;
    const char* code;
  };
  for (const Case& failure : {Case{absl::ResourceExhaustedError("full"), 503, "BACKPRESSURE"},
                              Case{absl::UnavailableError("no leader"), 503, "UNAVAILABLE"},
                              Case{absl::UnknownError("connection lost"), 504, "UNKNOWN_OUTCOME"},
                              Case{absl::InternalError("?"), 504, "UNKNOWN_OUTCOME"}}) {
    sequencing_.set_answer([&](const domain::Command&, domain::SequenceNumber) { return failure.status; });
    ExpectRefusal(PostOrder(Limit()), failure.http_status, failure.code);
  }
}

TEST_F(RestOrdersTest, WithoutAnAnswerInTimeTheOutcomeIsUnknown) {
  config_.order_timeout_ms = 1'000;  // also what the second order has, on a machine that may stand still
  sequencing_.set_hold(true);
  StartGateway();
  ExpectRefusal(PostOrder(Limit()), 504, "UNKNOWN_OUTCOME");
  sequencing_.Release();  // too late: nobody is told twice
  sequencing_.set_hold(false);
  EXPECT_EQ(PostOrder(Limit()).status, 200);
}

TEST_F(RestOrdersTest, TooManyWaitingOrdersAreRefused) {
  config_.order_max_pending = 1;
  sequencing_.set_hold(true);
  StartGateway();
  RestAnswer first;
  std::thread waiting([&] {
    http::Client client(http::testing::Patient(app_->rest_port()));
    const auto response = client.Send(SignedRequest("POST", "/v1/order", Limit().dump()));
    if (response.ok()) first.status = response->status;
  });
  ASSERT_TRUE(sequencing_.WaitForCommands(1));
  ExpectRefusal(PostOrder(Limit()), 503, "BACKPRESSURE");
  sequencing_.Release();
  waiting.join();
  EXPECT_EQ(first.status, 200);
  EXPECT_EQ(sequencing_.submitted(), 1u);
}

TEST_F(RestOrdersTest, AMarketIsRefusedOnlyAfterALookAtThePresent) {
  StartGateway();
  json order = Limit();
  order["symbol"] = "BTC-NEW";
  ExpectRefusal(PostOrder(order), 400, "UNKNOWN_SYMBOL", "symbol");
  ports::ReferenceData data = DemoReferenceData();
  data.symbols.push_back(data.symbols[0]);
  data.symbols[2].id = domain::SymbolId(2);
  data.symbols[2].code = *domain::SymbolCode::From("BTC-NEW");
  matching_.set_data(absl::UnavailableError("catching up"));
  ExpectRefusal(PostOrder(order), 503, "UNAVAILABLE");
  ExpectRefusal(Get("/v1/market/BTC-NEW/book"), 503, "UNAVAILABLE");
  ExpectRefusal(Signed("GET", "/v1/orders?symbol=BTC-NEW"), 503, "UNAVAILABLE");
  matching_.set_data(data);
  const int calls = matching_.calls();
  EXPECT_EQ(PostOrder(order).status, 200);
  EXPECT_EQ(matching_.calls(), calls + 1);
  EXPECT_EQ(PostOrder(order).status, 200);
  EXPECT_EQ(matching_.calls(), calls + 1) << "a market that is known needs no look";
}

TEST_F(RestOrdersTest, IsNotReadyWithoutReferenceData) {
  matching_.set_data(absl::UnavailableError("starting"));
  StartGateway(/*ready=*/false);
  health_.SetState(runtime::ServingState::kServing);
  EXPECT_FALSE(health_.Ready());
  ExpectRefusal(PostOrder(Limit()), 503, "UNAVAILABLE");
  EXPECT_EQ(sequencing_.submitted(), 0u);
}

TEST_F(RestOrdersTest, DrainingAnswersWhatIsUnderWayAndTakesNothingNew) {
  sequencing_.set_hold(true);
  StartGateway();
  RestAnswer first;
  std::thread waiting([&] {
    http::Client client(http::testing::Patient(app_->rest_port()));
    const auto response = client.Send(SignedRequest("POST", "/v1/order", Limit().dump()));
    if (response.ok()) first.status = response->status;
  });
  ASSERT_TRUE(sequencing_.WaitForCommands(1));
  app_->Drain(std::chrono::steady_clock::now());
  ExpectRefusal(PostOrder(Limit()), 503, "UNAVAILABLE");
  sequencing_.Release();
  waiting.join();
  EXPECT_EQ(first.status, 200);
  EXPECT_EQ(sequencing_.submitted(), 1u);
}

TEST_F(RestOrdersTest, StoppingAnswersWhatStillWaits) {
  sequencing_.set_hold(true);
  StartGateway();
  RestAnswer first;
  std::thread waiting([&] {
    http::Client client(http::testing::Patient(app_->rest_port()));
    const auto response = client.Send(SignedRequest("POST", "/v1/order", Limit().dump()));
    if (response.ok()) first.status = response->status;
  });
  ASSERT_TRUE(sequencing_.WaitForCommands(1));
  app_->Stop();
  waiting.join();
  EXPECT_EQ(first.status, 504);
  sequencing_.Release();  // comes to nobody
}

TEST_F(RestOrdersTest, ManyClientsAtOnceGetTheirOwnAnswers) {
  StartGateway();
  constexpr int kClients = 4;
  constexpr int kOrders = 50;
  std::atomic<int> right{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kClients; ++t) {
    threads.emplace_back([&, t] {
      http::Client client(http::testing::Patient(app_->rest_port()));
      for (int i = 0; i < kOrders; ++i) {
        json order = Limit();
        order["clientOrderId"] = "c-" + std::to_string(t) + "-" + std::to_string(i);
        const auto response = client.Send(SignedRequest("POST", "/v1/order", order.dump(), 1 + t % 2));
        if (!response.ok() || response->status != 200) continue;
        if (json::parse(response->body).at("clientOrderId") == order["clientOrderId"]) ++right;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, kClients * kOrders);
  EXPECT_LE(history_.key_lookups(), kClients) << "a key in memory is not asked for again";
}

}  // namespace
}  // namespace xt::gateway::testing
