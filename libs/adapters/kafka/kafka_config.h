// KafkaConfig: how the market bus reaches Kafka and how its topics are made. Plain values; Validate names the field that is
// wrong.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace xt::kafka {

// Used when the bus creates the topic; a topic that is there is taken as it is.
struct KafkaTopicConfig {
  // 1..1000. A key stays in one partition, so more of them keep the order per key, but no longer that of the topic.
  int partitions = 1;
  int replication = 1;                // 1..10; 3 where acknowledged must mean safe
  std::int64_t retention_ms = -1;     // -1: for ever
  std::int64_t retention_bytes = -1;  // per partition; -1: no limit
};

// The topics of the exchange that do not take KafkaConfig::any_topic.
std::map<std::string, KafkaTopicConfig, std::less<>> DefaultTopics();

struct KafkaConfig {
  std::string brokers;  // "host:port,host:port"
  // In front of every topic and group, so that several exchanges share one Kafka: up to 100 of [A-Za-z0-9._-].
  std::string prefix;
  std::string client_id = "xtrader";
  KafkaTopicConfig any_topic;
  std::map<std::string, KafkaTopicConfig, std::less<>> topics = DefaultTopics();  // by name without the prefix

  // How long Publish waits for confirmations. Longer than a broker's restart (6 s) makes most restarts invisible.
  // 100..600000 ms.
  std::chrono::milliseconds publish_timeout{10'000};
  // How long Subscribe, LastId, Commit and the creation of a topic wait for the broker. 100..60000 ms.
  std::chrono::milliseconds request_timeout{5'000};
  // How long a batch waits for more messages. 0..100 ms.
  std::chrono::milliseconds linger{1};
  int queue_messages = 10'000;  // not confirmed yet; Publish waits when there are more. 1..1000000
  int message_max_bytes =
      1'000'000;                // larger ones are refused. 1000..100000000; at most the broker's message.max.bytes
  int fetch_bytes = 1'000'000;  // per partition and request of a consumer. 1000..100000000
  // A consumer that is silent for so long loses its partitions to others of the group. 1000..60000 ms, within what the
  // broker allows (group.min.session.timeout.ms).
  std::chrono::milliseconds session_timeout{6'000};

  [[nodiscard]] absl::Status Validate() const;
  // Of a topic by its name without the prefix.
  [[nodiscard]] const KafkaTopicConfig& TopicConfig(std::string_view topic) const;
};

}  // namespace xt::kafka
