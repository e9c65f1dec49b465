// What may be trimmed, and who is asked for it: keepers and the journal are fakes.
#include "services/sequencer/journal_trimmer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/sequencer/metrics.h"
#include "services/sequencer/testing/fake_buses.h"
#include "services/sequencer/testing/fake_journal.h"
#include "services/sequencer/testing/fake_keeper.h"

namespace xt::sequencer {
namespace {

using domain::SequenceNumber;
using ::testing::ElementsAre;
using testing::FakeExecutionStream;
using testing::FakeJournal;
using testing::FakeKeeper;
using ::testing::IsEmpty;

class JournalTrimmerTest : public ::testing::Test {
 protected:
  static constexpr std::uint64_t kCommands = 100;
  static constexpr std::uint64_t kKeep = 10;

  JournalTrimmerTest() {
    journal_.Open({domain::Epoch(1), 0}).IgnoreError();
    Hash128 previous;
    for (std::uint64_t n = 1; n <= kCommands; ++n) {
      ports::JournalRecord record;
      record.epoch = domain::Epoch(1);
      record.first_sequence = record.last_sequence = SequenceNumber(n);
      record.previous_hash = previous;
      record.bytes = std::to_string(n);
      record.hash = previous = HashBytes(record.bytes);
      journal_.Append(std::move(record), [](const absl::Status&) {});
    }
    frames_->Begin(domain::Epoch(1), SequenceNumber(kCommands));
    frames_->SetPublished(SequenceNumber(kCommands));
  }
  void Start(std::vector<SnapshotKeeper> keepers, std::uint64_t keep = kKeep) {
    trimmer_ = std::make_unique<JournalTrimmer>(
        TrimmerContext{journal_, std::move(keepers), frames_, executions_, metrics_.journal_base,
                       metrics_.journal_trims, metrics_.journal_trims_failed, keep, std::chrono::milliseconds(1)});
    trimmer_->Start();
  }
  void StartWithBoth() { Start({{"a:1", &a_}, {"b:1", &b_}}); }
  [[nodiscard]] std::uint64_t base() const { return journal_.Base().sequence.value(); }
  void TearDown() override { trimmer_.reset(); }

