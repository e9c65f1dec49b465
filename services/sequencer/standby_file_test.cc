#include "services/sequencer/standby_file.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "libs/adapters/embedded/wal_journal.h"
#include "libs/ports/fenced.h"
#include "libs/ports/journal_chain.h"

namespace xt::sequencer {
namespace {

using domain::SequenceNumber;
using ports::JournalRecord;
using ports::OpenReport;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

ports::FencingToken Token(std::uint64_t epoch, std::uint32_t generation = 0) {
  return {domain::Epoch(epoch), generation};
}

// A record of one command that follows `end`, of which it becomes the last one.
JournalRecord Next(OpenReport& end, std::uint64_t epoch) {
  JournalRecord record;
  record.epoch = domain::Epoch(epoch);
  record.first_sequence = record.last_sequence = SequenceNumber(end.last_sequence.value() + 1);
  record.previous_hash = end.last_hash;
  record.bytes = "frame " + std::to_string(record.first_sequence.value());
  record.hash = HashBytes(record.bytes);
  end.last_sequence = record.last_sequence;
  end.last_hash = record.hash;
  return record;
}

// What is on the disk, and what the file is to do.
struct Disk {
  OpenReport end;
  int handles = 0;
  int opened = 0;
  absl::Status open;  // what Open answers
  absl::Status drop;  // what CutTail and BeginAt answer
  bool hold = false;  // appends wait for Confirm
  std::deque<std::pair<OpenReport, ports::CommandJournal::AppendDone>> waiting;

  void Confirm() {
    for (; !waiting.empty(); waiting.pop_front()) {
      end = waiting.front().first;
      waiting.front().second(absl::OkStatus());
    }
  }
};

// Everything of one thread.
class FakeFile final : public ports::JournalCopy {
 public:
  explicit FakeFile(Disk& disk) : disk_(disk) { EXPECT_EQ(++disk_.handles, 1) << "a file has one owner"; }
  ~FakeFile() override {
    disk_.Confirm();
    --disk_.handles;
  }
  absl::StatusOr<OpenReport> Open(ports::FencingToken /*token*/) override {
    ++disk_.opened;
    if (!disk_.open.ok()) return disk_.open;
    return disk_.end;
  }
  absl::StatusOr<OpenReport> OpenAnew(ports::FencingToken /*token*/) override { return disk_.end = OpenReport(); }
  [[nodiscard]] ports::JournalDamage Damage() const override {
    return {SequenceNumber(4), SequenceNumber(5), "file at offset 7", SequenceNumber(6), disk_.end};
  }
  absl::Status Read(SequenceNumber /*from*/, const Visitor& visitor) override { return visitor({}); }
  void Append(JournalRecord record, AppendDone done) override {
    OpenReport end = disk_.end;
    end.last_sequence = record.last_sequence;
    end.last_hash = record.hash;
    disk_.waiting.emplace_back(end, std::move(done));
    if (!disk_.hold) disk_.Confirm();
  }
  [[nodiscard]] SequenceNumber TailSequence() const override { return disk_.end.last_sequence; }
  [[nodiscard]] std::string Identity() const override { return "fake:1"; }
  absl::Status CutTail(SequenceNumber keep) override {
    if (disk_.drop.ok()) disk_.end.last_sequence = keep;
    return disk_.drop;
  }
  absl::Status BeginAt(const ports::JournalBase& base) override {
    if (disk_.drop.ok()) disk_.end = ports::EmptyBehind(base);
    return disk_.drop;
  }

 private:
  Disk& disk_;
};

class StandbyFileTest : public ::testing::Test {
 protected:
  // Of one leader.
  struct Leader {
    std::unique_ptr<ports::JournalCopy> handle;
    std::uint64_t epoch = 0;
    OpenReport end;
    std::vector<absl::StatusCode> outcomes;

    absl::Status Open() {
      auto report = handle->Open(Token(epoch));
      if (report.ok()) end = *report;
      return report.status();
    }
    void Append() {
      handle->Append(Next(end, epoch), [this](const absl::Status& status) { outcomes.push_back(status.code()); });
    }
  };
  Leader Connect(std::uint64_t epoch) { return {file_.Connect(), epoch, {}, {}}; }

  static constexpr auto kOk = absl::StatusCode::kOk;
  static constexpr auto kUnavailable = absl::StatusCode::kUnavailable;

