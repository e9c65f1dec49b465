// ExecutionSource: where the intake reads what every command did. The execution stream (Redis) first; when that is out of
// reach for longer than `fallback.patience_ms`, the topic `trading.events` of the market bus (Kafka), which carries the same
// bytes, from behind what is committed. When the stream answers again, both are read until the stream has delivered as
// much as the topic; then the stream alone. The intake drops by sequence what comes twice, and acknowledges it, so that
// the group keeps nothing pending. Without a stream the topic is read always, without a bus the stream.
// What the stream lost, so that nobody can publish it again, the topic may still have: ReadMissing.
//
// One thread. LastSequence may be called by any.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/base/clock.h"
#include "libs/domain/ids.h"
#include "libs/ports/execution_stream.h"
#include "libs/ports/market_bus.h"
#include "services/persistence/config.h"

namespace xt::persistence {

// At least one of the two; they outlive who takes them.
struct ExecutionPorts {
  ports::ExecutionStream* stream = nullptr;
  ports::MarketBus* events = nullptr;
};

// The last command that was published.
absl::StatusOr<domain::SequenceNumber> LastSequence(const ExecutionPorts& ports);

class ExecutionSource {
 public:
  using Deliveries = std::vector<ports::ExecutionDelivery>;

  ExecutionSource(const PersistenceConfig& config, const ExecutionPorts& ports, const Clock& clock)
      : config_(config), ports_(ports), clock_(clock) {}

  // Joins the group. That the stream is out of reach is an error only where there is nothing to fall back on.
  absl::Status Open();
  // As ExecutionConsumer::Read. `committed`: what is stored, so that nothing before it is looked for. An error other than
  // DATA_LOSS and CANCELLED: nothing can be read now.
  absl::StatusOr<Deliveries> Read(std::size_t max, std::chrono::milliseconds timeout, domain::SequenceNumber committed);
  // What follows `behind`, and lies before `before`: up to `max` entries from the topic, waiting up to `timeout` for the
  // first. Asked again, it goes on; until NothingIsMissing. Empty without a topic, and where the next one is not in it.
  absl::StatusOr<Deliveries> ReadMissing(std::size_t max, std::chrono::milliseconds timeout,
                                         domain::SequenceNumber behind, domain::SequenceNumber before);
  void NothingIsMissing() { missing_ = {}; }
  // Nothing is acknowledged while the stream is away: it delivers that again.
  absl::Status Acknowledge(const std::vector<domain::SequenceNumber>& sequences);
  absl::StatusOr<Deliveries> Claim(std::chrono::milliseconds min_idle, std::size_t max);
  [[nodiscard]] std::uint64_t Lag() const;
  // Leaves the group.
  void Close();

  // The topic is read, though there is a stream.
  [[nodiscard]] bool fallen_back() const { return fallen_back_; }
  [[nodiscard]] bool has_topic() const { return ports_.events != nullptr; }

 private:
  [[nodiscard]] bool StreamAnswers() const { return consumer_ != nullptr && !away_since_ns_; }
  absl::StatusOr<Deliveries> ReadStream(std::size_t max, std::chrono::milliseconds timeout);
  absl::StatusOr<Deliveries> ReadEvents(std::size_t max, std::chrono::milliseconds timeout,
                                        domain::SequenceNumber committed);
  absl::StatusOr<Deliveries> ReadBoth(std::size_t max, std::chrono::milliseconds timeout,
                                      domain::SequenceNumber committed);
  [[nodiscard]] absl::StatusOr<std::unique_ptr<ports::MarketConsumer>> SubscribeBehind(
      domain::SequenceNumber sequence) const;
  absl::StatusOr<Deliveries> PollMissing(std::size_t max, std::chrono::milliseconds timeout,
                                         domain::SequenceNumber next, domain::SequenceNumber before);
  [[nodiscard]] bool OutOfPatience() const;
  void FallBack(const absl::Status& why);
  void ReturnToStream();

  const PersistenceConfig& config_;
  const ExecutionPorts ports_;
  const Clock& clock_;

  std::unique_ptr<ports::ExecutionConsumer> consumer_;
  std::unique_ptr<ports::MarketConsumer> events_;
  bool fallen_back_ = false;
  std::optional<std::int64_t> away_since_ns_;  // the first of the stream's failures in a row
  std::int64_t tried_ns_ = 0;                  // when the stream failed last
  domain::SequenceNumber from_stream_;         // the highest that it delivered
  domain::SequenceNumber from_events_;         // the highest since it was fallen back on; 0: none

  // The search for what is missing.
  struct Missing {
    std::unique_ptr<ports::MarketConsumer> consumer;
    domain::SequenceNumber next;  // what the consumer looks for
    bool passed_over = false;     // it has seen what may be looked for later
    absl::Status status;          // why it failed
    std::int64_t failed_ns = 0;
  };
  Missing missing_;
};

}  // namespace xt::persistence
