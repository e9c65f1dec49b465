// What the tests of docs/durability.md share: a journal in a WAL file and in a real Redis, of a mode, with a leader that is
// a process, and what can be lost of it.
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
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

enum class Mode { kMemory, kRedis, kLocalAndRedis, kAlways };

class Durability : public JournalFixture<replicated::ReplicatedJournal> {
 protected:
  explicit Durability(Mode mode)
      : mode_(mode), redis_(servers::RedisServer::Kind::kJournal, {.fsync_always = mode == Mode::kAlways}) {}

  [[nodiscard]] std::string folder() const { return folders_.path() + "/" + machine_; }
  std::unique_ptr<ports::JournalCopy> Wal() {
    embedded::WalOptions options;
    options.segment_bytes = 65'536;
    options.io = &io_;
    return std::make_unique<embedded::WalJournal>(folder(), options);
  }
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
  // A leader that is a process.
  std::unique_ptr<JournalProcess> Lead(std::uint64_t epoch) {
    return std::make_unique<JournalProcess>([this] { return Make(); }, epoch);
  }
  // One that had so many records confirmed, had more under way, and was killed.
  std::vector<ConfirmedRecord> LeadAndDie(std::uint32_t records) {
    const auto leader = Lead(1);
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
  // Goes on, ends, and expects the same chain in both copies.
  void ExpectOneChain() {
    MustAppend(5);
    journal_.reset();
    const auto own = Wal();
    const auto remote = Redis();
    ASSERT_TRUE(own->Open(Token(1'000)).ok());
    ASSERT_TRUE(remote->Open(Token(1'000)).ok());
    const auto a = RecordsOf(*own);
    const auto b = RecordsOf(*remote);
    ASSERT_EQ(a.size(), b.size());
    Hash128 before;
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
  TemporaryFolder folders_;
  OwnRedis redis_;
  FaultyIo io_;
  FileInSyncSet set_;
  std::atomic<int> connects_{0};
  Outcomes<absl::Status> remote_;                  // what on_remote was told
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

}  // namespace xt::contract
