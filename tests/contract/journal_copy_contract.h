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
