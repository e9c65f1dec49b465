// Making one copy of a journal hold what another one holds. Chains are compared by (last sequence, hash, epoch): since every
// hash covers the one before it, two records that are equal in both have equal records before them. No state; the copies are
// used by the calling thread.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/ports/journal_copy.h"

namespace xt::replicated {

// Visits the records of `journal` that end at `from` or behind, up to those that end behind `last`.
absl::Status ReadUpTo(ports::CommandJournal& journal, domain::SequenceNumber from, domain::SequenceNumber last,
                      const ports::CommandJournal::Visitor& visitor);

// The last sequence up to which both hold the same; 0 when they differ from the beginning.
absl::StatusOr<domain::SequenceNumber> CommonEnd(ports::CommandJournal& a, ports::CommandJournal& b);

// Appends to `follower`, which ends at `from`, what `source` holds behind it, and waits until that is confirmed. How many
// records that were.
absl::StatusOr<std::uint64_t> Fill(ports::CommandJournal& source, ports::CommandJournal& follower,
                                   domain::SequenceNumber from);

struct EqualReport {
  domain::SequenceNumber common;  // up to here both were equal
  bool cut = false;               // the follower held something else behind it
  std::uint64_t filled = 0;       // records appended to the follower
};
// Cuts what `follower` holds differently, and fills it up.
absl::StatusOr<EqualReport> MakeEqual(ports::CommandJournal& source, ports::JournalCopy& follower);

}  // namespace xt::replicated
