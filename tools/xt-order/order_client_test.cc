#include "tools/xt-order/order_client.h"

#include <gtest/gtest.h>

namespace xt::order {
namespace {

constexpr std::string_view kReady = R"({"rest": "http://127.0.0.1:8080", "accounts": [
    {"account": "demo-1", "apiKey": "key-1", "secret": "hidden-1"},
    {"account": "demo-2", "apiKey": "key-2", "secret": "hidden-2"}]})";

TEST(OrderClientTest, ReadsTheReadyFile) {
  const auto first = ReadTarget(kReady, "");
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->host, "127.0.0.1");
  EXPECT_EQ(first->port, 8080);
  EXPECT_EQ(first->account, "demo-1");
  EXPECT_EQ(ReadTarget(kReady, "demo-2")->api_key, "key-2");
  EXPECT_EQ(ReadTarget(kReady, "demo-9").status().code(), absl::StatusCode::kNotFound);
  for (const char* broken : {"", "[]", "{}", R"({"rest": "127.0.0.1"})", R"({"rest": "http://a:0"})"}) {
    EXPECT_EQ(ReadTarget(broken, "").status().code(), absl::StatusCode::kInvalidArgument) << broken;
  }
}

TEST(OrderClientTest, SignsTimestampMethodPathAndBody) {
  Target target;
  target.secret = "Jefe";
  Arguments arguments;
  arguments.method = " do ya want";
  arguments.target = " for";
  arguments.body = " nothing?";
  const http::Request request = SignRequest(arguments, target, 17);
  EXPECT_EQ(request.headers.Get("X-XT-TIMESTAMP"), "17");
  // printf '17 do ya want for nothing?' | openssl dgst -sha256 -hmac Jefe
  EXPECT_EQ(request.headers.Get("X-XT-SIGNATURE"), "04669545430ece9b1adbb37481c95ded69e178d530e4419dd2f864ce4daf041f");
}

TEST(OrderClientTest, ShowsTheRequestWithoutTheSecret) {
  const auto target = ReadTarget(kReady, "");
  ASSERT_TRUE(target.ok());
  Arguments arguments;
  arguments.method = "POST";
  arguments.target = "/v1/order";
  arguments.body = "{}";
  const std::string text = ShowRequest(SignRequest(arguments, *target, 17), *target);
  EXPECT_TRUE(
      text.starts_with("POST /v1/order HTTP/1.1\nHost: 127.0.0.1:8080\nContent-Type: application/json\n"
                       "X-XT-KEY: key-1\nX-XT-TIMESTAMP: 17\nX-XT-SIGNATURE: "))
      << text;
  EXPECT_TRUE(text.ends_with("\n\n{}\n")) << text;
  EXPECT_EQ(text.find("hidden"), std::string::npos);
}

TEST(OrderClientTest, IndentsTheAnswer) {
  http::Response response;
  response.status = 422;
  response.body = R"({"code":"NO_LIQUIDITY"})";
  EXPECT_EQ(ShowResponse(response), "HTTP/1.1 422 Unprocessable Entity\n\n{\n  \"code\": \"NO_LIQUIDITY\"\n}\n");
  response.body = "not JSON";
  EXPECT_TRUE(ShowResponse(response).ends_with("\n\nnot JSON\n"));
}

}  // namespace
}  // namespace xt::order
