// FakeJournal: a journal in memory that the test can hold, fail and hand to the next leader. Thread-safe where the port is.
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <iterator>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/base/status.h"
#include "libs/ports/command_journal.h"
#include "services/sequencer/testing/eventually.h"

namespace xt::sequencer::testing {

class FakeJournal final : public ports::CommandJournal {
 public:
  absl::StatusOr<ports::OpenReport> Open(ports::FencingToken token) override {
    return state_.Do([&](State& s) -> absl::StatusOr<ports::OpenReport> {
      if (!s.open_status.ok()) return s.open_status;
      s.token = token;
      ports::OpenReport report = ports::EmptyBehind(s.base);
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
    const State now = state_.Get();
    if (now.tail_held) return absl::OkStatus();
    if (from.value() != 0 && from <= now.base.sequence) {
      if (from < now.readable_from()) return absl::OutOfRangeError("trimmed");
      XT_RETURN_IF_ERROR(Visit(now.history, from, visitor));
    }
    return Visit(now.records, from, visitor);
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
        [](State& s) { return s.records.empty() || s.tail_held ? s.base.sequence : s.records.back().last_sequence; });
  }

  [[nodiscard]] ports::JournalBase Base() const override {
    return state_.Do([](State& s) { return s.base; });
  }
  [[nodiscard]] absl::StatusOr<domain::SequenceNumber> ReadableFrom() override {
    return state_.Do([](State& s) { return s.readable_from(); });
  }
  absl::Status TrimFront(domain::SequenceNumber upto) override {
    return state_.Do([&](State& s) -> absl::Status {
      if (!s.trim_status.ok()) return s.trim_status;
      const auto gone =
          std::ranges::find_if(s.records, [&](const auto& record) { return record.last_sequence > upto; });
      if (gone == s.records.begin()) return absl::OkStatus();
      const ports::JournalRecord& last = *std::prev(gone);
      s.base = {last.last_sequence, last.hash, last.epoch};
      if (s.keeps_history) s.history.insert(s.history.end(), s.records.begin(), gone);
      s.records.erase(s.records.begin(), gone);
      return absl::OkStatus();
    });
  }
  // From now on what is trimmed can be read.
  void KeepHistory() {
    state_.Do([](State& s) { s.keeps_history = true; });
  }
  // Until something was trimmed.
  [[nodiscard]] bool WaitForTrim() {
    return state_.WaitUntil([](const State& s) { return s.base.sequence.value() != 0; });
  }
  void FailTrim(const absl::Status& status) {
    state_.Do([&](State& s) { s.trim_status = status; });
  }

  // While held, what it is opened with is not confirmed.
  void HoldTail(bool held) {
    state_.Do([&](State& s) { s.tail_held = held; });
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
    std::vector<ports::JournalRecord> records, history;
    bool keeps_history = false;
    std::deque<Waiting> waiting;
    std::size_t appends = 0;
    bool held = false;
    bool tail_held = false;
    absl::Status open_status;
    absl::Status accepting;
    absl::Status trim_status;
    ports::JournalBase base;
    ports::FencingToken token;
    [[nodiscard]] domain::SequenceNumber readable_from() const {
      return history.empty() ? domain::SequenceNumber(base.sequence.value() + 1) : history.front().first_sequence;
    }
  };

  static absl::Status Visit(const std::vector<ports::JournalRecord>& records, domain::SequenceNumber from,
                            const Visitor& visitor) {
    for (const ports::JournalRecord& record : records) {
      if (record.last_sequence < from) continue;
      if (absl::Status status = visitor(record); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

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
