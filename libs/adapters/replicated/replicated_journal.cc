#include "libs/adapters/replicated/replicated_journal.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "libs/adapters/replicated/internal/commit_queue.h"
#include "libs/adapters/replicated/internal/equal_copies.h"
#include "libs/adapters/replicated/internal/in_sync_members.h"
#include "libs/adapters/replicated/internal/opening.h"
#include "libs/base/check.h"
#include "libs/base/status.h"
#include "libs/ports/fenced.h"
#include "libs/ports/journal_chain.h"

namespace xt::replicated {

using domain::SequenceNumber;
using ports::JournalCopy;
using ports::JournalRecord;
using ports::OpenReport;
using Needs = CommitQueue::Needs;

namespace {

// A copy that comes back is filled up to so many commands behind the end before appends are made to wait for the rest.
constexpr std::uint64_t kNear = 2'000;
constexpr int kMaxFills = 20;

constexpr std::size_t kRemote = 1;  // of the commit queue; the standbys have the numbers behind it

// A copy that the leader feeds beside its own: the remote one, or a standby's.
struct FedCopy {
  FedCopy(std::size_t place, const StandbyCopy& copy) : number(place), name(copy.name), connect(copy.connect) {}
  const std::size_t number;
  const std::string name;
  const ReplicatedJournal::Connect connect;

  // Under the journal's append_mutex_. From when it is there every append waits for it.
  std::unique_ptr<JournalCopy> handle;  // null while it is lost
  std::mutex use_mutex;  // held while the handle is used without append_mutex_, and while it is taken away

  // Under the journal's mutex_.
  bool lost = true;
  bool in_sync = false;  // it is there, and the set names it
  std::string error;     // why it is lost

  bool told_of_loss = false;          // of the keeper
  std::atomic<bool> required{false};  // it counts, whether it is there or not
  std::atomic<std::uint64_t> losses{0}, rejoins{0}, repairs{0};
  std::thread keeper;  // deals with the loss of it
};

}  // namespace

class ReplicatedJournal::Impl {
 public:
  Impl(std::unique_ptr<JournalCopy> own, const Connect& connect, ports::InSyncSet& in_sync,
       ReplicatedJournalOptions options);
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
  using Members = InSyncMembers::Names;

  [[nodiscard]] bool promises_nothing() const { return options_.confirmation == Confirmation::kNobody; }
  [[nodiscard]] FedCopy& remote() const { return *fed_.front(); }
  void EndInOrder();
  [[nodiscard]] Needs NeedsNow() const;
  void ShowAccepting();
  void Done(FedCopy& fed, SequenceNumber sequence, const absl::Status& status);
  absl::Status TrimRemote(SequenceNumber upto);
  absl::Status TrimStandby(FedCopy& fed, SequenceNumber upto);

  // Of the keepers.
  void Keep(FedCopy& fed);
  absl::Status Restore(FedCopy& fed);
  void Drop(FedCopy& fed);
  absl::Status TellSet();
  void ShowRequired();
  absl::Status Rejoin(FedCopy& fed);
  absl::Status TakeIn(FedCopy& fed, std::unique_ptr<JournalCopy> copy);
  absl::Status Enrol(FedCopy& fed);
  void Tell(const FedCopy& fed, const absl::Status& status) const;
  absl::Status EndIfFenced(const absl::Status& status);
  bool Pause();

  const ReplicatedJournalOptions options_;
  InSyncMembers members_;
  ports::FencingToken token_;
  CommitQueue queue_;

  // Held while a record goes to the copies, so that all get the same order.
  std::mutex append_mutex_;
  ports::JournalChain chain_;
  absl::Status refused_;  // why every later append is refused
  std::unique_ptr<JournalCopy> own_;
  std::vector<std::unique_ptr<FedCopy>> fed_;  // the remote one, then the standbys'

  std::mutex change_mutex_;  // held while the set is asked
  bool opened_ = false;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stop_ = false;

