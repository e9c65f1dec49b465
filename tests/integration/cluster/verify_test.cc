// `xtraderctl verify` and `replay` on a whole cluster: it finds nothing wrong after some orders, also while more come,
// and the one row that somebody changed in the database.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <stop_token>
#include <string>
#include <thread>

#include "tests/support/cluster.h"
#include "tests/support/eventually.h"

namespace xt::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class VerifyTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(cluster_.Up(), ""); }

  json Order(std::size_t account, const std::string& side, const std::string& price, const std::string& id) {
    json body;
    EXPECT_TRUE(Eventually([&] {
      SignedClient client = cluster_.client(account);
      const auto answer = client.Order(LimitOrder("BTC-KRW", side, price, "0.1", id));
      if (!answer.ok() || answer->status >= 500) return false;
      body = answer->body;
      return true;
    })) << id;
    return body;
  }
  void Trade(const std::string& name) {
    EXPECT_EQ(Order(0, "SELL", "90000000", name + "-s").value("status", ""), "NEW");
    EXPECT_EQ(Order(1, "BUY", "90000000", name + "-b").value("status", ""), "FILLED");
  }
  [[nodiscard]] ToolResult Ctl(const std::vector<std::string>& arguments) const {
    std::vector<std::string> argv{XT_BINARY_DIR "/bin/xtraderctl", "--data", cluster_.data()};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    return RunTool(argv, std::chrono::seconds(180));
  }
  [[nodiscard]] json VerifyAsJson() const {
    const ToolResult result = Ctl({"verify", "--json"});
    EXPECT_EQ(result.status, 0) << result.output;
    const json report = json::parse(result.output, nullptr, false);
    EXPECT_TRUE(report.is_object()) << result.output;
    return report.is_object() ? report : json::object();
  }
  // But for what needs a history.
  static bool AllChecked(const json& report) {
    const json invariants = report.value("invariants", json::array());
    return !invariants.empty() && std::all_of(invariants.begin(), invariants.end(), [](const json& one) {
      return one.at("outcome") == "ok" || one.at("text") == "no history";
    });
  }
  [[nodiscard]] std::string Sql(const std::string& statement) const {
    const std::string url = Cluster::Find(cluster_.ready(), "postgres").at("url");
    const ToolResult result = RunTool({"psql", url, "-Atqc", "SET search_path = xtrader; " + statement});
    EXPECT_EQ(result.status, 0) << result.output;
    return result.output;
  }

  Cluster cluster_{XT_BINARY_DIR "/bin", "sequencer=2,matching=2"};
};

TEST_F(VerifyTest, CleanUntilSomebodyChangesARow) {
  Trade("first");
  {
    const std::jthread load([&](const std::stop_token& stop) {
      for (int i = 0; !stop.stop_requested(); ++i) Trade("load-" + std::to_string(i));
    });
    for (int i = 0; i < 3; ++i) {
      const ToolResult busy = Ctl({"verify"});
      EXPECT_EQ(busy.status, 0) << busy.output;
    }
  }
  const json resting = Order(0, "SELL", "95000000", "resting");
  json clean;
  // A server that did not answer in time, on a busy machine, is asked again.
  EXPECT_TRUE(Eventually([&] {
    clean = VerifyAsJson();
    return AllChecked(clean);
  })) << clean.dump(2);
  const ToolResult life = Ctl({"replay", "--order", resting.at("orderId")});
  EXPECT_EQ(life.status, 0) << life.output;
  EXPECT_THAT(life.output, HasSubstr("clientOrderId=resting"));

  // The first of the trades is stored for long.
  const std::string changed =
      Sql("UPDATE trades SET quantity = quantity + 1 WHERE trade_id = 1 RETURNING sequence, event");
  const std::string id = changed.substr(0, changed.find('|')) + ", " +
                         changed.substr(changed.find('|') + 1, changed.find('\n') - changed.find('|') - 1);
  const ToolResult violated = Ctl({"verify"});
  EXPECT_EQ(violated.status, 1) << violated.output;
  EXPECT_THAT(violated.output, testing::ContainsRegex("\nI3 +violated: +trades "));
  EXPECT_THAT(violated.output, HasSubstr("trades (" + id + "): quantity is "));
}

}  // namespace
}  // namespace xt::test
