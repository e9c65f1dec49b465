#include "libs/adapters/embedded/wal_journal.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "libs/adapters/embedded/internal/files.h"
#include "libs/adapters/embedded/internal/wal_cut.h"
#include "libs/adapters/embedded/internal/wal_identity.h"
#include "libs/adapters/embedded/internal/wal_mend.h"
#include "libs/adapters/embedded/internal/wal_recovery.h"
#include "libs/adapters/embedded/internal/wal_survey.h"
#include "libs/adapters/embedded/internal/wal_writer.h"
#include "libs/adapters/embedded/wal_reader.h"
#include "libs/base/check.h"
#include "libs/base/status.h"
#include "libs/ports/journal_chain.h"

namespace xt::embedded {
namespace {

constexpr std::uint64_t kMinSegmentBytes = 4096;
constexpr std::uint64_t kMaxSegmentBytes = 1ULL << 30;

}  // namespace

class WalJournal::Impl {
 public:
  Impl(std::string folder, WalOptions options) : folder_(std::move(folder)), options_(std::move(options)) {}
  ~Impl();

  absl::StatusOr<ports::OpenReport> Open(ports::FencingToken token);
  absl::Status Read(domain::SequenceNumber from, const Visitor& visitor);
  void Append(ports::JournalRecord record, AppendDone done);
  absl::Status CutTail(domain::SequenceNumber keep);
  absl::Status BeginAt(const ports::JournalBase& base);
  [[nodiscard]] ports::JournalBase Base() const;
  absl::StatusOr<domain::SequenceNumber> ReadableFrom();
  absl::Status TrimFront(domain::SequenceNumber upto);
  absl::StatusOr<ports::OpenReport> Mend(ports::FencingToken token, ports::JournalCopy& other);
  absl::StatusOr<ports::OpenReport> OpenAnew(ports::FencingToken token);

  [[nodiscard]] const ports::JournalDamage& damage() const { return damage_; }
  [[nodiscard]] domain::SequenceNumber tail() const { return domain::SequenceNumber(synced_.load()); }
  [[nodiscard]] std::string Uuid() const;
  [[nodiscard]] WalStats Stats() const;

 private:
  struct Pending {
    ports::JournalRecord record;
    AppendDone done;
    absl::Status refused;  // not OK: never written
    std::int64_t queued_ns = 0;
    std::uint64_t bytes = 0;
  };

  absl::Status Look(const absl::Status& damaged);
  absl::StatusOr<ports::OpenReport> Repaired(ports::FencingToken token, const std::string& what,
                                             const std::string& aside);
  absl::StatusOr<wal::Recovered> Load(ports::FencingToken token);
  void SetIdentity(const wal::Identity& identity);
  absl::Status CheckNothingAppended() const;
  absl::Status BeginWith(const wal::Identity& identity);
  void Begin(wal::Recovered recovered);
  void End();
  absl::Status Check(const ports::JournalRecord& record) const;
  void Accept(Pending& pending);
  void Run();
  absl::Status WriteGroup(const std::vector<Pending>& group);
  void FinishGroup(std::vector<Pending>& group, const absl::Status& status);
  absl::Status ReadHistory(domain::SequenceNumber from, domain::SequenceNumber before, const Visitor& visitor);
  static absl::StatusOr<WalStretch> HistoryOf(const WalReader& reader);
  absl::StatusOr<bool> ReadSegment(const wal::SegmentInfo& info, domain::SequenceNumber from,
                                   domain::SequenceNumber last, const Visitor& visitor);

  const std::string folder_;
  const WalOptions options_;
  Fd lock_;
  ports::FencingToken token_;
  bool open_called_ = false;
  bool damaged_ = false;  // Open answered DATA_LOSS, and nothing was mended since
  ports::JournalDamage damage_;
  wal::Survey survey_;

  mutable std::mutex mutex_;
  std::condition_variable queued_;
  std::condition_variable room_;
  std::vector<Pending> queue_;
  std::uint64_t queued_bytes_ = 0;  // in the queue and in the group under way
  absl::Status broken_;             // why every later append fails
  ports::JournalChain chain_;       // appends under way included
  std::string uuid_;
  ports::JournalBase base_;
  bool stop_ = false;

  std::optional<wal::SegmentWriter> writer_;  // set by Open
  std::atomic<std::uint64_t> appended_{0};
  std::atomic<std::uint64_t> synced_{0};
  std::atomic<std::uint64_t> groups_{0};
  std::atomic<std::uint64_t> recovered_{0};
  std::atomic<std::uint64_t> corruptions_{0};
  std::thread thread_;
};

WalJournal::Impl::~Impl() { End(); }

// Waits for the appends under way.
void WalJournal::Impl::End() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  queued_.notify_all();
  if (thread_.joinable()) thread_.join();
}

