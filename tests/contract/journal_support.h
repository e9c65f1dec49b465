// Journal records that follow each other, and short ways to append and read them. Shared by the tests of journals.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <semaphore>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "libs/ports/command_journal.h"
#include "tests/contract/contract_support.h"

namespace xt::contract {

inline ports::FencingToken Token(std::uint64_t epoch, std::uint32_t generation = 0) {
  return {domain::Epoch(epoch), generation};
}

// Makes records that follow each other.
class RecordChain {
 public:
  RecordChain() = default;
  explicit RecordChain(const ports::OpenReport& report)
      : next_(report.last_sequence.value() + 1), hash_(report.last_hash), epoch_(report.last_epoch) {}

  void set_epoch(std::uint64_t epoch) { epoch_ = domain::Epoch(epoch); }
  ports::JournalRecord Next(std::uint64_t commands = 1, std::size_t padding = 0) {
    ports::JournalRecord record;
    record.epoch = epoch_;
    record.first_sequence = domain::SequenceNumber(next_);
    record.last_sequence = domain::SequenceNumber(next_ + commands - 1);
    record.previous_hash = hash_;
    record.bytes = hash_.ToBytes() + "frame " + std::to_string(next_) + std::string(padding, 'x');
    record.hash = HashBytes(record.bytes);
    next_ += commands;
    hash_ = record.hash;
    return record;
  }

 private:
  std::uint64_t next_ = 1;
  Hash128 hash_;
  domain::Epoch epoch_{1};
};

inline bool SameRecord(const ports::JournalRecord& a, const ports::JournalRecord& b) {
  return a.epoch == b.epoch && a.first_sequence == b.first_sequence && a.last_sequence == b.last_sequence &&
         a.previous_hash == b.previous_hash && a.hash == b.hash && a.bytes == b.bytes;
}

inline std::vector<std::uint64_t> ReadSequences(ports::CommandJournal& journal, std::uint64_t from) {
  std::vector<std::uint64_t> firsts;
  const absl::Status status = journal.Read(domain::SequenceNumber(from), [&](const ports::JournalRecord& record) {
    firsts.push_back(record.first_sequence.value());
    return absl::OkStatus();
  });
  EXPECT_TRUE(status.ok()) << status;
  return firsts;
}

// Appends and waits for the outcome.
inline absl::Status AppendAndWait(ports::CommandJournal& journal, ports::JournalRecord record) {
  Outcomes<absl::Status> outcomes;
  journal.Append(std::move(record), [&](const absl::Status& status) { outcomes.Add(status); });
  const auto all = outcomes.WaitFor(1);
  return all.empty() ? absl::DeadlineExceededError("no outcome") : all[0];
}

inline std::vector<ports::JournalRecord> RecordsOf(ports::CommandJournal& journal, std::uint64_t from = 1) {
  std::vector<ports::JournalRecord> records;
  const absl::Status status = journal.Read(domain::SequenceNumber(from), [&](const ports::JournalRecord& record) {
    records.push_back(record);
    return absl::OkStatus();
  });
  EXPECT_TRUE(status.ok()) << status;
  return records;
}

// Appends on a thread of its own until it is stopped; two are in flight, so that a copy that comes back catches up under
// sanitizers too.
class AppendLoad {
 public:
  AppendLoad(ports::CommandJournal& journal, RecordChain& chain)
      : thread_([this, &journal, &chain] {
          while (!stop_) {
            in_flight_.acquire();
            ++appended_;
            journal.Append(chain.Next(), [this](const absl::Status& status) {
              if (status.ok()) ++confirmed_;
              in_flight_.release();
            });
          }
        }) {}
  ~AppendLoad() { Stop(); }
  AppendLoad(const AppendLoad&) = delete;
  AppendLoad& operator=(const AppendLoad&) = delete;

  // Returns when everything has its outcome.
  void Stop() {
    if (!thread_.joinable()) return;
    stop_ = true;
    thread_.join();
    for (int i = 0; i < kInFlight; ++i) in_flight_.acquire();
  }
  [[nodiscard]] std::uint64_t appended() const { return appended_; }
  [[nodiscard]] std::uint64_t confirmed() const { return confirmed_; }

 private:
  static constexpr int kInFlight = 2;
  std::counting_semaphore<> in_flight_{kInFlight};
  std::atomic<bool> stop_{false};
  std::atomic<std::uint64_t> appended_{0};
  std::atomic<std::uint64_t> confirmed_{0};
  std::thread thread_;
};

// A journal that a test opens, as the leader of one epoch after the other, and appends to.
template <typename Journal>
class JournalFixture : public ::testing::Test {
 protected:
  virtual std::unique_ptr<Journal> Make() = 0;

  // What a test's own members are is gone before this class's.
  void TearDown() override { journal_.reset(); }

  absl::Status Open(std::uint64_t epoch) {
    journal_.reset();
    journal_ = Make();
    auto report = journal_->Open(Token(epoch));
    if (!report.ok()) return report.status();
    report_ = *report;
    chain_ = RecordChain(report_);
    chain_.set_epoch(epoch);
    return absl::OkStatus();
  }
  void MustOpen(std::uint64_t epoch) {
    const absl::Status status = Open(epoch);
    ASSERT_TRUE(status.ok()) << status;
  }
  void MustAppend(int records) {
    for (int i = 0; i < records; ++i) ASSERT_TRUE(AppendAndWait(*journal_, chain_.Next(1, padding_)).ok());
  }
  void AppendSome(int records) {
    for (int i = 0; i < records; ++i) {
      journal_->Append(chain_.Next(1, padding_), [this](const absl::Status& status) { outcomes_.Add(status); });
    }
  }

  std::size_t padding_ = 50;  // of each record, bytes
  ports::OpenReport report_;
  RecordChain chain_;
  Outcomes<absl::Status> outcomes_;
  std::unique_ptr<Journal> journal_;
};

}  // namespace xt::contract
