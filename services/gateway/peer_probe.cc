#include "services/gateway/peer_probe.h"

#include <chrono>
#include <utility>

#include "libs/runtime/health.h"

namespace xt::gateway {

PeerProbe::PeerProbe(std::function<absl::Status()> ask, runtime::HealthCheck& health, std::string address)
    : ask_(std::move(ask)), health_(health), address_(std::move(address)), thread_([this] { Run(); }) {}

PeerProbe::~PeerProbe() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void PeerProbe::Run() {
  constexpr std::chrono::seconds kInterval{1};
  bool was_there = false;
  while (true) {
    const absl::Status status = ask_();
    if (absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status)) {
      health_.Set(was_there ? runtime::HealthStatus::kDegraded : runtime::HealthStatus::kDown,
                  "no answer from " + address_);
    } else {
      was_there = true;
      health_.SetOk();
    }
    std::unique_lock lock(mutex_);
    if (changed_.wait_for(lock, kInterval, [&] { return stopping_; })) return;
  }
}

}  // namespace xt::gateway
