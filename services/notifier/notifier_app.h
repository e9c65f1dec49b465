// NotifierApp: the service. It listens for WebSocket clients on /ws/exchange, takes notifications from the bus and pushes them.
// Threads: the io threads of the port, one that reads the bus, one that checks logons. The ports that it uses must outlive it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "libs/base/bounded_queue.h"
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

namespace xt::notifier {

class NotifierApp {
 public:
  NotifierApp(const NotifierConfig& config, ports::NotificationBus& bus, ports::MatchingQueries& matching,
              ports::History& history, const Clock& clock, runtime::MetricsRegistry& metrics,
              runtime::HealthRegistry& health);
  ~NotifierApp();  // Stop()

  absl::Status Start();
  // OK when the books of all symbols are there and clients get what happens from now on.
  absl::Status WaitUntilCurrent(std::chrono::steady_clock::time_point deadline);
  void Drain(std::chrono::steady_clock::time_point deadline);
  void Stop();

  [[nodiscard]] std::uint16_t port() const { return server_->port(); }  // after Start()
  [[nodiscard]] const Hub& hub() const { return hub_; }

 private:
  class Stream;
  struct LogonTask {
    std::uint64_t session = 0;
    std::string id;
    LogonRequest request;
  };

  void Listen();
  void OnRequest(std::uint64_t session, const ClientRequest& request);
  void OnSubscribe(std::uint64_t session, const ClientRequest& request, const SubscribeRequest& subscribe);
  void CheckLogons();
  void CheckLogon(const LogonTask& task);
  [[nodiscard]] domain::Reject Verify(const LogonRequest& request, ports::ApiKeyRow& key);
  void ReadBus();
  // False when stopped meanwhile.
  bool Handle(const ports::Notification& notification);
  absl::Status LearnOnce();
  bool Learn(const std::function<bool()>& enough);

  const NotifierConfig config_;
  ports::NotificationBus& bus_;
  ports::MatchingQueries& matching_;
  ports::History& history_;
  const Clock& clock_;
  runtime::HealthCheck& matching_health_;
  runtime::HealthCheck& bus_health_;
  runtime::Heartbeat& heartbeat_;
  runtime::Counter& handled_total_;
  runtime::Counter& duplicates_total_;
  runtime::Counter& refused_total_;
  runtime::Counter& logon_failures_total_;
  Hub hub_;
  BoundedQueue<LogonTask> logons_;
  std::unique_ptr<http::Server> server_;
  std::unique_ptr<ports::NotificationConsumer> consumer_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  bool current_ = false;
  std::thread bus_thread_;
  std::thread logon_thread_;
};

}  // namespace xt::notifier
