#include "libs/adapters/replicated/replicated_journal.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "libs/adapters/replicated/internal/commit_queue.h"
#include "libs/adapters/replicated/internal/equal_copies.h"
#include "libs/base/check.h"
#include "libs/base/status.h"
#include "libs/ports/journal_chain.h"

namespace xt::replicated {

using domain::SequenceNumber;
using ports::JournalRecord;
using ports::OpenReport;
using Remote = CommitQueue::Remote;

namespace {

// A copy that comes back is filled up to so many commands behind the end before appends are made to wait for the rest.
constexpr std::uint64_t kNear = 2'000;
constexpr int kMaxFills = 20;

bool IsFenced(const absl::Status& status) {
  return absl::IsFailedPrecondition(status) && MessageOf(status).find("FENCED") != std::string_view::npos;
}

// What passes, so that the other copy may go on without this one.
bool IsAway(const absl::Status& status) { return absl::IsUnavailable(status) || absl::IsResourceExhausted(status); }

bool Contains(const std::vector<std::string>& members, const std::string& identity) {
  return std::find(members.begin(), members.end(), identity) != members.end();
}

bool IsHigher(const OpenReport& a, const OpenReport& b) {
  return std::tie(a.last_epoch, a.last_sequence) > std::tie(b.last_epoch, b.last_sequence);
}

}  // namespace

class ReplicatedJournal::Impl {
 public:
  Impl(std::unique_ptr<ports::JournalCopy> own, Connect connect, ports::InSyncSet& in_sync,
       ReplicatedJournalOptions options)
      : connect_(std::move(connect)), in_sync_(in_sync), options_(options), own_(std::move(own)) {}
  ~Impl();

  absl::StatusOr<OpenReport> Open(ports::FencingToken token);
  absl::Status Read(SequenceNumber from, const Visitor& visitor);
  void Append(JournalRecord record, AppendDone done);
  [[nodiscard]] SequenceNumber tail() const { return queue_.tail(); }
  [[nodiscard]] ReplicatedJournalStats Stats() const;

 private:
  using Members = std::vector<std::string>;

  absl::Status CheckTrust(domain::Epoch epoch);
  absl::StatusOr<OpenReport> Adopt(const OpenReport& own, const OpenReport* remote);
  absl::Status Register();
  void Count(const EqualReport& equal);
  void RemoteDone(SequenceNumber sequence, const absl::Status& status);

  // The keeper: a thread that deals with a lost remote copy.
  void Keep();
  absl::Status Restore();
  void DropRemote();
  absl::Status GoOnAlone();
  absl::Status Rejoin();
  absl::Status TakeIn(std::unique_ptr<ports::JournalCopy> copy);
  absl::Status Enrol();
  absl::Status Replace(const Members& members);
  absl::Status EndIfFenced(const absl::Status& status);
  bool Pause();

  const Connect connect_;
  ports::InSyncSet& in_sync_;
  const ReplicatedJournalOptions options_;
  ports::FencingToken token_;
  CommitQueue queue_;

  // Held while a record goes to the copies, so that all get the same order.
  std::mutex append_mutex_;
  ports::JournalChain chain_;
  absl::Status refused_;  // why every later append is refused
  std::unique_ptr<ports::JournalCopy> own_;
  std::unique_ptr<ports::JournalCopy> remote_;  // null while it is lost

  // Of the thread of Open, then of the keeper.
  Members members_;               // as they were last known for certain
  bool members_certain_ = false;  // false: a change whose outcome is not known came after

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool remote_lost_ = false;
  std::string remote_error_;
  bool stop_ = false;

  std::atomic<bool> remote_required_{false};
  std::atomic<std::uint64_t> losses_{0}, rejoins_{0}, filled_{0}, cuts_{0}, refused_changes_{0};
  std::thread keeper_;
};

ReplicatedJournal::Impl::~Impl() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  if (keeper_.joinable()) keeper_.join();
  remote_.reset();
  own_.reset();
  queue_.End(absl::UnavailableError("the journal was closed before every copy that counts had confirmed"));
}

