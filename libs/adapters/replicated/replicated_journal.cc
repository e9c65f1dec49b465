#include "libs/adapters/replicated/replicated_journal.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "libs/adapters/replicated/internal/commit_queue.h"
#include "libs/adapters/replicated/internal/damaged_copy.h"
#include "libs/adapters/replicated/internal/equal_copies.h"
#include "libs/base/check.h"
#include "libs/base/status.h"
#include "libs/ports/fenced.h"
#include "libs/ports/journal_chain.h"

namespace xt::replicated {

using domain::SequenceNumber;
using ports::JournalRecord;
using ports::OpenReport;
using Needs = CommitQueue::Needs;

namespace {

// A copy that comes back is filled up to so many commands behind the end before appends are made to wait for the rest.
constexpr std::uint64_t kNear = 2'000;
constexpr int kMaxFills = 20;

// What passes, so that the other copy may go on without this one.
bool IsAway(const absl::Status& status) { return absl::IsUnavailable(status) || absl::IsResourceExhausted(status); }

bool Contains(const std::vector<std::string>& members, const std::string& identity) {
  return std::find(members.begin(), members.end(), identity) != members.end();
}

}  // namespace

class ReplicatedJournal::Impl {
 public:
  Impl(std::unique_ptr<ports::JournalCopy> own, Connect connect, ports::InSyncSet& in_sync,
       ReplicatedJournalOptions options)
      : connect_(std::move(connect)), in_sync_(in_sync), options_(std::move(options)), own_(std::move(own)) {}
  ~Impl();

  absl::StatusOr<OpenReport> Open(ports::FencingToken token);
  absl::Status Read(SequenceNumber from, const Visitor& visitor);
  void Append(JournalRecord record, AppendDone done);
  [[nodiscard]] ports::JournalBase Base() const { return own_->Base(); }
  [[nodiscard]] absl::StatusOr<SequenceNumber> ReadableFrom() { return own_->ReadableFrom(); }
  absl::Status TrimFront(SequenceNumber upto);
  [[nodiscard]] SequenceNumber tail() const { return queue_.tail(); }
  [[nodiscard]] absl::Status Accepting() const;
  [[nodiscard]] ReplicatedJournalStats Stats() const;

 private:
  using Members = std::vector<std::string>;

  [[nodiscard]] bool promises_nothing() const { return options_.confirmation == Confirmation::kNobody; }
  [[nodiscard]] Members WithBoth() const;
  [[nodiscard]] Members WithoutRemote() const;
  [[nodiscard]] Needs NeedsOf(bool remote_counts) const;
  [[nodiscard]] bool IsMember(const ports::JournalCopy& copy) const;
  void EndInOrder();
  absl::Status Away(const absl::Status& why);
  absl::Status Claim();
  absl::Status TakeMark();
  [[nodiscard]] absl::Status CheckSure() const;
  absl::Status CheckTrust() const;
  absl::Status BeginUnclean(const absl::Status& why, const OpenReport& own, const absl::StatusOr<OpenReport>& remote);
  absl::StatusOr<OpenReport> RepairOwn(const absl::Status& damaged, const absl::Status& remote);
  absl::Status CompleteOwn(const absl::Status& damaged, OpenReport& own);
  absl::StatusOr<OpenReport> BeginAnew(ports::JournalCopy& remote);
  void Repaired(std::atomic<std::uint64_t>& count, JournalRepair repair);
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
  Members members_;                  // as they were last known for certain
  std::optional<UncleanMark> mark_;  // that stood beside them
  bool opened_ = false;
  bool members_certain_ = false;  // false: a change whose outcome is not known came after

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool remote_lost_ = false;
  bool told_of_loss_ = false;  // of the keeper
  std::string remote_error_;
  bool stop_ = false;

  std::atomic<bool> remote_required_{false};
  std::atomic<bool> accepting_{true};
  std::atomic<std::uint64_t> losses_{0}, rejoins_{0}, filled_{0}, cuts_{0}, refused_changes_{0}, own_repairs_{0},
      remote_repairs_{0}, unclean_starts_{0};
  std::thread keeper_;
};

ReplicatedJournal::Impl::~Impl() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  if (keeper_.joinable()) keeper_.join();
  EndInOrder();
  queue_.End(absl::UnavailableError("the journal was closed before every copy that counts had confirmed"));
}

