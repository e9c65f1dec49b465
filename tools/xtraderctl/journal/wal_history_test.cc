// What folders of a WalJournal keep of what was trimmed, read back into one journal: real folders, with small segments.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "libs/adapters/embedded/wal_journal.h"
#include "tests/support/files.h"
#include "tools/xtraderctl/journal/joined_source.h"
#include "tools/xtraderctl/testing/memory_journal.h"

namespace xt::ctl {
namespace {

using embedded::WalJournal;
using ::testing::HasSubstr;
using testing::MemoryJournal;
using Records = MemoryJournal::Records;

embedded::WalOptions SmallSegments() {
  embedded::WalOptions options;
  options.segment_bytes = 4096;
  return options;
}

// The story and ticks: some thirty records in each segment.
constexpr std::size_t kTicks = 200;
constexpr std::size_t kFrames = 6 + kTicks;
constexpr std::uint64_t kLast = 15 + kTicks;
constexpr std::uint64_t kTrim = 150;  // four segments become history

MemoryJournal LongStory(std::size_t frames = kFrames) {
  MemoryJournal journal = MemoryJournal::Story();
  for (std::size_t i = 6; i < frames; ++i) journal.Append({domain::Tick{}});
  return journal;
}

ports::JournalBase Before(const ports::JournalRecord& record) {
  return {domain::SequenceNumber(record.first_sequence.value() - 1), record.previous_hash, record.epoch};
}

class WalHistoryTest : public ::testing::Test {
 protected:
  [[nodiscard]] std::string Folder(const std::string& name) const { return folder_ / name; }
  [[nodiscard]] std::string Segment(const std::string& name, int index) const {
    return Folder(name) + "/wal-0000000" + std::to_string(index) + ".log";
  }
  static void Append(WalJournal& wal, std::span<const ports::JournalRecord> records) {
    for (const ports::JournalRecord& record : records) {
      std::promise<absl::Status> done;
      wal.Append(record, [&](const absl::Status& status) { done.set_value(status); });
      ASSERT_TRUE(done.get_future().get().ok());
    }
  }
  // Records for a folder, which begins anew where they do not follow what it has; then it is trimmed. Its base.
  domain::SequenceNumber Write(const std::string& name, std::span<const ports::JournalRecord> records,
                               std::uint64_t trim = 0) {
    WalJournal wal(Folder(name), SmallSegments());
    const auto report = wal.Open({domain::Epoch(1), 0});
    EXPECT_TRUE(report.ok()) << report.status();
    if (report->last_hash != records.front().previous_hash) {
      EXPECT_TRUE(wal.BeginAt(Before(records.front())).ok());
    }
    Append(wal, records);
    EXPECT_TRUE(wal.TrimFront(domain::SequenceNumber(trim)).ok());
    if (trim != 0) {
      EXPECT_GT(wal.Base().sequence, report->last_sequence) << "a whole segment";
    }
    return wal.Base().sequence;
  }
  CopySource& Add(const std::string& name) {
    copies_.push_back(WalSource(Folder(name)));
    return *copies_.back();
  }
  // Name and content of every file.
  [[nodiscard]] std::map<std::string, std::string> Everything(const std::string& name) const {
    std::map<std::string, std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(Folder(name))) {
      files[entry.path().filename()] = test::ReadFile(entry.path());
    }
    return files;
  }
  static void Overwrite(const std::string& file, std::streamoff at) {
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekp(at);
    stream << "damage";
  }
  // The note; `begins` is called once the beginning is told.
  std::string MustRead(const std::function<void()>& begins = [] {}) {
    const auto joined = JoinedSource::Of(copies_);
    EXPECT_TRUE(joined.ok()) << joined.status();
    visited_.clear();
    const auto read = (*joined)->Read(
        [&](const Beginning& beginning) {
          beginning_ = beginning;
          begins();
          return absl::OkStatus();
        },
        [&](const ports::JournalRecord& record) {
          visited_.push_back(record);
          return absl::OkStatus();
        });
    EXPECT_TRUE(read.ok()) << read.status();
    return read.value_or("");
  }
  // All records of the story from this index on, and no others.
  void ExpectVisited(std::size_t first = 0) const {
    ASSERT_EQ(visited_.size(), story_.size() - first);
    for (std::size_t i = 0; i < visited_.size(); ++i) {
      ASSERT_EQ(visited_[i].hash, story_[first + i].hash) << i;
      ASSERT_EQ(visited_[i].bytes, story_[first + i].bytes) << i;
    }
    EXPECT_EQ(beginning_.base.sequence.value(), story_[first].first_sequence.value() - 1);
    EXPECT_EQ(beginning_.base.hash, story_[first].previous_hash);
    EXPECT_EQ(beginning_.missing.empty(), first == 0);
  }
  // Of the record that begins behind this sequence.
  [[nodiscard]] std::size_t IndexBehind(domain::SequenceNumber sequence) const {
    return static_cast<std::size_t>(
        std::ranges::find(story_, domain::SequenceNumber(sequence.value() + 1), &ports::JournalRecord::first_sequence) -
        story_.begin());
  }
  [[nodiscard]] std::span<const ports::JournalRecord> Frames(std::size_t from, std::size_t to = kFrames) const {
    return std::span(story_).subspan(from, to - from);
  }

