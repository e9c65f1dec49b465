// NotificationBus: pushes towards people: per-message routing, acknowledgement, redelivery and dead letters. RabbitMQ in a
// cluster (topic exchange `market-notifications`), in-process queues in the standalone.
//
// Routing keys: execution.<symbol>, trade.<symbol>, orderbook.<symbol>, ticker.<symbol>, user.<account id>. A binding may use '*' for one word
// and '#' for any number of words. Words are separated by '.'.
// Threads: Publish by any thread; each consumer object by one thread.
// Delivery: at least once per queue, in order until something is redelivered. A message that matches no binding is
// dropped and counted by the adapter. A queue is bounded: what does not fit goes to the dead letters, counted, never
// silently. A message rejected without requeue, or delivered `max_deliveries` times, goes to the dead letters.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/domain/ids.h"

namespace xt::ports {

struct Notification {
  std::string routing_key;
  domain::EventId id;                          // message id; sequence 0 for what does not come from a command
  std::shared_ptr<const std::string> payload;  // serialized proto named by the routing key's first word
};

struct NotificationDelivery {
  Notification notification;
  std::uint64_t tag = 0;  // unique within the consumer
  std::uint32_t delivery_count = 1;
};

struct QueueOptions {
  std::string name;  // empty: a private queue that vanishes with the consumer
  std::vector<std::string> bindings;
  std::size_t max_length = 100'000;  // messages
  std::size_t prefetch = 1'000;      // unacknowledged deliveries at once
  std::uint32_t max_deliveries = 5;
};

// Messages at the broker that nobody has been sent; nullopt: not known.
struct WaitingMessages {
  std::optional<std::uint64_t> in_queue;
  std::optional<std::uint64_t> dead_letters;
};

class NotificationConsumer {
 public:
  virtual ~NotificationConsumer() = default;
  // Up to `max` deliveries, waiting up to `timeout` for the first. Empty after a time-out, CANCELLED after Close.
  virtual absl::StatusOr<std::vector<NotificationDelivery>> Read(std::size_t max,
                                                                 std::chrono::milliseconds timeout) = 0;
  virtual absl::Status Acknowledge(std::uint64_t tag) = 0;
  virtual absl::Status Reject(std::uint64_t tag, bool requeue) = 0;
  // As of some seconds ago; without I/O. An adapter learns it during Read, and forgets it with its connection.
  [[nodiscard]] virtual WaitingMessages Waiting() const = 0;
};

class NotificationBus {
 public:
  virtual ~NotificationBus() = default;
  // Returns when all messages are confirmed. UNAVAILABLE: some may have been stored; publishing them again is right.
  virtual absl::Status Publish(const std::vector<Notification>& notifications) = 0;
  // A destroyed consumer returns its unacknowledged deliveries to the queue, in order.
  virtual absl::StatusOr<std::unique_ptr<NotificationConsumer>> Consume(const QueueOptions& options) = 0;
  // Takes up to `max` dead letters out, oldest first.
  virtual absl::StatusOr<std::vector<Notification>> TakeDeadLetters(std::size_t max) = 0;
  virtual void Close() = 0;
};

}  // namespace xt::ports
