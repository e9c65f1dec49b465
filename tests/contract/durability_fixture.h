// What the tests of docs/durability.md share: a journal in a WAL file and in a real Redis, of a mode, with a leader that is
// a process, and what can be lost of it.
#pragma once

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "libs/adapters/embedded/wal_journal.h"
#include "libs/adapters/redis/redis_journal.h"
#include "libs/adapters/replicated/replicated_journal.h"
#include "libs/base/status.h"
#include "tests/contract/faulty_io.h"
#include "tests/contract/file_in_sync_set.h"
#include "tests/contract/journal_process.h"
#include "tests/contract/redis_support.h"

namespace xt::contract {

enum class Mode { kMemory, kRedis, kLocalAndRedis, kAlways, kStandbys };

// A sequencer that stands by and does not answer.
class AwayCopy final : public ports::JournalCopy {
 public:
  absl::StatusOr<ports::OpenReport> Open(ports::FencingToken) override { return Away(); }
  absl::Status Read(domain::SequenceNumber, const Visitor&) override { return Away(); }
  void Append(ports::JournalRecord, AppendDone done) override { done(Away()); }
  [[nodiscard]] domain::SequenceNumber TailSequence() const override { return {}; }
  [[nodiscard]] std::string Identity() const override { return ""; }
  absl::Status CutTail(domain::SequenceNumber) override { return Away(); }
  absl::Status BeginAt(const ports::JournalBase&) override { return Away(); }

 private:
  static absl::Status Away() { return absl::UnavailableError("it does not answer"); }
};

class Durability : public JournalFixture<replicated::ReplicatedJournal> {
 protected:
  explicit Durability(Mode mode)
      : mode_(mode), redis_(servers::RedisServer::Kind::kJournal, {.fsync_always = mode == Mode::kAlways}) {}

  [[nodiscard]] std::string FolderOf(const std::string& machine) const { return folders_.path() + "/" + machine; }
  [[nodiscard]] std::string folder() const { return FolderOf(machine_); }
  std::unique_ptr<ports::JournalCopy> WalOf(const std::string& machine, FaultyIo& io) {
    embedded::WalOptions options;
    options.segment_bytes = 65'536;
    options.io = &io;
    return std::make_unique<embedded::WalJournal>(FolderOf(machine), options);
  }
  std::unique_ptr<ports::JournalCopy> Wal() { return WalOf(machine_, io_); }
  std::unique_ptr<ports::JournalCopy> Redis() {
    redis::RedisJournalOptions options;
    options.give_up_after_ms = 0;
    options.needs_fsync_always = mode_ == Mode::kAlways;
    options.on_restart = [](const std::string&) { return absl::AbortedError("restarted"); };
    return std::make_unique<redis::RedisJournal>(redis_.Config(timeout_ms_), options);
  }
  std::unique_ptr<replicated::ReplicatedJournal> Make() override {
    replicated::ReplicatedJournalOptions options;
    options.retry_pause_ms = 5;
    options.min_copies = min_copies_;
    if (mode_ == Mode::kMemory) options.confirmation = replicated::Confirmation::kNobody;
    if (mode_ == Mode::kRedis) options.confirmation = replicated::Confirmation::kRemote;
    if (mode_ == Mode::kStandbys) AddStandby(options);
    options.on_remote = [this](const absl::Status& status) { remote_.Add(status); };
    options.on_unclean_start = [this](const replicated::UncleanStart& start) {
      audited_.push_back(start);
      return audit_answer_;
    };
    return std::make_unique<replicated::ReplicatedJournal>(
        Wal(),
        [this] {
          ++connects_;
          return Redis();
        },
        set_, options);
  }
  void AddStandby(replicated::ReplicatedJournalOptions& options) {
    options.min_copies = std::max(2, min_copies_);
    options.standbys.push_back({"standby", [this]() -> std::unique_ptr<ports::JournalCopy> {
                                  if (standby_away_) return std::make_unique<AwayCopy>();
                                  return WalOf(standby_machine_, standby_io_);
                                }});
    options.on_standby = [this](const std::string& name, const absl::Status& status) {
      EXPECT_EQ(name, "standby");
      standby_.Add(status);
    };
    options.on_repair = [this](const replicated::JournalRepair& repair) { repairs_.Add(repair); };
  }
  // By their files; with the standby's, where there is one.
  bool AllInSync() {
    return mode_ != Mode::kStandbys || Eventually([&] {
             return std::ranges::count_if(set_.Get(), [](const auto& one) { return one.starts_with("wal:"); }) == 2;
           });
  }
  // A leader that is a process.
  std::unique_ptr<JournalProcess> Lead(std::uint64_t epoch) {
    return std::make_unique<JournalProcess>([this] { return Make(); }, epoch);
  }
  // One that had so many records confirmed, had more under way, and was killed.
  std::vector<ConfirmedRecord> LeadAndDie(std::uint32_t records) {
    const auto leader = Lead(1);
    EXPECT_TRUE(AllInSync());
    leader->MustAppend(records);
    leader->Append(20);
    leader->Kill();
    return leader->confirmed();
  }