absl::StatusOr<ports::OpenReport> WalJournal::Impl::Open(ports::FencingToken token) {
  if (std::exchange(open_called_, true)) return absl::FailedPreconditionError("Open was called before on this handle");
  if (options_.segment_bytes < kMinSegmentBytes || options_.segment_bytes > kMaxSegmentBytes) {
    return absl::InvalidArgumentError("segment_bytes must be 4096..1073741824");
  }
  auto recovered = Load(token);
  if (absl::IsDataLoss(recovered.status())) {
    ++corruptions_;
    return Look(recovered.status());
  }
  XT_RETURN_IF_ERROR(recovered.status());
  const ports::OpenReport report = recovered->report;
  Begin(*std::move(recovered));
  return report;
}

// Finds out which sequences are lost.
absl::Status WalJournal::Impl::Look(const absl::Status& damaged) {
  damaged_ = true;
  const auto identity = wal::Load(folder_);
  if (!identity.ok()) {
    survey_.unmendable = "without its header nobody knows whether the journal is all there";
    damage_ = {domain::SequenceNumber(1), {}, std::string(MessageOf(damaged)), {}, {}};
  } else {
    XT_ASSIGN_OR_RETURN(survey_, wal::SurveyDamage(folder_, *identity));
    damage_.place = survey_.place;
    if (survey_.gaps.empty()) return damaged;
    damage_.first = survey_.gaps.front().first;
    damage_.last = survey_.gaps.back().last;
  }
  return absl::DataLossError(
      absl::StrCat(std::string(MessageOf(damaged)), "; damaged or lost: ", ports::RangeOf(damage_)));
}

absl::StatusOr<ports::OpenReport> WalJournal::Impl::Mend(ports::FencingToken token, ports::JournalCopy& other) {
  if (!damaged_) return absl::FailedPreconditionError("nothing is damaged");
  if (!survey_.unmendable.empty()) return absl::DataLossError(survey_.unmendable);
  XT_ASSIGN_OR_RETURN(const wal::Identity identity, wal::Load(folder_));
  XT_ASSIGN_OR_RETURN(const std::string aside,
                      wal::Mend({folder_, identity.uuid, options_.segment_bytes, options_.io}, survey_,
                                [&](domain::SequenceNumber first, domain::SequenceNumber last, const Visitor& visitor) {
                                  return other.Salvage(first, last, visitor);
                                }));
  return Repaired(token, "the damaged files", aside);
}

absl::StatusOr<ports::OpenReport> WalJournal::Impl::OpenAnew(ports::FencingToken token) {
  if (!damaged_) return absl::FailedPreconditionError("nothing is damaged");
  XT_ASSIGN_OR_RETURN(const std::string aside, wal::SetAside(folder_));
  return Repaired(token, "the journal that was there", aside);
}

absl::StatusOr<ports::OpenReport> WalJournal::Impl::Repaired(ports::FencingToken token, const std::string& what,
                                                             const std::string& aside) {
  XT_ASSIGN_OR_RETURN(wal::Recovered recovered, Load(token));
  damaged_ = false;
  ports::OpenReport report = recovered.report;
  report.detail = absl::StrCat(report.detail, report.detail.empty() ? "" : "; ", what, ": ", aside);
  Begin(std::move(recovered));
  return report;
}

void WalJournal::Impl::Begin(wal::Recovered recovered) {
  chain_ = ports::JournalChain(token_, recovered.report);
  appended_ = synced_ = recovered.report.last_sequence.value();
  recovered_ = recovered.report.records;
  writer_.emplace(
      wal::WriterOptions{folder_, uuid_, options_.segment_bytes, options_.io, options_.clock, options_.on_fsync},
      std::move(recovered));
  stop_ = false;
  thread_ = std::thread([this] { Run(); });
}

absl::Status WalJournal::Impl::CheckNothingAppended() const {
  if (writer_ && groups_ == 0 && appended_ == synced_) return absl::OkStatus();
  return absl::FailedPreconditionError("records are dropped after Open and before the first append");
}

absl::Status WalJournal::Impl::CutTail(domain::SequenceNumber keep) {
  XT_RETURN_IF_ERROR(CheckNothingAppended());
  XT_ASSIGN_OR_RETURN(const wal::Identity identity, wal::Load(folder_));
  XT_ASSIGN_OR_RETURN(const wal::Cut cut, wal::PlanCut(folder_, identity, keep));
  End();
  writer_.reset();
  XT_RETURN_IF_ERROR(wal::Execute(cut, folder_, *options_.io));
  return BeginWith(identity);
}

