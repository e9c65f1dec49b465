#include "libs/adapters/rabbitmq/internal/publisher.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "libs/adapters/rabbitmq/internal/message_assembler.h"
#include "libs/adapters/rabbitmq/internal/topology.h"
#include "libs/base/status.h"

namespace xt::rabbitmq {
namespace {

constexpr std::chrono::seconds kKeepAliveEvery{2};
constexpr std::uint8_t kPersistent = 2;

absl::Status TimedOut() { return absl::UnavailableError("rabbitmq: not confirmed in time"); }

}  // namespace

Publisher::Publisher(const RabbitMqConfig& config, const CloseSignal& closing, Counters& counters)
    : config_(config), closing_(closing), counters_(counters), keep_alive_([this] { KeepAlive(); }) {}

Publisher::~Publisher() {
  Close();
  keep_alive_.join();
}

void Publisher::Close() {
  std::lock_guard lock(closed_mutex_);
  closed_ = true;
  closed_changed_.notify_all();
}

void Publisher::KeepAlive() {
  std::unique_lock closed_lock(closed_mutex_);
  while (!closed_changed_.wait_for(closed_lock, kKeepAliveEvery, [this] { return closed_; })) {
    const std::unique_lock lock(mutex_, std::try_to_lock);  // who holds it sends heartbeats
    if (lock.owns_lock() && connection_ && !ReadAnswers().ok()) Disconnect();
  }
}

absl::Status Publisher::Publish(const std::vector<ports::Notification>& notifications) {
  XT_RETURN_IF_ERROR(closing_.Check());
  const Deadline deadline = Clock::now() + config_.publish_timeout;
  const std::unique_lock lock(mutex_, deadline);
  if (!lock.owns_lock()) return TimedOut();
  outgoing_.clear();
  first_unconfirmed_ = 0;
  sent_ = 0;
  for (const ports::Notification& notification : notifications) outgoing_.push_back({&notification});
  const absl::Status status = PublishWithin(deadline);
  if (status.ok()) {
    counters_.published += notifications.size();
  } else {
    Disconnect();  // its answers would be taken for those of the next call
  }
  return status;
}

absl::Status Publisher::PublishWithin(Deadline deadline) {
  while (true) {
    const bool was_connected = connection_ != nullptr;
    XT_RETURN_IF_ERROR(Connect(deadline));
    const absl::Status status = SendAll(deadline);
    if (status.ok() || absl::IsCancelled(status) || Clock::now() >= deadline) return status;
    Disconnect();
    if (!was_connected && first_unconfirmed_ == 0) return status;  // a new one does not get anywhere either
  }
}

absl::Status Publisher::Connect(Deadline deadline) {
  if (connection_) return absl::OkStatus();
  XT_ASSIGN_OR_RETURN(auto connection, Connection::Open(config_, deadline));
  XT_RETURN_IF_ERROR(DeclareExchanges(*connection, config_));
  amqp_confirm_select(connection->state(), kChannel);
  XT_RETURN_IF_ERROR(connection->LastReply("confirm.select"));
  connection_ = std::move(connection);
  last_tag_ = 0;
  unconfirmed_.clear();
  counters_.connected = true;
  return absl::OkStatus();
}

void Publisher::Disconnect() {
  if (!connection_) return;
  connection_.reset();
  unconfirmed_.clear();
  counters_.connected = false;
  ++counters_.reconnects;
}

absl::Status Publisher::SendAll(Deadline deadline) {
  std::size_t next = first_unconfirmed_;
  while (first_unconfirmed_ < outgoing_.size()) {
    XT_RETURN_IF_ERROR(closing_.Check());
    XT_RETURN_IF_ERROR(ReadAnswers());
    const bool may_send = next < outgoing_.size() && unconfirmed_.size() < static_cast<std::size_t>(config_.window) &&
                          !connection_->blocked();
    if (may_send && connection_->Writable()) {
      XT_RETURN_IF_ERROR(Send(next));
      ++next;
    } else if (first_unconfirmed_ < outgoing_.size()) {
      if (Clock::now() >= deadline) return TimedOut();
      connection_->Wait(deadline, closing_, may_send);
    }
  }
  return absl::OkStatus();
}

absl::Status Publisher::Send(std::size_t index) {
  const Outgoing& outgoing = outgoing_[index];
  const ports::Notification& notification = *outgoing.notification;
  const std::string exchange = outgoing.dead ? DeadLetterExchange(config_) : NotificationsExchange(config_);
  const std::string id = MessageIdOf(notification.id);
  amqp_basic_properties_t properties{};
  properties._flags = AMQP_BASIC_DELIVERY_MODE_FLAG | AMQP_BASIC_MESSAGE_ID_FLAG;
  properties.delivery_mode = kPersistent;
  properties.message_id = BytesOf(id);
  XT_RETURN_IF_ERROR(connection_->CheckSent(
      amqp_basic_publish(connection_->state(), kChannel, BytesOf(exchange), BytesOf(notification.routing_key), 1, 0,
                         &properties, BytesOf(*notification.payload)),
      "publish"));
  unconfirmed_.push_back({++last_tag_, index});
  if (index < sent_) ++counters_.republished;
  sent_ = std::max(sent_, index + 1);
  return absl::OkStatus();
}

absl::Status Publisher::ReadAnswers() {
  while (true) {
    XT_ASSIGN_OR_RETURN(const auto frame, connection_->NextFrame());
    if (!frame) return absl::OkStatus();
    if (frame->frame_type == AMQP_FRAME_METHOD) XT_RETURN_IF_ERROR(Handle(frame->payload.method));
  }
}

absl::Status Publisher::Handle(const amqp_method_t& method) {
  switch (method.id) {
    case AMQP_BASIC_RETURN_METHOD:  // its confirmation follows, as if it had been stored
      ++counters_.returned;
      return absl::OkStatus();
    case AMQP_BASIC_ACK_METHOD: {
      const auto& ack = *static_cast<const amqp_basic_ack_t*>(method.decoded);
      return Settle(ack.delivery_tag, ack.multiple != 0, false);
    }
    case AMQP_BASIC_NACK_METHOD: {
      const auto& nack = *static_cast<const amqp_basic_nack_t*>(method.decoded);
      return Settle(nack.delivery_tag, nack.multiple != 0, true);
    }
    default: return absl::OkStatus();
  }
}

absl::Status Publisher::Settle(std::uint64_t tag, bool multiple, bool nacked) {
  const auto begin = std::lower_bound(unconfirmed_.begin(), unconfirmed_.end(), tag,
                                      [](const Unconfirmed& one, std::uint64_t t) { return one.tag < t; });
  auto end = begin;
  if (end != unconfirmed_.end() && end->tag == tag) ++end;
  const auto first = multiple ? unconfirmed_.begin() : begin;
  if (end - first > 1) ++counters_.multiple_acks;
  for (auto one = first; one != end; ++one) XT_RETURN_IF_ERROR(SettleOne(one->index, nacked));
  unconfirmed_.erase(first, end);
  return absl::OkStatus();
}

absl::Status Publisher::SettleOne(std::size_t index, bool nacked) {
  if (nacked) {
    ++counters_.nacked;
    if (outgoing_[index].dead) return absl::UnavailableError("rabbitmq: the dead letters were refused");
    // Other queues have it, so sending it again would double it there, and a full queue would stop all others.
    outgoing_.push_back({outgoing_[index].notification, true});
  }
  outgoing_[index].confirmed = true;
  while (first_unconfirmed_ < outgoing_.size() && outgoing_[first_unconfirmed_].confirmed) ++first_unconfirmed_;
  return absl::OkStatus();
}

}  // namespace xt::rabbitmq
