// ZooKeeperElection against a real server: the contract of the port, and the traps of RELIABILITY: a process that stops
// past its session's timeout, a server that restarts, an expiry, a create or a compare-and-set whose reply is lost, the
// herd, and the supervisor who closes a dead process's session.
#include "libs/adapters/zookeeper/zookeeper_election.h"

#include <fstream>
#include <iterator>

#include "libs/adapters/zookeeper/zookeeper_leader_watch.h"
#include "libs/adapters/zookeeper/zookeeper_record.h"
#include "libs/base/child_process.h"
#include "tests/contract/leader_election_contract.h"
#include "tests/contract/zookeeper_support.h"
#include "tests/support/cutting_proxy.h"

namespace xt::contract {
namespace {

using ports::Leadership;
using ::testing::ElementsAre;
using ::testing::SizeIs;
using zookeeper::ZooKeeperElection;
using zookeeper::ZooKeeperLeaderWatch;
using zookeeper::ZooKeeperRecord;
using zookeeper::ZooKeeperSession;

class ZooKeeperBackend final : public LeaderElectionBackend {
 public:
  std::unique_ptr<ports::LeaderElection> Connect(const std::string& id) override {
    return std::make_unique<ZooKeeperElection>(OpenSession(ZooKeeperConfigFor(SharedZooKeeper().address(), root_)),
                                               "role", id);
  }

 private:
  const std::string root_ = NewRoot();
};

INSTANTIATE_TEST_SUITE_P(ZooKeeper, LeaderElectionContract,
                         ::testing::Values(+[]() -> std::unique_ptr<LeaderElectionBackend> {
                           return std::make_unique<ZooKeeperBackend>();
                         }));

// "1 5 node" leads in epoch 5; "0 5 node" follows that leader; "0 5 " knows none.
std::string TextOf(const Leadership& leadership) {
  return std::to_string(leadership.leader ? 1 : 0) + " " + std::to_string(leadership.epoch.value()) + " " +
         leadership.leader_id;
}

// What was told last, once it is this: what lies between may be overtaken.
std::string LastTold(Outcomes<std::string>& told, const std::string& text) {
  for (std::size_t count = 1;; ++count) {
    const auto all = told.WaitFor(count);
    if (all.size() < count || all.back() == text) return all.empty() ? "" : all.back();
    count = all.size();
  }
}

// A candidate with its session and all that it was told.
class Candidate {
 public:
  Candidate(zookeeper::ZooKeeperConfig config, const std::string& id)
      : session_(OpenSession(std::move(config))), election_(session_, "role", id) {}
  ~Candidate() { election_.Resign(); }

  void Campaign() {
    ASSERT_TRUE(election_.Campaign([this](const Leadership& leadership) { told_.Add(TextOf(leadership)); }).ok());
  }
  std::vector<std::string> WaitForTold(std::size_t count) { return told_.WaitFor(count); }
  std::string WaitForLast(const std::string& text) { return LastTold(told_, text); }
  std::vector<std::string> Told() { return told_.Get(); }
  ZooKeeperElection& election() { return election_; }
  ZooKeeperSession& session() { return *session_; }

