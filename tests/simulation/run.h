// One run: an exchange under traffic and faults that a seed decides, then peace, then the checks.
#pragma once

#include <cstdint>
#include <string>

#include "tests/simulation/world.h"

namespace xt::sim {

struct RunOptions {
  std::uint64_t seed = 1;
  Mistake mistake = Mistake::kNone;
  bool tells = false;          // prints its story
  bool standby_files = false;  // also where the seed does not say so
  std::string folder;          // an empty one of its own
};

struct RunReport {
  std::string violation;  // empty: none
  std::uint64_t trace_hash = 0;
  std::uint64_t acknowledged = 0;
  std::uint64_t commands = 0;  // in the journal
  std::uint64_t faults = 0;
  std::uint64_t epochs = 0;
  std::uint64_t switches = 0;
  Nanos simulated = 0;
};

RunReport RunOnce(const RunOptions& options);

}  // namespace xt::sim
