// The contract of ports::CommandJournal as tests. An adapter includes this file in one test, describes its backend, and
// instantiates: INSTANTIATE_TEST_SUITE_P(Embedded, CommandJournalContract, ::testing::Values(&MakeBackend)).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "libs/ports/command_journal.h"
#include "tests/contract/contract_support.h"
#include "tests/contract/journal_support.h"

namespace xt::contract {

class CommandJournalBackend {
 public:
  virtual ~CommandJournalBackend() = default;
  // A new handle on the same data, as after a restart of the process. At most one is alive at a time.
  virtual std::unique_ptr<ports::CommandJournal> Connect() = 0;
};
using CommandJournalBackendFactory = std::unique_ptr<CommandJournalBackend> (*)();

class CommandJournalContract : public ::testing::TestWithParam<CommandJournalBackendFactory> {
 protected:
  CommandJournalContract() : backend_(GetParam()()) {}

  absl::StatusOr<ports::OpenReport> Reopen(ports::FencingToken token) {
    journal_.reset();
    journal_ = backend_->Connect();
    return journal_->Open(token);
  }
  void MustReopen(ports::FencingToken token) {
    auto report = Reopen(token);
    ASSERT_TRUE(report.ok()) << report.status();
    report_ = *report;
    chain_ = RecordChain(report_);
    chain_.set_epoch(token.epoch.value());
  }
  void MustAppend(int records, std::size_t padding = 0) {
    for (int i = 0; i < records; ++i) ASSERT_TRUE(AppendAndWait(*journal_, chain_.Next(1, padding)).ok());
  }

