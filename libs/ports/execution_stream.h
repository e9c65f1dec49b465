// ExecutionStream: what every command did, on its way to those who keep it (persistence). Redis Streams in a cluster
// (`xt:{shard}:executions`), a file with in-process readers in the standalone.
//
// Threads: Publish and BeginAt by one thread (the publisher), Acknowledged by any; each consumer object by one thread; all
// may run at once.
// Delivery: at least once per consumer group, in sequence order per consumer until something is redelivered. An entry is
// delivered to one consumer of a group, stays pending until acknowledged, is delivered again to the same consumer name
// after a restart (Read returns own pending entries first), and can be claimed by another after an idle time.
// Nothing is trimmed that a group has not acknowledged.
// Sequences are dense but for what was lost for good (BeginAt): readers see such a gap by the sequences.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/domain/ids.h"
#include "libs/ports/event_log.h"

namespace xt::ports {

inline constexpr std::string_view kExecutionGroup = "execution_processors";

struct ExecutionDelivery {
  EventEntry entry;
  std::uint32_t delivery_count = 1;  // 1 at the first delivery
};

class ExecutionConsumer {
 public:
  virtual ~ExecutionConsumer() = default;
  // Up to `max` entries, waiting up to `timeout` for the first. Empty after a time-out, CANCELLED after Close.
  virtual absl::StatusOr<std::vector<ExecutionDelivery>> Read(std::size_t max, std::chrono::milliseconds timeout) = 0;
  virtual absl::Status Acknowledge(const std::vector<domain::SequenceNumber>& sequences) = 0;
  // Takes over entries that other consumers of the group hold unacknowledged for at least `min_idle`.
  virtual absl::StatusOr<std::vector<ExecutionDelivery>> Claim(std::chrono::milliseconds min_idle, std::size_t max) = 0;
  // Entries published after the group's last acknowledged one.
  [[nodiscard]] virtual std::uint64_t Lag() const = 0;
};

class ExecutionStream {
 public:
  virtual ~ExecutionStream() = default;
  // Returns when all entries are confirmed. Entries at or before LastSequence() are dropped as duplicates; a gap is
  // INVALID_ARGUMENT. UNAVAILABLE: not known how much was stored; publish again from LastSequence() + 1.
  virtual absl::Status Publish(const std::vector<EventEntry>& entries) = 0;
  // The last stored sequence; 0 when empty.
  virtual absl::StatusOr<domain::SequenceNumber> LastSequence() = 0;
  // Everything up to it was acknowledged by every group; where no group has joined, the last stored sequence.
  virtual absl::StatusOr<domain::SequenceNumber> Acknowledged() = 0;
  // For a stream that lost what nobody can bring back: the next entry is `first`, which leaves a gap. What is in it stays
  // for those who have not acknowledged it; where that cannot be, FAILED_PRECONDITION until they have. Nothing is done where
  // it ends at `first` - 1 or behind. UNAVAILABLE: ask again.
  virtual absl::Status BeginAt(domain::SequenceNumber first) = 0;
  // Creates the group at the beginning of the stream when it does not exist.
  virtual absl::StatusOr<std::unique_ptr<ExecutionConsumer>> Join(std::string_view group,
                                                                  std::string_view consumer) = 0;
  // Wakes every reader with CANCELLED; later calls fail with CANCELLED. Idempotent.
  virtual void Close() = 0;
};

}  // namespace xt::ports
