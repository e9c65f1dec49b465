#include "libs/adapters/kafka/kafka_market_bus.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/adapters/kafka/internal/consumer.h"
#include "libs/adapters/kafka/internal/counters.h"
#include "libs/adapters/kafka/internal/producer.h"
#include "libs/adapters/kafka/internal/resume.h"
#include "libs/adapters/kafka/internal/topic_reader.h"
#include "libs/adapters/kafka/internal/wakeup.h"
#include "libs/base/status.h"

namespace xt::kafka {

using ports::MarketMessage;

namespace {

absl::Status Closed() { return absl::CancelledError("the market bus was closed"); }

// What the broker counts besides key and payload: headers, lengths.
constexpr std::size_t kRecordBytes = 200;

}  // namespace

class KafkaMarketBus::State {
 public:
  State(const KafkaConfig& config, std::shared_ptr<Counters> counters, std::unique_ptr<TopicReader> reader)
      : config_(config), counters_(std::move(counters)), reader_(std::move(reader)) {}

  absl::Status Publish(const std::vector<MarketMessage>& messages);
  absl::StatusOr<domain::EventId> LastId(const std::string& topic);
  absl::StatusOr<std::unique_ptr<ports::MarketConsumer>> Subscribe(std::string_view group,
                                                                   const std::vector<std::string>& topics,
                                                                   ports::StartAt start);
  absl::StatusOr<std::unique_ptr<ports::MarketConsumer>> SubscribeBehind(const std::string& topic,
                                                                         const domain::EventId& last);
  void Close();
  [[nodiscard]] const Counters& counters() const { return *counters_; }

 private:
  absl::Status CheckSizes(const std::vector<MarketMessage>& messages) const;
  absl::StatusOr<std::shared_ptr<Producer>> UsableProducer();
  absl::StatusOr<ProducedTopic*> TopicOf(Producer& producer, const std::string& name);
  // Leaves out what is stored already.
  absl::StatusOr<std::vector<Outgoing>> Route(Producer& producer, const std::vector<MarketMessage>& messages);
  void Failed(const std::shared_ptr<Producer>& producer, const std::vector<MarketMessage>& messages);
  void Succeeded(const std::vector<MarketMessage>& messages);
  // The pointer stays valid. A topic is published to by one thread at a time, so nobody else uses what it points to.
  Resume& ResumeOf(const std::string& topic);
  absl::StatusOr<std::shared_ptr<Wakeup>> AddWakeup();

