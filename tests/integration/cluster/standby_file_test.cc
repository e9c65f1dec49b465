// A cluster whose journal has a third copy, the file of the sequencer that stands by: any two of the three go on, and
// when Redis and the leader's disk are lost at once, the standby leads with everything that was acknowledged.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <utility>

#include "libs/http/client.h"
#include "tests/support/cluster.h"
#include "tests/support/eventually.h"
#include "tools/cluster/cluster_file.h"
#include "tools/metrics/metrics_text.h"

namespace xt::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

constexpr std::chrono::seconds kEnd{60};  // of a process that was killed
constexpr int kTrades = 20;

class StandbyFileTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(cluster_.Up(), ""); }

  // Once: what came of it. Nothing when it has to be sent again.
  json Send(std::size_t account, const std::string& id) const {
    const std::string side = account == 0 ? "SELL" : "BUY";
    const auto answer = cluster_.client(account).Order(LimitOrder("BTC-KRW", side, "90000000", "0.001", id));
    return answer.ok() && answer->status < 500 ? answer->body : json();
  }
  json Order(std::size_t account, const std::string& id) {
    json body;
    EXPECT_TRUE(Eventually([&] {
      body = Send(account, id);
      return !body.is_null();
    })) << id;
    return body;
  }
  void Trade(const std::string& round) {
    for (int i = 0; i < kTrades; ++i) {
      for (std::size_t account = 0; account < 2; ++account) {
        const std::string id = round + "-" + std::to_string(i);
        const json answer = Order(account, id);
        EXPECT_EQ(answer.value("status", ""), account == 0 ? "NEW" : "FILLED") << answer;
        answers_[{account, id}] = answer.value("orderId", "");
      }
    }
  }
  // Sent again each order is the one that it was: it is in the journal.
  void ExpectEveryOrder() {
    for (const auto& [order, id] : answers_) {
      ASSERT_EQ(Order(order.first, order.second).value("orderId", ""), id) << order.second;
    }
  }

  [[nodiscard]] static std::string Other(const std::string& sequencer) {
    return sequencer == "sequencer-0" ? "sequencer-1" : "sequencer-0";
  }
  // -1: it does not say.
  [[nodiscard]] double Metric(const std::string& id, const std::string& name,
                              const metrics::Labels& labels = {}) const {
    http::Client client({.port = PortOf(Cluster::Find(cluster_.ready(), id).at("admin").get<std::string>())});
    const auto page = client.Get("/metrics");
    const auto samples = metrics::ParseMetrics(page.ok() ? page->body : "");
    if (!samples.ok()) return -1;
    const auto found = metrics::SamplesOf(*samples, name, labels);
    return found.size() == 1 ? found.front().value : -1;
  }
  // Both copies besides the leader's own count.
  void AwaitInSync(const std::string& leader) const {
    const std::string standby = Cluster::Find(cluster_.ready(), Other(leader)).at("grpc");
    EXPECT_TRUE(Eventually([&] {
      return Metric(leader, "journal_remote_required") == 1 &&
             Metric(leader, "journal_standby_required", {{"standby", standby}}) == 1;
    })) << leader
        << " without the file of " << standby;
  }
  [[nodiscard]] bool Ready(const std::string& id) const {
    http::Client client({.port = PortOf(Cluster::Find(cluster_.ready(), id).at("admin").get<std::string>())});
    const auto answer = client.Get("/readyz");
    return answer.ok() && answer->status == 200;
  }

  void MustStop(const std::string& name) const { ASSERT_EQ(cluster_.Stop(name).status, 0) << name; }
  void MustStart(const std::string& name) const { ASSERT_EQ(cluster_.Start(name).status, 0) << name; }
  // Both at the same moment: the leader stands still while what they keep is removed. It stays away.
  void LoseRedisAndTheDiskOf(const std::string& leader) const {
    const pid_t pid = Cluster::Find(cluster_.Status(), leader).at("pid");
    ASSERT_EQ(::kill(pid, SIGSTOP), 0);
    const std::string redis = Cluster::Find(cluster_.ready(), "redis-journal").at("address");
    const ToolResult wiped = RunTool({"redis-cli", "-u", "redis://" + redis, "FLUSHALL"});
    EXPECT_EQ(wiped.status, 0) << wiped.output;
    for (const auto& entry : std::filesystem::directory_iterator(cluster_.data() + "/" + leader)) {
      if (entry.is_directory()) std::filesystem::remove_all(entry.path());
    }
    cluster::Hold(cluster_.data(), leader);
    ASSERT_EQ(::kill(pid, SIGKILL), 0);
    ASSERT_TRUE(cluster::WaitForEnd(pid, kEnd));
  }
  void ExpectVerified() const {
    ToolResult verified;
    EXPECT_TRUE(Eventually([&] {
      verified =
          RunTool({XT_BINARY_DIR "/bin/xtraderctl", "--data", cluster_.data(), "verify"}, std::chrono::seconds(180));
      return verified.status == 0;
    })) << verified.output;
  }

  Cluster cluster_{XT_BINARY_DIR "/bin", "sequencer=2", "local+redis+standbys"};
  std::map<std::pair<std::size_t, std::string>, std::string> answers_;  // order id by account and client order id
};

