#include "services/gateway/request_reader.h"

#include <gtest/gtest.h>

#include <string>

namespace xt::gateway {
namespace {

using domain::RejectReason;

void ExpectRefused(const std::string& body, RejectReason reason, std::string_view field) {
  const auto read = ReadOrderRequest(body);
  const auto* refusal = std::get_if<Refusal>(&read);
  ASSERT_NE(refusal, nullptr) << body;
  EXPECT_EQ(domain::RejectReasonCode(refusal->reason), domain::RejectReasonCode(reason)) << body;
  EXPECT_EQ(refusal->field, field) << body;
}

TEST(ReadOrderRequestTest, ReadsEveryField) {
  const auto read = ReadOrderRequest(R"( {"symbol": "S", "side": "B", "type": "T", "timeInForce": "F", "price": "1",
      "quantity": "2", "quoteQuantity": "3", "stopPrice": "4", "icebergQuantity": "5", "expireTime": 6,
      "selfTradePrevention": "P", "clientOrderId": "\u0043", "group": 8} )");
  const auto& request = std::get<OrderRequest>(read);
  EXPECT_EQ(request.symbol, "S");
  EXPECT_EQ(request.side, "B");
  EXPECT_EQ(request.type, "T");
  EXPECT_EQ(request.time_in_force, "F");
  EXPECT_EQ(request.price, "1");
  EXPECT_EQ(request.quantity, "2");
  EXPECT_EQ(request.quote_quantity, "3");
  EXPECT_EQ(request.stop_price, "4");
  EXPECT_EQ(request.iceberg_quantity, "5");
  EXPECT_EQ(request.expire_time_ms, 6);
  EXPECT_EQ(request.self_trade_prevention, "P");
  EXPECT_EQ(request.client_order_id, "C");
  EXPECT_EQ(request.group, 8);
  EXPECT_EQ(std::get<OrderRequest>(ReadOrderRequest("{}")).symbol, std::nullopt);
}

TEST(ReadOrderRequestTest, RefusesWhatIsNotOneJsonObject) {
  for (const char* body : {"",
                           " ",
                           "x",
                           "{",
                           "{\"symbol\": ",
                           "{\"symbol\": \"S\"",
                           "{\"symbol\": \"S\",}",
                           "{\"symbol\" \"S\"}",
                           "{'symbol': 'S'}",
                           "{} {}",
                           "{}x",
                           "null",
                           "1",
                           "\"{}\"",
                           "[]",
                           "[{}]",
                           "{\"symbol\": \"\xff\"}",
                           "{\"symbol\": \"\\ud800\"}",
                           "{\"symbol\": \"a\nb\"}",
                           "{\"symbol\": 1e999}",
                           "{/**/}"}) {
    ExpectRefused(body, RejectReason::kMalformedRequest, "");
  }
  ExpectRefused(std::string(100'000, '['), RejectReason::kMalformedRequest, "");
}

TEST(ReadOrderRequestTest, RefusesAFieldGivenTwice) {
  ExpectRefused(R"({"price": "1", "price": "1"})", RejectReason::kMalformedRequest, "price");
}

TEST(ReadOrderRequestTest, RefusesUnknownFields) {
  ExpectRefused(R"({"prize": "1"})", RejectReason::kUnknownField, "prize");
  ExpectRefused(R"({"<script>": "1"})", RejectReason::kUnknownField, "");
  ExpectRefused("{\"" + std::string(65, 'a') + "\": 1}", RejectReason::kUnknownField, "");
}

TEST(ReadOrderRequestTest, RefusesWrongTypesByField) {
  for (const char* value : {"1", "1.5", "-1", "true", "null", "{}", "[]", "{\"a\": 1}", "[[[[[["}) {
    ExpectRefused(std::string("{\"price\": ") + value + "}", RejectReason::kInvalidValue, "price");
  }
  for (const char* value : {"\"1\"", "1.5", "null", "18446744073709551615"}) {
    ExpectRefused(std::string("{\"expireTime\": ") + value + "}", RejectReason::kInvalidValue, "expireTime");
    ExpectRefused(std::string("{\"group\": ") + value + "}", RejectReason::kInvalidValue, "group");
  }
}

TEST(ReadOtherRequestsTest, ReadWhatTheyHave) {
  const auto replace = std::get<ReplaceRequest>(ReadReplaceRequest(
      R"({"cancelOrderId": "1", "cancelClientOrderId": "c", "cancelReplaceMode": "M", "symbol": "S", "group": 2})"));
  EXPECT_EQ(replace.cancel_order_id, "1");
  EXPECT_EQ(replace.cancel_client_order_id, "c");
  EXPECT_EQ(replace.mode, "M");
  EXPECT_EQ(replace.order.symbol, "S");
  EXPECT_EQ(replace.order.group, 2);
  const auto countdown = std::get<CountdownRequest>(ReadCountdownRequest(R"({"timeoutMs": 5, "group": 2})"));
  EXPECT_EQ(countdown.timeout_ms, 5);
  EXPECT_EQ(countdown.group, 2);
  EXPECT_EQ(std::get<0>(ReadAmendRequest(R"({"quantity": "5"})")), "5");
  EXPECT_EQ(std::get<0>(ReadAmendRequest("{}")), std::nullopt);
  EXPECT_EQ(std::get<Refusal>(ReadCountdownRequest(R"({"timeoutMs": "5"})")),
            Refusal(RejectReason::kInvalidValue, "timeoutMs"));
  EXPECT_EQ(std::get<Refusal>(ReadAmendRequest(R"({"price": "5"})")), Refusal(RejectReason::kUnknownField, "price"));
  EXPECT_EQ(std::get<Refusal>(ReadReplaceRequest(R"({"orderId": "5"})")),
            Refusal(RejectReason::kUnknownField, "orderId"));
}

TEST(ReadBatchRequestTest, ReadsOrdersOneByOne) {
  const auto items = std::get<std::vector<BatchItem>>(ReadBatchRequest(
      R"({"orders": [{"symbol": "A"}, {"price": 1, "side": {"deep": [{"price": "9"}]}}, {}, {"prize": [1, {}]},
                     {"side": "B", "side": "S"}, {"symbol": "Z", "expireTime": 7}]})"));
  ASSERT_EQ(items.size(), 6u);
  EXPECT_EQ(std::get<OrderRequest>(items[0]).symbol, "A");
  EXPECT_EQ(std::get<Refusal>(items[1]), Refusal(RejectReason::kInvalidValue, "price"));
  EXPECT_EQ(std::get<OrderRequest>(items[2]).symbol, std::nullopt);
  EXPECT_EQ(std::get<Refusal>(items[3]), Refusal(RejectReason::kUnknownField, "prize"));
  EXPECT_EQ(std::get<Refusal>(items[4]), Refusal(RejectReason::kMalformedRequest, "side"));
  EXPECT_EQ(std::get<OrderRequest>(items[5]).symbol, "Z");
  EXPECT_EQ(std::get<OrderRequest>(items[5]).expire_time_ms, 7);
}

TEST(ReadBatchRequestTest, RefusesAsAWholeWhatIsNoListOfOrders) {
  std::string full;
  for (std::size_t i = 0; i < kMaxBatchOrders; ++i) full += i == 0 ? "{}" : ",{}";
  EXPECT_EQ(std::get<0>(ReadBatchRequest("{\"orders\": [" + full + "]}")).size(), kMaxBatchOrders);
  struct Case {
    std::string body;
    RejectReason reason;
    const char* field;
  };
  for (const Case& bad :
       {Case{"", RejectReason::kMalformedRequest, ""}, Case{"[{}]", RejectReason::kMalformedRequest, ""},
        Case{"1", RejectReason::kMalformedRequest, ""}, Case{R"({"orders": [{}])", RejectReason::kMalformedRequest, ""},
        Case{R"({"orders": [{}]} x)", RejectReason::kMalformedRequest, ""},
        Case{"{}", RejectReason::kMissingField, "orders"},
        Case{R"({"orders": []})", RejectReason::kInvalidValue, "orders"},
        Case{R"({"orders": {}})", RejectReason::kInvalidValue, "orders"},
        Case{R"({"orders": "x"})", RejectReason::kInvalidValue, "orders"},
        Case{R"({"orders": [1]})", RejectReason::kInvalidValue, "orders"},
        Case{R"({"orders": [[]]})", RejectReason::kInvalidValue, "orders"},
        Case{R"({"orders": [{}], "orders": [{}]})", RejectReason::kMalformedRequest, "orders"},
        Case{R"({"order": [{}]})", RejectReason::kUnknownField, "order"},
        Case{"{\"orders\": [" + full + ",{}]}", RejectReason::kInvalidValue, "orders"}}) {
    const auto read = ReadBatchRequest(bad.body);
    const auto* refusal = std::get_if<Refusal>(&read);
    ASSERT_NE(refusal, nullptr) << bad.body;
    EXPECT_EQ(*refusal, Refusal(bad.reason, bad.field)) << bad.body << domain::RejectReasonCode(refusal->reason);
  }
}

http::Request WithQuery(const std::string& query) {
  http::Request request;
  request.target = "/v1/orders?" + query;
  return request;
}

TEST(QueryReaderTest, ReadsNumbersFlagsAndText) {
  const http::Request request = WithQuery("limit=5&open=true&symbol=BTC%2DKRW");
  QueryReader query(request, {"limit", "open", "symbol", "before"});
  EXPECT_EQ(query.Number("limit", 100, 1, 1000), 5u);
  EXPECT_EQ(query.Number("before", 7, 1, 1000), 7u);
  EXPECT_TRUE(query.Flag("open"));
  EXPECT_EQ(query.Text("symbol"), "BTC-KRW");
  EXPECT_FALSE(query.refusal());
}

TEST(QueryReaderTest, RefusesUnknownAndRepeatedParameters) {
  const http::Request unknown = WithQuery("limit=5&offset=1");
  EXPECT_EQ(QueryReader(unknown, {"limit"}).refusal(), Refusal(RejectReason::kUnknownField, "offset"));
  const http::Request repeated = WithQuery("limit=5&limit=5");
  EXPECT_EQ(QueryReader(repeated, {"limit"}).refusal(), Refusal(RejectReason::kInvalidValue, "limit"));
}

TEST(QueryReaderTest, RefusesWhatIsOutOfRange) {
  for (const char* text : {"", "0", "1001", "-1", "+1", "1.0", "x", "99999999999999999999"}) {
    const http::Request request = WithQuery(std::string("limit=") + text);
    QueryReader query(request, {"limit"});
    query.Number("limit", 100, 1, 1000);
    EXPECT_EQ(query.refusal(), Refusal(RejectReason::kInvalidValue, "limit")) << text;
  }
  const http::Request request = WithQuery("open=yes");
  QueryReader query(request, {"open"});
  query.Flag("open");
  EXPECT_EQ(query.refusal(), Refusal(RejectReason::kInvalidValue, "open"));
}

}  // namespace
}  // namespace xt::gateway
