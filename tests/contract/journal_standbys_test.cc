// The journal with the file of a sequencer that stands by as a third copy, local+redis+standbys of docs/durability.md, over WAL
// files and a real Redis: who is waited for, who is done without, and who begins.
#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>

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
using ::testing::SizeIs;
using ::testing::StartsWith;

class JournalStandbysTest : public StandbysDurability {
 protected:
  void MustOpenInSync(std::uint64_t epoch) {
    MustOpen(epoch);
    ASSERT_TRUE(AllInSync());
    ASSERT_TRUE(Eventually([&] { return standby_.Get().size() % 2 == 1; })) << "it is told that it is there";
  }
  void LoseStandby() {
    standby_away_ = true;
    standby_io_.fail_writes = true;
  }
  void ReturnStandby() {
    standby_io_.fail_writes = false;
    standby_away_ = false;
  }
  [[nodiscard]] replicated::ReplicatedJournalStats::Standby Standby() const { return journal_->Stats().standbys.at(0); }
  // Once set_away_ is set. Before the journal is opened.
  void LetSetBeAway() {
    set_.permits = [this] {
      asked_ += set_away_ ? 1 : 0;
      return set_away_ ? absl::UnavailableError("no coordinator") : absl::OkStatus();
    };
  }
  bool SetHas(std::size_t members) {
    return Eventually([&] { return set_.Get().size() == members; });
  }

  std::atomic<int> asked_{0};
  std::atomic<bool> set_away_{false};
};

TEST_F(JournalStandbysTest, AnAppendIsOnTheStandbysDiskBeforeItIsConfirmed) {
  MustOpenInSync(1);
  Gate disk;
  standby_io_.gate = &disk;
  AppendSome(3);
  ASSERT_TRUE(disk.WaitUntilSomebodyWaits());
  EXPECT_TRUE(Eventually([&] {
    const auto stats = journal_->Stats();
    return stats.own_sequence == 3 && stats.remote_sequence == 3;
  }));
  EXPECT_THAT(outcomes_.Get(), IsEmpty());
  disk.Open();
  EXPECT_THAT(outcomes_.WaitFor(3), AllOf(SizeIs(3), Each(absl::OkStatus())));
  EXPECT_EQ(Standby().sequence, 3U);
  EXPECT_TRUE(Standby().required);
  EXPECT_THAT(set_.Get(), ElementsAre(StartsWith("wal:"), StartsWith("redis:"), StartsWith("wal:")));
  ExpectOneChain();
}

// Who is lost, and comes back.

TEST_F(JournalStandbysTest, ALostStandbyIsDoneWithoutAndFilledUpWhenItIsBack) {
  MustOpenInSync(1);
  for (std::uint64_t round = 1; round <= 2; ++round) {
    MustAppend(10);
    LoseStandby();
    MustAppend(10);
    EXPECT_THAT(set_.Get(), ElementsAre(StartsWith("wal:"), StartsWith("redis:")));
    EXPECT_FALSE(Standby().required);
    EXPECT_NE(Standby().error, "");
    EXPECT_TRUE(journal_->Accepting().ok()) << "two are there";
    ReturnStandby();
    ASSERT_TRUE(SetHas(3));
    EXPECT_EQ(Standby().losses, round);
    EXPECT_EQ(Standby().rejoins, round + 1);
    const auto told = standby_.WaitFor(2 * round + 1);
    EXPECT_FALSE(told[2 * round - 1].ok());
    EXPECT_TRUE(told[2 * round].ok());
  }
  EXPECT_THAT(remote_.Get(), IsEmpty());
  ExpectOneChain();
}

TEST_F(JournalStandbysTest, WithoutRedisTheTwoFilesGoOn) {
  MustOpenInSync(1);
  MustAppend(10);
  redis_.server().Kill();
  MustAppend(10);
  EXPECT_THAT(set_.Get(), ElementsAre(StartsWith("wal:"), StartsWith("wal:")));
  EXPECT_TRUE(journal_->Accepting().ok());
  redis_.Start();
  ASSERT_TRUE(SetHas(3));
  ExpectOneChain();
}

TEST_F(JournalStandbysTest, WithoutRedisAndTheStandbyNothingIsConfirmedUntilOneIsBack) {
  MustOpenInSync(1);
  MustAppend(10);
  LoseStandby();
  MustAppend(1);
  redis_.server().Kill();
  AppendSome(3);
  ASSERT_TRUE(Eventually([&] { return !journal_->Accepting().ok(); }));
  EXPECT_THAT(
      std::string(MessageOf(journal_->Accepting())),
      AllOf(StartsWith("2 copies of the journal are wanted, these are lost: remote: "), HasSubstr("; standby: ")));
  EXPECT_TRUE(Eventually([&] { return journal_->Stats().own_sequence == 14; }));
  EXPECT_THAT(outcomes_.Get(), IsEmpty());
  EXPECT_THAT(set_.Get(), ElementsAre(StartsWith("wal:"), StartsWith("redis:"))) << "the file is not left alone";
  ReturnStandby();
  EXPECT_THAT(outcomes_.WaitFor(3), AllOf(SizeIs(3), Each(absl::OkStatus())));
  EXPECT_THAT(set_.Get(), ElementsAre(StartsWith("wal:"), StartsWith("wal:")));
  EXPECT_TRUE(Eventually([&] { return journal_->Accepting().ok(); }));
  redis_.Start();
  ASSERT_TRUE(SetHas(3));
  ExpectOneChain();
}