// Waits for what the copies have under way. Where nothing was promised the set is told which of them hold everything:
// the own copy, unless the journal has ended, and the remote one, if it was fast enough.
void ReplicatedJournal::Impl::EndInOrder() {
  Members members{own_->Identity()};
  const std::string remote = remote_ != nullptr ? remote_->Identity() : "";
  remote_.reset();
  own_.reset();
  if (!opened_ || !promises_nothing() || !queue_.ended().ok()) return;
  if (!remote.empty() && queue_.position().remote == queue_.tail()) members.push_back(remote);
  in_sync_.Replace(members).IgnoreError();
}

// What the set is to say.
ReplicatedJournal::Impl::Members ReplicatedJournal::Impl::WithBoth() const {
  switch (options_.confirmation) {
    case Confirmation::kNobody: return {kNothingSure, own_->Identity(), remote_->Identity()};
    case Confirmation::kRemote: return {remote_->Identity()};
    case Confirmation::kBoth: break;
  }
  return {own_->Identity(), remote_->Identity()};
}

ReplicatedJournal::Impl::Members ReplicatedJournal::Impl::WithoutRemote() const {
  return promises_nothing() ? Members{kNothingSure, own_->Identity()} : Members{own_->Identity()};
}

Needs ReplicatedJournal::Impl::NeedsOf(bool remote_counts) const {
  if (promises_nothing()) return Needs::kNobody;
  if (!remote_counts) return Needs::kOwn;
  return options_.confirmation == Confirmation::kRemote ? Needs::kRemote : Needs::kBoth;
}

bool ReplicatedJournal::Impl::IsMember(const ports::JournalCopy& copy) const {
  return std::any_of(members_.begin(), members_.end(), [&](const std::string& member) { return copy.Is(member); });
}

absl::StatusOr<OpenReport> ReplicatedJournal::Impl::Open(ports::FencingToken token) {
  if (keeper_.joinable()) return absl::FailedPreconditionError("Open was called before on this handle");
  token_ = token;
  auto own = own_->Open(token);
  if (!own.ok() && !absl::IsDataLoss(own.status())) return own.status();
  remote_ = connect_();
  auto remote = remote_->Open(token);
  const bool remote_damaged = absl::IsDataLoss(remote.status());
  if (!remote.ok() && !remote_damaged) XT_RETURN_IF_ERROR(Away(remote.status()));
  XT_RETURN_IF_ERROR(Claim());
  if (!own.ok()) own = RepairOwn(own.status(), remote.status());
  XT_RETURN_IF_ERROR(own.status());
  const absl::Status trusted = CheckTrust();
  if (!trusted.ok()) XT_RETURN_IF_ERROR(BeginUnclean(trusted, *own, remote));
  const bool unsure = Contains(members_, kNothingSure);
  if (remote_damaged) {
    XT_RETURN_IF_ERROR(CompleteOwn(remote.status(), *own));
    remote = BeginAnew(*remote_);
    if (!remote.ok()) XT_RETURN_IF_ERROR(Away(remote.status()));
  }
  if (remote.ok() && trusted.ok() && options_.min_copies < 2 && IsFarBehind(*remote, *own)) {
    remote =
        absl::UnavailableError(absl::StrCat("it lacks ", own->last_sequence.value() - remote->last_sequence.value(),
                                            " commands, and is filled up meanwhile"));
    remote_.reset();
  }
  XT_ASSIGN_OR_RETURN(OpenReport report, Adopt(*own, remote.ok() ? &*remote : nullptr));
  XT_RETURN_IF_ERROR(Register());
  if (!trusted.ok()) absl::StrAppend(&report.detail, "; unclean: ", std::string(MessageOf(trusted)));
  if (mark_ && trusted.ok()) absl::StrAppend(&report.detail, "; removed the mark of an unclean leader, not needed");
  if (unsure) absl::StrAppend(&report.detail, "; the leader before promised nothing: its last commands may be lost");
  if (remote_ == nullptr) absl::StrAppend(&report.detail, "; without the remote copy: ", remote.status().ToString());
  chain_ = ports::JournalChain(token, report);
  queue_.Begin(report.last_sequence, NeedsOf(remote_required_));
  remote_lost_ = remote_ == nullptr;
  if (remote_lost_) remote_error_ = remote.status().ToString();
  opened_ = true;
  keeper_ = std::thread([this] { Keep(); });
  return report;
}

