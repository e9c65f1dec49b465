// The handles of librdkafka as owners, and what every client of ours is configured with. The C API and not its C++ cover:
// only that one creates topics, and its mock cluster speaks it.
#pragma once

#include <librdkafka/rdkafka.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/adapters/kafka/kafka_config.h"

namespace xt::kafka {

template <auto kDestroy>
struct Destroy {
  template <typename T>
  void operator()(T* pointer) const {
    kDestroy(pointer);
  }
};
template <typename T, auto kDestroy>
using Owned = std::unique_ptr<T, Destroy<kDestroy>>;

using Client = Owned<rd_kafka_t, rd_kafka_destroy>;
using ConfigHandle = Owned<rd_kafka_conf_t, rd_kafka_conf_destroy>;
using Topic = Owned<rd_kafka_topic_t, rd_kafka_topic_destroy>;
using Queue = Owned<rd_kafka_queue_t, rd_kafka_queue_destroy>;
using KafkaEvent = Owned<rd_kafka_event_t, rd_kafka_event_destroy>;
using KafkaMessage = Owned<rd_kafka_message_t, rd_kafka_message_destroy>;
using Partitions = Owned<rd_kafka_topic_partition_list_t, rd_kafka_topic_partition_list_destroy>;

using Settings = std::vector<std::pair<std::string, std::string>>;
using Deadline = std::chrono::steady_clock::time_point;

// The settings that all clients share, then `settings`. The library's own log is off: what it says about brokers comes as
// events.
absl::StatusOr<ConfigHandle> MakeConfig(const KafkaConfig& config, const Settings& settings);
absl::StatusOr<Client> MakeClient(rd_kafka_type_t type, ConfigHandle config);

// UNAVAILABLE with what was tried and what the library says.
absl::Status Unavailable(std::string_view what, rd_kafka_resp_err_t error);
absl::Status Unavailable(std::string_view what, std::string_view detail);
// Milliseconds until then, at least `least`.
int RemainingMs(Deadline deadline, int least = 1);

}  // namespace xt::kafka
