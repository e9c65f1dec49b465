// Signing in, and what is private.
#include "services/notifier/testing/fixture.h"

namespace xt::notifier {
namespace {

using testing::json;
using testing::kBtc;
using testing::Listener;
using testing::LogonRequestOf;
using testing::NotifierTest;
using testing::TradeOf;
using testing::UserEventsOf;

class LogonTest : public NotifierTest {
 protected:
  LogonTest() { config_.logon_queue = 1; }
  json Logon(const std::string& name) { return LogonRequestOf("key-" + name, "secret-" + name, kNowMs); }
};

constexpr const char* kTrades = "?channels=trade.*";

TEST_F(LogonTest, ExecutionsAreForTheirAccountAlone) {
  Start();
  Listener one(*app_, kTrades), also_one(*app_, kTrades), two(*app_, kTrades), nobody(*app_, kTrades);
  for (Listener* client : {&one, &also_one, &two, &nobody}) client->Next("result");
  const json result = one.Ask(Logon("1"));
  EXPECT_EQ(result,
            json({{"type", "result"}, {"id", "logon"}, {"channels", json::array({"trade.*"})}, {"account", "1"}}));
  EXPECT_EQ(also_one.Ask(Logon("1")).at("account"), "1");
  EXPECT_EQ(two.Ask(Logon("2")).at("account"), "2");

  Publish({UserEventsOf(domain::AccountId(1), 20), UserEventsOf(domain::AccountId(1), 20),
           UserEventsOf(domain::AccountId(3), 21), UserEventsOf(domain::AccountId(2), 22), TradeOf(kBtc, 23, 99, 1)});
  for (Listener* client : {&one, &also_one}) {
    const json execution = client->Next("execution");
    EXPECT_EQ(execution.at("sequence"), 20);
    EXPECT_EQ(execution.at("index"), 1);
    EXPECT_EQ(execution.at("orderId"), "20");
    EXPECT_EQ(execution.at("clientOrderId"), "order-20");
    EXPECT_EQ(execution.at("status"), "NEW");
    EXPECT_EQ(execution.at("price"), "100");
    const json balance = client->Next("balance");
    EXPECT_EQ(balance.at("asset"), "KRW");
    EXPECT_EQ(balance.at("available"), "95");
    EXPECT_EQ(balance.at("locked"), "5");
    client->Next("trade");
  }
  EXPECT_EQ(two.Next("execution").at("sequence"), 22);
  two.Next("balance");
  two.Next("trade");
  nobody.Next("trade");
}

TEST_F(LogonTest, AClientMaySignInToAnotherAccount) {
  Start();
  Listener client(*app_, kTrades);
  client.Next("result");
  client.Ask(Logon("1"));
  EXPECT_EQ(client.Ask(Logon("2")).at("account"), "2");
  EXPECT_EQ(client.Ask({{"method", "LIST"}}).at("account"), "2");
  Publish({UserEventsOf(domain::AccountId(1), 20), UserEventsOf(domain::AccountId(2), 21)});
  EXPECT_EQ(client.Next("execution").at("sequence"), 21);
}

TEST_F(LogonTest, RefusesWithTheReason) {
  Start();
  Listener client(*app_, kTrades);
  client.Next("result");
  const auto refused = [&](const json& request, const std::string& code, const std::string& field) {
    const json error = client.Ask(request);
    EXPECT_EQ(error.value("type", ""), "error") << request;
    EXPECT_EQ(error.value("code", ""), code) << request;
    EXPECT_EQ(error.value("field", ""), field) << request;
  };
  const auto with = [&](const std::string& name, const json& value) {
    json request = Logon("1");
    request["params"][name] = value;
    return request;
  };
  refused({{"method", "LOGON"}}, "MISSING_FIELD", "params");
  refused({{"method", "LOGON"}, {"params", json::array()}}, "INVALID_VALUE", "params");
  refused(with("apiKey", nullptr), "MISSING_FIELD", "apiKey");
  refused(with("apiKey", 1), "INVALID_VALUE", "apiKey");
  refused(with("timestamp", nullptr), "MISSING_FIELD", "timestamp");
  refused(with("timestamp", "1700000000000"), "INVALID_VALUE", "timestamp");
  refused(with("timestamp", kNowMs + 1), "INVALID_SIGNATURE", "signature");
  refused(with("signature", nullptr), "MISSING_FIELD", "signature");
  refused(with("signature", 1), "INVALID_VALUE", "signature");
  refused(with("signature", ""), "INVALID_SIGNATURE", "signature");
  refused(with("more", 1), "UNKNOWN_FIELD", "params");
  refused(LogonRequestOf("key-1", "secret-2", kNowMs), "INVALID_SIGNATURE", "signature");
  refused(LogonRequestOf("key-9", "secret-9", kNowMs), "UNAUTHENTICATED", "apiKey");
  refused(LogonRequestOf("key-1", "secret-1", kNowMs - 30'001), "STALE_TIMESTAMP", "timestamp");
  refused(LogonRequestOf("key-1", "secret-1", kNowMs + 30'001), "STALE_TIMESTAMP", "timestamp");
  refused(Logon("0"), "UNAUTHENTICATED", "apiKey");  // the exchange's own account
  history_.SetPresent(false);
  refused(Logon("1"), "UNAVAILABLE", "");
  EXPECT_EQ(HealthOf("notifier.history").status, runtime::HealthStatus::kDown);
  Publish({UserEventsOf(domain::AccountId(1), 20), UserEventsOf(domain::AccountId(0), 21), TradeOf(kBtc, 22, 99, 1)});
  client.Next("trade");
  EXPECT_EQ(Metric(R"(gateway_auth_failures_total{reason="logon"})"), "7");
  history_.SetPresent(true);
  EXPECT_EQ(client.Ask(Logon("1")).at("account"), "1");
  EXPECT_EQ(HealthOf("notifier.history").status, runtime::HealthStatus::kOk);
}

TEST_F(LogonTest, ASlowHistoryHoldsUpLogonsOnlyAndTheirNumberIsBounded) {
  Start();
  Listener first(*app_, kTrades), client(*app_, kTrades);
  first.Next("result");
  client.Next("result");
  history_.Hold(true);
  first.Send(Logon("1"));
  ASSERT_TRUE(history_.WaitForHeld(1));
  client.Send(Logon("1"));  // waits in the queue
  EXPECT_EQ(client.Ask(Logon("2")).at("code"), "BACKPRESSURE");
  Publish({UserEventsOf(domain::AccountId(1), 20), TradeOf(kBtc, 21, 99, 1)});
  EXPECT_EQ(client.Next("trade").at("sequence"), 21) << "nobody is signed in yet";
  history_.Hold(false);
  EXPECT_EQ(client.Next("result").at("account"), "1");
}

TEST_F(LogonTest, AClientThatIsGoneMeanwhileIsForgotten) {
  Start();
  Listener witness(*app_, kTrades);
  witness.Next("result");
  history_.Hold(true);
  {
    Listener gone(*app_, kTrades);
    gone.Next("result");
    gone.Send(Logon("1"));
    ASSERT_TRUE(history_.WaitForHeld(1));
  }
  history_.Hold(false);
  EXPECT_EQ(witness.Ask(Logon("1")).at("account"), "1");
  Publish({UserEventsOf(domain::AccountId(1), 20)});
  EXPECT_EQ(witness.Next("execution").at("sequence"), 20);
}

}  // namespace
}  // namespace xt::notifier
