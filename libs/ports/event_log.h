// EventLog: the outbox. One local log of what every command did, with a named cursor per broker; a broker that is down is
// a cursor that lags. It needs no durability of its own: what is lost is derived again from the journal.
//
// Threads: Append by one thread; each cursor is read and moved by one thread of its own; all may run at once.
// Delivery: entries come back in sequence order, without gaps, from the cursor's position on, again after a restart.
// A lost cursor position means that entries are delivered again, never that one is skipped.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/domain/ids.h"

namespace xt::ports {

// All events of one command: a serialized xtrader.v1.EventBatch. Shared, never changed after it was made.
struct EventEntry {
  domain::SequenceNumber sequence;
  std::shared_ptr<const std::string> payload;
};

class EventCursor {
 public:
  virtual ~EventCursor() = default;
  // Up to `max` entries behind the position; waits up to `timeout` for the first. Empty after a time-out, CANCELLED after
  // the log was closed.
  virtual absl::StatusOr<std::vector<EventEntry>> Read(std::size_t max, std::chrono::milliseconds timeout) = 0;
  // Everything up to `sequence` is confirmed by the broker. Never moves back.
  virtual absl::Status Advance(domain::SequenceNumber sequence) = 0;
  // From any thread.
  [[nodiscard]] virtual domain::SequenceNumber position() const = 0;
};

class EventLog {
 public:
  virtual ~EventLog() = default;
  // The oldest sequence in the log; LastSequence() + 1 when empty.
  [[nodiscard]] virtual domain::SequenceNumber FirstSequence() const = 0;
  // The last sequence in the log, or before where it begins; 0 when nothing was ever in it.
  [[nodiscard]] virtual domain::SequenceNumber LastSequence() const = 0;
  // Drops every entry: the next one is `first`, and each cursor stands before it. By the thread that appends.
  virtual absl::Status BeginAt(domain::SequenceNumber first) = 0;
  // Appends entries in order. Entries at or before LastSequence() are compared with what is there and dropped;
  // a difference is DATA_LOSS: two runs of one journal disagreed, and the market must halt. A gap is INVALID_ARGUMENT.
  virtual absl::Status Append(const std::vector<EventEntry>& entries) = 0;
  // The cursor of this name, at its last position or before the first entry. One live object per name.
  virtual absl::StatusOr<std::unique_ptr<EventCursor>> OpenCursor(std::string_view name) = 0;
  // Reads entries from `from` on, independent of cursors; for consumers that found a gap.
  virtual absl::StatusOr<std::vector<EventEntry>> ReadFrom(domain::SequenceNumber from, std::size_t max) = 0;
  // Bytes on disk and the lag of each cursor are metrics of the owner.
  [[nodiscard]] virtual std::uint64_t SizeBytes() const = 0;
  // Wakes every reader with CANCELLED. Idempotent.
  virtual void Close() = 0;
};

}  // namespace xt::ports
