#include "libs/adapters/embedded/segment_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "libs/adapters/embedded/internal/bytes.h"
#include "libs/adapters/embedded/internal/files.h"
#include "libs/base/hash.h"
#include "libs/base/status.h"

namespace xt::embedded {
namespace {

// A segment starts with 16 bytes: u32 crc of what follows, u32 magic, u64 first position. Records: u32 crc (of length
// and payload), u32 length, payload.
constexpr std::uint32_t kMagic = 0x474C5458;  // "XTLG"
constexpr std::size_t kHeaderBytes = 16;
constexpr std::size_t kRecordHeaderBytes = 8;
constexpr std::uint64_t kIndexEvery = 16;  // records between two entries of the sparse index
constexpr std::size_t kReadBytes = 256U << 10;

std::string SegmentName(std::uint64_t first_position) { return absl::StrFormat("%020d.log", first_position); }

std::optional<std::uint64_t> ParseSegmentName(std::string_view name) {
  std::uint64_t position = 0;
  const auto parsed = std::from_chars(name.data(), name.data() + name.size(), position);
  if (parsed.ec != std::errc() || SegmentName(position) != name) return std::nullopt;
  return position;
}

std::string EncodeHeader(std::uint64_t first_position) {
  std::string body;
  PutInt(body, kMagic);
  PutInt(body, first_position);
  body.resize(kHeaderBytes - 4, '\0');
  std::string header;
  PutInt(header, Crc32(body));
  return header + body;
}

void EncodeRecord(std::string_view payload, std::string& out) {
  const std::size_t start = out.size();
  PutInt<std::uint32_t>(out, 0);
  PutInt(out, static_cast<std::uint32_t>(payload.size()));
  out.append(payload);
  const std::uint32_t crc = Crc32(std::string_view(out).substr(start + 4));
  std::memcpy(out.data() + start, &crc, sizeof(crc));
}

// Reads records one after the other from an offset on.
class Scanner {
 public:
  Scanner(int fd, const std::string& path, std::uint64_t offset, std::uint64_t limit)
      : fd_(fd), path_(path), offset_(offset), limit_(limit) {}

  // False at the end, or where no good record is; then bad() tells which, and offset() where.
  absl::StatusOr<bool> Next(std::string_view& payload) {
    bad_ = false;
    if (offset_ >= limit_) return false;
    bad_ = true;
    if (offset_ + kRecordHeaderBytes > limit_) return false;
    XT_ASSIGN_OR_RETURN(const std::string_view head, View(kRecordHeaderBytes));
    if (head.size() < kRecordHeaderBytes) return false;
    const std::uint64_t size = kRecordHeaderBytes + GetInt<std::uint32_t>(head, 4);
    if (offset_ + size > limit_) return false;
    XT_ASSIGN_OR_RETURN(const std::string_view record, View(size));
    if (record.size() < size || Crc32(record.substr(4)) != GetInt<std::uint32_t>(record, 0)) return false;
    payload = record.substr(kRecordHeaderBytes);
    offset_ += size;
    bad_ = false;
    return true;
  }
  [[nodiscard]] std::uint64_t offset() const { return offset_; }
  [[nodiscard]] bool bad() const { return bad_; }

 private:
  absl::StatusOr<std::string_view> View(std::size_t size) {
    if (offset_ < window_offset_ || offset_ + size > window_offset_ + window_.size()) {
      const std::size_t wanted = std::min<std::uint64_t>(std::max(size, kReadBytes), limit_ - offset_);
      XT_RETURN_IF_ERROR(ReadAt(fd_, offset_, wanted, window_, path_));
      window_offset_ = offset_;
    }
    return std::string_view(window_).substr(offset_ - window_offset_, size);
  }

  const int fd_;
  const std::string& path_;
  std::uint64_t offset_;
  const std::uint64_t limit_;
  std::string window_;
  std::uint64_t window_offset_ = 0;
  bool bad_ = false;
};

}  // namespace

struct SegmentLog::Segment {
  struct Mark {
    std::uint64_t position = 0;
    std::uint64_t offset = 0;
  };
  std::uint64_t first_position = 0;
  std::string path;
  Fd fd;
  // Guarded by the log's mutex.
  std::uint64_t bytes = kHeaderBytes;  // good ones
  std::vector<Mark> marks;             // sparse, ascending; always has the first record

