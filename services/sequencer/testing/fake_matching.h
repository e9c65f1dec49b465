// FakeMatching: a replica that applies what is committed and answers at once, or when the test lets it. It can be absent,
// full, or die. It can have snapshots, which are positions only. What a command does is a function that the test may
// replace; results depend on the journal alone, like the real one's. Thread-safe where the port is.
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/ports/matching_replica.h"
#include "libs/wire/event_codec.h"
#include "services/sequencer/testing/core_support.h"
#include "services/sequencer/testing/eventually.h"

namespace xt::sequencer::testing {

class FakeMatching final : public ports::MatchingReplica, public ports::MatchingQueries {
 public:
  // Adds events to the one that HonestAnswer makes.
  using Effect = std::function<void(const domain::Command&, domain::CommandResult&)>;
  // What is due after a frame.
  using Due = std::function<std::int64_t(const domain::Frame&)>;

  absl::StatusOr<ports::ReplicaPosition> Connect(Observer observer,
                                                 const ports::SequencerPosition& sequencer) override {
    auto position = state_.Do([&](State& s) -> absl::StatusOr<ports::ReplicaPosition> {
      ++s.connects;
      if (s.absent) return absl::UnavailableError("matching is absent");
      const domain::SequenceNumber published = sequencer.published.value_or(s.published);
      const domain::SequenceNumber from = ResultsFrom(s, sequencer, published);
      if (from.value() == 0 || !Reaches(s.position, sequencer)) {
        const auto snapshot = FindSnapshot(s, sequencer, published);
        if (!Reaches(snapshot, sequencer)) {
          return absl::FailedPreconditionError("the journal begins behind what matching has, and there is no snapshot");
        }
        Restore(s, snapshot, sequencer.begin_anew);
      } else {
        s.position.results_from = from;
      }
      s.published = published;
      s.observer = std::move(observer);
      s.frames.clear();
      s.answers.clear();
      for (const ports::FrameResults& frame : s.kept) {
        if (frame.results.front().sequence >= s.position.results_from) s.answers.push_back(frame);
      }
      return s.position;
    });
    if (position.ok()) AnswerAll();
    return position;
  }

  absl::Status Offer(std::shared_ptr<const domain::Frame> frame) override {
    return state_.Do([&](State& s) -> absl::Status {
      if (!s.observer) return absl::UnavailableError("matching is gone");
      if (s.full > 0) {
        --s.full;
        return absl::ResourceExhaustedError("full");
      }
      const domain::Frame* last = s.frames.empty() ? nullptr : s.frames.back().get();
      const auto due = (last != nullptr ? last->last_sequence() : s.position.applied).value() + 1;
      if (frame->first_sequence.value() != due) return absl::FailedPreconditionError("a gap");
      s.frames.push_back(std::move(frame));
      return absl::OkStatus();
    });
  }

  absl::Status Commit(domain::SequenceNumber sequence) override {
    const bool held = state_.Do([&](State& s) {
      while (!s.frames.empty() && s.frames.front()->last_sequence() <= sequence) {
        s.answers.push_back(Apply(s, *s.frames.front()));
        s.frames.pop_front();
      }
      return s.held;
    });
    if (!held) AnswerAll();
    return absl::OkStatus();
  }

  absl::Status Published(domain::SequenceNumber sequence) override {
    state_.Do([&](State& s) { s.published = std::max(s.published, sequence); });
    return absl::OkStatus();
  }

  absl::StatusOr<ports::ReferenceData> GetReferenceData() override {
    return state_.Do([](State& s) -> absl::StatusOr<ports::ReferenceData> {
      if (s.absent) return absl::UnavailableError("matching is absent");
      return s.reference;
    });
  }
  absl::StatusOr<domain::BookSnapshot> GetBook(domain::SymbolId, std::size_t) override {
    return absl::UnimplementedError("");
  }
  absl::StatusOr<ports::StateDigest> GetStateDigest() override { return absl::UnimplementedError(""); }

