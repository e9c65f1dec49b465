// MemoryPubSub: notices within one process. Publish calls the handlers itself, one after the other. Thread-safe.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "libs/ports/pub_sub.h"

namespace xt::embedded {

class MemoryPubSub final : public ports::PubSub {
 public:
  absl::Status Publish(std::string_view channel, std::string_view message) override;
  std::unique_ptr<ports::PubSubSubscription> Subscribe(std::string_view channel, Handler handler) override;

 private:
  class Subscription;
  using Handlers = std::multimap<std::string, Handler, std::less<>>;

  std::mutex mutex_;
  Handlers handlers_;
};

}  // namespace xt::embedded
