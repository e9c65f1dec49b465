// The contract of ports::ExecutionStream as tests; see command_journal_contract.h for how an adapter uses it.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "libs/ports/execution_stream.h"
#include "tests/contract/contract_support.h"
#include "tests/contract/event_support.h"

namespace xt::contract {

class ExecutionStreamBackend {
 public:
  virtual ~ExecutionStreamBackend() = default;
  // A new object on the same data, as after a restart of the process. At most one is alive at a time.
  virtual std::unique_ptr<ports::ExecutionStream> Connect() = 0;
  // Lets the time by which entries are idle pass.
  virtual void PassTime(std::chrono::milliseconds time) = 0;
};
using ExecutionStreamBackendFactory = std::unique_ptr<ExecutionStreamBackend> (*)();

class ExecutionStreamContract : public ::testing::TestWithParam<ExecutionStreamBackendFactory> {
 protected:
  using Deliveries = absl::StatusOr<std::vector<ports::ExecutionDelivery>>;

  ExecutionStreamContract() : backend_(GetParam()()), stream_(backend_->Connect()) {}
  void Reopen() {
    stream_.reset();
    stream_ = backend_->Connect();
    ASSERT_NE(stream_, nullptr);
  }
  std::unique_ptr<ports::ExecutionConsumer> Join(std::string_view consumer,
                                                 std::string_view group = ports::kExecutionGroup) {
    auto joined = stream_->Join(group, consumer);
    EXPECT_TRUE(joined.ok()) << joined.status();
    return joined.ok() ? *std::move(joined) : nullptr;
  }
  static std::vector<std::uint64_t> SequencesOf(const Deliveries& deliveries, std::uint32_t delivery_count) {
    EXPECT_TRUE(deliveries.ok()) << deliveries.status();
    std::vector<ports::EventEntry> entries;
    if (!deliveries.ok()) return {};
    for (const auto& delivery : *deliveries) {
      EXPECT_EQ(delivery.delivery_count, delivery_count) << "of " << delivery.entry.sequence.value();
      entries.push_back(delivery.entry);
    }
    return Sequences(entries);
  }
  static std::vector<domain::SequenceNumber> Acks(std::uint64_t first, std::uint64_t last) {
    std::vector<domain::SequenceNumber> acks;
    for (std::uint64_t n = first; n <= last; ++n) acks.emplace_back(n);
    return acks;
  }

