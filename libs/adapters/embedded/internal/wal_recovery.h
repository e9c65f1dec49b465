// What Open does with the files of a journal: verifies every record and the chain, decides between a torn tail (cut)
// and damage (refused, nothing changed), and names the segment to go on with. One thread; holds one record in memory.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/adapters/embedded/internal/wal_identity.h"
#include "libs/adapters/embedded/internal/wal_segment.h"
#include "libs/ports/command_journal.h"

namespace xt::embedded::wal {

// Where a record begins.
struct Mark {
  domain::SequenceNumber first_sequence;
  std::uint64_t offset = 0;
};

// Where a segment starts; first_sequence is 0 while it has no record.
struct SegmentInfo {
  std::uint64_t index = 0;
  std::uint64_t bytes = 0;
  domain::SequenceNumber first_sequence;
  std::vector<Mark> marks;  // ascending, about one for each MiB behind its first record, so that nobody reads all of it

  // The record that begins at `offset` is a good one, behind all before it.
  void Note(domain::SequenceNumber first, std::uint64_t offset);
  // The last place from which on the record with `sequence` is found.
  [[nodiscard]] Mark MarkBefore(domain::SequenceNumber sequence) const;
};

struct Recovered {
  ports::OpenReport report;
  std::vector<SegmentInfo> segments;  // up to the active one
  Segment active;
  std::uint64_t active_end = 0;     // where the next record goes
  std::optional<Segment> prepared;  // the empty segment behind the active one
};

// Verifies the segments from the first of the journal on, all there are, and then clears the tail. DATA_LOSS names file and
// offset.
absl::StatusOr<Recovered> Recover(const std::string& folder, const Identity& identity, FileIo& io);

// The indexes of the segment files in the folder from `first` on, ascending; leftovers of an interrupted creation are not
// among them.
absl::StatusOr<std::vector<std::uint64_t>> ListSegments(const std::string& folder, std::uint64_t first);

}  // namespace xt::embedded::wal
