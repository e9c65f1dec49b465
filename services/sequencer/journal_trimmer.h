// JournalTrimmer: one thread that lets the journal of a leader forget what nobody needs any more. A replica of matching
// begins with a snapshot and is fed what is behind it; so what lies before a snapshot that two replicas keep (one, where
// there is only one) is not needed to bring back the state, once every bus has confirmed its events, too, and who reads the
// executions has acknowledged them: a bus that is lost with what nobody has read is filled from the journal. The newest
// snapshot of a replica is not relied on: what is kept reaches to the one before it. A replica that writes no snapshots,
// since it works for the leader, is made to take a copy of another one's.
// The journal keeps `keep_commands` in any case, and is not trimmed by less. What nobody answers or confirms is a journal
// that grows; the gauge journal_base_sequence shows it.
// Start and Stop by one thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/ports/command_journal.h"
#include "libs/ports/execution_stream.h"
#include "libs/ports/replica_snapshots.h"
#include "libs/runtime/metrics.h"
#include "services/sequencer/committed_frames.h"

namespace xt::sequencer {

// A replica of matching, by the address under which the others reach it.
struct SnapshotKeeper {
  std::string address;
  ports::ReplicaSnapshots* snapshots;
};

struct TrimmerContext {
  ports::CommandJournal& journal;
  std::vector<SnapshotKeeper> keepers;
  std::shared_ptr<CommittedFrames> frames;
  ports::ExecutionStream* executions;  // null: nobody reads them
  runtime::Gauge& base;                // of the journal
  runtime::Counter& trimmed;           // times
  runtime::Counter& failed;            // the same, without success
  std::uint64_t keep_commands = 200'000;
  std::chrono::milliseconds every{10'000};
};

class JournalTrimmer {
 public:
  // What `context` refers to must outlive it.
  explicit JournalTrimmer(TrimmerContext context) : context_(std::move(context)) {}
  ~JournalTrimmer() { Stop(); }
  JournalTrimmer(const JournalTrimmer&) = delete;
  JournalTrimmer& operator=(const JournalTrimmer&) = delete;

  void Start();
  void RequestStop();
  // Returns when the thread has ended. Idempotent.
  void Stop();

 private:
  // The latest snapshot that is not the newest one of its replica.
  struct Kept {
    domain::SequenceNumber sequence;  // 0: none
    std::string address;
    // Of each replica that answered.
    std::vector<std::pair<const SnapshotKeeper*, domain::SequenceNumber>> newest;
    absl::Status missing;  // why another did not
  };

  void Run();
  absl::Status Trim();
  // Up to where nobody needs the events again.
  [[nodiscard]] absl::StatusOr<domain::SequenceNumber> Published() const;
  [[nodiscard]] absl::StatusOr<Kept> LookFor(domain::SequenceNumber published) const;
  // OK when enough replicas have it, or a later one.
  [[nodiscard]] absl::Status HaveItKept(const Kept& kept, domain::SequenceNumber published) const;

  const TrimmerContext context_;
  std::atomic<bool> stopping_{false};
  domain::SequenceNumber trimmed_;  // by this run
  std::string reason_;              // the last one that was logged
  std::thread thread_;
};

}  // namespace xt::sequencer