// Until the header names the segment it begins with, the journal is what it was.
absl::Status WalJournal::Impl::BeginAt(const ports::JournalBase& base) {
  XT_RETURN_IF_ERROR(CheckNothingAppended());
  End();
  writer_.reset();
  XT_ASSIGN_OR_RETURN(wal::Identity identity, wal::Load(folder_));
  XT_ASSIGN_OR_RETURN(identity.start.index, wal::MakeEmptyEnd(folder_, identity, options_.segment_bytes, *options_.io));
  identity.start.base = base;
  XT_RETURN_IF_ERROR(wal::StoreStart(folder_, identity.start));
  return BeginWith(identity);
}

absl::Status WalJournal::Impl::BeginWith(const wal::Identity& identity) {
  XT_ASSIGN_OR_RETURN(wal::Recovered recovered, wal::Recover(folder_, identity, *options_.io));
  SetIdentity(identity);
  Begin(std::move(recovered));
  return absl::OkStatus();
}

absl::Status WalJournal::Impl::TrimFront(domain::SequenceNumber upto) {
  if (!writer_) return absl::FailedPreconditionError("TrimFront needs a journal that was opened");
  if (upto > tail()) return absl::InvalidArgumentError(absl::StrCat("sequence ", upto.value(), " was not confirmed"));
  const std::vector<wal::SegmentInfo> segments = writer_->Segments();
  std::size_t first = 0;
  while (first + 1 < segments.size() && segments[first + 1].first_sequence.value() != 0 &&
         segments[first + 1].first_sequence.value() <= upto.value() + 1) {
    ++first;
  }
  if (first == 0) return absl::OkStatus();
  wal::Start start{segments[first].index, {}};
  const domain::SequenceNumber last(segments[first].first_sequence.value() - 1);
  const absl::Status read = Read(last, [&](const ports::JournalRecord& record) {
    start.base = {record.last_sequence, record.hash, record.epoch};
    return absl::CancelledError("the first one is enough");
  });
  if (!absl::IsCancelled(read)) return read;
  XT_CHECK(start.base.sequence == last, "a record ends where the next segment begins");
  XT_RETURN_IF_ERROR(wal::StoreStart(folder_, start));
  {
    std::lock_guard lock(mutex_);
    base_ = start.base;
  }
  writer_->DropBefore(start.index);
  return absl::OkStatus();
}

ports::JournalBase WalJournal::Impl::Base() const {
  std::lock_guard lock(mutex_);
  return base_;
}

absl::StatusOr<wal::Recovered> WalJournal::Impl::Load(ports::FencingToken token) {
  XT_RETURN_IF_ERROR(MakeFolders(folder_));
  if (!lock_.valid()) {
    XT_ASSIGN_OR_RETURN(lock_, LockFolder(folder_));
  }
  XT_ASSIGN_OR_RETURN(const wal::Identity identity, wal::LoadOrCreate(folder_, options_.segment_bytes, *options_.io));
  XT_RETURN_IF_ERROR(wal::CheckToken(identity, token));
  XT_ASSIGN_OR_RETURN(wal::Recovered recovered, wal::Recover(folder_, identity, *options_.io));
  XT_RETURN_IF_ERROR(wal::StoreToken(folder_, identity, token));
  token_ = token;
  SetIdentity(identity);
  return recovered;
}

void WalJournal::Impl::SetIdentity(const wal::Identity& identity) {
  std::lock_guard lock(mutex_);
  uuid_ = identity.uuid;
  base_ = identity.start.base;
}

absl::Status WalJournal::Impl::Check(const ports::JournalRecord& record) const {
  XT_RETURN_IF_ERROR(chain_.Check(record));
  if (wal::EncodedSize(record.bytes.size()) > options_.segment_bytes - wal::kSegmentHeaderBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("a record of ", record.bytes.size(), " bytes does not fit a segment"));
  }
  return absl::OkStatus();
}

void WalJournal::Impl::Append(ports::JournalRecord record, AppendDone done) {
  XT_CHECK(writer_.has_value(), "Append needs a journal that was opened");
  Pending pending{std::move(record), std::move(done), absl::OkStatus(), options_.clock->MonotonicNs(), 0};
  pending.bytes = wal::EncodedSize(pending.record.bytes.size());
  {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [&] { return queued_bytes_ == 0 || queued_bytes_ + pending.bytes <= options_.max_queued_bytes; });
    Accept(pending);
    queued_bytes_ += pending.bytes;
    queue_.push_back(std::move(pending));
  }
  queued_.notify_one();
}

