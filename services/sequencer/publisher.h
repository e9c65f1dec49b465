// Publisher: one thread that carries the outbox to one bus, from its own cursor. A bus that is down is a cursor that lags:
// it is tried again with growing pauses, and neither the sequencer nor the other publishers notice. What the bus has
// confirmed moves the cursor; after a restart it goes on behind the cursor, or behind what the bus itself says it has.
// Created, started and stopped by one thread; WaitFor from any. The sequence that a publisher reached only grows.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "libs/base/clock.h"
#include "libs/ports/event_log.h"
#include "libs/runtime/health.h"
#include "libs/runtime/metrics.h"
#include "services/sequencer/bus_sinks.h"

namespace xt::sequencer {

struct PublisherOptions {
  std::size_t batch = 256;
  // From the start of a batch to the next, unless the first was full: what comes meanwhile goes together. The first after
  // a pause does not wait.
  std::chrono::milliseconds gather{0};
  std::chrono::milliseconds backoff_min{50};
  std::chrono::milliseconds backoff_max{2000};
};

class Publisher {
 public:
  // `log`, `metrics`, `health` and `clock` must outlive it. Adds the soft health check `bus.<name>`.
  Publisher(ports::EventLog& log, std::unique_ptr<BusSink> sink, const PublisherOptions& options,
            runtime::MetricsRegistry& metrics, runtime::HealthRegistry& health, const Clock& clock);
  ~Publisher();
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;

  absl::Status Start();
  // Waits until everything up to `sequence` is confirmed; false when the deadline came first.
  bool WaitFor(domain::SequenceNumber sequence, std::chrono::steady_clock::time_point deadline);
  // The last sequence that the bus has confirmed. From any thread, like the next.
  [[nodiscard]] domain::SequenceNumber confirmed() const;
  // Set while the bus says that it ends at this sequence, and the outbox begins later; not while that was given up.
  [[nodiscard]] std::optional<domain::SequenceNumber> lost_after() const;
  // Nobody has the events before `first` any more: a bus that says that it lacks some of them goes on there, and they are
  // counted.
  void GiveUpBefore(domain::SequenceNumber first);
  // Asks the thread to end after the batch under way.
  void RequestStop();
  // Returns when it has ended. Idempotent.
  void Stop();

 private:
  struct Series;

  void Run();
  absl::Status Resume();
  absl::Status Backfill(domain::SequenceNumber from);
  absl::Status SkipWhatIsLost(domain::SequenceNumber& last);
  void CountLost(domain::SequenceNumber after, domain::SequenceNumber last);
  void SetLostAfter(std::optional<domain::SequenceNumber> sequence);
  absl::Status PublishNext();
  bool Gather();
  absl::Status Publish(const std::vector<ports::EventEntry>& entries);
  absl::Status Advance(domain::SequenceNumber sequence);
  void Succeeded();
  void Failed(const absl::Status& status);
  bool WaitBeforeRetry();
  [[nodiscard]] bool stopping() const;

  ports::EventLog& log_;
  const std::unique_ptr<BusSink> sink_;
  const PublisherOptions options_;
  const Clock& clock_;
  const std::unique_ptr<Series> series_;
  runtime::HealthCheck& check_;
  std::unique_ptr<ports::EventCursor> cursor_;
  std::chrono::milliseconds backoff_;
  std::int64_t next_ns_ = 0;  // when the next batch may begin
  bool healthy_ = false;
  bool failing_ = false;  // was told in the log
  struct Lost {
    domain::SequenceNumber after, last;
  };
  std::optional<Lost> lost_;  // was counted

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  domain::SequenceNumber reached_;
  std::optional<domain::SequenceNumber> lost_after_;
  domain::SequenceNumber given_up_before_;  // 0: nothing was
  runtime::MetricCallback depth_, confirmed_;
  std::thread thread_;
};

}  // namespace xt::sequencer
