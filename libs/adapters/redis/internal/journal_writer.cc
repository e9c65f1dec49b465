#include "libs/adapters/redis/internal/journal_writer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"

namespace xt::redis {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr char kAlways[] = ":always";
constexpr std::size_t kPipeline = 64;  // records of memory that are sent at once

JournalEnd EndOf(const ports::JournalRecord& record) { return {record.last_sequence, record.hash}; }

bool MayPass(const absl::Status& status) { return absl::IsUnavailable(status) || absl::IsResourceExhausted(status); }

}  // namespace

JournalWriter::JournalWriter(RedisConfig config, JournalKeys keys, const RedisJournalOptions& options)
    : options_(options), link_(std::move(config), std::move(keys)) {}

absl::StatusOr<JournalEnd> JournalWriter::Open(ports::FencingToken token) {
  token_ = token;
  XT_ASSIGN_OR_RETURN(end_, Connect());
  return end_;
}

absl::StatusOr<JournalEnd> JournalWriter::OpenAnew(ports::FencingToken token, std::string& aside) {
  XT_ASSIGN_OR_RETURN(aside, link_.SetAside(token));
  return Open(token);
}

absl::StatusOr<JournalEnd> JournalWriter::Connect() {
  const std::string before = link_.run_id();
  auto end = link_.Connect(token_, options_.on_restart, options_.needs_fsync_always);
  if (!before.empty() && link_.run_id() != before) ++counters_.restarts;
  std::lock_guard lock(mutex_);
  uuid_ = link_.uuid();
  run_id_ = link_.run_id();
  write_token_ = link_.token();
  return end;
}

absl::Status JournalWriter::Store(Group group, const Confirmed& confirmed) {
  Group rest = group;
  while (!rest.empty()) {
    const absl::Status status = Send(rest, confirmed);
    if (status.ok()) continue;
    if (!MayPass(status)) return status;
    ++(absl::IsUnavailable(status) ? counters_.lost_connections : counters_.refused_writes);
    XT_RETURN_IF_ERROR(Recover(rest, confirmed));
  }
  return absl::OkStatus();
}

absl::Status JournalWriter::Send(Group& rest, const Confirmed& confirmed) {
  JournalEnd previous = end_;
  for (const ports::JournalRecord& record : rest) {
    link_.Queue(previous, record);
    previous = EndOf(record);
  }
  XT_RETURN_IF_ERROR(link_.Flush());
  // Behind a record that was refused the others are refused too: each names the one before it. All replies are read.
  absl::Status first_error;
  for (std::size_t i = rest.size(); i > 0; --i) {
    const absl::Status status = link_.Receive();
    if (first_error.ok()) first_error = status;
    if (first_error.ok()) Confirm(rest, confirmed);
  }
  return first_error;
}

absl::Status JournalWriter::Recover(Group& rest, const Confirmed& confirmed) {
  const auto deadline = steady_clock::now() + milliseconds(options_.give_up_after_ms);
  while (true) {
    const auto end = Connect();
    const absl::Status status = end.ok() ? Reconcile(*end, rest, confirmed) : end.status();
    if (status.ok() || !MayPass(status)) return status;
    if (!PauseUntil(deadline)) {
      return absl::UnavailableError(absl::StrCat("gave up: ", std::string(MessageOf(status))));
    }
  }
}

// The end of the journal is one of: a record under way (its reply was lost), the last confirmed one, or, after a restart
// that lost confirmed records, an earlier one.
absl::Status JournalWriter::Reconcile(const JournalEnd& end, Group& rest, const Confirmed& confirmed) {
  for (std::size_t i = 0; i < rest.size(); ++i) {
    if (EndOf(rest[i]) != end) continue;
    counters_.accepted_late += i + 1;
    for (std::size_t n = 0; n <= i; ++n) Confirm(rest, confirmed);
    return absl::OkStatus();
  }
  if (end == end_) {
    counters_.sent_again += rest.size();
    return absl::OkStatus();
  }
  for (std::size_t i = 0; i < kept_.size(); ++i) {
    const ports::JournalRecord& record = kept_[i];
    if (end.sequence.value() + 1 == record.first_sequence.value() && end.hash == record.previous_hash)
      return Restore(i);
  }
  return absl::DataLossError(absl::StrCat("the journal ends at ", end.sequence.value(), ", confirmed was ",
                                          end_.sequence.value(), ", and what is missing is not in memory"));
}

absl::Status JournalWriter::Restore(std::size_t first) {
  for (std::size_t at = first; at < kept_.size(); at += kPipeline) {
    const std::size_t behind = std::min(kept_.size(), at + kPipeline);
    for (std::size_t i = at; i < behind; ++i) {
      link_.Queue({domain::SequenceNumber(kept_[i].first_sequence.value() - 1), kept_[i].previous_hash}, kept_[i]);
    }
    XT_RETURN_IF_ERROR(link_.Flush());
    for (std::size_t i = at; i < behind; ++i) XT_RETURN_IF_ERROR(link_.Receive());
    counters_.restored += behind - at;
  }
  return absl::OkStatus();
}

void JournalWriter::Confirm(Group& rest, const Confirmed& confirmed) {
  ports::JournalRecord& record = rest.front();
  end_ = EndOf(record);
  confirmed(record);
  kept_bytes_ += record.bytes.size();
  kept_.push_back(std::move(record));
  while (kept_bytes_ > options_.kept_bytes) {
    kept_bytes_ -= kept_.front().bytes.size();
    kept_.pop_front();
  }
  rest = rest.subspan(1);
}

absl::Status JournalWriter::CutTail(const JournalEnd& keep) {
  XT_RETURN_IF_ERROR(link_.CutTail(keep));
  end_ = keep;
  return absl::OkStatus();
}

absl::Status JournalWriter::BeginAt(const ports::JournalBase& base) {
  XT_RETURN_IF_ERROR(link_.BeginAt(base));
  end_ = {base.sequence, base.hash};
  return absl::OkStatus();
}

bool JournalWriter::PauseUntil(steady_clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  if (steady_clock::now() >= deadline) return false;
  return !stopped_.wait_for(lock, milliseconds(options_.retry_pause_ms), [this] { return stop_; });
}

void JournalWriter::Stop() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  stopped_.notify_all();
}

std::string JournalWriter::Identity() const {
  std::lock_guard lock(mutex_);
  return absl::StrCat("redis:", uuid_, ":", run_id_, options_.needs_fsync_always ? kAlways : "");
}

std::string JournalWriter::WriteToken() const {
  std::lock_guard lock(mutex_);
  return write_token_;
}

bool JournalWriter::Is(const std::string& member) const {
  std::lock_guard lock(mutex_);
  const std::string uuid = absl::StrCat("redis:", uuid_, ":");
  if (!member.starts_with(uuid)) return false;
  return member.ends_with(kAlways) || member.substr(uuid.size()) == run_id_;
}

}  // namespace xt::redis
