#include "libs/adapters/embedded/file_event_log.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "libs/adapters/embedded/internal/files.h"
#include "libs/adapters/embedded/internal/slot_file.h"
#include "libs/adapters/embedded/segment_log.h"
#include "libs/base/status.h"

namespace xt::embedded {

using domain::SequenceNumber;
using ports::EventEntry;

struct FileEventLog::State {
  std::string folder;
  FileEventLogOptions options;
  Fd lock;
  std::unique_ptr<SegmentLog> log;  // the position of a record is its sequence
  std::mutex mutex;
  struct Place {
    SlotFile file;
    std::uint64_t position = 0;
  };
  std::map<std::string, Place, std::less<>> places;  // of every cursor that has ever been, by name
  std::set<std::string, std::less<>> live;

  absl::Status LoadCursors();
  absl::Status LoadCursor(const std::string& name);
  absl::Status MoveCursor(const std::string& name, std::uint64_t position);
  [[nodiscard]] std::uint64_t PositionOf(const std::string& name);
  absl::Status CompareExisting(const std::vector<EventEntry>& entries, std::uint64_t end) const;
  absl::Status Trim();
};

namespace {

constexpr char kCursorPrefix[] = "cursor-";

// A position behind the end means that the log lost its tail: what comes again is delivered again.
std::uint64_t Clamp(std::uint64_t position, const SegmentLog& log) {
  return std::clamp(position, log.begin() - 1, log.end() - 1);
}

std::vector<EventEntry> ToEntries(std::vector<SegmentLog::Record> records) {
  std::vector<EventEntry> entries;
  entries.reserve(records.size());
  for (auto& record : records) entries.push_back({SequenceNumber(record.position), std::move(record.payload)});
  return entries;
}

}  // namespace

absl::Status FileEventLog::State::LoadCursors() {
  XT_ASSIGN_OR_RETURN(const std::vector<std::string> names, SlotFile::List(folder, kCursorPrefix));
  for (const std::string& name : names) XT_RETURN_IF_ERROR(LoadCursor(name));
  return absl::OkStatus();
}

absl::Status FileEventLog::State::LoadCursor(const std::string& name) {
  XT_ASSIGN_OR_RETURN(SlotFile file, SlotFile::Open(absl::StrCat(folder, "/", kCursorPrefix, name)));
  std::uint64_t position = 0;
  if (!absl::SimpleAtoi(file.content(), &position)) position = 0;
  Place& place = places[name];
  place.file = std::move(file);
  place.position = Clamp(position, *log);
  return absl::OkStatus();
}

absl::Status FileEventLog::State::MoveCursor(const std::string& name, std::uint64_t position) {
  std::lock_guard guard(mutex);
  Place& place = places[name];
  XT_RETURN_IF_ERROR(place.file.Store(absl::StrCat(position)));
  place.position = position;
  return absl::OkStatus();
}

std::uint64_t FileEventLog::State::PositionOf(const std::string& name) {
  std::lock_guard guard(mutex);
  return places[name].position;
}

absl::Status FileEventLog::State::CompareExisting(const std::vector<EventEntry>& entries, std::uint64_t end) const {
  std::size_t i = 0;
  while (i < entries.size() && entries[i].sequence.value() < log->begin()) ++i;
  while (i < entries.size() && entries[i].sequence.value() < end) {
    XT_ASSIGN_OR_RETURN(const auto records, log->Read(entries[i].sequence.value(), entries.size() - i));
    for (const SegmentLog::Record& record : records) {
      if (*record.payload != *entries[i].payload) {
        return absl::DataLossError(
            absl::StrCat("the events of sequence ", record.position,
                         " differ from those in the event log: two runs of one journal disagreed"));
      }
      if (++i == entries.size()) return absl::OkStatus();
    }
  }
  return absl::OkStatus();
}

absl::Status FileEventLog::State::Trim() {
  if (options.retain_bytes == 0 || log->SizeBytes() <= options.retain_bytes) return absl::OkStatus();
  std::uint64_t slowest = log->end() - 1;
  {
    std::lock_guard guard(mutex);
    if (places.empty()) return absl::OkStatus();
    for (const auto& [name, place] : places) slowest = std::min(slowest, place.position);
  }
  return log->TrimBelow(slowest + 1);
}

class FileEventLog::Cursor final : public ports::EventCursor {
 public:
  Cursor(std::shared_ptr<State> state, std::string name) : state_(std::move(state)), name_(std::move(name)) {}
  ~Cursor() override {
    std::lock_guard lock(state_->mutex);
    state_->live.erase(name_);
  }

