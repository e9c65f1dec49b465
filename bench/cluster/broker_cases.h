// Messages per second into each broker through our adapter, confirmed, and by the broker's own load tool with the same size of
// message, one after the other on one server that nobody else uses: `messages_per_s`, `tool_messages_per_s` and
// `percent_of_tool`.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "bench/cluster/result.h"

namespace xt::bench {

struct BrokerLoad {
  std::int64_t seconds = 5;    // of each of the two
  std::size_t per_call = 256;  // messages of one Publish
  std::size_t message_bytes = 256;
};

// XADD by our script; redis-benchmark with pipelines of as many commands.
absl::StatusOr<CaseResult> BenchRedis(std::string name, const BrokerLoad& load);
// acks=all and lz4; Kafka's ProducerPerformance.
absl::StatusOr<CaseResult> BenchKafka(std::string name, const BrokerLoad& load);
// Persistent messages into a quorum queue; PerfTest with as many unconfirmed ones. `perf_test`: the folder of its jars.
absl::StatusOr<CaseResult> BenchRabbitMq(std::string name, const BrokerLoad& load, const std::string& perf_test);

}  // namespace xt::bench
