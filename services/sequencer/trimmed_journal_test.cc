// The whole sequencer over a journal that begins behind what its replicas of matching have applied, or behind what a bus
// lost. All around it are fakes.
#include <algorithm>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/sequencer/testing/fake_keeper.h"
#include "services/sequencer/testing/world.h"

namespace xt::sequencer {
namespace {

using domain::SequenceNumber;
using testing::Await;
using testing::FakeEventLog;
using testing::FakeExecutionStream;
using testing::FakeKeeper;
using testing::FakeMatching;
using testing::Soon;
using testing::World;

std::vector<std::uint64_t> Numbers(std::uint64_t first, std::uint64_t last) {
  std::vector<std::uint64_t> numbers;
  for (std::uint64_t n = first; n <= last; ++n) numbers.push_back(n);
  return numbers;
}

std::vector<std::uint64_t> SequencesIn(FakeExecutionStream& stream) {
  std::vector<std::uint64_t> sequences;
  for (const ports::EventEntry& entry : stream.entries()) sequences.push_back(entry.sequence.value());
  return sequences;
}

// A leader has answered the commands 2 to kLast, every bus has them, and it is gone.
class TrimmedJournalTest : public ::testing::Test {
 protected:
  static constexpr std::uint64_t kLast = 21;

  void SetUp() override {
    world_.standbys = {{"standby", &standby_}};
    world_.keepers = {{"away:1", &away_}, {"here:1", &keeper_}};
    away_.Fail(absl::UnavailableError("away"));
    standby_.SetAbsent(true);
    ASSERT_TRUE(world_.StartAndServe().ok());
    for (std::uint64_t n = 2; n <= kLast; ++n) ASSERT_TRUE(Await(world_.Ask(n)).ok());
    ASSERT_TRUE(world_.matching.WaitForPublished(kLast));
    world_.Crash();
    for (const ports::JournalRecord& record : world_.journal.records()) {
      ASSERT_EQ(record.first_sequence, record.last_sequence) << "each command has its frame";
      hashes_.push_back(record.hash);
    }
    ASSERT_EQ(hashes_.size(), kLast);
    connects_ = world_.matching.connects();
  }
  void TearDown() override { world_.Crash(); }

  // Of a snapshot behind this command.
  [[nodiscard]] ports::ReplicaPosition At(std::uint64_t sequence) const {
    return {SequenceNumber(sequence), hashes_[sequence - 1], SequenceNumber(sequence + 1)};
  }
  // The same of a replica that followed another journal.
  static ports::ReplicaPosition Misfit(std::uint64_t sequence) {
    return {SequenceNumber(sequence), Hash128{4, 5}, SequenceNumber(sequence + 1)};
  }
  void TrimTo(std::uint64_t sequence) { ASSERT_TRUE(world_.journal.TrimFront(SequenceNumber(sequence)).ok()); }
  // Behind these commands, the newest first; the only replica keeps them, and says so.
  void KeepSnapshots(const std::vector<std::uint64_t>& sequences) {
    std::vector<ports::ReplicaPosition> snapshots;
    for (const std::uint64_t sequence : sequences) snapshots.push_back(At(sequence));
    world_.matching.SetSnapshots(snapshots);
    keeper_.Keep(sequences);
  }
  // It is started anew, without anything but its snapshots.
  static void Restart(FakeMatching& matching) {
    matching.Die();
    matching.SetAbsent(false);
  }
  // The next leader is another one, whose outbox begins behind what every bus had.
  void UseAnEmptyOutbox() {
    ASSERT_TRUE(outbox_.BeginAt(SequenceNumber(kLast + 1)).ok());
    world_.outbox = &outbox_;
  }
  void ExpectToServe(std::uint64_t next) {
    ASSERT_TRUE(world_.app().WaitUntilServing(Soon()).ok());
    const testing::Outcome outcome = Await(world_.Ask(next));
    ASSERT_TRUE(outcome.ok()) << outcome.status();
    EXPECT_EQ(outcome->sequence, SequenceNumber(next));
  }
  [[nodiscard]] std::string lost(const std::string& bus) const {
    return world_.Metric("mq_producer_lost_commands_total{broker=\"" + bus + "\"}");
  }
  [[nodiscard]] std::size_t connects_since() { return world_.matching.connects() - connects_; }

