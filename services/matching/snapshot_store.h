// SnapshotStore: the snapshots of one replica's state in a folder of its own, so that a restart need not apply the whole
// journal again. A file holds where the state stands in the journal, with the hash of that frame, and the engine's state
// (docs/matching.md has both formats). It is written as a whole or not at all, and the two newest are kept: when the newest
// is damaged, the one before it is used. Not thread-safe: Load and Write by one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
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
  // Durable when it returns. Older ones than the two newest are removed.
  absl::Status Write(const Snapshot& snapshot);
  // They belong to another journal: renamed, not to be used again. Nothing is removed.
  absl::Status SetAside();

  [[nodiscard]] std::string FileOf(domain::SequenceNumber sequence) const;

 private:
  explicit SnapshotStore(std::string folder) : folder_(std::move(folder)) {}

  std::string folder_;
};

}  // namespace xt::matching
