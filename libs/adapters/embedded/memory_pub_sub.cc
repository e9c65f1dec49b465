#include "libs/adapters/embedded/memory_pub_sub.h"

#include <utility>

namespace xt::embedded {

class MemoryPubSub::Subscription final : public ports::PubSubSubscription {
 public:
  Subscription(MemoryPubSub& owner, Handlers::iterator handler) : owner_(owner), handler_(handler) {}
  ~Subscription() override {
    std::lock_guard lock(owner_.mutex_);
    owner_.handlers_.erase(handler_);
  }

 private:
  MemoryPubSub& owner_;
  const Handlers::iterator handler_;
};

absl::Status MemoryPubSub::Publish(std::string_view channel, std::string_view message) {
  std::lock_guard lock(mutex_);
  const auto [begin, end] = handlers_.equal_range(channel);
  for (auto handler = begin; handler != end; ++handler) handler->second.message(message);
  return absl::OkStatus();
}

std::unique_ptr<ports::PubSubSubscription> MemoryPubSub::Subscribe(std::string_view channel, Handler handler) {
  std::lock_guard lock(mutex_);
  const auto added = handlers_.emplace(std::string(channel), std::move(handler));
  added->second.live();
  return std::make_unique<Subscription>(*this, added);
}

}  // namespace xt::embedded