void WalJournal::Impl::Accept(Pending& pending) {
  if (!broken_.ok()) {
    pending.refused = absl::FailedPreconditionError(absl::StrCat("the journal has failed: ", broken_.ToString()));
    return;
  }
  broken_ = pending.refused = Check(pending.record);
  if (!broken_.ok()) return;
  chain_.Extend(pending.record);
  appended_ = pending.record.last_sequence.value();
}

void WalJournal::Impl::Run() {
  std::vector<Pending> group;
  while (true) {
    {
      std::unique_lock lock(mutex_);
      queued_.wait(lock, [this] { return stop_ || !queue_.empty(); });
      if (queue_.empty()) return;
      group.swap(queue_);
    }
    FinishGroup(group, WriteGroup(group));
    group.clear();
  }
}

absl::Status WalJournal::Impl::WriteGroup(const std::vector<Pending>& group) {
  bool any = false;
  for (const Pending& pending : group) {
    if (!pending.refused.ok()) break;
    writer_->Add(pending.record, tail());
    any = true;
  }
  if (!any) return absl::OkStatus();
  ++groups_;
  absl::Status status = writer_->Commit();
  if (!status.ok()) {
    std::lock_guard lock(mutex_);
    if (broken_.ok()) broken_ = status;
  }
  return status;
}

void WalJournal::Impl::FinishGroup(std::vector<Pending>& group, const absl::Status& status) {
  const std::int64_t now_ns = options_.clock->MonotonicNs();
  std::uint64_t bytes = 0;
  for (Pending& pending : group) {
    bytes += pending.bytes;
    const absl::Status& outcome = pending.refused.ok() ? status : pending.refused;
    if (outcome.ok()) {
      synced_ = pending.record.last_sequence.value();
      if (options_.on_append) options_.on_append(std::chrono::nanoseconds(now_ns - pending.queued_ns));
    }
    pending.done(outcome);
  }
  {
    std::lock_guard lock(mutex_);
    queued_bytes_ -= bytes;
  }
  room_.notify_all();
}

absl::Status WalJournal::Impl::Read(domain::SequenceNumber from, const Visitor& visitor) {
  if (!writer_) return absl::FailedPreconditionError("Read needs a journal that was opened");
  const domain::SequenceNumber last = tail();
  const std::vector<wal::SegmentInfo> segments = writer_->Segments();
  if (from.value() != 0 && from <= Base().sequence) {
    const domain::SequenceNumber first = segments.front().first_sequence;
    XT_RETURN_IF_ERROR(
        ReadHistory(from, first.value() != 0 ? first : domain::SequenceNumber(Base().sequence.value() + 1), visitor));
  }
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const bool all_before = i + 1 < segments.size() && segments[i + 1].first_sequence.value() != 0 &&
                            segments[i + 1].first_sequence <= from;
    if (all_before) continue;
    auto more = ReadSegment(segments[i], from, last, visitor);
    if (absl::IsDataLoss(more.status())) ++corruptions_;
    XT_RETURN_IF_ERROR(more.status());
    if (!*more) break;
  }
  return absl::OkStatus();
}

// What history has from `from` on, and the journal that begins with `before` has not.
absl::Status WalJournal::Impl::ReadHistory(domain::SequenceNumber from, domain::SequenceNumber before,
                                           const Visitor& visitor) {
  XT_ASSIGN_OR_RETURN(const WalReader reader, WalReader::Open(folder_));
  XT_ASSIGN_OR_RETURN(const WalStretch history, HistoryOf(reader));
  if (from <= history.base.sequence) {
    return absl::OutOfRangeError(absl::StrCat(folder_, " begins behind sequence ", history.base.sequence.value(),
                                              ", what is before was trimmed and is not there any more"));
  }
  bool enough = false;  // it was trimmed meanwhile
  const absl::Status read = reader.ReadStretch(history, from, [&](const ports::JournalRecord& record) {
    enough = record.first_sequence >= before;
    return enough ? absl::CancelledError("enough was read") : visitor(record);
  });
  return enough ? absl::OkStatus() : read;
}

// What leads to the journal, with nothing in it where nothing does.
absl::StatusOr<WalStretch> WalJournal::Impl::HistoryOf(const WalReader& reader) {
  XT_ASSIGN_OR_RETURN(WalHistory history, reader.FindHistory());
  for (WalStretch& stretch : history.stretches) {
    if (stretch.end.sequence == reader.base().sequence && stretch.end.hash == reader.base().hash) {
      return std::move(stretch);
    }
  }
  return WalStretch{reader.base(), reader.base(), {}};
}

