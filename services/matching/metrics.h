// MatchingMetrics: the matching_* metrics. Handles are resolved at start, those of a symbol when it is defined. All
// methods but Connected are called by the engine's thread only.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "libs/domain/command.h"
#include "libs/domain/event.h"
#include "libs/runtime/metrics.h"
#include "services/matching/core/engine.h"

namespace xt::matching {

// Of a frame's commands the first, the ninth and so on are timed: the clock costs more than all the rest that is counted.
inline constexpr std::size_t kTimedOneIn = 8;

class MatchingMetrics {
 public:
  MatchingMetrics(runtime::MetricsRegistry& registry, const std::string& shard);

  // One command was applied.
  void Observe(const domain::Command& command, std::span<const domain::Event> events);
  // In so much time.
  void ObserveLatency(std::int64_t elapsed_ns) { latency_.ObserveSingleWriter(elapsed_ns); }
  // A frame that waited `wait_ns` since its commit was applied; shows the state of the books that it changed.
  void ObserveFrame(const Engine& engine, std::int64_t wait_ns, std::uint64_t committed);
  // The engine is empty again. What was counted stays counted.
  void StateDropped();
  // By which connection it is fed.
  void Connected(bool as_standby) { standby_.Set(as_standby ? 1 : 0); }
  // The engine comes from a snapshot.
  void Restored(const Engine& engine);

 private:
  static constexpr std::size_t kOperations = std::variant_size_v<domain::CommandBody>;
  enum Outcome : std::size_t { kAccepted, kRejected, kRepeated, kOutcomes };
  struct SymbolMetrics {
    std::int64_t lot_size = 0;
    runtime::Counter* trades = nullptr;
    runtime::Counter* quantity = nullptr;
    runtime::Gauge* orders[2] = {};
    runtime::Gauge* levels[2] = {};
    runtime::Gauge* crossed = nullptr;
    bool changed = false;
  };

  void Take(const domain::Trade& trade);
  void Show(const domain::Symbol& symbol);
  void ShowState(const Engine& engine);
  void ShowBook(const Engine& engine, domain::SymbolId id, SymbolMetrics& metrics);

  runtime::MetricsRegistry& registry_;
  std::array<std::array<runtime::Counter*, kOutcomes>, kOperations> commands_{};
  runtime::Histogram& latency_;
  runtime::Histogram& queue_wait_;
  runtime::Gauge& applied_;
  runtime::Gauge& replay_ratio_;
  runtime::Gauge& resting_orders_;
  runtime::Gauge& client_ids_;
  runtime::Counter& state_drops_;
  runtime::Gauge& standby_;
  std::vector<SymbolMetrics> symbols_;  // by id
};

}  // namespace xt::matching
