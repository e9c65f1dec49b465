// Making one copy of a journal hold what another one holds. Chains are compared by (last sequence, hash, epoch): since every
// hash covers the one before it, two records that are equal in both have equal records before them. No state; the copies are
// used by the calling thread.
#pragma once

#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/ports/journal_copy.h"

namespace xt::replicated {

// By (last epoch, last sequence).
bool IsHigher(const ports::OpenReport& a, const ports::OpenReport& b);
// DATA_LOSS when neither is higher and they are not the same.
absl::Status CheckEnds(const ports::OpenReport& own, const ports::OpenReport& remote);
// Whether the remote copy lacks so much of the own one that nobody should wait until it is filled up.
bool IsFarBehind(const ports::OpenReport& remote, const ports::OpenReport& own);

// Visits the records of `journal` that end at `from` or behind, up to those that end behind `last`.
absl::Status ReadUpTo(ports::CommandJournal& journal, domain::SequenceNumber from, domain::SequenceNumber last,
                      const ports::CommandJournal::Visitor& visitor);

// The end of the last record that both hold; 0 when there is none.
absl::StatusOr<domain::SequenceNumber> LastCommonRecord(ports::CommandJournal& a, ports::CommandJournal& b);
// Whether a record of `journal` with this hash ends at `sequence`, or the journal begins behind such a one.
absl::StatusOr<bool> GoesThrough(ports::CommandJournal& journal, domain::SequenceNumber sequence, Hash128 hash);
// The first record that ends at `from` or behind.
absl::StatusOr<std::optional<ports::JournalRecord>> FirstFrom(ports::CommandJournal& journal,
                                                              domain::SequenceNumber from);

// Appends to `follower`, which ends at `from`, what `source` holds behind it, and waits until that is confirmed. How many
// records that were.
absl::StatusOr<std::uint64_t> Fill(ports::CommandJournal& source, ports::CommandJournal& follower,
                                   domain::SequenceNumber from);

// Trims so much of `copy`, up to `upto` at most, that appends which wait meanwhile hardly do. False: nothing was left of it.
absl::StatusOr<bool> TrimSome(ports::JournalCopy& copy, domain::SequenceNumber upto);

struct EqualReport {
  domain::SequenceNumber common;  // up to here both were equal
  bool cut = false;               // the follower held something else behind it
  bool begun = false;             // they had nothing in common: the follower begins where the source does
  std::uint64_t filled = 0;       // records appended to the follower
};
// Cuts what `follower` holds differently, and fills it up. Where the source has trimmed what joins the two, the follower
// begins where the source does.
absl::StatusOr<EqualReport> MakeEqual(ports::CommandJournal& source, ports::JournalCopy& follower);

}  // namespace xt::replicated
