#include "libs/adapters/embedded/internal/wal_mend.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <limits>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "libs/adapters/embedded/internal/wal_identity.h"
#include "libs/adapters/embedded/internal/wal_recovery.h"
#include "libs/base/status.h"
#include "libs/ports/journal_chain.h"

namespace xt::embedded::wal {
namespace {

constexpr std::size_t kWriteBytes = 1U << 20;

std::string PathOf(const std::string& folder, std::uint64_t index) { return folder + "/" + SegmentName(index); }
std::string MendedPath(const std::string& folder, std::uint64_t index) { return PathOf(folder, index) + ".mended"; }

// Writes the records of one run into its new segments.
class RunWriter {
 public:
  RunWriter(const MendOptions& options, const Run& run)
      : options_(options),
        run_(run),
        chain_({domain::Epoch(std::numeric_limits<std::uint64_t>::max()), 0}, run.before) {}

  // What the old segment had.
  void SetCapacity(std::uint64_t index, std::uint64_t capacity) { capacities_[index] = capacity; }
  [[nodiscard]] domain::SequenceNumber last_sequence() const { return chain_.last_sequence(); }

  absl::Status Add(const ports::JournalRecord& record, domain::SequenceNumber synced) {
    XT_RETURN_IF_ERROR(chain_.Check(record));
    chain_.Extend(record);
    const std::uint64_t size = EncodedSize(record.bytes.size());
    const bool full =
        offset_ + buffer_.size() + size > segment_.capacity && offset_ + buffer_.size() > kSegmentHeaderBytes;
    if (segment_.index == 0 || (full && segment_.index < run_.last)) XT_RETURN_IF_ERROR(Begin());
    EncodeRecord(record, synced, buffer_);
    return buffer_.size() >= kWriteBytes ? Flush() : absl::OkStatus();
  }

  absl::Status End() {
    if (segment_.index == 0) XT_RETURN_IF_ERROR(Begin());  // a segment that was prepared and has no records
    XT_RETURN_IF_ERROR(Finish());
    if (segment_.index == run_.last) return absl::OkStatus();
    return absl::DataLossError(absl::StrCat("the records do not fill ", run_.last - run_.first + 1,
                                            " segments as they did: their size was changed"));
  }

 private:
  absl::Status Begin() {
    const std::uint64_t next = segment_.index == 0 ? run_.first : segment_.index + 1;
    if (segment_.index != 0) XT_RETURN_IF_ERROR(Finish());
    segment_.index = next;
    segment_.path = MendedPath(options_.folder, next);
    segment_.capacity = CapacityOf(next);
    XT_ASSIGN_OR_RETURN(segment_.fd, OpenFile(segment_.path, O_RDWR | O_CREAT | O_TRUNC));
    offset_ = kSegmentHeaderBytes;
    return absl::OkStatus();
  }
  // That of a neighbour when the segment itself does not tell.
  [[nodiscard]] std::uint64_t CapacityOf(std::uint64_t index) const {
    const auto above = capacities_.upper_bound(index);
    if (above != capacities_.begin()) return std::prev(above)->second;
    return above != capacities_.end() ? above->second : options_.segment_bytes;
  }
  absl::Status Flush() {
    XT_RETURN_IF_ERROR(options_.io->WriteAt(segment_.fd.get(), offset_, buffer_));
    offset_ += buffer_.size();
    buffer_.clear();
    return absl::OkStatus();
  }
  // The last segment takes what is left, whatever its size was.
  absl::Status Finish() {
    XT_RETURN_IF_ERROR(Flush());
    segment_.capacity = std::max(segment_.capacity, offset_);
    XT_RETURN_IF_ERROR(options_.io->WriteAt(segment_.fd.get(), 0,
                                            EncodeSegmentHeader(segment_.index, segment_.capacity, options_.uuid)));
    return FinishSegment(segment_, offset_, *options_.io);
  }

