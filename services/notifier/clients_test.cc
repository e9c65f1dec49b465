// What clients ask for, and what becomes of those that do not read.
#include <gmock/gmock.h>

#include "libs/http/testing.h"
#include "services/notifier/testing/fixture.h"

namespace xt::notifier {
namespace {

using testing::Book;
using testing::DepthOf;
using testing::json;
using testing::kBtc;
using testing::kEth;
using testing::Level;
using testing::Listener;
using testing::NotifierTest;
using ::testing::StartsWith;
using testing::TickerOf;
using testing::TradeOf;

class ClientsTest : public NotifierTest {
 protected:
  ClientsTest() { matching_.Set(Book(kEth, 10, {Level(50, 1)}, {})); }
};

json Request(const std::string& method, const json& params, const json& id = 1) {
  return {{"method", method}, {"params", params}, {"id", id}};
}

TEST_F(ClientsTest, WhoAsksForNothingHearsEverything) {
  Start();
  Listener client(*app_);
  EXPECT_EQ(client.Next("snapshot").at("symbol"), "BTC-KRW");
  EXPECT_EQ(client.Next("snapshot").at("symbol"), "ETH-KRW");
  const json list = client.Ask({{"method", "LIST"}, {"id", "a"}});
  EXPECT_EQ(list,
            json({{"type", "result"}, {"id", "a"}, {"channels", json::array({"trade.*", "orderbook.*", "ticker.*"})}}));
}

TEST_F(ClientsTest, SubscribesAndUnsubscribes) {
  Start();
  Listener client(*app_, "?channels=ticker.BTC-KRW");
  EXPECT_EQ(client.Next("result"),
            json({{"type", "result"}, {"id", nullptr}, {"channels", json::array({"ticker.BTC-KRW"})}}));
  const json added = client.Ask(Request("SUBSCRIBE", {"orderbook.ETH-KRW", "trade.*"}, 7));
  EXPECT_EQ(added.at("id"), 7);
  EXPECT_EQ(added.at("channels"), json::array({"trade.*", "orderbook.ETH-KRW", "ticker.BTC-KRW"}));
  EXPECT_EQ(client.Next("snapshot").at("symbol"), "ETH-KRW");
  Publish({DepthOf(kBtc, 11, 0, {Level(99, 8)}, {}), TickerOf(kEth, 11, 1), TradeOf(kBtc, 12, 99, 1),
           DepthOf(kEth, 13, 0, {Level(50, 8)}, {}), TickerOf(kBtc, 13, 1)});
  EXPECT_EQ(client.Next("trade").at("symbol"), "BTC-KRW");
  EXPECT_EQ(client.Next("book").at("symbol"), "ETH-KRW");
  EXPECT_EQ(client.Next("ticker").at("symbol"), "BTC-KRW");

  EXPECT_EQ(client.Ask(Request("SUBSCRIBE", {"orderbook.ETH-KRW"})).at("type"), "result");
  // One of all cannot be taken away; the answer says what is left.
  const json removed = client.Ask(Request("UNSUBSCRIBE", {"orderbook.ETH-KRW", "trade.BTC-KRW", "ticker.*"}));
  EXPECT_EQ(removed.at("channels"), json::array({"trade.*"})) << "and no second snapshot came before";
  Publish({DepthOf(kEth, 14, 13, {Level(50, 9)}, {}), TradeOf(kEth, 15, 50, 1)});
  EXPECT_EQ(client.Next("trade").at("sequence"), 15);
  // It begins again with the book as it is.
  EXPECT_EQ(client.Ask(Request("SUBSCRIBE", {"orderbook.*"})).at("type"), "result");
  EXPECT_EQ(client.Next("snapshot").at("sequence"), 11);
  EXPECT_EQ(client.Next("snapshot").at("sequence"), 14);
}

TEST_F(ClientsTest, RefusesWithTheReasonAndGoesOn) {
  Start();
  Listener client(*app_, "?channels=trade.*");
  client.Next("result");
  const auto refused = [&](const std::string& text, const std::string& code, const std::string& field,
                           const json& id = nullptr) {
    client.Send(text);
    const json error = client.Next("error");
    EXPECT_EQ(error.value("code", ""), code) << text;
    EXPECT_EQ(error.value("field", ""), field) << text;
    EXPECT_EQ(error.value("id", json("?")), id) << text;
    EXPECT_NE(error.value("message", ""), "") << text;
  };
  refused("", "MALFORMED_REQUEST", "");
  refused("{", "MALFORMED_REQUEST", "");
  refused("[1]", "MALFORMED_REQUEST", "");
  refused(R"({"id": 1})", "MISSING_FIELD", "method", 1);
  refused(R"({"method": "SHOUT", "id": 1})", "INVALID_VALUE", "method", 1);
  refused(R"({"method": 7})", "INVALID_VALUE", "method");
  refused(R"({"method": "LIST", "id": {}})", "INVALID_VALUE", "id");
  refused(R"({"method": "LIST", "id": 1.5})", "INVALID_VALUE", "id");
  refused(R"({"method": "LIST", "more": 1, "id": "x"})", "UNKNOWN_FIELD", "", "x");
  refused(R"({"method": "LIST", "params": []})", "INVALID_VALUE", "params");
  refused(R"({"method": "SUBSCRIBE"})", "MISSING_FIELD", "params");
  refused(R"({"method": "SUBSCRIBE", "params": []})", "INVALID_VALUE", "params");
  refused(R"({"method": "SUBSCRIBE", "params": "trade.*"})", "INVALID_VALUE", "params");
  refused(R"({"method": "SUBSCRIBE", "params": ["candles.*"]})", "INVALID_VALUE", "params");
  refused(R"({"method": "SUBSCRIBE", "params": ["ticker.*", "trade.DOGE-KRW"]})", "UNKNOWN_SYMBOL", "params");
  refused(R"({"method": "UNSUBSCRIBE", "params": ["trade.DOGE-KRW"]})", "UNKNOWN_SYMBOL", "params");
  EXPECT_EQ(client.Ask({{"method", "LIST"}}).at("channels"), json::array({"trade.*"})) << "nothing was changed";

  EXPECT_EQ(Listener(*app_, "?channels=trade").Next("error").at("field"), "channels");
  EXPECT_EQ(Listener(*app_, "?channels=trade.DOGE-KRW").Next("error").at("code"), "UNKNOWN_SYMBOL");
}

TEST_F(ClientsTest, BinaryMessagesAndPlainRequestsAreRefused) {
  Start();
  http::WebSocketClient client;
  ASSERT_TRUE(client.Connect("127.0.0.1", app_->port(), "/ws/exchange?channels=trade.*").ok());
  ASSERT_TRUE(client.SendBinary("{}").ok());
  while (client.Read(60'000).ok()) {
  }
  EXPECT_EQ(client.close_code(), http::kClosePolicyViolation);
  http::Client plain(http::testing::Patient(app_->port()));
  EXPECT_EQ(plain.Get("/ws/exchange")->status, 426);
}

TEST_F(ClientsTest, BeforeTheBooksAreThereNoNameIsKnown) {
  matching_.SetPresent(false);
  app_ = std::make_unique<NotifierApp>(config_, bus_, matching_, history_, clock_, metrics_, health_);
  ASSERT_TRUE(app_->Start().ok());
  Listener client(*app_, "?channels=orderbook.*");
  client.Next("result");
  EXPECT_EQ(client.Ask(Request("SUBSCRIBE", {"trade.BTC-KRW"})).at("code"), "UNAVAILABLE");
  matching_.SetPresent(true);
  EXPECT_EQ(client.Next("snapshot").at("symbol"), "BTC-KRW");
  EXPECT_EQ(client.Next("snapshot").at("symbol"), "ETH-KRW");
}

TEST_F(ClientsTest, ASlowClientIsCutAndDisturbsNobody) {
  config_.queue_bytes = 64 * 1024;
  config_.send_buffer_bytes = 4'096;
  config_.snapshot_depth = 1;
  Start();
  Listener slow(*app_, "?channels=trade.*", {.read_ahead_bytes = 1, .receive_buffer_bytes = 4'096});
  slow.Next("result");
  Listener reader(*app_, "?channels=trade.*");
  reader.Next("result");
  ASSERT_EQ(app_->hub().Sessions().size(), 2U);
  // Far more than all kernel buffers on the way can take; it ends when the slow one is gone.
  std::uint64_t sequence = 100;
  bool queued = false;
  while (sequence < 100'000 && app_->hub().Sessions().size() == 2) {
    std::vector<ports::Notification> burst;
    for (int i = 0; i < 50; ++i) burst.push_back(TradeOf(kBtc, ++sequence, 99, 1));
    Publish(burst);
    for (std::uint64_t due = sequence - 49; due <= sequence; ++due) {
      ASSERT_EQ(reader.Next("trade").at("sequence"), due) << "the other one gets everything";
    }
    queued = queued || Metric("notifier_queue_depth") != "0";
  }
  ASSERT_EQ(app_->hub().Sessions().size(), 1U);
  EXPECT_TRUE(queued) << "what the slow one did not read";
  EXPECT_THAT(slow.End(), StartsWith("1008 SLOW_CONSUMER"));
  EXPECT_EQ(Metric(R"(gateway_slow_consumer_disconnects_total{protocol="websocket"})"), "1");
  EXPECT_EQ(Metric(R"(notifier_deliveries_total{channel="trade",result="dropped"})"), "1");
  EXPECT_EQ(Metric("md_subscribers"), "1");
  Publish({TradeOf(kBtc, sequence + 1, 99, 1)});
  EXPECT_EQ(reader.Next("trade").at("sequence"), sequence + 1);
}

}  // namespace
}  // namespace xt::notifier
