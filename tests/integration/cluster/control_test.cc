// What an operator does to a running cluster with xtraderctl: the sequencer that leads hands over while orders come in,
// trading stops and goes on. Nothing that was acknowledged is lost, and what was done outlives those who did it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "libs/http/client.h"
#include "tests/integration/cluster/bus_readers.h"
#include "tests/integration/cluster/order_load.h"
#include "tests/support/cluster.h"
#include "tests/support/eventually.h"

namespace xt::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

constexpr int kOrdersPerSecond = 100;
constexpr std::uint64_t kSome = 50;  // orders between two acts
constexpr int kHandOvers = 3;

Cluster& SharedCluster() {
  static Cluster cluster(XT_BINARY_DIR "/bin", "sequencer=2,matching=2");
  static const std::string error = cluster.Up();
  EXPECT_EQ(error, "");
  return cluster;
}

class ControlTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_FALSE(cluster_.ready().is_null()); }

  [[nodiscard]] ToolResult Ctl(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {XT_BINARY_DIR "/bin/xtraderctl", "--data", cluster_.data()});
    return RunTool(std::move(arguments), std::chrono::seconds(180));
  }
  // The sequencer that leads and its epoch, once everybody is as he should be and exactly one leads.
  std::pair<std::string, std::int64_t> Leader() {
    std::vector<std::pair<std::string, std::int64_t>> leaders;
    EXPECT_TRUE(Eventually([&] {
      const ToolResult ctl = RunTool({"bash", "-c", "exec \"$0\" \"$@\" 2>/dev/null", XT_BINARY_DIR "/bin/xtraderctl",
                                      "--data", cluster_.data(), "status", "--json"});
      const json status = json::parse(ctl.output, nullptr, false);
      leaders.clear();
      for (const json& instance : status.value("instances", json::array())) {
        for (const json& role : instance.at("roles")) {
          if (role.at("role") == "sequencer" && role.at("leader")) {
            leaders.emplace_back(instance.at("name"), role.at("epoch"));
          }
        }
      }
      return ctl.status == 0 && leaders.size() == 1;
    }));
    return leaders.empty() ? std::pair<std::string, std::int64_t>{} : leaders.front();
  }
  void Kill(const std::string& id) const {
    EXPECT_EQ(::kill(Cluster::Find(cluster_.Status(), id).at("pid"), SIGKILL), 0) << id;
  }

  [[nodiscard]] std::vector<TraderOptions> Traders() const {
    std::vector<TraderOptions> traders;
    for (std::size_t i = 0; i < 4; ++i) {
      const json& account = cluster_.ready().at("accounts").at(i % 2);
      traders.push_back({.rest = Cluster::Find(cluster_.ready(), "gateway-0").at("rest"),
                         .credentials = {account.at("account"), account.at("apiKey"), account.at("secret")},
                         .name = "hand-over-" + std::to_string(i)});
    }
    return traders;
  }
  // That this sequencer and those before it in its folder were fenced; -1: it does not say.
  [[nodiscard]] int FencedWrites(const std::string& id) const {
    const std::string name = "leader_fenced_writes_total{role=\"sequencer\",shard=\"0\"} ";
    const std::string admin = Cluster::Find(cluster_.ready(), id).at("admin");
    http::Client client({.port = PortOf(admin)});
    const auto answer = client.Get("/metrics");
    const std::size_t at = answer.ok() ? answer->body.find("\n" + name) : std::string::npos;
    return at == std::string::npos ? -1 : std::stoi(answer->body.substr(at + 1 + name.size()));
  }
  // With the same client order id until it is answered, as a trader's program would.
  json Order(const std::string& symbol, const std::string& price, const std::string& id) {
    json body;
    EXPECT_TRUE(Eventually([&] {
      SignedClient client = cluster_.client(0);
      const auto answer = client.Order(LimitOrder(symbol, "SELL", price, "0.01", id));
      if (!answer.ok() || answer->status >= 500) return false;
      body = answer->body;
      return true;
    }));
    return body;
  }
  json Cancel(const json& order) {
    json body;
    EXPECT_TRUE(Eventually([&] {
      SignedClient client = cluster_.client(0);
      const auto answer = client.Delete("/v1/order/" + order.value("orderId", "0"));
      if (!answer.ok() || answer->status >= 500) return false;
      body = answer->body;
      return true;
    }));
    return body;
  }
  // A thread of its own writes the log.
  [[nodiscard]] bool Logged(const std::string& id, const std::string& text) const {
    return ReadFile(cluster_.data() + "/" + id + "/log").find(text) != std::string::npos;
  }
  std::string StatusOf(const std::string& symbol) {
    SignedClient client = cluster_.client(0);
    const auto answer = client.Get("/v1/symbols");
    if (!answer.ok()) return "";
    for (const json& one : answer->body.value("symbols", json::array())) {
      if (one.at("symbol") == symbol) return one.at("status");
    }
    return "";
  }

  Cluster& cluster_ = SharedCluster();
};

