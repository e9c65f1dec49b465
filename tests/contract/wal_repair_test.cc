// Repair of a damaged WalJournal: what is lost between good records is taken from another copy, whatever the damage looks like;
// what cannot be proven is refused; the damaged files stay.
#include <algorithm>
#include <filesystem>
#include <utility>

#include "gmock/gmock.h"
#include "libs/adapters/embedded/wal_journal.h"
#include "libs/base/status.h"
#include "tests/contract/journal_support.h"
#include "tests/contract/wal_files.h"

namespace xt::contract {
namespace {

using embedded::WalJournal;
using embedded::WalOptions;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Another copy of the journal, which may lack records.
class OtherCopy final : public ports::JournalCopy {
 public:
  absl::StatusOr<ports::OpenReport> Open(ports::FencingToken) override { return ports::OpenReport(); }
  absl::Status Read(domain::SequenceNumber, const Visitor&) override { return absl::OkStatus(); }
  void Append(ports::JournalRecord, AppendDone) override {}
  [[nodiscard]] domain::SequenceNumber TailSequence() const override { return {}; }
  [[nodiscard]] std::string Identity() const override { return "other"; }
  absl::Status CutTail(domain::SequenceNumber) override { return absl::OkStatus(); }
  absl::Status BeginAt(const ports::JournalBase&) override { return absl::OkStatus(); }
  absl::Status Salvage(domain::SequenceNumber first, domain::SequenceNumber last, const Visitor& visitor) override {
    for (const ports::JournalRecord& record : records) {
      if (record.first_sequence < first || record.last_sequence > last) continue;
      asked.push_back(record.first_sequence.value());
      if (const absl::Status status = visitor(record); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  std::vector<ports::JournalRecord> records;
  std::vector<std::uint64_t> asked;
};

class WalRepairTest : public ::testing::Test {
 protected:
  std::unique_ptr<WalJournal> Make() { return std::make_unique<WalJournal>(folder_.path(), options_); }
  // A journal, each record of which the other copy has, too.
  void Fill(int records, std::size_t padding, std::uint64_t segment_bytes = 4096) {
    options_ = SmallSegments(segment_bytes);
    auto journal = Make();
    ASSERT_TRUE(journal->Open(Token(1)).ok());
    RecordChain chain;
    for (int i = 0; i < records; ++i) ASSERT_TRUE(AppendAndWait(*journal, chain.Next(1, padding)).ok());
    other_.records = RecordsOf(*journal);
    identity_ = journal->Identity();
  }
  // Opens it, which is refused, and mends it.
  absl::Status Mend(const std::string& range) {
    other_.asked.clear();
    auto journal = Make();
    const absl::Status refused = journal->Open(Token(2)).status();
    EXPECT_EQ(refused.code(), absl::StatusCode::kDataLoss) << refused;
    EXPECT_EQ(ports::RangeOf(journal->Damage()), range) << refused;
    if (!range.empty()) {
      EXPECT_THAT(std::string(MessageOf(refused)), HasSubstr("; damaged or lost: " + range));
    }
    return journal->Mend(Token(2), other_).status();
  }
  void MustMend(const std::string& range) {
    const absl::Status status = Mend(range);
    ASSERT_TRUE(status.ok()) << status;
    ExpectWhole();
  }
  void ExpectRefused(const std::string& range, const std::string& why) {
    const auto before = Files();
    const absl::Status status = Mend(range);
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
    EXPECT_THAT(std::string(MessageOf(status)), HasSubstr(why));
    EXPECT_EQ(Files(), before) << "nothing is changed";
  }
  void ExpectWhole() {
    auto journal = Make();
    const auto report = journal->Open(Token(2));
    ASSERT_TRUE(report.ok()) << report.status();
    EXPECT_EQ(journal->Identity(), identity_);
    const auto records = RecordsOf(*journal);
    ASSERT_EQ(records.size(), other_.records.size());
    for (std::size_t i = 0; i < records.size(); ++i) ASSERT_TRUE(SameRecord(records[i], other_.records[i])) << i;
  }
  [[nodiscard]] std::string Segment(int index, const std::string& folder = "") const {
    return folder_.path() + folder + "/wal-0000000" + std::to_string(index) + ".log";
  }
  // Segments and header, with what is in them.
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> Files(const std::string& folder = "") const {
    std::vector<std::pair<std::string, std::string>> files;
    for (const auto& file : std::filesystem::directory_iterator(folder_.path() + folder)) {
      const std::string name = file.path().filename();
      if (name.ends_with(".log") || name == "journal.header") files.emplace_back(name, ReadFile(file.path()));
    }
    std::sort(files.begin(), files.end());
    return files;
  }
  void Flip(int segment, std::size_t at) {
    std::string bytes = ReadFile(Segment(segment));
    bytes[at] = static_cast<char>(bytes[at] ^ 0x01);
    WriteFile(Segment(segment), bytes);
  }

  TemporaryFolder folder_;
  WalOptions options_;
  OtherCopy other_;
  std::string identity_;
};

TEST_F(WalRepairTest, AnyFlippedByteBeforeAGoodRecordIsMendedAndKeptAside) {
  Fill(3, 0);
  const std::string whole = ReadFile(Segment(1));
  const auto offsets = RecordOffsets(whole);
  for (std::size_t at = 0; at < offsets[2]; ++at) {
    WriteFile(Segment(1), whole);
    Flip(1, at);
    const std::string damaged = ReadFile(Segment(1));
    const auto record = std::upper_bound(offsets.begin(), offsets.end(), at) - offsets.begin();
    ASSERT_NO_FATAL_FAILURE(MustMend(record == 0 ? "" : "sequence " + std::to_string(record))) << "byte " << at;
    ASSERT_EQ(ReadFile(Segment(1, "/damaged-1")), damaged);
    std::filesystem::remove_all(folder_.path() + "/damaged-1");
  }
}

// With 400 bytes each, eight records fill a segment of 4,096.

TEST_F(WalRepairTest, AMissingSegmentIsMadeAnew) {
  Fill(60, 400);
  std::filesystem::remove(Segment(2));
  MustMend("sequences 9..16");
  for (int index = 1; index <= 3; ++index) std::filesystem::remove(Segment(index));
  MustMend("sequences 1..24");
}

TEST_F(WalRepairTest, AShortenedSegmentAndOneOfZerosAreMadeAnew) {
  Fill(60, 400);
  WriteFile(Segment(2), ReadFile(Segment(2)).substr(0, 70));
  MustMend("sequences 9..16");
  WriteFile(Segment(2), std::string(4096, '\0'));
  MustMend("sequences 9..16");
  EXPECT_EQ(ReadFile(Segment(2, "/damaged-2")), std::string(4096, '\0'));
  WriteFile(Segment(2), "");
  MustMend("sequences 9..16");
}

TEST_F(WalRepairTest, TheEndOfAFullSegmentThatIsZerosIsFoundByTheNextSegment) {
  Fill(60, 400);
  std::string bytes = ReadFile(Segment(2));
  const auto offsets = RecordOffsets(bytes);
  std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(offsets[offsets.size() - 2]), bytes.end(), '\0');
  WriteFile(Segment(2), bytes);
  MustMend("sequence 16");
}

TEST_F(WalRepairTest, WhatLiesBetweenGoodRecordsAndIsNoneIsTakenOut) {
  Fill(60, 420);  // not quite eight in a segment
  std::string bytes = ReadFile(Segment(2));
  bytes[bytes.size() - 8] = 'x';
  WriteFile(Segment(2), bytes);
  MustMend("");
  EXPECT_THAT(other_.asked, IsEmpty());
  EXPECT_TRUE(ReadFile(Segment(2, "/damaged-1")) == bytes);
}

TEST_F(WalRepairTest, SeveralDamagedPlacesAreMendedAtOnce) {
  Fill(100, 400);
  Flip(1, 64 + 100);
  Flip(4, 64 + 100);
  Flip(5, 10);
  std::filesystem::remove(Segment(7));
  MustMend("sequences 1..56");
  EXPECT_THAT(other_.asked, ElementsAre(1, 25, 49, 50, 51, 52, 53, 54, 55, 56)) << "no more than what is lost";
}

TEST_F(WalRepairTest, ATornTailBehindTheDamageIsCutAsEver) {
  Fill(5, 40);
  const auto offsets = RecordOffsets(ReadFile(Segment(1)));
  Flip(1, offsets[1] + 90);
  Flip(1, offsets[4] + 90);
  ASSERT_TRUE(Mend("sequence 2").ok());
  other_.records.pop_back();
  ExpectWhole();
}

TEST_F(WalRepairTest, ItGoesOnWhereItEnded) {
  Fill(60, 400);
  Flip(1, 64 + 100);
  auto journal = Make();
  ASSERT_FALSE(journal->Open(Token(2)).ok());
  const auto report = journal->Mend(Token(2), other_);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->last_sequence.value(), 60U);
  EXPECT_EQ(report->records, 60U);
  EXPECT_EQ(report->detail, "the damaged files: " + folder_.path() + "/damaged-1");
  RecordChain chain(*report);
  ASSERT_TRUE(AppendAndWait(*journal, chain.Next()).ok());
  EXPECT_EQ(ReadSequences(*journal, 1).size(), 61U);
  EXPECT_EQ(journal->Mend(Token(2), other_).status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(journal->OpenAnew(Token(2)).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(WalRepairTest, WhatTheOtherCopyLacksTooIsRefused) {
  Fill(5, 40);
  Flip(1, RecordOffsets(ReadFile(Segment(1)))[1] + 90);
  const auto whole = other_.records;
  other_.records.erase(other_.records.begin() + 1);
  ExpectRefused("sequence 2", "the other copy has not the sequences 2..2 either: it ends before that");
  other_.records = whole;
  MustMend("sequence 2");
}

TEST_F(WalRepairTest, AnotherFrameThanTheOneThatWasThereIsRefused) {
  Fill(5, 40);
  Flip(1, RecordOffsets(ReadFile(Segment(1)))[1] + 90);
  ports::JournalRecord& second = other_.records[1];
  const ports::JournalRecord right = second;
  second.bytes += "x";
  ExpectRefused("sequence 2", "the hash is not that of the bytes");
  second.hash = HashBytes(second.bytes);
  ExpectRefused("sequence 2", "what the other copy has before sequence 3 is not what was there");
  second = right;
  second.previous_hash.low ^= 1;
  ExpectRefused("sequence 2", "does not follow sequence 1");
}

TEST_F(WalRepairTest, ALostEndIsNotGuessed) {
  Fill(60, 400);
  const int last = static_cast<int>(Files().size()) - 1;
  std::filesystem::resize_file(Segment(last), 2'000);
  auto journal = Make();
  ASSERT_EQ(journal->Open(Token(2)).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(journal->Damage().last.value(), 0U);
  EXPECT_EQ(MessageOf(journal->Mend(Token(2), other_).status()), "what was behind it is not known");
}

TEST_F(WalRepairTest, ADamagedHeaderIsNotMended) {
  Fill(5, 40);
  std::string header = ReadFile(folder_.path() + "/journal.header");
  header[3] ^= 1;
  WriteFile(folder_.path() + "/journal.header", header);
  ExpectRefused("sequences from 1 on", "without its header nobody knows whether the journal is all there");
}

TEST_F(WalRepairTest, OpenedAnewItIsAnotherCopyAndEverythingIsKeptAside) {
  Fill(60, 400);
  Flip(2, 64 + 100);
  for (int round = 1; round <= 2; ++round) {
    const auto before = Files();
    auto journal = Make();
    ASSERT_FALSE(journal->Open(Token(2)).ok());
    const auto report = journal->OpenAnew(Token(2));
    ASSERT_TRUE(report.ok()) << report.status();
    EXPECT_EQ(report->last_sequence.value(), 0U);
    EXPECT_NE(journal->Identity(), identity_);
    EXPECT_EQ(Files("/damaged-" + std::to_string(round)), before);
    RecordChain chain;
    ASSERT_TRUE(AppendAndWait(*journal, chain.Next()).ok());
    journal.reset();
    // Again, of a journal without its header, as an interrupted attempt leaves it.
    std::filesystem::remove(folder_.path() + "/journal.header");
  }
}

TEST_F(WalRepairTest, AnInterruptedRepairIsDoneAgain) {
  Fill(60, 400);
  Flip(2, 64 + 100);
  std::filesystem::remove(Segment(4));
  StoppingIo io;
  options_.io = &io;
  const int whole = io.writes_left;
  int interrupted = 0;
  for (int writes = 0;; ++writes) {
    auto journal = Make();
    ASSERT_EQ(journal->Open(Token(2)).status().code(), absl::StatusCode::kDataLoss) << writes;
    io.writes_left = writes;
    const absl::Status status = journal->Mend(Token(2), other_).status();
    io.writes_left = whole;
    if (status.ok()) break;
    ++interrupted;
    ASSERT_FALSE(std::filesystem::exists(folder_.path() + "/damaged-1")) << "a new segment took its place too early";
  }
  EXPECT_GT(interrupted, 4);
  ExpectWhole();
}

}  // namespace
}  // namespace xt::contract
