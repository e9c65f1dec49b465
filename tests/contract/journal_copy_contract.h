// The contract of ports::JournalCopy as tests, beyond that of CommandJournal; see command_journal_contract.h for how an
// adapter uses it.
#pragma once

#include <memory>
#include <string>
#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "libs/ports/journal_copy.h"
#include "tests/contract/contract_support.h"
#include "tests/contract/journal_support.h"

namespace xt::contract {

class JournalCopyBackend {
 public:
  virtual ~JournalCopyBackend() = default;
  // A new handle on the same data. At most one is alive at a time.
  virtual std::unique_ptr<ports::JournalCopy> Connect() = 0;
};
using JournalCopyBackendFactory = std::unique_ptr<JournalCopyBackend> (*)();

class JournalCopyContract : public ::testing::TestWithParam<JournalCopyBackendFactory> {
 protected:
  JournalCopyContract() : backend_(GetParam()()) {}

  void MustReopen(ports::FencingToken token) {
    copy_.reset();
    copy_ = backend_->Connect();
    auto report = copy_->Open(token);
    ASSERT_TRUE(report.ok()) << report.status();
    report_ = *report;
    chain_ = RecordChain(report_);
    chain_.set_epoch(token.epoch.value());
  }
  // Records of three commands each.
  void MustAppend(int records, std::size_t padding = 0) {
    for (int i = 0; i < records; ++i) ASSERT_TRUE(AppendAndWait(*copy_, chain_.Next(3, padding)).ok());
  }

