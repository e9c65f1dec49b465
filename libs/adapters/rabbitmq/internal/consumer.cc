#include "libs/adapters/rabbitmq/internal/consumer.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/adapters/rabbitmq/internal/topology.h"
#include "libs/base/status.h"

namespace xt::rabbitmq {

using ports::NotificationDelivery;

Consumer::Consumer(const RabbitMqConfig& config, const ports::QueueOptions& options,
                   std::shared_ptr<const CloseSignal> closing, std::shared_ptr<Counters> counters)
    : config_(config), options_(options), closing_(std::move(closing)), counters_(std::move(counters)) {}

absl::Status Consumer::Connect() {
  XT_ASSIGN_OR_RETURN(auto connection, Connection::Open(config_, Clock::now() + config_.request_timeout));
  XT_RETURN_IF_ERROR(DeclareExchanges(*connection, config_));
  XT_ASSIGN_OR_RETURN(const std::string queue, DeclareQueue(*connection, config_, options_));
  amqp_basic_qos(connection->state(), kChannel, 0, static_cast<std::uint16_t>(options_.prefetch), 0);
  XT_RETURN_IF_ERROR(connection->LastReply("basic.qos"));
  amqp_basic_consume(connection->state(), kChannel, BytesOf(queue), amqp_empty_bytes, 0, 0, 0, amqp_empty_table);
  XT_RETURN_IF_ERROR(connection->LastReply("basic.consume"));
  connection_ = std::move(connection);
  counter_.Begin(queue, DeadLetterQueue(config_));
  return absl::OkStatus();
}

absl::Status Consumer::Reconnect() {
  XT_RETURN_IF_ERROR(Connect());
  if (options_.name.empty()) ++counters_->private_queues_remade;
  return absl::OkStatus();
}

void Consumer::Disconnect() {
  connection_.reset();
  counter_.Forget();
  ready_.clear();
  held_.clear();
  lost_until_tag_ = last_tag_;
  ++counters_->reconnects;
}

absl::StatusOr<std::vector<NotificationDelivery>> Consumer::Read(std::size_t max, std::chrono::milliseconds timeout) {
  const Deadline deadline = Clock::now() + timeout;
  while (true) {
    XT_RETURN_IF_ERROR(closing_->Check());
    if (!connection_) XT_RETURN_IF_ERROR(Reconnect());
    if (!ReadAndAsk().ok()) {
      Disconnect();
      continue;
    }
    if (!ready_.empty() || Clock::now() >= deadline) return Take(max);
    connection_->Wait(deadline, *closing_, false);
  }
}

absl::Status Consumer::ReadAndAsk() {
  XT_RETURN_IF_ERROR(ReadDeliveries());
  return counter_.AskWhenDue(*connection_);
}

absl::Status Consumer::ReadDeliveries() {
  while (true) {
    XT_ASSIGN_OR_RETURN(const auto frame, connection_->NextFrame());
    if (!frame) return absl::OkStatus();
    if (frame->channel == QueueCounter::kCountChannel) {
      XT_RETURN_IF_ERROR(counter_.Take(*connection_, *frame));
    } else if (frame->frame_type == AMQP_FRAME_METHOD) {
      if (frame->payload.method.id != AMQP_BASIC_DELIVER_METHOD) continue;
      const auto& deliver = *static_cast<const amqp_basic_deliver_t*>(frame->payload.method.decoded);
      last_tag_ = lost_until_tag_ + deliver.delivery_tag;
      assembler_.Begin(last_tag_, deliver.redelivered != 0, TextOf(deliver.routing_key));
    } else if (auto delivery = assembler_.Feed(*frame)) {
      ready_.push_back(*std::move(delivery));
    }
  }
}

std::vector<NotificationDelivery> Consumer::Take(std::size_t max) {
  const auto end = ready_.begin() + static_cast<std::ptrdiff_t>(std::min(max, ready_.size()));
  std::vector<NotificationDelivery> taken(std::make_move_iterator(ready_.begin()), std::make_move_iterator(end));
  ready_.erase(ready_.begin(), end);
  for (const NotificationDelivery& delivery : taken) {
    held_.insert(delivery.tag);
    if (delivery.delivery_count > 1) ++counters_->redelivered;
  }
  counters_->consumed += taken.size();
  return taken;
}

absl::Status Consumer::Release(std::uint64_t tag) {
  XT_RETURN_IF_ERROR(closing_->Check());
  if (tag <= lost_until_tag_) return absl::UnavailableError("rabbitmq: the connection was lost; it comes again");
  if (held_.erase(tag) == 0) {
    return absl::InvalidArgumentError(absl::StrCat("tag ", tag, " is not held by this consumer"));
  }
  const Deadline deadline = Clock::now() + config_.request_timeout;
  while (!connection_->Writable()) {
    const absl::Status status = closing_->Check();
    if (status.ok() && Clock::now() < deadline) {
      connection_->Wait(deadline, *closing_, true);
      continue;
    }
    Disconnect();
    return status.ok() ? absl::UnavailableError("rabbitmq: the broker reads nothing") : status;
  }
  return absl::OkStatus();
}

absl::Status Consumer::Sent(int status, const char* what) {
  absl::Status sent = connection_->CheckSent(status, what);
  if (!sent.ok()) Disconnect();
  return sent;
}

absl::Status Consumer::Acknowledge(std::uint64_t tag) {
  XT_RETURN_IF_ERROR(Release(tag));
  return Sent(amqp_basic_ack(connection_->state(), kChannel, tag - lost_until_tag_, 0), "basic.ack");
}

absl::Status Consumer::Reject(std::uint64_t tag, bool requeue) {
  XT_RETURN_IF_ERROR(Release(tag));
  return Sent(amqp_basic_reject(connection_->state(), kChannel, tag - lost_until_tag_, requeue ? 1 : 0),
              "basic.reject");
}

}  // namespace xt::rabbitmq
