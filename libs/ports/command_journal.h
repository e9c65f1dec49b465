// CommandJournal: the distributed write-ahead log of commands, the one thing that makes an acknowledgement true. It holds
// encoded frames, chained by hash, and knows nothing of what is in them.
//
// Threads: Open and Append are called by the sequencer's thread only; `done` is called on a thread of the journal, in the
// order of the appends, and must not block. Once it is open, Read, Base and TrimFront may be called from any thread, also
// while appends are under way, TrimFront by one at a time, ReadableFrom too; TailSequence always.
// Trimming: records at the beginning that nobody needs any more are forgotten (TrimFront). What is left is a chain that
// begins behind its base, and is verified from there on.
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

// What lies before the first record: everything up to `sequence` was trimmed.
struct JournalBase {
  domain::SequenceNumber sequence;  // 0: nothing was trimmed
  Hash128 hash;                     // of the record that ended there
  domain::Epoch epoch;              // of that record
  friend bool operator==(const JournalBase&, const JournalBase&) = default;
};

struct OpenReport {
  domain::SequenceNumber last_sequence;  // that of the base when there is no record
  Hash128 last_hash;                     // the same
  domain::Epoch last_epoch;              // the same
  std::uint64_t records = 0;
  std::uint64_t torn_bytes_cut = 0;  // > 0: an unacknowledged tail was cut
  std::string detail;                // for the log: which file, which offset
};

// Of a journal that has no records behind its base.
inline OpenReport EmptyBehind(const JournalBase& base) {
  OpenReport report;
  report.last_sequence = base.sequence;
  report.last_hash = base.hash;
  report.last_epoch = base.epoch;
  return report;
}

class CommandJournal {
 public:
  using AppendDone = std::function<void(const absl::Status&)>;
  using Visitor = std::function<absl::Status(const JournalRecord&)>;

  virtual ~CommandJournal() = default;

  // Verifies every record and the hash chain, and prepares to append behind the last good one.
  virtual absl::StatusOr<OpenReport> Open(FencingToken token) = 0;
  // Visits, in order, every record whose last_sequence is >= `from`; 0: every record behind the base. A visitor's error stops
  // and is returned. OUT_OF_RANGE when `from` lies before ReadableFrom().
  virtual absl::Status Read(domain::SequenceNumber from, const Visitor& visitor) = 0;
  // `record` must follow the last appended one (first_sequence and previous_hash), else INVALID_ARGUMENT through `done`.
  // Takes ownership; returns at once, or waits for room when the journal's bounded queue is full. Several appends may be
  // in flight and share one group commit. A record whose epoch is above the token's is FENCED.
  virtual void Append(JournalRecord record, AppendDone done) = 0;
  // The last sequence that was confirmed. After Open that of its report, or an earlier one for as long as fewer copies than
  // must hold what it adopted.
  [[nodiscard]] virtual domain::SequenceNumber TailSequence() const = 0;
  // What was trimmed, durably. After Open.
  [[nodiscard]] virtual JournalBase Base() const { return {}; }
  // The first sequence that can still be read: that behind the base, or an earlier one where a journal keeps what was trimmed
  // as history. After Open. Finding it out may take as long as reading all of the history.
  [[nodiscard]] virtual absl::StatusOr<domain::SequenceNumber> ReadableFrom() {
    return domain::SequenceNumber(Base().sequence.value() + 1);
  }
  // Forgets records of which the last sequence is <= `upto`: as many as it can cheaply, maybe none. Whoever calls it
  // knows that nobody needs them again. INVALID_ARGUMENT when `upto` was not confirmed.
  virtual absl::Status TrimFront(domain::SequenceNumber /*upto*/) { return absl::OkStatus(); }
  // UNAVAILABLE, saying why, while an append would wait for a copy that is lost: the caller should take nothing new.
  // From any thread, cheap.
  [[nodiscard]] virtual absl::Status Accepting() const { return absl::OkStatus(); }
};

}  // namespace xt::ports
