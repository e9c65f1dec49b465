// One segment file of the journal: making it (complete and durable before it has its name), reading records out of it
// through a window, and telling a torn tail from damage. No locks: a Segment belongs to one thread at a time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/adapters/embedded/file_io.h"
#include "libs/adapters/embedded/internal/files.h"
#include "libs/adapters/embedded/internal/wal_format.h"

namespace xt::embedded::wal {

struct Segment {
  std::uint64_t index = 0;
  std::string path;
  Fd fd;
  std::uint64_t capacity = 0;  // bytes of the whole file, header included
};

// Creates the segment under a temporary name, fills it with zeros, syncs it, renames it and syncs the folder.
absl::StatusOr<Segment> CreateSegment(const std::string& folder, std::uint64_t index, std::uint64_t capacity,
                                      std::string_view uuid, FileIo& io);
// Makes [offset, capacity) of a segment that is being made zeros, and the whole file durable.
absl::Status FinishSegment(const Segment& segment, std::uint64_t offset, FileIo& io);
// DATA_LOSS when the header is not that of this segment of this journal.
absl::StatusOr<Segment> OpenSegment(const std::string& folder, std::uint64_t index, std::string_view uuid);
// The same for reading only. NOT_FOUND when there is no such file.
absl::StatusOr<Segment> OpenSegmentToRead(const std::string& folder, std::uint64_t index, std::string_view uuid);

// Reads a segment front to back through a window of 1 MiB, or of one record if that is larger.
class SegmentReader {
 public:
  // `segment` outlives the reader.
  explicit SegmentReader(const Segment& segment) : segment_(&segment) {}

  struct Item {
    bool good = false;
    std::uint64_t end = 0;  // offset behind the record, when good
    domain::SequenceNumber synced;
    ports::JournalRecord record;
  };
  // The record at `offset`; not good when there is none or a damaged one.
  absl::StatusOr<Item> ReadRecord(std::uint64_t offset);

  struct Rest {
    std::uint64_t good_record = 0;  // offset of the first good record behind, 0 when there is none
    domain::SequenceNumber synced;  // of that record
    std::uint64_t nonzero_end = 0;  // offset behind the last byte that is not zero; the given offset when there is none
  };
  // What lies from `offset` on, where no good record starts.
  absl::StatusOr<Rest> InspectRest(std::uint64_t offset);

 private:
  // `size` bytes at `offset`, fewer at the end of the file. Valid until the next call.
  absl::StatusOr<std::string_view> View(std::uint64_t offset, std::size_t size);

  const Segment* segment_;
  std::string window_;
  std::uint64_t window_offset_ = 0;
};

// Makes [from, to) zeros and the file no longer than its capacity, durably.
absl::Status ClearTail(const Segment& segment, std::uint64_t from, std::uint64_t to, FileIo& io);

}  // namespace xt::embedded::wal