// Goes on without the remote copy, if that is what it may do.
absl::Status ReplicatedJournal::Impl::Away(const absl::Status& why) {
  remote_.reset();
  if (!IsAway(why)) return why;
  if (options_.min_copies < 2) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat("two copies are wanted, the remote one is away: ", why.ToString()));
}

absl::Status ReplicatedJournal::Impl::Claim() {
  XT_ASSIGN_OR_RETURN(members_, in_sync_.Claim(token_.epoch));
  members_certain_ = true;
  XT_RETURN_IF_ERROR(TakeMark());
  return mark_ ? absl::OkStatus() : CheckSure();
}

absl::Status ReplicatedJournal::Impl::TakeMark() {
  const auto entry = std::find_if(members_.begin(), members_.end(), IsUncleanMark);
  if (entry == members_.end()) return absl::OkStatus();
  XT_ASSIGN_OR_RETURN(mark_, MarkOf(*entry));
  members_.erase(entry);
  return absl::OkStatus();
}

absl::Status ReplicatedJournal::Impl::CheckSure() const {
  if (!Contains(members_, kNothingSure) || promises_nothing()) return absl::OkStatus();
  return absl::UnavailableError(
      "the leader before promised nothing and did not end in order: what it confirmed last may be in no copy");
}

// A copy that is no member may lack what was confirmed: one that is must be there.
absl::Status ReplicatedJournal::Impl::CheckTrust() const {
  XT_RETURN_IF_ERROR(CheckSure());
  if (members_.empty()) {
    return remote_ != nullptr ? absl::OkStatus()
                              : absl::UnavailableError("a new journal begins with both copies, the remote one is away");
  }
  if (IsMember(*own_) || (remote_ != nullptr && IsMember(*remote_))) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat(
      "no copy can be reached that surely holds all that was confirmed: ", own_->Identity(),
      " is no member of the in-sync set, the remote copy is ", remote_ != nullptr ? remote_->Identity() : "away"));
}

// What is lost is written down before anything is changed. A damaged copy is not made anew from one that is not
// trusted: it may be the one that has what the other lacks.
absl::Status ReplicatedJournal::Impl::BeginUnclean(const absl::Status& why, const OpenReport& own,
                                                   const absl::StatusOr<OpenReport>& remote) {
  if (!mark_) return why;
  if (absl::IsDataLoss(remote.status())) {
    return absl::DataLossError(absl::StrCat("the remote copy is damaged, and the own one, ", own_->Identity(),
                                            ", is not trusted: ", std::string(MessageOf(remote.status()))));
  }
  if (remote.ok()) XT_RETURN_IF_ERROR(CheckEnds(own, *remote));
  const OpenReport& taken = remote.ok() && IsHigher(*remote, own) ? *remote : own;
  UncleanStart start{*mark_, token_.epoch, {}, taken.last_sequence, taken.last_epoch, taken.last_hash};
  for (const std::string& member : members_) {
    const bool reached = own_->Is(member) || (remote_ != nullptr && remote_->Is(member));
    if (member != kNothingSure && !reached) start.missing.push_back(member);
  }
  XT_RETURN_IF_ERROR(options_.on_unclean_start(start));
  ++unclean_starts_;
  return absl::OkStatus();
}

// `remote` is what its Open answered.
absl::StatusOr<OpenReport> ReplicatedJournal::Impl::RepairOwn(const absl::Status& damaged, const absl::Status& remote) {
  const auto refuse = [&](const std::string& why) {
    return absl::DataLossError(
        absl::StrCat("the own copy is damaged and cannot be repaired: ", std::string(MessageOf(damaged)), "; ", why));
  };
  if (remote_ == nullptr) return refuse(absl::StrCat("the remote copy is away: ", remote.ToString()));
  const ports::JournalDamage damage = own_->Damage();
  auto repaired = own_->Mend(token_, *remote_);
  if (absl::IsDataLoss(repaired.status())) {
    const std::string why(MessageOf(repaired.status()));
    if (!remote.ok())
      return refuse(absl::StrCat(why, "; the remote copy is damaged, too: ", std::string(MessageOf(remote))));
    if (!IsMember(*remote_)) {
      return refuse(absl::StrCat(why, "; ", remote_->Identity(), " is no member of the in-sync set"));
    }
    repaired = own_->OpenAnew(token_);
  }
  XT_RETURN_IF_ERROR(repaired.status());
  Repaired(own_repairs_, {"own", ports::RangeOf(damage), damage.place, remote_->Identity(), repaired->detail});
  return repaired;
}

