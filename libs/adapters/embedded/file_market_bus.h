// FileMarketBus: a SegmentLog per topic and one small file per group and topic with the committed offset. A topic has
// one partition: of several live consumers of a group one reads a topic, another takes over where the group committed
// once the first is gone.
//
// Retention: whole segments, oldest first, while a topic is larger than `retain_bytes`; the newest record always stays.
// A committed offset before the oldest record starts at the oldest.
// Threads: as the port says. Consumers may outlive the bus object; after Close everything is CANCELLED.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "libs/ports/market_bus.h"

namespace xt::embedded {

struct FileMarketBusOptions {
  std::uint64_t segment_bytes = 16ULL << 20;
  std::uint64_t retain_bytes = 256ULL << 20;  // per topic
};

class FileMarketBus final : public ports::MarketBus {
 public:
  static absl::StatusOr<std::unique_ptr<FileMarketBus>> Open(std::string folder, FileMarketBusOptions options = {});
  ~FileMarketBus() override;

  // Topics and groups are of [A-Za-z0-9._-]; a topic comes into being at its first use.
  absl::Status Publish(const std::vector<ports::MarketMessage>& messages) override;
  absl::StatusOr<domain::EventId> LastId(std::string_view topic) override;
  absl::StatusOr<std::unique_ptr<ports::MarketConsumer>> Subscribe(std::string_view group,
                                                                   const std::vector<std::string>& topics,
                                                                   ports::StartAt start) override;
  void Close() override;

  [[nodiscard]] std::uint64_t SizeBytes() const;

 private:
  struct State;
  class Consumer;
  explicit FileMarketBus(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace xt::embedded
