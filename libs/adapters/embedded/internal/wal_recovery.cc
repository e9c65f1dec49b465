#include "libs/adapters/embedded/internal/wal_recovery.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/hash.h"
#include "libs/base/status.h"

namespace xt::embedded::wal {
namespace {

std::string Place(const Segment& segment, std::uint64_t offset) {
  return absl::StrCat(segment.path, " at offset ", offset);
}

// Walks the segments in order. Once a tail that is not zeros was seen, a later good record is damage.
class Walk {
 public:
  explicit Walk(const Start& start) : first_index_(start.index) { result_.report = ports::EmptyBehind(start.base); }
  absl::Status Visit(Segment segment);
  Recovered Finish() && { return std::move(result_); }
  absl::Status CheckLengths() const;
  absl::Status ClearTails(FileIo& io);

 private:
  struct Tail {
    std::uint64_t from = 0;
    std::uint64_t to = 0;
  };

  absl::StatusOr<std::uint64_t> GoodPrefix(const Segment& segment, SegmentReader& reader);
  absl::Status Accept(const Segment& segment, std::uint64_t offset, const ports::JournalRecord& record);
  absl::Status RefuseDamage(const Segment& segment, std::uint64_t offset, const SegmentReader::Rest& rest) const;
  absl::Status Classify(Segment segment, std::uint64_t end, const SegmentReader::Rest& rest);

