// WalJournal: the contract of the port, and what is its own: files, group commit, faults of the disk, damage.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>

#include "libs/adapters/embedded/wal_journal.h"
#include "libs/base/status.h"
#include "tests/contract/command_journal_contract.h"
#include "tests/contract/faulty_io.h"
#include "tests/contract/journal_copy_contract.h"
#include "tests/contract/wal_files.h"

namespace xt::contract {
namespace {

using embedded::WalJournal;
using embedded::WalOptions;
using ::testing::HasSubstr;

class WalBackend final : public CommandJournalBackend {
 public:
  std::unique_ptr<ports::CommandJournal> Connect() override {
    return std::make_unique<WalJournal>(folder_.path() + "/journal", SmallSegments());
  }

 private:
  TemporaryFolder folder_;
};

INSTANTIATE_TEST_SUITE_P(Embedded, CommandJournalContract,
                         ::testing::Values(+[]() -> std::unique_ptr<CommandJournalBackend> {
                           return std::make_unique<WalBackend>();
                         }));

class WalCopyBackend final : public JournalCopyBackend {
 public:
  std::unique_ptr<ports::JournalCopy> Connect() override {
    return std::make_unique<WalJournal>(folder_.path() + "/journal", SmallSegments(4096));
  }

 private:
  TemporaryFolder folder_;
};

INSTANTIATE_TEST_SUITE_P(Embedded, JournalCopyContract, ::testing::Values(+[]() -> std::unique_ptr<JournalCopyBackend> {
                           return std::make_unique<WalCopyBackend>();
                         }));

class WalJournalTest : public ::testing::Test {
 protected:
  std::unique_ptr<WalJournal> Make(WalOptions options = SmallSegments()) {
    return std::make_unique<WalJournal>(folder_.path(), std::move(options));
  }
  // Writes `count` records, each in a group of its own, and closes the journal.
  void Fill(int count, std::size_t padding = 40, WalOptions options = SmallSegments()) {
    auto journal = Make(std::move(options));
    const auto report = journal->Open(Token(1));
    ASSERT_TRUE(report.ok()) << report.status();
    RecordChain chain(*report);
    chain.set_epoch(1);
    for (int i = 0; i < count; ++i) ASSERT_TRUE(AppendAndWait(*journal, chain.Next(1, padding)).ok());
  }
  [[nodiscard]] std::string Segment(int index) const {
    return folder_.path() + "/wal-0000000" + std::to_string(index) + ".log";
  }

  TemporaryFolder folder_;
};

TEST_F(WalJournalTest, ASecondOwnerIsRefusedUntilTheFirstIsGone) {
  auto first = Make();
  ASSERT_TRUE(first->Open(Token(1)).ok());
  auto second = Make();
  const auto refused = second->Open(Token(1));
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("LOCKED"));
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr(std::to_string(::getpid())));
  second.reset();
  first.reset();
  EXPECT_TRUE(Make()->Open(Token(1)).ok());
}

TEST_F(WalJournalTest, TheUuidStaysAndSegmentsArePreallocated) {
  Fill(3);
  EXPECT_EQ(std::filesystem::file_size(Segment(1)), 32768U);
  auto journal = Make();
  ASSERT_TRUE(journal->Open(Token(1)).ok());
  const std::string uuid = journal->Uuid();
  EXPECT_EQ(uuid.size(), 32U);
  EXPECT_EQ(journal->Stats().recovered_records, 3U);
  EXPECT_EQ(journal->Stats().synced_sequence, 3U);
  EXPECT_EQ(journal->Stats().size_bytes, 32768U);
  journal = nullptr;
  journal = Make();
  ASSERT_TRUE(journal->Open(Token(1)).ok());
  EXPECT_EQ(journal->Uuid(), uuid);
}

TEST_F(WalJournalTest, ItRollsOverManySegmentsAndReadsFromTheMiddle) {
  Fill(200, 400, SmallSegments(4096));
  EXPECT_TRUE(std::filesystem::exists(Segment(9)));
  auto journal = Make(SmallSegments(4096));
  const auto report = journal->Open(Token(1));
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->records, 200U);
  EXPECT_EQ(ReadSequences(*journal, 1).size(), 200U);
  EXPECT_EQ(ReadSequences(*journal, 150).size(), 51U);
  RecordChain chain(*report);
  EXPECT_TRUE(AppendAndWait(*journal, chain.Next(1, 3000)).ok());
  EXPECT_EQ(AppendAndWait(*journal, chain.Next(1, 4096)).code(), absl::StatusCode::kInvalidArgument);
}

