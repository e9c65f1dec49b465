#include "services/sequencer/sequencer_app.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/wire/frame_codec.h"

namespace xt::sequencer {
namespace {

// Frames that standbys get from memory, about ten megabytes; those that lag more get them from the journal.
constexpr std::size_t kFramesKeptCommands = 65'536;
// Of the pauses of the connection that orders wait for: the replica that has it refuses to stand by.
constexpr std::int64_t kStandbyRetry = 5;

PublisherOptions OptionsOf(const SequencerConfig& config) {
  return {.batch = config.publisher_batch,
          .gather = std::chrono::milliseconds(config.publisher_gather_ms),
          .backoff_min = std::chrono::milliseconds(config.publisher_backoff_min_ms),
          .backoff_max = std::chrono::milliseconds(config.publisher_backoff_max_ms)};
}

std::vector<std::string> AddressesOf(const std::vector<SnapshotKeeper>& keepers) {
  std::vector<std::string> addresses;
  for (const SnapshotKeeper& keeper : keepers) addresses.push_back(keeper.address);
  return addresses;
}

}  // namespace

SequencerApp::SequencerApp(const SequencerConfig& config, const SequencerPorts& ports,
                           runtime::MetricsRegistry& metrics, runtime::HealthRegistry& health, const Clock& clock)
    : config_(config),
      ports_(ports),
      clock_(clock),
      metrics_(metrics, config.shard),
      state_(health),
      inbox_(std::make_shared<Inbox>(config.max_unanswered)),
      frames_(std::make_shared<CommittedFrames>(kFramesKeptCommands)),
      trimmer_({.journal = ports.journal,
                .keepers = ports.keepers,
                .frames = frames_,
                .executions = ports.executions,
                .base = metrics_.journal_base,
                .trimmed = metrics_.journal_trims,
                .failed = metrics_.journal_trims_failed,
                .keep_commands = config_.journal_keep_commands,
                .every = std::chrono::milliseconds(config_.journal_trim_every_ms)}),
      loop_({.config = config_,
             .journal = ports.journal,
             .replica = ports.replica,
             .queries = ports.queries,
             .events = ports.events,
             .clock = clock,
             .health = health,
             .metrics = metrics_,
             .state = state_,
             .codes = codes_,
             .frames = *frames_,
             .snapshot_sources = AddressesOf(ports.keepers),
             .published = [this] { return PublishedSoFar(); },
             .oldest_snapshot = [this](domain::SequenceNumber at_least) { return OldestSnapshot(at_least); },
             .give_up_before = [this](domain::SequenceNumber first) { GiveUpBefore(first); },
             .before_leading = [this] { before_leading_(); },
             .on_halt = [this](const absl::Status& reason) { Halted(reason); }},
            inbox_) {
  const auto add = [&](std::unique_ptr<BusSink> sink) {
    publishers_.push_back(
        std::make_unique<Publisher>(ports.events, std::move(sink), OptionsOf(config_), metrics, health, clock));
  };
  if (ports.executions != nullptr) add(MakeExecutionSink(*ports.executions));
  if (ports.market != nullptr) add(MakeMarketSink(*ports.market, codes_));
  add(MakeNotificationSink(ports.notifications, codes_));
  for (const SequencerPorts::Standby& standby : ports.standbys) {
    standbys_.push_back(std::make_unique<StandbyFeeder>(
        StandbyContext{standby.name, *standby.replica, ports.journal, frames_, inbox_, metrics_.standbys_fed,
                       AddressesOf(ports.keepers), config.replay_window_frames,
                       std::chrono::milliseconds(kStandbyRetry * config.replica_retry_ms)}));
  }
}

SequencerApp::~SequencerApp() { Stop(); }

absl::Status SequencerApp::Start() {
  for (const auto& publisher : publishers_) XT_RETURN_IF_ERROR(publisher->Start());
  // The election calls nobody after Resign, and so nobody after Stop.
  XT_RETURN_IF_ERROR(
      ports_.election.Campaign([this](const ports::Leadership& leadership) { OnLeadership(leadership); }));
  thread_ = std::thread([this] { loop_.Run(); });
  for (const auto& standby : standbys_) standby->Start();
  trimmer_.Start();
  XT_RETURN_IF_ERROR(state_.WaitUntilOpened());
  const std::lock_guard lock(start_mutex_);
  absl::Status status = state_.WaitUntilOpened();
  started_ = status.ok();
  return status;
}

void SequencerApp::Halted(const absl::Status& reason) {
  const std::lock_guard lock(start_mutex_);
  if (started_ && on_halt_) on_halt_(reason);
}

void SequencerApp::OnLeadership(const ports::Leadership& leadership) {
  {
    const std::lock_guard lock(leadership_mutex_);
    leadership_ = leadership;
  }
  inbox_->Tell(LeadershipTold{leadership});
}

absl::StatusOr<domain::Epoch> SequencerApp::StepDown(bool force) {
  ports::Leadership leadership;
  {
    const std::lock_guard lock(leadership_mutex_);
    leadership = leadership_;
  }
  if (!leadership.leader) {
    return absl::FailedPreconditionError(leadership.leader_id.empty()
                                             ? "it does not lead"
                                             : absl::StrCat("it does not lead, ", leadership.leader_id, " does"));
  }
  if (!force) {
    const absl::StatusOr<std::size_t> others = ports_.election.OtherCandidates();
    if (!others.ok()) {
      return absl::FailedPreconditionError(
          absl::StrCat("who would lead then is not known: ", others.status().message()));
    }
    if (*others == 0) return absl::FailedPreconditionError("nobody else would lead then");
  }
  stepping_down_ = true;
  return leadership.epoch;
}

Published SequencerApp::PublishedSoFar() const {
  Published published{ports_.events.LastSequence(), std::nullopt};
  for (const auto& publisher : publishers_) {
    published.confirmed = std::min(published.confirmed, publisher->confirmed());
    const auto lost_after = publisher->lost_after();
    if (lost_after) published.lost_after = std::min(*lost_after, published.lost_after.value_or(*lost_after));
  }
  return published;
}

std::optional<domain::SequenceNumber> SequencerApp::OldestSnapshot(domain::SequenceNumber at_least) const {
  std::optional<domain::SequenceNumber> oldest;
  for (const SnapshotKeeper& keeper : ports_.keepers) {
    const auto sequences = keeper.snapshots->ListSnapshots();
    if (!sequences.ok()) continue;
    for (const domain::SequenceNumber sequence : *sequences) {
      if (sequence >= at_least) oldest = std::min(sequence, oldest.value_or(sequence));
    }
  }
  return oldest;
}

void SequencerApp::GiveUpBefore(domain::SequenceNumber first) {
  for (const auto& publisher : publishers_) publisher->GiveUpBefore(first);
}

void SequencerApp::Submit(const domain::Command& command, Done done) {
  if (!state_.accepting()) {
    done(absl::UnavailableError("the sequencer takes no commands: " + state_.Describe()));
    return;
  }
  if (absl::Status copies = ports_.journal.Accepting(); !copies.ok()) {
    done(std::move(copies));
    return;
  }
  absl::Status valid = wire::ValidateCommand(command);
  if (valid.ok() && (std::holds_alternative<domain::EpochStart>(command.body) ||
                     std::holds_alternative<domain::Tick>(command.body))) {
    valid = absl::InvalidArgumentError("epoch_start and tick belong to the sequencer");
  }
  if (!valid.ok()) {
    done(std::move(valid));
    return;
  }
  Submission submission{command, std::move(done), clock_.MonotonicNs()};
  switch (inbox_->Submit(std::move(submission))) {
    case Inbox::Pushed::kTaken: return;
    case Inbox::Pushed::kFull:
      metrics_.backpressure.Increment();
      submission.done(absl::ResourceExhaustedError("too many commands wait for their result"));
      return;
    case Inbox::Pushed::kClosed: submission.done(absl::UnavailableError("the sequencer has stopped")); return;
  }
}

absl::Status SequencerApp::WaitUntilPublished(Deadline deadline) {
  const domain::SequenceNumber last = ports_.events.LastSequence();
  for (const auto& publisher : publishers_) {
    if (!publisher->WaitFor(last, deadline)) return absl::DeadlineExceededError("a bus lags behind the outbox");
  }
  return absl::OkStatus();
}

void SequencerApp::Drain(Deadline deadline) {
  if (!thread_.joinable()) return;
  state_.SetAccepting(false);
  inbox_->Tell(StopAcceptingTold{});
  state_.WaitUntilDrained(deadline);
  // Another is to lead at once; its outbox has what this one's buses lack.
  if (stepping_down_ || state_.phase() == Phase::kHalted) return;
  // What a bus did not take in time stays in the outbox for the next run.
  WaitUntilPublished(deadline).IgnoreError();
}

void SequencerApp::Stop() {
  if (std::exchange(stopped_, true)) return;
  state_.SetAccepting(false);
  inbox_->Tell(StopTold{});
  if (thread_.joinable()) thread_.join();
  inbox_->Close();
  ports_.election.Resign();
  metrics_.is_leader.Set(0);
  trimmer_.RequestStop();
  for (const auto& standby : standbys_) standby->RequestStop();
  for (const auto& standby : standbys_) standby->Stop();
  trimmer_.Stop();
  for (const auto& publisher : publishers_) publisher->RequestStop();
  for (const auto& publisher : publishers_) publisher->Stop();
}

}  // namespace xt::sequencer
