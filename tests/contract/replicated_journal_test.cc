// ReplicatedJournal over a WAL file and a real Redis: the contract of the port, and what is its own: what is adopted at
// Open, and what happens when a copy is lost.
#include "libs/adapters/replicated/replicated_journal.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "libs/adapters/embedded/wal_journal.h"
#include "libs/adapters/redis/redis_journal.h"
#include "libs/base/status.h"
#include "tests/contract/command_journal_contract.h"
#include "tests/contract/faulty_io.h"
#include "tests/contract/redis_support.h"

namespace xt::contract {
namespace {

using embedded::WalJournal;
using embedded::WalOptions;
using redis::RedisJournal;
using redis::RedisJournalOptions;
using replicated::ReplicatedJournal;
using Kind = servers::RedisServer::Kind;
using Names = std::vector<std::string>;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// The set as a record that the test reads and writes, and changes of which it refuses.
class FakeInSyncSet final : public ports::InSyncSet {
 public:
  absl::StatusOr<Names> Claim(domain::Epoch) override { return Get(); }
  absl::Status Replace(const Names& members) override {
    std::lock_guard lock(mutex_);
    ++asked_;
    if (answer_.ok()) members_ = members;
    return answer_;
  }
  void Answer(absl::Status answer) {
    std::lock_guard lock(mutex_);
    answer_ = std::move(answer);
  }
  void Set(Names members) {
    std::lock_guard lock(mutex_);
    members_ = std::move(members);
  }
  Names Get() {
    std::lock_guard lock(mutex_);
    return members_;
  }
  int asked() {
    std::lock_guard lock(mutex_);
    return asked_;
  }

 private:
  std::mutex mutex_;
  Names members_;
  absl::Status answer_;
  int asked_ = 0;
};

// Passes everything on, but holds the confirmations at a gate.
class HoldingCopy final : public ports::JournalCopy {
 public:
  HoldingCopy(std::unique_ptr<ports::JournalCopy> copy, Gate& gate) : copy_(std::move(copy)), gate_(gate) {}
  absl::StatusOr<ports::OpenReport> Open(ports::FencingToken token) override { return copy_->Open(token); }
  absl::Status Read(domain::SequenceNumber from, const Visitor& visitor) override { return copy_->Read(from, visitor); }
  void Append(ports::JournalRecord record, AppendDone done) override {
    copy_->Append(std::move(record), [this, done = std::move(done)](const absl::Status& status) {
      gate_.Pass();
      done(status);
    });
  }
  [[nodiscard]] domain::SequenceNumber TailSequence() const override { return copy_->TailSequence(); }
  [[nodiscard]] std::string Identity() const override { return copy_->Identity(); }
  absl::Status CutTail(domain::SequenceNumber keep) override { return copy_->CutTail(keep); }
  absl::Status BeginAt(const ports::JournalBase& base) override { return copy_->BeginAt(base); }
  [[nodiscard]] ports::JournalBase Base() const override { return copy_->Base(); }
  [[nodiscard]] absl::StatusOr<domain::SequenceNumber> ReadableFrom() override { return copy_->ReadableFrom(); }
  absl::Status TrimFront(domain::SequenceNumber upto) override { return copy_->TrimFront(upto); }

 private:
  const std::unique_ptr<ports::JournalCopy> copy_;
  Gate& gate_;
};

WalOptions SmallSegments() {
  WalOptions options;
  options.segment_bytes = 65536;
  return options;
}

class ReplicatedBackend final : public CommandJournalBackend {
 public:
  std::unique_ptr<ports::CommandJournal> Connect() override {
    const auto remote = [this] {
      RedisJournalOptions options;
      options.shard = shard_;
      return std::make_unique<RedisJournal>(SharedRedis::Instance().Config(), options);
    };
    return std::make_unique<ReplicatedJournal>(std::make_unique<WalJournal>(folder_.path(), SmallSegments()), remote,
                                               set_);
  }

