// FakeJournal: a journal in memory that the test can hold, fail and hand to the next leader. Thread-safe where the port is.
#pragma once

#include <cstddef>
#include <deque>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/ports/command_journal.h"
#include "services/sequencer/testing/eventually.h"

namespace xt::sequencer::testing {

class FakeJournal final : public ports::CommandJournal {
 public:
  absl::StatusOr<ports::OpenReport> Open(ports::FencingToken token) override {
    return state_.Do([&](State& s) -> absl::StatusOr<ports::OpenReport> {
      if (!s.open_status.ok()) return s.open_status;
      s.token = token;
      ports::OpenReport report;
      if (!s.records.empty()) {
        report.last_sequence = s.records.back().last_sequence;
        report.last_hash = s.records.back().hash;
        report.last_epoch = s.records.back().epoch;
      }
      report.records = s.records.size();
      return report;
    });
  }

  absl::Status Read(domain::SequenceNumber from, const Visitor& visitor) override {
    for (const ports::JournalRecord& record : state_.Get().records) {
      if (record.last_sequence < from) continue;
      if (absl::Status status = visitor(record); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  void Append(ports::JournalRecord record, AppendDone done) override {
    const bool held = state_.Do([&](State& s) {
      s.waiting.push_back({std::move(record), std::move(done)});
      ++s.appends;
      return s.held;
    });
    if (!held) ConfirmAll();
  }

  [[nodiscard]] domain::SequenceNumber TailSequence() const override {
    return state_.Do(
        [](State& s) { return s.records.empty() ? domain::SequenceNumber() : s.records.back().last_sequence; });
  }

  // While held, an append waits for ConfirmAll or FailNext.
  void Hold(bool held) {
    state_.Do([&](State& s) { s.held = held; });
  }
  void ConfirmAll() {
    while (Finish(absl::OkStatus())) {
    }
  }
  void FailNext(const absl::Status& status) { Finish(status); }
  [[nodiscard]] absl::Status Accepting() const override {
    return state_.Do([](State& s) { return s.accepting; });
  }
  void Refuse(const absl::Status& why) {
    state_.Do([&](State& s) { s.accepting = why; });
  }
  void FailOpen(const absl::Status& status) {
    state_.Do([&](State& s) { s.open_status = status; });
  }
  [[nodiscard]] bool WaitForAppends(std::size_t count) {
    return state_.WaitUntil([&](const State& s) { return s.appends >= count; });
  }
  [[nodiscard]] std::vector<ports::JournalRecord> records() { return state_.Get().records; }
  [[nodiscard]] domain::Epoch epoch() { return state_.Get().token.epoch; }

 private:
  struct Waiting {
    ports::JournalRecord record;
    AppendDone done;
  };
  struct State {
    std::vector<ports::JournalRecord> records;
    std::deque<Waiting> waiting;
    std::size_t appends = 0;
    bool held = false;
    absl::Status open_status;
    absl::Status accepting;
    ports::FencingToken token;
  };

  bool Finish(const absl::Status& status) {
    const std::lock_guard in_order(finish_mutex_);
    AppendDone done;
    state_.Do([&](State& s) {
      if (s.waiting.empty()) return;
      if (status.ok()) s.records.push_back(std::move(s.waiting.front().record));
      done = std::move(s.waiting.front().done);
      s.waiting.pop_front();
    });
    if (!done) return false;
    done(status);
    return true;
  }

  std::mutex finish_mutex_;
  mutable Watched<State> state_;
};

}  // namespace xt::sequencer::testing
