// SegmentLog: an append-only log of records in segment files, the common ground of the embedded event log, execution
// stream and market bus. A record is named by its position: dense, growing by one. It is not durable against power loss
// by itself (only a segment that is left behind is synced): everything in it can be derived again from the journal.
//
// Open keeps the good prefix of the last segment and cuts what is behind it (a torn tail). A record that turns out
// damaged when it is read is DATA_LOSS, naming file and offset. Memory holds a sparse index only.
// Threads: Append, TrimBelow and Restart by one thread; everything else by any, at the same time.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace xt::embedded {

struct SegmentLogOptions {
  std::uint64_t segment_bytes = 64ULL << 20;  // a segment is closed once it is larger than this
  std::uint64_t first_position = 1;           // of a log that is created
};

class SegmentLog {
 public:
  struct Record {
    std::uint64_t position = 0;
    std::shared_ptr<const std::string> payload;
  };

  // Creates the folder when it is absent. `torn_bytes_cut()` says what was cut.
  static absl::StatusOr<std::unique_ptr<SegmentLog>> Open(std::string folder, SegmentLogOptions options = {});
  ~SegmentLog();
  SegmentLog(const SegmentLog&) = delete;
  SegmentLog& operator=(const SegmentLog&) = delete;

  // All or nothing; the records get the positions end(), end() + 1, ... A failed append is cut off again.
  absl::Status Append(const std::vector<std::string_view>& payloads);
  // Records from `from` on, at most `max` and about `max_bytes`, but at least one when there is one. OUT_OF_RANGE when
  // `from` was trimmed. Empty when `from` >= end().
  absl::StatusOr<std::vector<Record>> Read(std::uint64_t from, std::size_t max,
                                           std::uint64_t max_bytes = 4ULL << 20) const;
  // Waits until end() > position. OK, also after the time-out; CANCELLED after Close.
  absl::Status WaitBeyond(std::uint64_t position, std::chrono::milliseconds timeout) const;
  // Deletes segments whose records all lie below `position`; never the last one.
  absl::Status TrimBelow(std::uint64_t position);
  // Deletes every record; the next one gets `position`.
  absl::Status Restart(std::uint64_t position);
  // Deletes the oldest segments while the log is larger than `bytes`; never the last two, so that a record remains.
  absl::Status TrimToBytes(std::uint64_t bytes);

  [[nodiscard]] std::uint64_t begin() const;  // the oldest position that is there
  [[nodiscard]] std::uint64_t end() const;    // the next position
  [[nodiscard]] std::uint64_t SizeBytes() const;
  [[nodiscard]] std::uint64_t torn_bytes_cut() const { return torn_bytes_cut_; }
  // Wakes every waiter with CANCELLED. Idempotent.
  void Close();

 private:
  struct Segment;
  SegmentLog(std::string folder, SegmentLogOptions options);
  absl::Status Load();
  absl::Status LoadLast();
  absl::StatusOr<std::shared_ptr<Segment>> MakeSegment(std::uint64_t first_position) const;
  absl::Status StartSegment(std::uint64_t first_position);
  absl::Status DropOldest();
  std::shared_ptr<Segment> Find(std::uint64_t position) const;

  const std::string folder_;
  const SegmentLogOptions options_;
  std::uint64_t torn_bytes_cut_ = 0;
  std::string scratch_;  // encoded records of one Append

  mutable std::mutex mutex_;
  mutable std::condition_variable grown_;
  std::vector<std::shared_ptr<Segment>> segments_;  // oldest first, never empty once open
  std::uint64_t end_ = 0;
  std::uint64_t size_bytes_ = 0;
  bool closed_ = false;
  bool broken_ = false;  // a failed append could not be cut off
};

}  // namespace xt::embedded
