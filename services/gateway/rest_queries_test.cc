// Queries by REST, and what describes the gateway itself.
#include <gtest/gtest.h>

#include <thread>

#include "libs/http/server.h"
#include "libs/http/testing.h"
#include "services/gateway/testing/rest_fixture.h"

namespace xt::gateway::testing {
namespace {

using nlohmann::json;

class RestQueriesTest : public GatewayFixture {
 protected:
  void AddOrder() {
    domain::NewOrder order;
    order.account = domain::AccountId(1);
    order.symbol = kBtcKrw;
    order.side = domain::Side::kSell;
    order.type = domain::OrderType::kLimit;
    order.time_in_force = domain::TimeInForce::kGtc;
    order.price = domain::Price(100'000);
    order.quantity = domain::Quantity(5'000);
    order.client_order_id = *domain::ClientOrderId::From("mine-1");
    auto filled = FillOf(ReportOf(order, domain::OrderId(3)), domain::TradeId(8), domain::Quantity(2'000),
                         domain::Amount(200'000'000'000), domain::OrderStatus::kPartiallyFilled);
    filled.fee_asset = kKrw;
    filled.maker = true;
    history_.AddFill({{domain::SequenceNumber(60), 2}, 6'000'000, filled});
    history_.AddOrder({filled,
                       domain::SequenceNumber(50),
                       domain::SequenceNumber(60),
                       5'000'000,
                       6'000'000,
                       domain::OrderStatus::kNew,
                       {},
                       {}});
  }
};

TEST_F(RestQueriesTest, AnOrderByEitherName) {
  AddOrder();
  StartGateway();
  const RestAnswer by_id = Signed("GET", "/v1/order/3");
  ASSERT_EQ(by_id.status, 200) << by_id.body;
  EXPECT_EQ(by_id.body, json::parse(R"({
      "orderId": "3", "clientOrderId": "mine-1", "symbol": "BTC-KRW", "side": "SELL", "type": "LIMIT",
      "timeInForce": "GTC", "status": "PARTIALLY_FILLED", "price": "100000000", "stopPrice": null, "quantity": "0.5",
      "icebergQuantity": null, "quoteQuantity": null, "expireTime": null, "group": null, "executedQuantity": "0.2", "executedQuoteQuantity": "20000000", "averagePrice": "100000000",
      "sequence": 50, "time": 5, "updateSequence": 60, "updateTime": 6,
      "fills": [{"tradeId": "8", "price": "100000000", "quantity": "0.2", "fee": "0.0001", "feeAsset": "KRW"}]})"));
  EXPECT_EQ(Signed("GET", "/v1/order?clientOrderId=mine-1").body, by_id.body);
  ExpectRefusal(Signed("GET", "/v1/order/4"), 404, "UNKNOWN_ORDER");
  ExpectRefusal(Signed("GET", "/v1/order/3", "", 2), 404, "UNKNOWN_ORDER");
  ExpectRefusal(Signed("GET", "/v1/order?clientOrderId=other"), 404, "UNKNOWN_ORDER");
}

TEST_F(RestQueriesTest, OrdersAndFillsArePaged) {
  AddOrder();
  StartGateway();
  const RestAnswer orders = Signed("GET", "/v1/orders?open=true&limit=7&before=9&symbol=BTC-KRW");
  ASSERT_EQ(orders.status, 200) << orders.body;
  ASSERT_EQ(orders.body.at("orders").size(), 1u);
  EXPECT_EQ(orders.body.at("orders")[0].at("orderId"), "3");
  EXPECT_FALSE(orders.body.at("orders")[0].contains("fills"));
  const ports::OrderFilter filter = history_.last_order_filter();
  EXPECT_EQ(filter.account, domain::AccountId(1));
  EXPECT_TRUE(filter.open_only);
  EXPECT_EQ(filter.limit, 7u);
  EXPECT_EQ(filter.before, domain::OrderId(9));
  EXPECT_EQ(filter.symbol, kBtcKrw);

  const RestAnswer trades = Signed("GET", "/v1/trades?orderId=3&before=70-1");
  ASSERT_EQ(trades.status, 200) << trades.body;
  EXPECT_EQ(trades.body.at("trades"), json::parse(R"([{
      "id": "60-2", "tradeId": "8", "orderId": "3", "clientOrderId": "mine-1", "symbol": "BTC-KRW", "side": "SELL",
      "price": "100000000", "quantity": "0.2", "fee": "0.0001", "feeAsset": "KRW", "maker": true, "time": 6,
      "sequence": 60}])"));
  EXPECT_EQ(history_.last_fill_filter().order, domain::OrderId(3));
  EXPECT_EQ(history_.last_fill_filter().before, (domain::EventId{domain::SequenceNumber(70), 1}));
}

TEST_F(RestQueriesTest, AnAccountShowsEveryAsset) {
  StartGateway();
  const RestAnswer answer = Signed("GET", "/v1/account");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.body, json::parse(R"({"account": "demo-1", "balances": [
      {"asset": "BTC", "available": "0", "locked": "0"},
      {"asset": "USDT", "available": "12.345", "locked": "0.0000005"},
      {"asset": "KRW", "available": "0", "locked": "0"}]})"));
}

TEST_F(RestQueriesTest, SeeWhatWasAcknowledged) {
  StartGateway();
  const auto acknowledged = PostOrder(Limit()).body.at("sequence").get<std::uint64_t>();
  ASSERT_EQ(Signed("GET", "/v1/account", "", 2).status, 200);
  EXPECT_EQ(history_.last_at_least(), domain::SequenceNumber(acknowledged));
}

TEST_F(RestQueriesTest, FailuresOfPersistenceAreTold) {
  StartGateway();
  ASSERT_EQ(Signed("GET", "/v1/account").status, 200);
  history_.set_status(absl::UnavailableError("lagging"));
  ExpectRefusal(Signed("GET", "/v1/account"), 503, "UNAVAILABLE");
  ExpectRefusal(Signed("GET", "/v1/orders"), 503, "UNAVAILABLE");
  ExpectRefusal(Signed("GET", "/v1/order/3"), 503, "UNAVAILABLE");
  history_.set_status(absl::DataLossError("damaged"));
  ExpectRefusal(Signed("GET", "/v1/trades"), 500, "INTERNAL");
}

TEST_F(RestQueriesTest, TooManyQueriesAreRefusedAndOrdersStillFlow) {
  config_.query_threads = 1;
  config_.query_queue = 1;
  StartGateway();
  ASSERT_EQ(Signed("GET", "/v1/account").status, 200);
  history_.set_blocked(true);
  std::vector<std::thread> threads;
  std::atomic<int> refused{0};
  std::atomic<int> answered{0};
  std::mutex mutex;
  std::condition_variable changed;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      http::Client client(http::testing::Patient(app_->rest_port()));
      const auto response = client.Send(SignedRequest("GET", "/v1/account", ""));
      const std::lock_guard lock(mutex);
      if (response.ok() && response->status == 503) ++refused;
      if (response.ok() && response->status == 200) ++answered;
      changed.notify_all();
    });
  }
  {
    std::unique_lock lock(mutex);
    EXPECT_TRUE(changed.wait_for(lock, std::chrono::seconds(60), [&] { return refused >= 2; }));
  }
  EXPECT_EQ(PostOrder(Limit()).status, 200) << "order entry must not wait for queries";
  history_.set_blocked(false);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(refused + answered, 4);
}

TEST_F(RestQueriesTest, MarketData) {
  StartGateway();
  const RestAnswer book = Get("/v1/market/BTC-USDT/book?depth=5");
  ASSERT_EQ(book.status, 200) << book.body;
  EXPECT_EQ(book.body, json::parse(R"({"symbol": "BTC-USDT", "sequence": 42, "bids": [["50000", "1"]],
                                       "asks": [["50001", "0.5"]]})"));
  EXPECT_EQ(market_.last_depth, 5u);
  Get("/v1/market/BTC-USDT/book");
  EXPECT_EQ(market_.last_depth, 100u);
  EXPECT_EQ(Get("/v1/market/BTC-USDT/trades").body, json::parse(R"({"trades": [{"tradeId": "6", "price": "50000",
      "quantity": "0.00001", "takerSide": "SELL", "time": 1700000000000, "sequence": 41}]})"));
  EXPECT_EQ(Get("/v1/market/BTC-USDT/candles?interval=1m&from=5").body, json::parse(R"({"candles": [{
      "openTime": 1700000040000, "open": "50000", "high": "50000", "low": "50000", "close": "50000",
      "volume": "0.00001", "quoteVolume": "0.5", "trades": 1, "closed": false}]})"));
  EXPECT_EQ(market_.last_from_ms, 5);
  EXPECT_EQ(Get("/v1/market/BTC-USDT/ticker").body.at("last"), "50000");
  EXPECT_EQ(Get("/v1/market/BTC-KRW/ticker").body.at("last"), nullptr);
  EXPECT_EQ(Get("/v1/symbols").body.at("symbols").size(), 2u);
}