// The place of every MiB or so is known, of what was there at the start and of what was appended.
TEST_F(WalJournalTest, AReadBeginsNearItsFirstRecordNotAtTheBeginningOfTheSegment) {
  constexpr std::size_t kPadding = 100'000;
  constexpr int kBefore = 40;
  const WalOptions large = SmallSegments(16 << 20);
  Fill(kBefore, kPadding, large);
  auto journal = Make(large);
  const auto report = journal->Open(Token(1));
  ASSERT_TRUE(report.ok()) << report.status();
  RecordChain chain(*report);
  chain.set_epoch(1);
  for (int i = 0; i < kBefore; ++i) ASSERT_TRUE(AppendAndWait(*journal, chain.Next(1, kPadding)).ok());
  const auto first_of = [&](std::uint64_t from) {
    std::uint64_t first = 0;
    EXPECT_TRUE(journal
                    ->Read(domain::SequenceNumber(from),
                           [&](const ports::JournalRecord& record) {
                             if (first == 0) first = record.first_sequence.value();
                             return absl::OkStatus();
                           })
                    .ok())
        << from;
    return first;
  };
  for (std::uint64_t from = 1; from <= 2 * kBefore; ++from) EXPECT_EQ(first_of(from), from);
  EXPECT_EQ(first_of(2 * kBefore + 1), 0);
  std::string bytes = ReadFile(Segment(1));
  bytes[100] ^= 1;
  WriteFile(Segment(1), bytes);
  EXPECT_FALSE(journal->Read(domain::SequenceNumber(1), [](const auto&) { return absl::OkStatus(); }).ok());
  EXPECT_EQ(first_of(kBefore - 5), kBefore - 5);
  EXPECT_EQ(first_of(2 * kBefore - 5), 2 * kBefore - 5);
}

TEST_F(WalJournalTest, ALargerSegmentSizeTakesOverAtTheNextSegment) {
  Fill(3, 1000, SmallSegments(4096));
  Fill(10, 20000, SmallSegments(65536));
  Fill(3, 1000, SmallSegments(4096));
  auto journal = Make();
  const auto report = journal->Open(Token(1));
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->records, 16U);
}

TEST_F(WalJournalTest, EverythingQueuedMeanwhileSharesOneSync) {
  FaultyIo io;
  Gate gate;
  io.gate = &gate;
  WalOptions options = SmallSegments();
  options.io = &io;
  auto journal = Make(options);
  ASSERT_TRUE(journal->Open(Token(1)).ok());
  RecordChain chain;
  Outcomes<absl::Status> outcomes;
  const auto append = [&] { journal->Append(chain.Next(), [&](const absl::Status& status) { outcomes.Add(status); }); };
  append();
  ASSERT_TRUE(gate.WaitUntilSomebodyWaits());
  EXPECT_EQ(journal->TailSequence().value(), 0U) << "nothing is confirmed before its sync";
  for (int i = 0; i < 100; ++i) append();
  EXPECT_EQ(journal->Stats().appended_sequence, 101U);
  EXPECT_THAT(outcomes.Get(), ::testing::IsEmpty());
  gate.Open();
  EXPECT_THAT(outcomes.WaitFor(101), ::testing::AllOf(::testing::SizeIs(101), ::testing::Each(absl::OkStatus())));
  EXPECT_EQ(io.syncs, 2);
  EXPECT_EQ(journal->Stats().groups, 2U);
}