  FakeMatching standby_;
  FakeKeeper away_, keeper_;
  FakeEventLog outbox_;
  World world_;
  std::vector<Hash128> hashes_;  // of the frames, from sequence 1
  std::size_t connects_ = 0;
};

TEST_F(TrimmedJournalTest, AReplicaThatStandsBeforeTheBeginningTakesItsSnapshot) {
  TrimTo(10);
  Restart(world_.matching);
  KeepSnapshots({15, 9});
  ASSERT_TRUE(world_.StartAndServe().ok());
  EXPECT_EQ(world_.matching.drops(), 1U);
  EXPECT_EQ(connects_since(), 2U) << "one to see where it stands";
  ExpectToServe(kLast + 2);
  ASSERT_TRUE(world_.executions.WaitForLast(kLast + 2));
  EXPECT_EQ(SequencesIn(world_.executions), Numbers(1, kLast + 2));
}

TEST_F(TrimmedJournalTest, OneThatStandsRightBeforeTheBeginningIsFedFromThere) {
  TrimTo(10);
  world_.matching.SetPosition(At(10));
  ASSERT_TRUE(world_.StartAndServe().ok());
  EXPECT_EQ(world_.matching.drops(), 0U);
  ExpectToServe(kLast + 2);
}

TEST_F(TrimmedJournalTest, WithoutASnapshotNobodyServesAndReadyzSaysWhy) {
  TrimTo(10);
  Restart(world_.matching);
  KeepSnapshots({9});
  ASSERT_TRUE(world_.Launch().Start().ok());
  ASSERT_TRUE(world_.matching.WaitForConnects(connects_ + 5));
  EXPECT_FALSE(world_.ready());
  EXPECT_THAT(world_.process->health.ReadyJson(), ::testing::HasSubstr("the journal begins behind what matching has"));
  EXPECT_EQ(Await(world_.Ask(kLast + 1)).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(world_.matching.drops(), 0U);
  KeepSnapshots({12});
  ExpectToServe(kLast + 2);
  EXPECT_TRUE(world_.ready());
}

TEST_F(TrimmedJournalTest, AReplicaThatDoesNotFitBeginsAnewUntilASnapshotFits) {
  TrimTo(5);
  world_.matching.SetPosition(Misfit(kLast));
  world_.matching.SetSnapshots({Misfit(15), Misfit(12), At(9)});
  ASSERT_TRUE(world_.StartAndServe().ok());
  EXPECT_EQ(world_.matching.drops(), 3U);
  EXPECT_EQ(connects_since(), 4U);
  ExpectToServe(kLast + 2);
}

TEST_F(TrimmedJournalTest, AStandbyThatStandsBeforeTheBeginningTakesItsSnapshot) {
  TrimTo(10);
  standby_.SetAbsent(false);
  standby_.SetSnapshots({At(15), At(9)});
  ASSERT_TRUE(world_.StartAndServe().ok());
  EXPECT_TRUE(standby_.WaitForApplied(kLast + 1));
  EXPECT_EQ(standby_.drops(), 1U);
}

TEST_F(TrimmedJournalTest, AStandbyWithoutASnapshotIsFedOnceItHasOne) {
  TrimTo(10);
  standby_.SetAbsent(false);
  ASSERT_TRUE(world_.StartAndServe().ok());
  ASSERT_TRUE(standby_.WaitForConnects(standby_.connects() + 3));
  EXPECT_EQ(standby_.drops(), 0U);
  EXPECT_EQ(standby_.applied(), 0U);
  ExpectToServe(kLast + 2);
  standby_.SetSnapshots({At(15)});
  EXPECT_TRUE(standby_.WaitForApplied(kLast + 2));
}

TEST_F(TrimmedJournalTest, AStandbyWithoutASnapshotIsFedFromHistory) {
  world_.journal.KeepHistory();
  TrimTo(10);
  standby_.SetAbsent(false);
  ASSERT_TRUE(world_.StartAndServe().ok());
  EXPECT_TRUE(standby_.WaitForApplied(kLast + 1));
  EXPECT_EQ(standby_.drops(), 0U);
}

TEST_F(TrimmedJournalTest, AStandbyThatDoesNotFitBeginsAnewUntilASnapshotFits) {
  TrimTo(5);
  standby_.SetAbsent(false);
  standby_.SetPosition(Misfit(kLast));
  standby_.SetSnapshots({Misfit(15), Misfit(12), At(9)});
  ASSERT_TRUE(world_.StartAndServe().ok());
  EXPECT_TRUE(standby_.WaitForApplied(kLast + 1));
  EXPECT_EQ(standby_.drops(), 3U);
}

TEST_F(TrimmedJournalTest, AStandbyThatFitsInNoWayIsNotFedAndHoldsNobodyUp) {
  TrimTo(5);
  standby_.SetAbsent(false);
  standby_.SetPosition(Misfit(kLast));
  standby_.SetStubborn();
  ASSERT_TRUE(world_.StartAndServe().ok());
  ASSERT_TRUE(standby_.WaitForConnects(standby_.connects() + 12));
  ExpectToServe(kLast + 2);
  EXPECT_EQ(standby_.applied(), kLast);
  EXPECT_EQ(world_.Metric("sequencer_standbys_fed{shard=\"0\"}"), "0");
}

TEST_F(TrimmedJournalTest, ALeaderWithHistoryFeedsAReplicaFromThere) {
  world_.journal.KeepHistory();
  TrimTo(10);
  Restart(world_.matching);
  ASSERT_TRUE(world_.StartAndServe().ok());
  EXPECT_EQ(world_.matching.drops(), 0U);
  EXPECT_EQ(world_.matching.applied(), kLast + 1);
}

// What lies between was in no outbox, and no replica can go back before its oldest snapshot.
TEST_F(TrimmedJournalTest, ExecutionsThatLostWhatIsBeforeTheBeginningGoOnBehindTheGap) {
  TrimTo(10);
  KeepSnapshots({18, 12, 9});
  UseAnEmptyOutbox();
  world_.executions.CutAfter(3);
  ASSERT_TRUE(world_.StartAndServe().ok());
  ASSERT_TRUE(world_.executions.WaitForLast(kLast + 1));
  EXPECT_EQ(outbox_.FirstSequence(), SequenceNumber(13));
  ExpectToServe(kLast + 2);
  ASSERT_TRUE(world_.matching.WaitForPublished(kLast + 2)) << "it goes on as ever";
  EXPECT_EQ(connects_since(), 3U) << "the leader's, one that is refused, and one to go back as far as it can";
  EXPECT_EQ(world_.matching.drops(), 1U);
  std::vector<std::uint64_t> due = Numbers(1, 3);
  for (const std::uint64_t sequence : Numbers(13, kLast + 2)) due.push_back(sequence);
  EXPECT_EQ(SequencesIn(world_.executions), due);
  EXPECT_EQ(lost("executions"), "9") << "4 to 12";
  EXPECT_EQ(lost("market"), "0");
  EXPECT_EQ(lost("notifications"), "0");

  // Lost again: now 1 to 3 are missing, too, and what came since is in the outbox.
  world_.executions.SetDown(true);
  world_.executions.CutAfter(0);
  ExpectToServe(kLast + 3);
  world_.executions.SetDown(false);
  ASSERT_TRUE(world_.executions.WaitForLast(kLast + 3));
  ExpectToServe(kLast + 4);
  ASSERT_TRUE(world_.matching.WaitForPublished(kLast + 4));
  EXPECT_EQ(SequencesIn(world_.executions), Numbers(13, kLast + 4));
  EXPECT_EQ(lost("executions"), "12");
  EXPECT_EQ(connects_since(), 3U);
}

// The journal still has all of it, but no replica has a state that is early enough.
TEST_F(TrimmedJournalTest, WhatLiesBeforeTheOldestSnapshotIsLostThoughTheJournalHasIt) {
  TrimTo(10);
  KeepSnapshots({18});
  UseAnEmptyOutbox();
  world_.executions.CutAfter(14);
  ASSERT_TRUE(world_.StartAndServe().ok());
  ASSERT_TRUE(world_.executions.WaitForLast(kLast + 1));
  EXPECT_EQ(lost("executions"), "4") << "15 to 18";
  EXPECT_EQ(SequencesIn(world_.executions).size(), kLast + 1 - 4);
  ExpectToServe(kLast + 2);
}

TEST_F(TrimmedJournalTest, WhatTheHistoryHasIsNotLost) {
  world_.journal.KeepHistory();
  TrimTo(10);
  KeepSnapshots({18, 12});
  UseAnEmptyOutbox();
  world_.executions.CutAfter(3);
  ASSERT_TRUE(world_.StartAndServe().ok());
  ASSERT_TRUE(world_.executions.WaitForLast(kLast + 1));
  EXPECT_EQ(SequencesIn(world_.executions), Numbers(1, kLast + 1));
  EXPECT_EQ(lost("executions"), "0");
  ExpectToServe(kLast + 2);
}

TEST_F(TrimmedJournalTest, WhatAReplicaStillTellsIsNotLost) {
  world_.matching.KeepResults();
  ASSERT_TRUE(world_.StartAndServe().ok());
  ExpectToServe(kLast + 2);
  ExpectToServe(kLast + 3);
  ASSERT_TRUE(world_.matching.WaitForPublished(kLast + 3));
  world_.Crash();
  TrimTo(kLast + 2);
  ASSERT_TRUE(outbox_.BeginAt(SequenceNumber(kLast + 4)).ok());
  world_.outbox = &outbox_;
  world_.executions.CutAfter(kLast);
  ASSERT_TRUE(world_.StartAndServe().ok());
  ASSERT_TRUE(world_.executions.WaitForLast(kLast + 4));
  EXPECT_EQ(SequencesIn(world_.executions), Numbers(1, kLast + 4));
  EXPECT_EQ(outbox_.FirstSequence(), SequenceNumber(kLast + 1));
  EXPECT_EQ(world_.matching.drops(), 0U);
  EXPECT_EQ(lost("executions"), "0");
}

TEST_F(TrimmedJournalTest, WithoutAStateFromBeforeTheBusGoesOnWithTheOutbox) {
  TrimTo(10);
  UseAnEmptyOutbox();
  world_.executions.CutAfter(0);
  ASSERT_TRUE(world_.StartAndServe().ok());
  ASSERT_TRUE(world_.executions.WaitForLast(kLast + 1));
  ExpectToServe(kLast + 2);
  ASSERT_TRUE(world_.matching.WaitForPublished(kLast + 2));
  EXPECT_EQ(SequencesIn(world_.executions), Numbers(kLast + 1, kLast + 2));
  EXPECT_EQ(lost("executions"), std::to_string(kLast));
  EXPECT_EQ(world_.matching.drops(), 0U);
  EXPECT_EQ(connects_since(), 3U) << "the leader's, one that is refused, and one to go on";
}

// The outbox has more than any replica could tell again, and another bus has nothing but that.
TEST_F(TrimmedJournalTest, WhatAnotherBusLacksStaysInTheOutbox) {
  TrimTo(10);
  KeepSnapshots({18});
  world_.events.SetCursor("market", 14);
  world_.events.TrimBefore(15);
  world_.executions.CutAfter(0);
  world_.market.channel.SetDown(true);
  const std::size_t before = world_.market.channel.messages().size();
  ASSERT_TRUE(world_.StartAndServe().ok());
  ASSERT_TRUE(world_.executions.WaitForLast(kLast + 1));
  EXPECT_EQ(world_.events.FirstSequence(), SequenceNumber(15));
  ExpectToServe(kLast + 2);
  world_.market.channel.SetDown(false);
  ASSERT_TRUE(world_.matching.WaitForPublished(kLast + 2));
  EXPECT_EQ(SequencesIn(world_.executions), Numbers(15, kLast + 2));
  EXPECT_EQ(lost("executions"), "14");
  std::vector<std::uint64_t> market;
  const auto messages = world_.market.channel.messages();
  for (std::size_t i = before; i < messages.size(); ++i) market.push_back(messages[i].id.sequence.value());
  EXPECT_EQ(market, Numbers(15, kLast + 2));
  EXPECT_EQ(world_.matching.drops(), 0U) << "it need not go back";
}

}  // namespace
}  // namespace xt::sequencer