  void SetEffect(Effect effect) {
    state_.Do([&](State& s) { s.effect = std::move(effect); });
  }
  void SetDue(Due due) {
    state_.Do([&](State& s) { s.due = std::move(due); });
  }
  void SetAbsent(bool absent) {
    state_.Do([&](State& s) { s.absent = absent; });
  }
  // The next `offers` find no room.
  void SetFull(std::size_t offers) {
    state_.Do([&](State& s) { s.full = offers; });
  }
  // While held, results wait for AnswerAll.
  void Hold(bool held) {
    state_.Do([&](State& s) { s.held = held; });
  }
  void AnswerAll() {
    const std::lock_guard in_order(answer_mutex_);
    for (;;) {
      Observer observer;
      ports::FrameResults answer;
      state_.Do([&](State& s) {
        if (s.answers.empty() || !s.observer) return;
        observer = s.observer;
        answer = std::move(s.answers.front());
        s.answers.pop_front();
      });
      if (!observer) return;
      observer(std::move(answer));
    }
  }
  // Breaks the connection and stays away. What was applied and not answered is forgotten, as after a restart.
  void Die() {
    Observer observer;
    state_.Do([&](State& s) {
      s.absent = true;
      s.position = {};
      observer = std::exchange(s.observer, nullptr);
    });
    if (observer) observer(absl::UnavailableError("matching died"));
  }
  // Where it claims to stand at the next Connect.
  void SetPosition(const ports::ReplicaPosition& position) {
    state_.Do([&](State& s) { s.position = position; });
  }
  // Snapshots of its own, or of other replicas, the newest first.
  void SetSnapshots(const std::vector<ports::ReplicaPosition>& snapshots) {
    state_.Do([&](State& s) { s.snapshots = snapshots; });
  }
  // Breaks the contract: never drops its state.
  void SetStubborn() {
    state_.Do([&](State& s) { s.stubborn = true; });
  }
  // From now on it keeps its results, to tell them again.
  void KeepResults() {
    state_.Do([&](State& s) { s.keeps = true; });
  }
  [[nodiscard]] bool WaitForPublished(std::uint64_t sequence) {
    return state_.WaitUntil([&](const State& s) { return s.published.value() >= sequence; });
  }
  // How often it dropped its state.
  [[nodiscard]] std::size_t drops() { return state_.Get().drops; }
  [[nodiscard]] std::size_t connects() { return state_.Get().connects; }
  [[nodiscard]] bool WaitForApplied(std::uint64_t sequence) {
    return state_.WaitUntil([&](const State& s) { return s.position.applied.value() >= sequence; });
  }
  [[nodiscard]] bool WaitForConnects(std::size_t count) {
    return state_.WaitUntil([&](const State& s) { return s.connects >= count; });
  }
  [[nodiscard]] std::uint64_t published() { return state_.Get().published.value(); }
  [[nodiscard]] std::uint64_t applied() { return state_.Get().position.applied.value(); }

 private:
  struct State {
    Observer observer;
    ports::ReplicaPosition position;
    std::deque<std::shared_ptr<const domain::Frame>> frames;  // not committed
    std::deque<ports::FrameResults> answers;
    std::vector<ports::FrameResults> kept;
    std::vector<ports::ReplicaPosition> snapshots;
    domain::SequenceNumber published;
    ports::ReferenceData reference;
    Effect effect;
    Due due;
    std::size_t connects = 0;
    std::size_t drops = 0;
    bool keeps = false;
    bool stubborn = false;
    std::size_t full = 0;
    bool absent = false;
    bool held = false;
  };

  // 0: it has to drop its state.
  static domain::SequenceNumber ResultsFrom(const State& s, const ports::SequencerPosition& sequencer,
                                            domain::SequenceNumber published) {
    const domain::SequenceNumber end(s.position.applied.value() + 1);
    if (s.stubborn) return end;
    if (sequencer.begin_anew) return {};
    if (sequencer.standby) return end;
    const domain::SequenceNumber from(std::max(sequencer.results_after, published).value() + 1);
    if (from >= end) return end;
    for (const ports::FrameResults& frame : s.kept) {
      const domain::SequenceNumber first = frame.results.front().sequence;
      if (frame.results.back().sequence >= from) return first <= from ? first : domain::SequenceNumber();
    }
    return {};
  }
  // The journal has what follows the position.
  static bool Reaches(const ports::ReplicaPosition& position, const ports::SequencerPosition& sequencer) {
    return position.applied.value() + 1 >= sequencer.journal_begins.value();
  }
  // The newest one that the journal reaches, and is not behind the results that are lacked. Without any: the beginning.
  static ports::ReplicaPosition FindSnapshot(const State& s, const ports::SequencerPosition& sequencer,
                                             domain::SequenceNumber published) {
    const domain::SequenceNumber at_most = std::max(sequencer.results_after, published);
    for (const ports::ReplicaPosition& snapshot : s.snapshots) {
      if (sequencer.begin_anew && snapshot.applied >= s.position.applied) continue;
      if (!sequencer.standby && snapshot.applied > at_most) continue;
      return Reaches(snapshot, sequencer) ? snapshot : ports::ReplicaPosition();
    }
    return {};
  }
  static void Restore(State& s, const ports::ReplicaPosition& snapshot, bool anew) {
    ++s.drops;
    if (anew) {
      std::erase_if(s.snapshots, [&](const auto& misfit) { return misfit.applied >= s.position.applied; });
    }
    s.position = snapshot;
    s.position.results_from = domain::SequenceNumber(snapshot.applied.value() + 1);
    s.reference = {};
    s.kept.clear();
  }

  static ports::FrameResults Apply(State& s, const domain::Frame& frame) {
    FrameAnswer answer = HonestAnswer(frame);
    for (std::size_t i = 0; i < frame.commands.size(); ++i) {
      if (s.effect) s.effect(frame.commands[i], answer.results[i]);
      for (const domain::Event& event : answer.results[i].events) {
        const auto* defined = std::get_if<domain::SymbolDefined>(&event);
        if (defined != nullptr) s.reference.symbols.push_back(defined->symbol);
      }
    }
    s.position = {frame.last_sequence(), frame.hash};
    answer.batches = wire::EncodeEventBatches(answer.results);
    const Hash128 digest = wire::DigestBatches(answer.batches);
    ports::FrameResults results{std::move(answer.results), std::move(answer.batches), frame.first_sequence, digest,
                                s.due ? s.due(frame) : 0};
    if (s.keeps) s.kept.push_back(results);
    return results;
  }

  std::mutex answer_mutex_;
  Watched<State> state_;
};

}  // namespace xt::sequencer::testing