TEST_F(WalJournalTest, AppendWaitsForRoomAndDropsNothing) {
  FaultyIo io;
  Gate gate;
  io.gate = &gate;
  WalOptions options = SmallSegments();
  options.io = &io;
  options.max_queued_bytes = 400;
  auto journal = Make(options);
  ASSERT_TRUE(journal->Open(Token(1)).ok());
  Outcomes<absl::Status> outcomes;
  std::atomic<int> handed_over{0};
  std::thread producer([&] {
    RecordChain chain;
    for (int i = 0; i < 20; ++i) {
      journal->Append(chain.Next(1, 20), [&](const absl::Status& status) { outcomes.Add(status); });
      ++handed_over;
    }
  });
  ASSERT_TRUE(gate.WaitUntilSomebodyWaits());
  EXPECT_LE(handed_over, 3);
  EXPECT_LE(journal->Stats().queued_bytes, 400U);
  gate.Open();
  EXPECT_EQ(outcomes.WaitFor(20).size(), 20U);
  producer.join();
}

TEST_F(WalJournalTest, AFailedSyncIsFinalAndNeverRetried) {
  FaultyIo io;
  WalOptions options = SmallSegments();
  options.io = &io;
  auto journal = Make(options);
  ASSERT_TRUE(journal->Open(Token(1)).ok());
  RecordChain chain;
  ASSERT_TRUE(AppendAndWait(*journal, chain.Next()).ok());
  io.fail_syncs = true;
  EXPECT_EQ(AppendAndWait(*journal, chain.Next()).code(), absl::StatusCode::kInternal);
  io.fail_syncs = false;
  const int syncs = io.syncs;
  EXPECT_FALSE(AppendAndWait(*journal, chain.Next()).ok());
  EXPECT_EQ(io.syncs, syncs);
  EXPECT_EQ(journal->TailSequence().value(), 1U);
  EXPECT_THAT(ReadSequences(*journal, 1), ::testing::ElementsAre(1)) << "what is not confirmed is not read";
}

TEST_F(WalJournalTest, AFailedWriteFailsItsGroupAndWhatWasQueuedBehindIt) {
  FaultyIo io;
  Gate gate;
  io.gate = &gate;
  WalOptions options = SmallSegments();
  options.io = &io;
  auto journal = Make(options);
  ASSERT_TRUE(journal->Open(Token(1)).ok());
  RecordChain chain;
  Outcomes<bool> outcomes;
  const auto append = [&] {
    journal->Append(chain.Next(), [&](const absl::Status& status) { outcomes.Add(status.ok()); });
  };
  append();
  ASSERT_TRUE(gate.WaitUntilSomebodyWaits());
  io.fail_writes = true;
  append();
  append();
  gate.Open();
  EXPECT_THAT(outcomes.WaitFor(3), ::testing::ElementsAre(true, false, false));
  io.fail_writes = false;
  append();
  EXPECT_THAT(outcomes.WaitFor(4), ::testing::ElementsAre(true, false, false, false));
  journal = nullptr;
  const auto report = Make()->Open(Token(1));
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->last_sequence.value(), 1U);
}

TEST_F(WalJournalTest, ATailTornAtAnyByteIsCutAndTheRestIsKept) {
  Fill(5);
  const std::string whole = ReadFile(Segment(1));
  const auto offsets = RecordOffsets(whole);
  ASSERT_EQ(offsets.size(), 6U);
  for (std::size_t end = offsets[4]; end < offsets[5]; ++end) {
    std::string torn = whole.substr(0, end);
    torn.resize(whole.size(), '\0');
    WriteFile(Segment(1), torn);
    const auto report = Make()->Open(Token(1));
    ASSERT_TRUE(report.ok()) << "cut at " << end << ": " << report.status();
    if (whole.find_first_not_of('\0', end) == std::string::npos) {  // only padding is gone
      ASSERT_EQ(report->last_sequence.value(), 5U) << end;
      continue;
    }
    ASSERT_EQ(report->last_sequence.value(), 4U) << "cut at " << end;
    ASSERT_EQ(report->torn_bytes_cut > 0, torn.find_first_not_of('\0', offsets[4]) != std::string::npos) << end;
    if (report->torn_bytes_cut > 0) {
      ASSERT_THAT(report->detail, HasSubstr("offset " + std::to_string(offsets[4])));
    }
    const std::string after = ReadFile(Segment(1));
    ASSERT_EQ(after.size(), whole.size());
    ASSERT_EQ(after.find_first_not_of('\0', offsets[4]), std::string::npos) << "the tail is zeros again";
  }
  Fill(1);
  EXPECT_EQ(Make()->Open(Token(1))->last_sequence.value(), 6U);
}

