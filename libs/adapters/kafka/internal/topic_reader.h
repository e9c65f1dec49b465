// TopicReader: what the bus asks Kafka besides producing and consuming: that a topic exists, where its partitions begin
// and end, and their last records. Thread-safe; one question at a time. A broker that is away makes an answer UNAVAILABLE
// after KafkaConfig::request_timeout; the next question finds it again.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/adapters/kafka/internal/client.h"
#include "libs/adapters/kafka/internal/counters.h"
#include "libs/adapters/kafka/internal/record.h"
#include "libs/adapters/kafka/kafka_config.h"

namespace xt::kafka {

struct PartitionRange {
  std::int64_t begin = 0;
  std::int64_t end = 0;  // behind the last record
};

class TopicReader {
 public:
  static absl::StatusOr<std::unique_ptr<TopicReader>> Create(const KafkaConfig& config,
                                                             std::shared_ptr<Counters> counters);

  // The ranges of all partitions, in order; creates the topic when it is not there. `topic` is the port's name.
  absl::StatusOr<std::vector<PartitionRange>> Ranges(const std::string& topic);
  // The last record of each partition; nothing for an empty one.
  absl::StatusOr<std::vector<std::optional<Record>>> LastRecords(const std::string& topic);
  // The offset of the first record in `range` of a topic's only partition with an id above `last`; the range's end when
  // there is none.
  absl::StatusOr<std::int64_t> FirstBehind(const std::string& topic, const PartitionRange& range,
                                           const domain::EventId& last);

 private:
  TopicReader(const KafkaConfig& config, std::shared_ptr<Counters> counters, Client client)
      : config_(config), counters_(std::move(counters)), client_(std::move(client)) {}

  absl::StatusOr<std::vector<PartitionRange>> RangesLocked(const std::string& topic, Deadline deadline);
  absl::StatusOr<int> PartitionCount(const std::string& topic, Deadline deadline);
  absl::Status CreateTopic(const std::string& topic, Deadline deadline);
  absl::StatusOr<PartitionRange> Range(const std::string& topic, int partition, Deadline deadline);
  absl::StatusOr<std::optional<Record>> ReadAt(const std::string& topic, int partition, std::int64_t offset,
                                               Deadline deadline);
  // Lets the client work for a moment before it is asked again; false when the deadline passed.
  bool MayRetry(Deadline deadline);
  [[nodiscard]] std::string FullName(const std::string& topic) const { return config_.prefix + topic; }
  rd_kafka_topic_t* Handle(const std::string& topic);

  const KafkaConfig config_;
  const std::shared_ptr<Counters> counters_;
  std::mutex mutex_;
  const Client client_;
  std::map<std::string, Topic> topics_;
};

}  // namespace xt::kafka
