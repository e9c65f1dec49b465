// Amendments, cancel-replace, batches, cancel all, countdowns, cancel on disconnect and the commands of operators, in a
// running exchange.

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "tests/e2e/order_stream.h"
#include "tests/e2e/private_stream.h"
#include "tests/support/standalone.h"
#include "xtrader/v1/journal.pb.h"

namespace xt::test {
namespace {

namespace pb = xtrader::v1;
using nlohmann::json;

constexpr const char* kOperatorSecret = "operator-of-this-test";

class OrderListsTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(exchange_.Start()) << exchange_.output(); }

  static json Bid(const std::string& price, const std::string& quantity, const json& more = json::object()) {
    json order = LimitOrder("ETH-USDT", "BUY", price, quantity);
    order.update(more);
    return order;
  }
  static json Ask(SignedClient& client, std::string_view method, const std::string& target, const json& body,
                  int status = 200) {
    const auto answer = client.Send(method, target, body.is_null() ? "" : body.dump());
    EXPECT_TRUE(answer.ok()) << answer.status();
    if (!answer.ok()) return json::object();
    EXPECT_EQ(answer->status, status) << method << target << answer->body;
    return answer->body;
  }
  static json Enter(SignedClient& client, const json& order) { return Ask(client, "POST", "/v1/order", order); }
  static std::string StatusOf(SignedClient& client, const json& entered) {
    return Ask(client, "GET", "/v1/order/" + entered.value("orderId", "0"), nullptr).value("status", "");
  }
  pb::OperatorServiceSubmitResponse Operate(const pb::Command& command) {
    pb::OperatorServiceSubmitRequest request;
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    request.set_timestamp_ms(std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
    request.set_command(command.SerializeAsString());
    request.set_signature(
        Sign(kOperatorSecret, std::to_string(request.timestamp_ms()) + "OPERATOR" + request.command()));
    grpc::ClientContext context;
    pb::OperatorServiceSubmitResponse response;
    const auto stub =
        pb::OperatorService::NewStub(grpc::CreateChannel(exchange_.grpc(), grpc::InsecureChannelCredentials()));
    const grpc::Status status = stub->Submit(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }

  Standalone exchange_{{"--gateway.operator.secret", kOperatorSecret, "--gateway.orders.disconnect-timeout-ms", "500"}};
};

TEST_F(OrderListsTest, AnAmendmentLowersTheQuantityAndKeepsThePlace) {
  SignedClient first = exchange_.client(0);
  SignedClient second = exchange_.client(1);
  const json early = Enter(first, Bid("1900", "1", {{"clientOrderId", "early"}}));
  const json late = Enter(first, Bid("1900", "1"));
  const json amended = Ask(first, "PATCH", "/v1/order/" + early.value("orderId", ""), {{"quantity", "0.6"}});
  EXPECT_EQ(amended.value("quantity", ""), "0.6");
  EXPECT_EQ(amended.value("status", ""), "NEW");
  EXPECT_EQ(Ask(first, "PATCH", "/v1/order?clientOrderId=early", {{"quantity", "0.5"}}).value("quantity", ""), "0.5");
  EXPECT_EQ(Ask(first, "PATCH", "/v1/order?clientOrderId=early", {{"quantity", "0.7"}}, 400).value("field", ""),
            "quantity");
  Ask(second, "PATCH", "/v1/order/" + early.value("orderId", ""), {{"quantity", "0.1"}}, 404);
  const json sale = Enter(second, LimitOrder("ETH-USDT", "SELL", "1900", "0.5"));
  EXPECT_EQ(sale.value("status", ""), "FILLED");
  EXPECT_EQ(StatusOf(first, early), "FILLED");
  EXPECT_EQ(StatusOf(first, late), "NEW");
}

TEST_F(OrderListsTest, AReplacementIsTwoResults) {
  SignedClient client = exchange_.client(0);
  const json first = Enter(client, Bid("1900", "1"));
  json body = Bid("1910", "1");
  body["cancelOrderId"] = first.at("orderId");
  body["cancelReplaceMode"] = "STOP_ON_FAILURE";
  const json replaced = Ask(client, "POST", "/v1/order/replace", body);
  EXPECT_EQ(replaced.at("cancel").value("status", ""), "CANCELED");
  EXPECT_EQ(replaced.at("order").value("status", ""), "NEW");
  EXPECT_EQ(StatusOf(client, first), "CANCELED");
  // The order to cancel is gone.
  const json refused = Ask(client, "POST", "/v1/order/replace", body, 404);
  EXPECT_EQ(refused.value("code", ""), "UNKNOWN_ORDER");
  EXPECT_EQ(refused.value("field", ""), "cancelOrderId");
  body["cancelReplaceMode"] = "ALLOW_FAILURE";
  const json entered = Ask(client, "POST", "/v1/order/replace", body);
  EXPECT_EQ(entered.at("cancel").value("code", ""), "UNKNOWN_ORDER");
  EXPECT_EQ(entered.at("order").value("status", ""), "NEW");
  // A cancel that was done stays done.
  body["cancelOrderId"] = entered.at("order").at("orderId");
  body["quantity"] = "100000";
  const json half = Ask(client, "POST", "/v1/order/replace", body);
  EXPECT_EQ(half.at("cancel").value("status", ""), "CANCELED");
  EXPECT_EQ(half.at("order").value("code", ""), "INSUFFICIENT_BALANCE");
  EXPECT_EQ(StatusOf(client, entered.at("order")), "CANCELED");
}

TEST_F(OrderListsTest, ABatchAndACancelOfAll) {
  SignedClient client = exchange_.client(0);
  json orders = json::array();
  for (int i = 0; i < 20; ++i) orders.push_back(Bid(std::to_string(1'800 + i), "0.1", {{"group", 1 + i % 2}}));
  orders[3]["price"] = "0";
  orders[5]["quantity"] = "100000";
  const json results = Ask(client, "POST", "/v1/orders", {{"orders", orders}}).at("results");
  ASSERT_EQ(results.size(), 20u);
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (i == 3) {
      EXPECT_EQ(results[i].value("code", ""), "NOT_POSITIVE");
    } else if (i == 5) {
      EXPECT_EQ(results[i].value("code", ""), "INSUFFICIENT_BALANCE");
    } else {
      EXPECT_EQ(results[i].value("price", ""), orders[i].at("price")) << results[i];
    }
  }
  const json other = Enter(client, LimitOrder("BTC-USDT", "BUY", "1000", "0.01"));
  const json group = Ask(client, "DELETE", "/v1/orders?group=2&symbol=ETH-USDT", nullptr);
  EXPECT_EQ(group.at("count"), 8);
  EXPECT_EQ(group.at("orderIds")[0], results[1].at("orderId"));
  EXPECT_EQ(StatusOf(client, results[1]), "CANCELED");
  EXPECT_EQ(StatusOf(client, results[0]), "NEW");
  EXPECT_EQ(Ask(client, "DELETE", "/v1/orders?symbol=ETH-USDT", nullptr).at("count"), 10);
  const json last = Ask(client, "DELETE", "/v1/orders", nullptr);
  EXPECT_EQ(last.at("orderIds"), json::array({other.at("orderId")}));
  EXPECT_EQ(Ask(client, "DELETE", "/v1/orders", nullptr).at("count"), 0);
}

TEST_F(OrderListsTest, ACountdownCancelsWhatIsNotRenewed) {
  SignedClient client = exchange_.client(0);
  PrivateStream stream;
  ASSERT_TRUE(stream.Connect(exchange_, 0));
  const json guarded = Enter(client, Bid("1900", "1", {{"group", 7}}));
  const json free = Enter(client, Bid("1900", "1"));
  const json armed = Ask(client, "POST", "/v1/countdown", {{"timeoutMs", 300}, {"group", 7}});
  EXPECT_EQ(armed.at("deadline").get<std::int64_t>(), armed.at("time").get<std::int64_t>() + 300);
  const auto canceled = stream.Await(guarded.at("orderId"), "CANCELED");
  ASSERT_TRUE(canceled.has_value());
  EXPECT_GE(canceled->at("time").get<std::int64_t>(), armed.at("deadline").get<std::int64_t>());
  EXPECT_EQ(StatusOf(client, free), "NEW");
  EXPECT_TRUE(Ask(client, "POST", "/v1/countdown", {{"timeoutMs", 0}}).at("deadline").is_null());
}

pb::EnterOrder GrpcBid() {
  pb::EnterOrder order;
  order.set_symbol("ETH-USDT");
  order.set_side(pb::SIDE_BUY);
  order.set_type(pb::ORDER_TYPE_LIMIT);
  order.set_price_ticks(190'000);
  order.set_quantity_lots(10'000);
  return order;
}

TEST_F(OrderListsTest, EveryListCommandByGrpc) {
  OrderStream program(exchange_, 0);
  ASSERT_TRUE(program.logged_on());
  const auto first = program.Enter(GrpcBid()).result().report();
  OrderStream::Request request;
  request.mutable_amend_order()->set_order_id(first.order_id());
  request.mutable_amend_order()->set_quantity_lots(5'000);
  EXPECT_EQ(program.Ask(request).result().report().quantity_lots(), 5'000);
  request.mutable_replace_order()->set_cancel_order_id(first.order_id());
  request.mutable_replace_order()->set_mode(pb::REPLACE_MODE_STOP_ON_FAILURE);
  *request.mutable_replace_order()->mutable_order() = GrpcBid();
  const auto replaced = program.Ask(request);
  EXPECT_EQ(replaced.replaced().cancel().result().report().order_id(), first.order_id());
  const auto second = replaced.replaced().order().result().report();
  EXPECT_EQ(second.status(), pb::ORDER_STATUS_NEW) << replaced.ShortDebugString();
  request.mutable_arm_countdown()->set_timeout_ms(60'000);
  EXPECT_GT(program.Ask(request).countdown().deadline_ns(), 0);
  request.mutable_cancel_orders()->set_symbol("ETH-USDT");
  const auto canceled = program.Ask(request).canceled();
  ASSERT_EQ(canceled.order_ids_size(), 1);
  EXPECT_EQ(canceled.order_ids(0), second.order_id());
  EXPECT_TRUE(program.Close());
}

TEST_F(OrderListsTest, OrdersOfAStreamThatEndsAreCanceled) {
  PrivateStream stream;
  ASSERT_TRUE(stream.Connect(exchange_, 0));
  SignedClient client = exchange_.client(0);
  const json free = Enter(client, Bid("1900", "1"));
  for (const bool orderly : {true, false}) {
    std::string order_id;
    {
      OrderStream program(exchange_, 0, 7);
      ASSERT_TRUE(program.logged_on());
      const auto entered = program.Enter(GrpcBid());
      EXPECT_EQ(entered.result().report().order_group(), 7u) << entered.ShortDebugString();
      order_id = std::to_string(entered.result().report().order_id());
      if (orderly) {
        EXPECT_TRUE(program.Close());
      }
    }
    EXPECT_TRUE(stream.Await(order_id, "CANCELED").has_value()) << orderly;
  }
  EXPECT_EQ(StatusOf(client, free), "NEW");
}

TEST_F(OrderListsTest, OrdersOfAStreamAreCanceledWhenTheGatewayDies) {
  std::string order_id;
  {
    OrderStream program(exchange_, 0, 7);
    ASSERT_TRUE(program.logged_on());
    order_id = std::to_string(program.Enter(GrpcBid()).result().report().order_id());
    exchange_.Kill();
  }
  ASSERT_TRUE(exchange_.Start()) << exchange_.output();
  PrivateStream stream;
  ASSERT_TRUE(stream.Connect(exchange_, 0));
  SignedClient client = exchange_.client(0);
  Enter(client, Bid("1900", "0.01"));  // what is asked next is as new as this, and what comes later is told
  // It may have been cancelled before anybody could listen.
  if (StatusOf(client, {{"orderId", order_id}}) == "CANCELED") return;
  EXPECT_TRUE(stream.Await(order_id, "CANCELED").has_value());
}

TEST_F(OrderListsTest, OperatorsChangeAccountsAndMarkets) {
  SignedClient client = exchange_.client(0);
  // Accounts, assets and symbols have the ids of their definition: demo-1 is 1, KRW 0, USDT 1; ETH-USDT 3.
  pb::Command command;
  command.mutable_transfer()->set_account_id(1);
  command.mutable_transfer()->set_to_account_id(2);
  command.mutable_transfer()->set_asset_id(1);
  command.mutable_transfer()->set_amount(100'000'000);
  command.mutable_transfer()->set_reference("t-1");
  const auto moved = Operate(command);
  EXPECT_FALSE(moved.has_refusal()) << moved.ShortDebugString();
  const json balances = Ask(client, "GET", "/v1/account", nullptr).at("balances");
  for (const json& balance : balances) {
    if (balance.at("asset") != "USDT") continue;
    EXPECT_EQ(balance.at("available"), "9999999");
  }

  command.mutable_configure_account()->set_account_id(1);
  command.mutable_configure_account()->mutable_settings()->set_max_open_orders(1);
  command.mutable_configure_account()->mutable_settings()->set_order_interval_ms(1'000);
  EXPECT_FALSE(Operate(command).has_refusal());
  const json open = Enter(client, Bid("1900", "1"));
  EXPECT_EQ(Ask(client, "POST", "/v1/order", Bid("1900", "1"), 422).value("code", ""), "MAX_OPEN_ORDERS");

  command.mutable_set_symbol_limits()->set_symbol_id(3);
  command.mutable_set_symbol_limits()->mutable_limits()->set_max_notional(10'000'000'000);
  EXPECT_FALSE(Operate(command).has_refusal());
  Ask(client, "DELETE", "/v1/order/" + open.value("orderId", ""), nullptr);
  const json large = Ask(client, "POST", "/v1/order", Bid("1900", "1"), 422);
  EXPECT_EQ(large.value("code", ""), "MAX_NOTIONAL");
  EXPECT_EQ(large.value("field", ""), "quantity");

  command.mutable_set_account_status()->set_account_id(1);
  command.mutable_set_account_status()->set_status(pb::ACCOUNT_STATUS_FROZEN);
  EXPECT_FALSE(Operate(command).has_refusal());
  EXPECT_EQ(Ask(client, "POST", "/v1/order", Bid("1900", "0.01"), 422).value("code", ""), "ACCOUNT_FROZEN");
  command.mutable_set_account_status()->set_status(pb::ACCOUNT_STATUS_ACTIVE);
  EXPECT_FALSE(Operate(command).has_refusal());

  command.mutable_set_symbol_status()->set_symbol_id(3);
  command.mutable_set_symbol_status()->set_status(pb::SYMBOL_STATUS_HALTED);
  EXPECT_FALSE(Operate(command).has_refusal());
  EXPECT_EQ(Ask(client, "POST", "/v1/order", Bid("1900", "0.01"), 409).value("code", ""), "SYMBOL_HALTED");
  command.mutable_define_fee_tier()->mutable_tier()->set_id(16);
  const auto refused = Operate(command);
  EXPECT_EQ(refused.refusal().code(), "INVALID_VALUE") << refused.ShortDebugString();
}

}  // namespace
}  // namespace xt::test
