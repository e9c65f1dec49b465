// FileExecutionStream: the executions in a SegmentLog, with one small file per consumer group (internal/
// slot_file.h) that says what was acknowledged and which consumer name holds what; it is written at every delivery and
// acknowledgement. A damaged group file means that the group starts over at the oldest entry: delivered again, never
// skipped.
//
// Bound: a group holds at most `max_pending` unacknowledged entries; beyond that Read waits for acknowledgements.
// Trimming: segments that every group has acknowledged are deleted; without a group nothing is.
// A gap (BeginAt): the positions of a log are dense, so the log begins anew behind it, and only when every group has
// acknowledged what is there.
// Idle times run on the given clock and start again at a restart.
// Threads: as the port says. One live consumer per group and name (FAILED_PRECONDITION); consumers may outlive the
// stream.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "libs/base/clock.h"
#include "libs/ports/execution_stream.h"

namespace xt::embedded {

struct FileExecutionStreamOptions {
  std::uint64_t segment_bytes = 64ULL << 20;
  std::uint64_t max_pending = 100'000;  // per group
  const Clock* clock = &SystemClock::Instance();
};

struct ExecutionGroupStats {
  std::string group;
  std::uint64_t lag = 0;      // published, not acknowledged
  std::uint64_t pending = 0;  // delivered, not acknowledged
  std::uint64_t redeliveries = 0;
};

class FileExecutionStream final : public ports::ExecutionStream {
 public:
  static absl::StatusOr<std::unique_ptr<FileExecutionStream>> Open(std::string folder,
                                                                   FileExecutionStreamOptions options = {});
  ~FileExecutionStream() override;

  absl::Status Publish(const std::vector<ports::EventEntry>& entries) override;
  absl::StatusOr<domain::SequenceNumber> LastSequence() override;
  absl::StatusOr<domain::SequenceNumber> Acknowledged() override;
  absl::Status BeginAt(domain::SequenceNumber first) override;
  absl::StatusOr<std::unique_ptr<ports::ExecutionConsumer>> Join(std::string_view group,
                                                                 std::string_view consumer) override;
  void Close() override;

  [[nodiscard]] std::vector<ExecutionGroupStats> GroupStats() const;
  [[nodiscard]] std::uint64_t SizeBytes() const;

 private:
  struct State;
  class Consumer;
  explicit FileExecutionStream(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace xt::embedded
