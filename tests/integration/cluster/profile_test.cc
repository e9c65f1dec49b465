// A cluster with Kafka or Redis alone: an order crosses it, reaches market-data and the database, and a leader is
// followed by another one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "tests/support/cluster.h"
#include "tests/support/eventually.h"

namespace xt::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

struct Profile {
  std::string name;
  std::string shown;  // by infra-health
  std::string bus;    // as verify calls it
  std::string off;    // the server that there is not
};
void PrintTo(const Profile& profile, std::ostream* out) { *out << profile.name; }

class ProfileTest : public testing::TestWithParam<Profile> {
 protected:
  void SetUp() override { ASSERT_EQ(cluster_.Up(), ""); }

  json Get(const std::string& target) {
    SignedClient client = cluster_.client(1);
    const auto answer = client.Get(target);
    return answer.ok() && answer->body.is_object() ? answer->body : json::object();
  }
  json Order(std::size_t account, const json& order) {
    json body;
    EXPECT_TRUE(Eventually([&] {
      SignedClient client = cluster_.client(account);
      const auto answer = client.Order(order);
      if (!answer.ok() || answer->status >= 500) return false;
      body = answer->body;
      return true;
    }));
    return body;
  }
  // Filled, told by market-data, and in the database.
  void Trade(const std::string& name) {
    (void)Order(0, LimitOrder("BTC-KRW", "SELL", "90000000", "0.1", name + "-s"));
    const json bought = Order(1, LimitOrder("BTC-KRW", "BUY", "90000000", "0.1", name + "-b"));
    ASSERT_EQ(bought.value("status", ""), "FILLED") << bought;
    const std::string trade = bought.at("fills").at(0).at("tradeId");
    EXPECT_TRUE(Eventually([&] {
      return Get("/v1/market/BTC-KRW/trades").dump().find("\"tradeId\":\"" + trade + "\"") != std::string::npos;
    })) << "not in market-data";
    EXPECT_TRUE(Eventually([&] {
      return Get("/v1/order/" + bought.at("orderId").get<std::string>()).value("status", "") == "FILLED";
    })) << "not in the database";
  }
  [[nodiscard]] ToolResult Ctl(const std::vector<std::string>& arguments) const {
    std::vector<std::string> argv{XT_BINARY_DIR "/bin/xtraderctl", "--data", cluster_.data()};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    return RunTool(std::move(argv), std::chrono::seconds(180));
  }

  Cluster cluster_{XT_BINARY_DIR "/bin", "sequencer=2", "", "", GetParam().name};
};

TEST_P(ProfileTest, OrdersReachMarketDataAndTheDatabase) {
  EXPECT_TRUE(Cluster::Find(cluster_.ready(), GetParam().off).is_null());
  Trade("one");
  EXPECT_TRUE(Eventually([&] { return Get("/api/ws/infra-health").value("profile", "") == GetParam().shown; }));
  const ToolResult handed_over = Ctl({"step-down", "--wait"});
  EXPECT_EQ(handed_over.status, 0) << handed_over.output;
  Trade("two");
  ToolResult verify;
  EXPECT_TRUE(Eventually([&] {
    verify = Ctl({"verify"});
    return verify.status == 0 && verify.output.find("I9   ok            " + GetParam().bus) != std::string::npos;
  })) << verify.output;
}

INSTANTIATE_TEST_SUITE_P(Profiles, ProfileTest,
                         testing::Values(Profile{"kafka", "kafka-only", "Kafka", "redis"},
                                         Profile{"redis", "redis-only", "Redis", "kafka"}),
                         [](const auto& profile) { return profile.param.name; });

TEST(ProfileRefusalTest, ProcessesNeedABusBetweenThem) {
  Cluster cluster(XT_BINARY_DIR "/bin", "", "", "", "none");
  EXPECT_THAT(cluster.Up(), HasSubstr("./dev run"));
}

}  // namespace
}  // namespace xt::test
