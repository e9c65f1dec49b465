// The journal in two copies that were trimmed: what a leader finds that begins with them, with one of them lost, behind or
// damaged. Over a WAL file and a real Redis.
#include <filesystem>

#include "gmock/gmock.h"
#include "libs/adapters/redis/redis_journal.h"
#include "libs/adapters/replicated/replicated_journal.h"
#include "libs/base/status.h"
#include "tests/contract/file_in_sync_set.h"
#include "tests/contract/journal_support.h"
#include "tests/contract/redis_support.h"
#include "tests/contract/wal_files.h"

namespace xt::contract {
namespace {

using domain::SequenceNumber;
using embedded::WalJournal;
using replicated::ReplicatedJournal;
using ::testing::HasSubstr;

// Records of one command; eight fill a segment of the file.
class JournalTrimTest : public JournalFixture<ReplicatedJournal> {
 protected:
  JournalTrimTest() { padding_ = 400; }

  [[nodiscard]] std::string folder() const { return folders_.path() + "/" + machine_; }
  std::unique_ptr<ports::JournalCopy> Wal() { return std::make_unique<WalJournal>(folder(), SmallSegments(4096)); }
  std::unique_ptr<ports::JournalCopy> Redis() {
    redis::RedisJournalOptions options;
    options.give_up_after_ms = 0;
    options.on_restart = [](const std::string&) { return absl::AbortedError("restarted"); };
    return std::make_unique<redis::RedisJournal>(redis_.Config(), options);
  }
  std::unique_ptr<ReplicatedJournal> Make() override {
    return std::make_unique<ReplicatedJournal>(
        Wal(), [this] { return Redis(); }, set_, replicated::ReplicatedJournalOptions{5});
  }
  // A leader of epoch 1 on this machine that appended so many records, trimmed them, and ended.
  void LeadAndTrim(int records, std::uint64_t upto) {
    MustOpen(1);
    MustAppend(records);
    ASSERT_TRUE(journal_->TrimFront(SequenceNumber(upto)).ok());
    journal_.reset();
  }
  struct Content {
    ports::JournalBase base;
    std::vector<ports::JournalRecord> records;
  };
  static Content ContentOf(std::unique_ptr<ports::JournalCopy> copy) {
    Content content;
    const auto report = copy->Open(Token(1'000));
    EXPECT_TRUE(report.ok()) << report.status();
    content.base = copy->Base();
    const absl::Status read = copy->Read(SequenceNumber(0), [&](const ports::JournalRecord& record) {
      content.records.push_back(record);
      return absl::OkStatus();
    });
    EXPECT_TRUE(read.ok()) << read;
    return content;
  }
  // Appends one more, ends, and expects copies with these bases, that are equal and end there.
  void ExpectBases(std::uint64_t own_base, std::uint64_t remote_base, std::uint64_t last) {
    MustAppend(1);
    journal_.reset();
    const Content own = ContentOf(Wal());
    const Content remote = ContentOf(Redis());
    EXPECT_EQ(own.base.sequence.value(), own_base);
    EXPECT_EQ(remote.base.sequence.value(), remote_base);
    ASSERT_EQ(own.records.size(), last + 1 - own_base);
    ASSERT_EQ(remote.records.size(), last + 1 - remote_base);
    const std::size_t both = std::min(own.records.size(), remote.records.size());
    for (std::size_t i = 1; i <= both; ++i) {
      ASSERT_TRUE(SameRecord(own.records[own.records.size() - i], remote.records[remote.records.size() - i]));
    }
    EXPECT_EQ(own.records.front().previous_hash, own.base.hash);
    EXPECT_EQ(remote.records.front().previous_hash, remote.base.hash);
  }
  std::uint64_t EntriesInRedis() {
    return static_cast<std::uint64_t>(NumberOf(redis_.Config(), {"XLEN", "xt:{0}:journal"}));
  }

  std::string machine_ = "one";
  TemporaryFolder folders_;
  OwnRedis redis_{servers::RedisServer::Kind::kJournal};
  FileInSyncSet set_;
};

TEST_F(JournalTrimTest, BothCopiesAreTrimmedAndOpenedAgain) {
  LeadAndTrim(30, 20);
  EXPECT_EQ(EntriesInRedis(), 10U);
  MustOpen(2);
  EXPECT_EQ(report_.last_sequence.value(), 30U);
  EXPECT_EQ(journal_->Base().sequence.value(), 16U) << "whole segments";
  EXPECT_EQ(ReadSequences(*journal_, 17).size(), 14U);
  ExpectBases(16, 20, 30);
}

TEST_F(JournalTrimTest, ALongJournalIsTrimmedInSteps) {
  MustOpen(1);
  for (int i = 0; i < 25; ++i) ASSERT_TRUE(AppendAndWait(*journal_, chain_.Next(200, 400)).ok());
  ASSERT_TRUE(journal_->TrimFront(SequenceNumber(4'900)).ok());
  EXPECT_EQ(EntriesInRedis(), 1U);
  EXPECT_EQ(journal_->TrimFront(SequenceNumber(5'001)).code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(JournalTrimTest, AnEmptyDiskBeginsWhereRedisBegins) {
  LeadAndTrim(30, 20);
  machine_ = "another";
  MustOpen(2);
  EXPECT_EQ(report_.last_sequence.value(), 30U);
  EXPECT_THAT(report_.detail, HasSubstr("the own copy begins behind 20; the own copy lacked 10 records"));
  ExpectBases(20, 20, 30);
}

TEST_F(JournalTrimTest, ADiskThatEndedBeforeRedisBeginsGoesOnBehindAGap) {
  LeadAndTrim(10, 0);
  machine_ = "another";
  MustOpen(2);
  MustAppend(40);
  ASSERT_TRUE(journal_->TrimFront(SequenceNumber(30)).ok());
  journal_.reset();
  machine_ = "one";
  MustOpen(3);
  EXPECT_EQ(report_.last_sequence.value(), 50U);
  EXPECT_THAT(report_.detail, HasSubstr("the own copy begins behind 30"));
  ExpectBases(30, 30, 50);
  EXPECT_TRUE(std::filesystem::exists(folder() + "/wal-00000001.log")) << "what it had is history";
}

TEST_F(JournalTrimTest, ADiskThatEndsBehindTheBaseIsFilledUp) {
  LeadAndTrim(30, 0);
  machine_ = "another";
  MustOpen(2);
  MustAppend(10);
  ASSERT_TRUE(journal_->TrimFront(SequenceNumber(20)).ok());
  journal_.reset();
  machine_ = "one";
  MustOpen(3);
  EXPECT_THAT(report_.detail, HasSubstr("the own copy lacked 10 records"));
  ExpectBases(0, 20, 40);
}

TEST_F(JournalTrimTest, AWipedRedisBeginsWhereTheFileBegins) {
  LeadAndTrim(30, 20);
  MustRun(redis_.Config(), {"FLUSHALL"});
  MustOpen(2);
  EXPECT_EQ(report_.last_sequence.value(), 30U);
  EXPECT_THAT(report_.detail, HasSubstr("the remote copy begins behind 16; the remote copy lacked 14 records"));
  ExpectBases(16, 16, 30);
}

TEST_F(JournalTrimTest, EverythingIsTrimmedAndTheChainGoesOn) {
  LeadAndTrim(16, 16);
  EXPECT_EQ(EntriesInRedis(), 0U);
  MustOpen(2);
  EXPECT_EQ(report_.last_sequence.value(), 16U);
  ExpectBases(8, 16, 16);
  MustOpen(1'000);
  MustAppend(20);
  EXPECT_EQ(report_.last_sequence.value(), 17U);
}

TEST_F(JournalTrimTest, ACopyThatHoldsNothingBehindItsBaseIsFilledUp) {
  LeadAndTrim(16, 16);
  MustOpen(3);
  MustAppend(4);
  journal_.reset();
  {
    const auto remote = Redis();
    const auto report = remote->Open(Token(3));
    ASSERT_TRUE(report.ok());
    ASSERT_TRUE(remote->CutTail(SequenceNumber(16)).ok());
  }
  MustOpen(4);
  EXPECT_EQ(report_.last_sequence.value(), 20U);
  EXPECT_THAT(report_.detail, HasSubstr("the remote copy lacked 4 records"));
  ExpectBases(8, 16, 20);
}

TEST_F(JournalTrimTest, ALostEntryBehindTheBaseIsRepaired) {
  LeadAndTrim(30, 20);
  MustRun(redis_.Config(), {"XDEL", "xt:{0}:journal", "21-0"});
  MustOpen(2);
  EXPECT_EQ(report_.last_sequence.value(), 30U);
  EXPECT_EQ(journal_->Stats().remote_repairs, 1U);
  ExpectBases(16, 16, 30);
}

TEST_F(JournalTrimTest, ADamagedRecordOfTheFileComesFromRedis) {
  LeadAndTrim(30, 20);
  const std::string segment = folder() + "/wal-00000004.log";
  std::string bytes = ReadFile(segment);
  bytes[64 + 504 + 100] ^= 1;  // sequence 26
  WriteFile(segment, bytes);
  MustOpen(2);
  EXPECT_EQ(journal_->Stats().own_repairs, 1U);
  ExpectBases(16, 20, 30);
}

// What Redis has trimmed cannot be mended: the file begins anew.
TEST_F(JournalTrimTest, ADamagedRecordThatRedisHasTrimmedCostsTheRecordsBeforeIt) {
  LeadAndTrim(30, 20);
  const std::string segment = folder() + "/wal-00000003.log";
  std::string bytes = ReadFile(segment);
  bytes[64 + 504 + 100] ^= 1;  // sequence 18
  WriteFile(segment, bytes);
  MustOpen(2);
  EXPECT_EQ(report_.last_sequence.value(), 30U);
  EXPECT_EQ(journal_->Stats().own_repairs, 1U);
  ExpectBases(20, 20, 30);
}

TEST_F(JournalTrimTest, HistoryMayBeMovedAway) {
  LeadAndTrim(30, 20);
  std::filesystem::remove(folder() + "/wal-00000001.log");
  WriteFile(folder() + "/wal-00000002.log", "nobody looks at it");
  MustOpen(2);
  ExpectBases(16, 20, 30);
}

TEST_F(JournalTrimTest, AStaleLeaderTrimsNothing) {
  MustOpen(1);
  MustAppend(30);
  const auto stale = std::move(journal_);
  machine_ = "another";
  MustOpen(2);
  const absl::Status trimmed = stale->TrimFront(SequenceNumber(20));
  EXPECT_THAT(std::string(trimmed.message()), HasSubstr("FENCED"));
  EXPECT_EQ(EntriesInRedis(), 30U);
  ExpectBases(0, 0, 30);
}

TEST_F(JournalTrimTest, WhatIsLostMeanwhileIsTrimmedLater) {
  MustOpen(1);
  MustAppend(30);
  redis_.KillAndRestart();
  MustAppend(1);
  ASSERT_TRUE(Eventually([&] { return journal_->Stats().remote_rejoins == 1; }));
  ASSERT_TRUE(journal_->TrimFront(SequenceNumber(20)).ok());
  EXPECT_EQ(EntriesInRedis(), 11U);
  ExpectBases(16, 20, 31);
}

}  // namespace
}  // namespace xt::contract