  FakeJournal journal_;
  FakeKeeper a_, b_, c_;
  FakeExecutionStream stream_;
  ports::ExecutionStream* executions_ = nullptr;
  const std::shared_ptr<CommittedFrames> frames_ = std::make_shared<CommittedFrames>(100);
  runtime::MetricsRegistry registry_;
  SequencerMetrics metrics_{registry_, "0"};
  std::unique_ptr<JournalTrimmer> trimmer_;
};

TEST_F(JournalTrimmerTest, WhatLiesBeforeTheOlderSnapshotIsForgotten) {
  a_.Keep({80, 60});
  b_.Keep({75, 55});
  StartWithBoth();
  ASSERT_TRUE(a_.WaitForALook());
  EXPECT_EQ(base(), 60u);
  EXPECT_EQ(metrics_.journal_base.value(), 60);
  EXPECT_EQ(metrics_.journal_trims.value(), 1u) << "once, then there is too little to gain";
  EXPECT_THAT(a_.copied(), IsEmpty());
  EXPECT_THAT(b_.copied(), IsEmpty());
}

TEST_F(JournalTrimmerTest, AReplicaThatWritesNoneTakesACopy) {
  a_.Keep({20, 10});
  b_.Keep({80, 60});
  StartWithBoth();
  ASSERT_TRUE(a_.WaitForALook());
  EXPECT_EQ(base(), 60u);
  EXPECT_THAT(a_.copied(), ElementsAre("b:1 60..100"));
}

TEST_F(JournalTrimmerTest, WithoutASecondKeeperNothingIsForgotten) {
  a_.Keep({20, 10});
  a_.FailCopies(absl::UnavailableError("the disk is full"));
  b_.Keep({80, 60});
  StartWithBoth();
  ASSERT_TRUE(b_.WaitForALook());
  EXPECT_EQ(base(), 0u);
  EXPECT_GT(metrics_.journal_trims_failed.value(), 0u);
  a_.Fail(absl::UnavailableError("away"));
  ASSERT_TRUE(b_.WaitForALook());
  a_.FailCopies(absl::OkStatus());
  ASSERT_TRUE(b_.WaitForALook());
  EXPECT_EQ(base(), 0u) << "of one that does not answer nothing is known";
  a_.Fail(absl::OkStatus());
  ASSERT_TRUE(b_.WaitForALook());
  EXPECT_EQ(base(), 60u);
}

TEST_F(JournalTrimmerTest, AReplicaThatIsAloneIsEnough) {
  a_.Keep({80, 60});
  Start({{"a:1", &a_}});
  ASSERT_TRUE(a_.WaitForALook());
  EXPECT_EQ(base(), 60u);
}

TEST_F(JournalTrimmerTest, TwoOfThreeAreEnough) {
  a_.Keep({80, 60});
  b_.Keep({81, 61});
  c_.Fail(absl::UnavailableError("away"));
  Start({{"a:1", &a_}, {"b:1", &b_}, {"c:1", &c_}});
  ASSERT_TRUE(a_.WaitForALook());
  EXPECT_EQ(base(), 61u);
}

TEST_F(JournalTrimmerTest, TheNewestSnapshotIsNotReliedOn) {
  a_.Keep({80});
  b_.Keep({80});
  StartWithBoth();
  ASSERT_TRUE(a_.WaitForALook());
  EXPECT_EQ(base(), 0u);
}

TEST_F(JournalTrimmerTest, WhatABusLacksStays) {
  a_.Keep({80, 60, 30, 20});
  b_.Keep({80, 60, 30, 20});
  frames_->SetPublished(SequenceNumber(59));
  StartWithBoth();
  ASSERT_TRUE(a_.WaitForALook());
  EXPECT_EQ(base(), 20u) << "a replica that is to tell the results behind 59 again begins with 30, or with 20";
}

TEST_F(JournalTrimmerTest, WhatTheReadersOfTheExecutionsLackStays) {
  a_.Keep({80, 60, 30, 20});
  b_.Keep({80, 60, 30, 20});
  executions_ = &stream_;
  stream_.SetAcknowledged(59);
  StartWithBoth();
  ASSERT_TRUE(a_.WaitForALook());
  EXPECT_EQ(base(), 20u) << "all was published, and not all was read";
  stream_.SetAcknowledged(100);
  ASSERT_TRUE(stream_.WaitForAsked(2));
  EXPECT_EQ(base(), 60u);
}

TEST_F(JournalTrimmerTest, WithoutAnAnswerOfTheExecutionsNothingIsForgotten) {
  a_.Keep({80, 60});
  b_.Keep({80, 60});
  executions_ = &stream_;
  stream_.SetAcknowledged(100);
  stream_.SetDown(true);
  StartWithBoth();
  ASSERT_TRUE(stream_.WaitForAsked(3));
  EXPECT_EQ(base(), 0u);
  EXPECT_GT(metrics_.journal_trims_failed.value(), 0u);
  stream_.SetDown(false);
  ASSERT_TRUE(journal_.WaitForTrim());
  EXPECT_EQ(base(), 60u);
}

TEST_F(JournalTrimmerTest, TheLastCommandsStay) {
  a_.Keep({99, 98});
  b_.Keep({99, 98});
  StartWithBoth();
  ASSERT_TRUE(journal_.WaitForTrim());
  EXPECT_EQ(base(), 90u);
}

TEST_F(JournalTrimmerTest, AJournalThatIsShortIsLeftAlone) {
  a_.Keep({99, 98});
  b_.Keep({99, 98});
  Start({{"a:1", &a_}, {"b:1", &b_}}, 51);
  frames_->Commit(SequenceNumber(102));
  ASSERT_TRUE(journal_.WaitForTrim());
  EXPECT_EQ(base(), 51u) << "at twice as long";
}

TEST_F(JournalTrimmerTest, AJournalThatCannotBeTrimmedIsTriedAgain) {
  a_.Keep({80, 60});
  b_.Keep({80, 60});
  journal_.FailTrim(absl::UnavailableError("Redis is away"));
  StartWithBoth();
  ASSERT_TRUE(a_.WaitForALook());
  EXPECT_EQ(metrics_.journal_trims.value(), 0u);
  EXPECT_GT(metrics_.journal_trims_failed.value(), 0u);
  journal_.FailTrim(absl::OkStatus());
  ASSERT_TRUE(a_.WaitForALook());
  EXPECT_EQ(base(), 60u);
}

}  // namespace
}  // namespace xt::sequencer
