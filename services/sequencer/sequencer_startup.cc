// The way of a leader to serving: open the journal, connect to matching, replay into it what it has not applied, and put
// the results into the outbox, which compares them with what it has.
#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/runtime/log.h"
#include "libs/wire/frame_codec.h"
#include "services/sequencer/replica_position.h"
#include "services/sequencer/sequencer_loop.h"

namespace xt::sequencer {
namespace {

using runtime::Log;
using runtime::LogField;
using runtime::LogLevel;

constexpr std::chrono::milliseconds kIdle{100};
constexpr std::chrono::milliseconds kHolding{1};
constexpr std::int64_t kHeartbeatLimitMs = 10'000;
constexpr std::int64_t kReportEveryNs = 1'000'000'000;

domain::SequenceNumber After(domain::SequenceNumber sequence) { return domain::SequenceNumber(sequence.value() + 1); }

}  // namespace

absl::Status SequencerLoop::OpenJournal() {
  context_.state.Set(Phase::kOpening);
  context_.before_leading();
  XT_ASSIGN_OR_RETURN(const ports::OpenReport report, context_.journal.Open({epoch_, 0}));
  tail_ = {report.last_sequence, report.last_hash, 0};
  Log(report.torn_bytes_cut > 0 ? LogLevel::kWarn : LogLevel::kInfo, "journal opened",
      {{"seq", report.last_sequence.value()},
       {"epoch", report.last_epoch.value()},
       {"records", report.records},
       {"torn_bytes_cut", report.torn_bytes_cut},
       {"detail", report.detail}});
  // Only now: verifying a long journal takes its time.
  heartbeat_ = &context_.health.AddHeartbeat("sequencer", kHeartbeatLimitMs);
  context_.state.Set(Phase::kConnecting);
  return absl::OkStatus();
}

// What the journal adopted may be in fewer copies than must have it: the next leader may not find it, so nobody hears of it
// before.
bool SequencerLoop::TailIsConfirmed() {
  if (context_.journal.TailSequence() >= tail_.last_sequence) return true;
  const std::string reason =
      absl::StrCat("sequence ", tail_.last_sequence.value(),
                   " is not confirmed yet: ", std::string(MessageOf(context_.journal.Accepting())));
  if (std::exchange(connect_error_, reason) != reason) {
    Log(LogLevel::kWarn, "what the journal adopted waits for more copies", {{"reason", reason}});
  }
  context_.state.Set(Phase::kConnecting, reason);
  return false;
}

// The timestamps go on where the last frame's was.
absl::Status SequencerLoop::ReadTail() {
  if (tail_.last_sequence.value() == 0) return absl::OkStatus();
  return context_.journal.Read(tail_.last_sequence, [this](const ports::JournalRecord& record) -> absl::Status {
    XT_ASSIGN_OR_RETURN(const domain::Frame frame, wire::DecodeFrame(record.bytes));
    tail_.last_timestamp_ns = frame.timestamp_ns;
    return absl::OkStatus();
  });
}

void SequencerLoop::ConnectAndReplay() {
  if (!core_.settled()) {
    Turn(kIdle);
    return;
  }
  replay_ = {};
  replay_.running = true;
  const absl::Status status = CatchUp();
  replay_.running = false;
  if (ended()) return;
  if (status.ok()) {
    connect_error_.clear();
    BeginServing();
    return;
  }
  link_.Drop();
  const std::string reason(status.message());
  if (std::exchange(connect_error_, reason) != reason) {
    Log(LogLevel::kWarn, "matching is not there yet", {LogField(status)});
  }
  context_.state.Set(Phase::kConnecting, reason);
  Turn(std::chrono::milliseconds(context_.config.replica_retry_ms));
}

absl::Status SequencerLoop::CatchUp() {
  replay_.target = led_ ? core_.committed_sequence() : tail_.last_sequence;
  XT_ASSIGN_OR_RETURN(const ports::ReplicaPosition position, ConnectReplica());
  XT_RETURN_IF_ERROR(TakeRecent(position));
  derive_after_.reset();
  XT_RETURN_IF_ERROR(ReplayFrom(position.applied));
  XT_ASSIGN_OR_RETURN(const ports::ReferenceData data, context_.queries.GetReferenceData());
  context_.codes.LearnAll(data);
  return replay_.replica;
}

absl::StatusOr<ports::ReplicaPosition> SequencerLoop::ConnectReplica() {
  if (!derive_after_) return ConnectFitting();
  XT_ASSIGN_OR_RETURN(const ports::ReplicaPosition position, ConnectToGoBack());
  XT_RETURN_IF_ERROR(PrepareOutbox(position.results_from));
  return position;
}

// Back to what a bus has lost, as far as the replica still tells it, and as snapshots and the journal reach, with its history.
// Orders do not wait for more than there is.
absl::StatusOr<ports::ReplicaPosition> SequencerLoop::ConnectToGoBack() {
  const std::optional<domain::SequenceNumber> lost_after = derive_after_;
  const domain::SequenceNumber base = context_.journal.Base().sequence;
  replay_.journal_begins = After(base);
  auto position = ConnectFitting();
  const auto refused = [&] { return base.value() != 0 && absl::IsFailedPrecondition(position.status()); };
  if (refused()) {
    const auto readable = context_.journal.ReadableFrom();
    if (!readable.ok()) Log(LogLevel::kWarn, "the journal's history cannot be read", {LogField(readable.status())});
    replay_.journal_begins = readable.value_or(After(base));
    if (replay_.journal_begins <= base) position = ConnectFitting();
  }
  if (refused()) {
    derive_after_ = context_.oldest_snapshot(domain::SequenceNumber(replay_.journal_begins.value() - 1));
    const bool of_use = derive_after_ && After(*derive_after_) < context_.events.FirstSequence();
    if (of_use) position = ConnectFitting();
  }
  if (refused()) {
    derive_after_.reset();
    replay_.journal_begins = domain::SequenceNumber();
    position = ConnectFitting();
  }
  derive_after_ = lost_after;
  return position;
}

// What the replica has applied of this journal. One that does not fit is made to begin anew, with the snapshots that it
// keeps, one after the other, and with none.
absl::StatusOr<ports::ReplicaPosition> SequencerLoop::ConnectFitting() {
  XT_ASSIGN_OR_RETURN(ports::ReplicaPosition position, ConnectAt(false));
  XT_ASSIGN_OR_RETURN(std::string misfit, CheckFits(position));
  for (int i = 0; i < kMostBegunAnew && !misfit.empty(); ++i) {
    Log(LogLevel::kWarn, "matching does not fit the journal and is to begin anew",
        {{"seq", position.applied.value()}, {"reason", misfit}});
    XT_ASSIGN_OR_RETURN(position, ConnectAt(true));
    XT_ASSIGN_OR_RETURN(misfit, CheckFits(position));
  }
  if (!misfit.empty()) return absl::FailedPreconditionError(misfit);
  return position;
}

// What the journal begins behind is read from its history, if that is there; else the replica takes a newer state.
absl::StatusOr<ports::ReplicaPosition> SequencerLoop::ConnectAt(bool begin_anew) {
  ports::SequencerPosition sequencer{.results_after = derive_after_.value_or(context_.events.LastSequence()),
                                     .committed = replay_.target,
                                     .epoch = epoch_,
                                     .published = derive_after_,
                                     .begin_anew = begin_anew,
                                     .journal_begins = replay_.journal_begins,
                                     .snapshot_sources = context_.snapshot_sources};
  XT_ASSIGN_OR_RETURN(const ports::ReplicaPosition position, link_.Connect(sequencer));
  const domain::SequenceNumber base = context_.journal.Base().sequence;
  if (position.applied >= base || replay_.journal_begins.value() != 0) return position;
  XT_ASSIGN_OR_RETURN(const domain::SequenceNumber readable, context_.journal.ReadableFrom());
  if (readable <= After(position.applied)) return position;
  sequencer.begin_anew = false;
  sequencer.journal_begins = After(base);
  sequencer.results_after = std::max(sequencer.results_after, base);  // every bus had what was trimmed
  return link_.Connect(sequencer);
}

// The outbox begins anew with what the bus lacks, where results are told from before it. Where they are not it stays: other
// buses may lag, and have nothing but that. What it will not have then, nobody has.
absl::Status SequencerLoop::PrepareOutbox(domain::SequenceNumber results_from) {
  const domain::SequenceNumber needed = After(*derive_after_);
  domain::SequenceNumber begins = context_.events.FirstSequence();
  if (results_from < begins) {
    const domain::SequenceNumber from = std::max(results_from, needed);
    if (from < begins) XT_RETURN_IF_ERROR(context_.events.BeginAt(from));
    begins = std::min(begins, from);
  } else if (results_from > After(context_.events.LastSequence())) {
    begins = results_from;  // TakeRecent has it begin there
  }
  if (begins <= needed) return absl::OkStatus();
  Log(LogLevel::kError, "a bus has lost events that nobody can work out again: the journal was trimmed",
      {{"after", derive_after_->value()}, {"seq", begins.value()}});
  context_.give_up_before(begins);
  return absl::OkStatus();
}

// The results that the replica tells again, of what it has applied. The outbox begins with them when what it lacks before
// them was published by leaders before this one.
absl::Status SequencerLoop::TakeRecent(const ports::ReplicaPosition& position) {
  const domain::SequenceNumber last = context_.events.LastSequence();
  if (position.results_from > After(last)) {
    Log(LogLevel::kInfo, "the outbox goes on where the buses are",
        {{"seq", position.results_from.value()}, {"last", last.value()}});
    XT_RETURN_IF_ERROR(context_.events.BeginAt(position.results_from));
  }
  replay_.applied = domain::SequenceNumber(position.results_from.value() - 1);
  if (position.results_from > position.applied) return absl::OkStatus();
  replay_.open_frames.push_back(position.applied);
  absl::Status status = AwaitReplay(0);
  ExecuteActions();
  return status;
}

absl::StatusOr<std::string> SequencerLoop::CheckFits(const ports::ReplicaPosition& position) {
  auto misfit = MisfitOf(context_.journal, replay_.target, position);
  HaltOnDataLoss(misfit.status()).IgnoreError();
  return misfit;
}

absl::Status SequencerLoop::ReplayFrom(domain::SequenceNumber applied) {
  if (applied == replay_.target) return absl::OkStatus();
  Log(LogLevel::kInfo, "replaying", {{"seq", applied.value()}, {"target", replay_.target.value()}});
  ReportReplay();
  absl::Status status = HaltOnDataLoss(context_.journal.Read(
      After(applied), [this](const ports::JournalRecord& record) { return ReplayRecord(record); }));
  if (status.ok()) status = AwaitReplay(0);
  ExecuteActions();
  XT_RETURN_IF_ERROR(status);
  if (replay_.applied != replay_.target) {
    return absl::InternalError(
        absl::StrCat("the replay ended at sequence ", replay_.applied.value(), " of ", replay_.target.value()));
  }
  return absl::OkStatus();
}

// What the journal itself cannot read is no fault of the replica.
absl::Status SequencerLoop::HaltOnDataLoss(absl::Status read) {
  if (absl::IsDataLoss(read)) core_.HaltNow(read);
  return read;
}

absl::Status SequencerLoop::ReplayRecord(const ports::JournalRecord& record) {
  auto frame = wire::DecodeFrame(record.bytes);
  if (!frame.ok()) {
    return absl::DataLossError(absl::StrCat("the journal's frame of sequence ", record.first_sequence.value(), ": ",
                                            frame.status().message()));
  }
  XT_RETURN_IF_ERROR(AwaitReplay(context_.config.replay_window_frames - 1));
  XT_RETURN_IF_ERROR(link_.Offer(std::make_shared<const domain::Frame>(*std::move(frame))));
  XT_RETURN_IF_ERROR(link_.Commit(record.last_sequence));
  replay_.open_frames.push_back(record.last_sequence);
  return absl::OkStatus();
}

// Takes results until at most `max_open_frames` are without.
absl::Status SequencerLoop::AwaitReplay(std::size_t max_open_frames) {
  while (replay_.open_frames.size() > max_open_frames || link_.holding()) {
    Turn(link_.holding() ? kHolding : kIdle);
    if (ended()) return absl::CancelledError("stopping");
    XT_RETURN_IF_ERROR(replay_.replica);
  }
  ReportReplay();
  return absl::OkStatus();
}

void SequencerLoop::TakeReplayed(ports::FrameResults& results) {
  for (const domain::CommandResult& result : results.results) {
    if (result.sequence != After(replay_.applied) || replay_.open_frames.empty()) {
      core_.HaltNow(absl::DataLossError(absl::StrCat("matching replayed sequence ", result.sequence.value(), " where ",
                                                     After(replay_.applied).value(), " was due")));
      return;
    }
    replay_.applied = result.sequence;
  }
  while (!replay_.open_frames.empty() && replay_.open_frames.front() <= replay_.applied) {
    replay_.open_frames.pop_front();
  }
  core_.Replayed(results.next_due_ns);
  if (const absl::Status status = AppendToOutbox(ToAnswer(std::move(results))); !status.ok()) core_.HaltNow(status);
}

void SequencerLoop::ReportReplay() {
  const std::int64_t now_ns = context_.clock.MonotonicNs();
  if (replay_.logged_ns != 0 && now_ns - replay_.logged_ns < kReportEveryNs) return;
  if (replay_.logged_ns != 0) {
    Log(LogLevel::kInfo, "replay goes on", {{"seq", replay_.applied.value()}, {"target", replay_.target.value()}});
  }
  replay_.logged_ns = now_ns;
  context_.state.Set(Phase::kReplaying, absl::StrCat(replay_.applied.value(), " of ", replay_.target.value()));
}

void SequencerLoop::BeginServing() {
  if (std::exchange(led_, true)) {
    Log(LogLevel::kInfo, "matching is back", {{"seq", core_.committed_sequence().value()}});
    core_.Resume();
  } else {
    context_.frames.Begin(epoch_, tail_.last_sequence);
    core_.Lead(epoch_, tail_, Time());
  }
  ExecuteActions();
  ShowState();
}

}  // namespace xt::sequencer