  const MendOptions& options_;
  const Run& run_;
  ports::JournalChain chain_;
  std::map<std::uint64_t, std::uint64_t> capacities_;  // by index
  Segment segment_;                                    // under way; index 0: none yet
  std::uint64_t offset_ = 0;
  std::string buffer_;
};

absl::Status FetchGap(RunWriter& writer, domain::SequenceNumber behind, const Fetch& fetch) {
  const domain::SequenceNumber first(writer.last_sequence().value() + 1);
  const domain::SequenceNumber last(behind.value() - 1);
  absl::Status status = fetch(
      first, last, [&](const ports::JournalRecord& record) { return writer.Add(record, domain::SequenceNumber()); });
  if (status.ok() && writer.last_sequence() != last) status = absl::DataLossError("it ends before that");
  if (absl::IsInvalidArgument(status)) status = absl::DataLossError(std::string(MessageOf(status)));
  if (!absl::IsDataLoss(status)) return status;
  return absl::DataLossError(absl::StrCat("the other copy has not the sequences ", first.value(), "..", last.value(),
                                          " either: ", std::string(MessageOf(status))));
}

absl::Status WriteRun(const MendOptions& options, const Run& run, const Fetch& fetch) {
  RunWriter writer(options, run);
  std::vector<OpenedSegment> segments;
  for (std::uint64_t index = run.first; index <= run.last; ++index) {
    XT_ASSIGN_OR_RETURN(auto opened, OpenLeniently(options.folder, index, options.uuid));
    if (!opened) continue;
    if (opened->good_header) writer.SetCapacity(index, opened->segment.capacity);
    segments.push_back(*std::move(opened));
  }
  const auto copy = [&](std::uint64_t, const SegmentReader::Item& item) -> absl::Status {
    const domain::SequenceNumber first = item.record.first_sequence;
    if (first.value() > writer.last_sequence().value() + 1) XT_RETURN_IF_ERROR(FetchGap(writer, first, fetch));
    const absl::Status status = writer.Add(item.record, item.synced);
    if (!absl::IsInvalidArgument(status)) return status;
    return absl::DataLossError(absl::StrCat("what the other copy has before sequence ", first.value(),
                                            " is not what was there: ", std::string(MessageOf(status))));
  };
  for (const OpenedSegment& opened : segments) {
    XT_RETURN_IF_ERROR(VisitGood(opened.segment, copy, [](std::uint64_t) {}));
  }
  return writer.End();
}

absl::StatusOr<std::string> MakeAsideFolder(const std::string& folder) {
  for (int number = 1;; ++number) {
    const std::string aside = absl::StrCat(folder, "/damaged-", number);
    if (FileExists(aside)) continue;
    XT_RETURN_IF_ERROR(MakeFolders(aside));
    XT_RETURN_IF_ERROR(SyncFolder(folder));
    return aside;
  }
}

absl::Status Replace(const MendOptions& options, std::uint64_t index, const std::string& aside) {
  const std::string path = PathOf(options.folder, index);
  if (FileExists(path)) {
    if (::link(path.c_str(), PathOf(aside, index).c_str()) != 0) return ErrnoStatus("link", path);
    XT_RETURN_IF_ERROR(SyncFolder(aside));
  }
  const std::string mended = MendedPath(options.folder, index);
  if (::rename(mended.c_str(), path.c_str()) != 0) return ErrnoStatus("rename", mended);
  return SyncFolder(options.folder);
}

absl::Status Move(const std::string& folder, const std::string& name, const std::string& aside) {
  const std::string from = folder + "/" + name;
  if (::rename(from.c_str(), (aside + "/" + name).c_str()) != 0) return ErrnoStatus("rename", from);
  XT_RETURN_IF_ERROR(SyncFolder(aside));
  return SyncFolder(folder);
}

}  // namespace

absl::StatusOr<std::string> Mend(const MendOptions& options, const Survey& survey, const Fetch& fetch) {
  for (const Run& run : survey.runs) XT_RETURN_IF_ERROR(WriteRun(options, run, fetch));
  XT_ASSIGN_OR_RETURN(std::string aside, MakeAsideFolder(options.folder));
  for (const Run& run : survey.runs) {
    for (std::uint64_t index = run.last; index >= run.first; --index) {
      XT_RETURN_IF_ERROR(Replace(options, index, aside));
    }
  }
  return aside;
}

absl::StatusOr<std::string> SetAside(const std::string& folder) {
  XT_ASSIGN_OR_RETURN(std::string aside, MakeAsideFolder(folder));
  if (FileExists(folder + "/" + kHeaderName)) XT_RETURN_IF_ERROR(Move(folder, kHeaderName, aside));
  XT_ASSIGN_OR_RETURN(const std::vector<std::uint64_t> indexes, ListSegments(folder, 1));
  for (const std::uint64_t index : indexes) XT_RETURN_IF_ERROR(Move(folder, SegmentName(index), aside));
  return aside;
}

}  // namespace xt::embedded::wal
