// SnapshotWriter: writes snapshots on a thread of its own, one at a time, so that the engine waits for the copy of its state
// and not for the disk. Restoring is done by the caller's thread, while nothing is being written. Write and Restore by one
// thread (the engine's), Busy from any.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "libs/base/clock.h"
#include "libs/runtime/metrics.h"
#include "services/matching/core/engine.h"
#include "services/matching/snapshot_store.h"

namespace xt::matching {

class SnapshotWriter {
 public:
  using Done = std::function<void(const absl::Status&)>;

  SnapshotWriter(SnapshotStore store, runtime::MetricsRegistry& metrics, const std::string& shard, const Clock& clock);
  // Waits for the one under way.
  ~SnapshotWriter();
  SnapshotWriter(const SnapshotWriter&) = delete;
  SnapshotWriter& operator=(const SnapshotWriter&) = delete;

  // False, and nothing is done, while another is being written. `done` is called on the writer's thread.
  bool Write(Snapshot snapshot, Done done);
  [[nodiscard]] bool Busy();
  void AwaitIdle();
  // Sequence of the newest that was written or restored; 0: none.
  [[nodiscard]] domain::SequenceNumber newest() const { return newest_; }
  // When it was written or looked for last, by the monotonic clock.
  [[nodiscard]] std::int64_t newest_ns() const { return newest_ns_; }

  // The newest good one that is not behind `at_most`; null when there is none. Each that is damaged, or does not fit
  // `config`, is logged and passed over.
  std::optional<Restored> Restore(const EngineConfig& config, domain::SequenceNumber at_most);
  // What is there belongs to another journal.
  void SetAside();

 private:
  struct Job {
    Snapshot snapshot;
    Done done;
  };
  void Run();
  absl::StatusOr<Restored> RestoreOne(const EngineConfig& config, domain::SequenceNumber sequence);
  absl::Status WriteOne(const Snapshot& snapshot);

  SnapshotStore store_;
  const Clock& clock_;
  runtime::Counter& written_;
  runtime::Counter& failed_;
  runtime::Counter& damaged_;
  runtime::Gauge& timestamp_;
  // Of the engine's thread.
  domain::SequenceNumber newest_;
  std::int64_t newest_ns_;

  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  bool writing_ = false;
  std::optional<Job> job_;
  std::thread thread_;
};

}  // namespace xt::matching
