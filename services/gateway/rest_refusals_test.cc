// Bad input by REST: each kind has its code, HTTP status and field, and nothing of it reaches the sequencer.
#include <gtest/gtest.h>

#include <string>

#include "libs/auth/hmac.h"
#include "libs/auth/signature.h"
#include "services/gateway/testing/rest_fixture.h"

namespace xt::gateway::testing {
namespace {

using nlohmann::json;

class RestRefusalsTest : public GatewayFixture {
 protected:
  void TearDown() override { EXPECT_EQ(sequencing_.submitted(), 0u) << "a refused request must not get a sequence"; }
};

TEST_F(RestRefusalsTest, OrdersThatBreakARule) {
  StartGateway();
  struct Case {
    json change;
    const char* code;
    const char* field;
  };
  const Case cases[] = {
      {{{"symbol", "NO-SUCH"}}, "UNKNOWN_SYMBOL", "symbol"},
      {{{"symbol", nullptr}}, "INVALID_VALUE", "symbol"},
      {{{"side", "HOLD"}}, "INVALID_VALUE", "side"},
      {{{"type", "limit"}}, "INVALID_VALUE", "type"},
      {{{"timeInForce", "DAY"}}, "INVALID_VALUE", "timeInForce"},
      {{{"clientOrderId", "a b"}}, "INVALID_VALUE", "clientOrderId"},
      {{{"clientOrderId", std::string(37, 'a')}}, "INVALID_VALUE", "clientOrderId"},
      {{{"price", "100.001"}}, "TICK_SIZE", "price"},
      {{{"price", "0"}}, "NOT_POSITIVE", "price"},
      {{{"price", "-1"}}, "NOT_POSITIVE", "price"},
      {{{"price", "0.000000001"}}, "TOO_MANY_DECIMALS", "price"},
      {{{"price", "99999999999999999999"}}, "OVERFLOW", "price"},
      {{{"price", "90000000000"}}, "MAX_PRICE", "price"},
      {{{"price", 100}}, "INVALID_VALUE", "price"},
      {{{"price", 100.5}}, "INVALID_VALUE", "price"},
      {{{"price", "1e2"}}, "INVALID_VALUE", "price"},
      {{{"price", {{"value", "100"}}}}, "INVALID_VALUE", "price"},
      {{{"quantity", "0.000001"}}, "LOT_SIZE", "quantity"},
      {{{"quantity", "0"}}, "NOT_POSITIVE", "quantity"},
      {{{"quantity", "-0.5"}}, "NOT_POSITIVE", "quantity"},
      {{{"quantity", "0.0000000001"}}, "TOO_MANY_DECIMALS", "quantity"},
      {{{"quantity", "99999999999999999999"}}, "OVERFLOW", "quantity"},
      {{{"quantity", "90000000000"}}, "MAX_QUANTITY", "quantity"},
      {{{"quantity", 1}}, "INVALID_VALUE", "quantity"},
      {{{"quantity", "0.00005"}}, "MIN_NOTIONAL", "quantity"},
      {{{"price", "9000000000"}, {"quantity", "9000000"}}, "OVERFLOW", "quantity"},
      {{{"quoteQuantity", "5"}}, "INVALID_COMBINATION", "quoteQuantity"},
      {{{"type", "MARKET"}}, "INVALID_COMBINATION", "price"},
      {{{"stopPrice", "5"}}, "INVALID_COMBINATION", "stopPrice"},
      {{{"timeInForce", "GTD"}}, "MISSING_FIELD", "expireTime"},
      {{{"expireTime", "soon"}}, "INVALID_VALUE", "expireTime"},
      {{{"comment", "hello"}}, "UNKNOWN_FIELD", "comment"},
  };
  for (const Case& bad : cases) {
    json order = Limit();
    order.update(bad.change);
    SCOPED_TRACE(order.dump());
    ExpectRefusal(PostOrder(order), 400, bad.code, bad.field);
  }
  for (const char* field : {"symbol", "side", "type", "price", "quantity"}) {
    json order = Limit();
    order.erase(field);
    ExpectRefusal(PostOrder(order), 400, "MISSING_FIELD", field);
  }
}

TEST_F(RestRefusalsTest, BodiesThatAreNotOneObject) {
  StartGateway();
  for (const char* body : {"", "{\"symbol\": ", "[]", "null", "{} trailing", "{\"symbol\": \"\xff\"}"}) {
    ExpectRefusal(Signed("POST", "/v1/order", body), 400, "MALFORMED_REQUEST");
  }
  ExpectRefusal(Signed("POST", "/v1/order", R"({"side": "BUY", "side": "SELL"})"), 400, "MALFORMED_REQUEST", "side");
}

TEST_F(RestRefusalsTest, AnOversizedBody) {
  StartGateway();
  ExpectRefusal(Signed("POST", "/v1/order", std::string(config_.rest_max_body_bytes + 1, ' ')), 413, "BODY_TOO_LARGE");
}

TEST_F(RestRefusalsTest, SignaturesThatAreMissingOrWrong) {
  StartGateway();
  const std::string body = Limit().dump();
  for (const char* header : {"X-XT-KEY", "X-XT-TIMESTAMP", "X-XT-SIGNATURE"}) {
    http::Request request = SignedRequest("POST", "/v1/order", body);
    request.headers.Remove(header);
    ExpectRefusal(Send(request), 401, "UNAUTHENTICATED", header);
  }
  http::Request request = SignedRequest("POST", "/v1/order", body);
  request.headers.Set("X-XT-KEY", "key-9");
  ExpectRefusal(Send(request), 401, "UNAUTHENTICATED");
  request = SignedRequest("POST", "/v1/order", body);
  request.headers.Set("X-XT-KEY", "key-2");
  ExpectRefusal(Send(request), 401, "INVALID_SIGNATURE");
  request = SignedRequest("POST", "/v1/order", body);
  request.body += " ";
  ExpectRefusal(Send(request), 401, "INVALID_SIGNATURE");
  request = SignedRequest("GET", "/v1/order?clientOrderId=a", "");
  request.target = "/v1/order?clientOrderId=b";
  ExpectRefusal(Send(request), 401, "INVALID_SIGNATURE");
  request = SignedRequest("DELETE", "/v1/order/1", "");
  request.method = "GET";
  ExpectRefusal(Send(request), 401, "INVALID_SIGNATURE");
  request = SignedRequest("POST", "/v1/order", body);
  const std::string signature(request.headers.Get("X-XT-SIGNATURE"));
  for (const std::string& wrong : {signature.substr(1), signature + "0", std::string(64, '0')}) {
    request.headers.Set("X-XT-SIGNATURE", wrong);
    ExpectRefusal(Send(request), 401, "INVALID_SIGNATURE");
  }
}

TEST_F(RestRefusalsTest, TimestampsOutsideOfTheWindow) {
  StartGateway();
  const http::Request request = SignedRequest("POST", "/v1/order", Limit().dump());
  clock_.AdvanceNs(30'001'000'000);
  ExpectRefusal(Send(request), 401, "STALE_TIMESTAMP");
  clock_.AdvanceNs(-60'002'000'000);
  ExpectRefusal(Send(request), 401, "STALE_TIMESTAMP");
  http::Request unreadable = request;
  unreadable.headers.Set("X-XT-TIMESTAMP", "yesterday");
  ExpectRefusal(Send(unreadable), 401, "STALE_TIMESTAMP", "X-XT-TIMESTAMP");
}

TEST_F(RestRefusalsTest, PathsAndMethodsThatDoNotExist) {
  StartGateway();
  ExpectRefusal(Get("/v1/nothing"), 404, "NOT_FOUND");
  ExpectRefusal(Get("/ws/exchange"), 404, "NOT_FOUND");
  const RestAnswer answer = Signed("PUT", "/v1/order", "{}");
  ExpectRefusal(answer, 405, "METHOD_NOT_ALLOWED");
  EXPECT_TRUE(answer.headers.HasToken("Allow", "POST"));
}

TEST_F(RestRefusalsTest, OrderIdsAndParametersThatAreNone) {
  StartGateway();
  for (const char* method : {"GET", "DELETE"}) {
    for (const char* id : {"x", "0", "-1", "18446744073709551616", "1%20"}) {
      ExpectRefusal(Signed(method, std::string("/v1/order/") + id), 400, "INVALID_VALUE", "orderId");
    }
    ExpectRefusal(Signed(method, "/v1/order"), 400, "MISSING_FIELD", "clientOrderId");
    ExpectRefusal(Signed(method, "/v1/order?clientOrderId="), 400, "INVALID_VALUE", "clientOrderId");
    ExpectRefusal(Signed(method, "/v1/order?clientOrderId=" + std::string(37, 'a')), 400, "INVALID_VALUE",
                  "clientOrderId");
    ExpectRefusal(Signed(method, "/v1/order/1?force=1"), 400, "UNKNOWN_FIELD", "force");
  }
  ExpectRefusal(Signed("POST", "/v1/order?test=1", Limit().dump()), 400, "UNKNOWN_FIELD", "test");
  ExpectRefusal(Signed("GET", "/v1/orders?limit=0"), 400, "INVALID_VALUE", "limit");
  ExpectRefusal(Signed("GET", "/v1/orders?limit=1001"), 400, "INVALID_VALUE", "limit");
  ExpectRefusal(Signed("GET", "/v1/orders?open=maybe"), 400, "INVALID_VALUE", "open");
  ExpectRefusal(Signed("GET", "/v1/orders?symbol=NO-SUCH"), 400, "UNKNOWN_SYMBOL", "symbol");
  ExpectRefusal(Signed("GET", "/v1/trades?before=12"), 400, "INVALID_VALUE", "before");
  ExpectRefusal(Signed("GET", "/v1/account?asset=BTC"), 400, "UNKNOWN_FIELD", "asset");
  ExpectRefusal(Get("/v1/market/NO-SUCH/book"), 400, "UNKNOWN_SYMBOL", "symbol");
  ExpectRefusal(Get("/v1/market/BTC-USDT/book?depth=0"), 400, "INVALID_VALUE", "depth");
  ExpectRefusal(Get("/v1/market/BTC-USDT/candles?interval=5m"), 400, "INVALID_VALUE", "interval");
  ExpectRefusal(Get("/v1/market/BTC-USDT/candles?from=-1"), 400, "INVALID_VALUE", "from");
}

TEST_F(RestRefusalsTest, RequestsOverTheLimit) {
  config_.rate_limits_enabled = true;
  rate_limiter_.allowed = 2;
  StartGateway();
  EXPECT_EQ(Signed("GET", "/v1/account").status, 200);
  EXPECT_EQ(Signed("GET", "/v1/account").status, 200);
  const RestAnswer answer = Signed("GET", "/v1/account");
  ExpectRefusal(answer, 429, "RATE_LIMITED");
  EXPECT_EQ(answer.headers.Get("Retry-After"), "2");
  EXPECT_NE(metrics_.Text().find(R"(gateway_rate_limited_total{scope="ip"} 1)"), std::string::npos);
  rate_limiter_.fails = true;
  EXPECT_EQ(Signed("GET", "/v1/account").status, 200) << "a limiter that fails must not stop trading";
}

TEST_F(RestRefusalsTest, WithoutLimitsNothingIsCounted) {
  rate_limiter_.allowed = 0;
  StartGateway();
  EXPECT_EQ(Get("/v1/time").status, 200);
}

TEST_F(RestRefusalsTest, AKeyThatCannotBeLookedUpIsNotWrong) {
  history_.set_status(absl::UnavailableError("starting"));
  StartGateway();
  ExpectRefusal(PostOrder(Limit()), 503, "UNAVAILABLE");
}

TEST_F(RestRefusalsTest, RefusalsAreCounted) {
  StartGateway();
  http::Request request = SignedRequest("GET", "/v1/account", "");
  request.headers.Set("X-XT-SIGNATURE", std::string(64, '0'));
  Send(request);
  const std::string text = metrics_.Text();
  EXPECT_NE(text.find(R"(gateway_auth_failures_total{reason="INVALID_SIGNATURE"} 1)"), std::string::npos) << text;
  EXPECT_NE(text.find(R"(gateway_rejects_total{reason="INVALID_SIGNATURE"} 1)"), std::string::npos);
  EXPECT_NE(text.find(R"(gateway_rejects_total{reason="TICK_SIZE"} 0)"), std::string::npos);
}

}  // namespace
}  // namespace xt::gateway::testing
