// NotificationQueue: one bounded queue of the notification bus: ready messages in the order of their arrival, and what
// its consumers hold unacknowledged. A message that comes back takes its old place. A value without threads; the bus's
// lock guards it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libs/ports/notification_bus.h"

namespace xt::embedded {

class NotificationQueue {
 public:
  struct Message {
    ports::Notification notification;
    std::uint32_t deliveries = 0;
  };

  explicit NotificationQueue(ports::QueueOptions options) : options_(std::move(options)) {}

  void AddBindings(const std::vector<std::string>& bindings);
  [[nodiscard]] bool Matches(std::string_view routing_key) const;

  // False when it is full.
  bool Push(const ports::Notification& notification);
  // Up to `max` messages for a consumer, which may hold `prefetch` at once. Tags are unique within the queue.
  std::vector<ports::NotificationDelivery> Take(std::uint64_t consumer, std::size_t max);
  [[nodiscard]] bool HasFor(std::uint64_t consumer) const;
  // The message that the consumer holds under this tag, taken out.
  std::optional<Message> Release(std::uint64_t consumer, std::uint64_t tag);
  // Puts a released message back in its place. False when it was delivered too often.
  bool Return(std::uint64_t tag, const Message& message);
  // Tags that the consumer holds, ascending.
  [[nodiscard]] std::vector<std::uint64_t> HeldBy(std::uint64_t consumer) const;

  [[nodiscard]] std::size_t ready() const { return ready_.size(); }
  [[nodiscard]] std::size_t unacknowledged() const { return held_.size(); }

 private:
  struct Held {
    std::uint64_t consumer = 0;
    Message message;
  };

  const ports::QueueOptions options_;
  std::vector<std::string> bindings_;
  std::uint64_t next_tag_ = 1;
  std::map<std::uint64_t, Message> ready_;  // by tag: the order of arrival
  std::map<std::uint64_t, Held> held_;
  std::map<std::uint64_t, std::size_t> held_by_consumer_;
};

}  // namespace xt::embedded
