// FileEventLog: the outbox as a SegmentLog whose positions are the sequence numbers, with each cursor's position in a
// small file `cursor-<name>` (internal/slot_file.h) at every Advance. A damaged or missing one means position 0, or the
// oldest entry that is there: entries are delivered again, never skipped.
//
// Retention: with `retain_bytes` > 0, segments that every cursor has left behind are deleted while the log is larger.
// An entry before the oldest one is OUT_OF_RANGE for ReadFrom and is not compared by Append. 0 keeps everything.
// Threads: as the port says. Cursors keep the log's data alive; they may outlive the log object.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "libs/ports/event_log.h"

namespace xt::embedded {

struct FileEventLogOptions {
  std::uint64_t segment_bytes = 64ULL << 20;
  std::uint64_t retain_bytes = 0;
};

class FileEventLog final : public ports::EventLog {
 public:
  static absl::StatusOr<std::unique_ptr<FileEventLog>> Open(std::string folder, FileEventLogOptions options = {});
  ~FileEventLog() override;

  [[nodiscard]] domain::SequenceNumber FirstSequence() const override;
  [[nodiscard]] domain::SequenceNumber LastSequence() const override;
  absl::Status BeginAt(domain::SequenceNumber first) override;
  absl::Status Append(const std::vector<ports::EventEntry>& entries) override;
  // The name is of [A-Za-z0-9._-]. FAILED_PRECONDITION while a cursor of this name lives. Read does not move the
  // cursor: it returns the same entries until Advance.
  absl::StatusOr<std::unique_ptr<ports::EventCursor>> OpenCursor(std::string_view name) override;
  absl::StatusOr<std::vector<ports::EventEntry>> ReadFrom(domain::SequenceNumber from, std::size_t max) override;
  [[nodiscard]] std::uint64_t SizeBytes() const override;
  void Close() override;

  [[nodiscard]] std::uint64_t torn_bytes_cut() const;  // by Open

 private:
  struct State;
  class Cursor;
  explicit FileEventLog(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace xt::embedded
