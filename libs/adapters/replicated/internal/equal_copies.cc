#include "libs/adapters/replicated/internal/equal_copies.h"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <utility>

#include "libs/base/status.h"

namespace xt::replicated {

using domain::SequenceNumber;
using ports::JournalRecord;

namespace {

// Divergent tails are a few frames; more is looked through only when there is nothing in common so near to the end.
constexpr std::uint64_t kFirstWindow = 1'024;
constexpr std::uint64_t kWindowGrowth = 16;

// Counts appends under way and keeps the first error.
class Appends {
 public:
  ports::CommandJournal::AppendDone Begin() {
    std::lock_guard lock(mutex_);
    ++under_way_;
    return [this](const absl::Status& status) {
      std::lock_guard inner(mutex_);
      --under_way_;
      if (error_.ok()) error_ = status;
      changed_.notify_all();
    };
  }
  absl::Status error() {
    std::lock_guard lock(mutex_);
    return error_;
  }
  absl::Status Wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return under_way_ == 0; });
    return error_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t under_way_ = 0;
  absl::Status error_;
};

}  // namespace

absl::Status ReadUpTo(ports::CommandJournal& journal, SequenceNumber from, SequenceNumber last,
                      const ports::CommandJournal::Visitor& visitor) {
  bool behind = false;
  const absl::Status status = journal.Read(from, [&](const JournalRecord& record) {
    behind = record.last_sequence > last;
    return behind ? absl::CancelledError() : visitor(record);
  });
  return behind ? absl::OkStatus() : status;
}

absl::StatusOr<SequenceNumber> CommonEnd(ports::CommandJournal& a, ports::CommandJournal& b) {
  const SequenceNumber last = std::min(a.TailSequence(), b.TailSequence());
  if (last.value() == 0) return last;
  for (std::uint64_t window = kFirstWindow;; window *= kWindowGrowth) {
    const SequenceNumber from(last.value() > window ? last.value() - window : 1);
    std::map<SequenceNumber, std::pair<Hash128, domain::Epoch>> seen;
    XT_RETURN_IF_ERROR(ReadUpTo(a, from, last, [&](const JournalRecord& record) {
      seen[record.last_sequence] = {record.hash, record.epoch};
      return absl::OkStatus();
    }));
    SequenceNumber common;
    XT_RETURN_IF_ERROR(ReadUpTo(b, from, last, [&](const JournalRecord& record) {
      const auto other = seen.find(record.last_sequence);
      if (other != seen.end() && other->second == std::pair(record.hash, record.epoch)) common = record.last_sequence;
      return absl::OkStatus();
    }));
    if (common.value() != 0 || from.value() == 1) return common;
  }
}

absl::StatusOr<std::uint64_t> Fill(ports::CommandJournal& source, ports::CommandJournal& follower,
                                   SequenceNumber from) {
  Appends appends;
  std::uint64_t records = 0;
  const absl::Status read = source.Read(SequenceNumber(from.value() + 1), [&](const JournalRecord& record) {
    XT_RETURN_IF_ERROR(appends.error());
    ++records;
    follower.Append(record, appends.Begin());
    return absl::OkStatus();
  });
  XT_RETURN_IF_ERROR(appends.Wait());
  XT_RETURN_IF_ERROR(read);
  return records;
}

absl::StatusOr<EqualReport> MakeEqual(ports::CommandJournal& source, ports::JournalCopy& follower) {
  EqualReport report;
  XT_ASSIGN_OR_RETURN(report.common, CommonEnd(source, follower));
  report.cut = follower.TailSequence() != report.common;
  if (report.cut) XT_RETURN_IF_ERROR(follower.CutTail(report.common));
  XT_ASSIGN_OR_RETURN(report.filled, Fill(source, follower, report.common));
  return report;
}

}  // namespace xt::replicated
