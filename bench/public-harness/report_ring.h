// ReportRing: an unbroken line of small records from one thread to one other. Room for `capacity` records is reserved, but
// the memory goes round in blocks and the block that came back last is filled next, so that a consumer that keeps up finds
// everything in the cache, however large the reserve for one that does not. What was pushed is seen after Publish(), or
// when a block is full. One thread may call Push and Publish, one other Drain.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "services/matching/core/zeroed_array.h"

namespace xt::bench {

template <typename Record>
class ReportRing {
  static constexpr std::size_t kBlock = 256;

 public:
  explicit ReportRing(std::size_t capacity)
      : line_((capacity + kBlock - 1) / kBlock + 1), records_(line_.size() * kBlock) {
    spare_.reserve(line_.size());
    for (std::size_t block = line_.size(); block > 0; --block) spare_.push_back(static_cast<std::uint32_t>(block - 1));
  }

  // The place of the next record, to be filled before the next call; null while all blocks are taken.
  [[nodiscard]] Record* Next() {
    if (next_ == end_) [[unlikely]] {
      if (!StartBlock()) return nullptr;
    }
    return next_++;
  }

  void Publish() { published_.store(started_ - static_cast<std::size_t>(end_ - next_), std::memory_order_release); }

  // Calls consume(record) for up to `max` records; how many there were, 0 only when none are left.
  template <typename Consume>
  std::size_t Drain(std::size_t max, Consume&& consume) {
    if (drained_ == seen_) seen_ = published_.load(std::memory_order_acquire);
    const std::size_t count = std::min(max, seen_ - drained_);
    for (std::size_t i = 0; i < count; ++i, ++drained_) {
      const std::size_t block = drained_ / kBlock;
      consume(records_[line_[block % line_.size()] * kBlock + drained_ % kBlock]);
      if (drained_ % kBlock == kBlock - 1) returned_.store(block + 1, std::memory_order_release);
    }
    return count;
  }

 private:
  bool StartBlock() {
    Publish();
    if (const std::size_t returned = returned_.load(std::memory_order_acquire); returned != reclaimed_) {
      for (; reclaimed_ != returned; ++reclaimed_) spare_.push_back(line_[reclaimed_ % line_.size()]);
    }
    if (spare_.empty()) return false;
    const std::uint32_t block = spare_.back();
    spare_.pop_back();
    line_[started_ / kBlock % line_.size()] = block;
    started_ += kBlock;
    next_ = &records_[block * kBlock];
    end_ = next_ + kBlock;
    return true;
  }

  std::vector<std::uint32_t> line_;  // the blocks in the order of their records
  matching::ZeroedArray<Record> records_;

  // Of the producer.
  alignas(64) Record* next_ = nullptr;
  Record* end_ = nullptr;
  std::size_t started_ = 0;    // records, up to the end of the block being filled
  std::size_t reclaimed_ = 0;  // blocks
  std::vector<std::uint32_t> spare_;
  // Of the consumer.
  alignas(64) std::size_t drained_ = 0;
  std::size_t seen_ = 0;

  alignas(64) std::atomic<std::size_t> published_ = 0;  // records
  alignas(64) std::atomic<std::size_t> returned_ = 0;   // blocks
};

}  // namespace xt::bench
