// Publisher: sends with confirmations over a connection of its own. Calls of several threads go one after the other; a
// thread of its own keeps the heartbeats going between them.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "libs/adapters/rabbitmq/internal/connection.h"
#include "libs/adapters/rabbitmq/internal/counters.h"
#include "libs/ports/notification_bus.h"

namespace xt::rabbitmq {

class Publisher {
 public:
  Publisher(const RabbitMqConfig& config, const CloseSignal& closing, Counters& counters);
  ~Publisher();  // after CloseSignal::Close

  absl::Status Publish(const std::vector<ports::Notification>& notifications);
  // No heartbeats any more.
  void Close();

 private:
  struct Outgoing {
    const ports::Notification* notification;
    bool dead = false;  // to the dead letters
    bool confirmed = false;
  };
  struct Unconfirmed {
    std::uint64_t tag;
    std::size_t index;  // of its Outgoing
  };

  absl::Status PublishWithin(Deadline deadline);
  absl::Status Connect(Deadline deadline);
  void Disconnect();
  // Everything from the first one that is not confirmed, over one connection.
  absl::Status SendAll(Deadline deadline);
  absl::Status Send(std::size_t index);
  // All that the broker has said by now.
  absl::Status ReadAnswers();
  absl::Status Handle(const amqp_method_t& method);
  absl::Status Settle(std::uint64_t tag, bool multiple, bool nacked);
  absl::Status SettleOne(std::size_t index, bool nacked);
  void KeepAlive();

  const RabbitMqConfig config_;
  const CloseSignal& closing_;
  Counters& counters_;
  std::timed_mutex mutex_;  // of all but the last three
  std::unique_ptr<Connection> connection_;
  std::vector<Outgoing> outgoing_;  // of the current call; what the queues refused follows at the end
  std::size_t first_unconfirmed_ = 0;
  std::size_t sent_ = 0;                 // of outgoing_, over all connections
  std::uint64_t last_tag_ = 0;           // of this connection
  std::deque<Unconfirmed> unconfirmed_;  // of this connection
  std::mutex closed_mutex_;
  std::condition_variable closed_changed_;
  bool closed_ = false;
  std::thread keep_alive_;
};

}  // namespace xt::rabbitmq
