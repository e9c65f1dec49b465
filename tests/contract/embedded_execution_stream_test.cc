// FileExecutionStream: the contract of the port, and what is its own: the bound on pending entries, trimming, damage.
#include <filesystem>
#include <fstream>

#include "libs/adapters/embedded/file_execution_stream.h"
#include "libs/base/clock.h"
#include "tests/contract/execution_stream_contract.h"

namespace xt::contract {
namespace {

using embedded::FileExecutionStream;
using embedded::FileExecutionStreamOptions;

class FileBackend final : public ExecutionStreamBackend {
 public:
  std::unique_ptr<ports::ExecutionStream> Connect() override {
    FileExecutionStreamOptions options;
    options.segment_bytes = 4096;
    options.clock = &clock_;
    auto stream = FileExecutionStream::Open(folder_.path() + "/executions", options);
    EXPECT_TRUE(stream.ok()) << stream.status();
    return stream.ok() ? *std::move(stream) : nullptr;
  }
  void PassTime(std::chrono::milliseconds time) override { clock_.AdvanceNs(std::chrono::nanoseconds(time).count()); }

 private:
  TemporaryFolder folder_;
  ManualClock clock_;
};

INSTANTIATE_TEST_SUITE_P(Embedded, ExecutionStreamContract,
                         ::testing::Values(+[]() -> std::unique_ptr<ExecutionStreamBackend> {
                           return std::make_unique<FileBackend>();
                         }));

std::unique_ptr<FileExecutionStream> MustOpen(const std::string& folder, FileExecutionStreamOptions options = {}) {
  auto stream = FileExecutionStream::Open(folder, options);
  EXPECT_TRUE(stream.ok()) << stream.status();
  return *std::move(stream);
}

TEST(FileExecutionStreamTest, PendingEntriesAreBounded) {
  TemporaryFolder folder;
  FileExecutionStreamOptions options;
  options.max_pending = 10;
  auto stream = MustOpen(folder.path(), options);
  ASSERT_TRUE(stream->Publish(Entries(1, 25)).ok());
  auto consumer = *stream->Join("g", "c");
  EXPECT_EQ(consumer->Read(100, kNow)->size(), 10U);
  EXPECT_EQ(consumer->Read(100, kNow)->size(), 0U);
  ASSERT_TRUE(consumer->Acknowledge({domain::SequenceNumber(4), domain::SequenceNumber(5)}).ok());
  EXPECT_EQ(consumer->Read(100, kNow)->size(), 2U);
  EXPECT_EQ(stream->GroupStats()[0].pending, 10U);
  EXPECT_EQ(stream->GroupStats()[0].lag, 23U);
}

TEST(FileExecutionStreamTest, AcknowledgedSegmentsAreDeleted) {
  TemporaryFolder folder;
  FileExecutionStreamOptions options;
  options.segment_bytes = 1000;
  auto stream = MustOpen(folder.path(), options);
  auto consumer = *stream->Join("g", "c");
  std::uint64_t largest = 0;
  for (std::uint64_t i = 1; i <= 2000; ++i) {
    ASSERT_TRUE(stream->Publish({Entry(i)}).ok());
    ASSERT_EQ(consumer->Read(1, kNow)->size(), 1U);
    ASSERT_TRUE(consumer->Acknowledge({domain::SequenceNumber(i)}).ok());
    largest = std::max(largest, stream->SizeBytes());
  }
  EXPECT_LT(largest, 4000U);
  auto late = *stream->Join("late", "c");
  const auto first = late->Read(1, kNow);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_GT(first->at(0).entry.sequence.value(), 1900U) << "a new group begins at the oldest entry that is there";
}

TEST(FileExecutionStreamTest, ADamagedGroupFileMeansThatEntriesComeAgain) {
  TemporaryFolder folder;
  {
    auto stream = MustOpen(folder.path());
    ASSERT_TRUE(stream->Publish(Entries(1, 5)).ok());
    auto consumer = *stream->Join("g", "c");
    ASSERT_EQ(consumer->Read(5, kNow)->size(), 5U);
    ASSERT_TRUE(consumer->Acknowledge({domain::SequenceNumber(1), domain::SequenceNumber(2)}).ok());
  }
  for (const char* slot : {".0", ".1"}) std::ofstream(folder.path() + "/group-g" + slot, std::ios::trunc) << "nonsense";
  auto stream = MustOpen(folder.path());
  EXPECT_EQ((*stream->Join("g", "c"))->Read(100, kNow)->size(), 5U);
}

TEST(FileExecutionStreamTest, WhatTheStreamLostIsDeliveredAgainWhenItComesAgain) {
  TemporaryFolder folder;
  {
    auto stream = MustOpen(folder.path());
    ASSERT_TRUE(stream->Publish(Entries(1, 5)).ok());
    auto consumer = *stream->Join("g", "c");
    ASSERT_EQ(consumer->Read(5, kNow)->size(), 5U);
    ASSERT_TRUE(consumer->Acknowledge({domain::SequenceNumber(1), domain::SequenceNumber(4)}).ok());
  }
  const std::string segment = folder.path() + "/log/00000000000000000001.log";
  std::filesystem::resize_file(segment, std::filesystem::file_size(segment) - 30);
  auto stream = MustOpen(folder.path());
  ASSERT_EQ(stream->LastSequence()->value(), 3U);
  ASSERT_TRUE(stream->Publish(Entries(1, 5)).ok());
  auto consumer = *stream->Join("g", "c");
  std::vector<std::uint64_t> read;
  for (int i = 0; i < 2; ++i) {
    const auto some = consumer->Read(100, kNow);
    ASSERT_TRUE(some.ok()) << some.status();
    for (const auto& delivery : *some) read.push_back(delivery.entry.sequence.value());
  }
  EXPECT_THAT(read, ::testing::ElementsAre(2, 3, 4, 5));
}

TEST(FileExecutionStreamTest, ACrashBetweenTheLogAndItsGroupsIsMended) {
  TemporaryFolder folder;
  const std::string group = folder.path() + "/group-g";
  const std::string before = folder.path() + "/before";
  {
    auto stream = MustOpen(folder.path());
    ASSERT_TRUE(stream->Publish(Entries(1, 5)).ok());
    auto consumer = *stream->Join("g", "c");
    ASSERT_EQ(consumer->Read(5, kNow)->size(), 5U);
    ASSERT_TRUE(consumer
                    ->Acknowledge({domain::SequenceNumber(1), domain::SequenceNumber(2), domain::SequenceNumber(3),
                                   domain::SequenceNumber(4), domain::SequenceNumber(5)})
                    .ok());
    for (const char* slot : {".0", ".1"}) std::filesystem::copy_file(group + slot, before + slot);
    ASSERT_TRUE(stream->BeginAt(domain::SequenceNumber(11)).ok());
  }
  for (const char* slot : {".0", ".1"}) std::filesystem::rename(before + slot, group + slot);
  auto stream = MustOpen(folder.path());
  EXPECT_EQ(stream->LastSequence()->value(), 10U);
  EXPECT_EQ(stream->Acknowledged()->value(), 10U);
  EXPECT_EQ(stream->GroupStats()[0].lag, 0U);
  ASSERT_TRUE(stream->Publish(Entries(11, 12)).ok());
  auto consumer = *stream->Join("g", "c");
  const auto read = consumer->Read(100, kNow);
  ASSERT_TRUE(read.ok()) << read.status();
  ASSERT_EQ(read->size(), 2U);
  EXPECT_EQ(read->at(0).entry.sequence.value(), 11U);
  EXPECT_EQ(read->at(0).delivery_count, 1U);
}

TEST(FileExecutionStreamTest, OneLiveConsumerPerNameAndCheckedNames) {
  TemporaryFolder folder;
  auto stream = MustOpen(folder.path());
  auto consumer = *stream->Join("g", "c");
  EXPECT_EQ(stream->Join("g", "c").status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(stream->Join("h", "c").ok());
  EXPECT_EQ(stream->Join("g", "a b").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(FileExecutionStream::Open(folder.path()).status().code(), absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace xt::contract
