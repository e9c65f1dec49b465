// A cluster of real servers, with two of each service that may be doubled. An order crosses all of it and is found in every
// broker with the broker's own tool; whoever dies is replaced, and what was acknowledged stays.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "libs/adapters/rabbitmq/rabbitmq_notification_bus.h"
#include "tests/support/cluster.h"
#include "tests/support/eventually.h"

namespace xt::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

Cluster& SharedCluster() {
  static Cluster cluster(XT_BINARY_DIR "/bin", "sequencer=2,matching=2,gateway=2,notifier=2");
  static const std::string error = cluster.Up();
  EXPECT_EQ(error, "");
  return cluster;
}

// Sends an order until it is answered, with the same client order id, as a trader's program would.
json OrderUntilAnswered(Cluster& cluster, std::size_t account, std::size_t gateway, const json& order) {
  json answer;
  Eventually([&] {
    SignedClient client = cluster.client(account, gateway);
    const auto sent = client.Order(order);
    if (!sent.ok() || sent->status >= 500) return false;
    answer = sent->body;
    answer["httpStatus"] = sent->status;
    return true;
  });
  return answer;
}

std::string Port(const json& address) {
  const std::string text = address;
  return text.substr(text.rfind(':') + 1);
}

class ClusterTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_FALSE(cluster_.ready().is_null()); }

  json Server(const std::string& name) { return Cluster::Find(cluster_.Status(), name); }

  // Sells and buys `quantity` at a price of its own; the buyer's answer.
  json Trade(const std::string& price, const std::string& quantity, const std::string& name) {
    const json sold = OrderUntilAnswered(cluster_, 0, 0, LimitOrder("BTC-KRW", "SELL", price, quantity, name + "-s"));
    EXPECT_EQ(sold.value("status", ""), "NEW") << sold;
    return OrderUntilAnswered(cluster_, 1, 1, LimitOrder("BTC-KRW", "BUY", price, quantity, name + "-b"));
  }

  // What every process exports, against the catalogue in both directions and by Prometheus' own rules. A replica of
  // matching that is not fed may lack what belongs to symbols; one has to be fed.
  void CheckMetrics() {
    const std::string catalogue = XT_SOURCE_DIR "/tools/metrics/catalogue.py";
    bool matching_fed = false;
    const json status = cluster_.Status();
    for (const json& service : status.at("services")) {
      const std::string name = service.at("name");
      const std::string url = service.at("admin").get<std::string>() + "/metrics";
      ToolResult compared;
      EXPECT_TRUE(Eventually([&] {
        compared = RunTool({catalogue, "compare", name, url});
        if (name != "matching") return compared.status == 0;
        matching_fed = matching_fed || compared.status == 0;
        return compared.status == 0 || RunTool({catalogue, "compare", "--idle", name, url}).status == 0;
      })) << service.at("id")
          << "\n"
          << compared.output;
      const ToolResult checked =
          RunTool({"bash", "-c", "set -o pipefail; curl -sf " + url + " | promtool check metrics"});
      EXPECT_EQ(checked.status, 0) << service.at("id") << "\n" << checked.output;
    }
    EXPECT_TRUE(matching_fed);
  }

  // `xtraderctl status --json` with its exit status; stderr goes elsewhere.
  [[nodiscard]] json CtlStatus(int* exit_status) const {
    const ToolResult ctl = RunTool({"bash", "-c", "exec \"$0\" \"$@\" 2>/dev/null", XT_BINARY_DIR "/bin/xtraderctl",
                                    "--data", cluster_.data(), "status", "--json"});
    *exit_status = ctl.status.value_or(-1);
    return json::parse(ctl.output, nullptr, false);
  }
  // The instance that leads in a role, and its epoch; empty unless exactly one does.
  static std::pair<std::string, std::int64_t> LeaderIn(const json& ctl, const std::string& role) {
    std::vector<std::pair<std::string, std::int64_t>> leaders;
    for (const json& instance : ctl.at("instances")) {
      for (const json& one : instance.at("roles")) {
        if (one.at("role") == role && one.at("leader")) leaders.emplace_back(instance.at("name"), one.at("epoch"));
      }
    }
    return leaders.size() == 1 ? leaders.front() : std::pair<std::string, std::int64_t>{};
  }

  Cluster& cluster_ = SharedCluster();
};

TEST_F(ClusterTest, MetricsAreThoseOfTheCatalogue) {
  CheckMetrics();
  const std::jthread load([&](const std::stop_token& stop) {
    for (int i = 0; !stop.stop_requested(); ++i) Trade("89000000", "0.01", "metrics-" + std::to_string(i));
  });
  CheckMetrics();
}