  std::atomic<bool> accepting_{true};
  JournalCounters counters_;
};

ReplicatedJournal::Impl::Impl(std::unique_ptr<JournalCopy> own, const Connect& connect, ports::InSyncSet& in_sync,
                              ReplicatedJournalOptions options)
    : options_(std::move(options)), members_(in_sync), own_(std::move(own)) {
  XT_CHECK(options_.standbys.empty() || options_.confirmation == Confirmation::kBoth,
           "standbys need Confirmation::kBoth");
  fed_.push_back(std::make_unique<FedCopy>(kRemote, StandbyCopy{"remote", connect}));
  for (const StandbyCopy& standby : options_.standbys) {
    fed_.push_back(std::make_unique<FedCopy>(fed_.size() + 1, standby));
  }
}

ReplicatedJournal::Impl::~Impl() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  for (const auto& fed : fed_) {
    if (fed->keeper.joinable()) fed->keeper.join();
  }
  EndInOrder();
  queue_.End(absl::UnavailableError("the journal was closed before every copy that counts had confirmed"));
}

// Waits for what the copies have under way. Where nothing was promised the set is told which of them hold everything:
// the own copy, unless the journal has ended, and the remote one, if it was fast enough.
void ReplicatedJournal::Impl::EndInOrder() {
  Members members{own_->Identity()};
  const std::string identity = remote().handle != nullptr ? remote().handle->Identity() : "";
  for (const auto& fed : fed_) fed->handle.reset();
  own_.reset();
  if (!opened_ || !promises_nothing() || !queue_.ended().ok()) return;
  if (!identity.empty() && queue_.position().copies[kRemote] == queue_.tail()) members.push_back(identity);
  members_.Replace(members).IgnoreError();
}

absl::StatusOr<OpenReport> ReplicatedJournal::Impl::Open(ports::FencingToken token) {
  if (opened_) return absl::FailedPreconditionError("Open was called before on this handle");
  token_ = token;
  Opening opening(*own_, remote().connect(), members_, options_, counters_);
  XT_ASSIGN_OR_RETURN(Opened opened, opening.Run(token));
  chain_ = ports::JournalChain(token, opened.report);
  remote().handle = std::move(opened.remote);
  remote().repairs = opened.remote_repairs;
  remote().lost = remote().handle == nullptr;
  remote().required = remote().in_sync = !remote().lost;
  if (remote().lost) remote().error = opened.away.ToString();
  std::vector<SequenceNumber> held(1 + fed_.size());
  held[CommitQueue::kOwn] = opened.report.last_sequence;
  if (!remote().lost) held[kRemote] = opened.report.last_sequence;
  queue_.Begin(held, own_->Base().sequence, NeedsNow());
  ShowAccepting();
  opened_ = true;
  for (const auto& fed : fed_) fed->keeper = std::thread([this, one = fed.get()] { Keep(*one); });
  return opened.report;
}

// Every copy that the set may name, and every one that it is about to be asked for. With append_mutex_.
Needs ReplicatedJournal::Impl::NeedsNow() const {
  if (promises_nothing()) return {.known = true, .copies = {}};
  Needs needs{.known = true, .copies = {}};
  if (options_.confirmation == Confirmation::kBoth || members_.Has(*own_)) needs.copies.push_back(CommitQueue::kOwn);
  for (const auto& fed : fed_) {
    if (fed->handle != nullptr) needs.copies.push_back(fed->number);
  }
  const Members members = members_.possible();
  const auto there = [this](const std::string& member) {
    return own_->Is(member) || std::any_of(fed_.begin(), fed_.end(), [&](const auto& fed) {
             return fed->handle != nullptr && fed->handle->Is(member);
           });
  };
  needs.known = !members.empty() && std::all_of(members.begin(), members.end(), there) &&
                needs.copies.size() >= static_cast<std::size_t>(options_.min_copies);
  return needs;
}

