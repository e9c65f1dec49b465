// Frame: one group commit of the journal, 1..kMaxFrameCommands commands that share a timestamp. Frames are chained:
// `hash` covers everything in the encoded frame, `previous_hash` included. Command i has the sequence first_sequence + i.
// A plain value; shared frames are immutable.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "libs/base/hash.h"
#include "libs/domain/command.h"
#include "libs/domain/ids.h"

namespace xt::domain {

inline constexpr std::size_t kMaxFrameCommands = 256;

struct Frame {
  Epoch epoch;
  SequenceNumber first_sequence;
  std::int64_t timestamp_ns = 0;  // Unix time, never falls from frame to frame
  Hash128 previous_hash;          // zero before the first frame
  std::vector<Command> commands;  // never empty
  Hash128 hash;                   // set by the encoder

  [[nodiscard]] SequenceNumber last_sequence() const {
    return SequenceNumber(first_sequence.value() + commands.size() - 1);
  }
  friend bool operator==(const Frame&, const Frame&) = default;
};

}  // namespace xt::domain
