#include "libs/adapters/kafka/internal/producer.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/adapters/kafka/internal/record.h"
#include "libs/base/status.h"

namespace xt::kafka {
namespace {

Settings ProducerSettings(const KafkaConfig& config) {
  return {
      // In order and without a gap or a duplicate for as long as the producer lives, through retries and leader changes.
      {"enable.idempotence", "true"},
      {"acks", "all"},
      // Whatever else could leave a gap ends the producer instead.
      {"enable.gapless.guarantee", "true"},
      // A message that times out leaves a gap that the guarantee does not cover. We have a deadline of our own.
      {"message.timeout.ms", "0"},
      {"compression.codec", "lz4"},
      {"linger.ms", absl::StrCat(config.linger.count())},
      {"queue.buffering.max.messages", absl::StrCat(config.queue_messages)},
      {"message.max.bytes", absl::StrCat(config.message_max_bytes)},
      // A broker that hangs is asked again on a new connection before the deadline, and not only after a minute.
      {"socket.timeout.ms", absl::StrCat(std::clamp<std::int64_t>(config.publish_timeout.count() / 2, 1'000, 60'000))},
  };
}

}  // namespace

// The same key lands where the Java clients put it.
int ProducedTopic::PartitionOf(const std::string& key) const {
  return rd_kafka_msg_partitioner_murmur2(handle.get(), key.data(), key.size(),
                                          static_cast<std::int32_t>(highest.size()), nullptr, nullptr);
}

absl::StatusOr<std::shared_ptr<Producer>> Producer::Create(const KafkaConfig& config, Counters& counters) {
  XT_ASSIGN_OR_RETURN(auto handle, MakeConfig(config, ProducerSettings(config)));
  std::shared_ptr<Producer> producer(new Producer(config, counters));
  rd_kafka_conf_set_opaque(handle.get(), producer.get());
  rd_kafka_conf_set_events(handle.get(), RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR);
  rd_kafka_conf_set_background_event_cb(handle.get(), &Producer::OnEvent);
  XT_ASSIGN_OR_RETURN(Client client, MakeClient(RD_KAFKA_PRODUCER, std::move(handle)));
  const Queue main(rd_kafka_queue_get_main(client.get()));
  const Queue background(rd_kafka_queue_get_background(client.get()));
  {
    std::lock_guard lock(producer->mutex_);
    producer->client_ = std::move(client);
  }
  rd_kafka_queue_forward(main.get(), background.get());  // events begin to come
  ++counters.producers_built;
  return producer;
}

Producer::~Producer() {
  if (client_) Break(absl::CancelledError("the producer ended"));
  for (auto& [name, topic] : topics_) topic->handle.reset();
  client_.reset();
  for (const auto& batch : batches_) counters_.in_flight -= batch->unreported;
}

ProducedTopic* Producer::FindTopic(const std::string& topic) {
  std::lock_guard lock(mutex_);
  const auto found = topics_.find(topic);
  return found == topics_.end() ? nullptr : found->second.get();
}

ProducedTopic* Producer::AddTopic(const std::string& topic, std::vector<domain::EventId> highest) {
  auto added = std::make_unique<ProducedTopic>();
  added->handle.reset(rd_kafka_topic_new(client_.get(), (prefix_ + topic).c_str(), nullptr));
  added->highest = std::move(highest);
  std::lock_guard lock(mutex_);
  return (topics_[topic] = std::move(added)).get();
}

absl::Status Producer::Send(const std::vector<Outgoing>& messages, Deadline deadline) {
  const auto batch = std::make_shared<Batch>();
  {
    std::lock_guard lock(mutex_);
    batches_.push_back(batch);
  }
  absl::Status status;
  for (const Outgoing& outgoing : messages) {
    status = Enqueue(outgoing, *batch, deadline);
    if (!status.ok()) break;
  }
  if (status.ok()) status = WaitForReports(*batch, deadline);
  if (!status.ok()) {
    Break(status);
    return status;
  }
  std::lock_guard lock(mutex_);
  std::erase(batches_, batch);
  return status;
}

absl::Status Producer::Enqueue(const Outgoing& outgoing, Batch& batch, Deadline deadline) {
  const ports::MarketMessage& message = *outgoing.message;
  domain::EventId& highest = outgoing.topic->highest[static_cast<std::size_t>(outgoing.partition)];
  const std::string id = FormatId(message.id);
  std::unique_lock lock(mutex_);
  while (broken_.ok()) {
    rd_kafka_headers_t* headers = rd_kafka_headers_new(2);
    rd_kafka_header_add(headers, kIdHeader, -1, id.data(), static_cast<ssize_t>(id.size()));
    if (message.id < highest) rd_kafka_header_add(headers, kHighestHeader, -1, FormatId(highest).c_str(), -1);
    const auto error = rd_kafka_producev(
        client_.get(), RD_KAFKA_V_RKT(outgoing.topic->handle.get()), RD_KAFKA_V_PARTITION(outgoing.partition),
        RD_KAFKA_V_KEY(message.key.data(), message.key.size()), RD_KAFKA_V_HEADERS(headers),
        RD_KAFKA_V_VALUE(const_cast<char*>(message.payload->data()), message.payload->size()),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_OPAQUE(&batch), RD_KAFKA_V_END);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
      highest = std::max(highest, message.id);
      ++batch.unreported;
      ++counters_.in_flight;
      return absl::OkStatus();
    }
    rd_kafka_headers_destroy(headers);
    if (error != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
      const absl::Status why = Reason(client_.get(), error);
      BreakAndUnlock(lock, client_.get(), why);
      return why;
    }
    const bool room =
        changed_.wait_until(lock, deadline, [this, seen = events_] { return events_ != seen || !broken_.ok(); });
    if (!room) return LateStatus();
  }
  return broken_;
}