absl::StatusOr<OpenReport> ReplicatedJournal::Impl::Open(ports::FencingToken token) {
  if (keeper_.joinable()) return absl::FailedPreconditionError("Open was called before on this handle");
  token_ = token;
  XT_ASSIGN_OR_RETURN(const OpenReport own, own_->Open(token));
  remote_ = connect_();
  const auto remote = remote_->Open(token);
  if (!remote.ok()) {
    remote_.reset();
    if (!IsAway(remote.status())) return remote.status();
  }
  XT_RETURN_IF_ERROR(CheckTrust(token.epoch));
  XT_ASSIGN_OR_RETURN(OpenReport report, Adopt(own, remote.ok() ? &*remote : nullptr));
  XT_RETURN_IF_ERROR(Register());
  if (remote_ == nullptr) absl::StrAppend(&report.detail, "; without the remote copy: ", remote.status().ToString());
  chain_ = ports::JournalChain(token, report);
  queue_.Begin(report.last_sequence, remote_required_ ? Remote::kNeeded : Remote::kNotNeeded);
  remote_lost_ = remote_ == nullptr;
  if (remote_lost_) remote_error_ = remote.status().ToString();
  keeper_ = std::thread([this] { Keep(); });
  return report;
}

// A copy that is no member may lack what was confirmed: one that is must be there.
absl::Status ReplicatedJournal::Impl::CheckTrust(domain::Epoch epoch) {
  XT_ASSIGN_OR_RETURN(members_, in_sync_.Claim(epoch));
  members_certain_ = true;
  if (members_.empty()) {
    return remote_ != nullptr ? absl::OkStatus()
                              : absl::UnavailableError("a new journal begins with both copies, the remote one is away");
  }
  if (Contains(members_, own_->Identity())) return absl::OkStatus();
  if (remote_ != nullptr && Contains(members_, remote_->Identity())) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat(
      "no copy can be reached that surely holds all that was confirmed: ", own_->Identity(),
      " is no member of the in-sync set, the remote copy is ", remote_ != nullptr ? remote_->Identity() : "away"));
}

// Safe whatever the other copies are: each is a chain, and a leader writes its first frame only behind everything that
// was confirmed before it.
absl::StatusOr<OpenReport> ReplicatedJournal::Impl::Adopt(const OpenReport& own, const OpenReport* remote) {
  if (remote == nullptr) return own;
  if (!IsHigher(own, *remote) && !IsHigher(*remote, own) && own.last_hash != remote->last_hash) {
    return absl::DataLossError(absl::StrCat("both copies end at sequence ", own.last_sequence.value(), " of epoch ",
                                            own.last_epoch.value(), ", with different frames"));
  }
  const bool from_remote = IsHigher(*remote, own);
  XT_ASSIGN_OR_RETURN(const EqualReport equal, from_remote ? MakeEqual(*remote_, *own_) : MakeEqual(*own_, *remote_));
  Count(equal);
  OpenReport report = from_remote ? *remote : own;
  report.torn_bytes_cut = own.torn_bytes_cut;
  const char* const other = from_remote ? "own" : "remote";
  report.detail =
      absl::StrCat(own.detail, own.detail.empty() ? "" : "; ", "adopted the ", from_remote ? "remote" : "own",
                   " copy up to ", report.last_sequence.value(), " of epoch ", report.last_epoch.value());
  if (equal.cut) absl::StrAppend(&report.detail, "; cut the ", other, " copy behind ", equal.common.value());
  if (equal.filled > 0) absl::StrAppend(&report.detail, "; the ", other, " copy lacked ", equal.filled, " records");
  return report;
}

absl::Status ReplicatedJournal::Impl::Register() {
  Members members{own_->Identity()};
  if (remote_ != nullptr) members.push_back(remote_->Identity());
  if (members != members_) XT_RETURN_IF_ERROR(Replace(members));
  remote_required_ = remote_ != nullptr;
  return absl::OkStatus();
}

