// PeerProbe: asks a peer again and again whether it is there, and reports it as a health check. For peers that are only
// queried, where nothing would tell of their absence until a client asks. Down until the peer was there once; when it
// is lost later, degraded: orders go on without it. One thread; ends with the object.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "absl/status/status.h"

namespace xt::runtime {
class HealthCheck;
}

namespace xt::gateway {

class PeerProbe {
 public:
  // `ask` may block; UNAVAILABLE and DEADLINE_EXCEEDED mean that the peer is not there, anything else that it is.
  PeerProbe(std::function<absl::Status()> ask, runtime::HealthCheck& health, std::string address);
  ~PeerProbe();

 private:
  void Run();

  const std::function<absl::Status()> ask_;
  runtime::HealthCheck& health_;
  const std::string address_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace xt::gateway
