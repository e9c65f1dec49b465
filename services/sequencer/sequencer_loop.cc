#include "services/sequencer/sequencer_loop.h"

#include <algorithm>
#include <chrono>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "libs/ports/fenced.h"
#include "libs/runtime/log.h"
#include "libs/wire/frame_codec.h"

namespace xt::sequencer {
namespace {

using runtime::Log;
using runtime::LogField;
using runtime::LogLevel;

// How long it may wait for input: bounds the pause of its heartbeat, nothing else.
constexpr std::chrono::milliseconds kIdle{100};
// While a full replica holds something back nobody tells when it has room.
constexpr std::chrono::milliseconds kHolding{1};
// How often matching is told what was published.
constexpr std::int64_t kTellPublishedNs = 100'000'000;

CoreLimits LimitsOf(const SequencerConfig& config) {
  return {.max_unanswered = config.max_unanswered,
          .max_frame_commands = config.max_frame_commands,
          .max_uncommitted_frames = config.max_frames_in_flight,
          .max_open_frames = config.max_open_frames};
}

bool IsDuplicate(const domain::CommandResult& result) {
  return std::ranges::any_of(result.events, [](const domain::Event& event) {
    const auto* rejected = std::get_if<domain::CommandRejected>(&event);
    return rejected != nullptr && rejected->original_sequence.value() != 0;
  });
}

}  // namespace

std::string SequencerLoop::WireEncoder::Encode(domain::Frame& frame) { return wire::EncodeFrame(frame); }

SequencerLoop::SequencerLoop(const LoopContext& context, std::shared_ptr<Inbox> inbox)
    : context_(context),
      inbox_(std::move(inbox)),
      core_(LimitsOf(context.config), encoder_),
      link_(context.replica, inbox_) {}

void SequencerLoop::Run() {
  campaign_ns_ = context_.clock.MonotonicNs();
  Turn(std::chrono::nanoseconds(0));
  if (!leads_ && !ended()) context_.state.Set(Phase::kStandby);
  while (!leads_ && !ended()) Turn(kIdle);
  if (!ended()) {
    if (const absl::Status status = OpenJournal(); !status.ok()) core_.HaltNow(status);
    ExecuteActions();
  }
  while (!ended() && !TailIsConfirmed()) Turn(kIdle);
  if (!ended()) {
    if (const absl::Status status = ReadTail(); !status.ok()) core_.HaltNow(status);
    ExecuteActions();
  }
  while (!ended()) {
    const auto state = core_.state();
    if (state == SequencerCore::State::kIdle || state == SequencerCore::State::kSuspended) {
      ConnectAndReplay();
    } else {
      Turn(UntilNextTurn());
    }
  }
  while (!stopping_) Turn(kIdle);
  Finish();
}

// Until what is due has to be made to happen.
std::chrono::nanoseconds SequencerLoop::UntilNextTurn() const {
  const std::chrono::nanoseconds longest = link_.holding() ? kHolding : kIdle;
  return std::min(longest, std::chrono::nanoseconds(core_.NsUntilTick(Time())));
}

void SequencerLoop::Turn(std::chrono::nanoseconds wait) {
  inbox_->Take(signals_, submissions_, wait);
  if (heartbeat_ != nullptr) heartbeat_->Beat();
  for (Signal& signal : signals_) {
    std::visit([this](auto& told) { Handle(told); }, signal);
    ExecuteActions();
  }
  if (link_.holding()) {
    if (const absl::Status status = link_.Flush(); !status.ok()) LoseReplica(status);
  }
  for (Submission& submission : submissions_) {
    core_.Submit(submission.command, pending_.Add({std::move(submission.done), submission.received_ns}));
  }
  core_.Advance(Time());
  ExecuteActions();
  ShowState();
  if (core_.state() == SequencerCore::State::kServing) TellPublished();
}

void SequencerLoop::TellPublished() {
  const std::int64_t now_ns = context_.clock.MonotonicNs();
  if (now_ns - told_published_ns_ < kTellPublishedNs) return;
  told_published_ns_ = now_ns;
  const Published published = context_.published();
  context_.frames.SetPublished(published.confirmed);
  if (published.lost_after && published.lost_after->value() + 1 < context_.events.FirstSequence().value()) {
    DeriveAgain(*published.lost_after);
  } else if (const absl::Status status = link_.Published(published.confirmed); !status.ok()) {
    LoseReplica(status);
  }
}

// What a bus lacks and the outbox does not have any more, matching tells again, or works out again.
void SequencerLoop::DeriveAgain(domain::SequenceNumber after) {
  derive_after_ = after;
  LoseReplica(absl::UnavailableError(
      absl::StrCat("a bus has lost the events behind sequence ", after.value(), ": they are derived again")));
}

void SequencerLoop::Handle(LeadershipTold& told) {
  const ports::Leadership& leadership = told.leadership;
  context_.metrics.transitions.Increment();
  context_.metrics.epoch.Set(static_cast<std::int64_t>(leadership.epoch.value()));
  if (!leads_ && leadership.leader) {
    leads_ = true;
    epoch_ = leadership.epoch;
    context_.metrics.is_leader.Set(1);
    context_.metrics.election_duration.Observe(context_.clock.MonotonicNs() - campaign_ns_);
    Log(LogLevel::kInfo, "leading", {{"epoch", epoch_.value()}, {"shard", context_.config.shard}});
  } else if (leads_ && (!leadership.leader || leadership.epoch != epoch_)) {
    context_.metrics.is_leader.Set(0);
    core_.HaltNow(absl::FailedPreconditionError("leadership was lost"));
  }
}

void SequencerLoop::Handle(JournalTold& told) { core_.Appended(told.last_sequence, told.status); }

void SequencerLoop::Handle(ReplicaTold& told) {
  if (!link_.IsCurrent(told.connection)) return;
  if (!told.results.ok()) {
    LoseReplica(told.results.status());
  } else if (replay_.running) {
    TakeReplayed(*told.results);
  } else {
    core_.Answered(ToAnswer(std::move(*told.results)));
  }
}

void SequencerLoop::Handle(StandbyTold& told) { core_.StandbyAnswered(told.first_sequence, told.digest); }

void SequencerLoop::Handle(StopAcceptingTold&) {
  draining_ = true;
  core_.StopAccepting();
}

void SequencerLoop::Handle(StopTold&) { stopping_ = true; }

void SequencerLoop::ExecuteActions() {
  for (core_.TakeActions(actions_); !actions_.empty(); core_.TakeActions(actions_)) {
    for (Action& action : actions_) {
      std::visit([this](auto& a) { Execute(a); }, action);
    }
  }
}

void SequencerLoop::Execute(AppendFrame& action) {
  const domain::Frame& frame = *action.frame;
  context_.metrics.frame_commands.ObserveSingleWriter(static_cast<std::int64_t>(frame.commands.size()));
  if (std::holds_alternative<domain::Tick>(frame.commands.front().body)) {
    context_.metrics.ticks.IncrementSingleWriter();
  }
  ports::JournalRecord record{frame.epoch,         frame.first_sequence, frame.last_sequence(),
                              frame.previous_hash, frame.hash,           std::move(action.bytes)};
  context_.journal.Append(std::move(record),
                          [inbox = inbox_, last = frame.last_sequence()](const absl::Status& status) {
                            inbox->Tell(JournalTold{last, status});
                          });
}

void SequencerLoop::Execute(OfferFrame& action) {
  context_.frames.Add(action.frame);
  if (const absl::Status status = link_.Offer(std::move(action.frame)); !status.ok()) LoseReplica(status);
}

void SequencerLoop::Execute(CommitFrame& action) {
  context_.frames.Commit(action.last_sequence);
  if (const absl::Status status = link_.Commit(action.last_sequence); !status.ok()) LoseReplica(status);
}

void SequencerLoop::Execute(AppendEvents& action) { core_.EventsAppended(AppendToOutbox(*action.answer)); }

void SequencerLoop::Execute(Reply& action) {
  PendingReplies::Pending pending = pending_.Take(action.ticket);
  context_.metrics.messages.IncrementSingleWriter();
  if (IsDuplicate(action.result)) context_.metrics.duplicates.IncrementSingleWriter();
  context_.metrics.latency.ObserveSingleWriter(context_.clock.MonotonicNs() - pending.received_ns);
  pending.done(std::move(action.result));
}

void SequencerLoop::Execute(Refuse& action) {
  if (absl::IsResourceExhausted(action.status)) context_.metrics.backpressure.Increment();
  pending_.Take(action.ticket).done(std::move(action.status));
}

void SequencerLoop::Execute(Halt& action) {
  if (stopping_) return;
  if (ports::IsFenced(action.reason)) context_.metrics.fenced_writes.Increment();
  if (core_.replicas_disagree()) context_.metrics.mismatches.Increment();
  Log(LogLevel::kError, "halted: no command is taken until a restart",
      {LogField(action.reason), {"seq", core_.last_sequence().value()}, {"shard", context_.config.shard}});
  context_.metrics.is_leader.Set(0);
  context_.state.Halt(action.reason);
  context_.on_halt(action.reason);
}

void SequencerLoop::ShowState() {
  context_.metrics.queue_depth.Set(static_cast<std::int64_t>(core_.unanswered()));
  context_.metrics.sequence.Set(static_cast<std::int64_t>(core_.last_sequence().value()));
  if (core_.accepting() != context_.state.accepting()) context_.state.SetAccepting(core_.accepting());
  if (core_.state() == SequencerCore::State::kServing && context_.state.phase() != Phase::kServing) {
    Log(LogLevel::kInfo, "serving", {{"seq", core_.last_sequence().value()}, {"epoch", epoch_.value()}});
    context_.state.Set(Phase::kServing);
  }
  if (draining_ && core_.unanswered() == 0) context_.state.SetDrained();
}

// During a replay only the replay ends; the core knows of no replica yet, or of none any more.
void SequencerLoop::LoseReplica(const absl::Status& reason) {
  link_.Drop();
  if (replay_.running) {
    replay_.replica = reason;
    return;
  }
  Log(LogLevel::kError, "matching is lost; commands are refused until it is back", {LogField(reason)});
  context_.state.SetAccepting(false);
  context_.state.Set(Phase::kConnecting, std::string(reason.message()));
  core_.ReplicaLost(reason);
}

FrameAnswer SequencerLoop::ToAnswer(ports::FrameResults&& results) {
  return {std::move(results.results), std::move(results.batches), results.digest, results.next_due_ns};
}

absl::Status SequencerLoop::AppendToOutbox(const FrameAnswer& answer) {
  std::vector<ports::EventEntry> entries;
  entries.reserve(answer.results.size());
  for (std::size_t i = 0; i < answer.results.size(); ++i) {
    context_.codes.Learn(answer.results[i]);
    entries.push_back({answer.results[i].sequence, answer.batches[i]});
  }
  return context_.events.Append(entries);
}

void SequencerLoop::Finish() {
  stopping_ = true;
  core_.HaltNow(absl::UnavailableError("the sequencer has stopped"));
  ExecuteActions();
  inbox_->Close();
  inbox_->Take(signals_, submissions_, std::chrono::nanoseconds(0));
  for (Submission& submission : submissions_) submission.done(absl::UnavailableError("the sequencer has stopped"));
  link_.Drop();
  if (heartbeat_ != nullptr) heartbeat_->Retire();
  context_.state.SetAccepting(false);
  context_.state.Set(Phase::kStopped);
  context_.state.SetDrained();
}

}  // namespace xt::sequencer
