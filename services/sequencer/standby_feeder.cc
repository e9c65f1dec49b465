#include "services/sequencer/standby_feeder.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/runtime/log.h"
#include "libs/wire/frame_codec.h"
#include "services/sequencer/replica_position.h"

namespace xt::sequencer {
namespace {

using runtime::Log;
using runtime::LogField;
using runtime::LogLevel;

// Ends the reading of the journal where the frames in memory go on.
absl::Status EnoughRead() { return absl::CancelledError("enough was read"); }

}  // namespace

void StandbyFeeder::Start() {
  thread_ = std::thread([this] { Run(); });
}

void StandbyFeeder::RequestStop() {
  stopping_ = true;
  context_.frames->Interrupt();
}

void StandbyFeeder::Stop() {
  RequestStop();
  if (thread_.joinable()) thread_.join();
}

void StandbyFeeder::Run() {
  while (true) {
    const domain::Epoch epoch = context_.frames->AwaitRun([this] { return stopping_.load(); });
    if (stopping_) return;
    ports::ReplicaPosition position;
    absl::Status status = Connect(epoch, position);
    if (status.ok()) {
      Log(LogLevel::kInfo, "a replica of matching is a hot standby",
          {{"replica", context_.name}, {"seq", position.applied.value()}});
      reason_.clear();
      context_.fed.Add(1);
      status = FeedFrom(domain::SequenceNumber(position.applied.value() + 1));
      context_.fed.Add(-1);
    }
    if (stopping_) return;
    const std::string reason(MessageOf(status));
    if (std::exchange(reason_, reason) != reason) {
      Log(LogLevel::kInfo, "a replica of matching is no standby", {{"replica", context_.name}, LogField(status)});
    }
    context_.frames->AwaitFor(context_.retry, [this] { return stopping_.load(); });
  }
}

absl::Status StandbyFeeder::Connect(domain::Epoch epoch, ports::ReplicaPosition& position) {
  ports::SequencerPosition sequencer{.committed = context_.frames->committed(),
                                     .epoch = epoch,
                                     .standby = true,
                                     .snapshot_sources = context_.snapshot_sources};
  for (int i = 0;; ++i) {
    XT_ASSIGN_OR_RETURN(position, ConnectBehindBase(sequencer));
    XT_ASSIGN_OR_RETURN(const std::string misfit, MisfitOf(context_.journal, context_.frames->committed(), position));
    if (misfit.empty()) return absl::OkStatus();
    if (i == kMostBegunAnew) return absl::FailedPreconditionError(misfit);
    Log(LogLevel::kWarn, "matching does not fit the journal and is to begin anew",
        {{"replica", context_.name}, {"seq", position.applied.value()}, {"reason", misfit}});
    sequencer.begin_anew = true;
  }
}

// One that stands before the base takes a newer state, which is sooner there than what the journal's history has; that is
// for when there is none.
absl::StatusOr<ports::ReplicaPosition> StandbyFeeder::ConnectBehindBase(const ports::SequencerPosition& sequencer) {
  XT_ASSIGN_OR_RETURN(const ports::ReplicaPosition position, ConnectAs(sequencer));
  const domain::SequenceNumber base = context_.journal.Base().sequence;
  if (position.applied >= base) return position;
  ports::SequencerPosition behind = sequencer;
  behind.begin_anew = false;
  behind.journal_begins = domain::SequenceNumber(base.value() + 1);
  const auto newer = ConnectAs(behind);
  if (!absl::IsFailedPrecondition(newer.status())) return newer;
  XT_ASSIGN_OR_RETURN(const domain::SequenceNumber readable, context_.journal.ReadableFrom());
  if (readable.value() > position.applied.value() + 1) return newer.status();
  behind.journal_begins = {};
  return ConnectAs(behind);
}

absl::StatusOr<ports::ReplicaPosition> StandbyFeeder::ConnectAs(const ports::SequencerPosition& sequencer) {
  link_ = std::make_shared<Link>();
  const auto observer = [link = link_, inbox = context_.inbox,
                         frames = context_.frames](const absl::StatusOr<ports::FrameResults>& results) {
    if (results.ok()) {
      --link->open_frames;
      inbox->Tell(StandbyTold{results->first_sequence, results->digest});
    } else {
      link->broken = true;
    }
    frames->Interrupt();
  };
  return context_.replica.Connect(observer, sequencer);
}

absl::Status StandbyFeeder::Interruption() const {
  return absl::UnavailableError(stopping_ ? "stopping" : "the connection to matching broke");
}

absl::Status StandbyFeeder::FeedFrom(domain::SequenceNumber next) {
  while (true) {
    context_.frames->AwaitCommitted(next, [this] { return interrupted(); });
    if (interrupted()) return Interruption();
    if (auto frame = context_.frames->Find(next)) {
      next = domain::SequenceNumber(frame->last_sequence().value() + 1);
      XT_RETURN_IF_ERROR(Send(std::move(frame)));
    } else {
      XT_RETURN_IF_ERROR(Replay(next));
    }
  }
}

// Sends what is too old to be in memory, and moves `next` behind it.
absl::Status StandbyFeeder::Replay(domain::SequenceNumber& next) {
  const domain::SequenceNumber end = context_.frames->committed();
  const absl::Status read = context_.journal.Read(next, [&](const ports::JournalRecord& record) -> absl::Status {
    if (record.last_sequence > end) return EnoughRead();
    XT_ASSIGN_OR_RETURN(domain::Frame frame, wire::DecodeFrame(record.bytes));
    next = domain::SequenceNumber(record.last_sequence.value() + 1);
    return Send(std::make_shared<const domain::Frame>(std::move(frame)));
  });
  return absl::IsCancelled(read) ? absl::OkStatus() : read;
}

absl::Status StandbyFeeder::Send(std::shared_ptr<const domain::Frame> frame) {
  context_.frames->Await([this] { return link_->open_frames < context_.window_frames || interrupted(); });
  if (interrupted()) return Interruption();
  const domain::SequenceNumber last = frame->last_sequence();
  ++link_->open_frames;
  XT_RETURN_IF_ERROR(context_.replica.Published(context_.frames->published()));
  XT_RETURN_IF_ERROR(context_.replica.Offer(std::move(frame)));
  return context_.replica.Commit(last);
}

}  // namespace xt::sequencer
