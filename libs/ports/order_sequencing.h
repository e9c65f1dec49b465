// OrderSequencing: how commands reach the sequencer. The sequencer implements it; the gateway calls it, directly in one
// process or through gRPC (libs/adapters/grpc).
//
// Threads: Submit from any thread, never blocks. `done` is called exactly once, on a thread of the sequencer or of the
// transport, or inside Submit when the command is refused at once; it must not block. Hold no lock over Submit.
// Outcomes of `done`: a CommandResult - the command is in the journal and was applied (which includes a business refusal:
// its only event is CommandRejected); RESOURCE_EXHAUSTED - a bounded queue was full; UNAVAILABLE - no leader or draining:
// in both the command was certainly not accepted; UNKNOWN - it may have been applied, resend the same client order id.
// A command that no gateway may send (wire::ValidateCommand fails, EpochStart) is INVALID_ARGUMENT: an error of the caller.
#pragma once

#include <functional>

#include "absl/status/statusor.h"
#include "libs/domain/command.h"
#include "libs/domain/event.h"

namespace xt::ports {

class OrderSequencing {
 public:
  using Done = std::function<void(absl::StatusOr<domain::CommandResult>)>;
  virtual ~OrderSequencing() = default;
  virtual void Submit(const domain::Command& command, Done done) = 0;
};

}  // namespace xt::ports
