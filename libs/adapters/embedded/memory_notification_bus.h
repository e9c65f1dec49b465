// MemoryNotificationBus: a topic exchange with queues in memory. A restart loses what is queued: notifications are
// pushes about things that are stored elsewhere, and whoever needs the past asks for it.
//
// Bounds: `max_length` ready messages and `prefetch` unacknowledged ones per consumer, for each queue; what does not
// fit is the new message, which goes to the dead letters; of those the newest `max_dead_letters` are kept and the rest
// counted. A named queue outlives its consumers; its options are those of the first Consume, bindings add up. A message
// that comes back (requeue, or its consumer is gone) takes its old place in the queue, unless it has been delivered
// `max_deliveries` times: then it goes to the dead letters.
// Threads: everything from any thread; each consumer object by one at a time. Consumers may outlive the bus object.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "libs/ports/notification_bus.h"

namespace xt::embedded {

struct MemoryNotificationBusOptions {
  std::size_t max_dead_letters = 10'000;
};

struct NotificationBusStats {
  std::uint64_t published = 0;
  std::uint64_t unroutable = 0;  // matched no binding
  std::uint64_t redelivered = 0;
  std::uint64_t dead_overflow = 0;  // dead letters by cause
  std::uint64_t dead_rejected = 0;
  std::uint64_t dead_max_deliveries = 0;
  std::uint64_t dead_letters_dropped = 0;  // fell out of the bounded store of dead letters
  std::size_t dead_letters = 0;            // waiting now
  std::size_t ready = 0;                   // over all queues
  std::size_t unacknowledged = 0;
};

// Whether a routing key matches a binding: '*' is one word, '#' any number of words.
bool BindingMatches(std::string_view binding, std::string_view routing_key);

class MemoryNotificationBus final : public ports::NotificationBus {
 public:
  explicit MemoryNotificationBus(MemoryNotificationBusOptions options = {});
  ~MemoryNotificationBus() override;

  absl::Status Publish(const std::vector<ports::Notification>& notifications) override;
  absl::StatusOr<std::unique_ptr<ports::NotificationConsumer>> Consume(const ports::QueueOptions& options) override;
  absl::StatusOr<std::vector<ports::Notification>> TakeDeadLetters(std::size_t max) override;
  void Close() override;

  [[nodiscard]] NotificationBusStats Stats() const;

 private:
  struct State;
  class Consumer;
  std::shared_ptr<State> state_;
};

}  // namespace xt::embedded