TEST_F(ControlTest, ALeaderHandsOverWhileOrdersComeIn) {
  const std::string redis = Cluster::Find(cluster_.ready(), "redis").at("address");
  KeepExecutions(redis);
  OrderLoad load(Traders(), kOrdersPerSecond);
  for (int i = 0; i < kHandOvers; ++i) {
    const auto [leader, epoch] = Leader();
    const std::uint64_t until_now = load.acknowledged();
    ASSERT_TRUE(Eventually([&] { return !Leader().first.empty() && load.acknowledged() >= until_now + kSome; }));
    const ToolResult done = Ctl({"step-down", "--reason", "hand-over of a test", "--wait"});
    ASSERT_EQ(done.status, 0) << done.output;
    EXPECT_THAT(done.output, HasSubstr(leader + " gives up its leadership of epoch " + std::to_string(epoch)));
    const auto [successor, later] = Leader();
    EXPECT_NE(successor, leader);
    EXPECT_EQ(later, epoch + 1);
    EXPECT_THAT(done.output, HasSubstr(successor + " leads in epoch " + std::to_string(later) + " after "));
    EXPECT_TRUE(Eventually([&] { return Logged(leader, "\"reason\":\"hand-over of a test\""); }));
  }
  const LoadReport report = load.Stop();
  EXPECT_TRUE(report.refused.empty()) << report.refused.front();
  EXPECT_TRUE(report.unanswered.empty()) << report.unanswered.front();
  ASSERT_GE(report.acknowledged.size(), kHandOvers * kSome);
  std::string verified;
  EXPECT_TRUE(Eventually([&] {
    const ToolResult verify = Ctl({"verify"});
    verified = verify.output;
    return verify.status == 0;
  })) << verified;
  const History history = ReadHistory(redis);
  for (const auto& [client_order_id, order_id] : report.acknowledged) {
    const auto order = history.orders.find(order_id);
    ASSERT_NE(order, history.orders.end()) << client_order_id << " was acknowledged and is not there";
    EXPECT_EQ(order->second.client_order_id, client_order_id);
  }
}

TEST_F(ControlTest, NobodyHandsOverToNobody) {
  const auto [leader, epoch] = Leader();
  const std::string other = leader == "sequencer-0" ? "sequencer-1" : "sequencer-0";
  ASSERT_EQ(cluster_.Stop(other).status, 0);
  const ToolResult refused = Ctl({"step-down"});
  EXPECT_EQ(refused.status, 1);
  EXPECT_THAT(refused.output, HasSubstr(": nobody else would lead then"));
  EXPECT_EQ(Order("ETH-KRW", "5000000", "nobody-1").value("status", ""), "NEW") << "it leads on";
  const ToolResult forced = Ctl({"step-down", "--force", "--wait"});
  EXPECT_EQ(forced.status, 0) << forced.output;
  EXPECT_THAT(forced.output, HasSubstr(leader + " leads in epoch " + std::to_string(epoch + 1)));
  EXPECT_EQ(Order("ETH-KRW", "5000000", "nobody-2").value("status", ""), "NEW");
  ASSERT_EQ(cluster_.Start(other).status, 0);
  EXPECT_EQ(Leader().first, leader);
}