absl::StatusOr<domain::SequenceNumber> WalJournal::Impl::ReadableFrom() {
  if (!writer_) return absl::FailedPreconditionError("ReadableFrom needs a journal that was opened");
  if (Base().sequence.value() == 0) return domain::SequenceNumber(1);
  XT_ASSIGN_OR_RETURN(const WalReader reader, WalReader::Open(folder_));
  XT_ASSIGN_OR_RETURN(const WalStretch history, HistoryOf(reader));
  return domain::SequenceNumber(history.base.sequence.value() + 1);
}

// False when the last confirmed record was reached.
absl::StatusOr<bool> WalJournal::Impl::ReadSegment(const wal::SegmentInfo& info, domain::SequenceNumber from,
                                                   domain::SequenceNumber last, const Visitor& visitor) {
  if (info.first_sequence.value() == 0 || info.first_sequence > last) return false;
  XT_ASSIGN_OR_RETURN(const wal::Segment segment, wal::OpenSegment(folder_, info.index, uuid_));
  wal::SegmentReader reader(segment);
  auto [expected, offset] = info.MarkBefore(std::min(from, last));
  while (true) {
    XT_ASSIGN_OR_RETURN(const wal::SegmentReader::Item item, reader.ReadRecord(offset));
    if (!item.good) break;
    if (item.record.first_sequence != expected) break;
    if (item.record.last_sequence >= from) XT_RETURN_IF_ERROR(visitor(item.record));
    if (item.record.last_sequence >= last) return false;
    expected = domain::SequenceNumber(item.record.last_sequence.value() + 1);
    offset = item.end;
  }
  // The end of a full segment, unless the next one starts later than it should.
  const std::vector<wal::SegmentInfo> segments = writer_->Segments();
  if (info.index + 1 < segments.front().index) return true;  // trimmed meanwhile
  const auto next = std::ranges::find(segments, info.index + 1, &wal::SegmentInfo::index);
  if (next != segments.end() && next->first_sequence == expected) return true;
  return absl::DataLossError(absl::StrCat(segment.path, " at offset ", offset, ": sequence ", expected.value(),
                                          " was confirmed, but is damaged or missing"));
}

std::string WalJournal::Impl::Uuid() const {
  std::lock_guard lock(mutex_);
  return uuid_;
}

WalStats WalJournal::Impl::Stats() const {
  WalStats stats;
  stats.appended_sequence = appended_;
  stats.synced_sequence = synced_;
  stats.groups = groups_;
  stats.recovered_records = recovered_;
  stats.corruptions = corruptions_;
  std::lock_guard lock(mutex_);
  stats.queued_bytes = queued_bytes_;
  if (writer_) {
    for (const wal::SegmentInfo& segment : writer_->Segments()) stats.size_bytes += segment.bytes;
  }
  return stats;
}

WalJournal::WalJournal(std::string folder, WalOptions options)
    : impl_(std::make_unique<Impl>(std::move(folder), std::move(options))) {}
WalJournal::~WalJournal() = default;

absl::StatusOr<ports::OpenReport> WalJournal::Open(ports::FencingToken token) { return impl_->Open(token); }
absl::Status WalJournal::Read(domain::SequenceNumber from, const Visitor& visitor) {
  return impl_->Read(from, visitor);
}
void WalJournal::Append(ports::JournalRecord record, AppendDone done) {
  impl_->Append(std::move(record), std::move(done));
}
domain::SequenceNumber WalJournal::TailSequence() const { return impl_->tail(); }
std::string WalJournal::Uuid() const { return impl_->Uuid(); }
std::string WalJournal::Identity() const { return "wal:" + impl_->Uuid(); }
absl::Status WalJournal::CutTail(domain::SequenceNumber keep) { return impl_->CutTail(keep); }
absl::Status WalJournal::BeginAt(const ports::JournalBase& base) { return impl_->BeginAt(base); }
ports::JournalBase WalJournal::Base() const { return impl_->Base(); }
absl::StatusOr<domain::SequenceNumber> WalJournal::ReadableFrom() { return impl_->ReadableFrom(); }
absl::Status WalJournal::TrimFront(domain::SequenceNumber upto) { return impl_->TrimFront(upto); }
ports::JournalDamage WalJournal::Damage() const { return impl_->damage(); }
absl::StatusOr<ports::OpenReport> WalJournal::Mend(ports::FencingToken token, ports::JournalCopy& other) {
  return impl_->Mend(token, other);
}
absl::StatusOr<ports::OpenReport> WalJournal::OpenAnew(ports::FencingToken token) { return impl_->OpenAnew(token); }
WalStats WalJournal::Stats() const { return impl_->Stats(); }

}  // namespace xt::embedded
