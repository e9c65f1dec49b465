// What of a damaged journal is good: walks over all segments like Recover (wal_recovery.h), but goes on behind damage with the
// next good record. Changes nothing; one thread; holds one record in memory.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/adapters/embedded/internal/wal_identity.h"
#include "libs/adapters/embedded/internal/wal_segment.h"
#include "libs/ports/command_journal.h"

namespace xt::embedded::wal {

// Sequences that are damaged or missing.
struct Gap {
  domain::SequenceNumber first;
  domain::SequenceNumber last;  // 0: up to an end that is not known
  std::string place;            // file and offset
};

// Segments to be made anew, and the end of the chain before them.
struct Run {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  ports::OpenReport before;
};

struct Survey {
  std::vector<Gap> gaps;
  std::vector<Run> runs;   // ascending; together they hold everything that is damaged
  std::string place;       // of the first damage
  std::string unmendable;  // why good records do not tell what was lost; empty when they do
};

absl::StatusOr<Survey> SurveyDamage(const std::string& folder, const Identity& identity);

// A segment whatever its header says; nothing when there is no file.
struct OpenedSegment {
  Segment segment;
  bool good_header = false;
  bool shortened = false;  // the file is shorter than it was made
};
absl::StatusOr<std::optional<OpenedSegment>> OpenLeniently(const std::string& folder, std::uint64_t index,
                                                           std::string_view uuid);

// Visits every record that is good by itself. `damaged` is told the offset of what is none and not zeros.
using GoodVisitor = std::function<absl::Status(std::uint64_t offset, const SegmentReader::Item& item)>;
absl::Status VisitGood(const Segment& segment, const GoodVisitor& visitor,
                       const std::function<void(std::uint64_t offset)>& damaged);

}  // namespace xt::embedded::wal
