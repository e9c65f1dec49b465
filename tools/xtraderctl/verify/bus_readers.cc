#include <algorithm>
#include <chrono>
#include <optional>

#include "absl/strings/str_cat.h"
#include "libs/adapters/kafka/kafka_topic_dump.h"
#include "libs/adapters/redis/redis_execution_reader.h"
#include "libs/base/status.h"
#include "libs/http/client.h"
#include "tools/metrics/metrics_text.h"
#include "tools/xtraderctl/instances.h"
#include "tools/xtraderctl/journal/redis_address.h"
#include "tools/xtraderctl/verify/bus_content.h"

namespace xt::ctl {
namespace {

constexpr char kConfirmed[] = "mq_producer_confirmed_sequence";
constexpr char kExecutions[] = "executions";
constexpr std::size_t kPage = 500;  // entries of one answer of Redis

// What the publisher of a bus has had confirmed, by the sequencer that is furthest: the one that leads.
std::optional<domain::SequenceNumber> ConfirmedOf(const std::vector<std::string>& sequencers, const char* bus) {
  std::optional<domain::SequenceNumber> confirmed;
  for (const std::string& address : sequencers) {
    const auto instance = ParseInstance("sequencer=" + address);
    if (!instance.ok()) continue;
    http::Client client({.host = instance->host, .port = instance->port, .request_timeout_ms = 5'000});
    const auto page = client.Get("/metrics");
    if (!page.ok()) continue;
    const auto samples = metrics::ParseMetrics(page->body);
    if (!samples.ok()) continue;
    for (const auto& sample : metrics::SamplesOf(*samples, kConfirmed, {{"broker", bus}})) {
      const domain::SequenceNumber sequence(static_cast<std::uint64_t>(sample.value));
      confirmed = std::max(confirmed.value_or(sequence), sequence);
    }
  }
  return confirmed;
}

absl::Status ReadAll(redis::RedisExecutionReader& reader, Lane& lane) {
  domain::SequenceNumber last;
  while (true) {
    XT_ASSIGN_OR_RETURN(const auto entries, reader.ReadBehind(last, kPage, std::chrono::milliseconds(0)));
    if (entries.empty()) break;
    for (const ports::EventEntry& entry : entries) {
      lane.Add({{entry.sequence, 1}, HashBytes(*entry.payload)});
      last = entry.sequence;
    }
  }
  // What was trimmed meanwhile is no gap.
  XT_ASSIGN_OR_RETURN(const auto oldest, reader.ReadBehind(domain::SequenceNumber(0), 1, std::chrono::milliseconds(0)));
  lane.DropBefore(oldest.empty() ? domain::SequenceNumber(last.value() + 1) : oldest.front().sequence);
  return absl::OkStatus();
}

}  // namespace

BusContent ReadKafka(const Places& places, domain::SequenceNumber watermark) {
  BusContent content;
  content.name = "Kafka";
  if (places.kafka.empty()) content.failure = "it is not named";
  if (!content.failure.empty()) return content;
  content.through = ConfirmedOf(places.sequencers, "market").value_or(watermark);
  kafka::KafkaConfig config;
  config.brokers = places.kafka;
  for (const std::string_view topic :
       {ports::topic::kTrade, ports::topic::kDepth, ports::topic::kTradingEvents, ports::topic::kRiskAudit}) {
    const std::string name(topic);
    const auto trimmed = kafka::ReadTopic(config, name, [&](const ports::MarketMessage& message) {
      content.lanes[LaneName(name, message.key)].Add({message.id, ContentHash(name, *message.payload)});
    });
    content.topics.push_back(name);
    if (absl::IsNotFound(trimmed.status())) continue;  // no message of it was ever published
    if (!trimmed.ok()) {
      content.failure = std::string(MessageOf(trimmed.status()));
      return content;
    }
    content.trimmed = content.trimmed || *trimmed;
  }
  return content;
}

BusContent ReadExecutions(const Places& places, const std::string& shard, domain::SequenceNumber watermark) {
  BusContent content;
  content.name = "Redis";
  content.topics = {kExecutions};
  content.trimmed = true;  // of what persistence has
  if (places.redis.empty()) content.failure = "it is not named";
  const auto config =
      places.redis.empty() ? absl::StatusOr<redis::RedisConfig>(redis::RedisConfig()) : RedisConfigOf(places.redis);
  if (!config.ok()) content.failure = std::string(MessageOf(config.status()));
  if (!content.failure.empty()) return content;
  content.through = ConfirmedOf(places.sequencers, kExecutions).value_or(watermark);
  redis::RedisExecutionReader reader(*config, shard);
  const absl::Status read = ReadAll(reader, content.lanes[kExecutions]);
  if (!read.ok()) content.failure = std::string(MessageOf(read));
  return content;
}

}  // namespace xt::ctl
