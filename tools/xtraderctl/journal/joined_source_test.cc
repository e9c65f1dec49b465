// The whole journal out of copies that were trimmed: what one lacks another has, and only what leads to the end is
// taken.
#include "tools/xtraderctl/journal/joined_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tools/xtraderctl/testing/memory_journal.h"

namespace xt::ctl {
namespace {

using ::testing::ElementsAreArray;
using testing::MemoryJournal;
using ::testing::SizeIs;

std::vector<std::string> HashesOf(const MemoryJournal::Records& records) {
  std::vector<std::string> hashes;
  for (const ports::JournalRecord& record : records) hashes.push_back(record.hash.ToHex());
  return hashes;
}

class JoinedSourceTest : public ::testing::Test {
 protected:
  MemoryJournal& Add(const std::string& label, MemoryJournal journal = MemoryJournal::Story()) {
    auto copy = std::make_unique<MemoryJournal>(std::move(journal));
    copy->label = label;
    MemoryJournal& added = *copy;
    copies_.push_back(std::move(copy));
    return added;
  }
  // Reads everything; what is visited before it begins again does not count.
  absl::StatusOr<std::string> Read(const JournalSource::Begins& begins, const JournalSource::Visitor& visitor) {
    const auto joined = JoinedSource::Of(copies_);
    if (!joined.ok()) return joined.status();
    name_ = (*joined)->name();
    return (*joined)->Read(
        [&](const Beginning& beginning) {
          beginnings_.push_back(beginning);
          records_.clear();
          return begins(beginning);
        },
        [&](const ports::JournalRecord& record) {
          records_.push_back(record);
          return visitor(record);
        });
  }
  absl::StatusOr<std::string> Read() {
    return Read(testing::Anywhere, [](const ports::JournalRecord&) { return absl::OkStatus(); });
  }
  // The note.
  std::string MustRead() {
    const auto read = Read();
    EXPECT_TRUE(read.ok()) << read.status();
    return read.value_or("");
  }
  // Every record of the story once, and nothing else.
  void ExpectTheStory() const {
    ASSERT_FALSE(beginnings_.empty());
    EXPECT_EQ(beginnings_.back().base, ports::JournalBase());
    EXPECT_EQ(beginnings_.back().missing, "");
    EXPECT_THAT(HashesOf(records_), ElementsAreArray(HashesOf(story_.records)));
  }

