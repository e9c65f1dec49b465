// The journal in two copies, one or both of which are damaged: what is repaired from the other one, and what is refused, in
// which words. Over a WAL file and a real Redis.
#include "libs/adapters/replicated/replicated_journal.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "gmock/gmock.h"
#include "libs/adapters/redis/redis_journal.h"
#include "libs/base/status.h"
#include "tests/contract/file_in_sync_set.h"
#include "tests/contract/journal_support.h"
#include "tests/contract/redis_support.h"
#include "tests/contract/wal_files.h"

namespace xt::contract {
namespace {

using embedded::WalJournal;
using replicated::Confirmation;
using replicated::JournalRepair;
using replicated::ReplicatedJournal;
using Names = FileInSyncSet::Names;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr char kStream[] = "xt:{0}:journal";
constexpr char kEnd[] = "xt:{0}:journal:end";

// Passes everything on, but what a test makes fail.
class FailingCopy final : public ports::JournalCopy {
 public:
  FailingCopy(std::unique_ptr<ports::JournalCopy> copy, const absl::Status& read, const absl::Status& anew)
      : copy_(std::move(copy)), read_(read), anew_(anew) {}
  absl::StatusOr<ports::OpenReport> Open(ports::FencingToken token) override { return copy_->Open(token); }
  absl::Status Read(domain::SequenceNumber from, const Visitor& visitor) override {
    return read_.ok() ? copy_->Read(from, visitor) : read_;
  }
  void Append(ports::JournalRecord record, AppendDone done) override {
    copy_->Append(std::move(record), std::move(done));
  }
  [[nodiscard]] domain::SequenceNumber TailSequence() const override { return copy_->TailSequence(); }
  [[nodiscard]] std::string Identity() const override { return copy_->Identity(); }
  [[nodiscard]] bool Is(const std::string& member) const override { return copy_->Is(member); }
  absl::Status CutTail(domain::SequenceNumber keep) override { return copy_->CutTail(keep); }
  absl::Status BeginAt(const ports::JournalBase& base) override { return copy_->BeginAt(base); }
  [[nodiscard]] ports::JournalBase Base() const override { return copy_->Base(); }
  [[nodiscard]] absl::StatusOr<domain::SequenceNumber> ReadableFrom() override { return copy_->ReadableFrom(); }
  absl::Status TrimFront(domain::SequenceNumber upto) override { return copy_->TrimFront(upto); }
  [[nodiscard]] ports::JournalDamage Damage() const override { return copy_->Damage(); }
  absl::Status Salvage(domain::SequenceNumber first, domain::SequenceNumber last, const Visitor& visitor) override {
    return copy_->Salvage(first, last, visitor);
  }
  absl::StatusOr<ports::OpenReport> OpenAnew(ports::FencingToken token) override {
    if (!anew_.ok()) return anew_;
    return copy_->OpenAnew(token);
  }

 private:
  const std::unique_ptr<ports::JournalCopy> copy_;
  const absl::Status& read_;
  const absl::Status& anew_;
};

class JournalRepairTest : public JournalFixture<ReplicatedJournal> {
 protected:
  JournalRepairTest() { padding_ = 400; }  // eight records fill a segment