  std::unique_ptr<ExecutionStreamBackend> backend_;
  std::unique_ptr<ports::ExecutionStream> stream_;
};

TEST_P(ExecutionStreamContract, PublishDropsDuplicatesAndRefusesGaps) {
  EXPECT_EQ(stream_->LastSequence()->value(), 0U);
  EXPECT_EQ(stream_->Publish({Entry(2)}).code(), absl::StatusCode::kInvalidArgument);
  ASSERT_TRUE(stream_->Publish(Entries(1, 5)).ok());
  ASSERT_TRUE(stream_->Publish(Entries(3, 7)).ok());
  ASSERT_TRUE(stream_->Publish(Entries(1, 7)).ok());
  EXPECT_EQ(stream_->Publish({Entry(9)}).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(stream_->Publish({Entry(8), Entry(10)}).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(stream_->LastSequence()->value(), 7U);
  EXPECT_EQ(SequencesOf(Join("a")->Read(100, kNow), 1), Numbers(1, 7));
  Reopen();
  EXPECT_EQ(stream_->LastSequence()->value(), 7U);
}

TEST_P(ExecutionStreamContract, EveryGroupGetsEverythingFromTheBeginning) {
  ASSERT_TRUE(stream_->Publish(Entries(1, 4)).ok());
  auto one = Join("a", "one");
  auto two = Join("a", "two");
  EXPECT_EQ(SequencesOf(one->Read(3, kNow), 1), Numbers(1, 3));
  EXPECT_EQ(SequencesOf(two->Read(100, kNow), 1), Numbers(1, 4));
  EXPECT_EQ(SequencesOf(one->Read(100, kNow), 1), Numbers(4, 4));
  EXPECT_THAT(SequencesOf(one->Read(100, kNow), 1), ::testing::IsEmpty());
}

TEST_P(ExecutionStreamContract, AnEntryGoesToOneConsumerOfAGroup) {
  ASSERT_TRUE(stream_->Publish(Entries(1, 6)).ok());
  auto a = Join("a");
  auto b = Join("b");
  EXPECT_EQ(SequencesOf(a->Read(2, kNow), 1), Numbers(1, 2));
  EXPECT_EQ(SequencesOf(b->Read(2, kNow), 1), Numbers(3, 4));
  EXPECT_EQ(SequencesOf(a->Read(100, kNow), 1), Numbers(5, 6));
  EXPECT_THAT(SequencesOf(b->Read(100, kNow), 1), ::testing::IsEmpty());
}

TEST_P(ExecutionStreamContract, LagCountsWhatIsNotAcknowledged) {
  auto a = Join("a");
  EXPECT_EQ(a->Lag(), 0U);
  ASSERT_TRUE(stream_->Publish(Entries(1, 10)).ok());
  EXPECT_EQ(a->Lag(), 10U);
  ASSERT_EQ(SequencesOf(a->Read(5, kNow), 1), Numbers(1, 5));
  EXPECT_EQ(a->Lag(), 10U);
  ASSERT_TRUE(a->Acknowledge(Acks(1, 4)).ok());
  EXPECT_EQ(a->Lag(), 6U);
  ASSERT_TRUE(a->Acknowledge(Acks(1, 4)).ok()) << "again is harmless";
  EXPECT_EQ(a->Lag(), 6U);
}

TEST_P(ExecutionStreamContract, UnacknowledgedEntriesComeFirstAfterARestart) {
  ASSERT_TRUE(stream_->Publish(Entries(1, 8)).ok());
  {
    auto a = Join("a");
    ASSERT_EQ(SequencesOf(a->Read(5, kNow), 1), Numbers(1, 5));
    ASSERT_TRUE(a->Acknowledge({domain::SequenceNumber(1), domain::SequenceNumber(3)}).ok());
  }
  Reopen();
  auto b = Join("b");
  EXPECT_EQ(SequencesOf(b->Read(1, kNow), 1), Numbers(6, 6)) << "what another holds is not redelivered";
  auto a = Join("a");
  EXPECT_EQ(SequencesOf(a->Read(2, kNow), 2), (std::vector<std::uint64_t>{2, 4}));
  EXPECT_EQ(SequencesOf(a->Read(100, kNow), 2), Numbers(5, 5));
  EXPECT_EQ(SequencesOf(a->Read(100, kNow), 1), Numbers(7, 8)) << "then what is new";
  ASSERT_TRUE(a->Acknowledge(Acks(2, 8)).ok());
  a.reset();
  b.reset();
  Reopen();
  EXPECT_THAT(SequencesOf(Join("a")->Read(100, kNow), 1), ::testing::IsEmpty());
  EXPECT_EQ(Join("a")->Lag(), 0U);
}

TEST_P(ExecutionStreamContract, AConsumerThatJoinsAgainGetsItsOwnEntriesAgain) {
  ASSERT_TRUE(stream_->Publish(Entries(1, 3)).ok());
  for (std::uint32_t delivery = 1; delivery <= 3; ++delivery) {
    EXPECT_EQ(SequencesOf(Join("a")->Read(100, kNow), delivery), Numbers(1, 3));
  }
}

TEST_P(ExecutionStreamContract, IdleEntriesOfADeadConsumerAreClaimed) {
  ASSERT_TRUE(stream_->Publish(Entries(1, 6)).ok());
  auto dead = Join("dead");
  ASSERT_EQ(SequencesOf(dead->Read(4, kNow), 1), Numbers(1, 4));
  ASSERT_TRUE(dead->Acknowledge(Acks(1, 1)).ok());
  dead.reset();
  auto heir = Join("heir");
  EXPECT_EQ(SequencesOf(heir->Read(100, kNow), 1), Numbers(5, 6));
  EXPECT_THAT(SequencesOf(heir->Claim(std::chrono::milliseconds(1000), 100), 2), ::testing::IsEmpty());
  backend_->PassTime(std::chrono::milliseconds(1001));
  EXPECT_EQ(SequencesOf(heir->Claim(std::chrono::milliseconds(1000), 2), 2), Numbers(2, 3));
  EXPECT_EQ(SequencesOf(heir->Claim(std::chrono::milliseconds(1000), 100), 2), Numbers(4, 4));
  EXPECT_THAT(SequencesOf(heir->Claim(std::chrono::milliseconds(1000), 100), 2), ::testing::IsEmpty())
      << "its own entries are not claimed";
  ASSERT_TRUE(heir->Acknowledge(Acks(2, 6)).ok());
  EXPECT_EQ(heir->Lag(), 0U);
  EXPECT_THAT(SequencesOf(Join("dead")->Read(100, kNow), 1), ::testing::IsEmpty());
}

TEST_P(ExecutionStreamContract, ClaimedEntriesBelongToTheClaimerAlsoAfterARestart) {
  ASSERT_TRUE(stream_->Publish(Entries(1, 2)).ok());
  ASSERT_EQ(SequencesOf(Join("dead")->Read(2, kNow), 1), Numbers(1, 2));
  backend_->PassTime(std::chrono::milliseconds(10));
  ASSERT_EQ(SequencesOf(Join("heir")->Claim(std::chrono::milliseconds(5), 100), 2), Numbers(1, 2));
  Reopen();
  EXPECT_THAT(SequencesOf(Join("dead")->Read(100, kNow), 1), ::testing::IsEmpty());
  EXPECT_EQ(SequencesOf(Join("heir")->Read(100, kNow), 3), Numbers(1, 2));
}

TEST_P(ExecutionStreamContract, NothingIsTrimmedThatAGroupHasNotAcknowledged) {
  auto fast = Join("a", "fast");
  auto slow = Join("a", "slow");
  constexpr std::uint64_t kLast = 2000;
  for (std::uint64_t first = 1; first <= kLast; first += 100) {
    ASSERT_TRUE(stream_->Publish(Entries(first, first + 99)).ok());
    ASSERT_EQ(SequencesOf(fast->Read(100, kNow), 1).size(), 100U);
    ASSERT_TRUE(fast->Acknowledge(Acks(first, first + 99)).ok());
  }
  std::vector<std::uint64_t> all;
  while (all.size() < kLast) {
    const auto some = SequencesOf(slow->Read(500, kNow), 1);
    ASSERT_FALSE(some.empty());
    all.insert(all.end(), some.begin(), some.end());
  }
  EXPECT_EQ(all, Numbers(1, kLast));
}

TEST_P(ExecutionStreamContract, AcknowledgedIsWhatEveryGroupHas) {
  const auto acknowledged = [this] {
    const auto sequence = stream_->Acknowledged();
    EXPECT_TRUE(sequence.ok()) << sequence.status();
    return sequence.ok() ? sequence->value() : ~std::uint64_t{0};
  };
  EXPECT_EQ(acknowledged(), 0U);
  ASSERT_TRUE(stream_->Publish(Entries(1, 20)).ok());
  EXPECT_EQ(acknowledged(), 20U) << "without a group nobody needs anything";
  auto fast = Join("a", "fast");
  EXPECT_EQ(acknowledged(), 0U) << "it has read nothing";
  ASSERT_EQ(SequencesOf(fast->Read(10, kNow), 1), Numbers(1, 10));
  EXPECT_EQ(acknowledged(), 0U);
  ASSERT_TRUE(fast->Acknowledge(Acks(1, 4)).ok());
  ASSERT_TRUE(fast->Acknowledge(Acks(6, 10)).ok());
  EXPECT_EQ(acknowledged(), 4U) << "5 is missing";
  ASSERT_TRUE(fast->Acknowledge(Acks(5, 5)).ok());
  EXPECT_EQ(acknowledged(), 10U);
  auto slow = Join("a", "slow");
  EXPECT_EQ(acknowledged(), 0U);
  ASSERT_EQ(SequencesOf(slow->Read(9, kNow), 1), Numbers(1, 9));
  ASSERT_TRUE(slow->Acknowledge(Acks(1, 9)).ok());
  EXPECT_EQ(acknowledged(), 9U);
  ASSERT_EQ(SequencesOf(slow->Read(100, kNow), 1), Numbers(10, 20));
  ASSERT_TRUE(slow->Acknowledge(Acks(10, 20)).ok());
  EXPECT_EQ(acknowledged(), 10U);
  fast.reset();
  slow.reset();
  Reopen();
  EXPECT_EQ(acknowledged(), 10U) << "who is gone still has read no more";
}

TEST_P(ExecutionStreamContract, AcknowledgedMayBeAskedWhileAnotherPublishes) {
  constexpr std::uint64_t kLast = 2000;
  auto a = Join("a");
  std::thread publisher([this] {
    for (std::uint64_t first = 1; first <= kLast; first += 10) {
      EXPECT_TRUE(stream_->Publish(Entries(first, first + 9)).ok());
    }
  });
  std::thread reader([&] {
    for (std::uint64_t read = 0; read < kLast;) {
      const auto some = SequencesOf(a->Read(50, kDeadline), 1);
      if (some.empty()) return;
      read = some.back();
      EXPECT_TRUE(a->Acknowledge(Acks(some.front(), some.back())).ok());
    }
  });
  std::uint64_t before = 0;
  for (int i = 0; i < 200; ++i) {
    const auto acknowledged = stream_->Acknowledged();
    EXPECT_TRUE(acknowledged.ok()) << acknowledged.status();
    if (!acknowledged.ok()) break;
    EXPECT_GE(acknowledged->value(), before);
    before = acknowledged->value();
  }
  publisher.join();
  reader.join();
  EXPECT_EQ(stream_->Acknowledged()->value(), kLast);
}

TEST_P(ExecutionStreamContract, AnEmptyStreamBeginsBehindWhatIsLost) {
  ASSERT_TRUE(stream_->BeginAt(domain::SequenceNumber(1)).ok());
  EXPECT_EQ(stream_->LastSequence()->value(), 0U);
  ASSERT_TRUE(stream_->BeginAt(domain::SequenceNumber(101)).ok());
  EXPECT_EQ(stream_->LastSequence()->value(), 100U);
  EXPECT_EQ(stream_->Publish({Entry(102)}).code(), absl::StatusCode::kInvalidArgument);
  Reopen();
  EXPECT_EQ(stream_->LastSequence()->value(), 100U);
  ASSERT_TRUE(stream_->Publish(Entries(99, 103)).ok()) << "what is before it counts as there";
  EXPECT_EQ(SequencesOf(Join("a")->Read(100, kNow), 1), Numbers(101, 103));
}

TEST_P(ExecutionStreamContract, AGroupReadsOnBehindTheGap) {
  auto a = Join("a");
  ASSERT_TRUE(stream_->Publish(Entries(1, 5)).ok());
  ASSERT_EQ(SequencesOf(a->Read(100, kNow), 1), Numbers(1, 5));
  ASSERT_TRUE(a->Acknowledge(Acks(1, 5)).ok());
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(stream_->BeginAt(domain::SequenceNumber(11)).ok());
  ASSERT_TRUE(stream_->Publish(Entries(11, 14)).ok());
  EXPECT_EQ(SequencesOf(a->Read(2, kNow), 1), Numbers(11, 12));
  ASSERT_TRUE(a->Acknowledge(Acks(11, 12)).ok());
  EXPECT_EQ(stream_->Acknowledged()->value(), 12U);
  a.reset();
  Reopen();
  a = Join("a");
  EXPECT_EQ(SequencesOf(a->Read(100, kNow), 1), Numbers(13, 14));
  EXPECT_EQ(a->Lag(), 2U);
}

TEST_P(ExecutionStreamContract, NoGapIsMadeInWhatIsThere) {
  ASSERT_TRUE(stream_->Publish(Entries(1, 5)).ok());
  for (const std::uint64_t first : {1, 3, 5, 6}) {
    ASSERT_TRUE(stream_->BeginAt(domain::SequenceNumber(first)).ok());
    EXPECT_EQ(stream_->LastSequence()->value(), 5U);
  }
  ASSERT_TRUE(stream_->Publish(Entries(6, 6)).ok());
  EXPECT_EQ(SequencesOf(Join("a")->Read(100, kNow), 1), Numbers(1, 6));
}

// Either the stream keeps it, or there is no gap before everybody has it.
TEST_P(ExecutionStreamContract, WhatIsNotAcknowledgedIsNotLostToAGap) {
  auto a = Join("a");
  ASSERT_TRUE(stream_->Publish(Entries(1, 5)).ok());
  ASSERT_EQ(SequencesOf(a->Read(3, kNow), 1), Numbers(1, 3));
  ASSERT_TRUE(a->Acknowledge(Acks(1, 2)).ok());
  const absl::Status early = stream_->BeginAt(domain::SequenceNumber(11));
  if (!early.ok()) {
    EXPECT_EQ(early.code(), absl::StatusCode::kFailedPrecondition) << early;
    EXPECT_EQ(stream_->LastSequence()->value(), 5U);
  }
  a.reset();
  Reopen();
  a = Join("a");
  EXPECT_EQ(SequencesOf(a->Read(100, kNow), 2), Numbers(3, 3));
  EXPECT_EQ(SequencesOf(a->Read(100, kNow), 1), Numbers(4, 5));
  ASSERT_TRUE(a->Acknowledge(Acks(3, 5)).ok());
  ASSERT_TRUE(stream_->BeginAt(domain::SequenceNumber(11)).ok());
  ASSERT_TRUE(stream_->Publish(Entries(11, 12)).ok());
  EXPECT_EQ(SequencesOf(a->Read(100, kNow), 1), Numbers(11, 12));
}

TEST_P(ExecutionStreamContract, PublishWakesAWaitingReader) {
  auto a = Join("a");
  std::vector<std::uint64_t> read;
  std::thread reader([&] {
    while (read.size() < 40) {
      const auto some = SequencesOf(a->Read(3, kDeadline), 1);
      if (some.empty()) return;
      read.insert(read.end(), some.begin(), some.end());
      EXPECT_TRUE(a->Acknowledge(Acks(some.front(), some.back())).ok());
    }
  });
  for (std::uint64_t sequence = 1; sequence <= 40; ++sequence) ASSERT_TRUE(stream_->Publish({Entry(sequence)}).ok());
  reader.join();
  EXPECT_EQ(read, Numbers(1, 40));
}

TEST_P(ExecutionStreamContract, CloseWakesReadersAndRefusesWhatFollows) {
  auto a = Join("a");
  absl::Status status;
  std::thread reader([&] { status = a->Read(1, kDeadline).status(); });
  stream_->Close();
  reader.join();
  EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(stream_->Publish(Entries(1, 1)).code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(stream_->LastSequence().status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(stream_->Acknowledged().status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(stream_->BeginAt(domain::SequenceNumber(9)).code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(stream_->Join("g", "c").status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(a->Acknowledge(Acks(1, 1)).code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(a->Claim(kNow, 1).status().code(), absl::StatusCode::kCancelled);
  stream_->Close();
}

}  // namespace xt::contract