  const KafkaConfig config_;
  const std::shared_ptr<Counters> counters_;
  const std::unique_ptr<TopicReader> reader_;
  std::mutex mutex_;
  std::shared_ptr<Producer> producer_;
  std::map<std::string, Resume> resumes_;
  std::vector<std::weak_ptr<Wakeup>> wakeups_;
  bool closed_ = false;
};

absl::Status KafkaMarketBus::State::Publish(const std::vector<MarketMessage>& messages) {
  XT_RETURN_IF_ERROR(CheckSizes(messages));
  const Deadline deadline = std::chrono::steady_clock::now() + config_.publish_timeout;
  XT_ASSIGN_OR_RETURN(const auto producer, UsableProducer());
  XT_ASSIGN_OR_RETURN(const auto outgoing, Route(*producer, messages));
  counters_->already_stored += messages.size() - outgoing.size();
  const absl::Status status = producer->Send(outgoing, deadline);
  if (status.ok()) {
    Succeeded(messages);
  } else {
    Failed(producer, messages);
  }
  return status;
}

absl::Status KafkaMarketBus::State::CheckSizes(const std::vector<MarketMessage>& messages) const {
  for (const MarketMessage& message : messages) {
    const std::size_t bytes = message.key.size() + message.payload->size() + kRecordBytes;
    if (bytes <= static_cast<std::size_t>(config_.message_max_bytes)) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("kafka: a message for ", message.topic, " has ", bytes,
                     " bytes, more than message_max_bytes = ", config_.message_max_bytes));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<Producer>> KafkaMarketBus::State::UsableProducer() {
  std::lock_guard lock(mutex_);
  if (closed_) return Closed();
  if (!producer_ || producer_->broken()) {
    XT_ASSIGN_OR_RETURN(producer_, Producer::Create(config_, *counters_));
  }
  return producer_;
}

absl::StatusOr<ProducedTopic*> KafkaMarketBus::State::TopicOf(Producer& producer, const std::string& name) {
  if (ProducedTopic* known = producer.FindTopic(name); known != nullptr) return known;
  XT_ASSIGN_OR_RETURN(const auto records, reader_->LastRecords(name));
  Resume& resume = ResumeOf(name);
  std::vector<domain::EventId> highest;
  for (const auto& record : records) {
    if (record) resume.Resolve(static_cast<int>(highest.size()), record->message);
    highest.push_back(record ? record->highest : domain::EventId{});
  }
  return producer.AddTopic(name, std::move(highest));
}

absl::StatusOr<std::vector<Outgoing>> KafkaMarketBus::State::Route(Producer& producer,
                                                                   const std::vector<MarketMessage>& messages) {
  std::vector<Outgoing> outgoing;
  outgoing.reserve(messages.size());
  const std::string* name = nullptr;
  ProducedTopic* topic = nullptr;
  Resume* resume = nullptr;
  for (const MarketMessage& message : messages) {
    if (name == nullptr || *name != message.topic) {
      XT_ASSIGN_OR_RETURN(topic, TopicOf(producer, message.topic));
      resume = &ResumeOf(message.topic);
      name = &message.topic;
    }
    if (resume->IsStored(message)) continue;
    outgoing.push_back({&message, topic, topic->PartitionOf(message.key)});
  }
  return outgoing;
}

void KafkaMarketBus::State::Failed(const std::shared_ptr<Producer>& producer,
                                   const std::vector<MarketMessage>& messages) {
  ++counters_->publish_failures;
  std::map<std::string, Resume*> resumes;
  for (const MarketMessage& message : messages) {
    Resume*& resume = resumes[message.topic];
    if (resume == nullptr) {
      resume = &ResumeOf(message.topic);
      resume->Begin();
    }
    resume->Remember(producer->FindTopic(message.topic)->PartitionOf(message.key), message);
  }
  std::lock_guard lock(mutex_);
  if (producer_ == producer) producer_.reset();
}

void KafkaMarketBus::State::Succeeded(const std::vector<MarketMessage>& messages) {
  const std::string* name = nullptr;
  for (const MarketMessage& message : messages) {
    if (name != nullptr && *name == message.topic) continue;
    name = &message.topic;
    ResumeOf(message.topic).Clear();
  }
}

Resume& KafkaMarketBus::State::ResumeOf(const std::string& topic) {
  std::lock_guard lock(mutex_);
  return resumes_[topic];
}

absl::StatusOr<domain::EventId> KafkaMarketBus::State::LastId(const std::string& topic) {
  {
    std::lock_guard lock(mutex_);
    if (closed_) return Closed();
  }
  XT_ASSIGN_OR_RETURN(const auto records, reader_->LastRecords(topic));
  domain::EventId highest;
  for (const auto& record : records) {
    if (record) highest = std::max(highest, record->highest);
  }
  return highest;
}

absl::StatusOr<std::unique_ptr<ports::MarketConsumer>> KafkaMarketBus::State::Subscribe(
    std::string_view group, const std::vector<std::string>& topics, ports::StartAt start) {
  XT_ASSIGN_OR_RETURN(auto wakeup, AddWakeup());
  std::vector<SubscribedTopic> subscribed;
  for (const std::string& topic : topics) {
    XT_ASSIGN_OR_RETURN(auto ranges, reader_->Ranges(topic));
    subscribed.push_back({topic, std::move(ranges)});
  }
  XT_ASSIGN_OR_RETURN(auto consumer,
                      Consumer::Create(config_, group, std::move(subscribed), start, counters_, std::move(wakeup)));
  return std::unique_ptr<ports::MarketConsumer>(std::move(consumer));
}

absl::StatusOr<std::unique_ptr<ports::MarketConsumer>> KafkaMarketBus::State::SubscribeBehind(
    const std::string& topic, const domain::EventId& last) {
  XT_ASSIGN_OR_RETURN(auto wakeup, AddWakeup());
  XT_ASSIGN_OR_RETURN(auto ranges, reader_->Ranges(topic));
  if (ranges.size() != 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("kafka: ", topic, " has ", ranges.size(), " partitions: there is no place behind one id"));
  }
  XT_ASSIGN_OR_RETURN(const std::int64_t behind, reader_->FirstBehind(topic, ranges.front(), last));
  // What a failed producer had on the way may lie behind newer ids, and misled the search then: all that it can have had.
  ranges.front().begin = std::max(ranges.front().begin, behind - 2 * std::int64_t{config_.queue_messages});
  XT_ASSIGN_OR_RETURN(auto consumer, Consumer::Create(config_, "", {{topic, std::move(ranges)}},
                                                      ports::StartAt::kOldest, counters_, std::move(wakeup)));
  return std::unique_ptr<ports::MarketConsumer>(std::move(consumer));
}

absl::StatusOr<std::shared_ptr<Wakeup>> KafkaMarketBus::State::AddWakeup() {
  auto wakeup = std::make_shared<Wakeup>();
  std::lock_guard lock(mutex_);
  if (closed_) return Closed();
  std::erase_if(wakeups_, [](const std::weak_ptr<Wakeup>& known) { return known.expired(); });
  wakeups_.push_back(wakeup);
  return wakeup;
}

void KafkaMarketBus::State::Close() {
  std::shared_ptr<Producer> producer;
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
    producer = std::move(producer_);
    for (const auto& known : wakeups_) {
      if (const auto wakeup = known.lock()) wakeup->Close();
    }
  }
  if (producer) producer->Break(Closed());
}