TEST_F(RestQueriesTest, DescribesItself) {
  hooks_.infra_health = [] {
    return InfraHealth{"redis-only",
                       "kafka is down",
                       1700000000001,
                       {{"kafka", "down", "no broker answers", 1700000000000}, {"redis", "ok", "", 0}}};
  };
  StartGateway();
  EXPECT_EQ(Get("/api/ws/infra-health").body, json::parse(R"({"profile": "redis-only", "why": "kafka is down",
      "since": 1700000000001, "components": [{"component": "kafka", "status": "down", "why": "no broker answers",
                      "since": 1700000000000},
                     {"component": "redis", "status": "ok", "why": ""}]})"));
  const RestAnswer info = Get("/ws/info");
  EXPECT_EQ(info.body.at("websocket"), true);
  EXPECT_EQ(info.body.at("origins"), json::parse(R"(["*:*"])"));
  EXPECT_EQ(info.body.at("cookie_needed"), false);
  EXPECT_TRUE(info.body.at("entropy").is_number_unsigned());
  EXPECT_EQ(info.body.at("profile"), "redis-only");
  EXPECT_EQ(info.body.at("why"), "kafka is down");
  EXPECT_EQ(info.body.at("since"), 1700000000001);
  EXPECT_EQ(Get("/v1/time").body.at("time"), 1'700'000'000'000);
}