  std::unique_ptr<CommandJournalBackend> backend_;
  std::unique_ptr<ports::CommandJournal> journal_;
  ports::OpenReport report_;
  RecordChain chain_;
};

TEST_P(CommandJournalContract, AnEmptyJournalReportsZero) {
  MustReopen(Token(1));
  EXPECT_EQ(report_.last_sequence.value(), 0U);
  EXPECT_EQ(report_.last_hash, Hash128());
  EXPECT_EQ(report_.last_epoch.value(), 0U);
  EXPECT_EQ(report_.records, 0U);
  EXPECT_EQ(report_.torn_bytes_cut, 0U);
  EXPECT_EQ(journal_->TailSequence().value(), 0U);
  EXPECT_THAT(ReadSequences(*journal_, 1), ::testing::IsEmpty());
}

TEST_P(CommandJournalContract, WhatWasConfirmedIsReadBackAsItWas) {
  MustReopen(Token(3));
  std::vector<ports::JournalRecord> appended;
  for (const std::uint64_t commands : {1, 3, 256, 1}) {
    appended.push_back(chain_.Next(commands, commands * 3));
    ASSERT_TRUE(AppendAndWait(*journal_, appended.back()).ok());
    EXPECT_EQ(journal_->TailSequence(), appended.back().last_sequence);
  }
  std::size_t next = 0;
  const auto same = [&](const ports::JournalRecord& record) {
    EXPECT_TRUE(SameRecord(record, appended[next])) << "record " << next;
    ++next;
    return absl::OkStatus();
  };
  ASSERT_TRUE(journal_->Read(domain::SequenceNumber(1), same).ok());
  EXPECT_EQ(next, appended.size());
  MustReopen(Token(3));
  EXPECT_EQ(report_.records, appended.size());
  EXPECT_EQ(report_.last_sequence.value(), 261U);
  EXPECT_EQ(report_.last_hash, appended.back().hash);
  EXPECT_EQ(report_.last_epoch.value(), 3U);
  next = 0;
  ASSERT_TRUE(journal_->Read(domain::SequenceNumber(1), same).ok());
  EXPECT_EQ(next, appended.size());
}

TEST_P(CommandJournalContract, ReadStartsAtTheRecordThatHoldsTheSequence) {
  MustReopen(Token(1));
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(AppendAndWait(*journal_, chain_.Next(10)).ok());
  EXPECT_THAT(ReadSequences(*journal_, 1), ::testing::ElementsAre(1, 11, 21, 31));
  EXPECT_THAT(ReadSequences(*journal_, 11), ::testing::ElementsAre(11, 21, 31));
  EXPECT_THAT(ReadSequences(*journal_, 20), ::testing::ElementsAre(11, 21, 31));
  EXPECT_THAT(ReadSequences(*journal_, 40), ::testing::ElementsAre(31));
  EXPECT_THAT(ReadSequences(*journal_, 41), ::testing::IsEmpty());
}

TEST_P(CommandJournalContract, AVisitorsErrorStopsTheReadAndIsReturned) {
  MustReopen(Token(1));
  MustAppend(5);
  int visited = 0;
  const absl::Status status = journal_->Read(domain::SequenceNumber(1), [&](const ports::JournalRecord&) {
    return ++visited == 3 ? absl::AbortedError("enough") : absl::OkStatus();
  });
  EXPECT_EQ(status, absl::AbortedError("enough"));
  EXPECT_EQ(visited, 3);
}

TEST_P(CommandJournalContract, ManyAppendsInFlightAreConfirmedInOrder) {
  MustReopen(Token(1));
  Outcomes<std::uint64_t> confirmed;
  constexpr std::uint64_t kCount = 500;
  for (std::uint64_t i = 1; i <= kCount; ++i) {
    journal_->Append(chain_.Next(1, i % 300), [&confirmed, i, this](const absl::Status& status) {
      EXPECT_TRUE(status.ok()) << status;
      EXPECT_EQ(journal_->TailSequence().value(), i);
      confirmed.Add(i);
    });
  }
  const auto order = confirmed.WaitFor(kCount);
  ASSERT_EQ(order.size(), kCount);
  for (std::uint64_t i = 0; i < kCount; ++i) ASSERT_EQ(order[i], i + 1);
  EXPECT_EQ(ReadSequences(*journal_, 1).size(), kCount);
}

TEST_P(CommandJournalContract, TheDestructorWaitsForTheAppendsUnderWay) {
  MustReopen(Token(1));
  Outcomes<absl::Status> outcomes;
  for (int i = 0; i < 100; ++i) {
    journal_->Append(chain_.Next(), [&](const absl::Status& status) { outcomes.Add(status); });
  }
  journal_.reset();
  EXPECT_THAT(outcomes.Get(), ::testing::AllOf(::testing::SizeIs(100), ::testing::Each(absl::OkStatus())));
  MustReopen(Token(1));
  EXPECT_EQ(report_.last_sequence.value(), 100U);
}

TEST_P(CommandJournalContract, AGapADuplicateOrAWrongHashIsRefusedAndFinal) {
  const std::vector<std::function<void(ports::JournalRecord&)>> breakages = {
      [](auto& record) {
        record.first_sequence = domain::SequenceNumber(5);
        record.last_sequence = record.first_sequence;
      },
      [](auto& record) {
        record.first_sequence = domain::SequenceNumber(2);
        record.last_sequence = record.first_sequence;
      },
      [](auto& record) { record.last_sequence = domain::SequenceNumber(1); },
      [](auto& record) { record.previous_hash.low ^= 1; },
      [](auto& record) { record.bytes += 'y'; },
  };
  for (std::size_t i = 0; i < breakages.size(); ++i) {
    MustReopen(Token(1));
    if (report_.records == 0) MustAppend(2);
    const ports::JournalRecord good = chain_.Next();
    ports::JournalRecord bad = good;
    breakages[i](bad);
    EXPECT_EQ(AppendAndWait(*journal_, bad).code(), absl::StatusCode::kInvalidArgument) << "breakage " << i;
    EXPECT_FALSE(AppendAndWait(*journal_, good).ok()) << "any status but OK is final for the handle";
    EXPECT_EQ(journal_->TailSequence().value(), 2U);
  }
  MustReopen(Token(1));
  EXPECT_EQ(report_.last_sequence.value(), 2U);
  MustAppend(1);
}

TEST_P(CommandJournalContract, ALowerTokenIsFenced) {
  MustReopen(Token(5, 2));
  MustAppend(1);
  for (const auto& [epoch, generation] : std::vector<std::pair<std::uint64_t, std::uint32_t>>{{4, 9}, {5, 1}}) {
    const auto refused = Reopen(Token(epoch, generation));
    EXPECT_EQ(refused.status().code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_THAT(std::string(refused.status().message()), ::testing::HasSubstr("FENCED"));
  }
  MustReopen(Token(5, 2));
  MustReopen(Token(5, 3));
  MustReopen(Token(6));
  EXPECT_EQ(report_.last_sequence.value(), 1U);
  EXPECT_FALSE(Reopen(Token(5, 9)).ok());
}

TEST_P(CommandJournalContract, AnEpochAboveTheTokenIsFencedAndAFallingOneIsRefused) {
  MustReopen(Token(2));
  chain_.set_epoch(2);
  MustAppend(1);
  chain_.set_epoch(3);
  const absl::Status above = AppendAndWait(*journal_, chain_.Next());
  EXPECT_EQ(above.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(above.message()), ::testing::HasSubstr("FENCED"));
  MustReopen(Token(2));
  chain_.set_epoch(1);
  EXPECT_EQ(AppendAndWait(*journal_, chain_.Next()).code(), absl::StatusCode::kInvalidArgument);
}

TEST_P(CommandJournalContract, ItGoesOnAfterEveryRestart) {
  for (std::uint64_t epoch = 1; epoch <= 10; ++epoch) {
    MustReopen(Token(epoch));
    EXPECT_EQ(report_.last_sequence.value(), (epoch - 1) * 7);
    EXPECT_EQ(report_.last_epoch.value(), epoch - 1);
    MustAppend(7, 200);
  }
  MustReopen(Token(11));
  EXPECT_EQ(ReadSequences(*journal_, 1).size(), 70U);
}

}  // namespace xt::contract
