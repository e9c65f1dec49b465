// I10: copies of the journal that are the same, that went their own way, and that were trimmed.
#include "tools/xtraderctl/verify/copies_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "tools/xtraderctl/journal/joined_source.h"
#include "tools/xtraderctl/testing/memory_journal.h"

namespace xt::ctl {
namespace {

using testing::MemoryJournal;

class CopiesTest : public ::testing::Test {
 protected:
  // The first one is the journal.
  MemoryJournal& Add(const std::string& label, MemoryJournal journal = MemoryJournal::Story()) {
    auto copy = std::make_unique<MemoryJournal>(std::move(journal));
    copy->label = label;
    MemoryJournal& added = *copy;
    copies_.push_back(std::move(copy));
    return added;
  }
  std::string Said(std::uint64_t committed = 15) {
    const auto journal = JoinedSource::Of(copies_);
    EXPECT_TRUE(journal.ok()) << journal.status();
    EXPECT_EQ(&(*journal)->copy(), copies_[0].get());
    const Verdict verdict = CompareCopies(copies_, (*journal)->copy(), **journal, domain::SequenceNumber(committed));
    const char* const outcomes[] = {"ok ", "violated ", "not checked "};
    EXPECT_EQ(verdict.invariant, "I10");
    return outcomes[static_cast<int>(verdict.outcome)] + verdict.text;
  }

