// SequencerConfig: what can be set about the sequencer, whatever it is wired to. A plain struct; the keys, their units,
// defaults and bounds are in config.cc and in the README.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "libs/domain/frame.h"

namespace xt::runtime {
class ConfigSchema;
}

namespace xt::sequencer {

struct SequencerConfig {
  std::string shard = "0";
  std::size_t max_unanswered = 16'384;
  std::size_t max_frame_commands = domain::kMaxFrameCommands;
  std::size_t max_frames_in_flight = 2;
  std::size_t max_open_frames = 8;
  std::size_t replay_window_frames = 8;
  std::int64_t replica_retry_ms = 200;
  // At least so many commands stay in the journal; 0: all of them.
  std::uint64_t journal_keep_commands = 200'000;
  std::int64_t journal_trim_every_ms = 10'000;
  std::size_t publisher_batch = 256;
  std::int64_t publisher_gather_ms = 5;
  std::int64_t publisher_backoff_min_ms = 50;
  std::int64_t publisher_backoff_max_ms = 2'000;

  void Describe(runtime::ConfigSchema& schema);
};

}  // namespace xt::sequencer
