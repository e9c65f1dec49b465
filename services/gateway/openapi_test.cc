// The API description and the API are the same: every route is described, everything described is a route, and real
// answers of every operation conform.
#include "services/gateway/openapi.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "libs/domain/reject_reason.h"
#include "services/gateway/rest_api.h"
#include "services/gateway/testing/rest_fixture.h"
#include "services/gateway/testing/schema_check.h"

namespace xt::gateway::testing {
namespace {

using nlohmann::json;
using Operations = std::set<std::pair<std::string, std::string>>;  // "GET", "/v1/order"

std::string Lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

class OpenApiTest : public GatewayFixture {
 protected:
  void TearDown() override {
    if (seen_.empty()) return;
    Operations all;
    for (const RestApi::Route& route : RestApi::Routes()) all.emplace(route.method, route.pattern);
    EXPECT_EQ(seen_, all) << "every operation needs an answer that was checked";
  }

  const json& Operation(const std::string& method, const std::string& pattern) {
    return document_.at("paths").at(pattern).at(Lower(method));
  }

  void ExpectConforms(const std::string& method, const std::string& pattern, const RestAnswer& answer,
                      int status = 200) {
    ASSERT_EQ(answer.status, status) << method << " " << pattern << " " << answer.body;
    const json& responses = Operation(method, pattern).at("responses");
    const std::string key = responses.contains(std::to_string(status)) ? std::to_string(status) : "default";
    json response = responses.at(key);
    if (response.contains("$ref")) {
      response = document_.at(json::json_pointer(response.at("$ref").get<std::string>().substr(1)));
    }
    const json& schema = response.at("content").at("application/json").at("schema");
    for (const std::string& error : CheckSchema(document_, schema, answer.body)) {
      ADD_FAILURE() << method << " " << pattern << ": " << error << "\n" << answer.body.dump(2);
    }
    if (status == 200) seen_.emplace(method, pattern);
  }