  const std::uint64_t first_index_;
  Recovered result_;
  SegmentInfo info_;    // of the segment that is being visited
  std::string damage_;  // the first place that holds something, but no good record
  Tail active_tail_;
  Tail prepared_tail_;
};

absl::Status Walk::Accept(const Segment& segment, std::uint64_t offset, const ports::JournalRecord& record) {
  ports::OpenReport& report = result_.report;
  const auto refuse = [&](const char* why) {
    return absl::DataLossError(absl::StrCat(Place(segment, offset), ": record ", record.first_sequence.value(), " ",
                                            why, " (the last good sequence is ", report.last_sequence.value(), ")"));
  };
  if (!damage_.empty()) {
    return absl::DataLossError(absl::StrCat(damage_, ": a damaged record is followed by a good one (",
                                            Place(segment, offset), ", sequence ", record.first_sequence.value(), ")"));
  }
  if (record.first_sequence.value() != report.last_sequence.value() + 1) return refuse("does not follow");
  if (record.last_sequence < record.first_sequence) return refuse("ends before it begins");
  if (record.previous_hash != report.last_hash) return refuse("breaks the hash chain");
  if (HashBytes(record.bytes) != record.hash) return refuse("does not have its own hash");
  if (record.epoch < report.last_epoch) return refuse("falls back to an earlier epoch");
  info_.Note(record.first_sequence, offset);
  report.last_sequence = record.last_sequence;
  report.last_hash = record.hash;
  report.last_epoch = record.epoch;
  ++report.records;
  return absl::OkStatus();
}

absl::StatusOr<std::uint64_t> Walk::GoodPrefix(const Segment& segment, SegmentReader& reader) {
  info_ = {segment.index, segment.capacity, {}, {}};
  std::uint64_t offset = kSegmentHeaderBytes;
  while (true) {
    XT_ASSIGN_OR_RETURN(const SegmentReader::Item item, reader.ReadRecord(offset));
    if (!item.good) return offset;
    XT_RETURN_IF_ERROR(Accept(segment, offset, item.record));
    offset = item.end;
  }
}

absl::Status Walk::RefuseDamage(const Segment& segment, std::uint64_t offset, const SegmentReader::Rest& rest) const {
  const bool confirmed = rest.synced > result_.report.last_sequence;
  return absl::DataLossError(absl::StrCat(
      Place(segment, offset), ": a damaged record is followed by a good one (offset ", rest.good_record, ")",
      confirmed ? "; what is damaged was confirmed"
                : "; both were written in one group, and the good one does not prove that the group was confirmed"));
}

absl::Status Walk::Visit(Segment segment) {
  SegmentReader reader(segment);
  XT_ASSIGN_OR_RETURN(const std::uint64_t end, GoodPrefix(segment, reader));
  XT_ASSIGN_OR_RETURN(const SegmentReader::Rest rest, reader.InspectRest(end));
  if (rest.good_record != 0) return RefuseDamage(segment, end, rest);
  if (rest.nonzero_end > end && damage_.empty()) damage_ = Place(segment, end);
  return Classify(std::move(segment), end, rest);
}

// Decides what the segment is: a full one, the active one, or the prepared one behind it.
absl::Status Walk::Classify(Segment segment, std::uint64_t end, const SegmentReader::Rest& rest) {
  const bool empty = info_.first_sequence.value() == 0;
  if (result_.prepared) {
    return absl::DataLossError(absl::StrCat(result_.prepared->path, " at offset ", kSegmentHeaderBytes,
                                            ": the records are missing, since ", segment.path, " exists"));
  }
  if (!empty || segment.index == first_index_) {
    result_.segments.push_back(std::move(info_));
    result_.active = std::move(segment);
    result_.active_end = end;
    active_tail_ = {end, rest.nonzero_end};
  } else {
    result_.prepared = std::move(segment);
    prepared_tail_ = {end, rest.nonzero_end};
  }
  return absl::OkStatus();
}

// A segment is made with its whole length: without its end nobody knows what was there.
absl::Status Walk::CheckLengths() const {
  for (const auto& [segment, end] :
       {std::pair(&result_.active, result_.active_end),
        std::pair(result_.prepared ? &*result_.prepared : &result_.active, std::uint64_t{kSegmentHeaderBytes})}) {
    XT_ASSIGN_OR_RETURN(const std::uint64_t size, FileSize(segment->fd, segment->path));
    if (size >= segment->capacity) continue;
    return absl::DataLossError(absl::StrCat(Place(*segment, end), ": the file has ", size, " of ", segment->capacity,
                                            " bytes, what was behind is lost"));
  }
  return absl::OkStatus();
}

absl::Status Walk::ClearTails(FileIo& io) {
  ports::OpenReport& report = result_.report;
  report.torn_bytes_cut = active_tail_.to - active_tail_.from + (prepared_tail_.to - prepared_tail_.from);
  if (!damage_.empty()) {
    report.detail = absl::StrCat("cut a torn tail of ", report.torn_bytes_cut, " bytes: ", damage_, ", after sequence ",
                                 report.last_sequence.value());
  }
  XT_RETURN_IF_ERROR(ClearTail(result_.active, active_tail_.from, active_tail_.to, io));
  if (!result_.prepared) return absl::OkStatus();
  return ClearTail(*result_.prepared, prepared_tail_.from, prepared_tail_.to, io);
}

}  // namespace

void SegmentInfo::Note(domain::SequenceNumber first, std::uint64_t offset) {
  constexpr std::uint64_t kApart = 1U << 20;
  if (first_sequence.value() == 0) {
    first_sequence = first;
  } else if (offset >= (marks.empty() ? kSegmentHeaderBytes : marks.back().offset) + kApart) {
    marks.push_back({first, offset});
  }
}

Mark SegmentInfo::MarkBefore(domain::SequenceNumber sequence) const {
  const auto behind =
      std::upper_bound(marks.begin(), marks.end(), sequence,
                       [](domain::SequenceNumber s, const Mark& mark) { return s < mark.first_sequence; });
  return behind == marks.begin() ? Mark{first_sequence, kSegmentHeaderBytes} : *std::prev(behind);
}

absl::StatusOr<std::vector<std::uint64_t>> ListSegments(const std::string& folder, std::uint64_t first) {
  XT_ASSIGN_OR_RETURN(const std::vector<std::string> names, ListFolder(folder));
  std::vector<std::uint64_t> indexes;
  for (const std::string& name : names) {
    if (const std::uint64_t index = ParseSegmentName(name); index >= first) indexes.push_back(index);
  }
  std::sort(indexes.begin(), indexes.end());
  return indexes;
}

absl::StatusOr<Recovered> Recover(const std::string& folder, const Identity& identity, FileIo& io) {
  XT_ASSIGN_OR_RETURN(const std::vector<std::uint64_t> indexes, ListSegments(folder, identity.start.index));
  Walk walk(identity.start);
  for (std::size_t i = 0; i < std::max<std::size_t>(1, indexes.size()); ++i) {
    const std::uint64_t index = identity.start.index + i;
    if (i == indexes.size() || indexes[i] != index) {
      return absl::DataLossError(absl::StrCat(folder, "/", SegmentName(index), " at offset 0: the segment is missing"));
    }
    XT_ASSIGN_OR_RETURN(Segment segment, OpenSegment(folder, index, identity.uuid));
    XT_RETURN_IF_ERROR(walk.Visit(std::move(segment)));
  }
  XT_RETURN_IF_ERROR(walk.CheckLengths());
  XT_RETURN_IF_ERROR(walk.ClearTails(io));
  return std::move(walk).Finish();
}

}  // namespace xt::embedded::wal
