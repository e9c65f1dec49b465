#include "libs/adapters/kafka/kafka_config.h"

#include <algorithm>
#include <cctype>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/ports/market_bus.h"

namespace xt::kafka {
namespace {

constexpr std::int64_t kDayMs = 86'400'000;

absl::Status CheckRange(std::string_view field, std::int64_t value, std::int64_t least, std::int64_t most) {
  if (value >= least && value <= most) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("kafka: ", std::string(field), " is ", value, ", not in ", least, "..", most));
}

absl::Status CheckTopic(const std::string& name, const KafkaTopicConfig& topic) {
  XT_RETURN_IF_ERROR(CheckRange(name + ".partitions", topic.partitions, 1, 1'000));
  XT_RETURN_IF_ERROR(CheckRange(name + ".replication", topic.replication, 1, 10));
  XT_RETURN_IF_ERROR(CheckRange(name + ".retention_ms", topic.retention_ms, -1, INT64_MAX));
  return CheckRange(name + ".retention_bytes", topic.retention_bytes, -1, INT64_MAX);
}

}  // namespace

std::map<std::string, KafkaTopicConfig, std::less<>> DefaultTopics() {
  const KafkaTopicConfig market{.partitions = 4, .retention_ms = 7 * kDayMs};
  const KafkaTopicConfig volatile_market{.partitions = 4, .retention_ms = kDayMs};
  const KafkaTopicConfig record{};  // one order over all keys, kept for ever
  return {{std::string(ports::topic::kTrade), market},
          {std::string(ports::topic::kKline), market},
          {std::string(ports::topic::kDepth), volatile_market},
          {std::string(ports::topic::kTicker), volatile_market},
          {std::string(ports::topic::kIndex), volatile_market},
          {std::string(ports::topic::kExternal), volatile_market},
          {"signal.arbitrage", market},
          {std::string(ports::topic::kTradingEvents), record},
          {std::string(ports::topic::kRiskAudit), record},
          {"chat.log", {.retention_ms = 30 * kDayMs}}};
}

absl::Status KafkaConfig::Validate() const {
  if (brokers.empty()) return absl::InvalidArgumentError("kafka: brokers is empty");
  const bool plain = std::all_of(prefix.begin(), prefix.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-';
  });
  if (!plain || prefix.size() > 100) {
    return absl::InvalidArgumentError("kafka: prefix has up to 100 characters of [A-Za-z0-9._-]");
  }
  XT_RETURN_IF_ERROR(CheckTopic("any_topic", any_topic));
  for (const auto& [name, topic] : topics) XT_RETURN_IF_ERROR(CheckTopic(name, topic));
  XT_RETURN_IF_ERROR(CheckRange("publish_timeout", publish_timeout.count(), 100, 600'000));
  XT_RETURN_IF_ERROR(CheckRange("request_timeout", request_timeout.count(), 100, 60'000));
  XT_RETURN_IF_ERROR(CheckRange("linger", linger.count(), 0, 100));
  XT_RETURN_IF_ERROR(CheckRange("queue_messages", queue_messages, 1, 1'000'000));
  XT_RETURN_IF_ERROR(CheckRange("message_max_bytes", message_max_bytes, 1'000, 100'000'000));
  XT_RETURN_IF_ERROR(CheckRange("fetch_bytes", fetch_bytes, 1'000, 100'000'000));
  return CheckRange("session_timeout", session_timeout.count(), 1'000, 60'000);
}

const KafkaTopicConfig& KafkaConfig::TopicConfig(std::string_view topic) const {
  const auto found = topics.find(topic);
  return found == topics.end() ? any_topic : found->second;
}

}  // namespace xt::kafka