// With mutex_, or before any other thread is there.
void ReplicatedJournal::Impl::ShowAccepting() {
  const auto in_sync = std::count_if(fed_.begin(), fed_.end(), [](const auto& fed) { return fed->in_sync; });
  accepting_ = options_.min_copies < 2 || 1 + in_sync >= options_.min_copies;
}

absl::Status ReplicatedJournal::Impl::Read(SequenceNumber from, const Visitor& visitor) {
  if (!opened_) return absl::FailedPreconditionError("Read needs a journal that was opened");
  const SequenceNumber last = tail();
  const bool has = queue_.position().copies[CommitQueue::kOwn] >= last;
  if (!has && !queue_.WaitForOwn(last)) return queue_.ended();
  return ReadUpTo(*own_, from, last, visitor);
}

absl::Status ReplicatedJournal::Impl::Accepting() const {
  if (accepting_) return absl::OkStatus();
  std::lock_guard lock(mutex_);
  if (options_.standbys.empty()) {
    return absl::UnavailableError("two copies of the journal are wanted, the remote one is lost: " + remote().error);
  }
  std::string lost;
  for (const auto& fed : fed_) {
    if (!fed->in_sync) absl::StrAppend(&lost, lost.empty() ? "" : "; ", fed->name, ": ", fed->error);
  }
  return absl::UnavailableError(
      absl::StrCat(options_.min_copies, " copies of the journal are wanted, these are lost: ", lost));
}

void ReplicatedJournal::Impl::Append(JournalRecord record, AppendDone done) {
  XT_CHECK(opened_, "Append needs a journal that was opened");
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
  for (const auto& fed : fed_) {
    if (fed->handle == nullptr) continue;
    fed->handle->Append(
        record, [this, one = fed.get(), sequence](const absl::Status& status) { Done(*one, sequence, status); });
  }
  own_->Append(std::move(record), [this, sequence](const absl::Status& status) {
    if (status.ok()) {
      queue_.Confirm(CommitQueue::kOwn, sequence);
    } else {
      queue_.End(status);
    }
  });
}

absl::Status ReplicatedJournal::Impl::TrimFront(SequenceNumber upto) {
  if (!opened_) return absl::FailedPreconditionError("TrimFront needs a journal that was opened");
  if (upto > tail()) return absl::InvalidArgumentError(absl::StrCat("sequence ", upto.value(), " was not confirmed"));
  // What was confirmed is not always in both copies yet.
  const SequenceNumber own = queue_.position().copies[CommitQueue::kOwn];
  XT_RETURN_IF_ERROR(own_->TrimFront(std::min(upto, own)));
  XT_RETURN_IF_ERROR(TrimRemote(upto));
  for (std::size_t i = 1; i < fed_.size(); ++i) XT_RETURN_IF_ERROR(TrimStandby(*fed_[i], upto));
  return absl::OkStatus();
}

// The remote copy's handle is not taken away under the lock.
absl::Status ReplicatedJournal::Impl::TrimRemote(SequenceNumber upto) {
  while (true) {
    std::lock_guard lock(append_mutex_);
    if (remote().handle == nullptr) return absl::OkStatus();
    XT_ASSIGN_OR_RETURN(const bool trimmed, TrimSome(*remote().handle, upto));
    if (!trimmed) return absl::OkStatus();
  }
}

// A file forgets whole segments at once, for which no append should wait. One that is lost is trimmed the next time.
absl::Status ReplicatedJournal::Impl::TrimStandby(FedCopy& fed, SequenceNumber upto) {
  std::lock_guard use(fed.use_mutex);
  JournalCopy* handle = nullptr;
  {
    std::lock_guard lock(append_mutex_);
    handle = fed.handle.get();
  }
  if (handle == nullptr) return absl::OkStatus();
  const absl::Status trimmed = handle->TrimFront(std::min(upto, handle->TailSequence()));
  return absl::IsUnavailable(trimmed) ? absl::OkStatus() : trimmed;
}

