// LogonDesk: checks the logons of clients, one after the other on its own thread, since a key comes from persistence and may
// take its time. The queue is bounded: what does not fit is refused at once. A client may sign in again, to another account
// too; one that is gone meanwhile is forgotten. Persistence is asked for its presence now and then, for the readiness page.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>

#include "libs/base/bounded_queue.h"
#include "libs/base/clock.h"
#include "libs/ports/history.h"
#include "libs/runtime/health.h"
#include "libs/runtime/metrics.h"
#include "services/notifier/client_request.h"
#include "services/notifier/config.h"
#include "services/notifier/hub.h"

namespace xt::notifier {

class LogonDesk {
 public:
  // All must outlive it. Adds the soft health check `notifier.history`.
  LogonDesk(const NotifierConfig& config, ports::History& history, const Clock& clock, Hub& hub,
            runtime::MetricsRegistry& metrics, runtime::HealthRegistry& health);
  ~LogonDesk();  // Stop()

  void Start();
  // What waits is forgotten. Idempotent.
  void Stop();

  // From any thread. The client gets the result, or the error, when it is known.
  void Submit(std::uint64_t session, const std::string& request_id, const LogonRequest& request);

 private:
  struct Task {
    std::uint64_t session = 0;
    std::string request_id;
    LogonRequest request;
  };

  void Run();
  void Check(const Task& task);
  [[nodiscard]] domain::Reject Verify(const LogonRequest& request, domain::AccountId& account);
  void Report(const absl::Status& status);

  const NotifierConfig config_;
  ports::History& history_;
  const Clock& clock_;
  Hub& hub_;
  runtime::HealthCheck& health_;
  runtime::Counter& failures_total_;
  BoundedQueue<Task> tasks_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace xt::notifier
