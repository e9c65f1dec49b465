#include "libs/adapters/embedded/memory_notification_bus.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/adapters/embedded/internal/notification_queue.h"
#include "libs/base/status.h"

namespace xt::embedded {

using ports::Notification;
using ports::NotificationDelivery;

namespace {

absl::Status Closed() { return absl::CancelledError("the notification bus was closed"); }

// Takes the first word off `text`.
std::string_view NextWord(std::string_view& text) {
  const std::size_t dot = text.find('.');
  const std::string_view word = text.substr(0, dot);
  text = dot == std::string_view::npos ? std::string_view() : text.substr(dot + 1);
  return word;
}

std::vector<std::string_view> Words(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) words.push_back(NextWord(text));
  return words;
}

using WordIterator = std::vector<std::string_view>::const_iterator;

bool Matches(WordIterator pattern, WordIterator pattern_end, WordIterator key, WordIterator key_end) {
  if (pattern == pattern_end) return key == key_end;
  if (*pattern == "#") {
    for (auto rest = key;; ++rest) {
      if (Matches(pattern + 1, pattern_end, rest, key_end)) return true;
      if (rest == key_end) return false;
    }
  }
  if (key == key_end || (*pattern != "*" && *pattern != *key)) return false;
  return Matches(pattern + 1, pattern_end, key + 1, key_end);
}

}  // namespace

bool BindingMatches(std::string_view binding, std::string_view routing_key) {
  const auto pattern = Words(binding);
  const auto key = Words(routing_key);
  return Matches(pattern.begin(), pattern.end(), key.begin(), key.end());
}

struct MemoryNotificationBus::State {
  explicit State(MemoryNotificationBusOptions o) : options(o) {}

  const MemoryNotificationBusOptions options;
  std::mutex mutex;
  std::condition_variable changed;  // something is ready, room was made, or the bus was closed
  std::map<std::string, std::shared_ptr<NotificationQueue>> queues;
  std::deque<Notification> dead_letters;
  NotificationBusStats stats;
  std::uint64_t next_consumer = 1;
  bool closed = false;

  void AddDeadLetter(Notification notification, std::uint64_t& cause) {
    ++cause;
    if (dead_letters.size() >= options.max_dead_letters) {
      ++stats.dead_letters_dropped;
      if (dead_letters.empty()) return;
      dead_letters.pop_front();
    }
    dead_letters.push_back(std::move(notification));
  }

  // Back into the queue, or to the dead letters when it was delivered too often.
  void Return(NotificationQueue& queue, std::uint64_t tag, NotificationQueue::Message message) {
    if (queue.Return(tag, message)) {
      ++stats.redelivered;
    } else {
      AddDeadLetter(std::move(message.notification), stats.dead_max_deliveries);
    }
  }
};

class MemoryNotificationBus::Consumer final : public ports::NotificationConsumer {
 public:
  Consumer(std::shared_ptr<State> state, std::shared_ptr<NotificationQueue> queue, std::uint64_t id,
           std::string private_name)
      : state_(std::move(state)), queue_(std::move(queue)), id_(id), private_name_(std::move(private_name)) {}

  ~Consumer() override {
    {
      std::lock_guard lock(state_->mutex);
      if (!private_name_.empty()) {
        state_->queues.erase(private_name_);
      } else {
        for (const std::uint64_t tag : queue_->HeldBy(id_)) state_->Return(*queue_, tag, *queue_->Release(id_, tag));
      }
    }
    state_->changed.notify_all();
  }

  absl::StatusOr<std::vector<NotificationDelivery>> Read(std::size_t max, std::chrono::milliseconds timeout) override {
    std::unique_lock lock(state_->mutex);
    state_->changed.wait_for(lock, timeout, [this] { return state_->closed || queue_->HasFor(id_); });
    if (state_->closed) return Closed();
    return queue_->Take(id_, max);
  }

  absl::Status Acknowledge(std::uint64_t tag) override {
    return Settle(tag, [](NotificationQueue::Message) {});
  }

