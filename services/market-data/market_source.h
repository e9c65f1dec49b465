// MarketSource: where trades and depths are read: the market bus (Kafka); when that is away and there are executions
// (Redis), these, converted to the same messages, until the bus delivers as much again. The executions are read from the
// oldest that is there, which lies before what the bus delivered last unless too much has come since: NewStart then asks
// for fresh books. What comes twice falls out by its id at the one who handles it. Used by one thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/base/clock.h"
#include "libs/domain/event.h"
#include "libs/domain/symbol.h"
#include "libs/ports/execution_reader.h"
#include "libs/ports/market_bus.h"
#include "services/market-data/config.h"

namespace xt::market_data {

// What is read beside the market bus, or instead of it; outlives who takes it.
struct ExecutionFallback {
  ports::ExecutionReader* reader = nullptr;  // null: nothing
  bool always = false;                       // the bus carries nothing to read
};

class MarketSource {
 public:
  using Deliveries = std::vector<ports::MarketDelivery>;
  // The code of a symbol; must know each, or learn it.
  using CodeOf = absl::FunctionRef<domain::SymbolCode(domain::SymbolId)>;

  MarketSource(const MarketDataConfig& config, ports::MarketBus& bus, const ExecutionFallback& executions,
               const Clock& clock)
      : config_(config), bus_(bus), executions_(executions), clock_(clock), fallen_back_(executions.always) {}

  absl::Status Start();
  // As MarketConsumer::Poll; at most twice as many.
  absl::StatusOr<Deliveries> Poll(std::size_t max, std::chrono::milliseconds timeout, CodeOf code_of);
  // Commands that neither had, since the last call: their trades are missing. At most that many; those without a message
  // count as well.
  [[nodiscard]] std::uint64_t TakeMissed() { return std::exchange(missed_, 0); }
  // Everything that was polled is handled. Nothing to do without the bus.
  absl::Status Commit() { return consumer_ == nullptr ? absl::OkStatus() : consumer_->Commit(); }
  // Messages of the bus that are not committed; 0 without the bus.
  [[nodiscard]] std::uint64_t Lag() const { return consumer_ == nullptr ? 0 : consumer_->Lag(); }
  // The bus did not take a message: it is away.
  void BusFailed(const absl::Status& why);
  // The executions are read.
  [[nodiscard]] bool fallen_back() const { return fallen_back_; }
  // True once after a start in the middle of the executions: the books may lack what was before.
  [[nodiscard]] bool TakeNewStart() { return std::exchange(new_start_, false); }

 private:
  absl::StatusOr<Deliveries> PollBus(std::size_t max, std::chrono::milliseconds timeout);
  absl::StatusOr<Deliveries> PollExecutions(std::size_t max, std::chrono::milliseconds timeout, CodeOf code_of);
  absl::Status Convert(const ports::EventEntry& entry, CodeOf code_of, Deliveries& deliveries);
  void LookWhetherTheBusIsThere();
  void BeginAt(domain::SequenceNumber sequence);

  const MarketDataConfig& config_;
  ports::MarketBus& bus_;
  const ExecutionFallback executions_;
  const Clock& clock_;
  std::unique_ptr<ports::MarketConsumer> consumer_;
  bool fallen_back_;
  bool new_start_ = false;
  std::uint64_t missed_ = 0;
  std::int64_t bus_there_ns_ = 0;                              // when the bus delivered, or answered, last
  domain::SequenceNumber reached_;                             // the highest that either delivered
  domain::SequenceNumber from_bus_;                            // the highest delivered since it was away
  domain::SequenceNumber after_;                               // of the executions
  domain::SequenceNumber converted_;                           // the last of them that gave a message
  std::map<domain::SymbolId, domain::SequenceNumber> depths_;  // the last depth of each symbol in the executions
};

}  // namespace xt::market_data