TEST_F(RestQueriesTest, BrowsersOfThisMachineMaySignAndOthersMayRead) {
  StartGateway();
  http::Request request = SignedRequest("GET", "/v1/account", "");
  request.headers.Set("Origin", "http://localhost:3000");
  EXPECT_EQ(Send(request).headers.Get("Access-Control-Allow-Origin"), "http://localhost:3000");
  request.headers.Set("Origin", "https://anyone.example");
  EXPECT_FALSE(Send(request).headers.Has("Access-Control-Allow-Origin"));
  http::Request market;
  market.target = "/v1/symbols";
  market.headers.Set("Origin", "https://anyone.example");
  EXPECT_EQ(Send(market).headers.Get("Access-Control-Allow-Origin"), "*");
  http::Request preflight;
  preflight.method = "OPTIONS";
  preflight.target = "/v1/order";
  preflight.headers.Set("Origin", "http://localhost:3000");
  preflight.headers.Set("Access-Control-Request-Method", "POST");
  const RestAnswer answer = Send(preflight);
  EXPECT_EQ(answer.status, 204);
  EXPECT_EQ(answer.headers.Get("Access-Control-Allow-Origin"), "http://localhost:3000");
  EXPECT_TRUE(answer.headers.HasToken("Access-Control-Allow-Headers", "X-XT-SIGNATURE"));
}

class EchoHandler final : public http::WebSocketHandler {
 public:
  void OnOpen(const http::WebSocketSessionPtr&) override {}
  void OnMessage(const http::WebSocketSessionPtr& session, std::string message, bool) override {
    session->Send(session->request().target + " " + message);
  }
  void OnClose(const http::WebSocketSessionPtr&, std::uint16_t, std::string_view) override {}
};

TEST_F(RestQueriesTest, WebSocketsGoToTheNotifier) {
  http::Server notifier({}, [](const http::Request&, http::Responder) {});
  notifier.AddWebSocket("/ws/exchange",
                        {.factory = [](const http::Request&) { return std::make_shared<EchoHandler>(); }});
  ASSERT_TRUE(notifier.Start().ok());
  std::atomic<bool> present{true};
  hooks_.notifier_endpoint = [&] { return present ? "127.0.0.1:" + std::to_string(notifier.port()) : std::string(); };
  StartGateway();
  http::WebSocketClient client;
  ASSERT_TRUE(client.Connect("127.0.0.1", app_->rest_port(), "/ws/exchange?a=b").ok());
  ASSERT_TRUE(client.Send("hello").ok());
  const auto message = client.Read(10'000);
  ASSERT_TRUE(message.ok()) << message.status();
  EXPECT_EQ(message->data, "/ws/exchange?a=b hello");
  present = false;
  http::WebSocketClient other;
  EXPECT_FALSE(other.Connect("127.0.0.1", app_->rest_port(), "/ws/exchange").ok());
  EXPECT_EQ(other.handshake_response().status, 502);
  client.Close();
}

}  // namespace
}  // namespace xt::gateway::testing