  const json document_ = json::parse(OpenApiJson());
  Operations seen_;
};

TEST_F(OpenApiTest, IsTheFileInTheRepository) {
  std::ostringstream file;
  file << std::ifstream(std::string(XT_SOURCE_DIR) + "/services/gateway/openapi.json").rdbuf();
  EXPECT_EQ(file.str(), OpenApiJson());
  EXPECT_EQ(document_.at("openapi"), "3.0.3");
}

TEST_F(OpenApiTest, DescribesExactlyTheRoutes) {
  Operations routes;
  for (const RestApi::Route& route : RestApi::Routes()) {
    routes.emplace(route.method, route.pattern);
    const json& operation = Operation(std::string(route.method), std::string(route.pattern));
    EXPECT_EQ(operation.contains("security"), route.is_signed) << route.method << " " << route.pattern;
  }
  Operations described;
  std::set<std::string> ids;
  for (const auto& [path, methods] : document_.at("paths").items()) {
    for (const auto& [method, operation] : methods.items()) {
      std::string name = method;
      std::ranges::transform(name, name.begin(), [](char c) { return static_cast<char>(std::toupper(c)); });
      described.emplace(name, path);
      EXPECT_TRUE(ids.insert(operation.at("operationId")).second) << operation.at("operationId");
    }
  }
  EXPECT_EQ(described, routes);
}

TEST_F(OpenApiTest, ListsExactlyTheCodesOfRefusals) {
  std::set<std::string> codes;
  for (const domain::RejectReason reason : domain::AllRejectReasons()) codes.emplace(domain::RejectReasonCode(reason));
  const json& listed = document_.at("components").at("schemas").at("Refusal").at("properties").at("code").at("enum");
  EXPECT_EQ(std::set<std::string>(listed.begin(), listed.end()), codes);
}

TEST_F(OpenApiTest, DescribesExactlyTheFieldsOfAnOrder) {
  StartGateway();
  const json& schema = document_.at("components").at("schemas").at("NewOrder");
  for (const auto& [name, property] : schema.at("properties").items()) {
    json order = Limit();
    order[name] = json::array();
    ExpectRefusal(PostOrder(order), 400, "INVALID_VALUE", name);
  }
  EXPECT_EQ(CheckSchema(document_, schema, Limit()), std::vector<std::string>());
  json order = Limit();
  order["comment"] = "";
  EXPECT_FALSE(CheckSchema(document_, schema, order).empty());
}

TEST_F(OpenApiTest, DescribesExactlyTheFieldsOfTheOtherBodies) {
  StartGateway();
  struct Case {
    const char* schema;
    const char* method;
    const char* target;
  };
  for (const Case& body : {Case{"Replacement", "POST", "/v1/order/replace"}, Case{"Amendment", "PATCH", "/v1/order/3"},
                           Case{"Batch", "POST", "/v1/orders"}, Case{"Countdown", "POST", "/v1/countdown"}}) {
    const json& schema = document_.at("components").at("schemas").at(body.schema);
    for (const auto& [name, property] : schema.at("properties").items()) {
      ExpectRefusal(Signed(body.method, body.target, json{{name, 1.5}}.dump()), 400, "INVALID_VALUE", name);
    }
    ExpectRefusal(Signed(body.method, body.target, R"({"comment": ""})"), 400, "UNKNOWN_FIELD", "comment");
  }
}

TEST_F(OpenApiTest, AnswersOfEveryOperationConform) {
  StartGateway();
  sequencing_.set_answer([](const domain::Command& command, domain::SequenceNumber sequence) {
    const auto report = ReportOf(std::get<domain::NewOrder>(command.body), domain::OrderId(3));
    return domain::CommandResult{sequence,
                                 5'000'000,
                                 {FillOf(report, domain::TradeId(8), domain::Quantity(7), domain::Amount(350'000'000),
                                         domain::OrderStatus::kPartiallyFilled)}};
  });
  ExpectConforms("POST", "/v1/order", PostOrder(Limit()));
  json market = {{"symbol", "BTC-USDT"}, {"side", "SELL"}, {"type", "MARKET"}, {"quoteQuantity", "12.5"}};
  ExpectConforms("POST", "/v1/order", PostOrder(market));
  sequencing_.set_answer(nullptr);
  ExpectConforms("DELETE", "/v1/order/{orderId}", Signed("DELETE", "/v1/order/3"));
  ExpectConforms("DELETE", "/v1/order", Signed("DELETE", "/v1/order?clientOrderId=mine-1"));

  json replacement = Limit();
  replacement["cancelOrderId"] = "3";
  replacement["cancelReplaceMode"] = "ALLOW_FAILURE";
  ExpectConforms("POST", "/v1/order/replace", Signed("POST", "/v1/order/replace", replacement.dump()));
  json refused = Limit();
  refused["price"] = "0";
  ExpectConforms("POST", "/v1/orders", Signed("POST", "/v1/orders", json{{"orders", {Limit(), refused}}}.dump()));
  ExpectConforms("DELETE", "/v1/orders", Signed("DELETE", "/v1/orders"));
  ExpectConforms("POST", "/v1/countdown", Signed("POST", "/v1/countdown", R"({"timeoutMs": 5, "group": 1})"));
  ExpectConforms("POST", "/v1/countdown", Signed("POST", "/v1/countdown", R"({"timeoutMs": 0})"));

  const auto entered = ReportOf(std::get<domain::NewOrder>(sequencing_.commands()[0].body), domain::OrderId(3));
  const auto filled = FillOf(entered, domain::TradeId(8), domain::Quantity(7), domain::Amount(350'000'000),
                             domain::OrderStatus::kPartiallyFilled);
  history_.AddFill({{domain::SequenceNumber(60), 2}, 6'000'000, filled});
  history_.AddOrder({filled,
                     domain::SequenceNumber(50),
                     domain::SequenceNumber(60),
                     5'000'000,
                     6'000'000,
                     domain::OrderStatus::kNew,
                     {},
                     {}});
  ExpectConforms("GET", "/v1/order/{orderId}", Signed("GET", "/v1/order/3"));
  ExpectConforms("GET", "/v1/order", Signed("GET", "/v1/order?clientOrderId=mine-1"));
  const std::string amendment = R"({"quantity": "0.4"})";
  ExpectConforms("PATCH", "/v1/order/{orderId}", Signed("PATCH", "/v1/order/3", amendment));
  ExpectConforms("PATCH", "/v1/order", Signed("PATCH", "/v1/order?clientOrderId=mine-1", amendment));
  ExpectConforms("GET", "/v1/orders", Signed("GET", "/v1/orders"));
  ExpectConforms("GET", "/v1/trades", Signed("GET", "/v1/trades"));
  ExpectConforms("GET", "/v1/account", Signed("GET", "/v1/account"));
  ExpectConforms("GET", "/v1/symbols", Get("/v1/symbols"));
  for (const std::string call : {"book", "trades", "ticker", "candles"}) {
    for (const std::string symbol : {"BTC-USDT", "BTC-KRW"}) {
      ExpectConforms("GET", "/v1/market/{symbol}/" + call, Get("/v1/market/" + symbol + "/" + call));
    }
  }
  for (const std::string path : {"/v1/time", "/api/ws/infra-health", "/ws/info", "/openapi.json"}) {
    ExpectConforms("GET", path, Get(path));
  }
  json wrong = Limit();
  wrong["price"] = "0";
  ExpectConforms("POST", "/v1/order", PostOrder(wrong), 400);
  ExpectConforms("GET", "/v1/account", Get("/v1/account"), 401);
  ExpectConforms("GET", "/v1/order/{orderId}", Signed("GET", "/v1/order/4"), 404);
}

TEST_F(OpenApiTest, TheCheckerSeesWhatIsWrong) {
  const json schema =
      json::parse(R"({"type": "object", "required": ["a"], "additionalProperties": false, "properties": {
      "a": {"type": "string", "pattern": "^x$"}, "b": {"type": "integer", "minimum": 1, "nullable": true},
      "c": {"type": "array", "items": {"type": "string", "enum": ["u"]}, "maxItems": 1}}})");
  for (const char* good : {R"({"a": "x"})", R"({"a": "x", "b": null, "c": ["u"]})", R"({"a": "x", "b": 1, "c": []})"}) {
    EXPECT_TRUE(CheckSchema({}, schema, json::parse(good)).empty()) << good;
  }
  for (const char* bad : {"[]", "{}", R"({"a": "y"})", R"({"a": 1})", R"({"a": null})", R"({"a": "x", "b": 0})",
                          R"({"a": "x", "b": 1.5})", R"({"a": "x", "d": 1})", R"({"a": "x", "c": ["v"]})",
                          R"({"a": "x", "c": ["u", "u"]})"}) {
    EXPECT_FALSE(CheckSchema({}, schema, json::parse(bad)).empty()) << bad;
  }
  EXPECT_FALSE(CheckSchema({}, json::parse(R"({"type": "string", "format": "date"})"), "x").empty());
  const json one_of = json::parse(R"({"oneOf": [{"type": "string"}, {"type": "integer"}, {"type": "integer"}]})");
  EXPECT_TRUE(CheckSchema({}, one_of, "x").empty());
  EXPECT_FALSE(CheckSchema({}, one_of, 1).empty()) << "fits two of them";
  EXPECT_FALSE(CheckSchema({}, one_of, true).empty());
}

}  // namespace
}  // namespace xt::gateway::testing