  test::TemporaryFolder folder_;
  const Records story_ = LongStory().records;
  CopySources copies_;
  Beginning beginning_;
  Records visited_;
};

TEST_F(WalHistoryTest, AFolderThatWasTrimmedHasAllOfIt) {
  const domain::SequenceNumber base = Write("a", Frames(0), kTrim);
  const auto before = Everything("a");
  ASSERT_GT(before.size(), 4U) << "several segments";
  CopySource& copy = Add("a");
  std::uint64_t first = 0;
  ASSERT_TRUE(copy.Read(
                      [&](const Beginning& beginning) {
                        EXPECT_EQ(beginning.base.sequence, base);
                        EXPECT_EQ(beginning.missing,
                                  copy.name() + " begins behind sequence " + std::to_string(base.value()));
                        return absl::OkStatus();
                      },
                      [&](const ports::JournalRecord& record) {
                        if (first == 0) first = record.first_sequence.value();
                        return absl::OkStatus();
                      })
                  .ok());
  EXPECT_EQ(first, base.value() + 1) << "the copy alone";
  EXPECT_EQ(MustRead(), "with the history: 1.." + std::to_string(base.value()) + " from " + copy.name());
  ExpectVisited();
  EXPECT_EQ(beginning_.damage, "");
  EXPECT_EQ(Everything("a"), before);
}

TEST_F(WalHistoryTest, ItsOwnerTrimsAndWritesMeanwhile) {
  Write("a", Frames(0, kFrames - 10));
  WalJournal owner(Folder("a"), SmallSegments());
  ASSERT_TRUE(owner.Open({domain::Epoch(1), 0}).ok());
  Add("a");
  MustRead([&] {
    Append(owner, Frames(kFrames - 10));
    EXPECT_TRUE(owner.TrimFront(domain::SequenceNumber(kLast)).ok());
    EXPECT_GT(owner.Base().sequence.value(), 0U);
  });
  ExpectVisited();
}

TEST_F(WalHistoryTest, HistoryThatWasMovedAwayBeginsLater) {
  Write("a", Frames(0), kTrim);
  std::filesystem::rename(Segment("a", 1), Folder("moved"));
  CopySource& copy = Add("a");
  MustRead();
  ASSERT_GT(beginning_.base.sequence.value(), 15U);
  ASSERT_LT(beginning_.base.sequence.value(), 60U) << "the second segment is there";
  ExpectVisited(IndexBehind(beginning_.base.sequence));
  EXPECT_EQ(beginning_.damage, "");
  const std::string base = std::to_string(beginning_.base.sequence.value());
  EXPECT_EQ(beginning_.missing,
            "the journal begins behind sequence " + base + ", no copy has what leads there: " + copy.name() + " has " +
                std::to_string(beginning_.base.sequence.value() + 1) + ".." + std::to_string(kLast));
  Write("b", Frames(0, 60));
  Add("b");
  EXPECT_THAT(MustRead(), HasSubstr("1.." + base + " from wal " + Folder("b") + ", "));
  ExpectVisited();
  copies_.pop_back();
  std::filesystem::rename(Folder("moved"), Segment("a", 1));
  MustRead();
  ExpectVisited();
}

TEST_F(WalHistoryTest, AFileInTheMiddleIsMovedAway) {
  Write("a", Frames(0), kTrim);
  std::filesystem::remove(Segment("a", 2));
  Add("a");
  MustRead();
  ExpectVisited(IndexBehind(beginning_.base.sequence));
  EXPECT_GT(beginning_.base.sequence.value(), 60U);
  EXPECT_THAT(beginning_.missing, HasSubstr(" has 1.."));
  Write("b", Frames(0, 90));
  Add("b");
  MustRead();
  ExpectVisited();
}

// It led up to frame 30, two more frames reached its own file alone; when it led again, what is between was trimmed
// elsewhere.
TEST_F(WalHistoryTest, AFolderThatBeganAnewLeavesItsTailBehind) {
  MemoryJournal old_part = LongStory(30);
  old_part.Append({domain::Tick{}, domain::Tick{}});
  old_part.Append({domain::Tick{}});
  Write("a", old_part.records);
  const domain::SequenceNumber base = Write("a", Frames(50), kTrim);
  Add("a");
  MustRead();
  ExpectVisited(50);
  EXPECT_EQ(beginning_.damage, "");
  EXPECT_THAT(beginning_.missing, HasSubstr(" has 1..42, 60.."));
  // Who led between, and was deposed as well.
  MemoryJournal between = LongStory(70);
  between.Append({domain::Tick{}, domain::Tick{}});
  Write("b", between.records);
  Add("b");
  EXPECT_EQ(MustRead(), "with the history: 1..59 from wal " + Folder("b") + ", 60.." + std::to_string(base.value()) +
                            " from wal " + Folder("a"));
  ExpectVisited();
}

TEST_F(WalHistoryTest, DamageIsToldWithItsPlace) {
  Write("a", Frames(0), kTrim);
  Overwrite(Segment("a", 1), 100);
  Add("a");
  MustRead();
  EXPECT_EQ(beginning_.damage, Segment("a", 1) + " at offset 64: a record is damaged");
  ExpectVisited(1);
  Write("b", Frames(0, 10));
  Add("b");
  MustRead();
  ExpectVisited();
  EXPECT_EQ(beginning_.damage, Segment("a", 1) + " at offset 64: a record is damaged");
}

TEST_F(WalHistoryTest, DamageInTheMiddleOfAFileLeavesWhatIsAround) {
  Write("a", Frames(0), kTrim);
  Overwrite(Segment("a", 2), 2'000);
  Add("a");
  MustRead();
  EXPECT_THAT(beginning_.damage, HasSubstr(Segment("a", 2) + " at offset "));
  ExpectVisited(IndexBehind(beginning_.base.sequence));
  EXPECT_THAT(beginning_.missing, HasSubstr(" has 1.."));
  Write("b", Frames(0, 70));
  Add("b");
  MustRead();
  ExpectVisited();
}

TEST_F(WalHistoryTest, AFileThatIsShorterThanItWasMade) {
  Write("a", Frames(0), kTrim);
  std::filesystem::resize_file(Segment("a", 2), 4'096 - 8);  // of zeros
  Add("a");
  MustRead();
  ExpectVisited();
  EXPECT_THAT(beginning_.damage, HasSubstr(Segment("a", 2) + " at offset "));
  EXPECT_THAT(beginning_.damage, HasSubstr(": the file is shorter than it was made"));
}

TEST_F(WalHistoryTest, AHeaderIsDamagedButNotTheRecords) {
  Write("a", Frames(0), kTrim);
  Overwrite(Segment("a", 2), 10);
  Add("a");
  MustRead();
  ExpectVisited();
  EXPECT_EQ(beginning_.damage, Segment("a", 2) + " at offset 0: the segment's header is damaged");
}

// Since its end was damaged; another copy, that was trimmed too, filled the new one.
TEST_F(WalHistoryTest, WhatARepairKeptAsideIsHistory) {
  const domain::SequenceNumber base = Write("a", Frames(0), 60);
  const std::size_t index = IndexBehind(base);
  {
    WalJournal wal(Folder("a"), SmallSegments());
    std::filesystem::resize_file(Segment("a", 5), 100);
    ASSERT_TRUE(absl::IsDataLoss(wal.Open({domain::Epoch(1), 0}).status()));
    ASSERT_TRUE(wal.OpenAnew({domain::Epoch(1), 0}).ok());
    ASSERT_TRUE(wal.BeginAt(Before(story_[index])).ok());
    Append(wal, Frames(index));
  }
  Add("a");
  MustRead();
  ExpectVisited();
  EXPECT_EQ(beginning_.damage, "") << "it was told when it was repaired";
  std::filesystem::remove_all(Folder("a") + "/damaged-1");
  MustRead();
  ExpectVisited(index);
}

TEST_F(WalHistoryTest, AHeaderOfTheJournalThatIsDamaged) {
  Write("a", Frames(0), kTrim);
  Overwrite(Folder("a") + "/journal.header", 3);
  Add("a");
  const auto joined = JoinedSource::Of(copies_);
  ASSERT_TRUE(joined.ok()) << joined.status();
  const auto read = (*joined)->Read(testing::Anywhere, [](const auto&) { return absl::OkStatus(); });
  EXPECT_TRUE(absl::IsDataLoss(read.status())) << read.status();
}

}  // namespace
}  // namespace xt::ctl
