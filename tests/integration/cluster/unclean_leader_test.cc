// An unclean leader on a whole cluster: the last acknowledged commands are in the leader's file alone, and its disk is
// destroyed. Nobody leads, until an operator gives them up with xtraderctl; orders then go on, and the audit log names
// the range that was lost.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/cluster.h"
#include "tests/support/eventually.h"

namespace xt::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

constexpr std::chrono::seconds kPatience{90};

class UncleanLeaderTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(cluster_.Up(), ""); }

  // With the same client order id until it is answered. Its sequence.
  std::uint64_t Order(const std::string& id) {
    json body;
    EXPECT_TRUE(Eventually(
        [&] {
          SignedClient client = cluster_.client(0);
          const auto answer = client.Order(LimitOrder("BTC-KRW", "BUY", "90000000", "0.01", id));
          if (!answer.ok() || answer->status >= 500) return false;
          body = answer->body;
          return true;
        },
        kPatience))
        << id;
    EXPECT_EQ(body.value("status", ""), "NEW") << body;
    return body.value("sequence", std::uint64_t{0});
  }
  [[nodiscard]] ToolResult Unclean(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {XT_BINARY_DIR "/bin/xtraderctl", "--data", cluster_.data(), "unclean-leader"});
    return RunTool(std::move(arguments));
  }
  [[nodiscard]] std::string FolderOf(const std::string& name) const { return cluster_.data() + "/" + name; }
  void MustStop(const std::string& name) const {
    const ToolResult stopped = cluster_.Stop(name);
    ASSERT_EQ(stopped.status, 0) << stopped.output;
  }
  void MustStart(const std::string& name) const {
    const ToolResult started = cluster_.Start(name);
    ASSERT_EQ(started.status, 0) << started.output;
  }
  // Whoever tries to lead just now is in the way: asked again.
  ToolResult UncleanOnceNobodyTries(const std::vector<std::string>& arguments) {
    ToolResult result;
    EXPECT_TRUE(Eventually(
        [&] {
          result = Unclean(arguments);
          return result.status == 0;
        },
        kPatience))
        << result.output;
    return result;
  }

  Cluster cluster_{XT_BINARY_DIR "/bin", "sequencer=2"};
};

TEST_F(UncleanLeaderTest, WhatWasOnADestroyedDiskIsGivenUpByAnOperatorAndWrittenDown) {
  const std::uint64_t kept = Order("in-both-copies");
  const ToolResult refused = Unclean({"--lose-commands", "--reason", "for nothing", "--by", "kim"});
  EXPECT_EQ(refused.status, 1);
  EXPECT_THAT(refused.output, HasSubstr(" leads, or tries to"));
  ASSERT_NO_FATAL_FAILURE(MustStop("redis-journal"));
  const std::uint64_t lost = Order("in-the-file-alone");
  ASSERT_GT(lost, kept);
  const std::string leader = cluster_.AwaitLeader("sequencer");
  ASSERT_NE(leader, "");
  const std::string other = leader == "sequencer-0" ? "sequencer-1" : "sequencer-0";
  ASSERT_NO_FATAL_FAILURE(MustStop(other));
  ASSERT_NO_FATAL_FAILURE(MustStop(leader));
  for (const char* const part : {"journal", "outbox"}) std::filesystem::remove_all(FolderOf(leader) + "/" + part);
  ASSERT_NO_FATAL_FAILURE(MustStart("redis-journal"));
  UncleanOnceNobodyTries({"--lose-commands", "--reason", "too early", "--by", "kim"});
  EXPECT_THAT(Unclean({"--withdraw"}).output, HasSubstr("withdrawn: unclean:{\"by\":\"kim\",\"reason\":\"too early\""));
  const ToolResult nothing = Unclean({"--withdraw"});
  EXPECT_EQ(nothing.status, 1);
  EXPECT_THAT(nothing.output, HasSubstr("there is no mark of an unclean leader"));
  ASSERT_NO_FATAL_FAILURE(MustStart(leader));
  EXPECT_TRUE(Eventually(
      [&] {
        (void)cluster_.Status();
        return ReadFile(FolderOf(leader) + "/log").find("no copy can be reached that surely holds") !=
               std::string::npos;
      },
      kPatience));

  const ToolResult shown = UncleanOnceNobodyTries({});
  EXPECT_THAT(shown.output, HasSubstr("nothing was changed"));
  EXPECT_EQ(Unclean({"--list"}).output, "no leader ever began unclean\n");
  const ToolResult done = UncleanOnceNobodyTries({"--lose-commands", "--reason", "the disk burnt", "--by", "kim"});
  EXPECT_THAT(done.output, HasSubstr("written: unclean:{\"by\":\"kim\",\"reason\":\"the disk burnt\""));
  EXPECT_GT(Order("afterwards"), kept);

  const ToolResult listed = RunTool({"bash", "-c", "exec \"$0\" \"$@\" 2>/dev/null", XT_BINARY_DIR "/bin/xtraderctl",
                                     "--data", cluster_.data(), "unclean-leader", "--list", "--json"});
  const json starts = json::parse(listed.output, nullptr, false);
  ASSERT_EQ(starts.size(), 1U) << listed.output;
  const json& start = starts.at(0);
  EXPECT_EQ(start.at("by"), "kim");
  EXPECT_EQ(start.at("reason"), "the disk burnt");
  EXPECT_GE(start.at("adoptedSequence"), kept);
  EXPECT_LT(start.at("adoptedSequence"), lost);
  EXPECT_EQ(start.at("lostFrom"), start.at("adoptedSequence").get<std::uint64_t>() + 1);
  EXPECT_GE(start.at("lostTo"), lost);
  EXPECT_EQ(start.at("missing").size(), 1U) << "the file, which stood there alone: " << start;
  EXPECT_TRUE(Eventually(
      [&] { return ReadFile(FolderOf(leader) + "/log").find("an unclean leader begins") != std::string::npos; }));
  const ToolResult table = Unclean({"--list"});
  EXPECT_THAT(table.output, HasSubstr(std::to_string(start.at("lostFrom").get<std::uint64_t>())));
}

}  // namespace
}  // namespace xt::test
