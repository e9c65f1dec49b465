// SequencerLoop: the sequencer's one thread. It leads the core through a leader's run (election, journal, replay into
// matching, serving) and executes what the core decides. Everything reaches it through the inbox; what others may know of
// it is in SequencerState. All ports are used by this thread alone, but for what their contracts allow to others.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/base/clock.h"
#include "libs/ports/command_journal.h"
#include "libs/ports/event_log.h"
#include "libs/ports/matching_replica.h"
#include "libs/runtime/health.h"
#include "services/sequencer/committed_frames.h"
#include "services/sequencer/config.h"
#include "services/sequencer/core/sequencer_core.h"
#include "services/sequencer/inbox.h"
#include "services/sequencer/metrics.h"
#include "services/sequencer/pending_replies.h"
#include "services/sequencer/replica_link.h"
#include "services/sequencer/sequencer_state.h"
#include "services/sequencer/symbol_codes.h"

namespace xt::sequencer {

// What became of the outbox.
struct Published {
  domain::SequenceNumber confirmed;  // every bus has confirmed everything up to it
  // Set while a bus has less than the outbox begins with: the last sequence that it has.
  std::optional<domain::SequenceNumber> lost_after;
};

// What the loop works with; all of it must outlive the loop.
struct LoopContext {
  const SequencerConfig& config;
  ports::CommandJournal& journal;
  ports::MatchingReplica& replica;
  ports::MatchingQueries& queries;
  ports::EventLog& events;
  const Clock& clock;
  runtime::HealthRegistry& health;
  SequencerMetrics& metrics;
  SequencerState& state;
  SymbolCodes& codes;
  CommittedFrames& frames;                    // for the standbys
  std::vector<std::string> snapshot_sources;  // ports::SequencerPosition
  std::function<Published()> published;
  // Of all that replicas of matching keep, from `at_least` on; nothing when there is none, or nobody answers.
  std::function<std::optional<domain::SequenceNumber>(domain::SequenceNumber at_least)> oldest_snapshot;
  // Nobody has the events before `first` any more, or can work them out.
  std::function<void(domain::SequenceNumber first)> give_up_before;
  std::function<void()> before_leading;  // called before the journal is opened
  std::function<void(const absl::Status&)> on_halt;
};

class SequencerLoop {
 public:
  SequencerLoop(const LoopContext& context, std::shared_ptr<Inbox> inbox);

  // Runs until it is told to stop. The inbox is closed when it returns, and every caller has its answer.
  void Run();

 private:
  struct Replay {
    bool running = false;
    domain::SequenceNumber target;   // the journal's end
    domain::SequenceNumber applied;  // results are in the outbox up to here
    // The first sequence that a replica can be fed; 0: where that is depends on where it stands.
    domain::SequenceNumber journal_begins;
    // The last sequence of each frame whose results are on their way.
    std::deque<domain::SequenceNumber> open_frames;
    std::int64_t logged_ns = 0;
    absl::Status replica;  // why the replica was lost
  };

  // One turn: takes what the inbox holds, waiting up to `wait` for it, and executes what follows from it.
  void Turn(std::chrono::nanoseconds wait);
  [[nodiscard]] std::chrono::nanoseconds UntilNextTurn() const;
  void Handle(LeadershipTold& told);
  void Handle(JournalTold& told);
  void Handle(ReplicaTold& told);
  void Handle(StandbyTold& told);
  void Handle(StopAcceptingTold& told);
  void Handle(StopTold& told);
  void ExecuteActions();
  void Execute(AppendFrame& action);
  void Execute(OfferFrame& action);
  void Execute(CommitFrame& action);
  void Execute(AppendEvents& action);
  void Execute(Reply& action);
  void Execute(Refuse& action);
  void Execute(Halt& action);
  void ShowState();
  void TellPublished();
  void DeriveAgain(domain::SequenceNumber after);

  absl::Status OpenJournal();
  bool TailIsConfirmed();
  absl::Status ReadTail();
  void ConnectAndReplay();
  absl::Status CatchUp();
  absl::StatusOr<ports::ReplicaPosition> ConnectReplica();
  absl::StatusOr<ports::ReplicaPosition> ConnectToGoBack();
  absl::StatusOr<ports::ReplicaPosition> ConnectFitting();
  absl::StatusOr<ports::ReplicaPosition> ConnectAt(bool begin_anew);
  absl::Status PrepareOutbox(domain::SequenceNumber results_from);
  absl::Status TakeRecent(const ports::ReplicaPosition& position);
  absl::StatusOr<std::string> CheckFits(const ports::ReplicaPosition& position);
  absl::Status HaltOnDataLoss(absl::Status read);
  absl::Status ReplayFrom(domain::SequenceNumber applied);
  absl::Status ReplayRecord(const ports::JournalRecord& record);
  absl::Status AwaitReplay(std::size_t max_open_frames);
  void TakeReplayed(ports::FrameResults& results);
  void ReportReplay();
  void BeginServing();
  void LoseReplica(const absl::Status& reason);
  static FrameAnswer ToAnswer(ports::FrameResults&& results);
  absl::Status AppendToOutbox(const FrameAnswer& answer);
  void Finish();

  [[nodiscard]] Now Time() const { return {context_.clock.WallNs(), context_.clock.MonotonicNs()}; }
  [[nodiscard]] bool ended() const { return stopping_ || core_.state() == SequencerCore::State::kHalted; }

  class WireEncoder final : public FrameEncoder {
   public:
    std::string Encode(domain::Frame& frame) override;
  };

  LoopContext context_;
  const std::shared_ptr<Inbox> inbox_;
  WireEncoder encoder_;
  SequencerCore core_;
  ReplicaLink link_;
  PendingReplies pending_;

  bool stopping_ = false;
  bool leads_ = false;
  bool draining_ = false;
  bool led_ = false;  // EPOCH_START of this run was made
  domain::Epoch epoch_;
  std::int64_t campaign_ns_ = 0;
  ChainTail tail_;  // of the journal as it was opened
  Replay replay_;
  std::optional<domain::SequenceNumber> derive_after_;  // a bus has lost what the outbox does not have
  std::int64_t told_published_ns_ = 0;
  std::string connect_error_;  // the last one that was logged
  runtime::Heartbeat* heartbeat_ = nullptr;

  std::vector<Signal> signals_;
  std::vector<Submission> submissions_;
  std::vector<Action> actions_;
};

}  // namespace xt::sequencer
