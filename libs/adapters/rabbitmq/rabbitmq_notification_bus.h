// RabbitMqNotificationBus: the notification bus on RabbitMQ 3.10, by rabbitmq-c.
//
// Exchanges, durable, after RabbitMqConfig::prefix: `market-notifications` (topic), `notification` (headers: by channel
// and priority; for other programs, nothing is published to it here), `market-notifications.dead` (fanout, with a queue
// of the same name). Messages are persistent; their message id is "<sequence>-<index>".
//
// Named queues are quorum queues, with dead letters at least once. What a full queue refuses, the publisher sends to the
// dead letters itself: the other queues have it, so sending it to all again would double it and a full queue would stop
// them. The dead letters are bounded by max_dead_letters; the broker drops the oldest of more and counts them. Options
// of a queue that is there with others: FAILED_PRECONDITION.
// RabbitMQ 3.10 loses a named queue, with what was confirmed, when it is killed in the first seconds of the queue's life:
// the name is not on its disk yet. Such a queue has no leader ever after, and Consume is UNAVAILABLE.
// Private queues are classic ones and vanish with their connection. They do not count deliveries: a message that came
// back says 2 however often it came, and max_deliveries is not enforced.
// The broker sends ahead: up to `prefetch` deliveries wait in each consumer. They are shared out among the consumers of
// a queue before Read, count as delivered when the consumer dies, and take no room of max_length. The bound is exact only
// for who waits for each confirmation: publishers hear that a queue is full after the fact, at most a window later.
//
// A consumer that lost its connection connects again at the next Read; while that fails Read says UNAVAILABLE without
// waiting. A named queue goes on where it was: what was not acknowledged comes again, with new tags; settling an old tag
// is UNAVAILABLE. A private queue is made anew: what came in between is lost, which is counted. A consumer that is silent
// for 10 s loses its connection.
// What waits is asked for once in 2 s of reading, without waiting for the answer.
//
// Publish: INVALID_ARGUMENT, and nothing is sent, when a payload is larger than kMaxMessageBytes or a routing key is
// longer than 255 bytes. UNAVAILABLE at the publish_timeout, or as soon as the broker cannot be reached.
// Create does no I/O. Threads: as the port says; consumers may outlive the bus.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/adapters/rabbitmq/rabbitmq_config.h"
#include "libs/ports/notification_bus.h"

namespace xt::rabbitmq {

// Always fits into the free part of a socket's buffer that polls as writable, so that sending never waits.
inline constexpr std::size_t kMaxMessageBytes = 64 * 1024;

// Totals since the bus was made, but for the last one.
struct RabbitMqStats {
  std::uint64_t published = 0;  // by calls that succeeded
  std::uint64_t returned = 0;   // matched no binding, dropped
  std::uint64_t nacked = 0;     // refused by a queue, gone to the dead letters
  std::uint64_t republished = 0;
  std::uint64_t multiple_acks = 0;  // that confirmed more than one
  std::uint64_t reconnects = 0;     // connections that were lost or given up
  std::uint64_t private_queues_remade = 0;
  std::uint64_t consumed = 0;
  std::uint64_t redelivered = 0;
  std::uint64_t dead_letters_taken = 0;
  bool connected = false;  // the publisher
};

class RabbitMqNotificationBus final : public ports::NotificationBus {
 public:
  // INVALID_ARGUMENT names the field that is wrong.
  static absl::StatusOr<std::unique_ptr<RabbitMqNotificationBus>> Create(const RabbitMqConfig& config);
  ~RabbitMqNotificationBus() override;

  absl::Status Publish(const std::vector<ports::Notification>& notifications) override;
  absl::StatusOr<std::unique_ptr<ports::NotificationConsumer>> Consume(const ports::QueueOptions& options) override;
  absl::StatusOr<std::vector<ports::Notification>> TakeDeadLetters(std::size_t max) override;
  void Close() override;

  [[nodiscard]] RabbitMqStats stats() const;

 private:
  class State;
  explicit RabbitMqNotificationBus(std::unique_ptr<State> state);
  const std::unique_ptr<State> state_;
};

}  // namespace xt::rabbitmq
