// The journal's file of a sequencer that stands by (services/sequencer/standby_file.h), as the client over gRPC has it:
// one stream is one handle of that file, and fails for good when the stream breaks or an answer does not come. What was
// sent may have been written or not, and what comes late is the business of its own handle, whoever has the file then.
// Threads: as the port says. `done` is called by a thread of the caller's process.
#pragma once

#include <memory>

#include "libs/ports/journal_copy.h"
#include "tests/simulation/sequencer_host.h"
#include "tests/simulation/world.h"

namespace xt::sim {

// A new handle, which connects when it is opened.
std::unique_ptr<ports::JournalCopy> LinkToFile(World& world, const SequencerHost& standby);

}  // namespace xt::sim
