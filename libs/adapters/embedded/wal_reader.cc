#include "libs/adapters/embedded/wal_reader.h"

#include "absl/strings/str_cat.h"
#include "libs/adapters/embedded/internal/wal_identity.h"
#include "libs/adapters/embedded/internal/wal_segment.h"
#include "libs/base/status.h"

namespace xt::embedded {
namespace {

using wal::SegmentReader;

// The place behind the good records, when something lies there; empty for zeros.
absl::StatusOr<std::string> VisitSegment(const wal::Segment& segment, const ports::CommandJournal::Visitor& visitor) {
  SegmentReader reader(segment);
  std::uint64_t offset = wal::kSegmentHeaderBytes;
  while (true) {
    XT_ASSIGN_OR_RETURN(SegmentReader::Item item, reader.ReadRecord(offset));
    if (!item.good) {
      XT_ASSIGN_OR_RETURN(const SegmentReader::Rest rest, reader.InspectRest(offset));
      if (rest.nonzero_end == offset) return std::string();
      // The owner may have written it since; a reader of its own, since this one remembers what it saw.
      XT_ASSIGN_OR_RETURN(item, SegmentReader(segment).ReadRecord(offset));
      const std::string place = absl::StrCat(segment.path, " at offset ", offset);
      if (!item.good && rest.good_record == 0) return place;
      if (!item.good) {
        return absl::DataLossError(
            absl::StrCat(place, ": a damaged record is followed by a good one (offset ", rest.good_record, ")"));
      }
      reader = SegmentReader(segment);
    }
    XT_RETURN_IF_ERROR(visitor(item.record));
    offset = item.end;
  }
}

}  // namespace

absl::StatusOr<WalEnd> ReadWal(const std::string& folder, const ports::CommandJournal::Visitor& visitor) {
  XT_ASSIGN_OR_RETURN(const wal::Identity identity, wal::Load(folder));
  WalEnd end{identity.uuid, {}};
  const auto visit = [&](const ports::JournalRecord& record) -> absl::Status {
    if (end.torn.empty()) return visitor(record);
    return absl::DataLossError(absl::StrCat(end.torn, ": a damaged record is followed by a good one (sequence ",
                                            record.first_sequence.value(), ")"));
  };
  for (std::uint64_t index = 1;; ++index) {
    const auto segment = wal::OpenSegmentToRead(folder, index, identity.uuid);
    if (absl::IsNotFound(segment.status()) && index > 1) return end;
    XT_RETURN_IF_ERROR(segment.status());
    XT_ASSIGN_OR_RETURN(std::string torn, VisitSegment(*segment, visit));
    if (end.torn.empty()) end.torn = std::move(torn);
  }
}

}  // namespace xt::embedded