  absl::StatusOr<std::vector<EventEntry>> Read(std::size_t max, std::chrono::milliseconds timeout) override {
    const std::uint64_t next = state_->PositionOf(name_) + 1;
    XT_RETURN_IF_ERROR(state_->log->WaitBeyond(next, timeout));
    auto records = state_->log->Read(next, max);
    // The log began anew meanwhile: there is nothing behind the position yet.
    if (absl::IsOutOfRange(records.status()) && state_->PositionOf(name_) + 1 != next) return std::vector<EventEntry>();
    if (!records.ok()) return records.status();
    return ToEntries(*std::move(records));
  }

  absl::Status Advance(SequenceNumber sequence) override {
    if (sequence <= position()) return absl::OkStatus();
    if (sequence.value() >= state_->log->end()) {
      return absl::InvalidArgumentError(absl::StrCat("cursor ", name_, " cannot pass the end of the log"));
    }
    return state_->MoveCursor(name_, sequence.value());
  }

  [[nodiscard]] SequenceNumber position() const override { return SequenceNumber(state_->PositionOf(name_)); }

 private:
  const std::shared_ptr<State> state_;
  const std::string name_;
};

FileEventLog::FileEventLog(std::shared_ptr<State> state) : state_(std::move(state)) {}
FileEventLog::~FileEventLog() { Close(); }

absl::StatusOr<std::unique_ptr<FileEventLog>> FileEventLog::Open(std::string folder, FileEventLogOptions options) {
  auto state = std::make_shared<State>();
  state->folder = std::move(folder);
  state->options = options;
  XT_RETURN_IF_ERROR(MakeFolders(state->folder));
  XT_ASSIGN_OR_RETURN(state->lock, LockFolder(state->folder));
  XT_ASSIGN_OR_RETURN(state->log, SegmentLog::Open(state->folder + "/log", {options.segment_bytes, 1}));
  XT_RETURN_IF_ERROR(state->LoadCursors());
  return std::unique_ptr<FileEventLog>(new FileEventLog(std::move(state)));
}

SequenceNumber FileEventLog::FirstSequence() const { return SequenceNumber(state_->log->begin()); }
SequenceNumber FileEventLog::LastSequence() const { return SequenceNumber(state_->log->end() - 1); }

absl::Status FileEventLog::BeginAt(SequenceNumber first) {
  if (first.value() == 0) return absl::InvalidArgumentError("sequences begin at 1");
  std::lock_guard guard(state_->mutex);
  XT_RETURN_IF_ERROR(state_->log->Restart(first.value()));
  for (auto& [name, place] : state_->places) {
    place.position = first.value() - 1;
    XT_RETURN_IF_ERROR(place.file.Store(absl::StrCat(place.position)));
  }
  return absl::OkStatus();
}

absl::Status FileEventLog::Append(const std::vector<EventEntry>& entries) {
  if (entries.empty()) return absl::OkStatus();
  const std::uint64_t end = state_->log->end();
  std::vector<std::string_view> fresh;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const std::uint64_t sequence = entries[i].sequence.value();
    const bool follows = i == 0 ? sequence >= 1 && sequence <= end : sequence == entries[i - 1].sequence.value() + 1;
    if (!follows)
      return absl::InvalidArgumentError(absl::StrCat("sequence ", sequence, " leaves a gap in the event log"));
    if (sequence >= end) fresh.push_back(*entries[i].payload);
  }
  XT_RETURN_IF_ERROR(state_->CompareExisting(entries, end));
  XT_RETURN_IF_ERROR(state_->log->Append(fresh));
  return state_->Trim();
}

absl::StatusOr<std::unique_ptr<ports::EventCursor>> FileEventLog::OpenCursor(std::string_view name) {
  if (!IsFileNamePart(name))
    return absl::InvalidArgumentError("a cursor's name has 1..64 characters of [A-Za-z0-9._-]");
  std::string key(name);
  std::lock_guard lock(state_->mutex);
  if (state_->live.contains(key))
    return absl::FailedPreconditionError(absl::StrCat("a cursor named ", key, " is open"));
  const auto known = state_->places.find(key);
  if (known == state_->places.end()) XT_RETURN_IF_ERROR(state_->LoadCursor(key));
  state_->live.insert(key);
  return std::make_unique<Cursor>(state_, std::move(key));
}

absl::StatusOr<std::vector<EventEntry>> FileEventLog::ReadFrom(SequenceNumber from, std::size_t max) {
  const SequenceNumber first = std::max(from, SequenceNumber(1));
  XT_ASSIGN_OR_RETURN(auto records, state_->log->Read(first.value(), max));
  return ToEntries(std::move(records));
}

std::uint64_t FileEventLog::SizeBytes() const { return state_->log->SizeBytes(); }
void FileEventLog::Close() { state_->log->Close(); }
std::uint64_t FileEventLog::torn_bytes_cut() const { return state_->log->torn_bytes_cut(); }

}  // namespace xt::embedded
