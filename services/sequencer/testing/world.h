// World: everything around one sequencer, in memory, and the sequencer in it. The surroundings outlive it, so that a test
// can stop it and start the next leader over the same journal. `Ask` submits a command and gives a future of its outcome.
#pragma once

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/clock.h"
#include "libs/runtime/health.h"
#include "libs/runtime/metrics.h"
#include "services/sequencer/sequencer_app.h"
#include "services/sequencer/testing/core_support.h"
#include "services/sequencer/testing/eventually.h"
#include "services/sequencer/testing/fake_buses.h"
#include "services/sequencer/testing/fake_journal.h"
#include "services/sequencer/testing/fake_matching.h"

namespace xt::sequencer::testing {

using Outcome = absl::StatusOr<domain::CommandResult>;

// What a process has: its metrics, its health, its app.
struct Process {
  runtime::MetricsRegistry metrics;
  runtime::HealthRegistry health{&metrics};
  std::unique_ptr<SequencerApp> app;
};

struct World {
  explicit World(bool leads_at_once = true) : election(leads_at_once) {
    config.replica_retry_ms = 1;
    config.publisher_backoff_min_ms = 1;
    config.publisher_backoff_max_ms = 4;
  }

  // A new process over what is there. The one before must be stopped.
  SequencerApp& Launch() {
    process = std::make_unique<Process>();
    process->health.SetState(runtime::ServingState::kServing);
    process->app = std::make_unique<SequencerApp>(
        config,
        SequencerPorts{journal, matching, matching, *outbox, stream, bus, notifications, election, standbys, keepers},
        process->metrics, process->health, *clock);
    return *process->app;
  }
  absl::Status StartAndServe() {
    if (absl::Status status = Launch().Start(); !status.ok()) return status;
    return app().WaitUntilServing(Soon());
  }
  // As a crash: nothing is drained.
  void Crash() { process.reset(); }

  [[nodiscard]] SequencerApp& app() const { return *process->app; }
  // The value of one series, as text; empty when there is none.
  [[nodiscard]] std::string Metric(const std::string& series) const {
    const std::string text = "\n" + process->metrics.Text();
    const std::size_t at = text.find("\n" + series + " ");
    if (at == std::string::npos) return "";
    const std::size_t begin = at + series.size() + 2;
    return text.substr(begin, text.find('\n', begin) - begin);
  }
  [[nodiscard]] bool ready() const { return process->health.Ready(); }

  std::future<Outcome> Ask(const domain::Command& command) const {
    auto promise = std::make_shared<std::promise<Outcome>>();
    app().Submit(command, [promise](Outcome outcome) { promise->set_value(std::move(outcome)); });
    return promise->get_future();
  }
  std::future<Outcome> Ask(std::uint64_t number) const { return Ask(NumberedCommand(number)); }

  const Clock* clock = &SystemClock::Instance();
  SequencerConfig config;
  FakeJournal journal;
  FakeMatching matching;
  FakeEventLog events;
  ports::EventLog* outbox = &events;
  FakeExecutionStream executions;
  FakeMarketBus market;
  ports::ExecutionStream* stream = &executions;
  ports::MarketBus* bus = &market;
  FakeNotificationBus notifications;
  FakeElection election;
  std::vector<SequencerPorts::Standby> standbys;
  std::vector<SnapshotKeeper> keepers;
  std::unique_ptr<Process> process;
};

// The outcome, or DEADLINE_EXCEEDED when it does not come.
inline Outcome Await(std::future<Outcome>& future) {
  if (future.wait_for(kPatience) != std::future_status::ready) return absl::DeadlineExceededError("no answer came");
  return future.get();
}
inline Outcome Await(std::future<Outcome>&& future) { return Await(future); }

}  // namespace xt::sequencer::testing
