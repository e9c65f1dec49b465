// JournalCopy: a CommandJournal that is one of several copies of the same journal. Which copies must hold a frame before it
// counts is not its business (ports/in_sync_set.h); it only says who it is, and lets a tail be cut that never counted.
//
// Threads: as CommandJournal, but Read may be called from any thread, also while appends are under way.
#pragma once

#include <string>

#include "libs/ports/command_journal.h"

namespace xt::ports {

class JournalCopy : public CommandJournal {
 public:
  // Names the copy by what it is, never by its address: one that was emptied, or that may have lost its end, is another.
  // After Open. Thread-safe.
  [[nodiscard]] virtual std::string Identity() const = 0;
  // Drops, durably, every record behind the one that ends at `keep` (0: all of them). After Open, before the first Append.
  // NOT_FOUND, and nothing is changed, when no record ends there. After another error the handle is of no use; what is left
  // is a chain, at least as long as asked for.
  virtual absl::Status CutTail(domain::SequenceNumber keep) = 0;
};

}  // namespace xt::ports