  Disk disk_;
  StandbyFile file_{[this] { return std::make_unique<FakeFile>(disk_); }};
};

TEST_F(StandbyFileTest, OneHandleHasTheFileUntilItIsGone) {
  Leader leader = Connect(1);
  EXPECT_EQ(disk_.handles, 0) << "before it is opened";
  ASSERT_TRUE(leader.Open().ok());
  leader.Append();
  EXPECT_THAT(leader.outcomes, ElementsAre(kOk));
  EXPECT_EQ(leader.handle->TailSequence().value(), 1U);
  EXPECT_EQ(leader.handle->Identity(), "fake:1");
  EXPECT_EQ(leader.Open().code(), absl::StatusCode::kFailedPrecondition) << "once per handle";
  leader.handle.reset();
  EXPECT_EQ(disk_.handles, 0);
}

TEST_F(StandbyFileTest, AnotherLeaderTakesItAndTheAppendsUnderWayAreConfirmedFirst) {
  Leader before = Connect(1);
  ASSERT_TRUE(before.Open().ok());
  disk_.hold = true;
  before.Append();
  before.Append();
  EXPECT_THAT(before.outcomes, IsEmpty());
  Leader after = Connect(2);
  ASSERT_TRUE(after.Open().ok());
  EXPECT_EQ(after.end.last_sequence.value(), 2U);
  before.Append();
  EXPECT_THAT(before.outcomes, ElementsAre(kOk, kOk, kUnavailable));
  EXPECT_EQ(before.handle->TailSequence().value(), 2U);
  EXPECT_TRUE(
      absl::IsUnavailable(before.handle->Read(SequenceNumber(1), [](const auto&) { return absl::OkStatus(); })));
  EXPECT_TRUE(absl::IsUnavailable(before.handle->TrimFront(SequenceNumber(1))));
  EXPECT_TRUE(absl::IsUnavailable(before.handle->CutTail(SequenceNumber(1))));
  before.handle.reset();
  disk_.hold = false;
  after.Append();
  EXPECT_THAT(after.outcomes, ElementsAre(kOk)) << "who lost it takes nothing away with it";
}

TEST_F(StandbyFileTest, AnEarlierLeaderIsFencedAndTakesNothing) {
  Leader later = Connect(2);
  ASSERT_TRUE(later.Open().ok());
  Leader earlier = Connect(1);
  const absl::Status fenced = earlier.Open();
  EXPECT_TRUE(ports::IsFenced(fenced)) << fenced;
  earlier.handle.reset();
  later.Append();
  EXPECT_THAT(later.outcomes, ElementsAre(kOk));
  EXPECT_EQ(disk_.opened, 1);
  Leader again = Connect(2);
  EXPECT_TRUE(again.Open().ok()) << "a new connection of the same leader";
}

TEST_F(StandbyFileTest, ReleaseConfirmsWhatIsUnderWayAndIsFinal) {
  Leader leader = Connect(1);
  ASSERT_TRUE(leader.Open().ok());
  disk_.hold = true;
  leader.Append();
  file_.Release();
  EXPECT_THAT(leader.outcomes, ElementsAre(kOk));
  EXPECT_EQ(disk_.handles, 0);
  leader.Append();
  EXPECT_THAT(leader.outcomes, ElementsAre(kOk, kUnavailable));
  Leader late = Connect(9);
  const absl::Status refused = late.Open();
  EXPECT_TRUE(absl::IsUnavailable(refused)) << refused;
  EXPECT_THAT(std::string(refused.message()), HasSubstr("leads"));
  file_.Release();
  EXPECT_EQ(disk_.opened, 1);
}

TEST_F(StandbyFileTest, AHandleThatDidNotOpenItTakesNothing) {
  Leader leader = Connect(1);
  leader.Append();
  EXPECT_TRUE(absl::IsUnavailable(leader.handle->BeginAt({})));
  EXPECT_TRUE(absl::IsUnavailable(leader.handle->OpenAnew(Token(1)).status()));
  disk_.open = absl::InternalError("Input/output error");
  EXPECT_EQ(leader.Open(), disk_.open);
  EXPECT_EQ(disk_.handles, 0) << "it is closed";
  leader.Append();
  EXPECT_THAT(leader.outcomes, ElementsAre(kUnavailable, kUnavailable));
}

TEST_F(StandbyFileTest, ADamagedFileIsTakenButNotWrittenUntilItIsBegunAnew) {
  disk_.end.last_sequence = SequenceNumber(9);
  disk_.open = absl::DataLossError("sequences 4..5 are lost");
  Leader leader = Connect(3);
  EXPECT_EQ(leader.Open(), disk_.open);
  const ports::JournalDamage damage = leader.handle->Damage();
  EXPECT_EQ(ports::RangeOf(damage), "sequences 4..5");
  EXPECT_EQ(damage.place, "file at offset 7");
  EXPECT_EQ(damage.end.last_sequence.value(), 9U);
  leader.Append();
  EXPECT_THAT(leader.outcomes, ElementsAre(absl::StatusCode::kFailedPrecondition));
  const auto anew = leader.handle->OpenAnew(Token(3));
  ASSERT_TRUE(anew.ok()) << anew.status();
  EXPECT_FALSE(leader.handle->OpenAnew(Token(3)).ok()) << "nothing is damaged any more";
  leader.end = *anew;
  leader.Append();
  EXPECT_EQ(leader.outcomes.back(), kOk);
  EXPECT_EQ(leader.handle->TailSequence().value(), 1U);
}

TEST_F(StandbyFileTest, RecordsAreDroppedBeforeTheFirstAppendOnly) {
  disk_.end.last_sequence = SequenceNumber(9);
  Leader leader = Connect(1);
  ASSERT_TRUE(leader.Open().ok());
  disk_.drop = absl::NotFoundError("no record ends there");
  EXPECT_EQ(leader.handle->CutTail(SequenceNumber(7)), disk_.drop);
  disk_.drop = absl::OkStatus();
  ASSERT_TRUE(leader.handle->CutTail(SequenceNumber(6)).ok());
  EXPECT_EQ(leader.handle->TailSequence().value(), 6U);
  ASSERT_TRUE(leader.handle->BeginAt({SequenceNumber(20), {}, domain::Epoch(1)}).ok());
  EXPECT_EQ(leader.handle->TailSequence().value(), 20U);
  leader.Append();
  EXPECT_EQ(leader.handle->CutTail(SequenceNumber(20)).code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(StandbyFileTest, AFileThatCannotBeCutIsClosed) {
  Leader leader = Connect(1);
  ASSERT_TRUE(leader.Open().ok());
  disk_.drop = absl::InternalError("Input/output error");
  EXPECT_EQ(leader.handle->CutTail(SequenceNumber(0)), disk_.drop);
  EXPECT_EQ(disk_.handles, 0);
  leader.Append();
  EXPECT_THAT(leader.outcomes, ElementsAre(kUnavailable));
}

// Leaders on threads of their own that take a real file from each other, until it is released.
TEST(StandbyFileThreadsTest, EveryAppendHasOneOutcomeAndWhatIsConfirmedIsInTheFile) {
  constexpr int kLeaders = 3;
  constexpr std::size_t kAppends = 20;
  constexpr std::uint64_t kEnough = 500;
  const std::string folder = ::testing::TempDir() + "/standby_file_test";
  std::filesystem::remove_all(folder);
  const embedded::WalOptions options{.segment_bytes = 32'768};
  StandbyFile file([&] { return std::make_unique<embedded::WalJournal>(folder, options); });
  std::atomic<std::uint64_t> epoch{0};
  std::atomic<std::uint64_t> confirmed{0};  // the highest sequence
  std::atomic<bool> released{false};
  const auto lead = [&] {
    while (!released) {
      const std::uint64_t mine = ++epoch;
      std::mutex mutex;
      std::vector<bool> outcomes;
      auto handle = file.Connect();
      auto end = handle->Open(Token(mine));
      if (!end.ok()) {
        EXPECT_TRUE(ports::IsFenced(end.status()) || absl::IsUnavailable(end.status())) << end.status();
        continue;
      }
      for (std::size_t i = 0; i < kAppends; ++i) {
        const JournalRecord record = Next(*end, mine);
        handle->Append(record, [&, last = record.last_sequence.value()](const absl::Status& status) {
          EXPECT_TRUE(status.ok() || absl::IsUnavailable(status)) << status;
          for (std::uint64_t seen = confirmed;
               status.ok() && seen < last && !confirmed.compare_exchange_weak(seen, last);) {
          }
          const std::lock_guard lock(mutex);
          outcomes.push_back(status.ok());
        });
      }
      // What the file has under way is confirmed when the handle goes.
      handle.reset();
      const std::lock_guard lock(mutex);
      EXPECT_EQ(outcomes.size(), kAppends);
      EXPECT_TRUE(std::is_sorted(outcomes.rbegin(), outcomes.rend())) << "none is confirmed behind one that failed";
    }
  };
  std::vector<std::thread> leaders;
  for (int i = 0; i < kLeaders; ++i) leaders.emplace_back(lead);
  while (confirmed < kEnough) std::this_thread::yield();
  file.Release();
  const std::uint64_t at_release = confirmed;
  embedded::WalJournal own(folder, options);
  const auto report = own.Open(Token(epoch + kLeaders + 1));
  released = true;
  for (std::thread& leader : leaders) leader.join();
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_GE(report->last_sequence.value(), at_release);
  EXPECT_EQ(confirmed, at_release) << "nothing is confirmed any more";
}

}  // namespace
}  // namespace xt::sequencer
