#include "libs/adapters/embedded/internal/wal_cut.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/adapters/embedded/internal/wal_recovery.h"
#include "libs/base/status.h"

namespace xt::embedded::wal {

absl::StatusOr<Cut> PlanCut(const std::string& folder, const Identity& identity, domain::SequenceNumber keep) {
  XT_ASSIGN_OR_RETURN(const std::vector<std::uint64_t> indexes, ListSegments(folder, identity.start.index));
  bool found = keep == identity.start.base.sequence;
  for (const std::uint64_t index : indexes) {
    Cut cut;
    cut.last_index = indexes.back();
    XT_ASSIGN_OR_RETURN(cut.last, OpenSegment(folder, index, identity.uuid));
    SegmentReader reader(cut.last);
    std::uint64_t offset = kSegmentHeaderBytes;
    if (found) cut.boundaries.push_back(offset);
    while (true) {
      XT_ASSIGN_OR_RETURN(const SegmentReader::Item item, reader.ReadRecord(offset));
      if (!item.good) break;
      offset = item.end;
      found = found || item.record.last_sequence == keep;
      if (found) cut.boundaries.push_back(offset);
    }
    if (found) return cut;
  }
  return absl::NotFoundError(absl::StrCat("no record ends at ", keep.value()));
}

absl::Status Execute(const Cut& cut, const std::string& folder, FileIo& io) {
  for (std::uint64_t index = cut.last_index; index > cut.last.index; --index) {
    XT_RETURN_IF_ERROR(RemoveFile(absl::StrCat(folder, "/", SegmentName(index))));
    XT_RETURN_IF_ERROR(SyncFolder(folder));
  }
  for (std::size_t i = cut.boundaries.size() - 1; i > 0; --i) {
    XT_RETURN_IF_ERROR(ClearTail(cut.last, cut.boundaries[i - 1], cut.boundaries[i], io));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::uint64_t> MakeEmptyEnd(const std::string& folder, const Identity& identity,
                                           std::uint64_t segment_bytes, FileIo& io) {
  XT_ASSIGN_OR_RETURN(const std::vector<std::uint64_t> indexes, ListSegments(folder, identity.start.index));
  const std::uint64_t last = indexes.back();
  XT_ASSIGN_OR_RETURN(const Segment segment, OpenSegment(folder, last, identity.uuid));
  XT_ASSIGN_OR_RETURN(const SegmentReader::Item item, SegmentReader(segment).ReadRecord(kSegmentHeaderBytes));
  if (!item.good) return last;
  XT_RETURN_IF_ERROR(CreateSegment(folder, last + 1, segment_bytes, identity.uuid, io).status());
  return last + 1;
}

}  // namespace xt::embedded::wal
