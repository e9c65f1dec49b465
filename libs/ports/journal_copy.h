// JournalCopy: a CommandJournal that is one of several copies of the same journal. Which copies must hold a frame before it
// counts is not its business (ports/in_sync_set.h); it only says who it is, and lets a tail be cut that never counted.
//
// Threads: as CommandJournal.
#pragma once

#include <string>

#include "libs/ports/command_journal.h"

namespace xt::ports {

// What an Open found that answered DATA_LOSS.
struct JournalDamage {
  domain::SequenceNumber first;       // damaged or missing, from this one ...
  domain::SequenceNumber last;        // ... to this one; 0: up to an end that nobody knows
  std::string place;                  // file and offset, or key and entry
  domain::SequenceNumber whole_from;  // from here to `end` everything is there; 0: the end is damaged, too
  OpenReport end;                     // where the copy says that it ends; 0 when it does not
};

// "sequence 20", "sequences 20..30", "sequences from 20 on"; empty when no sequence was lost.
inline std::string RangeOf(const JournalDamage& damage) {
  if (damage.first.value() == 0) return "";
  const std::string first = std::to_string(damage.first.value());
  if (damage.last.value() == 0) return "sequences from " + first + " on";
  if (damage.last == damage.first) return "sequence " + first;
  return "sequences " + first + ".." + std::to_string(damage.last.value());
}

class JournalCopy : public CommandJournal {
 public:
  // Names the copy by what it is, never by its address: one that was emptied, or that may have lost its end, is another.
  // After Open. Thread-safe.
  [[nodiscard]] virtual std::string Identity() const = 0;
  // Whether `member`, the identity of a copy as it was written down once, is this copy, with all that it had confirmed
  // by then. After Open. Thread-safe.
  [[nodiscard]] virtual bool Is(const std::string& member) const { return member == Identity(); }
  // Drops, durably, every record behind the one that ends at `keep` (that of the base: all of them). After Open, before the
  // first Append. NOT_FOUND, and nothing is changed, when no record ends there. After another error the handle is of no
  // use; what is left is a chain, at least as long as asked for.
  virtual absl::Status CutTail(domain::SequenceNumber keep) = 0;
  // Drops, durably, every record, and begins behind `base`: for a copy that has nothing in common any more with what
  // others have, since they trimmed it. After Open, before the first Append. After an error the handle is of no use.
  virtual absl::Status BeginAt(const JournalBase& base) = 0;

  // The rest is for repair, on a handle whose Open answered DATA_LOSS. Until Mend or OpenAnew, Read visits only what lies
  // from `whole_from` on. A copy that does not override these cannot be repaired.
  [[nodiscard]] virtual JournalDamage Damage() const { return {}; }
  // Visits the records from the one that begins at `first` to the one that ends at `last`, of a good copy as well. DATA_LOSS
  // when one of them is missing or damaged.
  virtual absl::Status Salvage(domain::SequenceNumber /*first*/, domain::SequenceNumber /*last*/,
                               const Visitor& /*visitor*/) {
    return absl::DataLossError("nothing can be read of a damaged copy");
  }
  // Opens with the damage mended: what is damaged between good records is written again with the records of `other`, which
  // the hashes before and behind prove to be the same. Damaged files are kept aside, and the copy is still who it was.
  // DATA_LOSS, and nothing is changed, when `other` has not all of it, or what was lost lies at the end.
  virtual absl::StatusOr<OpenReport> Mend(FencingToken /*token*/, JournalCopy& /*other*/) {
    return absl::DataLossError("this copy cannot be mended");
  }
  // Opens an empty copy, another one, in the place of the damaged one, which is kept aside.
  virtual absl::StatusOr<OpenReport> OpenAnew(FencingToken /*token*/) {
    return absl::DataLossError("this copy cannot be kept aside");
  }
};

}  // namespace xt::ports