  void ExpectRefused(std::uint64_t epoch, const std::string& why) {
    const absl::Status status = Open(epoch);
    EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
    EXPECT_THAT(std::string(MessageOf(status)), ::testing::HasSubstr(why));
    journal_.reset();
  }
  // A new leader on another machine: its disk has never seen this journal.
  void MoveToAnotherMachine() { machine_ = "another"; }
  void WipeDisk() { std::filesystem::remove_all(folder()); }
  // Of Redis' machine, or of the process, where Redis had everything on its disk.
  void RedisLosesPower() { mode_ == Mode::kAlways ? redis_.KillAndRestart() : redis_.KillAndLose(kLostBytes); }
  std::uint64_t RecordsInRedis() {
    return static_cast<std::uint64_t>(NumberOf(redis_.Config(), {"XLEN", "xt:{0}:journal"}));
  }

  // An operator decides that what cannot be reached is lost.
  void Mark(std::uint64_t known_sequence) {
    FileInSyncSet::Names members = set_.Get();
    members.push_back(replicated::EntryOf({"kim", "the disk burnt", 5, domain::SequenceNumber(known_sequence)}));
    set_.Set(members);
  }
  // Returns what was confirmed; Redis lacks the end of it, and the disk is gone: nobody leads.
  std::vector<ConfirmedRecord> LoseBoth() {
    auto confirmed = LeadAndDie(300);
    RedisLosesPower();
    WipeDisk();
    EXPECT_LT(RecordsInRedis(), 300U);
    ExpectRefused(2, "no copy can be reached that surely holds all that was confirmed");
    return confirmed;
  }
  void LoseBothAndExpectWhatRedisHas();  // journal_unclean_test.cc
  // Of what was confirmed everything is there, as it was.
  void ExpectAll(const std::vector<ConfirmedRecord>& confirmed) { EXPECT_EQ(Kept(confirmed), confirmed.size()); }
  // How many are there; those are the first ones.
  std::size_t Kept(const std::vector<ConfirmedRecord>& confirmed) {
    const auto records = RecordsOf(*journal_);
    std::size_t kept = 0;
    for (const ConfirmedRecord& one : confirmed) {
      if (one.sequence <= records.size() && records[one.sequence - 1].hash == one.hash) ++kept;
    }
    for (std::size_t i = 0; i < kept; ++i) EXPECT_EQ(confirmed[i].hash, records[i].hash) << "sequence " << i + 1;
    return kept;
  }
  // Goes on, ends, and expects the same chain in all copies.
  void ExpectOneChain() {
    ASSERT_TRUE(AllInSync());
    MustAppend(5);
    journal_.reset();
    const auto own = Wal();
    ASSERT_TRUE(own->Open(Token(1'000)).ok());
    ExpectEqual(*own, *Redis());
    if (mode_ == Mode::kStandbys) ExpectEqual(*own, *WalOf(standby_machine_, standby_io_));
  }
  static void ExpectEqual(ports::JournalCopy& own, ports::JournalCopy& other) {
    ASSERT_TRUE(other.Open(Token(1'000)).ok());
    ASSERT_EQ(own.Base(), other.Base());
    const std::uint64_t first = own.Base().sequence.value() + 1;
    const auto a = RecordsOf(own, first);
    const auto b = RecordsOf(other, first);
    ASSERT_EQ(a.size(), b.size());
    Hash128 before = own.Base().hash;
    for (std::size_t i = 0; i < a.size(); ++i) {
      ASSERT_TRUE(SameRecord(a[i], b[i])) << "record " << i;
      ASSERT_EQ(a[i].previous_hash, before) << "record " << i;
      before = a[i].hash;
    }
  }
  bool Rejoined(std::uint64_t times = 1) {
    return Eventually([&] { return journal_->Stats().remote_rejoins == times && remote_.Get().size() == 2 * times; });
  }

  static constexpr std::uint64_t kLostBytes = 20'000;  // of the append-only file: some dozens of records
  Mode mode_;
  int min_copies_ = 1;
  std::int64_t timeout_ms_ = 30'000;
  std::string machine_ = "one";
  std::string standby_machine_ = "two";
  std::atomic<bool> standby_away_{false};
  TemporaryFolder folders_;
  OwnRedis redis_;
  FaultyIo io_;
  FaultyIo standby_io_;
  FileInSyncSet set_;
  std::atomic<int> connects_{0};
  Outcomes<absl::Status> remote_;                  // what on_remote was told
  Outcomes<absl::Status> standby_;                 // what on_standby was told
  Outcomes<replicated::JournalRepair> repairs_;    // in the mode with standbys
  std::vector<replicated::UncleanStart> audited_;  // by journals of this process
  absl::Status audit_answer_;
};

class MemoryDurability : public Durability {
 protected:
  MemoryDurability() : Durability(Mode::kMemory) {}
};
class RedisDurability : public Durability {
 protected:
  RedisDurability() : Durability(Mode::kRedis) {}
};
class LocalAndRedisDurability : public Durability {
 protected:
  LocalAndRedisDurability() : Durability(Mode::kLocalAndRedis) {}
};
class AlwaysDurability : public Durability {
 protected:
  AlwaysDurability() : Durability(Mode::kAlways) {}
};
class StandbysDurability : public Durability {
 protected:
  StandbysDurability() : Durability(Mode::kStandbys) {}
  // The sequencer that stood by is elected; the other one stands by from then on.
  void ChangePlaces() { std::swap(machine_, standby_machine_); }
  void WipeStandby() { std::filesystem::remove_all(FolderOf(standby_machine_)); }
  void WipeRedis() { MustRun(redis_.Config(), {"FLUSHALL"}); }
};

}  // namespace xt::contract