// Afterwards the own copy has everything and is the only member, whatever becomes of the damaged remote one.
absl::Status ReplicatedJournal::Impl::CompleteOwn(const absl::Status& damaged, OpenReport& own) {
  XT_ASSIGN_OR_RETURN(const TakenEnd taken, TakeEnd(*remote_, *own_, own));
  Count(taken.equal);
  own = taken.end;
  if (!taken.whole && !IsMember(*own_)) {
    return absl::DataLossError(absl::StrCat(
        "the remote copy is damaged and cannot be repaired: ", std::string(MessageOf(damaged)), "; the own copy, ",
        own_->Identity(), " up to ", own.last_sequence.value(), ", has not everything either"));
  }
  return Replace(WithoutRemote());
}

// The own copy has everything and is a member.
absl::StatusOr<OpenReport> ReplicatedJournal::Impl::BeginAnew(ports::JournalCopy& remote) {
  const ports::JournalDamage damage = remote.Damage();
  XT_ASSIGN_OR_RETURN(OpenReport report, remote.OpenAnew(token_));
  Repaired(remote_repairs_, {"remote", ports::RangeOf(damage), damage.place, own_->Identity(), report.detail});
  return report;
}

void ReplicatedJournal::Impl::Repaired(std::atomic<std::uint64_t>& count, JournalRepair repair) {
  ++count;
  options_.on_repair(repair);
}

// Safe whatever the other copies are: each is a chain, and a leader writes its first frame only behind everything that
// was confirmed before it.
absl::StatusOr<OpenReport> ReplicatedJournal::Impl::Adopt(const OpenReport& own, const OpenReport* remote) {
  if (remote == nullptr) return own;
  XT_RETURN_IF_ERROR(CheckEnds(own, *remote));
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
  if (equal.begun) absl::StrAppend(&report.detail, "; the ", other, " copy begins behind ", equal.common.value());
  if (equal.filled > 0) absl::StrAppend(&report.detail, "; the ", other, " copy lacked ", equal.filled, " records");
  return report;
}

absl::Status ReplicatedJournal::Impl::Register() {
  const Members members = remote_ != nullptr ? WithBoth() : WithoutRemote();
  if (members != members_ || mark_) XT_RETURN_IF_ERROR(Replace(members));
  remote_required_ = remote_ != nullptr;
  return absl::OkStatus();
}

void ReplicatedJournal::Impl::Count(const EqualReport& equal) {
  filled_ += equal.filled;
  if (equal.cut) ++cuts_;
}

absl::Status ReplicatedJournal::Impl::Read(SequenceNumber from, const Visitor& visitor) {
  if (!keeper_.joinable()) return absl::FailedPreconditionError("Read needs a journal that was opened");
  const SequenceNumber last = tail();
  if (queue_.position().own < last && !queue_.WaitForOwn(last)) return queue_.ended();
  return ReadUpTo(*own_, from, last, visitor);
}

absl::Status ReplicatedJournal::Impl::Accepting() const {
  if (accepting_) return absl::OkStatus();
  std::lock_guard lock(mutex_);
  return absl::UnavailableError("two copies of the journal are wanted, the remote one is lost: " + remote_error_);
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

// The remote copy's handle is not taken away under the lock.
absl::Status ReplicatedJournal::Impl::TrimFront(SequenceNumber upto) {
  if (!keeper_.joinable()) return absl::FailedPreconditionError("TrimFront needs a journal that was opened");
  if (upto > tail()) return absl::InvalidArgumentError(absl::StrCat("sequence ", upto.value(), " was not confirmed"));
  // What was confirmed is not always in both copies yet.
  const CommitQueue::Position position = queue_.position();
  XT_RETURN_IF_ERROR(own_->TrimFront(std::min(upto, position.own)));
  while (true) {
    std::lock_guard lock(append_mutex_);
    if (remote_ == nullptr) return absl::OkStatus();
    XT_ASSIGN_OR_RETURN(const bool trimmed, TrimSome(*remote_, upto));
    if (!trimmed) return absl::OkStatus();
  }
}

void ReplicatedJournal::Impl::RemoteDone(SequenceNumber sequence, const absl::Status& status) {
  if (status.ok()) return queue_.ConfirmRemote(sequence);
  if (ports::IsFenced(status)) return queue_.End(status);
  {
    std::lock_guard lock(mutex_);
    if (std::exchange(remote_lost_, true)) return;
    remote_error_ = status.ToString();
    accepting_ = options_.min_copies < 2;
  }
  ++losses_;
  changed_.notify_all();
}

void ReplicatedJournal::Impl::Keep() {
  absl::Status lost;
  while (true) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return stop_ || remote_lost_; });
      if (stop_) return;
      if (!std::exchange(told_of_loss_, true)) lost = absl::UnavailableError(remote_error_);
    }
    if (!lost.ok()) options_.on_remote(std::exchange(lost, absl::OkStatus()));
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
  if (remote_required_ && options_.min_copies < 2) {
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
  // What was confirmed is not always in the own copy yet.
  if (!queue_.WaitForOwn(tail())) return absl::FailedPreconditionError("the journal has ended");
  XT_RETURN_IF_ERROR(Replace(WithoutRemote()));
  remote_required_ = false;
  queue_.SetNeeds(NeedsOf(false));
  return absl::OkStatus();
}

