// RecentResults: what was told of the last frames, for the sequencer of the next epoch, which did not hear it. Bounded by
// bytes: the oldest frames go. One thread (the engine's).
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "libs/base/hash.h"
#include "libs/domain/ids.h"
#include "libs/ports/matching_replica.h"

namespace xt::matching {

class RecentResults {
 public:
  explicit RecentResults(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  // `results` are those of the next frame.
  void Keep(const ports::FrameResults& results);
  void Clear();

  // The first sequence of the frame that holds `sequence`, when its results are kept; otherwise 0.
  [[nodiscard]] domain::SequenceNumber FrameOf(domain::SequenceNumber sequence) const;
  // Tells the results of the frame that begins with `first`, and of all after it.
  void TellFrom(domain::SequenceNumber first, const std::function<void(ports::FrameResults)>& observer) const;
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  struct Frame {
    domain::SequenceNumber first;
    std::vector<std::shared_ptr<const std::string>> batches;
    Hash128 digest;
    std::int64_t next_due_ns = 0;
    std::size_t bytes = 0;
  };
  [[nodiscard]] std::deque<Frame>::const_iterator Find(domain::SequenceNumber sequence) const;

  const std::size_t max_bytes_;
  std::deque<Frame> frames_;
  std::size_t bytes_ = 0;
};

}  // namespace xt::matching
