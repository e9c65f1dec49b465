// NotificationIntake: one thread that takes notifications from the bus and tells the hub. It asks matching for the symbols
// and books first, again for a symbol that it does not know, and for a book whose changes have a gap: the queue on the bus
// is bounded, so that depth messages may be missing after a stall. While matching is needed and absent, it waits and the
// process is not ready. What cannot be read, or names what matching does not know, is counted and dropped.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string_view>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/base/clock.h"
#include "libs/ports/matching_replica.h"
#include "libs/ports/notification_bus.h"
#include "libs/runtime/health.h"
#include "libs/runtime/metrics.h"
#include "services/notifier/config.h"
#include "services/notifier/hub.h"

namespace xt::notifier {

class NotificationIntake {
 public:
  // All must outlive it. Adds the hard health checks `notifier.matching` and `notifier.notification_bus`.
  NotificationIntake(const NotifierConfig& config, ports::NotificationBus& bus, ports::MatchingQueries& matching,
                     Hub& hub, const Clock& clock, runtime::MetricsRegistry& metrics, runtime::HealthRegistry& health);
  ~NotificationIntake();  // Stop()

  absl::Status Start();
  // OK when the books of all symbols are there and the hub is told what happens from now on.
  absl::Status WaitUntilCurrent(std::chrono::steady_clock::time_point deadline);
  // What was taken and not handled goes back to the bus. Idempotent.
  void Stop();

 private:
  enum class Outcome { kFresh, kDuplicate, kRefused, kStopped };

  void Run();
  [[nodiscard]] bool Stopping();
  // What is not known keeps its last value: bus_health_ says that the broker is away.
  void ShowWaiting();
  // False when stopped meanwhile, as in all that ask matching.
  bool HandleAll(const std::vector<ports::NotificationDelivery>& deliveries);
  Outcome Handle(const ports::Notification& notification);
  Outcome HandleTrade(const std::string& payload);
  Outcome HandleDepth(const std::string& payload);
  Outcome HandleTicker(const std::string& payload);
  Outcome HandleUserEvents(const std::string& payload);
  // What the hub was told, and whether it gave it to the clients.
  Outcome Delivered(bool fresh, runtime::Histogram& seconds, std::int64_t timestamp_ns);

  // Tries until it works; a failure means that matching is not there, or not far enough.
  bool UntilMatchingAnswers(const std::function<absl::Status()>& attempt);
  // The sequence that the reference data stands at.
  absl::StatusOr<domain::SequenceNumber> LearnOnce();
  // kFresh when `known` holds; kRefused when matching stands at `sequence` and it still does not.
  Outcome Learn(const std::function<bool()>& known, domain::SequenceNumber sequence);
  // Takes the book from matching, as of just before `sequence` or later.
  bool Relearn(domain::SymbolId symbol, domain::SequenceNumber sequence);

  const NotifierConfig config_;
  ports::NotificationBus& bus_;
  ports::MatchingQueries& matching_;
  Hub& hub_;
  const Clock& clock_;
  runtime::HealthCheck& matching_health_;
  runtime::HealthCheck& bus_health_;
  runtime::Heartbeat& heartbeat_;
  runtime::Counter& handled_total_;
  runtime::Counter& duplicates_total_;
  runtime::Counter& refused_total_;
  runtime::Counter& gaps_total_;
  runtime::Gauge& lag_;
  runtime::Gauge& dead_letters_;
  runtime::Histogram& trade_seconds_;
  runtime::Histogram& orderbook_seconds_;
  runtime::Histogram& ticker_seconds_;
  runtime::Histogram& private_seconds_;

  std::unique_ptr<ports::NotificationConsumer> consumer_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  bool current_ = false;
  std::thread thread_;
};

}  // namespace xt::notifier