  [[nodiscard]] std::string folder() const { return folders_.path() + "/" + machine_; }
  std::unique_ptr<ports::JournalCopy> Wal() { return std::make_unique<WalJournal>(folder(), SmallSegments(4096)); }
  std::unique_ptr<ports::JournalCopy> Redis() {
    redis::RedisJournalOptions options;
    options.give_up_after_ms = 0;
    options.on_restart = [](const std::string&) { return absl::AbortedError("restarted"); };
    return std::make_unique<redis::RedisJournal>(redis_.Config(), options);
  }
  std::unique_ptr<ReplicatedJournal> Make() override {
    replicated::ReplicatedJournalOptions options;
    options.retry_pause_ms = 5;
    options.confirmation = confirmation_;
    options.min_copies = min_copies_;
    options.on_repair = [this](const JournalRepair& repair) { repairs_.Add(repair); };
    return std::make_unique<ReplicatedJournal>(
        Wal(), [this] { return std::make_unique<FailingCopy>(Redis(), remote_read_, remote_anew_); }, set_, options);
  }
  // A leader of epoch 1 that appended so many records and ended.
  void Lead(int records) {
    MustOpen(1);
    MustAppend(records);
    journal_.reset();  // waits for both copies
  }
  // As a leader whose frames reached one copy only.
  static void AppendAlone(std::unique_ptr<ports::JournalCopy> copy, std::uint64_t epoch, int records,
                          std::size_t padding = 400) {
    const auto report = copy->Open(Token(epoch));
    ASSERT_TRUE(report.ok()) << report.status();
    RecordChain chain(*report);
    chain.set_epoch(epoch);
    for (int i = 0; i < records; ++i) ASSERT_TRUE(AppendAndWait(*copy, chain.Next(1, padding)).ok());
  }
  // Opens it, which repairs one copy, and expects the same `last` records in both.
  void ExpectRepaired(std::uint64_t epoch, std::uint64_t last) {
    MustOpen(epoch);
    ASSERT_EQ(report_.last_sequence.value(), last);
    MustAppend(1);
    journal_.reset();
    const auto own = Wal();
    const auto remote = Redis();
    ASSERT_TRUE(own->Open(Token(epoch)).ok());
    ASSERT_TRUE(remote->Open(Token(epoch)).ok());
    EXPECT_THAT(set_.Get(), SizeIs(confirmation_ == Confirmation::kRemote ? 1 : 2));
    const auto a = RecordsOf(*own);
    const auto b = RecordsOf(*remote);
    ASSERT_EQ(a.size(), last + 1);
    ASSERT_EQ(b.size(), last + 1);
    for (std::size_t i = 0; i <= last; ++i) ASSERT_TRUE(SameRecord(a[i], b[i])) << "record " << i;
  }
  // Nothing is changed, so that whoever has what is missing can still open it.
  void ExpectRefused(std::uint64_t epoch, const std::vector<std::string>& words) {
    const auto files = Files();
    const std::string entries = Entries();
    const Names members = set_.Get();
    const absl::Status status = Open(epoch);
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
    for (const std::string& word : words) EXPECT_THAT(std::string(MessageOf(status)), HasSubstr(word));
    EXPECT_THAT(repairs_.Get(), IsEmpty());
    journal_.reset();
    EXPECT_TRUE(Files() == files);
    EXPECT_TRUE(Entries() == entries);
    EXPECT_EQ(set_.Get(), members);
  }
  JournalRepair OnlyRepair() {
    const auto repairs = repairs_.Get();
    EXPECT_THAT(repairs, SizeIs(1));
    return repairs.empty() ? JournalRepair() : repairs[0];
  }

  [[nodiscard]] std::string Segment(int index) const {
    return folder() + "/wal-0000000" + std::to_string(index) + ".log";
  }
  // Damages the record of this sequence.
  void DamageFile(std::uint64_t sequence) {
    const std::string segment = Segment(static_cast<int>((sequence + 7) / 8));
    std::string bytes = ReadFile(segment);
    bytes[64 + (sequence - 1) % 8 * 504 + 100] ^= 1;
    WriteFile(segment, bytes);
  }
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> Files() const {
    std::vector<std::pair<std::string, std::string>> files;
    for (const auto& file : std::filesystem::directory_iterator(folder())) {
      if (file.path().extension() == ".log") files.emplace_back(file.path(), ReadFile(file.path()));
    }
    std::sort(files.begin(), files.end());
    return files;
  }
  std::string Entries() { return TextOf(redis_.Config(), {"DUMP", kStream}); }
  std::string EndField(const std::string& name) { return TextOf(redis_.Config(), {"HGET", kEnd, name}); }
  void DropEntry(std::uint64_t sequence) {
    MustRun(redis_.Config(), {"XDEL", kStream, std::to_string(sequence) + "-0"});
  }
  // Changes a byte of one entry: a stream takes no entry in its middle, so everything behind it is written again.
  void DamageEntry(std::uint64_t sequence, const std::string& field) {
    const redis::Reply entries = MustRun(redis_.Config(), {"XRANGE", kStream, std::to_string(sequence) + "-0", "+"});
    for (const redisReply* entry : redis::Elements(*entries)) {
      MustRun(redis_.Config(), {"XDEL", kStream, std::string(redis::Text(*redis::Elements(*entry)[0]))});
    }
    MustRun(redis_.Config(), {"XSETID", kStream, std::to_string(sequence - 1) + "-0"});
    bool first = true;
    for (const redisReply* entry : redis::Elements(*entries)) {
      std::vector<std::string> args{"XADD", kStream, std::string(redis::Text(*redis::Elements(*entry)[0]))};
      for (const redisReply* text : redis::Elements(*redis::Elements(*entry)[1])) args.emplace_back(redis::Text(*text));
      const auto at = std::find(args.begin() + 3, args.end(), field);
      if (std::exchange(first, false)) (at + 1)->front() = (at + 1)->front() == '1' ? '2' : '1';
      MustRun(redis_.Config(), {args.begin(), args.end()});
    }
  }

