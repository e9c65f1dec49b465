#include "libs/adapters/kafka/internal/topic_reader.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"

namespace xt::kafka {
namespace {

using Metadata = std::unique_ptr<const rd_kafka_metadata_t, Destroy<rd_kafka_metadata_destroy>>;
using NewTopic = Owned<rd_kafka_NewTopic_t, rd_kafka_NewTopic_destroy>;
using AdminOptions = Owned<rd_kafka_AdminOptions_t, rd_kafka_AdminOptions_destroy>;

constexpr int kPauseMs = 50;

// What a broker says for a moment after a topic was made or while it starts.
bool WillPass(rd_kafka_resp_err_t error) {
  return error == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE || error == RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION ||
         error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || error == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION ||
         error == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC || error == RD_KAFKA_RESP_ERR__TRANSPORT;
}

absl::Status SetTopicConfig(rd_kafka_NewTopic_t* topic, const KafkaTopicConfig& config) {
  const std::array<std::pair<const char*, std::int64_t>, 2> settings{
      {{"retention.ms", config.retention_ms}, {"retention.bytes", config.retention_bytes}}};
  for (const auto& [name, value] : settings) {
    const auto error = rd_kafka_NewTopic_set_config(topic, name, std::to_string(value).c_str());
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return absl::InvalidArgumentError(rd_kafka_err2str(error));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<TopicReader>> TopicReader::Create(const KafkaConfig& config,
                                                                 std::shared_ptr<Counters> counters) {
  XT_ASSIGN_OR_RETURN(auto handle, MakeConfig(config, {{"enable.partition.eof", "true"},
                                                       {"auto.offset.reset", "earliest"},
                                                       {"fetch.wait.max.ms", "50"}}));
  XT_ASSIGN_OR_RETURN(Client client, MakeClient(RD_KAFKA_CONSUMER, std::move(handle)));
  return std::unique_ptr<TopicReader>(new TopicReader(config, std::move(counters), std::move(client)));
}

absl::StatusOr<std::vector<PartitionRange>> TopicReader::Ranges(const std::string& topic) {
  std::lock_guard lock(mutex_);
  return RangesLocked(topic, std::chrono::steady_clock::now() + config_.request_timeout);
}

absl::StatusOr<std::vector<std::optional<Record>>> TopicReader::LastRecords(const std::string& topic) {
  std::lock_guard lock(mutex_);
  const Deadline deadline = std::chrono::steady_clock::now() + config_.request_timeout;
  XT_ASSIGN_OR_RETURN(const auto ranges, RangesLocked(topic, deadline));
  std::vector<std::optional<Record>> records;
  for (const PartitionRange& range : ranges) {
    const int partition = static_cast<int>(records.size());
    if (range.begin == range.end) {
      records.emplace_back();
      continue;
    }
    XT_ASSIGN_OR_RETURN(records.emplace_back(), ReadAt(topic, partition, range.end - 1, deadline));
  }
  return records;
}

absl::StatusOr<std::int64_t> TopicReader::FirstBehind(const std::string& topic, const PartitionRange& range,
                                                      const domain::EventId& last) {
  std::lock_guard lock(mutex_);
  const Deadline deadline = std::chrono::steady_clock::now() + config_.request_timeout;
  PartitionRange open = range;
  while (open.begin < open.end) {
    const std::int64_t middle = open.begin + (open.end - open.begin) / 2;
    XT_ASSIGN_OR_RETURN(const std::optional<Record> record, ReadAt(topic, 0, middle, deadline));
    if (record && record->highest > last) {
      open.end = middle;
    } else {  // behind the middle, also when retention took it
      open.begin = middle + 1;
    }
  }
  return open.begin;
}

absl::StatusOr<std::vector<PartitionRange>> TopicReader::RangesLocked(const std::string& topic, Deadline deadline) {
  XT_ASSIGN_OR_RETURN(const int count, PartitionCount(topic, deadline));
  std::vector<PartitionRange> ranges;
  for (int partition = 0; partition < count; ++partition) {
    XT_ASSIGN_OR_RETURN(ranges.emplace_back(), Range(topic, partition, deadline));
  }
  counters_->connected = true;
  return ranges;
}

absl::StatusOr<int> TopicReader::PartitionCount(const std::string& topic, Deadline deadline) {
  bool created = false;
  while (true) {
    const rd_kafka_metadata_t* raw = nullptr;
    rd_kafka_resp_err_t error = rd_kafka_metadata(client_.get(), 0, Handle(topic), &raw, RemainingMs(deadline));
    const Metadata metadata(raw);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR && metadata->topic_cnt == 1) {
      error = metadata->topics[0].err;
      const int count = metadata->topics[0].partition_cnt;
      if (error == RD_KAFKA_RESP_ERR_NO_ERROR && count > 0) return count;
      if (error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART && !created) {
        XT_RETURN_IF_ERROR(CreateTopic(topic, deadline));
        created = true;
      }
    }
    const bool again = error == RD_KAFKA_RESP_ERR_NO_ERROR || WillPass(error);
    if (!again || !MayRetry(deadline)) return Unavailable(absl::StrCat("topic ", topic), error);
  }
}

absl::Status TopicReader::CreateTopic(const std::string& topic, Deadline deadline) {
  const KafkaTopicConfig& config = config_.TopicConfig(topic);
  std::array<char, 512> why{};
  const NewTopic request(
      rd_kafka_NewTopic_new(FullName(topic).c_str(), config.partitions, config.replication, why.data(), why.size()));
  if (!request) return absl::InvalidArgumentError(absl::StrCat("kafka: topic ", topic, ": ", why.data()));
  XT_RETURN_IF_ERROR(SetTopicConfig(request.get(), config));
  const AdminOptions options(rd_kafka_AdminOptions_new(client_.get(), RD_KAFKA_ADMIN_OP_CREATETOPICS));
  rd_kafka_AdminOptions_set_request_timeout(options.get(), RemainingMs(deadline), why.data(), why.size());
  rd_kafka_AdminOptions_set_operation_timeout(options.get(), RemainingMs(deadline), why.data(), why.size());
  const Queue queue(rd_kafka_queue_new(client_.get()));
  rd_kafka_NewTopic_t* requests = request.get();
  rd_kafka_CreateTopics(client_.get(), &requests, 1, options.get(), queue.get());
  const KafkaEvent event(rd_kafka_queue_poll(queue.get(), RemainingMs(deadline)));
  const std::string what = absl::StrCat("creating topic ", topic);
  if (!event) return Unavailable(what, RD_KAFKA_RESP_ERR__TIMED_OUT);
  if (rd_kafka_event_error(event.get()) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return Unavailable(what, rd_kafka_event_error_string(event.get()));
  }
  std::size_t count = 0;
  const auto* result = rd_kafka_event_CreateTopics_result(event.get());
  const auto* const* topics = rd_kafka_CreateTopics_result_topics(result, &count);
  if (count != 1) return Unavailable(what, "no answer for it");
  const auto error = rd_kafka_topic_result_error(topics[0]);
  // Another process was faster: as good.
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR || error == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) return absl::OkStatus();
  const char* detail = rd_kafka_topic_result_error_string(topics[0]);
  return Unavailable(what, detail != nullptr ? detail : rd_kafka_err2str(error));
}

absl::StatusOr<PartitionRange> TopicReader::Range(const std::string& topic, int partition, Deadline deadline) {
  while (true) {
    PartitionRange range;
    const auto error = rd_kafka_query_watermark_offsets(client_.get(), FullName(topic).c_str(), partition, &range.begin,
                                                        &range.end, RemainingMs(deadline));
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return range;
    if (!WillPass(error) || !MayRetry(deadline)) return Unavailable(absl::StrCat("the end of ", topic), error);
  }
}

absl::StatusOr<std::optional<Record>> TopicReader::ReadAt(const std::string& topic, int partition, std::int64_t offset,
                                                          Deadline deadline) {
  rd_kafka_topic_t* const handle = Handle(topic);
  const std::string what = absl::StrCat("the last record of ", topic);
  if (rd_kafka_consume_start(handle, partition, offset) != 0) return Unavailable(what, rd_kafka_last_error());
  absl::StatusOr<std::optional<Record>> record = Unavailable(what, RD_KAFKA_RESP_ERR__TIMED_OUT);
  while (std::chrono::steady_clock::now() < deadline) {
    const KafkaMessage message(rd_kafka_consume(handle, partition, RemainingMs(deadline)));
    if (!message || WillPass(message->err)) continue;
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      record = Decode(*message);
    } else if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      record = std::optional<Record>();  // retention took it meanwhile
    } else {
      record = Unavailable(what, message->err);
    }
    break;
  }
  rd_kafka_consume_stop(handle, partition);
  return record;
}

bool TopicReader::MayRetry(Deadline deadline) {
  rd_kafka_poll(client_.get(), std::min(kPauseMs, RemainingMs(deadline)));
  return std::chrono::steady_clock::now() < deadline;
}

rd_kafka_topic_t* TopicReader::Handle(const std::string& topic) {
  Topic& handle = topics_[topic];
  if (!handle) handle.reset(rd_kafka_topic_new(client_.get(), FullName(topic).c_str(), nullptr));
  return handle.get();
}

}  // namespace xt::kafka
