#include "libs/adapters/redis/redis_pub_sub.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "libs/adapters/redis/internal/connection_pool.h"
#include "libs/base/status.h"

namespace xt::redis {
namespace {

// A channel may be silent for long; TCP keepalive finds a peer that is gone.
constexpr std::chrono::hours kSilence{24};

}  // namespace

class RedisPubSub::Subscription final : public ports::PubSubSubscription {
 public:
  Subscription(RedisConfig config, std::chrono::milliseconds pause, std::string channel, Handler handler)
      : channel_(std::move(channel)),
        handler_(std::move(handler)),
        pause_(pause),
        connection_(std::move(config)),
        thread_([this] { Run(); }) {}
  ~Subscription() override {
    {
      std::lock_guard lock(mutex_);
      stop_ = true;
    }
    stopped_.notify_all();
    connection_.Interrupt();
    thread_.join();
  }

 private:
  void Run() {
    while (!absl::IsCancelled(Listen())) {
      std::unique_lock lock(mutex_);
      if (stopped_.wait_for(lock, pause_, [this] { return stop_; })) return;
    }
  }
  // Until the connection is lost.
  absl::Status Listen() {
    XT_RETURN_IF_ERROR(connection_.Run({"SUBSCRIBE", channel_}).status());
    handler_.live();
    while (true) {
      XT_ASSIGN_OR_RETURN(const Reply reply, connection_.Receive(kSilence));
      const auto parts = Elements(*reply);
      if (parts.size() == 3 && Text(*parts[0]) == "message") handler_.message(Text(*parts[2]));
    }
  }

  const std::string channel_;
  const Handler handler_;
  const std::chrono::milliseconds pause_;
  RedisConnection connection_;
  std::mutex mutex_;
  std::condition_variable stopped_;
  bool stop_ = false;
  std::thread thread_;  // the last member: it uses the others
};

RedisPubSub::RedisPubSub(RedisConfig config, const RedisEdgeOptions& options)
    : config_(std::move(config)), options_(options), pool_(std::make_unique<ConnectionPool>(config_, options_)) {}
RedisPubSub::~RedisPubSub() = default;

absl::Status RedisPubSub::Publish(std::string_view channel, std::string_view message) {
  return pool_->Run({"PUBLISH", options_.key_prefix + std::string(channel), message}).status();
}

std::unique_ptr<ports::PubSubSubscription> RedisPubSub::Subscribe(std::string_view channel, Handler handler) {
  return std::make_unique<Subscription>(config_,
                                        std::chrono::milliseconds(std::max<std::int64_t>(1, options_.retry_pause_ms)),
                                        options_.key_prefix + std::string(channel), std::move(handler));
}

}  // namespace xt::redis