TEST_F(ClusterTest, AnOrderIsInEveryBrokerUnderOneId) {
  rabbitmq::RabbitMqConfig config;
  config.url = Server("rabbitmq").at("url");
  const auto bus = rabbitmq::RabbitMqNotificationBus::Create(config);
  ASSERT_TRUE(bus.ok()) << bus.status();
  // Named: a private one goes with its connection, which the broker ends when nobody reads for ten seconds.
  const auto consumer = (*bus)->Consume({.name = "every-broker", .bindings = {"trade.BTC-KRW"}});
  ASSERT_TRUE(consumer.ok()) << consumer.status();

  const json bought = Trade("90000000", "0.25", "every-broker");
  ASSERT_EQ(bought.value("status", ""), "FILLED") << bought;
  const std::string sequence = std::to_string(bought.at("sequence").get<std::uint64_t>());
  const std::string trade = bought.at("fills").at(0).at("tradeId");

  // Redis: the entry's id is the sequence.
  EXPECT_TRUE(Eventually([&] {
    const ToolResult redis = RunTool({"redis-cli", "-p", Port(Server("redis").at("address")), "XRANGE",
                                      "xt:{0}:executions", sequence + "-0", sequence + "-0"});
    return redis.output.find(sequence + "-0") != std::string::npos;
  }));
  // The journal's Redis holds the frame that ends there, or later.
  const ToolResult journal = RunTool({"redis-cli", "-p", Port(Server("redis-journal").at("address")), "--scan"});
  EXPECT_THAT(journal.output, HasSubstr("xt:{0}:journal"));
  // PostgreSQL: the fills of the trade.
  EXPECT_TRUE(Eventually([&] {
    const ToolResult rows =
        RunTool({"psql", Server("postgres").at("url"), "-Atc",
                 "SELECT count(*) FROM xtrader.fills WHERE trade_id = " + trade + " AND sequence = " + sequence});
    return rows.output == "2\n";
  }));
  // Kafka: both topics, by the id in the header.
  for (const std::string topic : {"market.trade", "trading.events"}) {
    EXPECT_TRUE(Eventually([&] {
      const ToolResult kafka = RunTool({"kcat", "-b", Server("kafka").at("address"), "-m", "60", "-C", "-t", topic,
                                        "-o", "beginning", "-e", "-q", "-f", "%h\\n"});
      return kafka.output.find(sequence) != std::string::npos;
    })) << topic;
  }
  // RabbitMQ: the message id.
  const bool notified = Eventually([&] {
    const auto messages = (*consumer)->Read(100, std::chrono::milliseconds(500));
    return messages.ok() && std::any_of(messages->begin(), messages->end(), [&](const auto& delivery) {
             return std::to_string(delivery.notification.id.sequence.value()) == sequence;
           });
  });
  EXPECT_TRUE(notified);
}

TEST_F(ClusterTest, OneSequencerLeadsAndIsReplacedWhenItIsKilled) {
  const std::string leader = cluster_.AwaitLeader("sequencer");
  ASSERT_NE(leader, "");
  const json resting =
      OrderUntilAnswered(cluster_, 0, 0, LimitOrder("BTC-KRW", "SELL", "95000000", "0.1", "failover-1"));
  ASSERT_EQ(resting.value("status", ""), "NEW") << resting;

  ASSERT_EQ(::kill(Cluster::Find(cluster_.Status(), leader).at("pid"), SIGKILL), 0);
  const json after = OrderUntilAnswered(cluster_, 1, 1, LimitOrder("BTC-KRW", "BUY", "95000000", "0.1", "failover-2"));
  EXPECT_EQ(after.value("status", ""), "FILLED") << after;
  EXPECT_TRUE(Eventually([&] {
    const json now = cluster_.Status();
    const std::string present = Cluster::LeaderOf(now, "sequencer");
    return !present.empty() && Cluster::Find(now, leader).at("pid").is_number();
  }));
  // The same id again gets the first answer: it was executed once.
  const json again = OrderUntilAnswered(cluster_, 1, 0, LimitOrder("BTC-KRW", "BUY", "95000000", "0.1", "failover-2"));
  EXPECT_EQ(again.value("orderId", "1"), after.value("orderId", "2")) << again;
}

TEST_F(ClusterTest, CtlShowsWhoLeadsAndFollowsAChange) {
  Trade("94000000", "0.01", "ctl-before");
  int exit_status = -1;
  json before;
  EXPECT_TRUE(Eventually([&] {
    before = CtlStatus(&exit_status);
    return exit_status == 0 && before.at("buses").size() == 3 && before.at("journal").is_object() &&
           before.at("journal").at("inSync") == true &&
           std::ranges::all_of(before.at("buses"), [](const json& bus) { return bus.at("lag") == 0; });
  })) << before.dump(2);
  const auto [leader, epoch] = LeaderIn(before, "sequencer");
  EXPECT_EQ(leader, cluster_.AwaitLeader("sequencer"));
  EXPECT_EQ(LeaderIn(before, "market-data").first, "market-data-0");
  EXPECT_EQ(before.at("instances").size(), 10U);
  const std::string leads = "leads sequencer, epoch " + std::to_string(epoch);
  ToolResult table;
  EXPECT_TRUE(Eventually([&] {
    table = RunTool({XT_BINARY_DIR "/bin/xtraderctl", "--data", cluster_.data(), "status"});
    return table.output.find(leads) != std::string::npos &&
           table.output.find("journal: the second copy is in sync") != std::string::npos;
  })) << table.output;

  ASSERT_EQ(::kill(Cluster::Find(cluster_.Status(), leader).at("pid"), SIGKILL), 0);
  json after;
  EXPECT_TRUE(Eventually([&] {
    after = CtlStatus(&exit_status);
    const auto [name, later] = LeaderIn(after, "sequencer");
    return exit_status == 0 && later > epoch;
  })) << after.dump(2);
  EXPECT_NE(LeaderIn(after, "sequencer").first, leader) << after.dump(2);

  ASSERT_EQ(cluster_.Stop("gateway-1").status, 0);
  const ToolResult without = RunTool({XT_BINARY_DIR "/bin/xtraderctl", "--data", cluster_.data(), "status"});
  EXPECT_EQ(without.status, 1);
  EXPECT_THAT(without.output, HasSubstr("xtraderctl: gateway-1 does not answer: "));
  ASSERT_EQ(cluster_.Start("gateway-1").status, 0);
  EXPECT_TRUE(Eventually([&] {
    after = CtlStatus(&exit_status);
    return exit_status == 0;
  })) << after.dump(2);
}

