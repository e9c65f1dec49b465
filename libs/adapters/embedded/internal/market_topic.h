// MarketTopic: one topic of the market bus, a SegmentLog of encoded messages. Each record repeats the highest event id
// so far, so that the last record alone tells where a publisher resumes. Thread-safe as its SegmentLog is: Append by
// one thread, Read and LastId by any.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "libs/adapters/embedded/segment_log.h"
#include "libs/ports/market_bus.h"

namespace xt::embedded {

class MarketTopic {
 public:
  static absl::StatusOr<std::unique_ptr<MarketTopic>> Open(std::string name, std::string folder,
                                                           std::uint64_t segment_bytes, std::uint64_t retain_bytes);

  absl::Status Append(const std::vector<const ports::MarketMessage*>& messages);
  // From `offset` on, or from the oldest message if that is later; appends to `out`, at most `max`. Returns the offset
  // behind the last one.
  absl::StatusOr<std::uint64_t> Read(std::uint64_t offset, std::size_t max,
                                     std::vector<ports::MarketDelivery>& out) const;
  [[nodiscard]] domain::EventId LastId() const;

  [[nodiscard]] std::uint64_t begin() const { return log_->begin(); }
  [[nodiscard]] std::uint64_t end() const { return log_->end(); }
  [[nodiscard]] std::uint64_t SizeBytes() const { return log_->SizeBytes(); }
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  MarketTopic(std::string name, std::uint64_t retain_bytes, std::unique_ptr<SegmentLog> log)
      : name_(std::move(name)), retain_bytes_(retain_bytes), log_(std::move(log)) {}

  const std::string name_;
  const std::uint64_t retain_bytes_;
  const std::unique_ptr<SegmentLog> log_;
  mutable std::mutex mutex_;
  domain::EventId last_id_;
};

}  // namespace xt::embedded