  std::unique_ptr<JournalCopyBackend> backend_;
  std::unique_ptr<ports::JournalCopy> copy_;
  ports::OpenReport report_;
  RecordChain chain_;
};

TEST_P(JournalCopyContract, ItIsWhoItWasWhenItIsOpenedAgain) {
  MustReopen(Token(1));
  const std::string identity = copy_->Identity();
  EXPECT_THAT(identity, ::testing::Not(::testing::IsEmpty()));
  MustAppend(1);
  MustReopen(Token(2));
  EXPECT_EQ(copy_->Identity(), identity);
}

TEST_P(JournalCopyContract, TheTailIsCutAndAnotherGrows) {
  for (const std::uint64_t keep : {27U, 15U, 3U, 0U}) {
    MustReopen(Token(1));
    MustAppend(static_cast<int>(10 - report_.records), 900);
    MustReopen(Token(1));
    ASSERT_EQ(report_.last_sequence.value(), 30U);
    EXPECT_EQ(copy_->CutTail(domain::SequenceNumber(14)).code(), absl::StatusCode::kNotFound);
    ASSERT_TRUE(copy_->CutTail(domain::SequenceNumber(keep)).ok()) << keep;
    EXPECT_EQ(copy_->TailSequence().value(), keep);
    EXPECT_EQ(ReadSequences(*copy_, 1).size(), keep / 3);
    EXPECT_EQ(AppendAndWait(*copy_, chain_.Next()).code(), absl::StatusCode::kInvalidArgument) << "behind what was cut";
    MustReopen(Token(1));
    EXPECT_EQ(report_.last_sequence.value(), keep) << "durably";
    ASSERT_TRUE(copy_->CutTail(domain::SequenceNumber(keep)).ok()) << "again is harmless";
    MustAppend(1, 500);
    EXPECT_EQ(copy_->CutTail(domain::SequenceNumber(keep)).code(), absl::StatusCode::kFailedPrecondition)
        << "only before the first append";
    EXPECT_EQ(ReadSequences(*copy_, 1).size(), keep / 3 + 1);
  }
}

TEST_P(JournalCopyContract, ATailOfSeveralEpochsIsCut) {
  for (std::uint64_t epoch = 1; epoch <= 4; ++epoch) {
    MustReopen(Token(epoch));
    MustAppend(2);
  }
  MustReopen(Token(9));
  ASSERT_TRUE(copy_->CutTail(domain::SequenceNumber(9)).ok());
  MustReopen(Token(9));
  EXPECT_EQ(report_.last_epoch.value(), 2U);
  chain_.set_epoch(2);
  MustAppend(1);
}

TEST_P(JournalCopyContract, WhatIsTrimmedIsForgotten) {
  MustReopen(Token(3));
  MustAppend(10, 900);
  EXPECT_EQ(copy_->TrimFront(domain::SequenceNumber(31)).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(copy_->Base(), ports::JournalBase());
  const auto all = RecordsOf(*copy_);
  ASSERT_TRUE(copy_->TrimFront(domain::SequenceNumber(23)).ok());
  const ports::JournalBase base = copy_->Base();
  ASSERT_GT(base.sequence.value(), 0U);
  ASSERT_LE(base.sequence.value(), 21U) << "the record behind 21 is needed";
  const ports::JournalRecord& last_gone = all[base.sequence.value() / 3 - 1];
  EXPECT_EQ(base, (ports::JournalBase{last_gone.last_sequence, last_gone.hash, last_gone.epoch}));
  for (const bool reopened : {false, true}) {
    if (reopened) MustReopen(Token(3));
    EXPECT_EQ(copy_->Base(), base);
    const auto left = ReadSequences(*copy_, 0);
    ASSERT_EQ(left.size(), 10 - base.sequence.value() / 3);
    EXPECT_EQ(left.front(), base.sequence.value() + 1);
    EXPECT_EQ(ReadSequences(*copy_, base.sequence.value() + 1), left);
    const auto readable = copy_->ReadableFrom();
    ASSERT_TRUE(readable.ok()) << readable.status();
    if (readable->value() == 1) {
      EXPECT_EQ(ReadSequences(*copy_, 1).size(), 10U) << "history";
      EXPECT_EQ(ReadSequences(*copy_, 5).front(), 4U);
      continue;
    }
    EXPECT_EQ(readable->value(), base.sequence.value() + 1);
    const auto nothing = [](const ports::JournalRecord&) { return absl::OkStatus(); };
    EXPECT_EQ(copy_->Read(base.sequence, nothing).code(), absl::StatusCode::kOutOfRange);
    EXPECT_EQ(copy_->Read(domain::SequenceNumber(1), nothing).code(), absl::StatusCode::kOutOfRange);
  }
  EXPECT_EQ(report_.last_sequence.value(), 30U);
  EXPECT_EQ(report_.records, 10 - base.sequence.value() / 3);
  EXPECT_EQ(copy_->CutTail(domain::SequenceNumber(base.sequence.value() - 3)).code(), absl::StatusCode::kNotFound);
  MustAppend(1);
  ASSERT_TRUE(copy_->TrimFront(domain::SequenceNumber(1)).ok()) << "behind that already";
  EXPECT_EQ(copy_->Base(), base);
}

TEST_P(JournalCopyContract, EverythingBehindTheBaseIsCut) {
  MustReopen(Token(3));
  MustAppend(10, 900);
  ASSERT_TRUE(copy_->TrimFront(domain::SequenceNumber(21)).ok());
  MustReopen(Token(3));
  const ports::JournalBase base = copy_->Base();
  ASSERT_TRUE(copy_->CutTail(base.sequence).ok());
  EXPECT_EQ(copy_->TailSequence(), base.sequence);
  MustReopen(Token(3));
  EXPECT_EQ(report_.last_sequence, base.sequence);
  EXPECT_EQ(report_.last_hash, base.hash);
  EXPECT_EQ(report_.last_epoch, base.epoch);
  EXPECT_EQ(report_.records, 0U);
  MustAppend(2, 900);
  MustReopen(Token(3));
  EXPECT_EQ(report_.last_sequence.value(), base.sequence.value() + 6);
  EXPECT_EQ(copy_->Base(), base);
}

TEST_P(JournalCopyContract, ItBeginsWhereItIsTold) {
  const ports::JournalBase base{domain::SequenceNumber(1'000), HashBytes("the last one before"), domain::Epoch(2)};
  for (const int before : {0, 10}) {
    MustReopen(Token(3));
    const std::string identity = copy_->Identity();
    MustAppend(before, 900);
    if (before > 0) {
      EXPECT_EQ(copy_->BeginAt(base).code(), absl::StatusCode::kFailedPrecondition) << "only before the first append";
    }
    MustReopen(Token(3));
    ASSERT_TRUE(copy_->BeginAt(base).ok());
    EXPECT_EQ(copy_->Base(), base);
    EXPECT_EQ(copy_->TailSequence(), base.sequence);
    EXPECT_THAT(ReadSequences(*copy_, 0), ::testing::IsEmpty());
    chain_ = RecordChain(ports::EmptyBehind(base));
    MustAppend(5, 900);
    MustReopen(Token(3));
    EXPECT_EQ(report_.last_sequence.value(), 1'015U);
    EXPECT_EQ(report_.records, 5U);
    EXPECT_EQ(copy_->Base(), base);
    EXPECT_THAT(ReadSequences(*copy_, 0), ::testing::ElementsAre(1'001, 1'004, 1'007, 1'010, 1'013));
    EXPECT_EQ(copy_->Identity(), identity);
  }
}

TEST_P(JournalCopyContract, ItIsTrimmedWhileItGrowsAndIsRead) {
  MustReopen(Token(1));
  constexpr std::uint64_t kRecords = 300;
  Outcomes<absl::Status> outcomes;
  std::thread trimmer([&] {
    while (copy_->TailSequence().value() < kRecords) {
      const absl::Status status = copy_->TrimFront(copy_->TailSequence());
      EXPECT_TRUE(status.ok()) << status;
    }
  });
  std::thread reader([&] {
    while (copy_->TailSequence().value() < kRecords) {
      std::uint64_t expected = 0;
      const absl::Status status =
          copy_->Read(domain::SequenceNumber(copy_->Base().sequence.value() + 1), [&](const auto& record) {
            EXPECT_TRUE(expected == 0 || record.first_sequence.value() == expected);
            expected = record.last_sequence.value() + 1;
            return absl::OkStatus();
          });
      EXPECT_TRUE(status.ok() || absl::IsOutOfRange(status) || absl::IsUnavailable(status)) << status;
    }
  });
  for (std::uint64_t i = 0; i < kRecords; ++i) {
    copy_->Append(chain_.Next(1, 100), [&](const absl::Status& status) { outcomes.Add(status); });
  }
  EXPECT_THAT(outcomes.WaitFor(kRecords),
              ::testing::AllOf(::testing::SizeIs(kRecords), ::testing::Each(absl::OkStatus())));
  trimmer.join();
  reader.join();
  MustReopen(Token(1));
  EXPECT_EQ(report_.last_sequence.value(), kRecords);
}

TEST_P(JournalCopyContract, ItIsReadWhileItGrows) {
  MustReopen(Token(1));
  constexpr int kRecords = 300;
  std::thread reader([&] {
    for (std::size_t seen = 0; seen < kRecords;) {
      const std::size_t now = ReadSequences(*copy_, 1).size();
      ASSERT_GE(now, seen);
      seen = now;
    }
  });
  Outcomes<absl::Status> outcomes;
  for (int i = 0; i < kRecords; ++i) {
    copy_->Append(chain_.Next(1, 100), [&](const absl::Status& status) { outcomes.Add(status); });
  }
  EXPECT_THAT(outcomes.WaitFor(kRecords),
              ::testing::AllOf(::testing::SizeIs(kRecords), ::testing::Each(absl::OkStatus())));
  reader.join();
}

}  // namespace xt::contract