 private:
  Outcomes<std::string> told_;
  const std::shared_ptr<ZooKeeperSession> session_;
  ZooKeeperElection election_;
};

class ZooKeeperElectionTest : public ::testing::Test {
 protected:
  [[nodiscard]] zookeeper::ZooKeeperConfig Config() const {
    return ZooKeeperConfigFor(SharedZooKeeper().address(), root_);
  }
  [[nodiscard]] zookeeper::ZooKeeperConfig ConfigThrough(const CuttingProxy& proxy) const {
    return ZooKeeperConfigFor(proxy.address(), root_);
  }
  std::unique_ptr<ChildProcess> StartProcess(std::chrono::milliseconds session_timeout) {
    return std::make_unique<ChildProcess>(
        std::vector<std::string>{XT_BINARY_DIR "/bin/zookeeper_candidate", SharedZooKeeper().address(), root_,
                                 std::to_string(session_timeout.count()), folder_.path(), "process"},
        folder_.path() + "/output");
  }
  // What the process wrote into this file, once it is there.
  std::string WaitForFile(ChildProcess& process, const std::string& name) {
    const std::string path = folder_.path() + "/" + name;
    EXPECT_TRUE(process.WaitForFile(path, kDeadline)) << name;
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  std::size_t Line(ZooKeeperSession& session) { return ChildrenOf(session, root_ + "/role/candidates").size(); }

  const std::string root_ = NewRoot();
  TemporaryFolder folder_;
};

TEST_F(ZooKeeperElectionTest, FollowersLearnWhoLeadsAndTheNextOneFollows) {
  Candidate one(Config(), "one");
  one.Campaign();
  EXPECT_THAT(one.WaitForTold(1), ElementsAre("1 1 one"));
  Candidate two(Config(), "two");
  two.Campaign();
  EXPECT_THAT(two.WaitForTold(1), ElementsAre("0 1 one"));
  Outcomes<std::string> watched;
  const ZooKeeperLeaderWatch watch(OpenSession(Config()), "role",
                                   [&](const Leadership& leadership) { watched.Add(TextOf(leadership)); });
  EXPECT_THAT(watched.WaitFor(1), ElementsAre("0 1 one"));

  one.election().Resign();
  EXPECT_THAT(one.Told(), ElementsAre("1 1 one", "0 1 "));
  EXPECT_EQ(two.WaitForLast("1 2 two"), "1 2 two");
  EXPECT_EQ(LastTold(watched, "0 2 two"), "0 2 two");
}

TEST_F(ZooKeeperElectionTest, TheLeaderKnowsHowManyWait) {
  CuttingProxy proxy(SharedZooKeeper().port());
  Candidate one(ConfigThrough(proxy), "one");
  one.Campaign();
  ASSERT_FALSE(one.WaitForTold(1).empty());
  Candidate two(Config(), "two");
  Candidate three(Config(), "three");
  two.Campaign();
  three.Campaign();
  ASSERT_FALSE(two.WaitForTold(1).empty());
  ASSERT_FALSE(three.WaitForTold(1).empty());
  EXPECT_EQ(one.election().OtherCandidates().value_or(9), 2U);
  three.election().Resign();
  EXPECT_EQ(one.election().OtherCandidates().value_or(9), 1U);
  proxy.Cut();
  EXPECT_TRUE(absl::IsUnavailable(one.election().OtherCandidates().status()));
}

TEST_F(ZooKeeperElectionTest, OnlyTheSuccessorIsWoken) {
  std::vector<std::unique_ptr<Candidate>> line;
  for (int i = 0; i < 5; ++i) {
    line.push_back(std::make_unique<Candidate>(Config(), std::to_string(i)));
    line.back()->Campaign();
    ASSERT_THAT(line.back()->WaitForTold(1), SizeIs(1));
  }
  std::vector<std::uint64_t> before;
  for (const auto& candidate : line) before.push_back(candidate->election().Stats().line_reads);
  line[0]->election().Resign();
  const auto knows_the_new_leader = [](Candidate& candidate) {
    for (std::size_t count = 1;; ++count) {
      const auto told = candidate.WaitForTold(count);
      if (told.size() < count) return false;
      if (told.back().ends_with(" 2 1")) return true;
    }
  };
  for (std::size_t i = 1; i < line.size(); ++i) {
    EXPECT_TRUE(knows_the_new_leader(*line[i])) << i;
    EXPECT_EQ(line[i]->election().Stats().line_reads - before[i], i == 1 ? 1U : 0U) << i;
  }
}

TEST_F(ZooKeeperElectionTest, AnExpiredLeaderStepsDownAndComesAgainWithAHigherEpoch) {
  Candidate candidate(Config(), "a");
  candidate.Campaign();
  ASSERT_THAT(candidate.WaitForTold(1), ElementsAre("1 1 a"));
  const auto credentials = candidate.session().credentials();
  ASSERT_TRUE(credentials);
  ASSERT_TRUE(zookeeper::CloseSession(SharedZooKeeper().address(), *credentials, kDeadline).ok());
  EXPECT_THAT(candidate.WaitForTold(3), ElementsAre("1 1 a", "0 1 ", "1 2 a"));
  EXPECT_EQ(candidate.session().Stats().expirations, 1U);
  EXPECT_EQ(candidate.session().Stats().sessions, 2U);
  EXPECT_NE(candidate.session().credentials(), credentials);
}

TEST_F(ZooKeeperElectionTest, ALostConnectionIsNoExpiry) {
  CuttingProxy proxy(SharedZooKeeper().port());
  Candidate leader(ConfigThrough(proxy), "a");
  leader.Campaign();
  ASSERT_THAT(leader.WaitForTold(1), ElementsAre("1 1 a"));
  for (int i = 0; i < 3; ++i) {
    proxy.Cut();
    proxy.Restore();
    ASSERT_TRUE(leader.session().WaitForHandle(std::chrono::steady_clock::now() + kDeadline).ok());
  }
  // A later candidate sees the same leader, who was told nothing meanwhile.
  Candidate other(Config(), "b");
  other.Campaign();
  EXPECT_THAT(other.WaitForTold(1), ElementsAre("0 1 a"));
  EXPECT_THAT(leader.Told(), ElementsAre("1 1 a"));
  EXPECT_EQ(leader.session().Stats().sessions, 1U);
}

TEST_F(ZooKeeperElectionTest, AServersRestartChangesNothing) {
  servers::ZooKeeperServer server(folder_.path());
  ASSERT_TRUE(server.Start().ok());
  Candidate leader(ZooKeeperConfigFor(server.address(), root_), "a");
  leader.Campaign();
  ASSERT_THAT(leader.WaitForTold(1), ElementsAre("1 1 a"));
  Candidate other(ZooKeeperConfigFor(server.address(), root_), "b");
  other.Campaign();
  ASSERT_THAT(other.WaitForTold(1), ElementsAre("0 1 a"));
  for (int i = 0; i < 2; ++i) {
    server.Kill();
    ASSERT_TRUE(server.Start().ok());
    ASSERT_EQ(Line(leader.session()), 2U);
    ASSERT_EQ(Line(other.session()), 2U);
  }
  EXPECT_THAT(leader.Told(), ElementsAre("1 1 a"));
  leader.election().Resign();
  EXPECT_EQ(other.WaitForLast("1 2 b"), "1 2 b");
}

TEST_F(ZooKeeperElectionTest, ACreateWhoseReplyIsLostLeavesOneCandidate) {
  CuttingProxy proxy(SharedZooKeeper().port());
  proxy.CutReplyTo("/candidates/candidate-");
  Candidate candidate(ConfigThrough(proxy), "a");
  candidate.Campaign();
  EXPECT_THAT(candidate.WaitForTold(1), ElementsAre("1 1 a"));
  proxy.WaitForCut();
  const auto session = OpenSession(Config());
  EXPECT_EQ(Line(*session), 1U);
  EXPECT_EQ(candidate.session().Stats().sessions, 1U);
}

TEST_F(ZooKeeperElectionTest, AnEpochWhoseReplyIsLostCountsOnce) {
  CuttingProxy proxy(SharedZooKeeper().port());
  proxy.CutReplyTo("\n1 a");
  Candidate candidate(ConfigThrough(proxy), "a");
  candidate.Campaign();
  EXPECT_THAT(candidate.WaitForTold(1), ElementsAre("1 1 a"));
  proxy.WaitForCut();
}

TEST_F(ZooKeeperElectionTest, ADeletedCandidateStepsDown) {
  Candidate candidate(Config(), "a");
  candidate.Campaign();
  ASSERT_THAT(candidate.WaitForTold(1), ElementsAre("1 1 a"));
  const auto session = OpenSession(Config());
  const auto names = ChildrenOf(*session, root_ + "/role/candidates");
  ASSERT_THAT(names, SizeIs(1));
  const auto handle = session->WaitForHandle(std::chrono::steady_clock::now() + kDeadline);
  ASSERT_TRUE((*handle)->Delete(root_ + "/role/candidates/" + names[0]).ok());
  EXPECT_THAT(candidate.WaitForTold(3), ElementsAre("1 1 a", "0 1 ", "1 2 a"));
}

TEST_F(ZooKeeperElectionTest, TheEpochDoesNotFallWhenItsRecordWasDeleted) {
  Candidate candidate(Config(), "a");
  candidate.Campaign();
  ASSERT_THAT(candidate.WaitForTold(1), ElementsAre("1 1 a"));
  const auto session = OpenSession(Config());
  const auto handle = session->WaitForHandle(std::chrono::steady_clock::now() + kDeadline);
  ASSERT_TRUE((*handle)->Delete(root_ + "/role/leader").ok());
  ASSERT_TRUE(zookeeper::CloseSession(SharedZooKeeper().address(), *candidate.session().credentials(), kDeadline).ok());
  EXPECT_THAT(candidate.WaitForTold(3), ElementsAre("1 1 a", "0 1 ", "1 2 a"));
}

TEST_F(ZooKeeperElectionTest, WhoResignsWithoutAConnectionLeavesTheLine) {
  CuttingProxy proxy(SharedZooKeeper().port());
  auto config = ConfigThrough(proxy);
  config.session_timeout = kShortSession;
  Candidate leader(config, "a");
  leader.Campaign();
  ASSERT_FALSE(leader.WaitForTold(1).empty());
  Candidate other(Config(), "b");
  other.Campaign();
  ASSERT_FALSE(other.WaitForTold(1).empty());
  proxy.Cut();
  leader.election().Resign();
  EXPECT_EQ(leader.Told().back().front(), '0');
  proxy.Restore();  // the session of the process goes on, as a new one
  for (std::size_t count = 1; other.WaitForTold(count).back().front() != '1'; ++count) {
    ASSERT_THAT(other.Told(), SizeIs(::testing::Ge(count)));
  }
}

TEST_F(ZooKeeperElectionTest, TheObserverMayResign) {
  const auto session = OpenSession(Config());
  Outcomes<std::string> told;
  ZooKeeperElection election(session, "role", "a");
  ASSERT_TRUE(election
                  .Campaign([&](const Leadership& leadership) {
                    told.Add(TextOf(leadership));
                    if (leadership.leader) election.Resign();
                  })
                  .ok());
  EXPECT_THAT(told.WaitFor(2), ElementsAre("1 1 a", "0 1 "));
  election.Resign();  // waits for the first to end
  EXPECT_EQ(Line(*session), 0U);
}

TEST_F(ZooKeeperElectionTest, AProcessThatStoppedPastItsTimeoutLearnsThatItLeadsNoMore) {
  const auto process = StartProcess(kShortSession);
  ASSERT_EQ(WaitForFile(*process, "told-1"), "1 1 process");
  Candidate heir(Config(), "heir");
  heir.Campaign();
  ASSERT_THAT(heir.WaitForTold(1), ElementsAre("0 1 process"));
  process->Signal(SIGSTOP);
  ASSERT_EQ(heir.WaitForTold(2).back(), "1 2 heir");
  process->Signal(SIGCONT);
  EXPECT_EQ(WaitForFile(*process, "told-2"), "0 1 ");
  EXPECT_EQ(WaitForFile(*process, "told-3"), "0 2 heir");
  EXPECT_EQ(WaitForFile(*process, "session-2").size(), 48U);
}

TEST_F(ZooKeeperElectionTest, TheSupervisorEndsADeadProcesssSessionLongBeforeItsTimeout) {
  const auto process = StartProcess(kEndlessSession);
  ASSERT_EQ(WaitForFile(*process, "told-1"), "1 1 process");
  const auto credentials = zookeeper::CredentialsFromText(WaitForFile(*process, "session-1"));
  ASSERT_TRUE(credentials.ok()) << credentials.status();
  Candidate heir(Config(), "heir");
  heir.Campaign();
  ASSERT_THAT(heir.WaitForTold(1), ElementsAre("0 1 process"));
  process->Kill();
  ASSERT_TRUE(zookeeper::CloseSession(SharedZooKeeper().address(), *credentials, kDeadline).ok());
  EXPECT_THAT(heir.WaitForTold(2), ElementsAre("0 1 process", "1 2 heir"));
  EXPECT_TRUE(zookeeper::CloseSession(SharedZooKeeper().address(), *credentials, kDeadline).ok()) << "gone already";
}

}  // namespace
}  // namespace xt::contract
