// The outbox, the three buses and the election in memory: they keep what they are given and can be switched off. Only what
// the sequencer uses is there. Thread-safe.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/ports/event_log.h"
#include "libs/ports/execution_stream.h"
#include "libs/ports/leader_election.h"
#include "libs/ports/market_bus.h"
#include "libs/ports/notification_bus.h"
#include "services/sequencer/testing/eventually.h"

namespace xt::sequencer::testing {

class FakeEventLog final : public ports::EventLog {
 public:
  [[nodiscard]] domain::SequenceNumber FirstSequence() const override {
    return state_.Do([](State& s) { return domain::SequenceNumber(s.before + 1); });
  }
  [[nodiscard]] domain::SequenceNumber LastSequence() const override {
    return state_.Do([](State& s) { return domain::SequenceNumber(s.last()); });
  }
  absl::Status BeginAt(domain::SequenceNumber first) override {
    state_.Do([&](State& s) {
      s.entries.clear();
      s.before = first.value() - 1;
      for (auto& [name, position] : s.cursors) position = s.before;
    });
    return absl::OkStatus();
  }
  absl::Status Append(const std::vector<ports::EventEntry>& entries) override {
    return state_.Do([&](State& s) -> absl::Status {
      for (const ports::EventEntry& entry : entries) {
        const std::uint64_t sequence = entry.sequence.value();
        if (sequence > s.last() + 1) return absl::InvalidArgumentError("a gap");
        if (sequence == s.last() + 1) {
          s.entries.push_back(entry);
        } else if (sequence > s.before && *s.entries[sequence - s.before - 1].payload != *entry.payload) {
          return absl::DataLossError("two runs of one journal disagreed");
        }
      }
      return absl::OkStatus();
    });
  }
  absl::StatusOr<std::unique_ptr<ports::EventCursor>> OpenCursor(std::string_view name) override {
    return std::make_unique<Cursor>(*this, std::string(name));
  }
  absl::StatusOr<std::vector<ports::EventEntry>> ReadFrom(domain::SequenceNumber from, std::size_t max) override {
    return state_.Do([&](State& s) -> absl::StatusOr<std::vector<ports::EventEntry>> {
      if (from.value() <= s.before) return absl::OutOfRangeError("trimmed");
      return Slice(s, from.value() - 1, max);
    });
  }
  [[nodiscard]] std::uint64_t SizeBytes() const override { return 0; }
  void Close() override {}

  // Forgets what came before `first`.
  void TrimBefore(std::uint64_t first) {
    state_.Do([&](State& s) {
      const std::uint64_t gone = std::min(first - 1, s.last()) - s.before;
      s.entries.erase(s.entries.begin(), s.entries.begin() + static_cast<std::ptrdiff_t>(gone));
      s.before += gone;
    });
  }
  void SetCursor(const std::string& name, std::uint64_t position) {
    state_.Do([&](State& s) { s.cursors[name] = std::max(position, s.before); });
  }
  [[nodiscard]] std::uint64_t CursorAt(const std::string& name) {
    return state_.Do([&](State& s) { return std::max(s.cursors[name], s.before); });
  }
  [[nodiscard]] bool WaitForCursor(const std::string& name, std::uint64_t position) {
    return state_.WaitUntil([&](const State& s) {
      const auto cursor = s.cursors.find(name);
      return cursor != s.cursors.end() && cursor->second >= position;
    });
  }

 private:
  struct State {
    std::vector<ports::EventEntry> entries;
    std::uint64_t before = 0;  // the sequence before the first entry
    std::map<std::string, std::uint64_t> cursors;
    [[nodiscard]] std::uint64_t last() const { return before + entries.size(); }
  };
  class Cursor final : public ports::EventCursor {
   public:
    Cursor(FakeEventLog& log, std::string name) : log_(log), name_(std::move(name)) {}
    absl::StatusOr<std::vector<ports::EventEntry>> Read(std::size_t max, std::chrono::milliseconds timeout) override {
      const std::uint64_t at = position().value();
      log_.state_.WaitUpTo(timeout, [&](const State& s) { return s.last() > at; });
      return log_.state_.Do([&](State& s) { return Slice(s, at, max); });
    }
    absl::Status Advance(domain::SequenceNumber sequence) override {
      log_.SetCursor(name_, sequence.value());
      return absl::OkStatus();
    }
    [[nodiscard]] domain::SequenceNumber position() const override {
      return domain::SequenceNumber(log_.CursorAt(name_));
    }

