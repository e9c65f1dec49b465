#include "libs/adapters/rabbitmq/internal/queue_counter.h"

#include <optional>
#include <utility>

#include "libs/base/status.h"

namespace xt::rabbitmq {

void QueueCounter::Begin(std::string queue, std::string dead_letters) {
  queue_ = std::move(queue);
  dead_letters_ = std::move(dead_letters);
  due_ = Clock::now();
  open_ = false;
  unanswered_ = 0;
  waiting_ = {};
}

absl::Status QueueCounter::AskWhenDue(Connection& connection) {
  const Deadline now = Clock::now();
  if (now < due_ || unanswered_ > 0 || !connection.Writable()) return absl::OkStatus();
  due_ = now + kEvery;
  if (!open_) {
    amqp_channel_open_t open{amqp_empty_bytes};
    XT_RETURN_IF_ERROR(connection.CheckSent(
        amqp_send_method(connection.state(), kCountChannel, AMQP_CHANNEL_OPEN_METHOD, &open), "channel.open"));
    open_ = true;
  }
  XT_RETURN_IF_ERROR(Ask(connection, queue_));
  XT_RETURN_IF_ERROR(Ask(connection, dead_letters_));
  unanswered_ = 2;
  return absl::OkStatus();
}

absl::Status QueueCounter::Ask(Connection& connection, const std::string& queue) {
  amqp_queue_declare_t declare{};
  declare.queue = BytesOf(queue);
  declare.passive = 1;
  return connection.CheckSent(amqp_send_method(connection.state(), kCountChannel, AMQP_QUEUE_DECLARE_METHOD, &declare),
                              "queue.declare");
}

absl::Status QueueCounter::Take(Connection& connection, const amqp_frame_t& frame) {
  if (frame.frame_type != AMQP_FRAME_METHOD) return absl::OkStatus();
  if (frame.payload.method.id == AMQP_CHANNEL_CLOSE_METHOD) return OnClosed(connection);
  if (frame.payload.method.id != AMQP_QUEUE_DECLARE_OK_METHOD || unanswered_ == 0) return absl::OkStatus();
  const auto& answer = *static_cast<const amqp_queue_declare_ok_t*>(frame.payload.method.decoded);
  (unanswered_ == 2 ? waiting_.in_queue : waiting_.dead_letters) = answer.message_count;
  --unanswered_;
  return absl::OkStatus();
}

// The broker has dropped the questions behind the one that it could not answer.
absl::Status QueueCounter::OnClosed(Connection& connection) {
  if (unanswered_ == 2) waiting_.in_queue = std::nullopt;
  waiting_.dead_letters = std::nullopt;
  unanswered_ = 0;
  open_ = false;
  amqp_channel_close_ok_t closed{};
  return connection.CheckSent(
      amqp_send_method(connection.state(), kCountChannel, AMQP_CHANNEL_CLOSE_OK_METHOD, &closed), "channel.close-ok");
}

}  // namespace xt::rabbitmq
