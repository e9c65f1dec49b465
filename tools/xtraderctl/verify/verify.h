// `xtraderctl verify`: proves the invariants of an exchange, running or not, from its journal, and changes nothing.
//
// The order of reading makes it consistent on a running one: first what names its command (the states of the replicas,
// the database in one transaction), then the journal, which is therefore at least as far, and each is compared at its
// command.
//
// What was trimmed from the journal is read from the history that folders keep of it. When its beginning is in no
// copy nothing can be played, and what needs that is not checked; what is there is still checked as a chain, and
// between copies.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/xtraderctl/journal/places.h"
#include "tools/xtraderctl/verify/check.h"
#include "tools/xtraderctl/verify/history.h"

namespace xt::ctl {

struct VerifyReport {
  std::string journal;              // which copy
  std::string note;                 // what it says of itself
  domain::SequenceNumber base;      // behind which it begins; 0: with the first command
  domain::SequenceNumber sequence;  // up to which it was played, or checked
  std::string missing;              // why it could not be played, in a sentence; empty when it was
  std::vector<Verdict> verdicts;

  [[nodiscard]] bool violated() const;
};

// Plays the journal to its present end before the checks. An error when it cannot be read at all; a damaged one, and a
// damaged history, are a violation of I1.
absl::StatusOr<VerifyReport> Verify(JournalSource& source, const std::vector<std::unique_ptr<Check>>& checks);

// Everything that `places` names, and what clients saw, when that is given. An error when no journal can be read.
absl::StatusOr<VerifyReport> VerifyPlaces(const Places& places, const std::string& shard,
                                          std::optional<History> history);

// One line for each invariant.
std::string VerifyText(const VerifyReport& report);
std::string VerifyJson(const VerifyReport& report);

}  // namespace xt::ctl