   private:
    FakeEventLog& log_;
    const std::string name_;
  };

  static std::vector<ports::EventEntry> Slice(const State& s, std::uint64_t at, std::size_t max) {
    const std::uint64_t begin = std::min<std::uint64_t>(at - std::min(at, s.before), s.entries.size());
    const std::uint64_t end = std::min<std::uint64_t>(begin + max, s.entries.size());
    return {s.entries.begin() + static_cast<std::ptrdiff_t>(begin),
            s.entries.begin() + static_cast<std::ptrdiff_t>(end)};
  }

  mutable Watched<State> state_;
};

// What the two message buses have in common: messages in the order of their arrival, and a switch.
template <typename Message>
class FakeChannel {
 public:
  absl::Status Publish(const std::vector<Message>& messages) {
    return state_.Do([&](State& s) -> absl::Status {
      ++s.attempts;
      if (!s.failure.ok()) return s.failure;
      s.messages.insert(s.messages.end(), messages.begin(), messages.end());
      return absl::OkStatus();
    });
  }
  void SetDown(bool down) { Fail(down ? absl::UnavailableError("the bus is down") : absl::OkStatus()); }
  // What Publish answers, instead of taking anything; OK ends it.
  void Fail(const absl::Status& failure) {
    state_.Do([&](State& s) { s.failure = failure; });
  }
  [[nodiscard]] bool WaitForAttempts(std::size_t more) {
    const std::size_t from = state_.Get().attempts;
    return state_.WaitUntil([&](const State& s) { return s.attempts >= from + more; });
  }
  [[nodiscard]] std::vector<Message> messages() { return state_.Get().messages; }

 private:
  struct State {
    std::vector<Message> messages;
    std::size_t attempts = 0;
    absl::Status failure;
  };
  Watched<State> state_;
};

class FakeMarketBus final : public ports::MarketBus {
 public:
  absl::Status Publish(const std::vector<ports::MarketMessage>& messages) override { return channel.Publish(messages); }
  absl::StatusOr<domain::EventId> LastId(std::string_view) override { return domain::EventId{}; }
  absl::StatusOr<std::unique_ptr<ports::MarketConsumer>> Subscribe(std::string_view, const std::vector<std::string>&,
                                                                   ports::StartAt) override {
    return absl::UnimplementedError("");
  }
  void Close() override {}
  FakeChannel<ports::MarketMessage> channel;
};

class FakeNotificationBus final : public ports::NotificationBus {
 public:
  absl::Status Publish(const std::vector<ports::Notification>& notifications) override {
    return channel.Publish(notifications);
  }
  absl::StatusOr<std::unique_ptr<ports::NotificationConsumer>> Consume(const ports::QueueOptions&) override {
    return absl::UnimplementedError("");
  }
  absl::StatusOr<std::vector<ports::Notification>> TakeDeadLetters(std::size_t) override {
    return absl::UnimplementedError("");
  }
  void Close() override {}
  FakeChannel<ports::Notification> channel;
};

// What it was given, in order, maybe behind gaps.
class FakeExecutionStream final : public ports::ExecutionStream {
 public:
  absl::Status Publish(const std::vector<ports::EventEntry>& entries) override {
    return state_.Do([&](State& s) -> absl::Status {
      if (s.down) return absl::UnavailableError("the stream is down");
      for (const ports::EventEntry& entry : entries) {
        if (entry.sequence.value() > s.last + 1) return absl::InvalidArgumentError("a gap");
        if (entry.sequence.value() <= s.last) continue;
        s.entries.push_back(entry);
        ++s.last;
      }
      return absl::OkStatus();
    });
  }
  absl::StatusOr<domain::SequenceNumber> LastSequence() override {
    return state_.Do([](State& s) -> absl::StatusOr<domain::SequenceNumber> {
      if (s.down) return absl::UnavailableError("the stream is down");
      return domain::SequenceNumber(s.last);
    });
  }
  absl::StatusOr<domain::SequenceNumber> Acknowledged() override {
    return state_.Do([](State& s) -> absl::StatusOr<domain::SequenceNumber> {
      ++s.asked;
      if (s.down) return absl::UnavailableError("the stream is down");
      return domain::SequenceNumber(s.acknowledged.value_or(s.last));
    });
  }
  absl::Status BeginAt(domain::SequenceNumber first) override {
    return state_.Do([&](State& s) -> absl::Status {
      ++s.begun;
      if (s.down) return absl::UnavailableError("the stream is down");
      if (!s.begin_status.ok()) return s.begin_status;
      if (first.value() > s.last + 1) s.last = first.value() - 1;
      return absl::OkStatus();
    });
  }
  absl::StatusOr<std::unique_ptr<ports::ExecutionConsumer>> Join(std::string_view, std::string_view) override {
    return absl::UnimplementedError("");
  }
  void Close() override {}