  [[nodiscard]] Mark Before(std::uint64_t position) const {
    const auto next = std::upper_bound(marks.begin(), marks.end(), position,
                                       [](std::uint64_t p, const Mark& mark) { return p < mark.position; });
    return *std::prev(next);
  }
  void AddMark(std::uint64_t position, std::uint64_t offset) {
    if (position >= marks.back().position + kIndexEvery) marks.push_back({position, offset});
  }
};

SegmentLog::SegmentLog(std::string folder, SegmentLogOptions options) : folder_(std::move(folder)), options_(options) {}
SegmentLog::~SegmentLog() { Close(); }

absl::StatusOr<std::unique_ptr<SegmentLog>> SegmentLog::Open(std::string folder, SegmentLogOptions options) {
  std::unique_ptr<SegmentLog> log(new SegmentLog(std::move(folder), options));
  XT_RETURN_IF_ERROR(MakeFolders(log->folder_));
  XT_RETURN_IF_ERROR(log->Load());
  return log;
}

absl::Status SegmentLog::Load() {
  XT_ASSIGN_OR_RETURN(const std::vector<std::string> names, ListFolder(folder_));
  for (const std::string& name : names) {
    const auto position = ParseSegmentName(name);
    if (!position) continue;
    auto segment = std::make_shared<Segment>();
    segment->first_position = *position;
    segment->path = folder_ + "/" + name;
    segment->marks.push_back({*position, kHeaderBytes});
    XT_ASSIGN_OR_RETURN(segment->fd, OpenFile(segment->path, O_RDWR));
    XT_ASSIGN_OR_RETURN(segment->bytes, FileSize(segment->fd, segment->path));
    size_bytes_ += segment->bytes;
    segments_.push_back(std::move(segment));
  }
  return segments_.empty() ? StartSegment(options_.first_position) : LoadLast();
}

// Only the last segment can have a torn tail: the others were synced when they were left.
absl::Status SegmentLog::LoadLast() {
  Segment& last = *segments_.back();
  std::string header;
  XT_RETURN_IF_ERROR(ReadAt(last.fd.get(), 0, kHeaderBytes, header, last.path));
  const std::uint64_t size = last.bytes;
  end_ = last.first_position;
  last.bytes = 0;
  if (header == EncodeHeader(last.first_position)) {
    Scanner scanner(last.fd.get(), last.path, kHeaderBytes, size);
    std::string_view payload;
    last.bytes = kHeaderBytes;
    while (true) {
      last.AddMark(end_, scanner.offset());
      XT_ASSIGN_OR_RETURN(const bool good, scanner.Next(payload));
      if (!good) break;
      ++end_;
      last.bytes = scanner.offset();
    }
  }
  torn_bytes_cut_ = size - last.bytes;
  if (torn_bytes_cut_ > 0 && ::ftruncate(last.fd.get(), static_cast<off_t>(last.bytes)) != 0) {
    return ErrnoStatus("truncate", last.path);
  }
  size_bytes_ -= torn_bytes_cut_;
  if (last.bytes > 0) return absl::OkStatus();
  XT_RETURN_IF_ERROR(WriteAllAt(last.fd.get(), 0, EncodeHeader(last.first_position)));
  last.bytes = kHeaderBytes;
  size_bytes_ += kHeaderBytes;
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<SegmentLog::Segment>> SegmentLog::MakeSegment(std::uint64_t first_position) const {
  auto segment = std::make_shared<Segment>();
  segment->first_position = first_position;
  segment->path = folder_ + "/" + SegmentName(first_position);
  segment->marks.push_back({first_position, kHeaderBytes});
  XT_ASSIGN_OR_RETURN(segment->fd, OpenFile(segment->path, O_RDWR | O_CREAT | O_TRUNC));
  XT_RETURN_IF_ERROR(WriteAllAt(segment->fd.get(), 0, EncodeHeader(first_position)));
  return segment;
}

absl::Status SegmentLog::StartSegment(std::uint64_t first_position) {
  XT_ASSIGN_OR_RETURN(std::shared_ptr<Segment> segment, MakeSegment(first_position));
  std::lock_guard lock(mutex_);
  segments_.push_back(std::move(segment));
  size_bytes_ += kHeaderBytes;
  end_ = first_position;
  return absl::OkStatus();
}

absl::Status SegmentLog::Append(const std::vector<std::string_view>& payloads) {
  if (payloads.empty()) return absl::OkStatus();
  if (broken_) return absl::InternalError(absl::StrCat(folder_, ": an earlier append could not be undone"));
  if (segments_.back()->bytes >= options_.segment_bytes) {
    if (::fdatasync(segments_.back()->fd.get()) != 0) return ErrnoStatus("sync", segments_.back()->path);
    XT_RETURN_IF_ERROR(StartSegment(end_));
  }
  Segment& last = *segments_.back();
  scratch_.clear();
  std::vector<Segment::Mark> marks;
  for (std::size_t i = 0; i < payloads.size(); ++i) {
    if (i % kIndexEvery == 0) marks.push_back({end_ + i, last.bytes + scratch_.size()});
    EncodeRecord(payloads[i], scratch_);
  }
  if (absl::Status status = WriteAllAt(last.fd.get(), last.bytes, scratch_); !status.ok()) {
    broken_ = ::ftruncate(last.fd.get(), static_cast<off_t>(last.bytes)) != 0;
    return status;
  }
  {
    std::lock_guard lock(mutex_);
    for (const Segment::Mark& mark : marks) last.AddMark(mark.position, mark.offset);
    last.bytes += scratch_.size();
    size_bytes_ += scratch_.size();
    end_ += payloads.size();
  }
  if (scratch_.capacity() > 8U << 20) scratch_ = std::string();
  grown_.notify_all();
  return absl::OkStatus();
}

std::shared_ptr<SegmentLog::Segment> SegmentLog::Find(std::uint64_t position) const {
  const auto next = std::upper_bound(
      segments_.begin(), segments_.end(), position,
      [](std::uint64_t p, const std::shared_ptr<Segment>& segment) { return p < segment->first_position; });
  return next == segments_.begin() ? nullptr : *std::prev(next);
}

absl::StatusOr<std::vector<SegmentLog::Record>> SegmentLog::Read(std::uint64_t from, std::size_t max,
                                                                 std::uint64_t max_bytes) const {
  std::vector<Record> records;
  std::uint64_t bytes = 0;
  while (records.size() < max && bytes < max_bytes) {
    std::shared_ptr<Segment> segment;
    Segment::Mark mark;
    std::uint64_t limit = 0;
    {
      std::lock_guard lock(mutex_);
      if (from >= end_) return records;
      segment = Find(from);
      if (!segment) return absl::OutOfRangeError(absl::StrCat(folder_, ": position ", from, " was trimmed"));
      mark = segment->Before(from);
      limit = segment->bytes;
    }
    Scanner scanner(segment->fd.get(), segment->path, mark.offset, limit);
    std::vector<Segment::Mark> seen;
    std::string_view payload;
    const std::uint64_t before = from;
    for (std::uint64_t position = mark.position; records.size() < max && bytes < max_bytes; ++position) {
      if (position % kIndexEvery == 0) seen.push_back({position, scanner.offset()});
      XT_ASSIGN_OR_RETURN(const bool good, scanner.Next(payload));
      if (scanner.bad()) {
        return absl::DataLossError(absl::StrCat(segment->path, " at offset ", scanner.offset(), ": damaged record"));
      }
      if (!good) break;
      if (position < from) continue;
      records.push_back({position, std::make_shared<const std::string>(payload)});
      bytes += payload.size();
      from = position + 1;
    }
    std::lock_guard lock(mutex_);
    for (const Segment::Mark& m : seen) segment->AddMark(m.position, m.offset);
    if (from == before) {
      return absl::DataLossError(absl::StrCat(segment->path, " ends before position ", from));
    }
  }
  return records;
}

absl::Status SegmentLog::WaitBeyond(std::uint64_t position, std::chrono::milliseconds timeout) const {
  std::unique_lock lock(mutex_);
  grown_.wait_for(lock, timeout, [&] { return closed_ || end_ > position; });
  return closed_ ? absl::CancelledError("the log was closed") : absl::OkStatus();
}

absl::Status SegmentLog::DropOldest() {
  std::string path;
  {
    std::lock_guard lock(mutex_);
    path = segments_.front()->path;
    size_bytes_ -= segments_.front()->bytes;
    segments_.erase(segments_.begin());
  }
  return RemoveFile(path);
}

absl::Status SegmentLog::TrimBelow(std::uint64_t position) {
  while (segments_.size() > 1 && segments_[1]->first_position <= position) XT_RETURN_IF_ERROR(DropOldest());
  return absl::OkStatus();
}

// Whoever reads a segment that is gone reads it to its end. A crash between leaves an empty folder: a log that was never
// written.
absl::Status SegmentLog::Restart(std::uint64_t position) {
  std::lock_guard lock(mutex_);
  broken_ = true;
  for (const std::shared_ptr<Segment>& segment : segments_) XT_RETURN_IF_ERROR(RemoveFile(segment->path));
  XT_ASSIGN_OR_RETURN(std::shared_ptr<Segment> segment, MakeSegment(position));
  segments_ = {std::move(segment)};
  size_bytes_ = kHeaderBytes;
  end_ = position;
  broken_ = false;
  return absl::OkStatus();
}

absl::Status SegmentLog::TrimToBytes(std::uint64_t bytes) {
  while (segments_.size() > 2 && size_bytes_ > bytes) XT_RETURN_IF_ERROR(DropOldest());
  return absl::OkStatus();
}

std::uint64_t SegmentLog::begin() const {
  std::lock_guard lock(mutex_);
  return segments_.front()->first_position;
}

std::uint64_t SegmentLog::end() const {
  std::lock_guard lock(mutex_);
  return end_;
}

std::uint64_t SegmentLog::SizeBytes() const {
  std::lock_guard lock(mutex_);
  return size_bytes_;
}

void SegmentLog::Close() {
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
  }
  grown_.notify_all();
}

}  // namespace xt::embedded