void ReplicatedJournal::Impl::Done(FedCopy& fed, SequenceNumber sequence, const absl::Status& status) {
  if (status.ok()) return queue_.Confirm(fed.number, sequence);
  if (ports::IsFenced(status)) return queue_.End(status);
  {
    std::lock_guard lock(mutex_);
    if (std::exchange(fed.lost, true)) return;
    fed.in_sync = false;
    fed.error = status.ToString();
    ShowAccepting();
  }
  ++fed.losses;
  changed_.notify_all();
}

void ReplicatedJournal::Impl::Keep(FedCopy& fed) {
  while (true) {
    absl::Status lost;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return stop_ || fed.lost; });
      if (stop_) return;
      // A standby that was not asked yet is not lost.
      if (!fed.error.empty() && !std::exchange(fed.told_of_loss, true)) lost = absl::UnavailableError(fed.error);
    }
    if (!lost.ok()) Tell(fed, lost);
    const absl::Status status = Restore(fed);
    if (absl::IsFailedPrecondition(status)) return;  // the journal has ended
    if (status.ok()) continue;
    {
      std::lock_guard lock(mutex_);
      fed.error = status.ToString();
    }
    if (!Pause()) return;
  }
}

absl::Status ReplicatedJournal::Impl::Restore(FedCopy& fed) {
  Drop(fed);
  // The copies that are left go on without it, if that is permitted.
  if (const absl::Status status = TellSet(); absl::IsFailedPrecondition(status)) return status;
  XT_RETURN_IF_ERROR(Rejoin(fed));
  return Enrol(fed);
}

// When this returns nothing of the lost copy's handle is under way any more.
void ReplicatedJournal::Impl::Drop(FedCopy& fed) {
  std::unique_ptr<JournalCopy> lost;
  std::lock_guard use(fed.use_mutex);
  std::lock_guard lock(append_mutex_);
  lost = std::move(fed.handle);
  queue_.SetNeeds(NeedsNow());
}

// Has the set name the own copy and those that are there. Each has everything that is confirmed, or is waited for from before it
// is proposed; one that is lost in between holds everything up, until the set is asked again.
absl::Status ReplicatedJournal::Impl::TellSet() {
  std::lock_guard change(change_mutex_);
  Members members;
  {
    std::lock_guard lock(append_mutex_);
    std::vector<const JournalCopy*> others;
    for (const auto& fed : fed_) {
      if (fed->handle != nullptr) others.push_back(fed->handle.get());
    }
    if (1 + others.size() < static_cast<std::size_t>(options_.min_copies)) {
      return absl::UnavailableError(absl::StrCat(options_.min_copies, " copies of the journal are wanted"));
    }
    members = MembersOf(options_.confirmation, *own_, others);
    if (members_.AreSurely(members)) {
      ShowRequired();
      return absl::OkStatus();
    }
    members_.Propose(members);
    queue_.SetNeeds(NeedsNow());
  }
  // With kRemote what was confirmed is not always in the own copy yet.
  if (!queue_.WaitForOwn(tail())) return absl::FailedPreconditionError("the journal has ended");
  const absl::Status status = members_.Replace(members);
  if (absl::IsFailedPrecondition(status)) queue_.End(status);
  XT_RETURN_IF_ERROR(status);
  std::lock_guard lock(append_mutex_);
  ShowRequired();
  queue_.SetNeeds(NeedsNow());
  return absl::OkStatus();
}

// The set names what is there. With append_mutex_.
void ReplicatedJournal::Impl::ShowRequired() {
  for (const auto& fed : fed_) fed->required = fed->handle != nullptr;
}

