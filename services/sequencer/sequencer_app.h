// SequencerApp: the sequencer, wired to its ports. It implements OrderSequencing for the gateway; behind it one thread
// orders, journals and answers (sequencer_loop.h), one publisher per bus carries the outbox out (publisher.h), one feeder
// per replica keeps it a hot standby (standby_feeder.h), and one trims the journal (journal_trimmer.h). The ports are given by reference and must outlive it: real objects in one process, adapters across processes, fakes in tests.
//
// Start, Drain and Stop by one thread, in this order; everything else from any thread.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "libs/base/clock.h"
#include "libs/ports/command_journal.h"
#include "libs/ports/event_log.h"
#include "libs/ports/execution_stream.h"
#include "libs/ports/leader_election.h"
#include "libs/ports/market_bus.h"
#include "libs/ports/matching_replica.h"
#include "libs/ports/notification_bus.h"
#include "libs/ports/order_sequencing.h"
#include "libs/runtime/health.h"
#include "libs/runtime/metrics.h"
#include "services/sequencer/committed_frames.h"
#include "services/sequencer/config.h"
#include "services/sequencer/inbox.h"
#include "services/sequencer/journal_trimmer.h"
#include "services/sequencer/metrics.h"
#include "services/sequencer/publisher.h"
#include "services/sequencer/sequencer_loop.h"
#include "services/sequencer/sequencer_state.h"
#include "services/sequencer/standby_feeder.h"
#include "services/sequencer/symbol_codes.h"

namespace xt::sequencer {

struct SequencerPorts {
  ports::CommandJournal& journal;
  ports::MatchingReplica& replica;
  ports::MatchingQueries& queries;
  ports::EventLog& events;
  ports::ExecutionStream* executions;  // null: nobody reads it, nothing is published there
  ports::MarketBus* market;            // the same
  ports::NotificationBus& notifications;
  ports::LeaderElection& election;
  // One per replica of matching, to feed those that do not work for this leader; may be empty. The name is for the log.
  struct Standby {
    std::string name;
    ports::MatchingReplica* replica;
  };
  std::vector<Standby> standbys;
  // One per replica of matching; without any the journal is never trimmed.
  std::vector<SnapshotKeeper> keepers;
};

class SequencerApp final : public ports::OrderSequencing {
 public:
  using Deadline = std::chrono::steady_clock::time_point;

  SequencerApp(const SequencerConfig& config, const SequencerPorts& ports, runtime::MetricsRegistry& metrics,
               runtime::HealthRegistry& health, const Clock& clock = SystemClock::Instance());
  // Stops, if that was not done.
  ~SequencerApp() override;
  SequencerApp(const SequencerApp&) = delete;
  SequencerApp& operator=(const SequencerApp&) = delete;

  // Called once, on the sequencer's thread, when it halts after Start: lost leadership, a journal or outbox error,
  // replicas that disagree. The process should end; what it is depends on who wires it. Set before Start.
  void OnHalt(std::function<void(const absl::Status&)> on_halt) { on_halt_ = std::move(on_halt); }

  // Called on the sequencer's thread each time it is elected, before the journal is opened. Set before Start.
  void BeforeLeading(std::function<void()> before) { before_leading_ = std::move(before); }

  // Writes of leaders before this one that the journal refused as stale: the counter goes on from there. Before Start.
  void CountFenced(std::uint64_t writes) { metrics_.fenced_writes.Increment(writes); }

  // Enters the election and, when it leads at once, opens the journal: its errors are returned. Connecting to matching,
  // replaying and EPOCH_START go on in the background; readyz and WaitUntilServing tell.
  absl::Status Start();
  // OK when commands are taken; the reason of a halt; DEADLINE_EXCEEDED, saying what it waits for.
  absl::Status WaitUntilServing(Deadline deadline) const { return state_.WaitUntilServing(deadline); }
  // OK when every bus has confirmed what is in the outbox now.
  absl::Status WaitUntilPublished(Deadline deadline);

  // Refusals (RESOURCE_EXHAUSTED, UNAVAILABLE, and INVALID_ARGUMENT for a command that no gateway may send) may be told
  // inside Submit; everything else on the sequencer's thread.
  void Submit(const domain::Command& command, Done done) override;

  // Gives leadership up: says in which epoch it led. The caller then ends the process in order (Drain, Stop), which resigns.
  // FAILED_PRECONDITION when it does not lead, and, unless `force`, when nobody is known who would lead after it. May
  // block for a round trip to the election.
  absl::StatusOr<domain::Epoch> StepDown(bool force);

  // Takes nothing new, answers what was accepted, and lets the publishers reach the end of the outbox, all by `deadline`.
  // Once it has halted or stepped down it does not wait for the publishers.
  void Drain(Deadline deadline);
  // What is not answered by now is answered UNKNOWN or UNAVAILABLE. Idempotent.
  void Stop();

 private:
  void Halted(const absl::Status& reason);
  void OnLeadership(const ports::Leadership& leadership);
  [[nodiscard]] Published PublishedSoFar() const;
  [[nodiscard]] std::optional<domain::SequenceNumber> OldestSnapshot(domain::SequenceNumber at_least) const;
  void GiveUpBefore(domain::SequenceNumber first);

  const SequencerConfig config_;
  const SequencerPorts ports_;
  const Clock& clock_;
  SequencerMetrics metrics_;
  SequencerState state_;
  SymbolCodes codes_;
  const std::shared_ptr<Inbox> inbox_;
  std::vector<std::unique_ptr<Publisher>> publishers_;
  const std::shared_ptr<CommittedFrames> frames_;
  std::vector<std::unique_ptr<StandbyFeeder>> standbys_;
  JournalTrimmer trimmer_;
  SequencerLoop loop_;
  std::function<void(const absl::Status&)> on_halt_;
  std::function<void()> before_leading_ = [] {};
  std::mutex start_mutex_;  // a halt is told by Start or by on_halt_, not by both
  bool started_ = false;
  bool stopped_ = false;
  std::atomic<bool> stepping_down_{false};
  std::mutex leadership_mutex_;
  ports::Leadership leadership_;  // as it was told last
  std::thread thread_;
};

}  // namespace xt::sequencer
