// NotifierApp: the service. It listens for WebSocket clients on /ws/exchange, takes notifications from the bus and pushes
// them. Threads: the io threads of the port, one that reads the bus, one that checks logons. The ports that it uses must
// outlive it. Start, Drain and Stop are called by one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string_view>

#include "absl/status/status.h"
#include "libs/base/clock.h"
#include "libs/http/server.h"
#include "libs/ports/history.h"
#include "libs/ports/matching_replica.h"
#include "libs/ports/notification_bus.h"
#include "libs/runtime/health.h"
#include "libs/runtime/metrics.h"
#include "services/notifier/client_request.h"
#include "services/notifier/config.h"
#include "services/notifier/hub.h"
#include "services/notifier/logon_desk.h"
#include "services/notifier/notification_intake.h"

namespace xt::notifier {

class NotifierApp {
 public:
  NotifierApp(const NotifierConfig& config, ports::NotificationBus& bus, ports::MatchingQueries& matching,
              ports::History& history, const Clock& clock, runtime::MetricsRegistry& metrics,
              runtime::HealthRegistry& health);
  ~NotifierApp();  // Stop()

  absl::Status Start();
  // OK when the books of all symbols are there and clients get what happens from now on.
  absl::Status WaitUntilCurrent(std::chrono::steady_clock::time_point deadline) {
    return intake_.WaitUntilCurrent(deadline);
  }
  // Tells the clients to go elsewhere, and those that come later.
  void Drain(std::chrono::steady_clock::time_point deadline);
  // In any state, also before Start. Idempotent.
  void Stop();

  [[nodiscard]] std::uint16_t port() const { return server_->port(); }  // after Start()
  [[nodiscard]] const Hub& hub() const { return hub_; }

 private:
  class Stream;

  void Listen();
  void OnRequest(std::uint64_t session, const ClientRequest& request);
  void OnSubscribe(std::uint64_t session, std::string_view request_id, const SubscribeRequest& request,
                   std::string_view field);

  const NotifierConfig config_;
  Hub hub_;
  LogonDesk logons_;
  NotificationIntake intake_;
  std::unique_ptr<http::Server> server_;
};

}  // namespace xt::notifier