 private:
  TemporaryFolder folder_;
  FakeInSyncSet set_;
  const std::string shard_ = SharedRedis::Instance().NewName();
};

INSTANTIATE_TEST_SUITE_P(Replicated, CommandJournalContract,
                         ::testing::Values(+[]() -> std::unique_ptr<CommandJournalBackend> {
                           return std::make_unique<ReplicatedBackend>();
                         }));

std::vector<std::uint64_t> Upto(std::uint64_t last) {
  std::vector<std::uint64_t> numbers;
  for (std::uint64_t n = 1; n <= last; ++n) numbers.push_back(n);
  return numbers;
}

class ReplicatedJournalTest : public JournalFixture<ReplicatedJournal> {
 protected:
  std::unique_ptr<ports::JournalCopy> Wal() {
    WalOptions options = SmallSegments();
    options.io = &io_;
    return std::make_unique<WalJournal>(folder_.path(), options);
  }
  // Gives up at once, and never goes on with a Redis that was restarted.
  std::unique_ptr<ports::JournalCopy> Redis(std::int64_t timeout_ms = 30'000) {
    RedisJournalOptions options;
    options.give_up_after_ms = 0;
    options.on_restart = [](const std::string&) { return absl::AbortedError("restarted"); };
    return std::make_unique<RedisJournal>(redis_.Config(timeout_ms), options);
  }
  std::unique_ptr<ReplicatedJournal> Make() override {
    const auto remote = [this]() -> std::unique_ptr<ports::JournalCopy> {
      if (remote_gate_ == nullptr) return Redis(timeout_ms_);
      return std::make_unique<HoldingCopy>(Redis(timeout_ms_), *remote_gate_);
    };
    return std::make_unique<ReplicatedJournal>(Wal(), remote, set_, replicated::ReplicatedJournalOptions{5});
  }
  // As a leader whose frames reached one copy only.
  static void AppendAlone(std::unique_ptr<ports::JournalCopy> copy, std::uint64_t epoch, int records,
                          std::size_t padding = 20) {
    const auto report = copy->Open(Token(epoch));
    ASSERT_TRUE(report.ok()) << report.status();
    RecordChain chain(*report);
    chain.set_epoch(epoch);
    for (int i = 0; i < records; ++i) ASSERT_TRUE(AppendAndWait(*copy, chain.Next(1, padding)).ok());
  }
  static std::vector<ports::JournalRecord> Records(std::unique_ptr<ports::JournalCopy> copy) {
    const auto report = copy->Open(Token(1'000));
    EXPECT_TRUE(report.ok()) << report.status();
    return RecordsOf(*copy);
  }
  // Closes the journal and expects `last` records of one command in both copies, the same ones.
  void ExpectBothHold(std::uint64_t last) {
    if (journal_ != nullptr) {
      EXPECT_EQ(ReadSequences(*journal_, 1), Upto(last));
    }
    journal_.reset();
    const auto own = Records(Wal());
    const auto remote = Records(Redis());
    ASSERT_EQ(own.size(), last);
    ASSERT_EQ(remote.size(), last);
    for (std::size_t i = 0; i < own.size(); ++i) ASSERT_TRUE(SameRecord(own[i], remote[i])) << "record " << i;
  }
  bool Degraded() {
    return Eventually([&] { return !journal_->Stats().remote_required; });
  }
  bool Rejoined(std::uint64_t times = 1) {
    return Eventually([&] { return journal_->Stats().remote_rejoins == times; });
  }

  TemporaryFolder folder_;
  OwnRedis redis_{Kind::kJournal};
  FaultyIo io_;
  FakeInSyncSet set_;
  Gate* remote_gate_ = nullptr;
  std::int64_t timeout_ms_ = 30'000;
};

TEST_F(ReplicatedJournalTest, AnAppendIsConfirmedWhenTheOwnCopyHasItToo) {
  Gate gate;
  io_.gate = &gate;
  MustOpen(1);
  AppendSome(3);
  ASSERT_TRUE(Eventually([&] { return journal_->Stats().remote_sequence == 3; }));
  EXPECT_THAT(outcomes_.Get(), IsEmpty());
  EXPECT_EQ(journal_->TailSequence().value(), 0U);
  EXPECT_THAT(ReadSequences(*journal_, 1), IsEmpty());
  gate.Open();
  EXPECT_THAT(outcomes_.WaitFor(3), AllOf(SizeIs(3), Each(absl::OkStatus())));
  ExpectBothHold(3);
}

TEST_F(ReplicatedJournalTest, AnAppendIsConfirmedWhenTheRemoteCopyHasItToo) {
  Gate gate;
  remote_gate_ = &gate;
  MustOpen(1);
  AppendSome(3);
  ASSERT_TRUE(Eventually([&] { return journal_->Stats().own_sequence == 3; }));
  EXPECT_THAT(outcomes_.Get(), IsEmpty());
  EXPECT_EQ(journal_->TailSequence().value(), 0U);
  EXPECT_THAT(ReadSequences(*journal_, 1), IsEmpty()) << "what is not confirmed is not read";
  gate.Open();
  EXPECT_THAT(outcomes_.WaitFor(3), AllOf(SizeIs(3), Each(absl::OkStatus())));
  ExpectBothHold(3);
}

TEST_F(ReplicatedJournalTest, TheSetKnowsBothCopiesByTheirIdentity) {
  MustOpen(1);
  const Names members = set_.Get();
  ASSERT_THAT(members, SizeIs(2));
  EXPECT_THAT(members[0], HasSubstr("wal:"));
  EXPECT_THAT(members[1], HasSubstr("redis:"));
  EXPECT_EQ(set_.asked(), 1);
  MustOpen(2);
  EXPECT_EQ(set_.asked(), 1) << "nothing has changed";
  EXPECT_EQ(set_.Get(), members);
}

TEST_F(ReplicatedJournalTest, TheLongerChainIsAdoptedAndTheShorterCopyFilledUp) {
  MustOpen(1);
  MustAppend(10);
  journal_.reset();
  AppendAlone(Wal(), 1, 5);
  MustOpen(2);
  EXPECT_EQ(report_.last_sequence.value(), 15U);
  EXPECT_EQ(report_.records, 15U);
  EXPECT_THAT(report_.detail, HasSubstr("adopted the own copy up to 15 of epoch 1; the remote copy lacked 5 records"));
  EXPECT_EQ(journal_->Stats().filled_records, 5U);
  journal_.reset();
  AppendAlone(Redis(), 2, 7);
  MustOpen(3);
  EXPECT_EQ(report_.last_sequence.value(), 22U);
  EXPECT_EQ(report_.last_epoch.value(), 2U);
  EXPECT_THAT(report_.detail, HasSubstr("adopted the remote copy up to 22 of epoch 2; the own copy lacked 7 records"));
  MustAppend(1);
  ExpectBothHold(23);
}

TEST_F(ReplicatedJournalTest, TheHigherEpochWinsOverTheLongerTailWhichIsCut) {
  MustOpen(1);
  MustAppend(10);
  journal_.reset();
  AppendAlone(Wal(), 1, 30);  // never confirmed by the remote copy
  AppendAlone(Redis(), 2, 2);
  MustOpen(3);
  EXPECT_EQ(report_.last_sequence.value(), 12U);
  EXPECT_EQ(report_.last_epoch.value(), 2U);
  EXPECT_THAT(report_.detail, HasSubstr("cut the own copy behind 10; the own copy lacked 2 records"));
  EXPECT_EQ(journal_->Stats().cut_tails, 1U);
  journal_.reset();
  AppendAlone(Redis(), 3, 2'000);
  AppendAlone(Wal(), 4, 1);
  MustOpen(5);
  EXPECT_EQ(report_.last_sequence.value(), 13U);
  EXPECT_THAT(report_.detail, HasSubstr("cut the remote copy behind 12; the remote copy lacked 1 records"));
  MustAppend(3);
  ExpectBothHold(16);
}

TEST_F(ReplicatedJournalTest, ADivergentTailLongerThanTheFirstLookIsFound) {
  MustOpen(1);
  MustAppend(3);
  journal_.reset();
  AppendAlone(Wal(), 1, 1'500);
  AppendAlone(Redis(), 2, 1'600);
  MustOpen(3);
  EXPECT_THAT(report_.detail, HasSubstr("cut the own copy behind 3; the own copy lacked 1600 records"));
  ExpectBothHold(1'603);
}

TEST_F(ReplicatedJournalTest, CopiesThatContradictEachOtherAreDataLoss) {
  MustOpen(1);
  MustAppend(3);
  journal_.reset();
  AppendAlone(Wal(), 1, 1, 10);
  AppendAlone(Redis(), 1, 1, 11);
  EXPECT_EQ(Open(2).code(), absl::StatusCode::kDataLoss);
}

TEST_F(ReplicatedJournalTest, AWipedRemoteCopyIsAnotherCopyAndIsFilledUp) {
  MustOpen(1);
  MustAppend(100);
  journal_.reset();
  const Names before = set_.Get();
  MustRun(redis_.Config(), {"FLUSHALL"});
  MustOpen(2);
  EXPECT_EQ(journal_->Stats().filled_records, 100U);
  EXPECT_EQ(set_.Get()[0], before[0]);
  EXPECT_NE(set_.Get()[1], before[1]);
  ExpectBothHold(100);
}

TEST_F(ReplicatedJournalTest, ACopyThatIsFarBehindIsFilledUpWhileTheLeaderGoesOn) {
  MustOpen(1);
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(AppendAndWait(*journal_, chain_.Next(256)).ok());
  journal_.reset();
  MustRun(redis_.Config(), {"FLUSHALL"});
  Gate gate;
  remote_gate_ = &gate;
  MustOpen(2);
  EXPECT_THAT(report_.detail, HasSubstr("without the remote copy: UNAVAILABLE: it lacks 12800 commands"));
  EXPECT_THAT(set_.Get(), SizeIs(1));
  ASSERT_TRUE(gate.WaitUntilSomebodyWaits()) << "it is filled up";
  MustAppend(3);
  gate.Open();
  ASSERT_TRUE(Rejoined());
  EXPECT_TRUE(Eventually([&] { return set_.Get().size() == 2; }));
  journal_.reset();
  const auto own = Records(Wal());
  const auto remote = Records(Redis());
  ASSERT_THAT(own, SizeIs(53));
  ASSERT_THAT(remote, SizeIs(53));
  for (std::size_t i = 0; i < own.size(); ++i) ASSERT_TRUE(SameRecord(own[i], remote[i])) << "record " << i;
}

TEST_F(ReplicatedJournalTest, AWipedOwnCopyIsFilledUpFromTheRemoteOne) {
  MustOpen(1);
  MustAppend(100);
  journal_.reset();
  for (const auto& file : std::filesystem::directory_iterator(folder_.path())) std::filesystem::remove(file.path());
  MustOpen(2);
  EXPECT_EQ(report_.last_sequence.value(), 100U);
  ExpectBothHold(100);
}

TEST_F(ReplicatedJournalTest, WithoutATrustedCopyItDoesNotOpen) {
  MustOpen(1);
  MustAppend(3);
  journal_.reset();
  const Names members = set_.Get();
  set_.Set({"wal:of another host"});
  EXPECT_EQ(Open(2).code(), absl::StatusCode::kUnavailable) << "both copies are strangers";
  set_.Set({members[1]});
  MustOpen(2);
  journal_.reset();
  set_.Set({members[1]});
  redis_.KillAndRestart();
  EXPECT_EQ(Open(3).code(), absl::StatusCode::kUnavailable) << "a restarted Redis may have lost its end";
  set_.Set(members);
  MustOpen(3);
  journal_.reset();
  redis_.server().Kill();
  set_.Set({members[1]});
  EXPECT_EQ(Open(4).code(), absl::StatusCode::kUnavailable) << "the trusted one is away";
  set_.Set({});
  EXPECT_EQ(Open(4).code(), absl::StatusCode::kUnavailable) << "a new journal begins with both";
}

TEST_F(ReplicatedJournalTest, WithoutTheRemoteCopyItOpensIfTheSetPermits) {
  MustOpen(1);
  MustAppend(3);
  journal_.reset();
  redis_.server().Kill();
  set_.Answer(absl::UnavailableError("no coordinator"));
  EXPECT_EQ(Open(2).code(), absl::StatusCode::kUnavailable);
  set_.Answer(absl::OkStatus());
  MustOpen(2);
  EXPECT_THAT(set_.Get(), SizeIs(1));
  EXPECT_THAT(report_.detail, HasSubstr("without the remote copy"));
  MustAppend(3);
  redis_.Start();
  ASSERT_TRUE(Rejoined());
  MustAppend(1);
  EXPECT_TRUE(Eventually([&] { return set_.Get().size() == 2; }));
  ExpectBothHold(7);
}

TEST_F(ReplicatedJournalTest, WithoutPermissionAppendsWaitForALostCopy) {
  MustOpen(1);
  MustAppend(3);
  set_.Answer(absl::UnavailableError("no coordinator"));
  const int asked = set_.asked();
  redis_.server().Kill();
  AppendSome(5);
  ASSERT_TRUE(Eventually([&] { return set_.asked() >= asked + 3; }));
  EXPECT_THAT(outcomes_.Get(), IsEmpty());
  EXPECT_EQ(journal_->TailSequence().value(), 3U);
  EXPECT_TRUE(journal_->Stats().remote_required);
  EXPECT_NE(journal_->Stats().remote_error, "");
  set_.Answer(absl::OkStatus());
  EXPECT_THAT(outcomes_.WaitFor(5), AllOf(SizeIs(5), Each(absl::OkStatus())));
  EXPECT_THAT(set_.Get(), SizeIs(1));
  EXPECT_FALSE(journal_->Stats().remote_required);
  MustAppend(2);
}

TEST_F(ReplicatedJournalTest, AnotherLeaderInTheSetEndsTheJournal) {
  MustOpen(1);
  MustAppend(3);
  set_.Answer(absl::FailedPreconditionError("another leads"));
  redis_.server().Kill();
  AppendSome(2);
  const auto outcomes = outcomes_.WaitFor(2);
  ASSERT_THAT(outcomes, SizeIs(2));
  EXPECT_EQ(outcomes[0], absl::FailedPreconditionError("another leads"));
  // The second may have come when the journal had failed already.
  for (const absl::Status& later :
       {outcomes[1], AppendAndWait(*journal_, chain_.Next()), AppendAndWait(*journal_, chain_.Next())}) {
    EXPECT_EQ(later.code(), absl::StatusCode::kFailedPrecondition) << later;
    EXPECT_THAT(std::string(later.message()), HasSubstr("another leads"));
  }
  EXPECT_EQ(journal_->TailSequence().value(), 3U);
}

TEST_F(ReplicatedJournalTest, ALostCopyThatComesBackIsFilledUpAndRequiredAgain) {
  MustOpen(1);
  MustAppend(10);
  const Names before = set_.Get();
  redis_.server().Kill();
  AppendSome(1);
  ASSERT_TRUE(Degraded());
  MustAppend(20);
  redis_.Start();
  ASSERT_TRUE(Rejoined());
  ASSERT_TRUE(Eventually([&] { return set_.Get().size() == 2; }));
  EXPECT_NE(set_.Get()[1], before[1]) << "another run of Redis";
  EXPECT_EQ(journal_->Stats().remote_losses, 1U);
  EXPECT_EQ(journal_->Stats().remote_error, "");
  MustAppend(5);
  EXPECT_EQ(journal_->Stats().remote_sequence, 36U);
  set_.Answer(absl::UnavailableError("no coordinator"));
  redis_.server().Kill();
  const int asked = set_.asked();
  outcomes_.WaitFor(1);
  AppendSome(1);
  ASSERT_TRUE(Eventually([&] { return set_.asked() >= asked + 2; }));
  EXPECT_THAT(outcomes_.Get(), SizeIs(1)) << "it is required again";
  set_.Answer(absl::OkStatus());
  redis_.Start();
  EXPECT_THAT(outcomes_.WaitFor(2), AllOf(SizeIs(2), Each(absl::OkStatus())));
  ASSERT_TRUE(Rejoined(2));
  ExpectBothHold(37);
}

TEST_F(ReplicatedJournalTest, AMemberThatComesBackUnchangedNeedsNoPermission) {
  timeout_ms_ = 50;
  ASSERT_TRUE(Eventually([&] { return Open(1).ok(); }));  // a slower Redis is away for it
  MustAppend(3);
  // One that was slow meanwhile is back.
  ASSERT_TRUE(Eventually([&] { return journal_->Stats().remote_error.empty() && set_.Get().size() == 2; }));
  set_.Answer(absl::UnavailableError("no coordinator"));
  const int asked = set_.asked();
  redis_.server().Pause();
  AppendSome(5);
  ASSERT_TRUE(Eventually([&] { return set_.asked() >= asked + 2; }));
  EXPECT_THAT(outcomes_.Get(), IsEmpty());
  redis_.server().Resume();
  EXPECT_THAT(outcomes_.WaitFor(5), AllOf(SizeIs(5), Each(absl::OkStatus())));
  MustAppend(2);
  set_.Answer(absl::OkStatus());
  ExpectBothHold(10);
}

TEST_F(ReplicatedJournalTest, ARestartedCopyDoesNotCountBeforeTheSetKnowsIt) {
  MustOpen(1);
  MustAppend(3);
  set_.Answer(absl::UnavailableError("no coordinator"));
  redis_.KillAndRestart();
  AppendSome(5);
  ASSERT_TRUE(Rejoined());
  const int asked = set_.asked();
  ASSERT_TRUE(Eventually([&] { return set_.asked() >= asked + 2; }));
  EXPECT_TRUE(Eventually([&] {
    const auto stats = journal_->Stats();
    return stats.own_sequence == 8 && stats.remote_sequence == 8;
  }));
  EXPECT_THAT(outcomes_.Get(), IsEmpty()) << "both hold it, but nobody would trust the second";
  set_.Answer(absl::OkStatus());
  EXPECT_THAT(outcomes_.WaitFor(5), AllOf(SizeIs(5), Each(absl::OkStatus())));
  ExpectBothHold(8);
}

TEST_F(ReplicatedJournalTest, WhatARestartedRedisLostIsFilledUpFromTheWal) {
  MustOpen(1);
  MustAppend(300);
  redis_.KillAndLose(30'000);
  ASSERT_LT(NumberOf(redis_.Config(), {"XLEN", "xt:{0}:journal"}), 300);
  MustAppend(1);
  ASSERT_TRUE(Rejoined());
  EXPECT_GT(journal_->Stats().filled_records, 10U);
  ExpectBothHold(301);
}

TEST_F(ReplicatedJournalTest, FencedByEitherCopyIsFinal) {
  MustOpen(1);
  MustAppend(3);
  ASSERT_TRUE(Redis()->Open(Token(2)).ok());
  const absl::Status fenced = AppendAndWait(*journal_, chain_.Next());
  EXPECT_EQ(fenced.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(MessageOf(fenced)), HasSubstr("FENCED"));
  EXPECT_EQ(AppendAndWait(*journal_, chain_.Next()).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(journal_->TailSequence().value(), 3U);
  EXPECT_THAT(Open(1).ToString(), HasSubstr("FENCED"));
}

TEST_F(ReplicatedJournalTest, AFailedOwnCopyIsFinal) {
  MustOpen(1);
  MustAppend(3);
  io_.fail_syncs = true;
  EXPECT_EQ(AppendAndWait(*journal_, chain_.Next()).code(), absl::StatusCode::kInternal);
  io_.fail_syncs = false;
  EXPECT_FALSE(AppendAndWait(*journal_, chain_.Next()).ok());
  EXPECT_EQ(journal_->TailSequence().value(), 3U);
}

TEST_F(ReplicatedJournalTest, TheDestructorTellsWhatWasNotConfirmed) {
  MustOpen(1);
  set_.Answer(absl::UnavailableError("no coordinator"));
  redis_.server().Kill();
  AppendSome(3);
  journal_.reset();
  const auto outcomes = outcomes_.Get();
  ASSERT_THAT(outcomes, SizeIs(3));
  for (const absl::Status& outcome : outcomes) EXPECT_EQ(outcome.code(), absl::StatusCode::kUnavailable);
}

TEST_F(ReplicatedJournalTest, UnderLoadACopyComesAndGoesAndNothingIsLost) {
  MustOpen(1);
  AppendLoad load(*journal_, chain_);
  for (std::uint64_t round = 1; round <= 3; ++round) {
    const std::uint64_t before = load.appended();
    EXPECT_TRUE(Eventually([&] { return load.appended() > before + 500; }));
    redis_.server().Kill();
    EXPECT_TRUE(Degraded());
    redis_.Start();
    EXPECT_TRUE(Rejoined(round));
  }
  load.Stop();
  EXPECT_EQ(load.confirmed(), load.appended());
  EXPECT_EQ(journal_->Stats().remote_losses, 3U);
  ExpectBothHold(load.appended());
}

}  // namespace
}  // namespace xt::contract
