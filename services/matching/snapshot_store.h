// SnapshotStore: the snapshots of one replica's state in a folder of its own, so that a restart need not apply the whole
// journal again. A file holds where the state stands in the journal, with the hash of that frame, and the engine's state
// (docs/matching.md has both formats). It is written as a whole or not at all; which ones are removed is the caller's
// business. Not thread-safe: one thread at a time, but FileOf, which any thread may call.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/base/hash.h"
#include "libs/domain/ids.h"
#include "services/matching/core/engine.h"

namespace xt::matching {

struct Snapshot {
  domain::SequenceNumber sequence;   // the last one that was applied
  Hash128 frame_hash;                // of the frame that ends there
  std::int64_t timestamp_ns = 0;     // of that frame
  domain::SequenceNumber published;  // every bus had confirmed the results up to it
  std::string state;                 // Engine::SaveSnapshot
};

struct Restored {
  std::unique_ptr<Engine> engine;
  Snapshot at;  // without the state
};

class SnapshotStore {
 public:
  // `folder` is made; what a killed process left half written there is removed.
  static absl::StatusOr<SnapshotStore> Open(const std::string& folder);
  // Of a replica that may be running: for List, Load and Restore only.
  static SnapshotStore OpenToRead(const std::string& folder) { return SnapshotStore(folder); }

  // Sequences of those that are there, the newest first.
  [[nodiscard]] std::vector<domain::SequenceNumber> List() const;
  // DATA_LOSS, naming the file and what is wrong with it, when it is damaged. The state's own hash is not checked here.
  [[nodiscard]] absl::StatusOr<Snapshot> Load(domain::SequenceNumber sequence) const;
  // DATA_LOSS also when the state is damaged, of another sequence, or does not fit `config`.
  [[nodiscard]] absl::StatusOr<Restored> Restore(const EngineConfig& config, domain::SequenceNumber sequence) const;
  // Reads back what was written: DATA_LOSS unless the state restored from it is the one of `written`.
  [[nodiscard]] absl::Status Verify(const EngineConfig& config, const Snapshot& written) const;
  // Durable when it returns.
  absl::Status Write(const Snapshot& snapshot);
  absl::Status Remove(domain::SequenceNumber sequence);
  // It is not to be used again: renamed, with `.why` behind its name.
  absl::Status SetAside(domain::SequenceNumber sequence, std::string_view why);

  [[nodiscard]] std::string FileOf(domain::SequenceNumber sequence) const;

 private:
  friend class ArrivingSnapshot;
  explicit SnapshotStore(std::string folder) : folder_(std::move(folder)) {}

  std::string folder_;
};

// A snapshot that another replica hands out: a file of the folder that is none of its snapshots until it is kept. Removed
// with the object when it was not kept; by the next start, when there is nobody to do that. One at a time, by one thread.
class ArrivingSnapshot {
 public:
  explicit ArrivingSnapshot(const SnapshotStore& store);
  ~ArrivingSnapshot();
  ArrivingSnapshot(const ArrivingSnapshot&) = delete;
  ArrivingSnapshot& operator=(const ArrivingSnapshot&) = delete;

  absl::Status Append(std::string_view piece);
  // All of it is there. Errors as of SnapshotStore::Restore.
  [[nodiscard]] absl::StatusOr<Restored> Restore(const EngineConfig& config) const;
  // From now on it is the store's snapshot of that sequence, durably.
  absl::Status KeepAs(domain::SequenceNumber sequence);

 private:
  const SnapshotStore& store_;
  const std::string file_;
  const int fd_;
  const absl::Status opened_;
  bool kept_ = false;
};

}  // namespace xt::matching