absl::Status ReplicatedJournal::Impl::Rejoin() {
  std::unique_ptr<ports::JournalCopy> copy = connect_();
  auto report = copy->Open(token_);
  // Only where nothing is lost with it, that is for certain.
  if (absl::IsDataLoss(report.status()) && members_certain_ && IsMember(*own_)) report = BeginAnew(*copy);
  XT_RETURN_IF_ERROR(EndIfFenced(report.status()));
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
  const bool counts = !remote_required_ || IsMember(*copy);
  const Needs needs = promises_nothing() ? Needs::kNobody : counts ? Needs::kBoth : Needs::kUnknown;
  remote_ = std::move(copy);
  remote_required_ = true;
  {
    std::lock_guard state(mutex_);
    remote_lost_ = false;
    remote_error_.clear();
  }
  queue_.ReplaceRemote(chain_.last_sequence(), needs);
  return absl::OkStatus();
}

// Asks until the set knows of the copy, or it is lost again.
absl::Status ReplicatedJournal::Impl::Enrol() {
  ++rejoins_;
  const Members both = WithBoth();
  while (!members_certain_ || members_ != both) {
    const absl::Status status = Replace(both);
    if (status.ok()) break;
    if (absl::IsFailedPrecondition(status) || !Pause()) return status;
    std::lock_guard lock(mutex_);
    if (remote_lost_) return absl::OkStatus();
  }
  queue_.SetNeeds(NeedsOf(true));
  {
    std::lock_guard lock(mutex_);
    if (remote_lost_) return absl::OkStatus();
    accepting_ = true;
    told_of_loss_ = false;
  }
  options_.on_remote(absl::OkStatus());
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
  if (ports::IsFenced(status)) {
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
          own_repairs_,
          remote_repairs_,
          unclean_starts_,
          remote_error_};
}

ReplicatedJournal::ReplicatedJournal(std::unique_ptr<ports::JournalCopy> own, Connect remote, ports::InSyncSet& in_sync,
                                     ReplicatedJournalOptions options)
    : impl_(std::make_unique<Impl>(std::move(own), std::move(remote), in_sync, std::move(options))) {}
ReplicatedJournal::~ReplicatedJournal() = default;

absl::StatusOr<OpenReport> ReplicatedJournal::Open(ports::FencingToken token) { return impl_->Open(token); }
absl::Status ReplicatedJournal::Read(SequenceNumber from, const Visitor& visitor) { return impl_->Read(from, visitor); }
void ReplicatedJournal::Append(JournalRecord record, AppendDone done) {
  impl_->Append(std::move(record), std::move(done));
}
SequenceNumber ReplicatedJournal::TailSequence() const { return impl_->tail(); }
ports::JournalBase ReplicatedJournal::Base() const { return impl_->Base(); }
absl::StatusOr<SequenceNumber> ReplicatedJournal::ReadableFrom() { return impl_->ReadableFrom(); }
absl::Status ReplicatedJournal::TrimFront(SequenceNumber upto) { return impl_->TrimFront(upto); }
absl::Status ReplicatedJournal::Accepting() const { return impl_->Accepting(); }
ReplicatedJournalStats ReplicatedJournal::Stats() const { return impl_->Stats(); }

}  // namespace xt::replicated
