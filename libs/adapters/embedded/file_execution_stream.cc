#include "libs/adapters/embedded/file_execution_stream.h"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/adapters/embedded/internal/consumer_group.h"
#include "libs/adapters/embedded/internal/files.h"
#include "libs/adapters/embedded/internal/slot_file.h"
#include "libs/adapters/embedded/segment_log.h"
#include "libs/base/status.h"

namespace xt::embedded {

using domain::SequenceNumber;
using ports::EventEntry;
using ports::ExecutionDelivery;

namespace {

constexpr char kGroupPrefix[] = "group-";

absl::Status Closed() { return absl::CancelledError("the execution stream was closed"); }

}  // namespace

struct FileExecutionStream::State {
  struct Group {
    ConsumerGroup members;
    SlotFile file;
    std::set<std::string, std::less<>> live;
    std::uint64_t redeliveries = 0;
  };

  std::string folder;
  FileExecutionStreamOptions options;
  Fd lock;
  std::unique_ptr<SegmentLog> log;  // the position of a record is its sequence
  std::mutex mutex;
  std::condition_variable changed;  // something was published or acknowledged, or the stream was closed
  std::map<std::string, Group, std::less<>> groups;
  bool closed = false;

  absl::Status LoadGroups();
  absl::StatusOr<Group*> LoadGroup(const std::string& name);
  // By every group; without one the last entry.
  [[nodiscard]] std::uint64_t Acknowledged() const;
  absl::StatusOr<std::vector<ExecutionDelivery>> Load(const std::vector<std::uint64_t>& sequences) const;
};

absl::Status FileExecutionStream::State::LoadGroups() {
  XT_ASSIGN_OR_RETURN(const std::vector<std::string> names, SlotFile::List(folder, kGroupPrefix));
  for (const std::string& name : names) XT_RETURN_IF_ERROR(LoadGroup(name).status());
  return absl::OkStatus();
}

// A group without a good file starts at the oldest entry.
absl::StatusOr<FileExecutionStream::State::Group*> FileExecutionStream::State::LoadGroup(const std::string& name) {
  XT_ASSIGN_OR_RETURN(SlotFile file, SlotFile::Open(absl::StrCat(folder, "/", kGroupPrefix, name)));
  auto members = ConsumerGroup::Decode(file.content(), options.clock->MonotonicNs());
  Group& group = groups[name];
  group.file = std::move(file);
  group.members = members.ok() ? *std::move(members) : ConsumerGroup(log->begin() - 1);
  group.members.Clamp(log->begin(), log->end());
  return &group;
}

std::uint64_t FileExecutionStream::State::Acknowledged() const {
  std::uint64_t acknowledged = log->end() - 1;
  for (const auto& [name, group] : groups) acknowledged = std::min(acknowledged, group.members.floor());
  return acknowledged;
}

// The entries of ascending sequences, which need not follow each other. Fewer when they are too large for one answer.
absl::StatusOr<std::vector<ExecutionDelivery>> FileExecutionStream::State::Load(
    const std::vector<std::uint64_t>& sequences) const {
  std::vector<ExecutionDelivery> deliveries;
  std::size_t i = 0;
  while (i < sequences.size()) {
    std::size_t run = 1;
    while (i + run < sequences.size() && sequences[i + run] == sequences[i] + run) ++run;
    XT_ASSIGN_OR_RETURN(auto records, log->Read(sequences[i], run));
    for (auto& record : records) {
      deliveries.push_back({EventEntry{SequenceNumber(record.position), std::move(record.payload)}, 1});
    }
    if (records.size() < run) break;
    i += run;
  }
  return deliveries;
}

class FileExecutionStream::Consumer final : public ports::ExecutionConsumer {
 public:
  Consumer(std::shared_ptr<State> state, std::string group, std::string name)
      : state_(std::move(state)), group_(std::move(group)), name_(std::move(name)) {}
  ~Consumer() override {
    std::lock_guard lock(state_->mutex);
    state_->groups[group_].live.erase(name_);
  }

  absl::StatusOr<std::vector<ExecutionDelivery>> Read(std::size_t max, std::chrono::milliseconds timeout) override;
  absl::Status Acknowledge(const std::vector<SequenceNumber>& sequences) override;
  absl::StatusOr<std::vector<ExecutionDelivery>> Claim(std::chrono::milliseconds min_idle, std::size_t max) override;
  [[nodiscard]] std::uint64_t Lag() const override {
    std::lock_guard lock(state_->mutex);
    return state_->groups[group_].members.Lag(state_->log->end() - 1);
  }