// As if a leader after this one had opened the journal: what it appends is refused, and nobody hears of it.
TEST_F(ControlTest, AFencedLeaderEndsAndIsCounted) {
  const auto [leader, epoch] = Leader();
  const int before = FencedWrites(leader);
  const std::string redis = Cluster::Find(cluster_.ready(), "redis-journal").at("address");
  const ToolResult raised =
      RunTool({"redis-cli", "-u", "redis://" + redis, "HINCRBY", "xt:{0}:journal:end", "tok", "1"});
  ASSERT_EQ(raised.status, 0) << raised.output;
  EXPECT_EQ(Order("ETH-KRW", "5000000", "fenced-1").value("status", ""), "NEW") << "by the leader after it";
  EXPECT_EQ(Leader().second, epoch + 1);
  EXPECT_TRUE(Eventually([&] { return FencedWrites(leader) == before + 1; })) << FencedWrites(leader);
  EXPECT_TRUE(Eventually([&] { return Ctl({"verify"}).status == 0; }));
}

TEST_F(ControlTest, AHaltOutlivesTheLeaderAndTheReplica) {
  const json first = Order("BTC-KRW", "200000000", "halt-1");
  ASSERT_EQ(first.value("status", ""), "NEW") << first;
  const json second = Order("BTC-KRW", "200000000", "halt-2");
  ASSERT_EQ(Ctl({"halt"}).status, 2) << "without a reason";
  ASSERT_EQ(Ctl({"halt", "BTC-EUR", "--reason", "none"}).status, 1);
  const ToolResult halted = Ctl({"halt", "BTC-KRW", "--reason", "news are due"});
  ASSERT_EQ(halted.status, 0) << halted.output;
  EXPECT_THAT(halted.output, testing::ContainsRegex("BTC-KRW  TRADING  HALTED  [0-9]+"));
  EXPECT_TRUE(Eventually([&] { return Logged("gateway-0", "\"reason\":\"news are due\""); }));
  EXPECT_TRUE(Eventually([&] { return StatusOf("BTC-KRW") == "HALTED"; }));
  EXPECT_EQ(Order("BTC-KRW", "200000000", "halt-3").value("code", ""), "SYMBOL_HALTED");
  EXPECT_EQ(Cancel(first).value("code", ""), "SYMBOL_HALTED");
  EXPECT_EQ(Order("ETH-KRW", "5000000", "halt-4").value("status", ""), "NEW") << "another market";

  Kill(Leader().first);
  Kill("matching-0");
  Kill("matching-1");
  EXPECT_EQ(Order("BTC-KRW", "200000000", "halt-5").value("code", ""), "SYMBOL_HALTED");
  (void)Leader();  // everybody is back
  const ToolResult cancel_only = Ctl({"halt", "BTC-KRW", "--cancel-only", "--reason", "orders may go"});
  EXPECT_EQ(cancel_only.status, 0) << cancel_only.output;
  EXPECT_THAT(cancel_only.output, testing::ContainsRegex("BTC-KRW  HALTED  CANCEL_ONLY  [0-9]+"));
  EXPECT_EQ(Order("BTC-KRW", "200000000", "halt-6").value("code", ""), "SYMBOL_HALTED");
  EXPECT_EQ(Cancel(first).value("status", ""), "CANCELED");

  const ToolResult resumed = Ctl({"resume"});
  EXPECT_EQ(resumed.status, 0) << resumed.output;
  EXPECT_THAT(resumed.output, testing::ContainsRegex("BTC-KRW +CANCEL_ONLY  TRADING  [0-9]+"));
  EXPECT_THAT(resumed.output, testing::ContainsRegex("ETH-BTC +TRADING +TRADING  [0-9]+"));
  EXPECT_EQ(Order("BTC-KRW", "200000000", "halt-7").value("status", ""), "NEW");
  EXPECT_EQ(Cancel(second).value("status", ""), "CANCELED");
}

}  // namespace
}  // namespace xt::test
