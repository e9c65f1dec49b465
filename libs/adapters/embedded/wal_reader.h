// ReadWal: the records of a WalJournal's folder for those who only look: it takes no lock and changes nothing, so that
// the journal's owner may go on writing meanwhile. What the owner would cut at its next start, a torn tail, is left
// where it is and told. Whether the records follow each other is the reader's to check. No state.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "libs/ports/command_journal.h"

namespace xt::embedded {

struct WalEnd {
  std::string uuid;
  std::string torn;  // file and offset of a torn tail; empty when there is none
};

// Visits every good record in order. A visitor's error stops and is returned. NOT_FOUND when no journal lies there,
// DATA_LOSS, naming file and offset, when a damaged record is followed by a good one.
absl::StatusOr<WalEnd> ReadWal(const std::string& folder, const ports::CommandJournal::Visitor& visitor);

}  // namespace xt::embedded