TEST_F(ClusterTest, AReplicaOfMatchingStandsByWithEverythingAndTakesOver) {
  json status;
  int exit_status = -1;
  // The one that works for the leader and its standby, once both have applied everything.
  const auto replicas = [&] {
    std::pair<std::string, std::string> found;
    EXPECT_TRUE(Eventually([&] {
      found = {};
      status = CtlStatus(&exit_status);
      for (const json& instance : status.at("instances")) {
        const std::string name = instance.at("name");
        if (!name.starts_with("matching") || instance.at("sequences").empty()) continue;
        if (instance.at("sequences").front().at("lag") != 0) continue;
        (instance.at("state") == "ready" ? found.first : found.second) = name;
      }
      return !found.first.empty() && !found.second.empty();
    })) << status.dump(2);
    return found;
  };
  Trade("93000000", "0.01", "standby-before");
  const auto before = replicas();
  ASSERT_EQ(::kill(Cluster::Find(cluster_.Status(), before.first).at("pid"), SIGKILL), 0);
  EXPECT_EQ(Trade("93000000", "0.01", "standby-after").value("status", ""), "FILLED");
  const auto after = replicas();
  EXPECT_EQ(after.first, before.second);
  EXPECT_EQ(after.second, before.first) << "it is fed again";
}

TEST_F(ClusterTest, EveryServiceThatIsKilledComesBack) {
  const json status = cluster_.Status();
  for (const json& service : status.at("services")) {
    const std::string id = service.at("id");
    ASSERT_EQ(::kill(service.at("pid"), SIGKILL), 0) << id;
    EXPECT_TRUE(Eventually([&] {
      const json now = Cluster::Find(cluster_.Status(), id);
      return now.at("pid").is_number() && now.at("pid") != service.at("pid");
    })) << id;
    const json traded = Trade("91000000", "0.01", "after-" + id);
    EXPECT_EQ(traded.value("status", ""), "FILLED") << id << " " << traded;
  }
}

TEST_F(ClusterTest, TheAccountSeesItsOrderInPersistence) {
  const json bought = Trade("92000000", "0.02", "persisted");
  ASSERT_EQ(bought.value("status", ""), "FILLED") << bought;
  EXPECT_TRUE(Eventually([&] {
    SignedClient client = cluster_.client(1);
    const auto order = client.Get("/v1/order/" + bought.at("orderId").get<std::string>());
    return order.ok() && order->status == 200 && order->body.value("status", "") == "FILLED";
  }));
}

TEST_F(ClusterTest, InfraHealthFollowsTheServers) {
  json health = json::object();
  const auto status = [&](const std::string& name) {
    for (const json& component : health.value("components", json::array())) {
      if (component.at("component") == name) return component.at("status").get<std::string>();
    }
    return std::string("not there");
  };
  // Trading goes on meanwhile: who publishes learns how the bus is.
  int trades = 0;
  const auto becomes = [&](const std::string& profile, const std::map<std::string, std::string>& servers) {
    return Eventually([&] {
      Trade("93000000", "0.01", "infra-" + std::to_string(++trades));
      SignedClient client = cluster_.client(0);
      const auto answer = client.Get("/api/ws/infra-health");
      if (answer.ok()) health = answer->body;
      return health.value("profile", "") == profile &&
             std::ranges::all_of(servers, [&](const auto& one) { return status(one.first) == one.second; });
    });
  };
  EXPECT_TRUE(becomes("full", {{"zookeeper", "ok"}, {"postgresql", "ok"}, {"rabbitmq", "ok"}})) << health.dump(2);
  ASSERT_EQ(cluster_.Stop("kafka").status, 0);
  EXPECT_TRUE(becomes("redis-only", {{"kafka", "down"}})) << health.dump(2);
  ASSERT_EQ(cluster_.Start("kafka").status, 0);
  EXPECT_TRUE(becomes("full", {{"kafka", "ok"}})) << health.dump(2);
}

}  // namespace
}  // namespace xt::test
