// SymbolCodes: the code of every symbol id, for keys and routing keys. It learns from matching's reference data once and
// from each SymbolDefined event after; a code never changes. Thread-safe.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <vector>

#include "libs/domain/event.h"
#include "libs/domain/symbol.h"
#include "libs/ports/matching_replica.h"

namespace xt::sequencer {

class SymbolCodes {
 public:
  // From now on every symbol that an event in the outbox names is known.
  void LearnAll(const ports::ReferenceData& data) {
    const std::lock_guard lock(mutex_);
    for (const domain::Symbol& symbol : data.symbols) Set(symbol);
    ready_ = true;
    became_ready_.notify_all();
  }

  void Learn(const domain::CommandResult& result) {
    for (const domain::Event& event : result.events) {
      if (const auto* defined = std::get_if<domain::SymbolDefined>(&event)) {
        const std::lock_guard lock(mutex_);
        Set(defined->symbol);
      }
    }
  }

  [[nodiscard]] std::optional<domain::SymbolCode> Find(domain::SymbolId id) const {
    const std::lock_guard lock(mutex_);
    if (id.value() >= codes_.size() || codes_[id.value()].empty()) return std::nullopt;
    return codes_[id.value()];
  }

  // Waits up to `timeout` for the reference data.
  [[nodiscard]] bool WaitReady(std::chrono::milliseconds timeout) const {
    std::unique_lock lock(mutex_);
    return became_ready_.wait_for(lock, timeout, [this] { return ready_; });
  }

 private:
  void Set(const domain::Symbol& symbol) {
    if (codes_.size() <= symbol.id.value()) codes_.resize(std::size_t{symbol.id.value()} + 1);
    codes_[symbol.id.value()] = symbol.code;
  }

  mutable std::mutex mutex_;
  mutable std::condition_variable became_ready_;
  std::vector<domain::SymbolCode> codes_;
  bool ready_ = false;
};

}  // namespace xt::sequencer
