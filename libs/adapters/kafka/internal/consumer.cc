#include "libs/adapters/kafka/internal/consumer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/adapters/kafka/internal/record.h"
#include "libs/base/status.h"

namespace xt::kafka {
namespace {

using ports::MarketDelivery;

constexpr std::chrono::milliseconds kRetry{100};

// A partition that was added since the topic was subscribed is new as a whole.
PartitionRange RangeOf(const SubscribedTopic& topic, int partition) {
  const auto index = static_cast<std::size_t>(partition);
  return index < topic.ranges.size() ? topic.ranges[index] : PartitionRange{};
}

absl::Status Closed() { return absl::CancelledError("the market bus was closed"); }

void Wake(rd_kafka_t*, void* wakeup) { static_cast<Wakeup*>(wakeup)->Notify(); }

Settings ConsumerSettings(const KafkaConfig& config, const std::string& group) {
  const auto session_ms = config.session_timeout.count();
  return {{"group.id", group},
          {"enable.auto.commit", "false"},
          {"enable.auto.offset.store", "false"},
          // Where the committed offset is gone: the oldest that is there, and the ids show the gap.
          {"auto.offset.reset", "earliest"},
          {"session.timeout.ms", absl::StrCat(session_ms)},
          {"heartbeat.interval.ms", absl::StrCat(std::clamp<std::int64_t>(session_ms / 6, 100, 3'000))},
          {"fetch.message.max.bytes", absl::StrCat(config.fetch_bytes)},
          {"fetch.max.bytes", absl::StrCat(std::max(config.fetch_bytes, 50'000'000))},
          {"fetch.error.backoff.ms", "100"},
          // Little is fetched ahead: it bounds memory, and each fetch says anew where the log ends.
          {"queued.min.messages", "10000"},
          {"queued.max.messages.kbytes", "16384"}};
}

}  // namespace

Consumer::Consumer(const KafkaConfig& config, std::string_view group, std::vector<SubscribedTopic> topics,
                   ports::StartAt start, std::shared_ptr<Counters> counters, std::shared_ptr<Wakeup> wakeup)
    : config_(config),
      group_(group),
      topics_(std::move(topics)),
      start_(start),
      counters_(std::move(counters)),
      wakeup_(std::move(wakeup)) {}

absl::StatusOr<std::unique_ptr<Consumer>> Consumer::Create(const KafkaConfig& config, std::string_view group,
                                                           std::vector<SubscribedTopic> topics, ports::StartAt start,
                                                           std::shared_ptr<Counters> counters,
                                                           std::shared_ptr<Wakeup> wakeup) {
  std::unique_ptr<Consumer> consumer(
      new Consumer(config, group, std::move(topics), start, std::move(counters), std::move(wakeup)));
  XT_RETURN_IF_ERROR(consumer->Connect());
  return consumer;
}

absl::Status Consumer::Connect() {
  // A client must have a group even where nothing is committed.
  const std::string group = config_.prefix + (group_.empty() ? "alone" : group_);
  XT_ASSIGN_OR_RETURN(auto handle, MakeConfig(config_, ConsumerSettings(config_, group)));
  rd_kafka_conf_set_opaque(handle.get(), this);
  rd_kafka_conf_set_rebalance_cb(handle.get(), &Consumer::OnRebalance);
  XT_ASSIGN_OR_RETURN(client_, MakeClient(RD_KAFKA_CONSUMER, std::move(handle)));
  rd_kafka_poll_set_consumer(client_.get());
  events_.reset(rd_kafka_queue_get_consumer(client_.get()));
  rd_kafka_queue_cb_event_enable(events_.get(), &Wake, wakeup_.get());
  if (!group_.empty()) {
    const Partitions names(rd_kafka_topic_partition_list_new(static_cast<int>(topics_.size())));
    for (const SubscribedTopic& topic : topics_) {
      rd_kafka_topic_partition_list_add(names.get(), FullName(topic).c_str(), RD_KAFKA_PARTITION_UA);
    }
    const auto error = rd_kafka_subscribe(client_.get(), names.get());
    return error == RD_KAFKA_RESP_ERR_NO_ERROR ? absl::OkStatus() : Unavailable("subscribe", error);
  }
  assigned_ = AllPartitions();
  return StartAssigned(Deadline());
}

Consumer::~Consumer() {
  if (!client_) return;
  if (!group_.empty()) rd_kafka_consumer_close(client_.get());  // leaves the group, so that the next need not wait
  DropLanes();
  rd_kafka_queue_cb_event_enable(events_.get(), nullptr, nullptr);
  events_.reset();
  client_.reset();
}

void Consumer::OnRebalance(rd_kafka_t* client, rd_kafka_resp_err_t error, rd_kafka_topic_partition_list_t* partitions,
                           void* consumer) {
  auto* self = static_cast<Consumer*>(consumer);
  ++self->counters_->rebalances;
  self->DropLanes();
  self->assigned_.reset();
  if (error == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
    self->assigned_.reset(rd_kafka_topic_partition_list_copy(partitions));  // Serve starts them
  } else {
    rd_kafka_assign(client, nullptr);
  }
}

absl::StatusOr<std::vector<MarketDelivery>> Consumer::Poll(std::size_t max, std::chrono::milliseconds timeout) {
  const Deadline deadline = std::chrono::steady_clock::now() + timeout;
  std::vector<MarketDelivery> deliveries;
  while (true) {
    if (wakeup_->closed()) return Closed();
    const std::uint64_t seen = wakeup_->count();
    Serve(deadline);
    Take(max, deliveries);
    const auto now = std::chrono::steady_clock::now();
    if (!deliveries.empty() || now >= deadline) break;
    wakeup_->WaitSince(seen, assigned_ ? std::min(deadline, now + kRetry) : deadline);
  }
  counters_->consumed += deliveries.size();
  return deliveries;
}

void Consumer::Serve(Deadline deadline) {
  // No messages come here, they have queues of their own: only callbacks are run, and errors thrown away that pass by
  // themselves.
  while (const KafkaMessage event{rd_kafka_consumer_poll(client_.get(), 0)}) {
  }
  // A failure is tried again by the next call; the group waits for us meanwhile.
  if (assigned_) StartAssigned(deadline).IgnoreError();
}

absl::Status Consumer::StartAssigned(Deadline deadline) {
  if (!group_.empty()) XT_RETURN_IF_ERROR(ReadCommitted(*assigned_, deadline));
  for (int i = 0; i < assigned_->cnt; ++i) AddLane(assigned_->elems[i]);
  const auto error = rd_kafka_assign(client_.get(), assigned_.get());
  assigned_.reset();
  return error == RD_KAFKA_RESP_ERR_NO_ERROR ? absl::OkStatus() : Unavailable("assign", error);
}

absl::Status Consumer::ReadCommitted(rd_kafka_topic_partition_list_t& partitions, Deadline deadline) {
  if (partitions.cnt == 0) return absl::OkStatus();
  const int least_ms = static_cast<int>(kRetry.count());
  const auto error = rd_kafka_committed(client_.get(), &partitions, RemainingMs(deadline, least_ms));
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return Unavailable("committed offsets", error);
  for (int i = 0; i < partitions.cnt; ++i) {
    if (partitions.elems[i].err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return Unavailable("committed offsets", partitions.elems[i].err);
    }
  }
  return absl::OkStatus();
}

// Sets the offset to begin with where nothing is committed.
void Consumer::AddLane(rd_kafka_topic_partition_t& partition) {
  const SubscribedTopic* topic = FindTopic(partition.topic);
  if (partition.offset < 0) {
    const PartitionRange range = RangeOf(*topic, partition.partition);
    partition.offset = start_ == ports::StartAt::kNewest ? range.end : range.begin;
  }
  Queue queue(rd_kafka_queue_get_partition(client_.get(), partition.topic, partition.partition));
  rd_kafka_queue_forward(queue.get(), nullptr);
  rd_kafka_queue_cb_event_enable(queue.get(), &Wake, wakeup_.get());
  lanes_.push_back({topic, partition.partition, std::move(queue), partition.offset, partition.offset});
}

void Consumer::DropLanes() {
  for (const Lane& lane : lanes_) rd_kafka_queue_cb_event_enable(lane.queue.get(), nullptr, nullptr);
  lanes_.clear();
}

void Consumer::Take(std::size_t max, std::vector<MarketDelivery>& deliveries) {
  const std::size_t count = lanes_.size();
  for (std::size_t i = 0; i < count && deliveries.size() < max; ++i) {
    Lane& lane = lanes_[(first_ + i) % count];
    // An equal share for each partition that is left, so that one with a backlog leaves room for the others.
    const std::size_t end = deliveries.size() + (max - deliveries.size() + count - i - 1) / (count - i);
    while (deliveries.size() < end) {
      const KafkaMessage message(rd_kafka_consume_queue(lane.queue.get(), 0));
      if (!message) break;
      if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) continue;  // passes by itself
      MarketDelivery& delivery = deliveries.emplace_back();
      delivery.message = Decode(*message).message;
      delivery.message.topic = lane.topic->name;
      delivery.offset = static_cast<std::uint64_t>(message->offset);
      lane.position = message->offset + 1;
    }
  }
  if (count > 0) first_ = (first_ + 1) % count;
}

absl::Status Consumer::Commit() {
  if (wakeup_->closed()) return Closed();
  const Partitions offsets(rd_kafka_topic_partition_list_new(static_cast<int>(lanes_.size())));
  for (const Lane& lane : lanes_) {
    if (lane.position == lane.committed) continue;
    rd_kafka_topic_partition_list_add(offsets.get(), FullName(*lane.topic).c_str(), lane.partition)->offset =
        lane.position;
  }
  if (offsets->cnt > 0 && !group_.empty()) {
    const Queue answers(rd_kafka_queue_new(client_.get()));
    rd_kafka_commit_queue(client_.get(), offsets.get(), answers.get(), nullptr, nullptr);
    const KafkaEvent answer(rd_kafka_queue_poll(answers.get(), static_cast<int>(config_.request_timeout.count())));
    if (!answer) return Unavailable("commit", RD_KAFKA_RESP_ERR__TIMED_OUT);
    const auto error = rd_kafka_event_error(answer.get());
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return Unavailable("commit", error);
  }
  for (Lane& lane : lanes_) lane.committed = lane.position;
  return absl::OkStatus();
}

std::uint64_t Consumer::Lag() const {
  std::int64_t lag = 0;
  for (const Lane& lane : lanes_) {
    std::int64_t begin = RD_KAFKA_OFFSET_INVALID;
    std::int64_t end = RD_KAFKA_OFFSET_INVALID;  // as the last fetch said; negative before there was one
    rd_kafka_get_watermark_offsets(client_.get(), FullName(*lane.topic).c_str(), lane.partition, &begin, &end);
    end = std::max(end, RangeOf(*lane.topic, lane.partition).end);
    lag += std::max<std::int64_t>(end - std::max(lane.committed, begin), 0);
  }
  return static_cast<std::uint64_t>(lag);
}

Partitions Consumer::AllPartitions() const {
  Partitions all(rd_kafka_topic_partition_list_new(static_cast<int>(topics_.size())));
  for (const SubscribedTopic& topic : topics_) {
    for (std::size_t i = 0; i < topic.ranges.size(); ++i) {
      rd_kafka_topic_partition_list_add(all.get(), FullName(topic).c_str(), static_cast<int>(i));
    }
  }
  return all;
}

const SubscribedTopic* Consumer::FindTopic(std::string_view full_name) const {
  const auto found = std::find_if(topics_.begin(), topics_.end(),
                                  [&](const SubscribedTopic& topic) { return FullName(topic) == full_name; });
  return &*found;
}

}  // namespace xt::kafka
