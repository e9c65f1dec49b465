#include "libs/adapters/rabbitmq/rabbitmq_notification_bus.h"

#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/adapters/rabbitmq/internal/close_signal.h"
#include "libs/adapters/rabbitmq/internal/consumer.h"
#include "libs/adapters/rabbitmq/internal/counters.h"
#include "libs/adapters/rabbitmq/internal/dead_letters.h"
#include "libs/adapters/rabbitmq/internal/publisher.h"
#include "libs/base/status.h"

namespace xt::rabbitmq {

using ports::Notification;
using ports::QueueOptions;

namespace {

constexpr std::size_t kMaxRoutingKeyBytes = 255;

absl::Status CheckSizes(const std::vector<Notification>& notifications) {
  for (const Notification& notification : notifications) {
    if (notification.routing_key.size() > kMaxRoutingKeyBytes) {
      return absl::InvalidArgumentError("rabbitmq: a routing key is longer than 255 bytes");
    }
    if (notification.payload->size() > kMaxMessageBytes) {
      return absl::InvalidArgumentError(
          absl::StrCat("rabbitmq: a message for ", notification.routing_key, " has more than ", kMaxMessageBytes));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckOptions(const QueueOptions& options) {
  if (options.max_length == 0 || options.prefetch == 0 || options.max_deliveries == 0) {
    return absl::InvalidArgumentError("max_length, prefetch and max_deliveries must be > 0");
  }
  if (options.prefetch > std::numeric_limits<std::uint16_t>::max()) {
    return absl::InvalidArgumentError("prefetch must be < 65536");
  }
  return absl::OkStatus();
}

}  // namespace

class RabbitMqNotificationBus::State {
 public:
  explicit State(const RabbitMqConfig& c) : config(c), publisher(c, *closing, *counters) {}

  const RabbitMqConfig config;
  const std::shared_ptr<CloseSignal> closing = std::make_shared<CloseSignal>();
  const std::shared_ptr<Counters> counters = std::make_shared<Counters>();
  Publisher publisher;
};

RabbitMqNotificationBus::RabbitMqNotificationBus(std::unique_ptr<State> state) : state_(std::move(state)) {}
RabbitMqNotificationBus::~RabbitMqNotificationBus() { Close(); }

absl::StatusOr<std::unique_ptr<RabbitMqNotificationBus>> RabbitMqNotificationBus::Create(const RabbitMqConfig& config) {
  XT_RETURN_IF_ERROR(config.Validate());
  return std::unique_ptr<RabbitMqNotificationBus>(new RabbitMqNotificationBus(std::make_unique<State>(config)));
}

absl::Status RabbitMqNotificationBus::Publish(const std::vector<Notification>& notifications) {
  XT_RETURN_IF_ERROR(CheckSizes(notifications));
  return state_->publisher.Publish(notifications);
}

absl::StatusOr<std::unique_ptr<ports::NotificationConsumer>> RabbitMqNotificationBus::Consume(
    const QueueOptions& options) {
  XT_RETURN_IF_ERROR(CheckOptions(options));
  XT_RETURN_IF_ERROR(state_->closing->Check());
  auto consumer = std::make_unique<Consumer>(state_->config, options, state_->closing, state_->counters);
  XT_RETURN_IF_ERROR(consumer->Connect());
  return std::unique_ptr<ports::NotificationConsumer>(std::move(consumer));
}

absl::StatusOr<std::vector<Notification>> RabbitMqNotificationBus::TakeDeadLetters(std::size_t max) {
  auto taken = rabbitmq::TakeDeadLetters(state_->config, *state_->closing, max);
  if (taken.ok()) state_->counters->dead_letters_taken += taken->size();
  return taken;
}

void RabbitMqNotificationBus::Close() {
  state_->closing->Close();
  state_->publisher.Close();
}

RabbitMqStats RabbitMqNotificationBus::stats() const {
  const Counters& counters = *state_->counters;
  RabbitMqStats stats;
  stats.published = counters.published;
  stats.returned = counters.returned;
  stats.nacked = counters.nacked;
  stats.republished = counters.republished;
  stats.multiple_acks = counters.multiple_acks;
  stats.reconnects = counters.reconnects;
  stats.private_queues_remade = counters.private_queues_remade;
  stats.consumed = counters.consumed;
  stats.redelivered = counters.redelivered;
  stats.dead_letters_taken = counters.dead_letters_taken;
  stats.connected = counters.connected;
  return stats;
}

}  // namespace xt::rabbitmq