  void SetDown(bool down) {
    state_.Do([&](State& s) { s.down = down; });
  }
  // What BeginAt answers; OK ends it.
  void FailBeginAt(const absl::Status& status) {
    state_.Do([&](State& s) { s.begin_status = status; });
  }
  [[nodiscard]] bool WaitForBeginAt(std::size_t count) {
    return state_.WaitUntil([&](const State& s) { return s.begun >= count; });
  }
  // Without it nobody reads.
  void SetAcknowledged(std::uint64_t sequence) {
    state_.Do([&](State& s) { s.acknowledged = sequence; });
  }
  // Loses what it had behind `sequence`.
  void CutAfter(std::uint64_t sequence) {
    state_.Do([&](State& s) {
      std::erase_if(s.entries, [&](const ports::EventEntry& entry) { return entry.sequence.value() > sequence; });
      s.last = std::min(s.last, sequence);
    });
  }
  [[nodiscard]] std::vector<ports::EventEntry> entries() { return state_.Get().entries; }
  [[nodiscard]] bool WaitForEntries(std::size_t count) {
    return state_.WaitUntil([&](const State& s) { return s.entries.size() >= count; });
  }
  [[nodiscard]] bool WaitForLast(std::uint64_t sequence) {
    return state_.WaitUntil([&](const State& s) { return s.last >= sequence; });
  }
  // Until it was asked so often, from now on, what was acknowledged.
  [[nodiscard]] bool WaitForAsked(std::size_t more) {
    const std::size_t from = state_.Get().asked;
    return state_.WaitUntil([&](const State& s) { return s.asked >= from + more; });
  }

 private:
  struct State {
    std::vector<ports::EventEntry> entries;
    std::uint64_t last = 0;
    std::optional<std::uint64_t> acknowledged;
    std::size_t asked = 0;
    std::size_t begun = 0;
    absl::Status begin_status;
    bool down = false;
  };
  Watched<State> state_;
};

// Leads at once with the epoch after the last one, unless it was told to wait.
class FakeElection final : public ports::LeaderElection {
 public:
  explicit FakeElection(bool leads_at_once = true) : leads_at_once_(leads_at_once) {}
  absl::Status Campaign(Observer observer) override {
    observer_ = std::move(observer);
    if (leads_at_once_) Elect();
    return absl::OkStatus();
  }
  absl::StatusOr<std::size_t> OtherCandidates() override { return others; }
  void Resign() override { observer_ = nullptr; }

  absl::StatusOr<std::size_t> others = 0;  // set before anybody asks
  void Elect() { Tell({true, domain::Epoch(++epoch_), "me"}); }
  void Depose() { Tell({false, domain::Epoch(++epoch_), "another"}); }

 private:
  void Tell(const ports::Leadership& leadership) {
    if (observer_) observer_(leadership);
  }
  const bool leads_at_once_;
  std::uint64_t epoch_ = 0;
  Observer observer_;
};

}  // namespace xt::sequencer::testing
