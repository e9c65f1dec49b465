// SnapshotWriter: writes snapshots on a thread of its own, one at a time, so that the engine waits for the copy of its state
// and not for the disk. That thread also verifies each: it reads it back, restores it, and compares the state with the one
// that it was taken of; so there must be memory for the state twice. One that is not the same is renamed `*.mismatched`
// and never used.
// Kept are the verified ones: those that proved themselves so, and those that were restored. The two newest stay, and the
// newest whose results every bus had when the last was written: a sequencer that lacks the results after it begins there.
// Write, Restore, Fetch and SetAside by one thread (the engine's); Copy, List and Read from any.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "libs/base/clock.h"
#include "libs/ports/replica_snapshots.h"
#include "libs/runtime/metrics.h"
#include "services/matching/core/engine.h"
#include "services/matching/snapshot_store.h"

namespace xt::matching {

// Both ends included.
struct SequenceRange {
  domain::SequenceNumber least;
  domain::SequenceNumber most;
  [[nodiscard]] bool Has(domain::SequenceNumber sequence) const { return sequence >= least && sequence <= most; }
};

class SnapshotWriter {
 public:
  using Done = std::function<void(const absl::Status&)>;
  using PieceVisitor = ports::ReplicaSnapshots::PieceVisitor;

  // Restores with `config`.
  SnapshotWriter(SnapshotStore store, const EngineConfig& config, runtime::MetricsRegistry& metrics,
                 const std::string& shard, const Clock& clock);
  // Waits for the one under way.
  ~SnapshotWriter();
  SnapshotWriter(const SnapshotWriter&) = delete;
  SnapshotWriter& operator=(const SnapshotWriter&) = delete;

  // False, and nothing is done, while another is being written or verified. `done` is called on the writer's thread, with
  // DATA_LOSS when what was written is not the same state.
  bool Write(Snapshot snapshot, Done done);
  [[nodiscard]] bool Busy();
  void AwaitIdle();
  // Sequence of the newest that was written or restored; 0: none.
  [[nodiscard]] domain::SequenceNumber newest() const { return newest_; }
  // When it was written or looked for last, by the monotonic clock.
  [[nodiscard]] std::int64_t newest_ns() const { return newest_ns_; }

  // The newest good one in `range`, verified or not: from now on it is. Null when there is none. Each that is damaged, or
  // does not fit the configuration, is logged and passed over.
  std::optional<Restored> Restore(SequenceRange range);
  // Takes a snapshot of another replica, which `read` hands out in pieces, among those that are kept, when it can be
  // restored and `check` agrees. Errors are theirs, or DATA_LOSS; nothing is kept then.
  absl::StatusOr<Restored> Fetch(const std::function<absl::Status(const PieceVisitor&)>& read,
                                 const std::function<absl::Status(const Snapshot& at)>& check);
  // The same on the writer's thread, for a copy that the engine does not begin with. False, and nothing is done, while
  // another is being written.
  bool Copy(std::function<absl::Status(const PieceVisitor&)> read,
            std::function<absl::Status(const Snapshot& at)> check, Done done);
  // The state begins with nothing, not with a snapshot.
  void BeginEmpty();
  // The state at `from` belongs to another journal: those that are not before it are renamed `*.of-another-journal`, and no
  // other one of that state is due.
  absl::Status SetAside(domain::SequenceNumber from);

  // Sequences of those that are kept, the newest first.
  [[nodiscard]] std::vector<domain::SequenceNumber> List() const;
  // The newest of them in `range`, as it lies in its file, in pieces of at most 1 MiB; it may be removed meanwhile.
  // NOT_FOUND when there is none. An error of the visitor stops and is returned.
  absl::Status Read(SequenceRange range, const PieceVisitor& visitor) const;

 private:
  struct Job {
    std::function<absl::Status()> work;
    Done done;
  };
  // While it is there nothing is being written.
  class Alone;
  bool Begin(Job job);
  void Run();
  absl::StatusOr<Restored> FetchOne(const std::function<absl::Status(const PieceVisitor&)>& read,
                                    const std::function<absl::Status(const Snapshot& at)>& check);
  absl::StatusOr<Restored> RestoreOne(domain::SequenceNumber sequence);
  absl::Status WriteOne(const Snapshot& snapshot);
  absl::Status Verify(const Snapshot& snapshot);
  void Took(domain::SequenceNumber sequence);
  void Keep(domain::SequenceNumber sequence);
  void Forget(const std::function<bool(domain::SequenceNumber)>& which);
  void RemoveOld(domain::SequenceNumber published);

  SnapshotStore store_;
  const EngineConfig config_;
  const Clock& clock_;
  runtime::Counter& written_;
  runtime::Counter& failed_;
  runtime::Counter& mismatched_;
  runtime::Counter& damaged_;
  runtime::Counter& fetched_;
  runtime::Gauge& timestamp_;
  // Of the engine's thread.
  domain::SequenceNumber newest_;
  std::int64_t newest_ns_;

  mutable std::mutex kept_mutex_;
  // The newest first. A file is opened under the lock and removed only when it does not stand here any more.
  std::vector<domain::SequenceNumber> kept_;

  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  bool writing_ = false;
  std::optional<Job> job_;
  std::thread thread_;
};

}  // namespace xt::matching
