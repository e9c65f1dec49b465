// A cluster whose journal is trimmed while orders come: Redis forgets, a killed leader is replaced, a replica of matching that
// lost its disk begins with a snapshot of the other one, a sequencer that lost its disk where Redis begins, and verify still
// finds the whole history.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <string>

#include "tests/support/cluster.h"
#include "tests/support/eventually.h"

namespace xt::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

constexpr std::int64_t kKeep = 100;

class TrimTest : public testing::Test {
 protected:
  void SetUp() override {
    cluster_.KeepCommands(kKeep);
    ASSERT_EQ(cluster_.Up(), "");
  }

  json Order(std::size_t account, const std::string& side, const std::string& id) {
    json body;
    EXPECT_TRUE(Eventually([&] {
      const auto answer = cluster_.client(account).Order(LimitOrder("BTC-KRW", side, "90000000", "0.0001", id));
      if (!answer.ok() || answer->status >= 500) return false;
      body = answer->body;
      return true;
    })) << id;
    return body;
  }
  // A trade.
  void Trade() {
    const std::string id = std::to_string(++trades_);
    EXPECT_EQ(Order(0, "SELL", "s" + id).value("status", ""), "NEW");
    EXPECT_EQ(Order(1, "BUY", "b" + id).value("status", ""), "FILLED");
  }
  // Of the hash that says where the journal in Redis begins and ends.
  [[nodiscard]] std::uint64_t End(const std::string& field) const {
    const std::string address = Cluster::Find(cluster_.ready(), "redis-journal").at("address");
    const ToolResult result =
        RunTool({"redis-cli", "-p", address.substr(address.find(':') + 1), "HGET", "xt:{0}:journal:end", field});
    EXPECT_EQ(result.status, 0) << result.output;
    return std::strtoull(result.output.c_str(), nullptr, 10);
  }
  // Trades until the journal in Redis begins behind `sequence`.
  void TradeUntilTrimmed(std::uint64_t sequence) {
    EXPECT_TRUE(Eventually([&] {
      for (int i = 0; i < 10; ++i) Trade();
      return End("b") > sequence;
    })) << "it begins behind "
        << End("b") << " and ends at " << End("s");
  }
  void Kill(const std::string& id) {
    const json service = Cluster::Find(cluster_.Status(), id);
    ASSERT_TRUE(service.is_object());
    ASSERT_EQ(::kill(service.at("pid").get<int>(), SIGKILL), 0);
  }
  // Away, its folder emptied, and back.
  void LoseDisk(const std::string& id) {
    ASSERT_EQ(cluster_.Stop(id).status, 0);
    for (const auto& entry : std::filesystem::directory_iterator(cluster_.data() + "/" + id)) {
      if (entry.is_directory()) std::filesystem::remove_all(entry.path());
    }
    ASSERT_EQ(cluster_.Start(id).status, 0);
  }
  [[nodiscard]] ToolResult Verify() const {
    return RunTool({XT_BINARY_DIR "/bin/xtraderctl", "--data", cluster_.data(), "verify"}, std::chrono::seconds(180));
  }

  Cluster cluster_{XT_BINARY_DIR "/bin", "sequencer=2,matching=2"};
  int trades_ = 0;
};

TEST_F(TrimTest, TheExchangeGoesOnBehindWhatWasTrimmed) {
  TradeUntilTrimmed(0);
  const std::uint64_t first = End("b");

  Kill(cluster_.AwaitLeader("sequencer"));
  Trade();
  TradeUntilTrimmed(first + 2 * kKeep);

  // Whichever of the two stands by: either begins with what the other one keeps.
  for (const std::string id : {"matching-0", "matching-1"}) {
    LoseDisk(id);
    Trade();
    TradeUntilTrimmed(End("b") + 2 * kKeep);
  }

  ToolResult verified;
  EXPECT_TRUE(Eventually([&] {
    verified = Verify();
    return verified.status == 0;
  })) << verified.output;
  EXPECT_THAT(verified.output, HasSubstr("\nI1   ok"));
  EXPECT_THAT(verified.output, HasSubstr("\nI5   ok            2 replicas"));

  // With its disk goes history, but nothing that the exchange needs.
  const std::string leader = cluster_.AwaitLeader("sequencer");
  LoseDisk(leader == "sequencer-0" ? "sequencer-1" : "sequencer-0");
  Kill(leader);
  Trade();
  TradeUntilTrimmed(End("b") + 2 * kKeep);
  EXPECT_THAT(Verify().output, Not(HasSubstr("violated")));
}

}  // namespace
}  // namespace xt::test
