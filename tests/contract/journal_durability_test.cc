// The table of docs/durability.md as tests: what each mode keeps when something is lost, over a WAL file, a real Redis
// and a leader that is a process. Where a mode loses, that the loss is refused or said, that it is no more than the
// copies lack, and that the journal stays one chain.
#include <algorithm>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "tests/contract/durability_fixture.h"

namespace xt::contract {
namespace {

using Names = FileInSyncSet::Names;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

std::string NameOf(const ::testing::TestParamInfo<Mode>& info) {
  constexpr const char* kNames[] = {"Memory", "Redis", "LocalAndRedis", "Always", "Standbys"};
  return kNames[static_cast<int>(info.param)];
}

class EveryMode : public Durability, public ::testing::WithParamInterface<Mode> {
 protected:
  EveryMode() : Durability(GetParam()) {}
};
class ModesThatPromise : public EveryMode {};
class ModesOfTwoCopies : public EveryMode {};
INSTANTIATE_TEST_SUITE_P(Durability, EveryMode,
                         ::testing::Values(Mode::kMemory, Mode::kRedis, Mode::kLocalAndRedis, Mode::kAlways,
                                           Mode::kStandbys),
                         NameOf);
INSTANTIATE_TEST_SUITE_P(Durability, ModesThatPromise,
                         ::testing::Values(Mode::kRedis, Mode::kLocalAndRedis, Mode::kAlways, Mode::kStandbys), NameOf);
INSTANTIATE_TEST_SUITE_P(Durability, ModesOfTwoCopies, ::testing::Values(Mode::kLocalAndRedis, Mode::kAlways), NameOf);

// One process.

TEST_P(ModesThatPromise, AKilledLeaderLosesNothing) {
  const auto confirmed = LeadAndDie(300);
  MustOpen(2);
  ExpectAll(confirmed);
  ExpectOneChain();
}

TEST_P(ModesThatPromise, OnAnotherMachineAKilledLeaderLosesNothing) {
  const auto confirmed = LeadAndDie(300);
  MoveToAnotherMachine();
  MustOpen(2);
  ExpectAll(confirmed);
  ExpectOneChain();
}

TEST_P(EveryMode, AKilledRedisIsFilledUpByTheLeader) {
  MustOpen(1);
  MustAppend(300);
  redis_.KillAndRestart();
  MustAppend(1);
  ASSERT_TRUE(Rejoined());
  EXPECT_THAT(ReadSequences(*journal_, 1), SizeIs(301));
  ExpectOneChain();
}

TEST_F(MemoryDurability, AKilledLeaderLosesWhatNoCopyHadAndTheNextOneSaysSo) {
  Gate disk;
  io_.gate = &disk;
  auto leader = Lead(1);
  leader->MustAppend(3);
  ASSERT_TRUE(Eventually([&] { return RecordsInRedis() == 3; }));
  redis_.server().Pause();
  leader->MustAppend(500);
  leader->Kill();
  redis_.server().Resume();
  io_.gate = nullptr;
  mode_ = Mode::kLocalAndRedis;
  ExpectRefused(2, "the leader before promised nothing and did not end in order");
  mode_ = Mode::kMemory;
  MustOpen(3);
  EXPECT_THAT(report_.detail, HasSubstr("the leader before promised nothing: its last commands may be lost"));
  const std::size_t kept = Kept(leader->confirmed());
  EXPECT_GE(kept, 3U);
  EXPECT_LT(kept, 503U);
  EXPECT_EQ(kept, report_.last_sequence.value()) << "no more is lost than the copies lack";
  ExpectOneChain();
  mode_ = Mode::kLocalAndRedis;
  MustOpen(1'001);
  EXPECT_THAT(report_.detail, Not(HasSubstr("may be lost"))) << "the leader before ended in order";
}

TEST_F(MemoryDurability, NothingIsWaitedForAndEverythingComesBehind) {
  Gate disk;
  io_.gate = &disk;
  MustOpen(1);
  redis_.server().Pause();
  MustAppend(100);
  EXPECT_EQ(journal_->TailSequence().value(), 100U);
  EXPECT_EQ(journal_->Stats().own_sequence, 0U);
  EXPECT_EQ(journal_->Stats().remote_sequence, 0U);
  EXPECT_THAT(set_.Get(), ElementsAre("nothing-sure", StartsWith("wal:"), StartsWith("redis:")));
  redis_.server().Resume();
  disk.Open();
  EXPECT_THAT(ReadSequences(*journal_, 1), SizeIs(100));
  ExpectOneChain();
  EXPECT_THAT(set_.Get(), ElementsAre(StartsWith("wal:"), StartsWith("redis:")));
}

TEST_F(MemoryDurability, AtTheEndInOrderACopyThatIsBehindIsNoMember) {
  timeout_ms_ = 200;
  ASSERT_TRUE(Eventually([&] { return Open(1).ok(); }));  // a slower Redis is away for it
  MustAppend(1);
  redis_.server().Pause();
  MustAppend(3);
  journal_.reset();
  EXPECT_THAT(set_.Get(), ElementsAre(StartsWith("wal:")));
  redis_.server().Resume();
  MoveToAnotherMachine();
  ExpectRefused(2, "no copy can be reached that surely holds all that was confirmed");
}

TEST_F(MemoryDurability, AFailedFileIsFinal) {
  MustOpen(1);
  MustAppend(1);
  ASSERT_TRUE(Eventually([&] { return journal_->Stats().own_sequence == 1; }));
  io_.fail_syncs = true;
  AppendSome(1);
  EXPECT_TRUE(Eventually([&] { return !AppendAndWait(*journal_, chain_.Next()).ok(); }));
  journal_.reset();
  EXPECT_EQ(set_.Get()[0], "nothing-sure");
}

TEST_F(RedisDurability, AnAppendWaitsForRedisAndNotForTheFile) {
  Gate disk;
  io_.gate = &disk;
  MustOpen(1);
  MustAppend(100);
  EXPECT_EQ(journal_->Stats().own_sequence, 0U);
  EXPECT_THAT(set_.Get(), ElementsAre(StartsWith("redis:")));
  disk.Open();
  EXPECT_THAT(ReadSequences(*journal_, 1), SizeIs(100));
  ExpectOneChain();
}

TEST_F(RedisDurability, WhileRedisIsAwayTheFileConfirms) {
  MustOpen(1);
  for (const std::uint64_t round : {1, 2}) {
    MustAppend(10);
    redis_.server().Kill();
    MustAppend(10);
    EXPECT_THAT(set_.Get(), ElementsAre(StartsWith("wal:")));
    redis_.Start();
    ASSERT_TRUE(Rejoined(round));
    EXPECT_THAT(set_.Get(), ElementsAre(StartsWith("redis:")));
    EXPECT_FALSE(remote_.Get()[2 * round - 2].ok());
    EXPECT_TRUE(remote_.Get()[2 * round - 1].ok());
  }
  ExpectOneChain();
}

// A machine loses its power: Redis lacks what it had not synced, the leader's file nothing that was confirmed by it.

TEST_P(EveryMode, WhatRedisLosesWithItsPowerTheLeaderFillsIn) {
  MustOpen(1);
  MustAppend(300);
  ASSERT_TRUE(Eventually([&] { return journal_->Stats().remote_sequence == 300; }));
  RedisLosesPower();
  EXPECT_EQ(RecordsInRedis() == 300, mode_ == Mode::kAlways);
  MustAppend(1);
  ASSERT_TRUE(Rejoined());
  EXPECT_THAT(ReadSequences(*journal_, 1), SizeIs(301));
  ExpectOneChain();
}

TEST_F(RedisDurability, WhatRedisLosesIsFilledInThoughTheFileHadNothingOfItYet) {
  Gate disk;
  io_.gate = &disk;
  std::atomic<std::uint64_t> alone_with{0};
  set_.on_replace = [&](const Names& members) {
    if (members[0].starts_with("wal:")) alone_with = journal_->Stats().own_sequence;
  };
  MustOpen(1);
  MustAppend(300);
  ASSERT_EQ(journal_->Stats().own_sequence, 0U);
  RedisLosesPower();
  ASSERT_LT(RecordsInRedis(), 300U);
  AppendSome(1);
  ASSERT_THAT(remote_.WaitFor(1), SizeIs(1));
  EXPECT_THAT(outcomes_.Get(), IsEmpty());
  disk.Open();
  EXPECT_THAT(outcomes_.WaitFor(1), ElementsAre(absl::OkStatus()));
  ASSERT_TRUE(Rejoined());
  EXPECT_GE(alone_with, 300U) << "the file counted alone before it had what Redis had confirmed";
  EXPECT_THAT(ReadSequences(*journal_, 1), SizeIs(301));
  ExpectOneChain();
}

TEST_P(ModesOfTwoCopies, WhenBothMachinesLosePowerTheFileHasEverything) {
  const auto confirmed = LeadAndDie(300);
  RedisLosesPower();
  MustOpen(2);
  ExpectAll(confirmed);
  ExpectOneChain();
}

TEST_F(LocalAndRedisDurability, AfterAPowerLossAnotherMachineWaitsForTheLeadersDisk) {
  const auto confirmed = LeadAndDie(300);
  RedisLosesPower();
  MoveToAnotherMachine();
  ExpectRefused(2, "no copy can be reached that surely holds all that was confirmed");
  machine_ = "one";
  MustOpen(3);
  ExpectAll(confirmed);
  ExpectOneChain();
}

TEST_F(AlwaysDurability, ARestartedRedisIsTrustedWithoutTheLeadersDisk) {
  const auto confirmed = LeadAndDie(300);
  RedisLosesPower();
  WipeDisk();
  MustOpen(2);
  ExpectAll(confirmed);
  ExpectOneChain();
}

// Data are destroyed.

TEST_P(EveryMode, AWipedRedisIsFilledUpByTheLeader) {
  MustOpen(1);
  MustAppend(300);
  ASSERT_TRUE(Eventually([&] { return journal_->Stats().remote_sequence == 300; }));
  const Names before = set_.Get();
  MustRun(redis_.Config(), {"FLUSHALL"});
  MustAppend(1);
  ASSERT_TRUE(Rejoined());
  EXPECT_NE(set_.Get(), before) << "another copy";
  EXPECT_THAT(ReadSequences(*journal_, 1), SizeIs(301));
  ExpectOneChain();
}

TEST_P(ModesOfTwoCopies, WithAWipedRedisTheFileHasEverything) {
  const auto confirmed = LeadAndDie(300);
  MustRun(redis_.Config(), {"FLUSHALL"});
  MustOpen(2);
  ExpectAll(confirmed);
  ExpectOneChain();
}

TEST_F(RedisDurability, WithAWipedRedisAndADeadLeaderNobodyLeads) {
  LeadAndDie(300);
  MustRun(redis_.Config(), {"FLUSHALL"});
  ExpectRefused(2, "no copy can be reached that surely holds all that was confirmed");
}

TEST_P(ModesThatPromise, AWipedDiskIsFilledUpFromRedis) {
  const auto confirmed = LeadAndDie(300);
  WipeDisk();
  MustOpen(2);
  ExpectAll(confirmed);
  ExpectOneChain();
}

TEST_P(EveryMode, WithBothWipedNoNewJournalBegins) {
  LeadAndDie(300);
  WipeDisk();
  MustRun(redis_.Config(), {"FLUSHALL"});
  ExpectRefused(2, "no copy can be reached that surely holds all that was confirmed");
}

// Two copies of three.

TEST_F(StandbysDurability, WithTheLeadersDiskAndRedisWipedTheStandbyHasEverything) {
  const auto confirmed = LeadAndDie(300);
  WipeDisk();
  WipeRedis();
  ExpectRefused(2, "no copy can be reached that surely holds all that was confirmed");
  ChangePlaces();
  MustOpen(3);
  ExpectAll(confirmed);
  ExpectOneChain();
}

TEST_F(StandbysDurability, WithTheLeadersDiskGoneAndRedisRestartedTheStandbyHasEverything) {
  const auto confirmed = LeadAndDie(300);
  RedisLosesPower();
  WipeDisk();
  ChangePlaces();
  MustOpen(2);
  ExpectAll(confirmed);
  ExpectOneChain();
}

TEST_F(StandbysDurability, WithRedisAndTheStandbyWipedTheLeadersFileHasEverything) {
  const auto confirmed = LeadAndDie(300);
  WipeRedis();
  WipeStandby();
  MustOpen(2);
  ExpectAll(confirmed);
  ExpectOneChain();
}

TEST_F(StandbysDurability, WithBothFilesWipedRedisHasEverything) {
  const auto confirmed = LeadAndDie(300);
  WipeDisk();
  WipeStandby();
  MustOpen(2);
  ExpectAll(confirmed);
  ExpectOneChain();
}

TEST_F(StandbysDurability, WithAllThreeWipedNobodyLeads) {
  LeadAndDie(30);
  WipeRedis();
  WipeDisk();
  WipeStandby();
  for (std::uint64_t epoch = 2; epoch < 4; ++epoch) {
    ExpectRefused(epoch, "no copy can be reached that surely holds all that was confirmed");
    ChangePlaces();
  }
}

// The rules of a mode.

TEST_F(AlwaysDurability, ARedisThatDoesNotSyncEveryWriteIsRefused) {
  MustRun(redis_.Config(), {"CONFIG", "SET", "appendfsync", "everysec"});
  const absl::Status status = Open(1);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(MessageOf(status), "the journal's Redis has appendfsync everysec, not always");
  MustRun(redis_.Config(), {"CONFIG", "SET", "appendfsync", "always"});
  MustOpen(1);
  MustAppend(3);
  MustRun(redis_.Config(), {"CONFIG", "SET", "appendfsync", "everysec"});
  MustRun(redis_.Config(), {"CLIENT", "KILL", "TYPE", "normal"});
  MustAppend(3);
  EXPECT_TRUE(Eventually([&] {
    return journal_->Stats().remote_error.find("has appendfsync everysec, not always") != std::string::npos;
  }));
  MustRun(redis_.Config(), {"CONFIG", "SET", "appendfsync", "always"});
  ASSERT_TRUE(Rejoined());
  ExpectOneChain();
}

TEST_F(AlwaysDurability, WhatAnotherModeWroteDownIsNotTrustedAfterARestart) {
  mode_ = Mode::kLocalAndRedis;
  const auto confirmed = LeadAndDie(30);
  redis_.KillAndRestart();
  mode_ = Mode::kAlways;
  MoveToAnotherMachine();
  ExpectRefused(2, "no copy can be reached that surely holds all that was confirmed");
  machine_ = "one";
  MustOpen(3);
  ExpectAll(confirmed);
  ASSERT_THAT(set_.Get(), SizeIs(2));
  EXPECT_THAT(set_.Get()[1], ::testing::EndsWith(":always"));
  ExpectOneChain();
}

TEST_P(ModesOfTwoCopies, OfTwoWantedCopiesNoneIsDoneWithout) {
  min_copies_ = 2;
  MustOpen(1);
  MustAppend(10);
  EXPECT_TRUE(journal_->Accepting().ok());
  const Names before = set_.Get();
  redis_.server().Kill();
  AppendSome(3);
  ASSERT_THAT(remote_.WaitFor(1), SizeIs(1));
  const absl::Status refused = journal_->Accepting();
  EXPECT_EQ(refused.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(MessageOf(refused)),
              StartsWith("two copies of the journal are wanted, the remote one is lost: "));
  const int connects = connects_;
  EXPECT_TRUE(Eventually([&] { return connects_ >= connects + 3 && journal_->Stats().own_sequence == 13; }));
  EXPECT_THAT(outcomes_.Get(), IsEmpty());
  EXPECT_EQ(set_.Get(), before);
  redis_.Start();
  EXPECT_THAT(outcomes_.WaitFor(3), AllOf(SizeIs(3), Each(absl::OkStatus())));
  ASSERT_TRUE(Rejoined());
  EXPECT_TRUE(journal_->Accepting().ok());
  ExpectOneChain();
  redis_.server().Kill();
  ExpectRefused(1'001, "two copies are wanted, the remote one is away");
}

}  // namespace
}  // namespace xt::contract
