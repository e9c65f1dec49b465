// A cluster is ended and started again on its data, on other ports: everything is there as it was, the sequencer whose
// file counts leads, and orders go on through all brokers.
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <map>
#include <set>
#include <string>
#include <thread>

#include "tests/integration/cluster/bus_readers.h"
#include "tests/support/cluster.h"

namespace xt::test {
namespace {

using nlohmann::json;
using std::chrono::steady_clock;

constexpr std::chrono::seconds kPatience{120};
constexpr std::chrono::milliseconds kStep{50};
constexpr int kOrders = 40;  // of each account before each end

template <typename Question>
bool Eventually(const Question& question) {
  const auto deadline = steady_clock::now() + kPatience;
  while (!question()) {
    if (steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(kStep);
  }
  return true;
}

class ClusterRestartTest : public testing::Test {
 protected:
  void Up() {
    const std::string error = cluster_.Up();
    ASSERT_EQ(error, "");
  }

  // Sent again with the same client order id until it is answered.
  json Order(std::size_t account, const json& order) {
    json body;
    EXPECT_TRUE(Eventually([&] {
      const auto answer = cluster_.client(account).Order(order);
      if (!answer.ok() || answer->status >= 500) return false;
      EXPECT_EQ(answer->status, 200) << answer->body;
      body = answer->body;
      return true;
    }));
    return body;
  }

  // Orders that rest and orders that trade, of both accounts.
  void Trade(const std::string& round) {
    for (int i = 0; i < kOrders; ++i) {
      const std::string id = round + "-" + std::to_string(i);
      const std::string price = std::to_string(90'000'000 + 1'000 * (i % 7));
      for (std::size_t account = 0; account < 2; ++account) {
        const std::string side = (i + static_cast<int>(account)) % 2 == 0 ? "BUY" : "SELL";
        json order = LimitOrder("BTC-KRW", side, price, i % 3 == 0 ? "0.02" : "0.01", id);
        const json answer = Order(account, order);
        sent_[{account, id}] = {order, answer};
      }
    }
  }

  json Ask(std::size_t account, const std::string& target) {
    json body;
    EXPECT_TRUE(Eventually([&] {
      const auto answer = cluster_.client(account).Get(target);
      if (!answer.ok() || answer->status != 200) return false;
      body = answer->body;
      return true;
    })) << target;
    return body;
  }

  // What both accounts can ask for, and the public book.
  json Everything() {
    json all;
    for (std::size_t account = 0; account < 2; ++account) {
      all.push_back({{"orders", Ask(account, "/v1/orders?limit=1000").at("orders")},
                     {"open", Ask(account, "/v1/orders?open=true&limit=1000").at("orders")},
                     {"trades", Ask(account, "/v1/trades?limit=1000").at("trades")},
                     {"balances", Ask(account, "/v1/account").at("balances")}});
    }
    const json book = Ask(0, "/v1/market/BTC-KRW/book");
    all.push_back({{"bids", book.at("bids")}, {"asks", book.at("asks")}});
    return all;
  }

  void ExpectOneLeader() {
    EXPECT_TRUE(Eventually([&] {
      const json status = cluster_.Status();
      int leaders = 0;
      for (const json& service : status.at("services")) {
        leaders += service.at("name") == "sequencer" && service.value("leader", false) ? 1 : 0;
      }
      return leaders == 1;
    }));
  }

  // A resent order is not executed again.
  void ExpectFirstAnswers() {
    for (const auto& [who, order] : sent_) {
      const json again = Order(who.first, order.first);
      ASSERT_EQ(again.at("orderId"), order.second.at("orderId")) << again;
      ASSERT_EQ(again.at("executedQuantity"), order.second.at("executedQuantity")) << again;
    }
  }

  void ExpectTheBrokersGoOn(const std::string& round) {
    const std::string rabbitmq = Cluster::Find(cluster_.ready(), "rabbitmq").at("url");
    DeclareNotificationQueue(rabbitmq);
    const json bought = Order(0, LimitOrder("ETH-USDT", "SELL", "2000", "0.1", "sold-" + round));
    const json sold = Order(1, LimitOrder("ETH-USDT", "BUY", "2000", "0.1", "bought-" + round));
    ASSERT_EQ(sold.at("status"), "FILLED") << sold;
    const std::uint64_t last = sold.at("sequence");
    const std::string kafka = Cluster::Find(cluster_.ready(), "kafka").at("address");
    EXPECT_TRUE(Eventually([&] {
      const Lanes found = ReadKafka(kafka);
      const auto has = [&](const std::string& lane) {
        return found.contains(lane) && found.at(lane).back().sequence.value() >= last;
      };
      return has("trading.events") && has("market.trade ETH-USDT");
    }));
    EXPECT_TRUE(
        Eventually([&] { return ReadHistory(Cluster::Find(cluster_.ready(), "redis").at("address")).last >= last; }));
    const History history = ReadHistory(Cluster::Find(cluster_.ready(), "redis").at("address"));
    ExpectComplete(ReadKafka(kafka), history.kafka);
    EXPECT_TRUE(Eventually([&] { return Ask(1, "/v1/order?clientOrderId=bought-" + round).at("status") == "FILLED"; }));
    ExpectInDatabase(Cluster::Find(cluster_.ready(), "postgres").at("url"), history);
    Lanes notified;
    const std::string trade = "trade.ETH-USDT";
    TakeNotifications(rabbitmq, {{trade, {history.notifications.at(trade).back()}}}, notified);
    ASSERT_TRUE(notified.contains(trade));
    EXPECT_EQ(notified.at(trade).back(), history.notifications.at(trade).back());
  }

  Cluster cluster_{XT_BINARY_DIR "/bin", "sequencer=2"};
  std::map<std::pair<std::size_t, std::string>, std::pair<json, json>> sent_;  // order and answer by account and id
};

TEST_F(ClusterRestartTest, EverythingIsThereAgain) {
  ASSERT_NO_FATAL_FAILURE(Up());
  KeepExecutions(Cluster::Find(cluster_.ready(), "redis").at("address"));
  const json accounts = cluster_.ready().at("accounts");
  for (const std::string round : {"first", "second"}) {
    Trade(round);
    if (round == "second") {
      // Another one leads at the end than at the beginning.
      const std::string leader = cluster_.AwaitLeader("sequencer");
      ASSERT_NE(leader, "");
      ASSERT_EQ(::kill(Cluster::Find(cluster_.Status(), leader).at("pid"), SIGKILL), 0);
      Trade("third");
    }
    // Rests, far from the market: what the public book shows behind it is all that came before.
    const json last = Order(0, LimitOrder("BTC-KRW", "BUY", "1000", "1", "last-" + round));
    ASSERT_TRUE(Eventually([&] { return Ask(0, "/v1/market/BTC-KRW/book").at("sequence") >= last.at("sequence"); }));
    const json before = Everything();
    const ToolResult down = cluster_.Down();
    ASSERT_EQ(down.status, 0) << down.output;
    ASSERT_NO_FATAL_FAILURE(Up());
    EXPECT_EQ(cluster_.ready().at("accounts"), accounts);
    ExpectOneLeader();
    EXPECT_EQ(json::diff(before, Everything()), json::array());
    ExpectFirstAnswers();
    ExpectTheBrokersGoOn(round);
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace xt::test
