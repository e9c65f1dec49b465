// Dropping records of a journal that nobody writes to. Cutting those that never counted off the end goes from the end to
// the front, one durable step after the other: whatever interrupts it, what is left is a journal that opens.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "libs/adapters/embedded/internal/wal_identity.h"
#include "libs/adapters/embedded/internal/wal_segment.h"

namespace xt::embedded::wal {

struct Cut {
  Segment last;                           // the segment that stays the last
  std::vector<std::uint64_t> boundaries;  // of the records in it that go, and behind the last one
  std::uint64_t last_index = 0;           // of the segments that there are
};

// What has to go so that the record that ends at `keep` is the last; that of the base: nothing stays. NOT_FOUND when no
// record ends there.
absl::StatusOr<Cut> PlanCut(const std::string& folder, const Identity& identity, domain::SequenceNumber keep);
absl::Status Execute(const Cut& cut, const std::string& folder, FileIo& io);

// The index of a segment behind all records, made when there is none yet. The journal stays what it was.
absl::StatusOr<std::uint64_t> MakeEmptyEnd(const std::string& folder, const Identity& identity,
                                           std::uint64_t segment_bytes, FileIo& io);

}  // namespace xt::embedded::wal
