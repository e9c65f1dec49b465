// The way of a leader to serving: open the journal, connect to matching, replay into it what it has not applied, and put
// the results into the outbox, which compares them with what it has.
#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/runtime/log.h"
#include "libs/wire/frame_codec.h"
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
  XT_ASSIGN_OR_RETURN(const ports::OpenReport report, context_.journal.Open({epoch_, 0}));
  XT_RETURN_IF_ERROR(ReadTail(report));
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

// The timestamps go on where the last frame's was.
absl::Status SequencerLoop::ReadTail(const ports::OpenReport& report) {
  tail_ = {report.last_sequence, report.last_hash, 0};
  if (report.last_sequence.value() == 0) return absl::OkStatus();
  return context_.journal.Read(report.last_sequence, [this](const ports::JournalRecord& record) -> absl::Status {
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
  XT_ASSIGN_OR_RETURN(replay_.applied, ConnectReplica());
  XT_RETURN_IF_ERROR(ReplayFrom(replay_.applied));
  XT_ASSIGN_OR_RETURN(const ports::ReferenceData data, context_.queries.GetReferenceData());
  context_.codes.LearnAll(data);
  return replay_.replica;
}

// What the replica has applied of this journal. One that does not fit is made to begin anew, once.
absl::StatusOr<domain::SequenceNumber> SequencerLoop::ConnectReplica() {
  XT_ASSIGN_OR_RETURN(ports::ReplicaPosition position,
                      link_.Connect({context_.events.LastSequence(), replay_.target, epoch_}));
  XT_ASSIGN_OR_RETURN(std::string misfit, MisfitOf(position));
  if (!misfit.empty()) {
    Log(LogLevel::kWarn, "matching does not fit the journal and is to begin anew",
        {{"seq", position.applied.value()}, {"reason", misfit}});
    XT_ASSIGN_OR_RETURN(position, link_.Connect({domain::SequenceNumber(0), replay_.target, epoch_}));
    XT_ASSIGN_OR_RETURN(misfit, MisfitOf(position));
  }
  if (!misfit.empty()) return absl::FailedPreconditionError(misfit);
  return position.applied;
}

// Why the journal cannot be replayed behind the position; empty when it can.
absl::StatusOr<std::string> SequencerLoop::MisfitOf(const ports::ReplicaPosition& position) {
  const std::uint64_t applied = position.applied.value();
  if (applied == 0) return "";
  if (position.applied > replay_.target) {
    return absl::StrCat("matching stands at sequence ", applied, ", beyond the journal's end at ",
                        replay_.target.value(), ": it followed another journal");
  }
  if (position.applied > context_.events.LastSequence()) {
    return absl::StrCat("matching stands at sequence ", applied, ", but the outbox ends at ",
                        context_.events.LastSequence().value());
  }
  bool same = false;
  const absl::Status read =
      context_.journal.Read(position.applied, [&](const ports::JournalRecord& record) -> absl::Status {
        same = record.last_sequence == position.applied && record.hash == position.frame_hash;
        return absl::CancelledError("the first one is enough");
      });
  if (!absl::IsCancelled(read)) XT_RETURN_IF_ERROR(HaltOnDataLoss(read));
  if (same) return "";
  return absl::StrCat("matching has another frame at sequence ", applied, " than the journal");
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
  ++replay_.open_frames;
  return absl::OkStatus();
}

// Takes results until at most `open_frames` are without.
absl::Status SequencerLoop::AwaitReplay(std::size_t open_frames) {
  while (replay_.open_frames > open_frames || link_.holding()) {
    Turn(link_.holding() ? kHolding : kIdle);
    if (ended()) return absl::CancelledError("stopping");
    XT_RETURN_IF_ERROR(replay_.replica);
  }
  ReportReplay();
  return absl::OkStatus();
}

void SequencerLoop::TakeReplayed(ports::FrameResults& results) {
  for (const domain::CommandResult& result : results.results) {
    if (result.sequence != After(replay_.applied) || replay_.open_frames == 0) {
      core_.HaltNow(absl::DataLossError(absl::StrCat("matching replayed sequence ", result.sequence.value(), " where ",
                                                     After(replay_.applied).value(), " was due")));
      return;
    }
    replay_.applied = result.sequence;
  }
  if (replay_.open_frames > 0) --replay_.open_frames;
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
    core_.Lead(epoch_, tail_, Time());
  }
  ExecuteActions();
  ShowState();
}

}  // namespace xt::sequencer
