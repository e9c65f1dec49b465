// WalJournal: the command journal as a write-ahead log in one folder: preallocated, zero-filled segment files, one
// fdatasync per group of everything that was queued while the previous group was on its way to the disk. The next
// segment is prepared by a thread of its own, so that a rollover does not wait for the disk to be filled with zeros.
//
// Folder: `LOCK` (flock; a second owner is refused, FAILED_PRECONDITION "LOCKED"), `journal.header` (uuid, fencing
// token, where it begins; replaced by rename), `wal-00000001.log`, ... (format: internal/wal_format.h).
// What was trimmed stays in the folder as history: whole segments that the journal begins behind. It does not need them, and
// reads them only for a Read that begins before the base. Whoever wants the room may move them away.
// Bound: an Append that finds `max_queued_bytes` waiting for the disk waits for room; a frame is never dropped or
// refused for lack of it. So Append must not be called from inside a `done`.
// Errors: a failed write or fdatasync is final and never retried, since the kernel may have dropped the pages: that
// group and every later append fail. So does everything behind an append that was refused as INVALID_ARGUMENT.
// Damage: a file that is missing, or shorter than it was made, is damage as well; DATA_LOSS names the sequences that are lost.
// The contract's strict rule holds within the last group too. A power loss that kept a later record of an
// unconfirmed group and lost an earlier one is therefore refused (DATA_LOSS; the message says that
// it is not proven that the group was confirmed), not guessed.
// Threads: as the port says; Read and Stats may be called from any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "libs/adapters/embedded/file_io.h"
#include "libs/base/clock.h"
#include "libs/ports/journal_copy.h"

namespace xt::embedded {

struct WalOptions {
  std::uint64_t segment_bytes = 64ULL << 20;     // of one file, 4 KiB..1 GiB; a record must fit into one segment
  std::uint64_t max_queued_bytes = 64ULL << 20;  // > 0
  const Clock* clock = &SystemClock::Instance();
  FileIo* io = &FileIo::Default();
  // Called on the writer's thread; must not block. Either may be empty.
  std::function<void(std::chrono::nanoseconds)> on_append;  // from Append to its confirmation
  std::function<void(std::chrono::nanoseconds)> on_fsync;   // one fdatasync of a group
};

struct WalStats {
  std::uint64_t appended_sequence = 0;  // handed to Append; synced_sequence lags behind it
  std::uint64_t synced_sequence = 0;    // confirmed
  std::uint64_t size_bytes = 0;         // of all segments, preallocated space included
  std::uint64_t queued_bytes = 0;       // waiting for the disk
  std::uint64_t groups = 0;             // group commits
  std::uint64_t recovered_records = 0;  // found good by Open
  std::uint64_t corruptions = 0;        // damage found by Open or Read, torn tails not counted
};

class WalJournal final : public ports::JournalCopy {
 public:
  explicit WalJournal(std::string folder, WalOptions options = {});
  ~WalJournal() override;

  // Once per object. Creates the folder and the journal when absent.
  absl::StatusOr<ports::OpenReport> Open(ports::FencingToken token) override;
  // Only what was confirmed before the call is visited; one record at a time is in memory.
  absl::Status Read(domain::SequenceNumber from, const Visitor& visitor) override;
  void Append(ports::JournalRecord record, AppendDone done) override;
  [[nodiscard]] domain::SequenceNumber TailSequence() const override;
  [[nodiscard]] ports::JournalBase Base() const override;
  [[nodiscard]] absl::StatusOr<domain::SequenceNumber> ReadableFrom() override;
  // Whole segments only.
  absl::Status TrimFront(domain::SequenceNumber upto) override;

  // "wal:<uuid>".
  [[nodiscard]] std::string Identity() const override;
  absl::Status CutTail(domain::SequenceNumber keep) override;
  // The records that are there become history.
  absl::Status BeginAt(const ports::JournalBase& base) override;

  // Damaged segments are kept in `damaged-<n>` of the folder, with OpenAnew all of the journal; nothing is ever deleted there.
  [[nodiscard]] ports::JournalDamage Damage() const override;
  absl::StatusOr<ports::OpenReport> Mend(ports::FencingToken token, ports::JournalCopy& other) override;
  absl::StatusOr<ports::OpenReport> OpenAnew(ports::FencingToken token) override;

  // Made when this copy of the journal was created; empty before Open.
  [[nodiscard]] std::string Uuid() const;
  [[nodiscard]] WalStats Stats() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace xt::embedded
