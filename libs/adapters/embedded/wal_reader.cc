#include "libs/adapters/embedded/wal_reader.h"

#include <algorithm>
#include <limits>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "libs/adapters/embedded/internal/wal_identity.h"
#include "libs/adapters/embedded/internal/wal_recovery.h"
#include "libs/adapters/embedded/internal/wal_segment.h"
#include "libs/adapters/embedded/internal/wal_survey.h"
#include "libs/base/status.h"

namespace xt::embedded {
namespace {

using wal::SegmentReader;

// The place behind the good records, when something lies there; empty for zeros.
absl::StatusOr<std::string> VisitSegment(const wal::Segment& segment, const WalReader::Visitor& visitor) {
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

// Walks over segments that nobody writes to, and on behind damage and what is missing.
class HistoryFinder {
 public:
  HistoryFinder(const std::string& folder, std::string_view uuid) : folder_(folder), uuid_(uuid) {}

  absl::Status Visit(std::uint64_t segment);
  WalHistory Finish() && { return std::move(history_); }

 private:
  void Accept(std::uint64_t segment, std::uint64_t offset, const ports::JournalRecord& record);

  const std::string& folder_;
  const std::string_view uuid_;
  WalHistory history_;
  bool apart_ = true;  // the next record does not lie right behind the last one
};

absl::Status HistoryFinder::Visit(std::uint64_t segment) {
  XT_ASSIGN_OR_RETURN(const auto opened, wal::OpenLeniently(folder_, segment, uuid_));
  if (!opened) return absl::OkStatus();  // it was moved away just now
  const auto note = [&](std::uint64_t offset, std::string_view what) {
    if (!history_.damage.empty()) return;
    history_.damage = absl::StrCat(opened->segment.path, " at offset ", offset, ": ", std::string(what));
  };
  if (!opened->good_header) note(0, "the segment's header is damaged");
  apart_ = true;
  std::uint64_t end = wal::kSegmentHeaderBytes;
  XT_RETURN_IF_ERROR(wal::VisitGood(
      opened->segment,
      [&](std::uint64_t offset, const SegmentReader::Item& item) {
        Accept(segment, offset, item.record);
        end = item.end;
        return absl::OkStatus();
      },
      [&](std::uint64_t offset) {
        note(offset, "a record is damaged");
        apart_ = true;
      }));
  if (opened->shortened) note(end, "the file is shorter than it was made");
  return absl::OkStatus();
}

void HistoryFinder::Accept(std::uint64_t segment, std::uint64_t offset, const ports::JournalRecord& record) {
  const domain::SequenceNumber before(record.first_sequence.value() - 1);
  std::vector<WalStretch>& stretches = history_.stretches;
  const bool follows = !stretches.empty() && stretches.back().end.sequence == before &&
                       stretches.back().end.hash == record.previous_hash;
  if (!follows) stretches.push_back({{before, record.previous_hash, {}}, {}, {}});
  if (!follows || apart_) stretches.back().parts.push_back({segment, offset, record.first_sequence});
  stretches.back().end = {record.last_sequence, record.hash, record.epoch};
  apart_ = false;
}

// Of the segments with an index below `behind`.
absl::StatusOr<WalHistory> Find(const std::string& folder, std::string_view uuid, std::uint64_t behind) {
  XT_ASSIGN_OR_RETURN(const std::vector<std::uint64_t> segments, wal::ListSegments(folder, 1));
  HistoryFinder finder(folder, uuid);
  for (const std::uint64_t segment : segments) {
    if (segment < behind) XT_RETURN_IF_ERROR(finder.Visit(segment));
  }
  return std::move(finder).Finish();
}

}  // namespace

absl::StatusOr<WalReader> WalReader::Open(std::string folder) {
  XT_ASSIGN_OR_RETURN(const wal::Identity identity, wal::Load(folder));
  return WalReader(std::move(folder), identity.uuid, identity.start.index, identity.start.base);
}

absl::StatusOr<std::string> WalReader::Read(domain::SequenceNumber from, const Visitor& visitor) const {
  std::string torn_place;
  const auto visit = [&](const ports::JournalRecord& record) -> absl::Status {
    if (torn_place.empty()) return record.last_sequence < from ? absl::OkStatus() : visitor(record);
    return absl::DataLossError(absl::StrCat(torn_place, ": a damaged record is followed by a good one (sequence ",
                                            record.first_sequence.value(), ")"));
  };
  for (std::uint64_t index = first_segment_;; ++index) {
    const auto segment = wal::OpenSegmentToRead(folder_, index, uuid_);
    if (absl::IsNotFound(segment.status()) && index > first_segment_) return torn_place;
    XT_RETURN_IF_ERROR(segment.status());
    XT_ASSIGN_OR_RETURN(std::string torn, VisitSegment(*segment, visit));
    if (torn_place.empty()) torn_place = std::move(torn);
  }
}

absl::StatusOr<WalHistory> WalReader::FindHistory() const { return Find(folder_, uuid_, first_segment_); }

absl::StatusOr<WalHistory> WalReader::FindAll() const {
  return Find(folder_, uuid_, std::numeric_limits<std::uint64_t>::max());
}

absl::Status WalReader::ReadStretch(const WalStretch& stretch, domain::SequenceNumber from,
                                    const Visitor& visitor) const {
  auto part = std::ranges::upper_bound(stretch.parts, from, {}, &WalStretch::Part::first_sequence);
  if (part != stretch.parts.begin()) --part;
  domain::SequenceNumber next = part->first_sequence;
  for (; part != stretch.parts.end() && part->first_sequence == next; ++part) {
    XT_ASSIGN_OR_RETURN(const auto opened, wal::OpenLeniently(folder_, part->segment, uuid_));
    if (!opened) {
      return absl::UnavailableError(absl::StrCat(folder_, "/", wal::SegmentName(part->segment), " is gone"));
    }
    SegmentReader reader(opened->segment);
    std::uint64_t offset = part->offset;
    while (next <= stretch.end.sequence) {
      XT_ASSIGN_OR_RETURN(const SegmentReader::Item item, reader.ReadRecord(offset));
      if (!item.good || item.record.first_sequence != next) break;
      if (item.record.last_sequence >= from) XT_RETURN_IF_ERROR(visitor(item.record));
      next = domain::SequenceNumber(item.record.last_sequence.value() + 1);
      offset = item.end;
    }
  }
  if (next > stretch.end.sequence) return absl::OkStatus();
  return absl::DataLossError(
      absl::StrCat(folder_, ": sequence ", next.value(), " of its history was there, and is damaged or missing now"));
}

}  // namespace xt::embedded