// No crash shortens a file that was made with its whole length.
TEST_F(WalJournalTest, AFileCutShortRefusesToOpenAndSaysFromWhichSequenceOn) {
  Fill(5);
  const std::string whole = ReadFile(Segment(1));
  const auto offsets = RecordOffsets(whole);
  for (const std::size_t end : {offsets[4], offsets[5] - 9, offsets[5], whole.size() - 1}) {
    WriteFile(Segment(1), whole.substr(0, end));
    const auto report = Make()->Open(Token(1));
    ASSERT_EQ(report.status().code(), absl::StatusCode::kDataLoss) << end << ": " << report.status();
    const std::size_t good = end < offsets[5] ? 4 : 5;
    EXPECT_EQ(MessageOf(report.status()),
              Segment(1) + " at offset " + std::to_string(offsets[good]) + ": the file has " + std::to_string(end) +
                  " of 32768 bytes, what was behind is lost; damaged or lost: sequences from " +
                  std::to_string(good + 1) + " on");
    ASSERT_EQ(ReadFile(Segment(1)), whole.substr(0, end)) << "nothing is changed";
  }
}

TEST_F(WalJournalTest, AnyFlippedByteOfTheLastRecordIsATornTail) {
  Fill(3);
  const std::string whole = ReadFile(Segment(1));
  const auto offsets = RecordOffsets(whole);
  for (std::size_t at = offsets[2]; at < offsets[3]; ++at) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    WriteFile(Segment(1), damaged);
    const auto report = Make()->Open(Token(1));
    ASSERT_TRUE(report.ok()) << "byte " << at << ": " << report.status();
    ASSERT_EQ(report->last_sequence.value(), 2U) << "byte " << at;
  }
}

TEST_F(WalJournalTest, AnyFlippedByteBeforeAGoodRecordRefusesToOpenAndChangesNothing) {
  Fill(4);
  const std::string whole = ReadFile(Segment(1));
  const auto offsets = RecordOffsets(whole);
  for (std::size_t at = 0; at < offsets[3]; ++at) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x01);
    WriteFile(Segment(1), damaged);
    auto journal = Make();
    const auto report = journal->Open(Token(9));
    ASSERT_EQ(report.status().code(), absl::StatusCode::kDataLoss) << "byte " << at << ": " << report.status();
    const std::size_t record = at < 64 ? 0 : *(std::upper_bound(offsets.begin(), offsets.end(), at) - 1);
    ASSERT_THAT(std::string(report.status().message()), HasSubstr(Segment(1) + " at offset " + std::to_string(record)));
    ASSERT_EQ(journal->Stats().corruptions, 1U);
    journal = nullptr;
    ASSERT_EQ(ReadFile(Segment(1)), damaged) << "nothing is changed";
  }
  WriteFile(Segment(1), whole);
  EXPECT_TRUE(Make()->Open(Token(1)).ok()) << "a refused open stores no token";
}

TEST_F(WalJournalTest, GarbageBehindTheEndIsCut) {
  Fill(2);
  std::string bytes = ReadFile(Segment(1));
  const std::size_t end = RecordOffsets(bytes).back();
  bytes.replace(end + 1000, 20, std::string(20, '\x5a'));
  WriteFile(Segment(1), bytes);
  const auto report = Make()->Open(Token(1));
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->last_sequence.value(), 2U);
  EXPECT_GE(report->torn_bytes_cut, 1020U);
}

TEST_F(WalJournalTest, DamageInAnEarlierSegmentNamesThatSegment) {
  Fill(30, 400, SmallSegments(4096));
  const std::string whole = ReadFile(Segment(2));
  const auto offsets = RecordOffsets(whole);
  std::string damaged = whole;
  damaged[offsets[offsets.size() - 2] + 100] ^= 1;  // the last record of a full segment
  WriteFile(Segment(2), damaged);
  auto report = Make(SmallSegments(4096))->Open(Token(1));
  EXPECT_EQ(report.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(report.status().message()), HasSubstr(Segment(2) + " at offset"));
  // The same record, lost to zeros.
  damaged = whole;
  std::fill(damaged.begin() + static_cast<std::ptrdiff_t>(offsets[offsets.size() - 2]), damaged.end(), '\0');
  WriteFile(Segment(2), damaged);
  report = Make(SmallSegments(4096))->Open(Token(1));
  EXPECT_EQ(report.status().code(), absl::StatusCode::kDataLoss) << report.status();
}

