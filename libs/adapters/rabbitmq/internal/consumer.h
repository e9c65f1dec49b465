// Consumer: one queue over a connection of its own. It connects again by itself; see the bus.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <set>
#include <vector>

#include "libs/adapters/rabbitmq/internal/connection.h"
#include "libs/adapters/rabbitmq/internal/counters.h"
#include "libs/adapters/rabbitmq/internal/message_assembler.h"
#include "libs/adapters/rabbitmq/internal/queue_counter.h"
#include "libs/ports/notification_bus.h"

namespace xt::rabbitmq {

class Consumer final : public ports::NotificationConsumer {
 public:
  Consumer(const RabbitMqConfig& config, const ports::QueueOptions& options, std::shared_ptr<const CloseSignal> closing,
           std::shared_ptr<Counters> counters);

  // Declares the queue and starts to consume.
  absl::Status Connect();

  absl::StatusOr<std::vector<ports::NotificationDelivery>> Read(std::size_t max,
                                                                std::chrono::milliseconds timeout) override;
  absl::Status Acknowledge(std::uint64_t tag) override;
  absl::Status Reject(std::uint64_t tag, bool requeue) override;
  [[nodiscard]] ports::WaitingMessages Waiting() const override { return counter_.waiting(); }

 private:
  absl::Status Reconnect();
  void Disconnect();
  // All that has come by now.
  absl::Status ReadDeliveries();
  // The same, and asks what waits when that is due.
  absl::Status ReadAndAsk();
  std::vector<ports::NotificationDelivery> Take(std::size_t max);
  // Takes the tag off what is held and waits for room to send its settlement.
  absl::Status Release(std::uint64_t tag);
  absl::Status Sent(int status, const char* what);

  const RabbitMqConfig config_;
  const ports::QueueOptions options_;
  const std::shared_ptr<const CloseSignal> closing_;
  const std::shared_ptr<Counters> counters_;
  std::unique_ptr<Connection> connection_;
  MessageAssembler assembler_;
  QueueCounter counter_;
  std::deque<ports::NotificationDelivery> ready_;
  std::set<std::uint64_t> held_;      // tags that Read has returned
  std::uint64_t last_tag_ = 0;        // that came
  std::uint64_t lost_until_tag_ = 0;  // those of connections that are gone; the broker's tags begin after it
};

}  // namespace xt::rabbitmq