  absl::Status Reject(std::uint64_t tag, bool requeue) override {
    return Settle(tag, [&](NotificationQueue::Message message) {
      if (requeue) {
        state_->Return(*queue_, tag, std::move(message));
      } else {
        state_->AddDeadLetter(std::move(message.notification), state_->stats.dead_rejected);
      }
    });
  }

  [[nodiscard]] ports::WaitingMessages Waiting() const override {
    std::lock_guard lock(state_->mutex);
    return {queue_->ready(), state_->dead_letters.size()};
  }

 private:
  template <typename Action>
  absl::Status Settle(std::uint64_t tag, const Action& action) {
    {
      std::lock_guard lock(state_->mutex);
      if (state_->closed) return Closed();
      auto message = queue_->Release(id_, tag);
      if (!message) return absl::InvalidArgumentError(absl::StrCat("tag ", tag, " is not held by this consumer"));
      action(*std::move(message));
    }
    state_->changed.notify_all();
    return absl::OkStatus();
  }

  const std::shared_ptr<State> state_;
  const std::shared_ptr<NotificationQueue> queue_;
  const std::uint64_t id_;
  const std::string private_name_;  // of a queue that vanishes with this consumer
};

MemoryNotificationBus::MemoryNotificationBus(MemoryNotificationBusOptions options)
    : state_(std::make_shared<State>(options)) {}
MemoryNotificationBus::~MemoryNotificationBus() { Close(); }

absl::Status MemoryNotificationBus::Publish(const std::vector<Notification>& notifications) {
  {
    std::lock_guard lock(state_->mutex);
    if (state_->closed) return Closed();
    for (const Notification& notification : notifications) {
      ++state_->stats.published;
      bool routed = false;
      for (const auto& [name, queue] : state_->queues) {
        if (!queue->Matches(notification.routing_key)) continue;
        routed = true;
        if (!queue->Push(notification)) state_->AddDeadLetter(notification, state_->stats.dead_overflow);
      }
      if (!routed) ++state_->stats.unroutable;
    }
  }
  state_->changed.notify_all();
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<ports::NotificationConsumer>> MemoryNotificationBus::Consume(
    const ports::QueueOptions& options) {
  if (options.max_length == 0 || options.prefetch == 0 || options.max_deliveries == 0) {
    return absl::InvalidArgumentError("max_length, prefetch and max_deliveries must be > 0");
  }
  std::lock_guard lock(state_->mutex);
  if (state_->closed) return Closed();
  const std::uint64_t id = state_->next_consumer++;
  // A name of a client never has a blank in front.
  const std::string private_name = options.name.empty() ? absl::StrCat(" private ", id) : "";
  auto& queue = state_->queues[private_name.empty() ? options.name : private_name];
  if (!queue) queue = std::make_shared<NotificationQueue>(options);
  queue->AddBindings(options.bindings);
  return std::make_unique<Consumer>(state_, queue, id, private_name);
}

absl::StatusOr<std::vector<Notification>> MemoryNotificationBus::TakeDeadLetters(std::size_t max) {
  std::lock_guard lock(state_->mutex);
  if (state_->closed) return Closed();
  const auto count = static_cast<std::ptrdiff_t>(std::min(max, state_->dead_letters.size()));
  const auto begin = state_->dead_letters.begin();
  std::vector<Notification> taken(std::make_move_iterator(begin), std::make_move_iterator(begin + count));
  state_->dead_letters.erase(begin, begin + count);
  return taken;
}

void MemoryNotificationBus::Close() {
  {
    std::lock_guard lock(state_->mutex);
    state_->closed = true;
  }
  state_->changed.notify_all();
}

NotificationBusStats MemoryNotificationBus::Stats() const {
  std::lock_guard lock(state_->mutex);
  NotificationBusStats stats = state_->stats;
  stats.dead_letters = state_->dead_letters.size();
  for (const auto& [name, queue] : state_->queues) {
    stats.ready += queue->ready();
    stats.unacknowledged += queue->unacknowledged();
  }
  return stats;
}

}  // namespace xt::embedded