  Confirmation confirmation_ = Confirmation::kBoth;
  int min_copies_ = 1;
  absl::Status remote_read_;
  absl::Status remote_anew_;
  std::string machine_ = "one";
  TemporaryFolder folders_;
  OwnRedis redis_{servers::RedisServer::Kind::kJournal};
  FileInSyncSet set_;
  Outcomes<JournalRepair> repairs_;
};

// The own copy.

TEST_F(JournalRepairTest, ADamagedRecordOfTheFileComesFromRedis) {
  Lead(30);
  const Names members = set_.Get();
  DamageFile(12);
  ExpectRepaired(2, 30);
  const JournalRepair repair = OnlyRepair();
  EXPECT_EQ(repair.copy, "own");
  EXPECT_EQ(repair.range, "sequence 12");
  EXPECT_EQ(repair.place, Segment(2) + " at offset " + std::to_string(64 + 3 * 504));
  EXPECT_EQ(repair.source, members[1]);
  EXPECT_EQ(repair.detail, "the damaged files: " + folder() + "/damaged-1");
  EXPECT_EQ(set_.Get(), members) << "they are who they were";
}

TEST_F(JournalRepairTest, TheChainProvesWhatARedisHasThatIsNoMember) {
  Lead(30);
  DamageFile(12);
  redis_.KillAndRestart();
  ExpectRepaired(2, 30);
  EXPECT_EQ(OnlyRepair().range, "sequence 12");
}

TEST_F(JournalRepairTest, AMissingSegmentComesFromRedis) {
  Lead(30);
  std::filesystem::remove(Segment(2));
  ExpectRepaired(2, 30);
  EXPECT_EQ(OnlyRepair().range, "sequences 9..16");
  EXPECT_EQ(OnlyRepair().place, Segment(2) + " at offset 0: the segment is missing");
}

TEST_F(JournalRepairTest, AMissingSegmentBehindWhichNothingWasWrittenYetIsALostEnd) {
  MustOpen(1);
  MustAppend(30);
  // Prepared by a thread of its own, which does not begin once the journal ends.
  ASSERT_TRUE(Eventually([&] { return std::filesystem::exists(Segment(5)); }));
  journal_.reset();
  std::filesystem::remove(Segment(4));
  ExpectRepaired(2, 30);
  EXPECT_EQ(OnlyRepair().range, "sequences from 25 on");
}

TEST_F(JournalRepairTest, AFileWithoutItsLastSegmentsLooksAsIfItEndedThereAndIsFilledUpFromRedis) {
  Lead(30);
  std::filesystem::remove(Segment(4));
  std::filesystem::remove(Segment(5));
  ExpectRepaired(2, 30);
  EXPECT_THAT(repairs_.Get(), IsEmpty());
}

TEST_F(JournalRepairTest, AFileWhoseEndIsLostIsKeptAsideAndFilledUpFromATrustedRedis) {
  Lead(30);
  const Names members = set_.Get();
  std::filesystem::resize_file(Segment(4), 1'000);
  ExpectRepaired(2, 30);
  EXPECT_EQ(OnlyRepair().copy, "own");
  EXPECT_EQ(OnlyRepair().range, "sequences from 26 on");
  EXPECT_EQ(OnlyRepair().detail, "the journal that was there: " + folder() + "/damaged-1");
  EXPECT_EQ(std::filesystem::file_size(folder() + "/damaged-1/wal-00000004.log"), 1'000U);
  EXPECT_NE(set_.Get()[0], members[0]) << "another copy";
}

TEST_F(JournalRepairTest, AnEmptiedFolderIsFilledUpFromRedis) {
  Lead(30);
  std::filesystem::remove_all(folder());
  ExpectRepaired(2, 30);
  EXPECT_THAT(repairs_.Get(), IsEmpty()) << "nothing is damaged, it is another disk";
}

TEST_F(JournalRepairTest, AFileWithoutItsHeaderIsKeptAside) {
  Lead(30);
  std::filesystem::remove(folder() + "/journal.header");
  ExpectRepaired(2, 30);
  EXPECT_EQ(OnlyRepair().range, "sequences from 1 on");
}

TEST_F(JournalRepairTest, ADamagedEndThatOnlyTheFileHadIsCutSinceNobodyConfirmedIt) {
  Lead(30);
  AppendAlone(Wal(), 1, 5);
  DamageFile(33);
  ExpectRepaired(2, 30);
  EXPECT_EQ(OnlyRepair().range, "sequence 33");
}

TEST_F(JournalRepairTest, ADamagedFileWithoutRedisIsRefused) {
  Lead(30);
  DamageFile(12);
  redis_.Kill();
  const auto files = Files();
  const absl::Status status = Open(2);
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(MessageOf(status)),
              AllOf(StartsWith("the own copy is damaged and cannot be repaired: " + Segment(2) + " at offset 1576: "),
                    HasSubstr("; damaged or lost: sequence 12; the remote copy is away: UNAVAILABLE")));
  EXPECT_TRUE(Files() == files);
  journal_.reset();
  redis_.Start();
  ExpectRepaired(3, 30);
}

TEST_F(JournalRepairTest, AnEmptyRedisRepairsNothing) {
  Lead(30);
  DamageFile(12);
  MustRun(redis_.Config(), {"FLUSHALL"});
  AppendAlone(Redis(), 1, 0);
  ExpectRefused(
      2, {"the own copy is damaged and cannot be repaired", Segment(2) + " at offset 1576",
          "the other copy has not the sequences 12..12 either: xt:{0}:journal entry 12-0 was confirmed, but is missing",
          "is no member of the in-sync set"});
}

TEST_F(JournalRepairTest, ALostEndIsNotTakenFromARedisThatMayLackIt) {
  Lead(30);
  std::filesystem::resize_file(Segment(4), 1'000);
  redis_.KillAndRestart();
  ExpectRefused(2, {"damaged or lost: sequences from 26 on", Segment(4) + " at offset 568",
                    "; redis:", "is no member of the in-sync set"});
}

// The remote copy.

TEST_F(JournalRepairTest, AMissingEntryOfRedisComesFromTheFile) {
  Lead(30);
  const Names members = set_.Get();
  const std::string uuid = EndField("uuid");
  DropEntry(12);
  const std::string damaged = Entries();
  ExpectRepaired(2, 30);
  const JournalRepair repair = OnlyRepair();
  EXPECT_EQ(repair.copy, "remote");
  EXPECT_EQ(repair.range, "sequence 12");
  EXPECT_EQ(repair.place, "xt:{0}:journal entry 13-0");
  EXPECT_EQ(repair.source, members[0]);
  EXPECT_EQ(repair.detail, "the journal that was there: xt:{0}:journal:damaged:" + uuid);
  EXPECT_TRUE(TextOf(redis_.Config(), {"DUMP", "xt:{0}:journal:damaged:" + uuid}) == damaged);
  EXPECT_EQ(TextOf(redis_.Config(), {"HGET", "xt:{0}:journal:end:damaged:" + uuid, "s"}), "30");
  EXPECT_EQ(set_.Get()[0], members[0]);
  EXPECT_NE(set_.Get()[1], members[1]) << "another copy";
}

TEST_F(JournalRepairTest, AnEntryOfRedisWithWrongBytesComesFromTheFile) {
  struct Case {
    std::uint64_t sequence;
    std::string field;
    std::string range;
  };
  // Where two entries do not fit either may be the damaged one.
  const std::vector<Case> cases{{12, "f", "sequences 12..13"}, {12, "p", "sequences 11..12"}, {12, "n", "sequence 12"},
                                {1, "f", "sequences 1..2"},    {1, "p", "sequence 1"},        {35, "f", "sequence 35"},
                                {36, "p", "sequences 35..36"}};
  Lead(30);
  for (std::uint64_t round = 0; round < cases.size(); ++round) {
    DamageEntry(cases[round].sequence, cases[round].field);
    ASSERT_NO_FATAL_FAILURE(ExpectRepaired(2 + round, 30 + round)) << round;
    const auto repairs = repairs_.Get();
    ASSERT_THAT(repairs, SizeIs(round + 1));
    EXPECT_EQ(repairs.back().range, cases[round].range) << round;
  }
}

TEST_F(JournalRepairTest, ARedisThatLostItsEndOrHalfOfItselfIsFilledUpFromTheFile) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases{
      {{"XDEL", kStream, "30-0"}, "sequence 30"},
      {{"HSET", kEnd, "h", std::string(32, 'a')}, "sequence 31"},
      {{"HSET", kEnd, "h", "not a hash"}, "sequences from 1 on"},
      {{"HSET", kEnd, "s", "20"}, "sequence 33"},
      {{"XDEL", kStream, "1-0"}, "sequence 1"},
      {{"DEL", kStream}, "sequences from 1 on"},
      {{"DEL", kEnd}, "sequences from 1 on"}};
  Lead(30);
  for (std::uint64_t round = 0; round < cases.size(); ++round) {
    MustRun(redis_.Config(), {cases[round].first.begin(), cases[round].first.end()});
    ASSERT_NO_FATAL_FAILURE(ExpectRepaired(2 + round, 30 + round)) << round;
    const auto repairs = repairs_.Get();
    ASSERT_THAT(repairs, SizeIs(round + 1));
    EXPECT_EQ(repairs.back().range, cases[round].second) << round;
  }
}

TEST_F(JournalRepairTest, WithTwoWantedCopiesADamagedRedisIsRepairedBeforeAnythingIsConfirmed) {
  min_copies_ = 2;
  Lead(30);
  DropEntry(12);
  ExpectRepaired(2, 30);
  EXPECT_EQ(OnlyRepair().copy, "remote");
}

TEST_F(JournalRepairTest, WhatOnlyRedisConfirmedIsTakenFromBehindTheDamageFirst) {
  confirmation_ = Confirmation::kRemote;
  Lead(30);
  AppendAlone(Redis(), 1, 5);  // the file got nothing of it
  DropEntry(12);
  ExpectRepaired(2, 35);
  EXPECT_EQ(OnlyRepair().copy, "remote");
}

TEST_F(JournalRepairTest, WithoutWhatOnlyRedisConfirmedItDoesNotGoOn) {
  confirmation_ = Confirmation::kRemote;
  Lead(30);
  AppendAlone(Redis(), 1, 5);
  DropEntry(12);
  const Names members = set_.Get();
  remote_read_ = absl::UnavailableError("the connection is lost");
  EXPECT_EQ(Open(2), remote_read_);
  EXPECT_EQ(set_.Get(), members);
  journal_.reset();
  remote_read_ = absl::OkStatus();
  ExpectRepaired(3, 35);
}

TEST_F(JournalRepairTest, ARedisThatIsLostBeforeItIsFilledIsRepairedWhenItComesBack) {
  Lead(30);
  DropEntry(12);
  remote_anew_ = absl::UnavailableError("the connection is lost");
  MustOpen(2);
  EXPECT_THAT(set_.Get(), ElementsAre(StartsWith("wal:")));
  EXPECT_THAT(repairs_.Get(), IsEmpty());
  MustAppend(1);
  journal_.reset();
  remote_anew_ = absl::OkStatus();
  ExpectRepaired(3, 31);
}

TEST_F(JournalRepairTest, BeforeRedisIsKeptAsideTheFileHasEverythingAndIsTheOnlyMember) {
  confirmation_ = Confirmation::kRemote;
  Lead(30);
  AppendAlone(Redis(), 1, 5);
  DropEntry(12);
  const std::string damaged = EndField("uuid");
  std::vector<std::pair<Names, std::string>> sets;  // each with the journal that is in Redis then
  set_.on_replace = [&](const Names& members) { sets.emplace_back(members, EndField("uuid")); };
  MustOpen(2);
  ASSERT_THAT(sets, SizeIs(2));
  EXPECT_THAT(sets[0].first, ElementsAre(StartsWith("wal:")));
  EXPECT_EQ(sets[0].second, damaged);
  EXPECT_THAT(sets[1].first, ElementsAre("redis:" + EndField("uuid") + ":" + RunId(redis_.Config())));
  EXPECT_NE(sets[1].second, damaged);
}

TEST_F(JournalRepairTest, WhatOnlyRedisConfirmedJoinsAFileThatEndsAtTheDamage) {
  confirmation_ = Confirmation::kRemote;
  Lead(30);
  AppendAlone(Redis(), 1, 5);
  DropEntry(30);
  ExpectRepaired(2, 35);
}

TEST_F(JournalRepairTest, WhatOnlyRedisHadAndIsDamagedIsRefused) {
  confirmation_ = Confirmation::kRemote;
  Lead(30);
  AppendAlone(Redis(), 1, 5);
  DropEntry(32);
  ExpectRefused(2, {"the remote copy is damaged and cannot be repaired: xt:{0}:journal entry 33-0 does not follow 31",
                    "; damaged or lost: sequence 32; the own copy, wal:", " up to 30, has not everything either"});
}

TEST_F(JournalRepairTest, AWrongLastEntryThatNoOtherCopyHasIsNotAdopted) {
  confirmation_ = Confirmation::kRemote;
  Lead(30);
  AppendAlone(Redis(), 1, 5);
  DamageEntry(35, "f");
  ExpectRefused(2, {"damaged or lost: sequence 35", " up to 30, has not everything either"});
}

TEST_F(JournalRepairTest, AFileThatContradictsADamagedRedisRepairsNothing) {
  confirmation_ = Confirmation::kRemote;
  Lead(30);
  AppendAlone(Redis(), 1, 1);
  AppendAlone(Wal(), 1, 1, 401);
  DropEntry(12);
  ExpectRefused(2, {"damaged or lost: sequence 12; the own copy, wal:", " up to 31, has not everything either"});
}

TEST_F(JournalRepairTest, AStaleFileJoinsADamagedRedisWhereTheyAreEqual) {
  Lead(30);
  const Names members = set_.Get();
  AppendAlone(Wal(), 1, 3);  // never confirmed
  set_.Set({"wal:of another machine", members[1]});
  AppendAlone(Redis(), 2, 5);
  DropEntry(12);
  ExpectRepaired(3, 35);
}

TEST_F(JournalRepairTest, ADamagedRedisWaitsForTheMachineThatHasTheRest) {
  Lead(30);
  DropEntry(12);
  machine_ = "another";
  const absl::Status status = Open(2);
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(MessageOf(status)), AllOf(HasSubstr("damaged or lost: sequence 12; the own copy, wal:"),
                                                    HasSubstr(" up to 0, has not everything either")));
  machine_ = "one";
  ExpectRepaired(3, 30);
}

TEST_F(JournalRepairTest, ARedisThatComesBackDamagedIsFilledUpWhileTheLeaderGoesOn) {
  MustOpen(1);
  MustAppend(30);
  DropEntry(12);
  redis_.KillAndRestart();
  MustAppend(1);
  ASSERT_TRUE(Eventually([&] { return journal_->Stats().remote_rejoins == 1; }));
  EXPECT_EQ(OnlyRepair().range, "sequence 12");
  EXPECT_EQ(journal_->Stats().remote_repairs, 1U);
  EXPECT_EQ(journal_->Stats().own_repairs, 0U);
  ASSERT_TRUE(Eventually([&] { return set_.Get().size() == 2; }));
  ExpectRepaired(2, 31);
}

// Both.

TEST_F(JournalRepairTest, BothDamagedInTheSameRangeAreRefusedAndTheRangeIsNamed) {
  Lead(30);
  DamageFile(12);
  DropEntry(12);
  ExpectRefused(2, {"the own copy is damaged and cannot be repaired: " + Segment(2) + " at offset 1576",
                    "; damaged or lost: sequence 12; the other copy has not the sequences 12..12 either",
                    "the remote copy is damaged, too: xt:{0}:journal entry 13-0", "; damaged or lost: sequence 12"});
}

TEST_F(JournalRepairTest, BothDamagedInDifferentRangesAreRepairedFromEachOther) {
  Lead(30);
  DamageFile(12);
  DropEntry(20);
  DamageEntry(25, "f");
  ExpectRepaired(2, 30);
  const auto repairs = repairs_.Get();
  ASSERT_THAT(repairs, SizeIs(2));
  EXPECT_EQ(repairs[0].copy + " " + repairs[0].range, "own sequence 12");
  EXPECT_EQ(repairs[1].copy + " " + repairs[1].range, "remote sequences 20..26");
}

TEST_F(JournalRepairTest, OfSeveralRangesOneThatNeitherHasIsRefused) {
  Lead(30);
  DamageFile(12);
  DamageFile(20);
  DropEntry(20);
  ExpectRefused(2, {"; damaged or lost: sequences 12..20", "the other copy has not the sequences 20..20 either"});
}

TEST_F(JournalRepairTest, AFileThatLostItsEndAndADamagedRedisAreRefused) {
  Lead(30);
  std::filesystem::resize_file(Segment(4), 1'000);
  DropEntry(5);
  ExpectRefused(
      2, {"damaged or lost: sequences from 26 on", "the remote copy is damaged, too", "damaged or lost: sequence 5"});
}

}  // namespace
}  // namespace xt::contract
