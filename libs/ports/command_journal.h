// CommandJournal: the distributed write-ahead log of commands, the one thing that makes an acknowledgement true. It holds
// encoded frames, chained by hash, and knows nothing of what is in them.
//
// Threads: Open and Append are called by the sequencer's thread only; `done` is called on a thread of the journal, in the
// order of the appends, and must not block. Once it is open, Read may be called from any thread, also while appends are
// under way; TailSequence always.
// Durability: `done(OK)` means that every copy that counts holds the frame and all frames before it. Any other status is
// final for this handle: the caller must stop acknowledging and step down; the frame may or may not be in the journal.
// Corruption: a damaged record that is followed by a good one refuses to open (DATA_LOSS, naming file and offset).
// A torn last record is cut and reported in OpenReport.
// Shutdown: the destructor waits for the appends under way; their `done` is called first.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/base/hash.h"
#include "libs/domain/ids.h"

namespace xt::ports {

// Epoch and connection generation of the leader that writes. A journal refuses (FAILED_PRECONDITION, "FENCED") an open or
// an append whose token is lower than the highest that it has seen.
struct FencingToken {
  domain::Epoch epoch;
  std::uint32_t connection_generation = 0;
};

// One frame as it lies in the journal. `hash` is HashBytes(bytes); the bytes hold the previous hash too
// (libs/wire/frame_codec.h).
struct JournalRecord {
  domain::Epoch epoch;
  domain::SequenceNumber first_sequence;
  domain::SequenceNumber last_sequence;
  Hash128 previous_hash;
  Hash128 hash;
  std::string bytes;
};

struct OpenReport {
  domain::SequenceNumber last_sequence;  // 0 when the journal is empty
  Hash128 last_hash;                     // zero when the journal is empty
  domain::Epoch last_epoch;              // 0 when the journal is empty
  std::uint64_t records = 0;
  std::uint64_t torn_bytes_cut = 0;  // > 0: an unacknowledged tail was cut
  std::string detail;                // for the log: which file, which offset
};

class CommandJournal {
 public:
  using AppendDone = std::function<void(const absl::Status&)>;
  using Visitor = std::function<absl::Status(const JournalRecord&)>;

  virtual ~CommandJournal() = default;

  // Verifies every record and the hash chain, and prepares to append behind the last good one.
  virtual absl::StatusOr<OpenReport> Open(FencingToken token) = 0;
  // Visits, in order, every record whose last_sequence is >= `from`. A visitor's error stops and is returned.
  virtual absl::Status Read(domain::SequenceNumber from, const Visitor& visitor) = 0;
  // `record` must follow the last appended one (first_sequence and previous_hash), else INVALID_ARGUMENT through `done`.
  // Takes ownership; returns at once, or waits for room when the journal's bounded queue is full. Several appends may be
  // in flight and share one group commit. A record whose epoch is above the token's is FENCED.
  virtual void Append(JournalRecord record, AppendDone done) = 0;
  // The last sequence that was confirmed.
  [[nodiscard]] virtual domain::SequenceNumber TailSequence() const = 0;
  // UNAVAILABLE, saying why, while an append would wait for a copy that is lost: the caller should take nothing new.
  // From any thread, cheap.
  [[nodiscard]] virtual absl::Status Accepting() const { return absl::OkStatus(); }
};

}  // namespace xt::ports
