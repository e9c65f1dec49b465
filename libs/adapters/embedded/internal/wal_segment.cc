#include "libs/adapters/embedded/internal/wal_segment.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "libs/adapters/embedded/internal/bytes.h"
#include "libs/base/status.h"

namespace xt::embedded::wal {
namespace {

constexpr std::uint64_t kWindowBytes = 1U << 20;

absl::Status FillWithZeros(int fd, std::uint64_t from, std::uint64_t to, FileIo& io) {
  const std::string zeros(std::min<std::uint64_t>(kWindowBytes, to - std::min(from, to)), '\0');
  while (from < to) {
    const std::uint64_t size = std::min<std::uint64_t>(zeros.size(), to - from);
    XT_RETURN_IF_ERROR(io.WriteAt(fd, from, std::string_view(zeros).substr(0, size)));
    from += size;
  }
  return absl::OkStatus();
}

absl::StatusOr<Segment> Open(const std::string& folder, std::uint64_t index, std::string_view uuid, int flags) {
  Segment segment;
  segment.index = index;
  segment.path = folder + "/" + SegmentName(index);
  XT_ASSIGN_OR_RETURN(segment.fd, OpenFile(segment.path, flags));
  std::string header;
  XT_RETURN_IF_ERROR(ReadAt(segment.fd.get(), 0, kSegmentHeaderBytes, header, segment.path));
  const auto capacity = ParseSegmentHeader(header, index, uuid);
  if (!capacity) {
    return absl::DataLossError(absl::StrCat(segment.path, " at offset 0: the segment's header is damaged"));
  }
  segment.capacity = *capacity;
  return segment;
}

}  // namespace

absl::StatusOr<Segment> CreateSegment(const std::string& folder, std::uint64_t index, std::uint64_t capacity,
                                      std::string_view uuid, FileIo& io) {
  Segment segment;
  segment.index = index;
  segment.path = folder + "/" + SegmentName(index);
  segment.capacity = capacity;
  const std::string temporary = segment.path + ".tmp";
  XT_ASSIGN_OR_RETURN(segment.fd, OpenFile(temporary, O_RDWR | O_CREAT | O_TRUNC));
  XT_RETURN_IF_ERROR(io.WriteAt(segment.fd.get(), 0, EncodeSegmentHeader(index, capacity, uuid)));
  XT_RETURN_IF_ERROR(FinishSegment(segment, kSegmentHeaderBytes, io));
  if (::rename(temporary.c_str(), segment.path.c_str()) != 0) return ErrnoStatus("rename", temporary);
  XT_RETURN_IF_ERROR(SyncFolder(folder));
  return segment;
}

absl::Status FinishSegment(const Segment& segment, std::uint64_t offset, FileIo& io) {
  XT_RETURN_IF_ERROR(FillWithZeros(segment.fd.get(), offset, segment.capacity, io));
  // fsync, not fdatasync: the length must be durable, so that later groups change data only.
  if (::fsync(segment.fd.get()) != 0) return ErrnoStatus("sync", segment.path);
  return absl::OkStatus();
}

absl::StatusOr<Segment> OpenSegment(const std::string& folder, std::uint64_t index, std::string_view uuid) {
  return Open(folder, index, uuid, O_RDWR);
}

absl::StatusOr<Segment> OpenSegmentToRead(const std::string& folder, std::uint64_t index, std::string_view uuid) {
  const std::string path = folder + "/" + SegmentName(index);
  if (!FileExists(path)) return absl::NotFoundError(path);
  return Open(folder, index, uuid, O_RDONLY);
}

absl::StatusOr<std::string_view> SegmentReader::View(std::uint64_t offset, std::size_t size) {
  const bool inside = offset >= window_offset_ && offset + size <= window_offset_ + window_.size();
  if (!inside) {
    const std::uint64_t rest = segment_->capacity - std::min(offset, segment_->capacity);
    const std::size_t wanted = std::max<std::size_t>(size, std::min(rest, kWindowBytes));
    XT_RETURN_IF_ERROR(ReadAt(segment_->fd.get(), offset, wanted, window_, segment_->path));
    window_offset_ = offset;
  }
  return std::string_view(window_).substr(std::min<std::uint64_t>(offset - window_offset_, window_.size()), size);
}

absl::StatusOr<SegmentReader::Item> SegmentReader::ReadRecord(std::uint64_t offset) {
  Item item;
  XT_ASSIGN_OR_RETURN(const std::string_view head, View(offset, kRecordHeaderBytes));
  auto header = DecodeHeader(head);
  if (!header) return item;
  const std::uint64_t size = EncodedSize(header->payload);
  if (offset + size > segment_->capacity) return item;
  XT_ASSIGN_OR_RETURN(const std::string_view encoded, View(offset, size));
  if (encoded.size() != size || !ChecksumMatches(encoded)) return item;
  item.good = true;
  item.end = offset + size;
  item.synced = header->synced;
  item.record = std::move(header->record);
  item.record.bytes = encoded.substr(kRecordHeaderBytes, header->payload);
  return item;
}

absl::StatusOr<SegmentReader::Rest> SegmentReader::InspectRest(std::uint64_t offset) {
  Rest rest;
  rest.nonzero_end = offset;
  SegmentReader candidates(*segment_);
  const std::size_t wanted = std::min(segment_->capacity, kWindowBytes);
  std::string window;
  for (std::uint64_t at = offset;; at += window.size()) {
    XT_RETURN_IF_ERROR(ReadAt(segment_->fd.get(), at, wanted, window, segment_->path));
    if (window.empty()) return rest;
    window.resize((window.size() + kAlignment - 1) / kAlignment * kAlignment, '\0');
    for (std::size_t i = 0; i < window.size(); i += kAlignment) {
      const auto word = GetInt<std::uint64_t>(window, i);
      if (word == 0) continue;
      rest.nonzero_end = at + i + kAlignment;
      if (rest.good_record != 0 || word >> 32 != kRecordMagic) continue;
      XT_ASSIGN_OR_RETURN(const Item item, candidates.ReadRecord(at + i));
      if (!item.good) continue;
      rest.good_record = at + i;
      rest.synced = item.synced;
    }
  }
}

absl::Status ClearTail(const Segment& segment, std::uint64_t from, std::uint64_t to, FileIo& io) {
  XT_ASSIGN_OR_RETURN(const std::uint64_t size, FileSize(segment.fd, segment.path));
  if (from >= to) return absl::OkStatus();
  XT_RETURN_IF_ERROR(FillWithZeros(segment.fd.get(), from, to, io));
  if (size > segment.capacity && ::ftruncate(segment.fd.get(), static_cast<off_t>(segment.capacity)) != 0) {
    return ErrnoStatus("truncate", segment.path);
  }
  if (::fsync(segment.fd.get()) != 0) return ErrnoStatus("sync", segment.path);
  return absl::OkStatus();
}

}  // namespace xt::embedded::wal
