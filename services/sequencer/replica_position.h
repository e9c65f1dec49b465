// Whether a replica of matching stands where the journal can be replayed into it.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "libs/ports/command_journal.h"
#include "libs/ports/matching_replica.h"

namespace xt::sequencer {

// A replica that does not fit is made to begin anew so often at most: it keeps three snapshots.
inline constexpr int kMostBegunAnew = 4;

// Why the journal, which ends with `end`, cannot be replayed behind the position; empty when it can. An error is the
// journal's.
absl::StatusOr<std::string> MisfitOf(ports::CommandJournal& journal, domain::SequenceNumber end,
                                     const ports::ReplicaPosition& position);

}  // namespace xt::sequencer
