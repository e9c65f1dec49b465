#include "libs/adapters/kafka/kafka_topic_dump.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/adapters/kafka/internal/client.h"
#include "libs/adapters/kafka/internal/record.h"
#include "libs/base/status.h"

namespace xt::kafka {
namespace {

using Metadata = std::unique_ptr<const rd_kafka_metadata_t, Destroy<rd_kafka_metadata_destroy>>;
using Visitor = std::function<void(const ports::MarketMessage&)>;

absl::StatusOr<int> PartitionCount(rd_kafka_t* client, rd_kafka_topic_t* topic, int timeout_ms) {
  const rd_kafka_metadata_t* raw = nullptr;
  const auto error = rd_kafka_metadata(client, 0, topic, &raw, timeout_ms);
  const Metadata metadata(raw);
  const std::string name = rd_kafka_topic_name(topic);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return Unavailable(name, error);
  if (metadata->topic_cnt != 1 || metadata->topics[0].err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) {
    return absl::NotFoundError(absl::StrCat("kafka: there is no topic ", name));
  }
  if (metadata->topics[0].err != RD_KAFKA_RESP_ERR_NO_ERROR) return Unavailable(name, metadata->topics[0].err);
  return metadata->topics[0].partition_cnt;
}

// Up to `end`, behind the last record.
absl::Status VisitTo(std::int64_t end, rd_kafka_topic_t* topic, int partition, int timeout_ms, const std::string& name,
                     const Visitor& visitor) {
  while (true) {
    const KafkaMessage message(rd_kafka_consume(topic, partition, timeout_ms));
    if (!message) return Unavailable(rd_kafka_topic_name(topic), RD_KAFKA_RESP_ERR__TIMED_OUT);
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) return absl::OkStatus();
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) return Unavailable(rd_kafka_topic_name(topic), message->err);
    if (message->offset >= end) return absl::OkStatus();
    ports::MarketMessage found = Decode(*message).message;
    found.topic = name;
    visitor(found);
    if (message->offset + 1 == end) return absl::OkStatus();
  }
}

}  // namespace

absl::StatusOr<bool> ReadTopic(const KafkaConfig& config, const std::string& topic, const Visitor& visitor) {
  XT_ASSIGN_OR_RETURN(auto handle, MakeConfig(config, {{"enable.partition.eof", "true"},
                                                       {"auto.offset.reset", "earliest"},
                                                       {"fetch.wait.max.ms", "50"}}));
  XT_ASSIGN_OR_RETURN(const Client client, MakeClient(RD_KAFKA_CONSUMER, std::move(handle)));
  const std::string full_name = config.prefix + topic;
  const Topic named(rd_kafka_topic_new(client.get(), full_name.c_str(), nullptr));
  const int timeout_ms = static_cast<int>(config.request_timeout.count());
  XT_ASSIGN_OR_RETURN(const int partitions, PartitionCount(client.get(), named.get(), timeout_ms));
  bool trimmed = false;
  for (int partition = 0; partition < partitions; ++partition) {
    std::int64_t begin = 0;
    std::int64_t end = 0;
    const auto error =
        rd_kafka_query_watermark_offsets(client.get(), full_name.c_str(), partition, &begin, &end, timeout_ms);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return Unavailable(full_name, error);
    trimmed = trimmed || begin > 0;
    if (begin == end) continue;
    if (rd_kafka_consume_start(named.get(), partition, begin) != 0) {
      return Unavailable(full_name, rd_kafka_last_error());
    }
    const absl::Status visited = VisitTo(end, named.get(), partition, timeout_ms, topic, visitor);
    rd_kafka_consume_stop(named.get(), partition);
    XT_RETURN_IF_ERROR(visited);
  }
  return trimmed;
}

}  // namespace xt::kafka
