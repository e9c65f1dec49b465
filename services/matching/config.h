// MatchingConfig: what can be set about matching, whatever it is wired to. A plain struct; the keys with units, defaults
// and bounds are in config.cc and in the README. The capacities of the engine must be equal on all replicas.
#pragma once

#include <cstddef>
#include <string>

#include "services/matching/core/engine.h"

namespace xt::runtime {
class ConfigSchema;
}

namespace xt::matching {

struct MatchingConfig {
  std::string shard = "main";
  std::size_t max_waiting_frames = 1'024;
  std::size_t max_waiting_queries = 1'024;
  EngineConfig engine;

  void Describe(runtime::ConfigSchema& schema);
};

}  // namespace xt::matching
