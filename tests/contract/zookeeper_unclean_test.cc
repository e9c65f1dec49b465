// What an unclean leader needs of ZooKeeper, against a real server: the operator's mark in the in-sync set is a
// compare-and-set, who leads is told, and the audit log outlives everybody.
#include "gmock/gmock.h"
#include "libs/adapters/zookeeper/zookeeper_audit_log.h"
#include "libs/adapters/zookeeper/zookeeper_election.h"
#include "libs/adapters/zookeeper/zookeeper_in_sync_set.h"
#include "tests/contract/zookeeper_support.h"

namespace xt::contract {
namespace {

using domain::Epoch;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using zookeeper::FirstCandidate;
using zookeeper::ZooKeeperAuditLog;
using zookeeper::ZooKeeperElection;
using zookeeper::ZooKeeperInSyncSet;

class ZooKeeperUncleanTest : public ::testing::Test {
 protected:
  std::shared_ptr<zookeeper::ZooKeeperSession> Session() {
    return OpenSession(ZooKeeperConfigFor(SharedZooKeeper().address(), root_));
  }

  const std::string root_ = NewRoot();
  ZooKeeperInSyncSet leader_{Session(), "0"};
  ZooKeeperInSyncSet operator_{Session(), "0"};
};

TEST_F(ZooKeeperUncleanTest, TheMarkStandsBesideTheMembersUntilTheNextChange) {
  EXPECT_THAT(operator_.Look()->members, IsEmpty());
  ASSERT_TRUE(leader_.Claim(Epoch(3)).ok());
  ASSERT_TRUE(leader_.Replace({"wal:1", "redis:2"}).ok());
  const auto seen = operator_.Look();
  ASSERT_TRUE(seen.ok()) << seen.status();
  EXPECT_EQ(seen->epoch, 3U);
  EXPECT_THAT(seen->members, ElementsAre("wal:1", "redis:2"));
  ASSERT_TRUE(operator_.Add("unclean:x").ok());

  ZooKeeperInSyncSet next(Session(), "0");
  EXPECT_THAT(*next.Claim(Epoch(4)), ElementsAre("wal:1", "redis:2", "unclean:x"));
  EXPECT_EQ(leader_.Replace({"wal:1"}).code(), absl::StatusCode::kFailedPrecondition) << "it led before";
  ASSERT_TRUE(next.Replace({"wal:9"}).ok());
  EXPECT_THAT(operator_.Look()->members, ElementsAre("wal:9"));
}

TEST_F(ZooKeeperUncleanTest, AMarkIsTakenBackUnlessSomebodyWasFaster) {
  ASSERT_TRUE(leader_.Claim(Epoch(3)).ok());
  ASSERT_TRUE(leader_.Replace({"wal:1", "unclean:x", "redis:2"}).ok());
  ASSERT_TRUE(operator_.Look().ok());
  ASSERT_TRUE(operator_.Remove("unclean:x").ok());
  EXPECT_THAT(operator_.Look()->members, ElementsAre("wal:1", "redis:2"));
  EXPECT_EQ(operator_.Look()->epoch, 3U);
  ASSERT_TRUE(operator_.Add("unclean:y").ok());
  ASSERT_TRUE(operator_.Look().ok());
  ZooKeeperInSyncSet next(Session(), "0");
  ASSERT_TRUE(next.Claim(Epoch(4)).ok());
  EXPECT_EQ(operator_.Remove("unclean:y").code(), absl::StatusCode::kAborted) << "the next leader has it";
  EXPECT_THAT(operator_.Look()->members, ElementsAre("wal:1", "redis:2", "unclean:y"));
}

TEST_F(ZooKeeperUncleanTest, WhoeverIsFasterThanTheOperatorWins) {
  ASSERT_TRUE(leader_.Claim(Epoch(3)).ok());
  ASSERT_TRUE(leader_.Replace({"wal:1"}).ok());
  ASSERT_TRUE(operator_.Look().ok());
  ASSERT_TRUE(leader_.Replace({"wal:2"}).ok());
  EXPECT_EQ(operator_.Add("unclean:x").code(), absl::StatusCode::kAborted);
  EXPECT_THAT(operator_.Look()->members, ElementsAre("wal:2"));
  ZooKeeperInSyncSet next(Session(), "0");
  ASSERT_TRUE(next.Claim(Epoch(4)).ok());
  EXPECT_EQ(operator_.Add("unclean:x").code(), absl::StatusCode::kAborted) << "a claim is a change, too";
  EXPECT_THAT(operator_.Look()->members, ElementsAre("wal:2"));
  EXPECT_TRUE(operator_.Add("unclean:x").ok());
}

TEST_F(ZooKeeperUncleanTest, WhoIsInFrontOfTheLineIsTold) {
  const auto session = Session();
  EXPECT_EQ(*FirstCandidate(*session, "sequencer-0"), "");
  Outcomes<ports::Leadership> told;
  ZooKeeperElection first(Session(), "sequencer-0", "a");
  ASSERT_TRUE(first.Campaign([&](const ports::Leadership& leadership) { told.Add(leadership); }).ok());
  ASSERT_EQ(told.WaitFor(1).size(), 1U);
  Outcomes<ports::Leadership> later;
  ZooKeeperElection second(Session(), "sequencer-0", "b");
  ASSERT_TRUE(second.Campaign([&](const ports::Leadership& leadership) { later.Add(leadership); }).ok());
  ASSERT_EQ(later.WaitFor(1).size(), 1U);
  EXPECT_EQ(*FirstCandidate(*session, "sequencer-0"), "a");
  first.Resign();
  EXPECT_EQ(*FirstCandidate(*session, "sequencer-0"), "b");
  second.Resign();
  EXPECT_EQ(*FirstCandidate(*session, "sequencer-0"), "");
}

TEST_F(ZooKeeperUncleanTest, TheAuditLogIsWrittenOnceForEachEpochAndReadInTheirOrder) {
  ZooKeeperAuditLog log(Session(), "0");
  EXPECT_THAT(*log.List(), IsEmpty());
  ASSERT_TRUE(log.Write(Epoch(10), "ten").ok());
  ASSERT_TRUE(log.Write(Epoch(9), "nine").ok());
  EXPECT_TRUE(log.Write(Epoch(9), "nine").ok()) << "again";
  EXPECT_EQ(log.Write(Epoch(9), "other").code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(*ZooKeeperAuditLog(Session(), "0").List(), ElementsAre("nine", "ten"));
  EXPECT_THAT(*ZooKeeperAuditLog(Session(), "1").List(), IsEmpty()) << "another shard";
}

TEST_F(ZooKeeperUncleanTest, TheAuditLogOutlivesItsWriterAndTheServer) {
  TemporaryFolder folder;
  servers::ZooKeeperServer server(folder.path());
  ASSERT_TRUE(server.Start().ok());
  const auto config = ZooKeeperConfigFor(server.address(), "/xt");
  ASSERT_TRUE(ZooKeeperAuditLog(OpenSession(config), "0").Write(Epoch(3), "three").ok());
  server.Kill();
  ASSERT_TRUE(server.Start().ok());
  EXPECT_THAT(*ZooKeeperAuditLog(OpenSession(config), "0").List(), ElementsAre("three"));
}

}  // namespace
}  // namespace xt::contract
