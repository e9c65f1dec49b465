// The three ways out of the outbox: what a batch of entries means for one bus, and sending it. A sink is used by one
// publisher thread. Load turns entries into messages, Send hands them to the bus; after a failed Send the same entries may
// be loaded and sent again, since every message carries its event id.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/domain/ids.h"
#include "libs/ports/event_log.h"
#include "libs/ports/execution_stream.h"
#include "libs/ports/market_bus.h"
#include "libs/ports/notification_bus.h"
#include "services/sequencer/symbol_codes.h"

namespace xt::sequencer {

class BusSink {
 public:
  virtual ~BusSink() = default;
  // Names the cursor, and the `broker` label of the metrics.
  [[nodiscard]] virtual std::string_view name() const = 0;
  // Values of the `topic` label.
  [[nodiscard]] virtual const std::vector<std::string>& topics() const = 0;
  // Waits up to `timeout` for what Load needs.
  [[nodiscard]] virtual bool WaitReady(std::chrono::milliseconds timeout) {
    (void)timeout;
    return true;
  }
  // The last sequence that the bus itself knows of; nothing when only the cursor knows.
  virtual absl::StatusOr<std::optional<domain::SequenceNumber>> LastSequence() { return std::nullopt; }
  // The bus lacks what nobody has any more, and goes on with `first`. One that does not count needs not be told.
  virtual absl::Status BeginAt(domain::SequenceNumber first) {
    (void)first;
    return absl::OkStatus();
  }
  // The number of messages per topic, in the order of topics().
  virtual absl::StatusOr<std::vector<std::size_t>> Load(const std::vector<ports::EventEntry>& entries) = 0;
  // Returns when everything loaded is confirmed.
  virtual absl::Status Send() = 0;
};

// The buses and `codes` must outlive the sinks.
std::unique_ptr<BusSink> MakeExecutionSink(ports::ExecutionStream& stream);
std::unique_ptr<BusSink> MakeMarketSink(ports::MarketBus& bus, const SymbolCodes& codes);
std::unique_ptr<BusSink> MakeNotificationSink(ports::NotificationBus& bus, const SymbolCodes& codes);

}  // namespace xt::sequencer
