#include "libs/adapters/replicated/internal/equal_copies.h"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"

namespace xt::replicated {

using domain::SequenceNumber;
using ports::JournalRecord;

namespace {

// Divergent tails are a few frames; more is looked through only when there is nothing in common so near to the end.
constexpr std::uint64_t kFirstWindow = 1'024;
constexpr std::uint64_t kWindowGrowth = 16;

constexpr std::uint64_t kTrimmedAtOnce = 2'000;  // commands

// A remote copy that lacks more commands than these is not waited for at Open: some thousand are filled in each second.
constexpr std::uint64_t kMostFilledAtOpen = 10'000;

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

bool IsHigher(const ports::OpenReport& a, const ports::OpenReport& b) {
  return std::tie(a.last_epoch, a.last_sequence) > std::tie(b.last_epoch, b.last_sequence);
}

absl::Status CheckEnds(const ports::OpenReport& own, const ports::OpenReport& remote) {
  if (IsHigher(own, remote) || IsHigher(remote, own) || own.last_hash == remote.last_hash) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("both copies end at sequence ", own.last_sequence.value(), " of epoch ",
                                          own.last_epoch.value(), ", with different frames"));
}

bool IsFarBehind(const ports::OpenReport& remote, const ports::OpenReport& own) {
  return IsHigher(own, remote) && own.last_sequence.value() > remote.last_sequence.value() + kMostFilledAtOpen;
}

absl::Status ReadUpTo(ports::CommandJournal& journal, SequenceNumber from, SequenceNumber last,
                      const ports::CommandJournal::Visitor& visitor) {
  bool behind = false;
  const absl::Status status = journal.Read(from, [&](const JournalRecord& record) {
    behind = record.last_sequence > last;
    return behind ? absl::CancelledError() : visitor(record);
  });
  return behind ? absl::OkStatus() : status;
}

absl::StatusOr<SequenceNumber> LastCommonRecord(ports::CommandJournal& a, ports::CommandJournal& b) {
  const SequenceNumber last = std::min(a.TailSequence(), b.TailSequence());
  const std::uint64_t floor = std::max(a.Base().sequence, b.Base().sequence).value();
  if (last.value() <= floor) return SequenceNumber();
  for (std::uint64_t window = kFirstWindow;; window *= kWindowGrowth) {
    const SequenceNumber from(last.value() > floor + window ? last.value() - window : floor + 1);
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
    if (common.value() != 0 || from.value() == floor + 1) return common;
  }
}

absl::StatusOr<std::optional<JournalRecord>> FirstFrom(ports::CommandJournal& journal, SequenceNumber from) {
  std::optional<JournalRecord> first;
  const absl::Status read = journal.Read(from, [&](const JournalRecord& record) {
    first = record;
    return absl::CancelledError("the first one is enough");
  });
  if (!first) XT_RETURN_IF_ERROR(read);
  return first;
}

absl::StatusOr<bool> GoesThrough(ports::CommandJournal& journal, SequenceNumber sequence, Hash128 hash) {
  const ports::JournalBase base = journal.Base();
  if (sequence == base.sequence) return hash == base.hash;
  if (sequence < base.sequence || sequence > journal.TailSequence()) return false;
  XT_ASSIGN_OR_RETURN(const auto record, FirstFrom(journal, sequence));
  return record && record->last_sequence == sequence && record->hash == hash;
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

absl::StatusOr<bool> TrimSome(ports::JournalCopy& copy, SequenceNumber upto) {
  const SequenceNumber most = std::min(upto, copy.TailSequence());
  const SequenceNumber before = copy.Base().sequence;
  if (before >= most) return false;
  XT_RETURN_IF_ERROR(copy.TrimFront(std::min(most, SequenceNumber(before.value() + kTrimmedAtOnce))));
  return copy.Base().sequence != before;
}

absl::StatusOr<EqualReport> MakeEqual(ports::CommandJournal& source, ports::JournalCopy& follower) {
  EqualReport report;
  XT_ASSIGN_OR_RETURN(report.common, LastCommonRecord(source, follower));
  bool joined = report.common.value() != 0;
  if (!joined) {
    // Then at most what lies before the first record of the one that begins later is the same.
    const bool source_later = source.Base().sequence > follower.Base().sequence;
    const ports::JournalBase later = source_later ? source.Base() : follower.Base();
    XT_ASSIGN_OR_RETURN(joined, GoesThrough(source_later ? static_cast<ports::CommandJournal&>(follower) : source,
                                            later.sequence, later.hash));
    report.common = joined ? later.sequence : source.Base().sequence;
  }
  report.begun = !joined;
  report.cut = joined && follower.TailSequence() != report.common;
  if (report.begun) {
    XT_RETURN_IF_ERROR(follower.BeginAt(source.Base()));
  } else if (report.cut) {
    XT_RETURN_IF_ERROR(follower.CutTail(report.common));
  }
  XT_ASSIGN_OR_RETURN(report.filled, Fill(source, follower, report.common));
  return report;
}

}  // namespace xt::replicated