  CopySources copies_;
};

// Ticks instead of what the story has behind these frames.
MemoryJournal Diverged(std::size_t frames, int ticks) {
  MemoryJournal journal = MemoryJournal::Story(frames);
  for (int i = 0; i < ticks; ++i) journal.Append({domain::Tick{}});
  return journal;
}

TEST_F(CopiesTest, ACopyThatWentItsOwnWay) {
  Add("journal");
  EXPECT_EQ(Said(), "not checked there is one copy, nothing to compare it with");
  MemoryJournal& copy = Add("copy", MemoryJournal::Story(5));
  EXPECT_EQ(Said(), "ok of 15 the same: copy up to 14");
  copy = Diverged(4, 1);
  copy.label = "copy";
  EXPECT_EQ(Said(), "violated copy has another frame at sequence 14");
  EXPECT_EQ(Said(13), "ok of 13 the same: copy up to 13") << "what was not committed may differ";
  EXPECT_EQ(Said(0), "not checked no database says what was committed");
  copies_.push_back(WalSource("/is/not/there"));
  EXPECT_EQ(Said(13), "ok of 13 the same: wal /is/not/there cannot be read; copy up to 13");
}

TEST_F(CopiesTest, ACopyThatIsNoChain) {
  Add("journal");
  MemoryJournal& copy = Add("copy");
  copy.records.erase(copy.records.begin() + 2);
  EXPECT_EQ(Said(), "violated copy: sequence 13 does not follow 11");
  copy = MemoryJournal::Story();
  copy.records[3].bytes.back() ^= 1;
  EXPECT_EQ(Said(), "violated memory: sequence 13 does not follow 12");
}

// Its last frame reached its own file and was refused everywhere else.
TEST_F(CopiesTest, WhatADeposedLeaderHasInItsFileAlone) {
  MemoryJournal& journal = Add("journal");
  MemoryJournal& copy = Add("copy", Diverged(4, 1));
  EXPECT_EQ(Said(), "violated copy has another frame at sequence 14") << "in one epoch nobody is deposed";
  journal.records[4].epoch = journal.records[5].epoch = domain::Epoch(2);
  EXPECT_EQ(Said(), "ok of 15 the same: copy up to 14, the last 1 frames never confirmed");
  copy.Append({domain::Tick{}});
  copy.records.back().epoch = domain::Epoch(2);
  EXPECT_EQ(Said(), "violated copy has another frame at sequence 14") << "a frame of the later epoch follows";
}

TEST_F(CopiesTest, MoreThanMayBeInFlight) {
  MemoryJournal& journal = Add("journal");
  for (int i = 0; i < 10; ++i) journal.Append({domain::DefineAsset{*domain::AssetCode::From("ETH"), 8}});
  for (std::size_t i = 4; i < journal.records.size(); ++i) journal.records[i].epoch = domain::Epoch(2);
  MemoryJournal& copy = Add("copy", Diverged(4, 8));
  EXPECT_EQ(Said(25), "ok of 25 the same: copy up to 21, the last 8 frames never confirmed");
  copy.Append({domain::Tick{}});
  EXPECT_EQ(Said(25), "violated copy has another frame at sequence 14");
}

// Longer than what is kept of a copy.
TEST_F(CopiesTest, ALongTail) {
  constexpr int kFrames = 1'100;
  MemoryJournal& journal = Add("journal", Diverged(6, kFrames));
  Add("same", Diverged(6, kFrames));
  EXPECT_EQ(Said(15 + kFrames), "ok of 1115 the same: same up to 1115");
  copies_.pop_back();
  Add("other", Diverged(5, kFrames));
  EXPECT_EQ(Said(15 + kFrames), "violated other has another frame at sequence 91 or before");
  EXPECT_EQ(journal.records.size(), 6U + kFrames);
}

TEST_F(CopiesTest, ACopyThatWasTrimmed) {
  Add("journal");
  MemoryJournal& copy = Add("copy", MemoryJournal::Story(5));
  copy.TrimFront(12);
  EXPECT_EQ(Said(), "ok of 15 the same: copy from 13 up to 14");
  copy.TrimFront(14);
  EXPECT_EQ(Said(), "ok of 15 the same: copy begins behind 14");
  copy.base.hash.low ^= 1;
  EXPECT_EQ(Said(), "violated copy begins behind another frame than the journal has at sequence 14");
}

TEST_F(CopiesTest, ACopyThatWasTrimmedAndWentItsOwnWay) {
  Add("journal");
  MemoryJournal& copy = Add("copy", Diverged(4, 1));
  copy.TrimFront(12);
  EXPECT_EQ(Said(), "violated copy has another frame at sequence 14");
  copy = Diverged(3, 2);
  copy.TrimFront(13);
  EXPECT_EQ(Said(), "violated memory begins behind another frame than the journal has at sequence 13");
}

TEST_F(CopiesTest, AJournalThatWasTrimmedIsComparedWithItsHistory) {
  Add("journal").TrimToHistory(12);
  Add("copy", MemoryJournal::Story(4));
  EXPECT_EQ(Said(), "ok of 15 the same: copy up to 13");
}

TEST_F(CopiesTest, WithoutTheBeginningCopiesAreComparedFromWhereTheJournalBegins) {
  MemoryJournal& journal = Add("journal");
  journal.TrimFront(13);
  MemoryJournal& copy = Add("copy", MemoryJournal::Story(5));
  copy.TrimFront(13);
  EXPECT_EQ(Said(), "ok of 15 the same, from 14 on: copy from 14 up to 14");
  copy = Diverged(3, 2);
  EXPECT_EQ(Said(), "violated memory has another frame at sequence 13") << "the journal's base is not in it";
  copy = Diverged(2, 1);
  EXPECT_EQ(Said(), "not checked there is one copy, nothing to compare it with") << "it ends before the journal begins";
  Add("same", MemoryJournal::Story(5)).TrimFront(14);
  EXPECT_EQ(Said(), "ok of 15 the same, from 14 on: memory up to 12, before the journal begins; same begins behind 14");
}

// While it is read it loses its beginning, and tells anew where it begins.
TEST_F(CopiesTest, ACopyThatIsReadAgain) {
  class Restless final : public CopySource {
   public:
    [[nodiscard]] std::string name() const override { return "restless"; }
    absl::StatusOr<std::string> Read(const Begins& begins, const Visitor& visitor) override {
      MemoryJournal other = Diverged(2, 2);
      other.TrimFront(10);
      const auto read = other.Read(begins, visitor);
      return read.ok() ? journal_.Read(begins, visitor) : read;
    }
    absl::StatusOr<Holdings> Look() override { return absl::UnavailableError("not now"); }
    MemoryJournal journal_ = MemoryJournal::Story(5);
  };
  Add("journal");
  auto restless = std::make_unique<Restless>();
  restless->journal_.TrimFront(13);
  copies_.push_back(std::move(restless));
  EXPECT_EQ(Said(), "ok of 15 the same: restless from 14 up to 14");
}

}  // namespace
}  // namespace xt::ctl
