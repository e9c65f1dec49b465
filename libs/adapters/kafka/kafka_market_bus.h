// KafkaMarketBus: the market bus on Kafka, by librdkafka. Messages lie there as internal/record.h says; topics are created
// at their first use with KafkaConfig's partitions and retention.
//
// Publishing is idempotent, acks=all. When Publish fails (its deadline, a fatal error of the library, Close) the producer
// is thrown away, since nobody knows what arrived. The next Publish builds a new one, reads the last record of each
// partition and leaves out what the failed one had stored, when it is called with the same messages. What the old one had
// on the way may still arrive late: then ids come twice, but never out of order to a consumer that drops id <= last.
//
// Connecting does no I/O: a broker that is away at the start is a Publish that fails. Thread-safe as the port says.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/adapters/kafka/kafka_config.h"
#include "libs/ports/market_bus.h"

namespace xt::kafka {

// Totals since the bus was made, but for the last two.
struct KafkaStats {
  std::uint64_t published = 0;         // confirmed by the broker
  std::uint64_t already_stored = 0;    // left out of a retry
  std::uint64_t publish_failures = 0;  // calls
  std::uint64_t fatal_errors = 0;      // of a producer
  std::uint64_t producers_built = 0;   // the first one and each after a failure
  std::uint64_t consumed = 0;
  std::uint64_t rebalances = 0;
  std::uint64_t in_flight = 0;  // sent, not confirmed
  bool connected = false;       // false from the loss of the last connection of a producer until the next success
};

class KafkaMarketBus final : public ports::MarketBus {
 public:
  // INVALID_ARGUMENT names the field that is wrong.
  static absl::StatusOr<std::unique_ptr<KafkaMarketBus>> Create(const KafkaConfig& config);
  ~KafkaMarketBus() override;

  // INVALID_ARGUMENT, and nothing is sent, when a message is larger than KafkaConfig::message_max_bytes.
  absl::Status Publish(const std::vector<ports::MarketMessage>& messages) override;
  absl::StatusOr<domain::EventId> LastId(std::string_view topic) override;
  absl::StatusOr<std::unique_ptr<ports::MarketConsumer>> Subscribe(std::string_view group,
                                                                   const std::vector<std::string>& topics,
                                                                   ports::StartAt start) override;
  // Finds the place by the ids, in about log2(messages) reads. INVALID_ARGUMENT when the topic has several partitions.
  absl::StatusOr<std::unique_ptr<ports::MarketConsumer>> SubscribeBehind(const std::string& topic,
                                                                         const domain::EventId& last) override;
  void Close() override;

  [[nodiscard]] KafkaStats stats() const;

 private:
  class State;
  explicit KafkaMarketBus(std::unique_ptr<State> state);
  const std::unique_ptr<State> state_;
};

}  // namespace xt::kafka
