#include "libs/adapters/embedded/internal/wal_writer.h"

#include <utility>

#include "libs/base/status.h"

namespace xt::embedded::wal {
namespace {

constexpr std::size_t kWriteBytes = 1U << 20;

// A prepared segment of another size might not hold a record that the present size allows.
std::optional<Segment> TakePrepared(Recovered& recovered, std::uint64_t segment_bytes) {
  std::optional<Segment> prepared = std::exchange(recovered.prepared, std::nullopt);
  if (!prepared || prepared->capacity == segment_bytes) return prepared;
  RemoveFile(prepared->path).IgnoreError();  // it is created anew over whatever is there
  return std::nullopt;
}

}  // namespace

SegmentWriter::SegmentWriter(WriterOptions options, Recovered recovered)
    : options_(std::move(options)),
      active_(std::move(recovered.active)),
      offset_(recovered.active_end),
      preparer_(options_.folder, options_.uuid, options_.segment_bytes, *options_.io,
                TakePrepared(recovered, options_.segment_bytes)),
      segments_(std::move(recovered.segments)) {}

void SegmentWriter::Add(const ports::JournalRecord& record, domain::SequenceNumber synced) {
  if (error_.ok()) error_ = AddRecord(record, synced);
}

absl::Status SegmentWriter::AddRecord(const ports::JournalRecord& record, domain::SequenceNumber synced) {
  if (offset_ + buffer_.size() + EncodedSize(record.bytes.size()) > active_.capacity) XT_RETURN_IF_ERROR(RollOver());
  {
    std::lock_guard lock(mutex_);
    segments_.back().Note(record.first_sequence, offset_ + buffer_.size());
  }
  EncodeRecord(record, synced, buffer_);
  return buffer_.size() >= kWriteBytes ? Flush() : absl::OkStatus();
}

absl::Status SegmentWriter::Commit() {
  if (error_.ok()) error_ = Flush();
  if (error_.ok()) error_ = Sync();
  if (error_.ok() && offset_ > active_.capacity / 2) preparer_.Request(active_.index + 1);
  return error_;
}

absl::Status SegmentWriter::Flush() {
  XT_RETURN_IF_ERROR(options_.io->WriteAt(active_.fd.get(), offset_, buffer_));
  offset_ += buffer_.size();
  buffer_.clear();
  return absl::OkStatus();
}

absl::Status SegmentWriter::Sync() {
  const std::int64_t start_ns = options_.clock->MonotonicNs();
  XT_RETURN_IF_ERROR(options_.io->SyncData(active_.fd.get()));
  if (options_.on_fsync) options_.on_fsync(std::chrono::nanoseconds(options_.clock->MonotonicNs() - start_ns));
  return absl::OkStatus();
}

absl::Status SegmentWriter::RollOver() {
  XT_RETURN_IF_ERROR(Flush());
  XT_RETURN_IF_ERROR(Sync());
  XT_ASSIGN_OR_RETURN(active_, preparer_.Take(active_.index + 1));
  offset_ = kSegmentHeaderBytes;
  std::lock_guard lock(mutex_);
  segments_.push_back({active_.index, active_.capacity, {}, {}});
  return absl::OkStatus();
}

std::vector<SegmentInfo> SegmentWriter::Segments() const {
  std::lock_guard lock(mutex_);
  return segments_;
}

void SegmentWriter::DropBefore(std::uint64_t index) {
  std::lock_guard lock(mutex_);
  std::erase_if(segments_, [&](const SegmentInfo& segment) { return segment.index < index; });
}

}  // namespace xt::embedded::wal
