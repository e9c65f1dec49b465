#include "libs/http/router.h"

#include <gtest/gtest.h>

#include <memory>

namespace xt::http {
namespace {

struct Sink final : internal::ResponseSink {
  void Answer(std::uint64_t, Response answer) override { response = std::move(answer); }
  void Drop(std::uint64_t) override { response.status = -1; }
  Response response;
};

class RouterTest : public ::testing::Test {
 protected:
  Response Ask(std::string method, std::string target) {
    const auto sink = std::make_shared<Sink>();
    Request request;
    request.method = std::move(method);
    request.target = std::move(target);
    router_.Handle(std::move(request), Responder(sink, 0));
    return sink->response;
  }
  static Handler Says(std::string name) {
    return [name](Request request, Responder responder) {
      Response response;
      response.body = name;
      for (const auto& [key, value] : request.path_parameters) response.body += " " + key + "=" + value;
      responder.Send(std::move(response));
    };
  }
  Router router_;
};

TEST_F(RouterTest, ExactPathsAndParameters) {
  router_.Get("/", Says("root"));
  router_.Get("/v1/order", Says("query"));
  router_.Get("/v1/order/{orderId}", Says("get"));
  router_.Delete("/v1/order/{id}", Says("cancel"));
  router_.Get("/v1/market/{symbol}/book", Says("book"));
  EXPECT_EQ(Ask("GET", "/").body, "root");
  EXPECT_EQ(Ask("GET", "/v1/order?clientOrderId=7").body, "query");
  EXPECT_EQ(Ask("GET", "/v1/order/42").body, "get orderId=42");
  EXPECT_EQ(Ask("DELETE", "/v1/order/42").body, "cancel id=42");
  EXPECT_EQ(Ask("GET", "/v1/market/BTC%2DKRW/book").body, "book symbol=BTC-KRW");
}

TEST_F(RouterTest, AFixedSegmentWinsAndFallsBack) {
  router_.Get("/a/{x}/c", Says("any"));
  router_.Get("/a/b/d", Says("fixed"));
  EXPECT_EQ(Ask("GET", "/a/b/d").body, "fixed");
  EXPECT_EQ(Ask("GET", "/a/b/c").body, "any x=b");
}

TEST_F(RouterTest, UnknownPathsAndMethods) {
  router_.Get("/a/{x}", Says("a"));
  EXPECT_EQ(Ask("GET", "/b").status, 404);
  EXPECT_EQ(Ask("GET", "/a").status, 404);
  EXPECT_EQ(Ask("GET", "/a/").status, 404);
  EXPECT_EQ(Ask("GET", "/a/1/2").status, 404);
  EXPECT_EQ(Ask("GET", "*").status, 404);
  const Response refused = Ask("POST", "/a/1");
  EXPECT_EQ(refused.status, 405);
  EXPECT_EQ(refused.headers.Get("Allow"), "OPTIONS, HEAD, GET");
  EXPECT_EQ(Ask("HEAD", "/a/1").body, "a x=1");
  EXPECT_EQ(Ask("OPTIONS", "/a/1").status, 204);
}

TEST_F(RouterTest, HooksReplaceTheDefaults) {
  router_.Get("/a", Says("a"));
  router_.OnNotFound(Says("nowhere"));
  router_.OnMethodNotAllowed([](Request, Responder responder, std::string allow) {
    Response response;
    response.body = allow;
    responder.Send(std::move(response));
  });
  EXPECT_EQ(Ask("GET", "/b").body, "nowhere");
  EXPECT_EQ(Ask("PUT", "/a").body, "OPTIONS, HEAD, GET");
}

TEST(MatchPathTest, Patterns) {
  std::vector<std::pair<std::string, std::string>> parameters;
  EXPECT_TRUE(MatchPath("/ws/exchange", "/ws/exchange", parameters));
  EXPECT_FALSE(MatchPath("/ws/exchange", "/ws/exchange/x", parameters));
  EXPECT_TRUE(MatchPath("/ws/*", "/ws/a/b", parameters));
  EXPECT_TRUE(MatchPath("/ws/*", "/ws", parameters));
  EXPECT_FALSE(MatchPath("/ws/*", "/wsx", parameters));
  ASSERT_TRUE(MatchPath("/ws/{symbol}/trades", "/ws/BTC-KRW/trades", parameters));
  EXPECT_EQ(parameters.front().second, "BTC-KRW");
}

}  // namespace
}  // namespace xt::http
