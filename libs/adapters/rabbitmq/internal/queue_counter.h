// QueueCounter: asks the broker once in kEvery how many messages wait in a consumer's queue and in the dead letters, by
// passive declarations on the consumer's connection. It never waits: answers come among the deliveries. A channel of its
// own, since a queue that is not there closes the channel that asked for it. One thread.
#pragma once

#include <chrono>
#include <string>

#include "absl/status/status.h"
#include "libs/adapters/rabbitmq/internal/connection.h"
#include "libs/ports/notification_bus.h"

namespace xt::rabbitmq {

class QueueCounter {
 public:
  static constexpr amqp_channel_t kCountChannel = 2;
  static constexpr std::chrono::seconds kEvery{2};

  // Of a new connection.
  void Begin(std::string queue, std::string dead_letters);
  // The connection is gone.
  void Forget() { waiting_ = {}; }

  // Not before the last answers have come, and not while there is no room to send.
  absl::Status AskWhenDue(Connection& connection);
  // A frame of its channel.
  absl::Status Take(Connection& connection, const amqp_frame_t& frame);

  [[nodiscard]] const ports::WaitingMessages& waiting() const { return waiting_; }

 private:
  static absl::Status Ask(Connection& connection, const std::string& queue);
  absl::Status OnClosed(Connection& connection);

  std::string queue_;
  std::string dead_letters_;
  Deadline due_;
  bool open_ = false;
  int unanswered_ = 0;  // 2: both questions; 1: that for the dead letters
  ports::WaitingMessages waiting_;
};

}  // namespace xt::rabbitmq