absl::StatusOr<std::unique_ptr<KafkaMarketBus>> KafkaMarketBus::Create(const KafkaConfig& config) {
  XT_RETURN_IF_ERROR(config.Validate());
  auto counters = std::make_shared<Counters>();
  XT_ASSIGN_OR_RETURN(auto reader, TopicReader::Create(config, counters));
  return std::unique_ptr<KafkaMarketBus>(
      new KafkaMarketBus(std::make_unique<State>(config, std::move(counters), std::move(reader))));
}

KafkaMarketBus::KafkaMarketBus(std::unique_ptr<State> state) : state_(std::move(state)) {}
KafkaMarketBus::~KafkaMarketBus() { Close(); }

absl::Status KafkaMarketBus::Publish(const std::vector<MarketMessage>& messages) { return state_->Publish(messages); }

absl::StatusOr<domain::EventId> KafkaMarketBus::LastId(std::string_view topic) {
  return state_->LastId(std::string(topic));
}

absl::StatusOr<std::unique_ptr<ports::MarketConsumer>> KafkaMarketBus::Subscribe(std::string_view group,
                                                                                 const std::vector<std::string>& topics,
                                                                                 ports::StartAt start) {
  return state_->Subscribe(group, topics, start);
}

absl::StatusOr<std::unique_ptr<ports::MarketConsumer>> KafkaMarketBus::SubscribeBehind(const std::string& topic,
                                                                                       const domain::EventId& last) {
  return state_->SubscribeBehind(topic, last);
}

void KafkaMarketBus::Close() { state_->Close(); }

KafkaStats KafkaMarketBus::stats() const {
  const Counters& counters = state_->counters();
  return {.published = counters.published,
          .already_stored = counters.already_stored,
          .publish_failures = counters.publish_failures,
          .fatal_errors = counters.fatal_errors,
          .producers_built = counters.producers_built,
          .consumed = counters.consumed,
          .rebalances = counters.rebalances,
          .in_flight = counters.in_flight,
          .connected = counters.connected};
}

}  // namespace xt::kafka
