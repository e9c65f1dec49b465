// What the sequencer's core asks of its shell. The core only decides; the shell owns the journal, the replica, the outbox
// and the callers. Actions are executed in the order given, before the next input. Plain values.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "libs/base/hash.h"
#include "libs/domain/event.h"
#include "libs/domain/frame.h"

namespace xt::sequencer {

// Names one submitted command towards the shell, which gives it out and finds the caller by it. 0 is never given out.
using Ticket = std::uint64_t;
inline constexpr Ticket kNoTicket = 0;

// Write the frame to the journal, and report with Core::Appended.
struct AppendFrame {
  std::shared_ptr<const domain::Frame> frame;
  std::string bytes;  // the frame as encoded
};

// Tell every replica of the frame, uncommitted.
struct OfferFrame {
  std::shared_ptr<const domain::Frame> frame;
};

// Tell every replica that everything up to `last_sequence` is committed.
struct CommitFrame {
  domain::SequenceNumber last_sequence;
};

// What one replica says about one frame.
struct FrameAnswer {
  std::vector<domain::CommandResult> results;
  // Each result as the outbox keeps it; the core only counts them.
  std::vector<std::shared_ptr<const std::string>> batches;
  Hash128 digest;
  std::int64_t next_due_ns = 0;  // journal time at which matching has something to do by itself; 0: nothing
};

// Put the results into the outbox and report with Core::EventsAppended; they are unchanged until then.
struct AppendEvents {
  std::shared_ptr<FrameAnswer> answer;
};

// Answer the caller: the command is in the journal and was applied.
struct Reply {
  Ticket ticket = kNoTicket;
  domain::CommandResult result;
};

// Answer the caller: RESOURCE_EXHAUSTED or UNAVAILABLE, the command was certainly not accepted; UNKNOWN, it may have been.
struct Refuse {
  Ticket ticket = kNoTicket;
  absl::Status status;
};

// Final: the core accepts nothing any more.
struct Halt {
  absl::Status reason;
};

using Action = std::variant<AppendFrame, OfferFrame, CommitFrame, AppendEvents, Reply, Refuse, Halt>;

}  // namespace xt::sequencer