void ReplicatedJournal::Impl::Count(const EqualReport& equal) {
  filled_ += equal.filled;
  if (equal.cut) ++cuts_;
}

absl::Status ReplicatedJournal::Impl::Read(SequenceNumber from, const Visitor& visitor) {
  if (!keeper_.joinable()) return absl::FailedPreconditionError("Read needs a journal that was opened");
  return ReadUpTo(*own_, from, tail(), visitor);
}

void ReplicatedJournal::Impl::Append(JournalRecord record, AppendDone done) {
  XT_CHECK(keeper_.joinable(), "Append needs a journal that was opened");
  std::lock_guard lock(append_mutex_);
  absl::Status refused;
  if (!refused_.ok()) {
    refused = absl::FailedPreconditionError(absl::StrCat("the journal has failed: ", refused_.ToString()));
  } else {
    refused = refused_ = chain_.Check(record);
  }
  const SequenceNumber sequence = record.last_sequence;
  if (!queue_.Add(sequence, std::move(done), refused)) {
    if (refused_.ok()) refused_ = queue_.ended();  // what comes after it has a gap before it
    return;
  }
  chain_.Extend(record);
  if (remote_ != nullptr) {
    remote_->Append(record, [this, sequence](const absl::Status& status) { RemoteDone(sequence, status); });
  }
  own_->Append(std::move(record), [this, sequence](const absl::Status& status) {
    if (status.ok()) {
      queue_.ConfirmOwn(sequence);
    } else {
      queue_.End(status);
    }
  });
}

void ReplicatedJournal::Impl::RemoteDone(SequenceNumber sequence, const absl::Status& status) {
  if (status.ok()) return queue_.ConfirmRemote(sequence);
  if (IsFenced(status)) return queue_.End(status);
  {
    std::lock_guard lock(mutex_);
    if (std::exchange(remote_lost_, true)) return;
    remote_error_ = status.ToString();
  }
  ++losses_;
  changed_.notify_all();
}

void ReplicatedJournal::Impl::Keep() {
  while (true) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return stop_ || remote_lost_; });
      if (stop_) return;
    }
    const absl::Status status = Restore();
    if (absl::IsFailedPrecondition(status)) return;  // the journal has ended
    if (status.ok()) continue;
    {
      std::lock_guard lock(mutex_);
      remote_error_ = status.ToString();
    }
    if (!Pause()) return;
  }
}

absl::Status ReplicatedJournal::Impl::Restore() {
  DropRemote();
  if (remote_required_) {
    if (const absl::Status status = GoOnAlone(); absl::IsFailedPrecondition(status)) return status;
  }
  XT_RETURN_IF_ERROR(Rejoin());
  return Enrol();
}

// When this returns nothing of the lost copy's handle is under way any more.
void ReplicatedJournal::Impl::DropRemote() {
  std::unique_ptr<ports::JournalCopy> lost;
  std::lock_guard lock(append_mutex_);
  lost = std::move(remote_);
}

absl::Status ReplicatedJournal::Impl::GoOnAlone() {
  XT_RETURN_IF_ERROR(Replace({own_->Identity()}));
  remote_required_ = false;
  queue_.SetRemote(Remote::kNotNeeded);
  return absl::OkStatus();
}

absl::Status ReplicatedJournal::Impl::Rejoin() {
  std::unique_ptr<ports::JournalCopy> copy = connect_();
  XT_RETURN_IF_ERROR(EndIfFenced(copy->Open(token_).status()));
  auto equal = MakeEqual(*own_, *copy);
  XT_RETURN_IF_ERROR(EndIfFenced(equal.status()));
  Count(*equal);
  for (int i = 0; i < kMaxFills && own_->TailSequence().value() > copy->TailSequence().value() + kNear; ++i) {
    auto filled = Fill(*own_, *copy, copy->TailSequence());
    XT_RETURN_IF_ERROR(EndIfFenced(filled.status()));
    filled_ += *filled;
  }
  return TakeIn(std::move(copy));
}

