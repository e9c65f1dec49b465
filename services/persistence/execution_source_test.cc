#include "services/persistence/execution_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/persistence/testing/fakes.h"
#include "services/persistence/testing/results.h"

namespace xt::persistence {
namespace {

using domain::AccountId;
using domain::SequenceNumber;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::int64_t kNsPerMs = 1'000'000;
constexpr std::chrono::milliseconds kNow{0};

class ExecutionSourceTest : public ::testing::Test {
 protected:
  ExecutionSourceTest() { config_.fallback_patience_ms = 500; }

  static domain::CommandResult Command(std::uint64_t sequence) { return testing::Deposit(sequence, AccountId(1), 1); }
  void InStream(std::uint64_t from, std::uint64_t to) {
    for (std::uint64_t i = from; i <= to; ++i) stream_.Deliver(Command(i));
  }
  void InTopic(std::uint64_t from, std::uint64_t to) {
    for (std::uint64_t i = from; i <= to; ++i) events_.Add(Command(i));
  }
  void StreamGoes() { stream_.FailReads(absl::UnavailableError("away")); }
  void StreamComesBack() {
    stream_.FailReads(absl::OkStatus());
    clock_.AdvanceNs(2'000 * kNsPerMs);  // it is not tried all the time
  }
  // Everything that can be read now, stored at once.
  std::vector<std::uint64_t> Read() {
    std::vector<std::uint64_t> sequences;
    const auto deliveries = source_.Read(1'000, kNow, SequenceNumber(committed_));
    status_ = deliveries.status();
    if (!deliveries.ok()) return sequences;
    for (const auto& delivery : *deliveries) {
      sequences.push_back(delivery.entry.sequence.value());
      committed_ = std::max(committed_, sequences.back());
      EXPECT_TRUE(source_.Acknowledge({delivery.entry.sequence}).ok());
    }
    return sequences;
  }
  // The stream is away for longer than the patience.
  void FallBack() {
    StreamGoes();
    Read();
    clock_.AdvanceNs(500 * kNsPerMs);
  }

  PersistenceConfig config_;
  testing::FakeStream stream_;
  testing::FakeEvents events_;
  ManualClock clock_;
  ExecutionSource source_{config_, {&stream_, &events_}, clock_};
  std::uint64_t committed_ = 0;
  absl::Status status_;
};

TEST_F(ExecutionSourceTest, TheStreamAloneWhileItAnswers) {
  ASSERT_TRUE(source_.Open().ok());
  InStream(1, 2);
  InTopic(1, 3);
  EXPECT_THAT(Read(), ElementsAre(1, 2));
  EXPECT_THAT(Read(), IsEmpty());
  EXPECT_FALSE(source_.fallen_back());
  EXPECT_THAT(events_.subscribed_behind(), IsEmpty());
}

TEST_F(ExecutionSourceTest, ItHasPatience) {
  ASSERT_TRUE(source_.Open().ok());
  InTopic(1, 3);
  StreamGoes();
  Read();
  EXPECT_EQ(status_.code(), absl::StatusCode::kUnavailable);
  clock_.AdvanceNs(499 * kNsPerMs);
  Read();
  EXPECT_EQ(status_.code(), absl::StatusCode::kUnavailable);
  // A stream that answers in between is not away.
  stream_.FailReads(absl::OkStatus());
  EXPECT_THAT(Read(), IsEmpty());
  StreamGoes();
  clock_.AdvanceNs(499 * kNsPerMs);
  Read();
  EXPECT_EQ(status_.code(), absl::StatusCode::kUnavailable);
  EXPECT_FALSE(source_.fallen_back());
  clock_.AdvanceNs(500 * kNsPerMs);
  EXPECT_THAT(Read(), ElementsAre(1, 2, 3));
  EXPECT_TRUE(source_.fallen_back());
}

TEST_F(ExecutionSourceTest, FromTheTopicOnlyWhatIsNotStored) {
  ASSERT_TRUE(source_.Open().ok());
  InStream(1, 4);
  InTopic(1, 6);
  EXPECT_THAT(Read(), ElementsAre(1, 2, 3, 4));
  FallBack();
  EXPECT_THAT(Read(), ElementsAre(5, 6));
  EXPECT_THAT(events_.subscribed_behind(), ElementsAre(4));
  InTopic(5, 7);  // a publisher that was not sure
  EXPECT_THAT(Read(), ElementsAre(7));
  EXPECT_EQ(source_.Lag(), 0U);
}

TEST_F(ExecutionSourceTest, BothUntilTheStreamHasAsMuch) {
  ASSERT_TRUE(source_.Open().ok());
  InTopic(1, 5);
  FallBack();
  EXPECT_THAT(Read(), ElementsAre(1, 2, 3, 4, 5));
  EXPECT_THAT(stream_.acknowledged(), IsEmpty());
  StreamComesBack();
  InStream(1, 3);
  InTopic(6, 6);
  EXPECT_THAT(Read(), ElementsAre(1, 2, 3, 6));
  EXPECT_TRUE(source_.fallen_back());
  InStream(4, 7);
  EXPECT_THAT(Read(), ElementsAre(4, 5, 6, 7));
  EXPECT_FALSE(source_.fallen_back());
  // The group has nothing pending.
  EXPECT_THAT(stream_.acknowledged(), ElementsAre(1, 2, 3, 4, 5, 6, 7));
  InTopic(7, 8);
  EXPECT_THAT(Read(), IsEmpty());
}

TEST_F(ExecutionSourceTest, BackAtOnceWhenTheTopicHadNothing) {
  ASSERT_TRUE(source_.Open().ok());
  FallBack();
  EXPECT_THAT(Read(), IsEmpty());
  EXPECT_TRUE(source_.fallen_back());
  StreamComesBack();
  EXPECT_THAT(Read(), IsEmpty());
  EXPECT_FALSE(source_.fallen_back());
}

TEST_F(ExecutionSourceTest, TheSecondTimeFromBehindWhatIsStoredThen) {
  ASSERT_TRUE(source_.Open().ok());
  InTopic(1, 3);
  FallBack();
  EXPECT_THAT(Read(), ElementsAre(1, 2, 3));
  StreamComesBack();
  InStream(1, 5);
  EXPECT_THAT(Read(), ElementsAre(1, 2, 3, 4, 5));
  InTopic(4, 6);
  FallBack();
  EXPECT_THAT(Read(), ElementsAre(6));
  EXPECT_THAT(events_.subscribed_behind(), ElementsAre(0, 5));
}

TEST_F(ExecutionSourceTest, WhileBothAreAwayItFailsAndGoesOnWithTheFirstThatIsBack) {
  ASSERT_TRUE(source_.Open().ok());
  events_.FailSubscribes(absl::UnavailableError("away too"));
  FallBack();
  Read();
  EXPECT_EQ(status_.code(), absl::StatusCode::kUnavailable);
  InStream(1, 2);
  StreamComesBack();
  EXPECT_THAT(Read(), ElementsAre(1, 2));
  EXPECT_FALSE(source_.fallen_back());
  FallBack();
  InTopic(3, 3);
  events_.FailSubscribes(absl::OkStatus());
  EXPECT_THAT(Read(), ElementsAre(3));
}

TEST_F(ExecutionSourceTest, AStreamThatIsAwayFromTheStartIsJoinedLater) {
  stream_.FailJoins(absl::UnavailableError("away"));
  ASSERT_TRUE(source_.Open().ok());
  InTopic(1, 2);
  clock_.AdvanceNs(500 * kNsPerMs);
  EXPECT_THAT(Read(), ElementsAre(1, 2));
  stream_.FailJoins(absl::OkStatus());
  InStream(1, 3);
  clock_.AdvanceNs(2'000 * kNsPerMs);
  EXPECT_THAT(Read(), ElementsAre(1, 2, 3));
  EXPECT_FALSE(source_.fallen_back());
}

TEST_F(ExecutionSourceTest, WithoutATopicAStreamThatIsAwayIsAnError) {
  ExecutionSource alone(config_, {.stream = &stream_}, clock_);
  stream_.FailJoins(absl::UnavailableError("away"));
  EXPECT_EQ(alone.Open().code(), absl::StatusCode::kUnavailable);
  stream_.FailJoins(absl::OkStatus());
  EXPECT_TRUE(alone.Open().ok());
  StreamGoes();
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(alone.Read(1, kNow, {}).status().code(), absl::StatusCode::kUnavailable);
    clock_.AdvanceNs(10'000 * kNsPerMs);
  }
}

TEST_F(ExecutionSourceTest, WhatIsMissingIsLookedForInTheTopic) {
  const auto missing = [this](std::size_t max, std::uint64_t behind, std::uint64_t before) {
    std::vector<std::uint64_t> sequences;
    const auto found = source_.ReadMissing(max, kNow, SequenceNumber(behind), SequenceNumber(before));
    EXPECT_TRUE(found.ok()) << found.status();
    if (!found.ok()) return sequences;
    for (const auto& delivery : *found) sequences.push_back(delivery.entry.sequence.value());
    return sequences;
  };
  ASSERT_TRUE(source_.Open().ok());
  InTopic(1, 9);
  InTopic(8, 12);  // a publisher that was not sure
  EXPECT_THAT(missing(4, 2, 20), ElementsAre(3, 4)) << "the fake begins with 1";
  EXPECT_THAT(missing(4, 4, 20), ElementsAre(5, 6, 7, 8));
  EXPECT_THAT(missing(4, 8, 11), ElementsAre(9, 10)) << "each once";
  EXPECT_THAT(events_.subscribed_behind(), ElementsAre(2)) << "it goes on";
  EXPECT_THAT(missing(20, 11, 14), ElementsAre(12)) << "a gap behind the first";
  EXPECT_THAT(missing(4, 12, 14), IsEmpty());
  InTopic(13, 14);
  EXPECT_THAT(missing(4, 12, 14), ElementsAre(13)) << "14 is there already";
  EXPECT_THAT(events_.subscribed_behind(), ElementsAre(2, 11));
  EXPECT_FALSE(source_.fallen_back());
}

TEST_F(ExecutionSourceTest, WhatIsPublishedOnceMoreIsFound) {
  ASSERT_TRUE(source_.Open().ok());
  InTopic(1, 2);
  InTopic(5, 7);
  const auto found = [this](std::uint64_t behind) {
    return source_.ReadMissing(10, kNow, SequenceNumber(behind), SequenceNumber(8));
  };
  for (int i = 0; i < 3; ++i) EXPECT_THAT(*found(2), IsEmpty());
  EXPECT_THAT(events_.subscribed_behind(), ElementsAre(2));
  InTopic(3, 4);
  EXPECT_THAT(*found(2), SizeIs(2));
  EXPECT_THAT(*found(4), SizeIs(3)) << "they came before";
  EXPECT_THAT(events_.subscribed_behind(), ElementsAre(2, 4));
}

TEST_F(ExecutionSourceTest, ATopicThatIsAwayIsNotAskedAllTheTime) {
  ASSERT_TRUE(source_.Open().ok());
  InTopic(1, 5);
  events_.FailSubscribes(absl::UnavailableError("away"));
  const auto found = [this] { return source_.ReadMissing(10, kNow, SequenceNumber(2), SequenceNumber(4)); };
  EXPECT_EQ(found().status().code(), absl::StatusCode::kUnavailable);
  events_.FailSubscribes(absl::OkStatus());
  EXPECT_EQ(found().status().code(), absl::StatusCode::kUnavailable);
  clock_.AdvanceNs(1'000 * kNsPerMs);
  EXPECT_THAT(*found(), SizeIs(1));
}

TEST_F(ExecutionSourceTest, WithoutATopicNothingIsFound) {
  ExecutionSource alone(config_, {.stream = &stream_}, clock_);
  ASSERT_TRUE(alone.Open().ok());
  EXPECT_THAT(*alone.ReadMissing(10, kNow, SequenceNumber(2), SequenceNumber(6)), IsEmpty());
  EXPECT_FALSE(alone.has_topic());
}

TEST_F(ExecutionSourceTest, WhatIsDamagedIsNotHiddenByTheTopic) {
  ASSERT_TRUE(source_.Open().ok());
  InTopic(1, 3);
  stream_.FailReads(absl::DataLossError("damaged"));
  for (int i = 0; i < 2; ++i) {
    EXPECT_THAT(Read(), IsEmpty());
    EXPECT_EQ(status_.code(), absl::StatusCode::kDataLoss);
    clock_.AdvanceNs(10'000 * kNsPerMs);
  }
}

}  // namespace
}  // namespace xt::persistence
