#include "libs/adapters/embedded/internal/wal_survey.h"

#include <fcntl.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/adapters/embedded/internal/wal_recovery.h"
#include "libs/base/hash.h"
#include "libs/base/status.h"

namespace xt::embedded::wal {
namespace {

class Surveyor {
 public:
  Surveyor(const std::string& folder, const Identity& identity)
      : folder_(folder),
        uuid_(identity.uuid),
        first_index_(identity.start.index),
        end_(ports::EmptyBehind(identity.start.base)),
        end_index_(identity.start.index) {}

  absl::StatusOr<Survey> Run();

 private:
  absl::Status Visit(std::uint64_t index);
  void Accept(std::uint64_t index, std::uint64_t offset, const ports::JournalRecord& record);
  void Note(std::uint64_t index, std::string place);
  void MakeAnew(std::uint64_t first, std::uint64_t last);
  [[nodiscard]] std::string Place(std::uint64_t index, std::uint64_t offset) const {
    return absl::StrCat(folder_, "/", SegmentName(index), " at offset ", offset);
  }

  const std::string& folder_;
  const std::string_view uuid_;
  const std::uint64_t first_index_;
  Survey survey_;
  ports::OpenReport end_;    // of the good records so far
  std::uint64_t end_index_;  // the segment that holds that end
  std::uint64_t end_offset_ = kSegmentHeaderBytes;
  std::vector<ports::OpenReport> before_;                       // the end before each segment, from the first on
  std::optional<std::pair<std::uint64_t, std::string>> noted_;  // damage behind the end: segment, place
  std::string lost_end_;  // the first segment behind the end that is missing or lacks bytes
};

absl::StatusOr<Survey> Surveyor::Run() {
  XT_ASSIGN_OR_RETURN(const std::vector<std::uint64_t> indexes, ListSegments(folder_, first_index_));
  const std::uint64_t last = indexes.empty() ? 0 : indexes.back();
  for (std::uint64_t index = first_index_; index <= last; ++index) XT_RETURN_IF_ERROR(Visit(index));
  std::string open = std::move(lost_end_);
  if (last == 0) open = absl::StrCat(folder_, "/", SegmentName(first_index_), " at offset 0: the segment is missing");
  if (!open.empty()) {
    survey_.gaps.push_back({domain::SequenceNumber(end_.last_sequence.value() + 1), {}, open});
    if (survey_.place.empty()) survey_.place = open;
    if (survey_.unmendable.empty()) survey_.unmendable = "what was behind it is not known";
  }
  return std::move(survey_);
}

absl::Status Surveyor::Visit(std::uint64_t index) {
  before_.push_back(end_);
  XT_ASSIGN_OR_RETURN(const auto opened, OpenLeniently(folder_, index, uuid_));
  if (!opened) {
    Note(index, absl::StrCat(Place(index, 0), ": the segment is missing"));
    if (lost_end_.empty()) lost_end_ = noted_->second;
    return absl::OkStatus();
  }
  if (!opened->good_header) {
    if (survey_.place.empty()) survey_.place = absl::StrCat(Place(index, 0), ": the segment's header is damaged");
    MakeAnew(index, index);
  }
  XT_RETURN_IF_ERROR(VisitGood(
      opened->segment,
      [&](std::uint64_t offset, const SegmentReader::Item& item) {
        Accept(index, offset, item.record);
        end_offset_ = item.end;
        return absl::OkStatus();
      },
      [&](std::uint64_t offset) { Note(index, Place(index, offset)); }));
  if (opened->shortened && lost_end_.empty()) {
    lost_end_ = absl::StrCat(Place(index, index == end_index_ ? end_offset_ : kSegmentHeaderBytes),
                             ": the file is shorter than it was made");
  }
  return absl::OkStatus();
}

void Surveyor::Accept(std::uint64_t index, std::uint64_t offset, const ports::JournalRecord& record) {
  const std::uint64_t expected = end_.last_sequence.value() + 1;
  const bool follows = record.first_sequence.value() == expected && record.previous_hash == end_.last_hash;
  if (!follows && record.first_sequence.value() > expected) {
    Note(end_index_, Place(end_index_, end_offset_));
    survey_.gaps.push_back(
        {domain::SequenceNumber(expected), domain::SequenceNumber(record.first_sequence.value() - 1), noted_->second});
    MakeAnew(end_index_, index);
  } else if (!follows) {
    survey_.unmendable = absl::StrCat(Place(index, offset), " does not follow sequence ", end_.last_sequence.value());
    if (survey_.place.empty()) survey_.place = Place(index, offset);
  } else if (noted_) {
    MakeAnew(noted_->first, index);  // nothing was lost, but something lies where nothing should
  }
  if (noted_ && survey_.place.empty()) survey_.place = noted_->second;
  noted_.reset();
  lost_end_.clear();
  end_.last_sequence = record.last_sequence;
  end_.last_hash = record.hash;
  end_.last_epoch = record.epoch;
  end_index_ = index;
}

void Surveyor::Note(std::uint64_t index, std::string place) {
  if (!noted_) noted_ = {index, std::move(place)};
}

void Surveyor::MakeAnew(std::uint64_t first, std::uint64_t last) {
  while (!survey_.runs.empty() && first <= survey_.runs.back().last) {
    first = std::min(first, survey_.runs.back().first);
    last = std::max(last, survey_.runs.back().last);
    survey_.runs.pop_back();
  }
  survey_.runs.push_back({first, last, before_[first - first_index_]});
}

}  // namespace

absl::StatusOr<Survey> SurveyDamage(const std::string& folder, const Identity& identity) {
  return Surveyor(folder, identity).Run();
}

absl::StatusOr<std::optional<OpenedSegment>> OpenLeniently(const std::string& folder, std::uint64_t index,
                                                           std::string_view uuid) {
  OpenedSegment opened;
  opened.segment.index = index;
  opened.segment.path = folder + "/" + SegmentName(index);
  if (!FileExists(opened.segment.path)) return std::nullopt;
  auto segment = OpenSegmentToRead(folder, index, uuid);
  if (!segment.ok() && !absl::IsDataLoss(segment.status())) return segment.status();
  opened.good_header = segment.ok();
  if (segment.ok()) {
    opened.segment = *std::move(segment);
  } else {
    XT_ASSIGN_OR_RETURN(opened.segment.fd, OpenFile(opened.segment.path, O_RDONLY));
  }
  XT_ASSIGN_OR_RETURN(const std::uint64_t size, FileSize(opened.segment.fd, opened.segment.path));
  if (!opened.good_header) opened.segment.capacity = size;
  opened.shortened = size < opened.segment.capacity;
  return opened;
}

absl::Status VisitGood(const Segment& segment, const GoodVisitor& visitor,
                       const std::function<void(std::uint64_t offset)>& damaged) {
  SegmentReader reader(segment);
  std::uint64_t offset = kSegmentHeaderBytes;
  while (true) {
    XT_ASSIGN_OR_RETURN(const SegmentReader::Item item, reader.ReadRecord(offset));
    const bool good = item.good && HashBytes(item.record.bytes) == item.record.hash &&
                      item.record.last_sequence >= item.record.first_sequence;
    if (good) {
      XT_RETURN_IF_ERROR(visitor(offset, item));
      offset = item.end;
      continue;
    }
    XT_ASSIGN_OR_RETURN(const SegmentReader::Rest rest, reader.InspectRest(item.good ? item.end : offset));
    if (item.good || rest.nonzero_end > offset) damaged(offset);
    if (rest.good_record == 0) return absl::OkStatus();
    offset = rest.good_record;
  }
}

}  // namespace xt::embedded::wal