  const MemoryJournal story_ = MemoryJournal::Story();
  CopySources copies_;
  std::string name_;
  std::vector<Beginning> beginnings_;
  MemoryJournal::Records records_;
};

TEST_F(JoinedSourceTest, OneWholeCopy) {
  Add("a").note = "a note";
  EXPECT_EQ(MustRead(), "a note");
  EXPECT_EQ(name_, "a");
  ExpectTheStory();
}

TEST_F(JoinedSourceTest, ItEndsAsTheLongestOfTheLastEpoch) {
  Add("shorter", MemoryJournal::Story(5));
  Add("longest");
  Add("as long");
  MustRead();
  EXPECT_EQ(name_, "longest");
  Add("later").records.back().epoch = domain::Epoch(2);
  Add("longer").Append({domain::Tick{}});
  MustRead();
  EXPECT_EQ(name_, "later");
}

TEST_F(JoinedSourceTest, WithoutACopyThatCanBeRead) {
  EXPECT_EQ(Read().status(), absl::UnavailableError("no journal is named"));
  copies_.push_back(WalSource("/is/not/there"));
  EXPECT_TRUE(absl::IsUnavailable(Read().status()));
  Add("a");
  MustRead();
  ExpectTheStory();
}

TEST_F(JoinedSourceTest, ItsOwnHistory) {
  MemoryJournal& copy = Add("a");
  copy.TrimToHistory(11);
  copy.TrimToHistory(13);
  copy.note = "a note";
  EXPECT_EQ(MustRead(), "a note; with the history: 1..11 from a, 12..13 from a");
  ExpectTheStory();
}

TEST_F(JoinedSourceTest, WhatOneLacksAnotherHas) {
  Add("a").TrimFront(13);
  Add("b", MemoryJournal::Story(5));
  EXPECT_EQ(MustRead(), "with the history: 1..13 from b");
  EXPECT_EQ(name_, "a");
  ExpectTheStory();
}

TEST_F(JoinedSourceTest, EachHasAPart) {
  MemoryJournal& a = Add("a");
  MemoryJournal::Records gone = a.TrimFront(14);
  gone.resize(2);
  a.history.push_back(std::move(gone));
  Add("b", MemoryJournal::Story(5)).TrimFront(10);
  EXPECT_EQ(MustRead(), "with the history: 1..10 from a, 11..14 from b") << "1..10 has only a";
  ExpectTheStory();
}

// Whose leader was deposed: its last frames reached its own file alone.
TEST_F(JoinedSourceTest, ATailThatWentAnotherWayIsNotTaken) {
  Add("a").TrimFront(13);
  Add("diverged", MemoryJournal::Story(3)).Append({domain::Tick{}});
  MustRead();
  EXPECT_EQ(beginnings_.back().base.sequence.value(), 13U) << "the same sequence, but not the same record";
  EXPECT_EQ(beginnings_.back().missing,
            "the journal begins behind sequence 13, no copy has what leads there: a has 14..15; diverged has 1..13");
  Add("b", MemoryJournal::Story(4));
  MustRead();
  ExpectTheStory();
}

TEST_F(JoinedSourceTest, WhatLiesBeforeSuchATailIs) {
  Add("a").TrimFront(13);
  MemoryJournal diverged = MemoryJournal::Story(4);
  diverged.Append({domain::Tick{}});
  MemoryJournal& b = Add("b");
  b.TrimFront(15);
  b.history.push_back(diverged.records);
  EXPECT_EQ(MustRead(), "with the history: 1..13 from b");
  ExpectTheStory();
}

TEST_F(JoinedSourceTest, WithoutTheBeginningItBeginsWhereItCan) {
  MemoryJournal& a = Add("a");
  MemoryJournal::Records gone = a.TrimFront(14);
  a.history.push_back({gone[0]});
  a.history.push_back({gone[2], gone[3], gone[4]});
  copies_.push_back(WalSource("/is/not/there"));
  MustRead();
  const Beginning& beginning = beginnings_.back();
  EXPECT_EQ(beginning.base, (ports::JournalBase{domain::SequenceNumber(11), story_.records[1].hash, domain::Epoch(0)}));
  EXPECT_EQ(beginning.missing,
            "the journal begins behind sequence 11, no copy has what leads there: a has 1..10, 12..15; wal "
            "/is/not/there cannot be read");
  EXPECT_THAT(records_, SizeIs(4));
}

TEST_F(JoinedSourceTest, ABaseThatIsKnownHasItsEpoch) {
  MemoryJournal& a = Add("a");
  a.TrimFront(15);
  MustRead();
  EXPECT_EQ(beginnings_.back().base, a.base);
  EXPECT_EQ(a.base.epoch.value(), 1U);
  EXPECT_THAT(records_, SizeIs(0));
}

TEST_F(JoinedSourceTest, DamageOfAHistoryIsToldWhoeverHasTheRecords) {
  Add("a").damage = "a at offset 1";
  Add("b").damage = "b at offset 2";
  Add("c", MemoryJournal::Story(2));
  MustRead();
  EXPECT_EQ(beginnings_.back().damage, "a at offset 1; b at offset 2");
  ExpectTheStory();
}

TEST_F(JoinedSourceTest, OfOneThatForgetsOnlyTheEndIsReadWhereAnotherHasTheRest) {
  MemoryJournal& redis = Add("redis");
  redis.forgets = true;
  Add("diverged", MemoryJournal::Story(4)).Append({domain::Tick{}});
  Add("shorter", MemoryJournal::Story(2));
  Add("wal", MemoryJournal::Story(5));
  const auto read = Read(testing::Anywhere, [&](const ports::JournalRecord& record) {
    if (record.first_sequence.value() == 1) redis.TrimFront(14);
    return absl::OkStatus();
  });
  EXPECT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(name_, "redis");
  EXPECT_EQ(redis.looks, 1);
  ExpectTheStory();
}

TEST_F(JoinedSourceTest, WhatIsTrimmedMeanwhileIsTakenFromWhoHasIt) {
  MemoryJournal& redis = Add("redis");
  redis.forgets = true;
  MemoryJournal& wal = Add("wal", MemoryJournal::Story(3));
  const auto read = Read(testing::Anywhere, [&](const ports::JournalRecord& record) {
    if (record.last_sequence.value() == 12) {
      redis.TrimFront(14);
      wal.records = story_.records;
    }
    return absl::OkStatus();
  });
  EXPECT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(redis.looks, 2);
  EXPECT_THAT(beginnings_, SizeIs(1)) << "it goes on where it was";
  ExpectTheStory();
}

TEST_F(JoinedSourceTest, WhatNobodyHasAnyMoreLetsItBeginAgain) {
  MemoryJournal& redis = Add("redis");
  redis.forgets = true;
  Add("wal", MemoryJournal::Story(3));
  const auto read = Read(testing::Anywhere, [&](const ports::JournalRecord& record) {
    if (record.last_sequence.value() == 12) redis.TrimFront(14);
    return absl::OkStatus();
  });
  EXPECT_TRUE(read.ok()) << read.status();
  ASSERT_THAT(beginnings_, SizeIs(2));
  EXPECT_EQ(beginnings_[1].base, redis.base);
  EXPECT_EQ(beginnings_[1].missing,
            "the journal begins behind sequence 14, no copy has what leads there: redis has 15..15; wal has 1..12");
  EXPECT_THAT(HashesOf(records_), ElementsAreArray({story_.records.back().hash.ToHex()}));
}

TEST_F(JoinedSourceTest, AJournalThatTookAnotherWayMeanwhileIsNotGoneOnWith) {
  MemoryJournal& redis = Add("redis");
  redis.forgets = true;
  Add("wal", MemoryJournal::Story(4));
  MemoryJournal other = MemoryJournal::Story(3);
  for (int i = 0; i < 3; ++i) other.Append({domain::Tick{}});
  const auto read = Read(testing::Anywhere, [&](const ports::JournalRecord& record) {
    if (record.last_sequence.value() == 13) redis.records = other.records;
    return absl::OkStatus();
  });
  EXPECT_EQ(read.status(), absl::UnavailableError("the journal was changed behind sequence 13 while it was read"));
  EXPECT_THAT(HashesOf(records_), ElementsAreArray(HashesOf(MemoryJournal::Story(4).records)));
}

TEST_F(JoinedSourceTest, OneThatIsTrimmedFasterThanItIsReadIsGivenUp) {
  MemoryJournal& redis = Add("redis");
  redis.forgets = true;
  const auto read = Read(
      [&](const Beginning&) {
        redis.Append({domain::Tick{}});
        redis.TrimFront(redis.records.back().last_sequence.value());
        return absl::OkStatus();
      },
      [](const ports::JournalRecord&) { return absl::OkStatus(); });
  EXPECT_EQ(read.status(), absl::UnavailableError("redis was trimmed"));
  EXPECT_EQ(redis.looks, 4);
}

TEST_F(JoinedSourceTest, AnErrorOfTheVisitorStops) {
  MemoryJournal& copy = Add("a");
  const absl::Status mine = absl::UnavailableError("mine");
  EXPECT_EQ(Read(testing::Anywhere, [&](const ports::JournalRecord&) { return mine; }).status(), mine);
  EXPECT_EQ(Read([&](const Beginning&) { return mine; }, [](const auto&) { return absl::OkStatus(); }).status(), mine);
  EXPECT_EQ(copy.looks, 2) << "once for each";
}

TEST_F(JoinedSourceTest, ABreakIsLeftToTheChainCheck) {
  MemoryJournal& copy = Add("a");
  copy.records.erase(copy.records.begin() + 2);
  MustRead();
  EXPECT_THAT(records_, SizeIs(5));
}

}  // namespace
}  // namespace xt::ctl
