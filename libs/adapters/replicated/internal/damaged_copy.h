// What a damaged copy still has at its end, behind the damage, and whether a good copy needs it. No state; the copies are used by
// the calling thread.
#pragma once

#include "absl/status/statusor.h"
#include "libs/adapters/replicated/internal/equal_copies.h"
#include "libs/ports/journal_copy.h"

namespace xt::replicated {

struct TakenEnd {
  bool whole = false;     // the good copy lacks nothing of what the damaged one had
  ports::OpenReport end;  // of the good copy, now
  EqualReport equal;      // what was cut from it, and appended
};
// `damaged` answered DATA_LOSS when it was opened, `good` was opened and ends at `end`. When the damaged one has the higher end, the
// good one gets what lies behind the damage, if the hashes show that it joins.
absl::StatusOr<TakenEnd> TakeEnd(ports::JournalCopy& damaged, ports::JournalCopy& good, const ports::OpenReport& end);

}  // namespace xt::replicated
