// The contract of ports::EventLog as tests; see command_journal_contract.h for how an adapter uses it.
#pragma once

#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "libs/ports/event_log.h"
#include "tests/contract/contract_support.h"
#include "tests/contract/event_support.h"

namespace xt::contract {

class EventLogBackend {
 public:
  virtual ~EventLogBackend() = default;
  // A new object on the same data, as after a restart of the process. At most one is alive at a time.
  virtual std::unique_ptr<ports::EventLog> Connect() = 0;
};
using EventLogBackendFactory = std::unique_ptr<EventLogBackend> (*)();

class EventLogContract : public ::testing::TestWithParam<EventLogBackendFactory> {
 protected:
  EventLogContract() : backend_(GetParam()()), log_(backend_->Connect()) {}
  void Reopen() {
    log_.reset();
    log_ = backend_->Connect();
    ASSERT_NE(log_, nullptr);
  }
  std::unique_ptr<ports::EventCursor> Cursor(std::string_view name) {
    auto cursor = log_->OpenCursor(name);
    EXPECT_TRUE(cursor.ok()) << cursor.status();
    return cursor.ok() ? *std::move(cursor) : nullptr;
  }

  std::unique_ptr<EventLogBackend> backend_;
  std::unique_ptr<ports::EventLog> log_;
};

TEST_P(EventLogContract, EntriesComeBackInOrderAlsoAfterARestart) {
  EXPECT_EQ(log_->LastSequence().value(), 0U);
  ASSERT_TRUE(log_->Append(Entries(1, 3)).ok());
  ASSERT_TRUE(log_->Append({}).ok());
  ASSERT_TRUE(log_->Append(Entries(4, 1000)).ok());
  EXPECT_EQ(log_->LastSequence().value(), 1000U);
  EXPECT_EQ(Sequences(log_->ReadFrom(domain::SequenceNumber(1), 2000)), Numbers(1, 1000));
  EXPECT_EQ(Sequences(log_->ReadFrom(domain::SequenceNumber(700), 5)), Numbers(700, 704));
  EXPECT_THAT(Sequences(log_->ReadFrom(domain::SequenceNumber(1001), 5)), ::testing::IsEmpty());
  EXPECT_GT(log_->SizeBytes(), 0U);
  Reopen();
  EXPECT_EQ(log_->LastSequence().value(), 1000U);
  ASSERT_TRUE(log_->Append(Entries(1001, 1002)).ok());
  EXPECT_EQ(Sequences(log_->ReadFrom(domain::SequenceNumber(1), 2000)), Numbers(1, 1002));
}

TEST_P(EventLogContract, DuplicatesAreComparedAndDropped) {
  ASSERT_TRUE(log_->Append(Entries(1, 10)).ok());
  EXPECT_TRUE(log_->Append(Entries(1, 10)).ok());
  EXPECT_TRUE(log_->Append(Entries(5, 12)).ok());
  EXPECT_EQ(Sequences(log_->ReadFrom(domain::SequenceNumber(1), 100)), Numbers(1, 12));
  EXPECT_EQ(log_->Append({Entry(7, "something else")}).code(), absl::StatusCode::kDataLoss);
  std::vector<ports::EventEntry> one_differs = Entries(10, 14);
  one_differs[2] = Entry(12, "something else");
  EXPECT_EQ(log_->Append(one_differs).code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(log_->LastSequence().value(), 12U);
  Reopen();
  EXPECT_TRUE(log_->Append(Entries(1, 13)).ok());
  EXPECT_EQ(log_->Append({Entry(1, "other")}).code(), absl::StatusCode::kDataLoss);
}

TEST_P(EventLogContract, ItCanBeginAnewAnywhere) {
  const auto cursor = Cursor("a");
  ASSERT_TRUE(log_->Append(Entries(1, 10)).ok());
  ASSERT_TRUE(cursor->Advance(domain::SequenceNumber(4)).ok());
  for (const std::uint64_t first : {101, 51}) {
    ASSERT_TRUE(log_->BeginAt(domain::SequenceNumber(first)).ok());
    EXPECT_EQ(log_->FirstSequence().value(), first);
    EXPECT_EQ(log_->LastSequence().value(), first - 1);
    EXPECT_EQ(cursor->position().value(), first - 1);
    EXPECT_EQ(log_->Append({Entry(first + 1)}).code(), absl::StatusCode::kInvalidArgument);
    ASSERT_TRUE(log_->Append(Entries(first - 2, first + 5)).ok()) << "what lies before it is dropped";
    EXPECT_EQ(Sequences(cursor->Read(100, std::chrono::milliseconds(0))), Numbers(first, first + 5));
    EXPECT_TRUE(absl::IsOutOfRange(log_->ReadFrom(domain::SequenceNumber(first - 1), 1).status()));
    ASSERT_TRUE(cursor->Advance(domain::SequenceNumber(first + 2)).ok());
  }
  EXPECT_EQ(log_->BeginAt(domain::SequenceNumber(0)).code(), absl::StatusCode::kInvalidArgument);
}

TEST_P(EventLogContract, ANewBeginningOutlastsARestart) {
  { const auto cursor = Cursor("a"); }
  ASSERT_TRUE(log_->Append(Entries(1, 10)).ok());
  ASSERT_TRUE(log_->BeginAt(domain::SequenceNumber(101)).ok());
  Reopen();
  EXPECT_EQ(log_->FirstSequence().value(), 101U);
  EXPECT_EQ(log_->LastSequence().value(), 100U);
  EXPECT_EQ(Cursor("a")->position().value(), 100U);
}

TEST_P(EventLogContract, AGapIsRefusedAndChangesNothing) {
  EXPECT_EQ(log_->Append({Entry(2)}).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(log_->Append({Entry(0)}).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(log_->Append({Entry(1), Entry(3)}).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(log_->LastSequence().value(), 0U);
  ASSERT_TRUE(log_->Append(Entries(1, 2)).ok());
  EXPECT_EQ(log_->Append({Entry(4)}).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(log_->LastSequence().value(), 2U);
}

TEST_P(EventLogContract, ACursorReadsBehindItsPositionUntilItAdvances) {
  ASSERT_TRUE(log_->Append(Entries(1, 10)).ok());
  auto cursor = Cursor("broker");
  EXPECT_EQ(cursor->position().value(), 0U);
  EXPECT_EQ(Sequences(cursor->Read(4, kNow)), Numbers(1, 4));
  EXPECT_EQ(Sequences(cursor->Read(4, kNow)), Numbers(1, 4)) << "what is not confirmed comes again";
  ASSERT_TRUE(cursor->Advance(domain::SequenceNumber(3)).ok());
  EXPECT_EQ(Sequences(cursor->Read(100, kNow)), Numbers(4, 10));
  ASSERT_TRUE(cursor->Advance(domain::SequenceNumber(2)).ok()) << "it never moves back";
  EXPECT_EQ(cursor->position().value(), 3U);
  ASSERT_TRUE(cursor->Advance(domain::SequenceNumber(10)).ok());
  EXPECT_THAT(Sequences(cursor->Read(100, kNow)), ::testing::IsEmpty());
  EXPECT_FALSE(cursor->Advance(domain::SequenceNumber(11)).ok());
  EXPECT_EQ(cursor->position().value(), 10U);
}

TEST_P(EventLogContract, CursorsAreIndependentAndSurviveARestart) {
  ASSERT_TRUE(log_->Append(Entries(1, 10)).ok());
  {
    auto fast = Cursor("fast");
    auto slow = Cursor("slow");
    ASSERT_TRUE(fast->Advance(domain::SequenceNumber(9)).ok());
    ASSERT_TRUE(slow->Advance(domain::SequenceNumber(2)).ok());
    EXPECT_FALSE(log_->OpenCursor("fast").ok()) << "one live object per name";
  }
  EXPECT_EQ(Cursor("fast")->position().value(), 9U);
  Reopen();
  EXPECT_EQ(Sequences(Cursor("fast")->Read(100, kNow)), Numbers(10, 10));
  EXPECT_EQ(Sequences(Cursor("slow")->Read(100, kNow)), Numbers(3, 10));
  EXPECT_EQ(Sequences(Cursor("new")->Read(100, kNow)), Numbers(1, 10));
}

TEST_P(EventLogContract, AnAppendWakesAWaitingReader) {
  auto cursor = Cursor("broker");
  std::vector<std::uint64_t> read;
  std::thread reader([&] {
    while (read.size() < 50) {
      const auto entries = cursor->Read(7, kDeadline);
      for (const std::uint64_t sequence : Sequences(entries)) read.push_back(sequence);
      if (!entries.ok() || entries->empty()) return;
      EXPECT_TRUE(cursor->Advance(entries->back().sequence).ok());
    }
  });
  for (std::uint64_t sequence = 1; sequence <= 50; ++sequence) ASSERT_TRUE(log_->Append({Entry(sequence)}).ok());
  reader.join();
  EXPECT_EQ(read, Numbers(1, 50));
}

TEST_P(EventLogContract, CloseWakesReadersWithCancelled) {
  auto cursor = Cursor("broker");
  absl::Status status;
  std::thread reader([&] { status = cursor->Read(1, kDeadline).status(); });
  log_->Close();
  reader.join();
  EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(cursor->Read(1, kNow).status().code(), absl::StatusCode::kCancelled);
  log_->Close();
}

TEST_P(EventLogContract, SeveralCursorsReadWhileEntriesAreAppended) {
  constexpr std::uint64_t kLast = 3000;
  std::vector<std::thread> readers;
  for (const char* name : {"a", "b", "c"}) {
    readers.emplace_back([this, name] {
      auto cursor = Cursor(name);
      while (cursor->position().value() < kLast) {
        const auto entries = cursor->Read(64, kDeadline);
        const auto sequences = Sequences(entries);
        ASSERT_FALSE(sequences.empty());
        ASSERT_EQ(sequences.front(), cursor->position().value() + 1);
        ASSERT_TRUE(cursor->Advance(entries->back().sequence).ok());
      }
    });
  }
  for (std::uint64_t first = 1; first <= kLast; first += 30) ASSERT_TRUE(log_->Append(Entries(first, first + 29)).ok());
  for (std::thread& reader : readers) reader.join();
}

}  // namespace xt::contract
