// JournalSource: one copy of the journal, read and nothing else: its owner goes on meanwhile. One thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/ports/command_journal.h"
#include "tools/xtraderctl/journal/places.h"

namespace xt::ctl {

class JournalSource {
 public:
  using Visitor = ports::CommandJournal::Visitor;
  virtual ~JournalSource() = default;
  // Which copy, for people.
  [[nodiscard]] virtual std::string name() const = 0;
  // Visits all records in order, from the beginning each time. Returns what people should know about the copy, mostly
  // nothing. A visitor's error stops and is returned; DATA_LOSS says which record is damaged, NOT_FOUND and UNAVAILABLE
  // that there is nothing to read.
  virtual absl::StatusOr<std::string> Read(const Visitor& visitor) = 0;
};

// INVALID_ARGUMENT when the address is none.
absl::StatusOr<std::unique_ptr<JournalSource>> RedisSource(const std::string& address, const std::string& shard);
std::unique_ptr<JournalSource> WalSource(const std::string& folder);

// Every copy that is named, the one in Redis first.
absl::StatusOr<std::vector<std::unique_ptr<JournalSource>>> SourcesOf(const Places& places, const std::string& shard);

// The copy whose chain a new leader would take: of the highest last epoch, then of the highest last sequence; the first
// one of equals. Of a damaged one counts what lies before the damage. UNAVAILABLE when none can be read.
absl::StatusOr<JournalSource*> LongestOf(const std::vector<std::unique_ptr<JournalSource>>& sources);

}  // namespace xt::ctl
