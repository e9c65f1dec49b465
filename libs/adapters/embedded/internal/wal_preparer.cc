#include "libs/adapters/embedded/internal/wal_preparer.h"

#include <utility>

namespace xt::embedded::wal {

SegmentPreparer::SegmentPreparer(std::string folder, std::string uuid, std::uint64_t capacity, FileIo& io,
                                 std::optional<Segment> ready)
    : folder_(std::move(folder)), uuid_(std::move(uuid)), capacity_(capacity), io_(io) {
  if (ready) {
    // Both before the thread runs: the segment may be taken first, and must not be made a second time over the one in use.
    requested_ = made_ = ready->index;
    ready_ = *std::move(ready);
  }
  thread_ = std::thread([this] { Run(); });
}

SegmentPreparer::~SegmentPreparer() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void SegmentPreparer::Request(std::uint64_t index) {
  {
    std::lock_guard lock(mutex_);
    if (requested_ >= index) return;
    requested_ = index;
    ready_.reset();
  }
  changed_.notify_all();
}

absl::StatusOr<Segment> SegmentPreparer::Take(std::uint64_t index) {
  Request(index);
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return ready_.has_value(); });
  return *std::exchange(ready_, std::nullopt);
}

void SegmentPreparer::Run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return stop_ || requested_ > made_; });
    if (stop_) return;
    const std::uint64_t index = made_ = requested_;
    lock.unlock();
    auto segment = CreateSegment(folder_, index, capacity_, uuid_, io_);
    lock.lock();
    ready_ = std::move(segment);
    changed_.notify_all();
  }
}

}  // namespace xt::embedded::wal
