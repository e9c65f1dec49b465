// PubSub: notices to whoever listens at the moment, such as "this cached value is out of date". Redis in a cluster, in
// process in the standalone. At most once, without history: who needs every message uses a stream.
//
// Threads: any. A subscription's handler is called on one thread at a time, must not block and must not call the PubSub.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "absl/status/status.h"

namespace xt::ports {

// After its destructor has returned the handler is not called again. It must not outlive the PubSub.
class PubSubSubscription {
 public:
  virtual ~PubSubSubscription() = default;
};

class PubSub {
 public:
  struct Handler {
    // From now on messages are heard; those before are not, at the beginning and whenever the connection was lost.
    std::function<void()> live;
    std::function<void(std::string_view message)> message;
  };

  virtual ~PubSub() = default;
  // UNAVAILABLE: not known whether anybody heard it.
  virtual absl::Status Publish(std::string_view channel, std::string_view message) = 0;
  virtual std::unique_ptr<PubSubSubscription> Subscribe(std::string_view channel, Handler handler) = 0;
};

}  // namespace xt::ports