TEST_F(JournalStandbysTest, AnEmptiedStandbyIsAnotherCopy) {
  MustOpenInSync(1);
  MustAppend(10);
  const Names before = set_.Get();
  LoseStandby();
  MustAppend(1);
  WipeStandby();
  ReturnStandby();
  ASSERT_TRUE(SetHas(3));
  EXPECT_EQ(set_.Get()[0], before[0]);
  EXPECT_NE(set_.Get()[2], before[2]);
  ExpectOneChain();
}

TEST_F(JournalStandbysTest, ADamagedStandbyBeginsAnew) {
  MustOpenInSync(1);
  MustAppend(100);
  LoseStandby();
  MustAppend(1);
  {
    std::fstream file(FolderOf(standby_machine_) + "/wal-00000001.log", std::ios::in | std::ios::out);
    file.seekp(2'000);
    file << "damaged";
  }
  ReturnStandby();
  ASSERT_TRUE(SetHas(3));
  const auto repairs = repairs_.WaitFor(1);
  ASSERT_THAT(repairs, SizeIs(1));
  EXPECT_EQ(repairs[0].copy, "standby");
  EXPECT_THAT(repairs[0].place, HasSubstr("wal-00000001.log"));
  EXPECT_EQ(repairs[0].source, set_.Get()[0]);
  EXPECT_EQ(Standby().repairs, 1U);
  ExpectOneChain();
}

TEST_F(JournalStandbysTest, AStandbyThatHasSeenAHigherEpochIsFinal) {
  ASSERT_TRUE(WalOf(standby_machine_, standby_io_)->Open(Token(5)).ok());
  MustOpen(1);
  EXPECT_TRUE(Eventually([&] { return !AppendAndWait(*journal_, chain_.Next()).ok(); }));
  EXPECT_THAT(AppendAndWait(*journal_, chain_.Next()).ToString(), HasSubstr("FENCED"));
}

TEST_F(JournalStandbysTest, WithoutPermissionALostStandbyHoldsEverythingUp) {
  LetSetBeAway();
  MustOpenInSync(1);
  MustAppend(3);
  set_away_ = true;
  LoseStandby();
  AppendSome(3);
  ASSERT_TRUE(Eventually([&] { return asked_ >= 2; }));
  EXPECT_THAT(outcomes_.Get(), IsEmpty());
  ReturnStandby();
  EXPECT_THAT(outcomes_.WaitFor(3), AllOf(SizeIs(3), Each(absl::OkStatus()))) << "a member that is back needs none";
}

TEST_F(JournalStandbysTest, UnderLoadCopiesComeAndGoAndNothingIsLost) {
  MustOpenInSync(1);
  AppendLoad load(*journal_, chain_);
  const auto some_more = [&] {
    const std::uint64_t before = load.confirmed();
    return Eventually([&] { return load.confirmed() > before + 200; });
  };
  for (int round = 0; round < 3; ++round) {
    EXPECT_TRUE(some_more());
    redis_.server().Kill();
    EXPECT_TRUE(some_more()) << "with both files";
    redis_.Start();
    if (round > 0) {
      EXPECT_TRUE(SetHas(3));
    }
    LoseStandby();
    EXPECT_TRUE(some_more()) << "with Redis, as soon as it is there";
    ReturnStandby();
    EXPECT_TRUE(SetHas(3));
  }
  load.Stop();
  EXPECT_EQ(load.confirmed(), load.appended());
  ExpectOneChain();
}

// Who begins.

TEST_F(JournalStandbysTest, WithoutRedisALeaderBeginsAndConfirmsNothingBeforeAStandbyIsThere) {
  MustOpenInSync(1);
  MustAppend(30);
  journal_.reset();
  redis_.server().Kill();
  ChangePlaces();
  standby_away_ = true;
  const Names before = set_.Get();
  MustOpen(2);
  EXPECT_THAT(report_.detail, HasSubstr("without the remote copy"));
  EXPECT_EQ(report_.last_sequence.value(), 30U);
  EXPECT_EQ(journal_->TailSequence().value(), 0U) << "who knows whether the leader before had confirmed it";
  EXPECT_THAT(RecordsOf(*journal_), IsEmpty());
  AppendSome(3);
  ASSERT_TRUE(Eventually([&] { return journal_->Stats().own_sequence == 33; }));
  EXPECT_FALSE(journal_->Accepting().ok());
  EXPECT_THAT(outcomes_.Get(), IsEmpty());
  EXPECT_EQ(set_.Get(), before) << "the leader before may still have been the only one to confirm";
  standby_away_ = false;
  EXPECT_THAT(outcomes_.WaitFor(3), AllOf(SizeIs(3), Each(absl::OkStatus())));
  EXPECT_EQ(journal_->TailSequence().value(), 33U);
  EXPECT_THAT(RecordsOf(*journal_), SizeIs(33));
  EXPECT_THAT(set_.Get(), ElementsAre(before[2], before[0])) << "each is who it was";
  redis_.Start();
  ASSERT_TRUE(SetHas(3));
  ExpectOneChain();
}

// It may be what no leader confirmed, and what the next one does not find.
TEST_F(JournalStandbysTest, WhatOneFileAdoptedAloneIsNotConfirmedBeforeAnotherCopyHasIt) {
  LetSetBeAway();
  MustOpenInSync(1);
  MustAppend(10);
  set_away_ = true;
  redis_.server().Kill();
  AppendSome(3);
  ASSERT_TRUE(Eventually([&] { return Standby().sequence == 13; }));
  EXPECT_THAT(outcomes_.Get(), IsEmpty()) << "Redis is a member";
  journal_.reset();
  set_away_ = false;
  ChangePlaces();
  standby_away_ = true;
  MustOpen(2);
  EXPECT_EQ(report_.last_sequence.value(), 13U);
  EXPECT_EQ(journal_->TailSequence().value(), 0U);
  EXPECT_THAT(RecordsOf(*journal_), IsEmpty());
  journal_.reset();
  redis_.Start();
  machine_ = "three";
  standby_away_ = false;
  ExpectRefused(3, "no copy can be reached that surely holds all that was confirmed");
  machine_ = "two";
  MustOpen(4);
  EXPECT_EQ(journal_->TailSequence().value(), 13U) << "Redis has it, too, by now";
  EXPECT_THAT(RecordsOf(*journal_), SizeIs(13));
  ExpectOneChain();
}

TEST_F(JournalStandbysTest, WhatTheLeaderBeforeHadAloneIsCut) {
  LetSetBeAway();
  MustOpenInSync(1);
  MustAppend(10);
  set_away_ = true;
  redis_.server().Kill();
  LoseStandby();
  AppendSome(3);
  ASSERT_TRUE(Eventually([&] { return journal_->Stats().own_sequence == 13; }));
  journal_.reset();
  EXPECT_THAT(outcomes_.WaitFor(3), SizeIs(3));
  redis_.Start();
  ReturnStandby();
  set_away_ = false;
  ChangePlaces();
  MustOpen(2);
  EXPECT_EQ(report_.last_sequence.value(), 10U);
  MustAppend(5);
  ASSERT_TRUE(AllInSync());
  EXPECT_EQ(journal_->Stats().cut_tails, 1U);
  ExpectOneChain();
}

TEST_F(JournalStandbysTest, ThreeWantedCopiesAreWaitedFor) {
  min_copies_ = 3;
  MustOpen(1);
  ASSERT_TRUE(AllInSync());
  MustAppend(3);
  LoseStandby();
  AppendSome(3);
  ASSERT_TRUE(Eventually([&] { return !journal_->Accepting().ok() && journal_->Stats().remote_sequence == 6; }));
  EXPECT_THAT(outcomes_.Get(), IsEmpty());
  ReturnStandby();
  EXPECT_THAT(outcomes_.WaitFor(3), AllOf(SizeIs(3), Each(absl::OkStatus())));
  ExpectOneChain();
}

// Trimming.

TEST_F(JournalStandbysTest, TheStandbysFileIsTrimmedAndOneThatWasAwayTooLongBeginsWhereTheLeaderDoes) {
  padding_ = 5'000;
  MustOpenInSync(1);
  MustAppend(100);
  ASSERT_TRUE(journal_->TrimFront(domain::SequenceNumber(60)).ok());
  const auto base = journal_->Base().sequence;
  EXPECT_GT(base.value(), 30U);
  LoseStandby();
  MustAppend(100);
  {
    const auto standby = WalOf(standby_machine_, standby_io_);
    standby_io_.fail_writes = false;
    ASSERT_TRUE(standby->Open(Token(1)).ok());
    EXPECT_EQ(standby->Base().sequence, base);
    standby_io_.fail_writes = true;
  }
  ASSERT_TRUE(journal_->TrimFront(domain::SequenceNumber(180)).ok());
  EXPECT_GT(journal_->Base().sequence.value(), 120U);
  ReturnStandby();
  ASSERT_TRUE(SetHas(3));
  ExpectOneChain();
}

}  // namespace
}  // namespace xt::contract
