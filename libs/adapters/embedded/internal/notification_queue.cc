#include "libs/adapters/embedded/internal/notification_queue.h"

#include <algorithm>
#include <utility>

#include "libs/adapters/embedded/memory_notification_bus.h"

namespace xt::embedded {

void NotificationQueue::AddBindings(const std::vector<std::string>& bindings) {
  for (const std::string& binding : bindings) {
    if (std::find(bindings_.begin(), bindings_.end(), binding) == bindings_.end()) bindings_.push_back(binding);
  }
}

bool NotificationQueue::Matches(std::string_view routing_key) const {
  return std::any_of(bindings_.begin(), bindings_.end(),
                     [&](const std::string& binding) { return BindingMatches(binding, routing_key); });
}

bool NotificationQueue::Push(const ports::Notification& notification) {
  if (ready_.size() >= options_.max_length) return false;
  ready_.emplace_hint(ready_.end(), next_tag_++, Message{notification, 0});
  return true;
}

bool NotificationQueue::HasFor(std::uint64_t consumer) const {
  if (ready_.empty()) return false;
  const auto held = held_by_consumer_.find(consumer);
  return held == held_by_consumer_.end() || held->second < options_.prefetch;
}

std::vector<ports::NotificationDelivery> NotificationQueue::Take(std::uint64_t consumer, std::size_t max) {
  std::vector<ports::NotificationDelivery> deliveries;
  std::size_t& held = held_by_consumer_[consumer];
  while (!ready_.empty() && deliveries.size() < max && held < options_.prefetch) {
    auto node = ready_.extract(ready_.begin());
    Message& message = node.mapped();
    deliveries.push_back({message.notification, node.key(), ++message.deliveries});
    held_.emplace(node.key(), Held{consumer, std::move(message)});
    ++held;
  }
  return deliveries;
}

std::optional<NotificationQueue::Message> NotificationQueue::Release(std::uint64_t consumer, std::uint64_t tag) {
  const auto found = held_.find(tag);
  if (found == held_.end() || found->second.consumer != consumer) return std::nullopt;
  Message message = std::move(found->second.message);
  held_.erase(found);
  if (--held_by_consumer_[consumer] == 0) held_by_consumer_.erase(consumer);
  return message;
}

bool NotificationQueue::Return(std::uint64_t tag, const Message& message) {
  if (message.deliveries >= options_.max_deliveries) return false;
  ready_.emplace(tag, message);
  return true;
}

std::vector<std::uint64_t> NotificationQueue::HeldBy(std::uint64_t consumer) const {
  std::vector<std::uint64_t> tags;
  for (const auto& [tag, held] : held_) {
    if (held.consumer == consumer) tags.push_back(tag);
  }
  return tags;
}

}  // namespace xt::embedded