TEST_F(StandbyFileTest, TwoOfTheThreeCopiesGoOnAndOneAloneDoesNot) {
  const std::string leader = cluster_.AwaitLeader("sequencer");
  AwaitInSync(leader);
  ASSERT_NO_FATAL_FAILURE(MustStop("redis-journal"));
  Trade("without-redis");
  EXPECT_TRUE(Eventually([&] { return Metric(leader, "journal_remote_required") == 0; }));
  EXPECT_EQ(Metric(leader, "journal_accepting"), 1);
  EXPECT_TRUE(Ready(leader));

  ASSERT_NO_FATAL_FAILURE(MustStop(Other(leader)));
  // The first one finds out that the other copy is lost, and waits for it.
  EXPECT_TRUE(Eventually([&] {
    const auto answer = cluster_.client(0).Order(LimitOrder("BTC-KRW", "SELL", "90000000", "0.001", "alone"));
    EXPECT_TRUE(!answer.ok() || answer->status >= 500) << "one copy confirmed it";
    return answer.ok() && answer->status == 503;
  }));
  EXPECT_EQ(Metric(leader, "journal_accepting"), 0);
  EXPECT_FALSE(Ready(leader));

  ASSERT_NO_FATAL_FAILURE(MustStart(Other(leader)));
  EXPECT_EQ(Order(0, "alone").value("status", ""), "NEW") << "two files";
  ASSERT_NO_FATAL_FAILURE(MustStart("redis-journal"));
  AwaitInSync(leader);
  EXPECT_TRUE(Ready(leader));
  ExpectEveryOrder();
}

TEST_F(StandbyFileTest, WithoutRedisAndTheLeadersDiskTheStandbyHasEverything) {
  std::string leader = cluster_.AwaitLeader("sequencer");
  // The second time the file leads that was made anew, and was fed since.
  for (const std::string round : {"first", "second"}) {
    AwaitInSync(leader);
    Trade(round);
    ASSERT_NO_FATAL_FAILURE(LoseRedisAndTheDiskOf(leader));
    const std::string lost = std::exchange(leader, Other(leader));
    EXPECT_EQ(cluster_.AwaitLeader("sequencer"), leader);
    ExpectEveryOrder();
    Trade("behind-" + round);
    ASSERT_NO_FATAL_FAILURE(MustStart(lost));
    AwaitInSync(leader);
    ExpectVerified();
    EXPECT_EQ(cluster_.AwaitLeader("sequencer"), leader);
  }
  ExpectEveryOrder();
  const std::string url = Cluster::Find(cluster_.ready(), leader).at("admin").get<std::string>() + "/metrics";
  const ToolResult compared = RunTool({XT_SOURCE_DIR "/tools/metrics/catalogue.py", "compare", "sequencer", url});
  EXPECT_EQ(compared.status, 0) << compared.output;
  EXPECT_THAT(RunTool({XT_BINARY_DIR "/bin/xtraderctl", "--data", cluster_.data(), "status"}).output,
              HasSubstr("journal: the file of " +
                        Cluster::Find(cluster_.ready(), Other(leader)).at("grpc").get<std::string>() + " is in sync"));
}

}  // namespace
}  // namespace xt::test
