// EventExpander: makes events of libs/domain from the engine's outcomes. It needs the engine as it is right after the
// command: symbols, client ids, and the balances, from which it counts back to the state after each single change.
// Not thread-safe.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "libs/domain/event.h"
#include "services/matching/core/outcome.h"

namespace xt::matching {

class Engine;

class EventExpander {
 public:
  // Appends the events of one command.
  void Expand(const Engine& engine, std::span<const std::byte> outcomes, std::vector<domain::Event>& events);

 private:
  class Pass;

  // What is still to be counted back of a balance.
  struct Running {
    domain::Amount available;
    domain::Amount locked;
  };
  void CountBack(const Engine& engine, std::span<domain::Event> events);

  absl::flat_hash_map<std::pair<domain::AccountId, domain::AssetId>, Running> running_;
};

}  // namespace xt::matching