 private:
  absl::StatusOr<std::vector<ExecutionDelivery>> ReadNew(State::Group& group, std::size_t max);
  absl::StatusOr<std::vector<ExecutionDelivery>> Redeliver(State::Group& group,
                                                           const std::vector<std::uint64_t>& entries);

  const std::shared_ptr<State> state_;
  const std::string group_;
  const std::string name_;
  std::uint64_t own_from_ = 1;  // own pending entries before this one were delivered by this object
};

absl::StatusOr<std::vector<ExecutionDelivery>> FileExecutionStream::Consumer::Read(std::size_t max,
                                                                                   std::chrono::milliseconds timeout) {
  std::unique_lock lock(state_->mutex);
  State::Group& group = state_->groups[group_];
  if (state_->closed) return Closed();
  if (own_from_ != 0) {
    const auto own = group.members.HeldBy(name_, own_from_, max);
    if (!own.empty()) {
      XT_ASSIGN_OR_RETURN(auto deliveries, Redeliver(group, own));
      own_from_ = deliveries.back().entry.sequence.value() + 1;
      return deliveries;
    }
    own_from_ = 0;
  }
  state_->changed.wait_for(lock, timeout, [&] {
    return state_->closed || (group.members.delivered() + 1 < state_->log->end() &&
                              group.members.pending() < state_->options.max_pending);
  });
  if (state_->closed) return Closed();
  return ReadNew(group, max);
}

absl::StatusOr<std::vector<ExecutionDelivery>> FileExecutionStream::Consumer::ReadNew(State::Group& group,
                                                                                      std::size_t max) {
  const std::size_t room = state_->options.max_pending - std::min(state_->options.max_pending, group.members.pending());
  XT_ASSIGN_OR_RETURN(auto records, state_->log->Read(group.members.delivered() + 1, std::min(max, room)));
  std::vector<ExecutionDelivery> deliveries;
  if (records.empty()) return deliveries;
  group.members.Deliver(name_, records.size(), state_->options.clock->MonotonicNs());
  if (absl::Status status = group.file.Store(group.members.Encode()); !status.ok()) {
    own_from_ = records.front().position;  // the next Read hands them out
    return status;
  }
  deliveries.reserve(records.size());
  for (auto& record : records) {
    deliveries.push_back({EventEntry{SequenceNumber(record.position), std::move(record.payload)}, 1});
  }
  return deliveries;
}

absl::StatusOr<std::vector<ExecutionDelivery>> FileExecutionStream::Consumer::Redeliver(
    State::Group& group, const std::vector<std::uint64_t>& entries) {
  XT_ASSIGN_OR_RETURN(auto deliveries, state_->Load(entries));
  for (ExecutionDelivery& delivery : deliveries) {
    delivery.delivery_count =
        group.members.Redeliver(delivery.entry.sequence.value(), name_, state_->options.clock->MonotonicNs());
  }
  group.redeliveries += deliveries.size();
  if (!deliveries.empty()) XT_RETURN_IF_ERROR(group.file.Store(group.members.Encode()));
  return deliveries;
}

absl::StatusOr<std::vector<ExecutionDelivery>> FileExecutionStream::Consumer::Claim(std::chrono::milliseconds min_idle,
                                                                                    std::size_t max) {
  std::lock_guard lock(state_->mutex);
  if (state_->closed) return Closed();
  State::Group& group = state_->groups[group_];
  const std::int64_t before_ns = state_->options.clock->MonotonicNs() - std::chrono::nanoseconds(min_idle).count();
  return Redeliver(group, group.members.Claimable(name_, before_ns, max));
}

absl::Status FileExecutionStream::Consumer::Acknowledge(const std::vector<SequenceNumber>& sequences) {
  std::vector<std::uint64_t> entries;
  entries.reserve(sequences.size());
  for (const SequenceNumber sequence : sequences) entries.push_back(sequence.value());
  {
    std::lock_guard lock(state_->mutex);
    if (state_->closed) return Closed();
    State::Group& group = state_->groups[group_];
    if (!group.members.Acknowledge(entries)) return absl::OkStatus();
    XT_RETURN_IF_ERROR(group.file.Store(group.members.Encode()));
  }
  state_->changed.notify_all();
  return absl::OkStatus();
}

FileExecutionStream::FileExecutionStream(std::shared_ptr<State> state) : state_(std::move(state)) {}
FileExecutionStream::~FileExecutionStream() { Close(); }

absl::StatusOr<std::unique_ptr<FileExecutionStream>> FileExecutionStream::Open(std::string folder,
                                                                               FileExecutionStreamOptions options) {
  if (options.max_pending == 0) return absl::InvalidArgumentError("max_pending must be > 0");
  auto state = std::make_shared<State>();
  state->folder = std::move(folder);
  state->options = options;
  XT_RETURN_IF_ERROR(MakeFolders(state->folder));
  XT_ASSIGN_OR_RETURN(state->lock, LockFolder(state->folder));
  XT_ASSIGN_OR_RETURN(state->log, SegmentLog::Open(state->folder + "/log", {options.segment_bytes, 1}));
  XT_RETURN_IF_ERROR(state->LoadGroups());
  return std::unique_ptr<FileExecutionStream>(new FileExecutionStream(std::move(state)));
}

absl::Status FileExecutionStream::Publish(const std::vector<EventEntry>& entries) {
  {
    std::lock_guard lock(state_->mutex);
    if (state_->closed) return Closed();
    const std::uint64_t end = state_->log->end();
    std::vector<std::string_view> fresh;
    for (std::size_t i = 0; i < entries.size(); ++i) {
      const std::uint64_t sequence = entries[i].sequence.value();
      const bool follows = i == 0 ? sequence >= 1 && sequence <= end : sequence == entries[i - 1].sequence.value() + 1;
      if (!follows)
        return absl::InvalidArgumentError(absl::StrCat("sequence ", sequence, " leaves a gap in the stream"));
      if (sequence >= end) fresh.push_back(*entries[i].payload);
    }
    XT_RETURN_IF_ERROR(state_->log->Append(fresh));
    if (!state_->groups.empty()) XT_RETURN_IF_ERROR(state_->log->TrimBelow(state_->Acknowledged() + 1));
  }
  state_->changed.notify_all();
  return absl::OkStatus();
}

absl::StatusOr<SequenceNumber> FileExecutionStream::LastSequence() {
  std::lock_guard lock(state_->mutex);
  if (state_->closed) return Closed();
  return SequenceNumber(state_->log->end() - 1);
}

absl::StatusOr<SequenceNumber> FileExecutionStream::Acknowledged() {
  std::lock_guard lock(state_->mutex);
  if (state_->closed) return Closed();
  return SequenceNumber(state_->Acknowledged());
}

// A crash between the log and the groups: whoever loads a group makes it fit the log.
absl::Status FileExecutionStream::BeginAt(SequenceNumber first) {
  std::lock_guard lock(state_->mutex);
  if (state_->closed) return Closed();
  const std::uint64_t end = state_->log->end();
  if (first.value() <= end) return absl::OkStatus();
  if (const std::uint64_t acknowledged = state_->Acknowledged(); acknowledged + 1 < end) {
    return absl::FailedPreconditionError(absl::StrCat("the entries ", acknowledged + 1, " to ", end - 1,
                                                      " are not acknowledged: no gap can follow them"));
  }
  XT_RETURN_IF_ERROR(state_->log->Restart(first.value()));
  for (auto& [name, group] : state_->groups) {
    group.members.Clamp(first.value(), first.value());
    XT_RETURN_IF_ERROR(group.file.Store(group.members.Encode()));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<ports::ExecutionConsumer>> FileExecutionStream::Join(std::string_view group,
                                                                                    std::string_view consumer) {
  if (!IsFileNamePart(group) || !IsFileNamePart(consumer)) {
    return absl::InvalidArgumentError("groups and consumers have names of 1..64 characters of [A-Za-z0-9._-]");
  }
  std::lock_guard lock(state_->mutex);
  if (state_->closed) return Closed();
  std::string name(group);
  const auto known = state_->groups.find(name);
  State::Group* members = known == state_->groups.end() ? nullptr : &known->second;
  if (members == nullptr) {
    XT_ASSIGN_OR_RETURN(members, state_->LoadGroup(name));
  }
  if (!members->live.insert(std::string(consumer)).second) {
    return absl::FailedPreconditionError(
        absl::StrCat("a consumer of this name is in the group: ", std::string(consumer)));
  }
  return std::make_unique<Consumer>(state_, std::move(name), std::string(consumer));
}

void FileExecutionStream::Close() {
  {
    std::lock_guard lock(state_->mutex);
    state_->closed = true;
  }
  state_->log->Close();
  state_->changed.notify_all();
}

std::vector<ExecutionGroupStats> FileExecutionStream::GroupStats() const {
  std::lock_guard lock(state_->mutex);
  std::vector<ExecutionGroupStats> stats;
  for (const auto& [name, group] : state_->groups) {
    stats.push_back({name, group.members.Lag(state_->log->end() - 1), group.members.pending(), group.redeliveries});
  }
  return stats;
}

std::uint64_t FileExecutionStream::SizeBytes() const { return state_->log->SizeBytes(); }

}  // namespace xt::embedded
