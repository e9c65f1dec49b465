// Amendments, batches, cancel-replace, cancel all and countdowns by REST.
#include <gtest/gtest.h>

#include "libs/http/testing.h"
#include "services/gateway/testing/rest_fixture.h"

namespace xt::gateway::testing {
namespace {

using nlohmann::json;

class RestOrderListsTest : public GatewayFixture {
 protected:
  template <typename Body>
  Body Command(std::size_t i) const {
    const auto commands = sequencing_.commands();
    if (i >= commands.size() || !std::holds_alternative<Body>(commands[i].body)) {
      ADD_FAILURE() << "no such command";
      return {};
    }
    return std::get<Body>(commands[i].body);
  }
  // An order of account 1 in BTC-KRW, where a lot is 0.0001.
  void AddOrder() {
    domain::NewOrder order;
    order.account = domain::AccountId(1);
    order.symbol = kBtcKrw;
    order.side = domain::Side::kBuy;
    order.price = domain::Price(5);
    order.quantity = domain::Quantity(50'000);
    order.client_order_id = *domain::ClientOrderId::From("mine-1");
    ports::OrderRow row;
    row.report = ReportOf(order, domain::OrderId(3));
    history_.AddOrder(row);
  }
  void RefuseEverything(domain::RejectReason reason, std::string field) {
    sequencing_.set_answer([reason, field](const domain::Command&, domain::SequenceNumber sequence) {
      return RefusedResult(sequence, reason, field);
    });
  }
};

TEST_F(RestOrderListsTest, AnAmendmentIsInLotsOfTheOrdersMarket) {
  AddOrder();
  StartGateway();
  const RestAnswer by_id = Signed("PATCH", "/v1/order/3", R"({"quantity": "0.5"})");
  ASSERT_EQ(by_id.status, 200) << by_id.body;
  EXPECT_EQ(by_id.body.at("orderId"), "3");
  EXPECT_EQ(by_id.body.at("status"), "NEW");
  const RestAnswer by_name = Signed("PATCH", "/v1/order?clientOrderId=mine-1", R"({"quantity": "0.0001"})");
  ASSERT_EQ(by_name.status, 200) << by_name.body;
  const auto account = domain::AccountId(1);
  EXPECT_EQ(Command<domain::AmendOrder>(0),
            (domain::AmendOrder{account, domain::OrderId(3), {}, domain::Quantity(5'000)}));
  EXPECT_EQ(Command<domain::AmendOrder>(1), (domain::AmendOrder{account, domain::OrderId(3), {}, domain::Quantity(1)}));
  EXPECT_NE(metrics_.Text().find(R"(op="amend")"), std::string::npos);
}

TEST_F(RestOrderListsTest, AmendmentsThatBreakARule) {
  AddOrder();
  StartGateway();
  const std::string good = R"({"quantity": "0.5"})";
  ExpectRefusal(Signed("PATCH", "/v1/order/4", good), 404, "UNKNOWN_ORDER", "orderId");
  ExpectRefusal(Signed("PATCH", "/v1/order/3", good, /*account=*/2), 404, "UNKNOWN_ORDER", "orderId");
  ExpectRefusal(Signed("PATCH", "/v1/order?clientOrderId=x", good), 404, "UNKNOWN_ORDER", "clientOrderId");
  ExpectRefusal(Signed("PATCH", "/v1/order/x", good), 400, "INVALID_VALUE", "orderId");
  ExpectRefusal(Signed("PATCH", "/v1/order", good), 400, "MISSING_FIELD", "clientOrderId");
  ExpectRefusal(Signed("PATCH", "/v1/order/3", "{}"), 400, "MISSING_FIELD", "quantity");
  ExpectRefusal(Signed("PATCH", "/v1/order/3", R"({"quantity": 1})"), 400, "INVALID_VALUE", "quantity");
  ExpectRefusal(Signed("PATCH", "/v1/order/3", R"({"quantity": "0"})"), 400, "NOT_POSITIVE", "quantity");
  ExpectRefusal(Signed("PATCH", "/v1/order/3", R"({"quantity": "0.00001"})"), 400, "LOT_SIZE", "quantity");
  ExpectRefusal(Signed("PATCH", "/v1/order/3", R"({"price": "1"})"), 400, "UNKNOWN_FIELD", "price");
  EXPECT_EQ(sequencing_.submitted(), 0u);
  RefuseEverything(domain::RejectReason::kInvalidValue, "quantity");
  ExpectRefusal(Signed("PATCH", "/v1/order/3", R"({"quantity": "9"})"), 400, "INVALID_VALUE", "quantity");
  history_.set_status(absl::UnavailableError("lagging"));
  ExpectRefusal(Signed("PATCH", "/v1/order/3", good), 503, "UNAVAILABLE");
}

TEST_F(RestOrderListsTest, EachOrderOfABatchHasItsOwnResult) {
  StartGateway();
  sequencing_.set_answer([](const domain::Command& command, domain::SequenceNumber sequence) {
    const auto& order = std::get<domain::NewOrder>(command.body);
    if (order.client_order_id.view() == "refused") {
      return RefusedResult(sequence, domain::RejectReason::kWouldMatch, "price");
    }
    return domain::CommandResult{sequence, 0, {ReportOf(order, domain::OrderId(sequence.value()))}};
  });
  json wrong = Limit();
  wrong["price"] = "0";
  json refused = Limit();
  refused["clientOrderId"] = "refused";
  json other = Limit();
  other["clientOrderId"] = "other";
  json unknown = Limit();
  unknown["comment"] = "hello";
  json elsewhere = Limit();
  elsewhere["symbol"] = "NO-SUCH";
  const json batch{{"orders", {Limit(), wrong, refused, unknown, elsewhere, other}}};
  const RestAnswer answer = Signed("POST", "/v1/orders", batch.dump());
  ASSERT_EQ(answer.status, 200) << answer.body;
  const json& results = answer.body.at("results");
  ASSERT_EQ(results.size(), 6u);
  EXPECT_EQ(results[0].at("clientOrderId"), "mine-1");
  EXPECT_EQ(results[0].at("status"), "NEW");
  EXPECT_EQ(results[1].at("code"), "NOT_POSITIVE");
  EXPECT_EQ(results[1].at("field"), "price");
  EXPECT_EQ(results[2].at("code"), "WOULD_MATCH");
  EXPECT_EQ(results[3].at("code"), "UNKNOWN_FIELD");
  EXPECT_EQ(results[4].at("code"), "UNKNOWN_SYMBOL");
  EXPECT_EQ(results[5].at("clientOrderId"), "other");
  EXPECT_EQ(sequencing_.submitted(), 3u);
  EXPECT_EQ(Command<domain::NewOrder>(2).client_order_id.view(), "other");
}

TEST_F(RestOrderListsTest, ABatchIsHandedOverAsAWholeBeforeAnyAnswer) {
  sequencing_.set_hold(true);
  StartGateway();
  json orders = json::array();
  for (int i = 0; i < 20; ++i) {
    json order = Limit();
    order["clientOrderId"] = "c-" + std::to_string(i);
    orders.push_back(order);
  }
  RestAnswer answer;
  std::thread waiting([&] {
    http::Client client(http::testing::Patient(app_->rest_port()));
    const auto response = client.Send(SignedRequest("POST", "/v1/orders", json{{"orders", orders}}.dump()));
    if (response.ok()) answer = {response->status, json::parse(response->body), {}};
  });
  ASSERT_TRUE(sequencing_.WaitForCommands(20));
  sequencing_.Release();
  waiting.join();
  ASSERT_EQ(answer.status, 200);
  for (std::size_t i = 0; i < 20; ++i) {
    EXPECT_EQ(answer.body.at("results")[i].at("clientOrderId"), "c-" + std::to_string(i));
  }
}

TEST_F(RestOrderListsTest, ABatchThatIsNone) {
  StartGateway();
  ExpectRefusal(Signed("POST", "/v1/orders", "[]"), 400, "MALFORMED_REQUEST");
  ExpectRefusal(Signed("POST", "/v1/orders", "{}"), 400, "MISSING_FIELD", "orders");
  ExpectRefusal(Signed("POST", "/v1/orders", R"({"orders": []})"), 400, "INVALID_VALUE", "orders");
  json orders = json::array();
  for (int i = 0; i < 21; ++i) orders.push_back(Limit());
  ExpectRefusal(Signed("POST", "/v1/orders", json{{"orders", orders}}.dump()), 400, "INVALID_VALUE", "orders");
  EXPECT_EQ(sequencing_.submitted(), 0u);
}

class RestReplaceTest : public RestOrderListsTest {
 protected:
  static json Replacement() {
    json body = Limit();
    body["cancelOrderId"] = "55";
    body["cancelReplaceMode"] = "STOP_ON_FAILURE";
    return body;
  }
  RestAnswer Post(const json& body) { return Signed("POST", "/v1/order/replace", body.dump()); }
};

TEST_F(RestReplaceTest, BothResultsAreShown) {
  StartGateway();
  const RestAnswer answer = Post(Replacement());
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.body.at("sequence"), 101);
  EXPECT_EQ(answer.body.at("cancel").at("orderId"), "55");
  EXPECT_EQ(answer.body.at("cancel").at("status"), "CANCELED");
  EXPECT_EQ(answer.body.at("order").at("clientOrderId"), "mine-1");
  EXPECT_EQ(answer.body.at("order").at("status"), "NEW");
  const auto replace = Command<domain::CancelReplace>(0);
  EXPECT_EQ(replace.cancel_order_id, domain::OrderId(55));
  EXPECT_EQ(replace.mode, domain::ReplaceMode::kStopOnFailure);
  EXPECT_EQ(replace.order.price, domain::Price(5'000'000));
}

TEST_F(RestReplaceTest, TheCancelStandsWhenTheOrderIsRefused) {
  StartGateway();
  sequencing_.set_answer([](const domain::Command& command, domain::SequenceNumber sequence) {
    const auto& replace = std::get<domain::CancelReplace>(command.body);
    auto canceled = ReportOf(replace.order, replace.cancel_order_id);
    canceled.execution_type = domain::ExecutionType::kCanceled;
    canceled.status = domain::OrderStatus::kCanceled;
    auto result = RefusedResult(sequence, domain::RejectReason::kInsufficientBalance, "quantity");
    result.events.insert(result.events.begin(), canceled);
    return result;
  });
  const RestAnswer answer = Post(Replacement());
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.body.at("cancel").at("status"), "CANCELED");
  EXPECT_EQ(answer.body.at("order").at("code"), "INSUFFICIENT_BALANCE");
  EXPECT_EQ(answer.body.at("order").at("field"), "quantity");
}

TEST_F(RestReplaceTest, RefusedAsAWhole) {
  StartGateway();
  RefuseEverything(domain::RejectReason::kUnknownOrder, "cancelOrderId");
  ExpectRefusal(Post(Replacement()), 404, "UNKNOWN_ORDER", "cancelOrderId");
}

TEST_F(RestReplaceTest, AResentOneGetsTheFirstResultOfItsOrder) {
  AddOrder();
  StartGateway();
  sequencing_.set_answer([](const domain::Command&, domain::SequenceNumber sequence) {
    return RefusedResult(sequence, domain::RejectReason::kNone, "", domain::SequenceNumber(0));
  });
  const RestAnswer answer = Post(Replacement());
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.headers.Get("X-XT-Resent"), "true");
  EXPECT_TRUE(answer.body.at("cancel").is_null());
  EXPECT_EQ(answer.body.at("order").at("orderId"), "3");
}

TEST_F(RestReplaceTest, FieldsThatBreakARule) {
  StartGateway();
  struct Case {
    json change;
    const char* code;
    const char* field;
  };
  for (const Case& bad :
       {Case{{{"cancelOrderId", "x"}}, "INVALID_VALUE", "cancelOrderId"},
        Case{{{"cancelClientOrderId", "x"}}, "INVALID_COMBINATION", "cancelClientOrderId"},
        Case{{{"cancelReplaceMode", "MAYBE"}}, "INVALID_VALUE", "cancelReplaceMode"},
        Case{{{"symbol", "NO-SUCH"}}, "UNKNOWN_SYMBOL", "symbol"}, Case{{{"price", "0"}}, "NOT_POSITIVE", "price"},
        Case{{{"orderId", "1"}}, "UNKNOWN_FIELD", "orderId"}}) {
    json body = Replacement();
    body.update(bad.change);
    ExpectRefusal(Post(body), 400, bad.code, bad.field);
  }
  for (const char* field : {"cancelOrderId", "cancelReplaceMode", "symbol", "side", "quantity"}) {
    json body = Replacement();
    body.erase(field);
    ExpectRefusal(Post(body), 400, "MISSING_FIELD", field);
  }
  EXPECT_EQ(sequencing_.submitted(), 0u);
}

TEST_F(RestOrderListsTest, CancelsAllOfASymbolOrAGroup) {
  StartGateway();
  const RestAnswer all = Signed("DELETE", "/v1/orders");
  ASSERT_EQ(all.status, 200) << all.body;
  EXPECT_EQ(all.body.at("count"), 2);
  EXPECT_EQ(all.body.at("orderIds"), json::parse(R"(["5", "3"])"));
  EXPECT_EQ(Signed("DELETE", "/v1/orders?symbol=BTC-KRW").status, 200);
  EXPECT_EQ(Signed("DELETE", "/v1/orders?group=4294967295&symbol=BTC-USDT").status, 200);
  const auto account = domain::AccountId(1);
  EXPECT_EQ(Command<domain::CancelAll>(0), (domain::CancelAll{account, domain::kAllSymbols, {}}));
  EXPECT_EQ(Command<domain::CancelAll>(1), (domain::CancelAll{account, kBtcKrw, {}}));
  EXPECT_EQ(Command<domain::CancelAll>(2), (domain::CancelAll{account, kBtcUsdt, domain::OrderGroup(4'294'967'295)}));
  ExpectRefusal(Signed("DELETE", "/v1/orders?symbol=NO-SUCH"), 400, "UNKNOWN_SYMBOL", "symbol");
  ExpectRefusal(Signed("DELETE", "/v1/orders?group=0"), 400, "INVALID_VALUE", "group");
  ExpectRefusal(Signed("DELETE", "/v1/orders?group=4294967296"), 400, "INVALID_VALUE", "group");
  ExpectRefusal(Signed("DELETE", "/v1/orders?side=BUY"), 400, "UNKNOWN_FIELD", "side");
  EXPECT_EQ(sequencing_.submitted(), 3u);
}

TEST_F(RestOrderListsTest, ArmsAndDisarmsACountdown) {
  StartGateway();
  const RestAnswer armed = Signed("POST", "/v1/countdown", R"({"timeoutMs": 5000, "group": 7})");
  ASSERT_EQ(armed.status, 200) << armed.body;
  EXPECT_EQ(armed.body, json::parse(R"({"group": 7, "timeoutMs": 5000, "deadline": 1700000005123, "sequence": 101,
                                        "time": 1700000000123})"));
  const RestAnswer disarmed = Signed("POST", "/v1/countdown", R"({"timeoutMs": 0})");
  EXPECT_TRUE(disarmed.body.at("deadline").is_null());
  EXPECT_EQ(Command<domain::SetCountdown>(0),
            (domain::SetCountdown{domain::AccountId(1), domain::OrderGroup(7), 5'000}));
  ExpectRefusal(Signed("POST", "/v1/countdown", "{}"), 400, "MISSING_FIELD", "timeoutMs");
  ExpectRefusal(Signed("POST", "/v1/countdown", R"({"timeoutMs": -1})"), 400, "INVALID_VALUE", "timeoutMs");
  ExpectRefusal(Signed("POST", "/v1/countdown", R"({"timeoutMs": 86400001})"), 400, "INVALID_VALUE", "timeoutMs");
  ExpectRefusal(Signed("POST", "/v1/countdown", R"({"timeoutMs": 1, "group": -1})"), 400, "INVALID_VALUE", "group");
  RefuseEverything(domain::RejectReason::kCapacity, "group");
  ExpectRefusal(Signed("POST", "/v1/countdown", R"({"timeoutMs": 1})"), 503, "CAPACITY", "group");
}

}  // namespace
}  // namespace xt::gateway::testing
