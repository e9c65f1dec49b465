// SegmentPreparer: makes the next segment of the journal on a thread of its own, so that filling 64 MiB with zeros does
// not stand in the way of a commit. Request and Take are called by the journal's writer; one segment is prepared at a
// time.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "libs/adapters/embedded/internal/wal_segment.h"

namespace xt::embedded::wal {

class SegmentPreparer {
 public:
  // `ready` is a segment that exists already. `io` outlives the preparer.
  SegmentPreparer(std::string folder, std::string uuid, std::uint64_t capacity, FileIo& io,
                  std::optional<Segment> ready);
  ~SegmentPreparer();

  // Starts making segment `index`, unless it is made or being made.
  void Request(std::uint64_t index);
  // Waits for the requested segment. An error is final for this index.
  absl::StatusOr<Segment> Take(std::uint64_t index);

 private:
  void Run();

  const std::string folder_;
  const std::string uuid_;
  const std::uint64_t capacity_;
  FileIo& io_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t requested_ = 0;
  std::uint64_t made_ = 0;  // the last one that the thread began, or that was there
  std::optional<absl::StatusOr<Segment>> ready_;
  bool stop_ = false;
  std::thread thread_;  // last: it uses everything above
};

}  // namespace xt::embedded::wal
