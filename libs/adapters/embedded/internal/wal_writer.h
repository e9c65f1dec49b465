// SegmentWriter: turns groups of records into bytes at the end of the journal and makes each group durable with one
// fdatasync (one more where a group crosses into the next segment). The first error is final: nothing is written or
// synced after it. Used by the journal's writer thread alone, but for Segments() and DropBefore(), which are thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "libs/adapters/embedded/internal/wal_preparer.h"
#include "libs/adapters/embedded/internal/wal_recovery.h"
#include "libs/base/clock.h"

namespace xt::embedded::wal {

struct WriterOptions {
  std::string folder;
  std::string uuid;
  std::uint64_t segment_bytes = 0;
  FileIo* io = nullptr;
  const Clock* clock = nullptr;
  std::function<void(std::chrono::nanoseconds)> on_fsync;
};

class SegmentWriter {
 public:
  SegmentWriter(WriterOptions options, Recovered recovered);

  // Takes the record into the group. `synced` is the last sequence that is durable.
  void Add(const ports::JournalRecord& record, domain::SequenceNumber synced);
  // Makes the group durable; the first error of Add or Commit, for ever.
  absl::Status Commit();

  [[nodiscard]] std::vector<SegmentInfo> Segments() const;
  // Forgets the segments before that one.
  void DropBefore(std::uint64_t index);

 private:
  absl::Status AddRecord(const ports::JournalRecord& record, domain::SequenceNumber synced);
  absl::Status Flush();
  absl::Status Sync();
  absl::Status RollOver();

  const WriterOptions options_;
  absl::Status error_;
  Segment active_;
  std::uint64_t offset_ = 0;  // where buffer_ goes
  std::string buffer_;
  SegmentPreparer preparer_;
  mutable std::mutex mutex_;
  std::vector<SegmentInfo> segments_;
};

}  // namespace xt::embedded::wal