TEST_F(WalJournalTest, AMissingSegmentOrHeaderRefusesToOpen) {
  Fill(30, 400, SmallSegments(4096));
  const std::string second = ReadFile(Segment(2));
  std::filesystem::remove(Segment(2));
  auto report = Make(SmallSegments(4096))->Open(Token(1));
  EXPECT_EQ(report.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(report.status().message()), HasSubstr(Segment(2)));
  WriteFile(Segment(2), second);
  ASSERT_TRUE(Make(SmallSegments(4096))->Open(Token(1)).ok());
  const std::string header = ReadFile(folder_.path() + "/journal.header");
  std::filesystem::remove(folder_.path() + "/journal.header");
  EXPECT_EQ(Make(SmallSegments(4096))->Open(Token(1)).status().code(), absl::StatusCode::kDataLoss);
  for (std::size_t at = 0; at < header.size(); ++at) {
    std::string damaged = header;
    damaged[at] ^= 1;
    WriteFile(folder_.path() + "/journal.header", damaged);
    EXPECT_EQ(Make(SmallSegments(4096))->Open(Token(1)).status().code(), absl::StatusCode::kDataLoss) << at;
  }
}

TEST_F(WalJournalTest, AnInterruptedCreationStartsOver) {
  Fill(0);
  std::filesystem::remove(folder_.path() + "/journal.header");
  WriteFile(folder_.path() + "/wal-00000002.log.tmp", "half a segment");
  Fill(1);
  EXPECT_EQ(Make()->Open(Token(1))->last_sequence.value(), 1U);
}

TEST_F(WalJournalTest, DamageThatAppearsWhileItIsOpenIsFoundByRead) {
  Fill(3);
  auto journal = Make();
  ASSERT_TRUE(journal->Open(Token(1)).ok());
  std::string bytes = ReadFile(Segment(1));
  const auto offsets = RecordOffsets(bytes);
  bytes[offsets[1] + 90] ^= 1;
  WriteFile(Segment(1), bytes);
  std::vector<std::uint64_t> seen;
  const absl::Status status = journal->Read(domain::SequenceNumber(1), [&](const ports::JournalRecord& record) {
    seen.push_back(record.first_sequence.value());
    return absl::OkStatus();
  });
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr("offset " + std::to_string(offsets[1])));
  EXPECT_THAT(seen, ::testing::ElementsAre(1));
}

TEST_F(WalJournalTest, ACutThatIsInterruptedLeavesAJournalThatOpens) {
  constexpr std::uint64_t kKeep = 2;
  for (int writes = 0; writes < 6; ++writes) {
    Fill(12 - (writes == 0 ? 0 : static_cast<int>(kKeep)), 300, SmallSegments(8192));
    {
      StoppingIo io;
      WalOptions options = SmallSegments(8192);
      options.io = &io;
      auto journal = Make(options);
      ASSERT_EQ(journal->Open(Token(1))->last_sequence.value(), 12U);
      io.writes_left = writes;
      EXPECT_FALSE(journal->CutTail(domain::SequenceNumber(kKeep)).ok());
    }
    auto journal = Make(SmallSegments(8192));
    const auto report = journal->Open(Token(1));
    ASSERT_TRUE(report.ok()) << report.status();
    EXPECT_EQ(report->last_sequence.value(), 12U - static_cast<std::uint64_t>(writes)) << "the last ones go first";
    ASSERT_TRUE(journal->CutTail(domain::SequenceNumber(kKeep)).ok());
    EXPECT_EQ(ReadSequences(*journal, 1).size(), kKeep);
  }
}

TEST_F(WalJournalTest, MetricsHooksAreCalled) {
  std::atomic<int> appends{0};
  std::atomic<int> syncs{0};
  WalOptions options = SmallSegments();
  options.on_append = [&](std::chrono::nanoseconds) { ++appends; };
  options.on_fsync = [&](std::chrono::nanoseconds) { ++syncs; };
  Fill(4, 40, options);
  EXPECT_EQ(appends, 4);
  EXPECT_EQ(syncs, 4);
}

}  // namespace
}  // namespace xt::contract