// Appends wait while the last records are filled in. From then on the copy is required, but it counts only if the set
// cannot know of others: it was a member before, or the own copy was the only one.
absl::Status ReplicatedJournal::Impl::TakeIn(std::unique_ptr<ports::JournalCopy> copy) {
  std::lock_guard lock(append_mutex_);
  if (!queue_.WaitForOwn(chain_.last_sequence())) return absl::FailedPreconditionError("the journal has ended");
  auto filled = Fill(*own_, *copy, copy->TailSequence());
  XT_RETURN_IF_ERROR(EndIfFenced(filled.status()));
  filled_ += *filled;
  const bool counts = !remote_required_ || Contains(members_, copy->Identity());
  remote_ = std::move(copy);
  remote_required_ = true;
  {
    std::lock_guard state(mutex_);
    remote_lost_ = false;
    remote_error_.clear();
  }
  queue_.ReplaceRemote(chain_.last_sequence(), counts ? Remote::kNeeded : Remote::kUnknown);
  return absl::OkStatus();
}

// Asks until the set knows of the copy, or it is lost again.
absl::Status ReplicatedJournal::Impl::Enrol() {
  ++rejoins_;
  const Members both{own_->Identity(), remote_->Identity()};
  while (!members_certain_ || members_ != both) {
    const absl::Status status = Replace(both);
    if (status.ok()) queue_.SetRemote(Remote::kNeeded);
    if (absl::IsFailedPrecondition(status)) return status;
    if (!status.ok() && !Pause()) return status;
    std::lock_guard lock(mutex_);
    if (remote_lost_) return absl::OkStatus();
  }
  return absl::OkStatus();
}

// The answer FAILED_PRECONDITION ends the journal.
absl::Status ReplicatedJournal::Impl::Replace(const Members& members) {
  const absl::Status status = in_sync_.Replace(members);
  if (status.ok()) {
    members_ = members;
    members_certain_ = true;
    return status;
  }
  members_certain_ = false;
  ++refused_changes_;
  if (absl::IsFailedPrecondition(status)) queue_.End(status);
  return status;
}

absl::Status ReplicatedJournal::Impl::EndIfFenced(const absl::Status& status) {
  if (status.ok()) return status;
  if (IsFenced(status)) {
    queue_.End(status);
    return status;
  }
  return absl::UnavailableError(status.ToString());
}

// False when the journal is being destroyed.
bool ReplicatedJournal::Impl::Pause() {
  std::unique_lock lock(mutex_);
  return !changed_.wait_for(lock, std::chrono::milliseconds(options_.retry_pause_ms), [this] { return stop_; });
}

ReplicatedJournalStats ReplicatedJournal::Impl::Stats() const {
  const CommitQueue::Position position = queue_.position();
  std::lock_guard lock(mutex_);
  return {remote_required_,
          position.in_flight,
          position.own.value(),
          position.remote.value(),
          losses_,
          rejoins_,
          filled_,
          cuts_,
          refused_changes_,
          remote_error_};
}

ReplicatedJournal::ReplicatedJournal(std::unique_ptr<ports::JournalCopy> own, Connect remote, ports::InSyncSet& in_sync,
                                     ReplicatedJournalOptions options)
    : impl_(std::make_unique<Impl>(std::move(own), std::move(remote), in_sync, options)) {}
ReplicatedJournal::~ReplicatedJournal() = default;

absl::StatusOr<OpenReport> ReplicatedJournal::Open(ports::FencingToken token) { return impl_->Open(token); }
absl::Status ReplicatedJournal::Read(SequenceNumber from, const Visitor& visitor) { return impl_->Read(from, visitor); }
void ReplicatedJournal::Append(JournalRecord record, AppendDone done) {
  impl_->Append(std::move(record), std::move(done));
}
SequenceNumber ReplicatedJournal::TailSequence() const { return impl_->tail(); }
ReplicatedJournalStats ReplicatedJournal::Stats() const { return impl_->Stats(); }

}  // namespace xt::replicated
