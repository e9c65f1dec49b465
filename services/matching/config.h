// MatchingConfig: what can be set about matching, whatever it is wired to. A plain struct; the keys with units, defaults
// and bounds are in config.cc and in the README. The capacities of the engine must be equal on all replicas.
#pragma once

#include <cstddef>
#include <cstdint>
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
  // Results kept for the next sequencer.
  std::size_t max_recent_bytes = 128ULL << 20;
  // Folder of its snapshots; empty: none are written, and a restart begins with the journal's first command.
  std::string snapshot_folder;
  // A snapshot is written when that many commands have been applied since the last, or any and so many seconds have
  // passed. 0: that alone makes none due.
  std::uint64_t snapshot_every_commands = 1'000'000;
  std::int64_t snapshot_every_seconds = 60;
  // Also by the replica that works for the leader: orders wait meanwhile.
  bool snapshot_while_leading = false;
  EngineConfig engine;

  void Describe(runtime::ConfigSchema& schema);
};

}  // namespace xt::matching
