#include "services/matching/recent_results.h"

#include <algorithm>
#include <utility>

#include "libs/base/check.h"
#include "libs/wire/event_codec.h"

namespace xt::matching {
namespace {

// What a batch takes besides its bytes: its string, its reference count and its place in the frame.
constexpr std::size_t kBatchOverhead = 64;

}  // namespace

void RecentResults::Keep(const ports::FrameResults& results) {
  if (results.results.empty()) return;
  Frame frame{results.results.front().sequence, results.batches, results.digest, results.next_due_ns, 0};
  for (const auto& batch : frame.batches) frame.bytes += batch->size() + kBatchOverhead;
  bytes_ += frame.bytes;
  frames_.push_back(std::move(frame));
  while (bytes_ > max_bytes_) {
    bytes_ -= frames_.front().bytes;
    frames_.pop_front();
  }
}

void RecentResults::Clear() {
  frames_.clear();
  bytes_ = 0;
}

std::deque<RecentResults::Frame>::const_iterator RecentResults::Find(domain::SequenceNumber sequence) const {
  const auto next = std::upper_bound(frames_.begin(), frames_.end(), sequence,
                                     [](domain::SequenceNumber s, const Frame& frame) { return s < frame.first; });
  return next == frames_.begin() ? frames_.end() : std::prev(next);
}

domain::SequenceNumber RecentResults::FrameOf(domain::SequenceNumber sequence) const {
  const auto frame = Find(sequence);
  if (frame == frames_.end() || sequence.value() >= frame->first.value() + frame->batches.size()) return {};
  return frame->first;
}

void RecentResults::TellFrom(domain::SequenceNumber first,
                             const std::function<void(ports::FrameResults)>& observer) const {
  for (auto frame = Find(first); frame != frames_.end(); ++frame) {
    ports::FrameResults results{{}, frame->batches, frame->first, frame->digest, frame->next_due_ns};
    for (const auto& batch : frame->batches) {
      auto result = wire::DecodeEventBatch(*batch);
      XT_CHECK(result.ok(), "it was encoded here");
      results.results.push_back(*std::move(result));
    }
    observer(std::move(results));
  }
}

}  // namespace xt::matching