absl::Status Producer::WaitForReports(const Batch& batch, Deadline deadline) {
  std::unique_lock lock(mutex_);
  const bool done = changed_.wait_until(lock, deadline, [&] { return batch.unreported == 0 || !broken_.ok(); });
  if (batch.unreported == 0 && broken_.ok()) return absl::OkStatus();
  return done ? broken_ : LateStatus();
}

absl::Status Producer::LateStatus() const {
  return Unavailable("not confirmed in time", last_error_.empty() ? "no error was seen" : last_error_);
}

void Producer::Break(const absl::Status& why) {
  std::unique_lock lock(mutex_);
  if (broken_.ok()) BreakAndUnlock(lock, client_.get(), why);
}

void Producer::BreakAndUnlock(std::unique_lock<std::mutex>& lock, rd_kafka_t* client, const absl::Status& why) {
  broken_ = why;
  lock.unlock();
  changed_.notify_all();
  // Not before broken_ is set: what were added behind the purge would be sent without what was purged before it.
  rd_kafka_purge(client, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
}

bool Producer::broken() const {
  std::lock_guard lock(mutex_);
  return !broken_.ok();
}

void Producer::OnEvent(rd_kafka_t* client, rd_kafka_event_t* event, void* producer) {
  auto* self = static_cast<Producer*>(producer);
  if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_DR) {
    self->OnReports(client, event);
  } else if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_ERROR) {
    self->OnError(client, event);
  }
  rd_kafka_event_destroy(event);  // only now is there room in the queue again
  {
    std::lock_guard lock(self->mutex_);
    ++self->events_;
  }
  self->changed_.notify_all();
}

void Producer::OnReports(rd_kafka_t* client, rd_kafka_event_t* event) {
  std::uint64_t confirmed = 0;
  std::uint64_t failed = 0;
  rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;  // the first one
  std::unique_lock lock(mutex_);
  while (const rd_kafka_message_t* message = rd_kafka_event_message_next(event)) {
    --static_cast<Batch*>(message->_private)->unreported;
    ++(message->err == RD_KAFKA_RESP_ERR_NO_ERROR ? confirmed : failed);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) error = message->err;
  }
  counters_.in_flight -= confirmed + failed;
  counters_.published += confirmed;
  if (confirmed > 0) counters_.connected = true;
  if (failed > 0 && broken_.ok()) BreakAndUnlock(lock, client, Reason(client, error));
}

void Producer::OnError(rd_kafka_t* client, rd_kafka_event_t* event) {
  const rd_kafka_resp_err_t error = rd_kafka_event_error(event);
  if (error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) counters_.connected = false;
  std::unique_lock lock(mutex_);
  last_error_ = rd_kafka_event_error_string(event);
  if (error == RD_KAFKA_RESP_ERR__FATAL && broken_.ok()) BreakAndUnlock(lock, client, Reason(client, error));
}

absl::Status Producer::Reason(rd_kafka_t* client, rd_kafka_resp_err_t error) {
  std::array<char, 512> why{};
  if (rd_kafka_fatal_error(client, why.data(), why.size()) == RD_KAFKA_RESP_ERR_NO_ERROR) {
    return Unavailable("a message was refused", error);
  }
  ++counters_.fatal_errors;
  return Unavailable("fatal", why.data());
}

}  // namespace xt::kafka