absl::Status ReplicatedJournal::Impl::Rejoin(FedCopy& fed) {
  std::unique_ptr<JournalCopy> copy = fed.connect();
  auto report = copy->Open(token_);
  // Only where nothing is lost with it, that is for certain.
  if (absl::IsDataLoss(report.status()) && members_.SurelyHas(*own_)) {
    report = BeginAnew(*copy, fed.name, token_, *own_, options_);
    if (report.ok()) ++fed.repairs;
  }
  XT_RETURN_IF_ERROR(EndIfFenced(report.status()));
  auto equal = MakeEqual(*own_, *copy);
  XT_RETURN_IF_ERROR(EndIfFenced(equal.status()));
  counters_.Count(*equal);
  for (int i = 0; i < kMaxFills && own_->TailSequence().value() > copy->TailSequence().value() + kNear; ++i) {
    auto filled = Fill(*own_, *copy, copy->TailSequence());
    XT_RETURN_IF_ERROR(EndIfFenced(filled.status()));
    counters_.filled += *filled;
  }
  return TakeIn(fed, std::move(copy));
}

// Appends wait while the last records are filled in. From then on the copy is required.
absl::Status ReplicatedJournal::Impl::TakeIn(FedCopy& fed, std::unique_ptr<JournalCopy> copy) {
  std::lock_guard lock(append_mutex_);
  if (!queue_.WaitForOwn(chain_.last_sequence())) return absl::FailedPreconditionError("the journal has ended");
  auto filled = Fill(*own_, *copy, copy->TailSequence());
  XT_RETURN_IF_ERROR(EndIfFenced(filled.status()));
  counters_.filled += *filled;
  fed.handle = std::move(copy);
  fed.required = true;
  {
    std::lock_guard state(mutex_);
    fed.lost = false;
    fed.error.clear();
  }
  queue_.Replace(fed.number, chain_.last_sequence(), NeedsNow());
  return absl::OkStatus();
}

// Asks until the set knows of the copy, or it is lost again.
absl::Status ReplicatedJournal::Impl::Enrol(FedCopy& fed) {
  ++fed.rejoins;
  while (true) {
    const absl::Status status = TellSet();
    if (status.ok()) break;
    if (absl::IsFailedPrecondition(status) || !Pause()) return status;
    std::lock_guard lock(mutex_);
    if (fed.lost) return absl::OkStatus();
  }
  {
    std::lock_guard lock(mutex_);
    if (fed.lost) return absl::OkStatus();
    fed.in_sync = true;
    fed.told_of_loss = false;
    ShowAccepting();
  }
  Tell(fed, absl::OkStatus());
  return absl::OkStatus();
}

void ReplicatedJournal::Impl::Tell(const FedCopy& fed, const absl::Status& status) const {
  fed.number == kRemote ? options_.on_remote(status) : options_.on_standby(fed.name, status);
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
  CommitQueue::Position position = queue_.position();
  position.copies.resize(1 + fed_.size());  // before Open there is none
  std::lock_guard lock(mutex_);
  ReplicatedJournalStats stats{.remote_required = remote().required,
                               .in_flight = position.in_flight,
                               .own_sequence = position.copies[CommitQueue::kOwn].value(),
                               .remote_sequence = position.copies[kRemote].value(),
                               .remote_losses = remote().losses,
                               .remote_rejoins = remote().rejoins,
                               .filled_records = counters_.filled,
                               .cut_tails = counters_.cuts,
                               .refused_changes = members_.refused_changes(),
                               .own_repairs = counters_.own_repairs,
                               .remote_repairs = remote().repairs,
                               .unclean_starts = counters_.unclean_starts,
                               .remote_error = remote().error,
                               .standbys = {}};
  for (std::size_t i = 1; i < fed_.size(); ++i) {
    const FedCopy& fed = *fed_[i];
    stats.standbys.push_back({.name = fed.name,
                              .required = fed.required,
                              .sequence = position.copies[fed.number].value(),
                              .losses = fed.losses,
                              .rejoins = fed.rejoins,
                              .repairs = fed.repairs,
                              .error = fed.error});
  }
  return stats;
}

ReplicatedJournal::ReplicatedJournal(std::unique_ptr<ports::JournalCopy> own, Connect remote, ports::InSyncSet& in_sync,
                                     ReplicatedJournalOptions options)
    : impl_(std::make_unique<Impl>(std::move(own), remote, in_sync, std::move(options))) {}
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
