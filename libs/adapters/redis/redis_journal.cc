#include "libs/adapters/redis/redis_journal.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "libs/adapters/redis/internal/journal_reader.h"
#include "libs/adapters/redis/internal/journal_writer.h"
#include "libs/base/bounded_queue.h"
#include "libs/base/check.h"
#include "libs/base/status.h"
#include "libs/ports/journal_chain.h"

namespace xt::redis {
namespace {

constexpr std::size_t kMaxGroup = 128;  // records of one pipeline

}  // namespace

class RedisJournal::Impl {
 public:
  Impl(const RedisConfig& config, const RedisJournalOptions& options)
      : keys_(options.shard),
        reader_(config, keys_),
        writer_(config, keys_, options),
        queue_(options.max_queued_frames) {}
  ~Impl();

  absl::StatusOr<ports::OpenReport> Open(ports::FencingToken token);
  absl::Status Read(domain::SequenceNumber from, const Visitor& visitor);
  void Append(ports::JournalRecord record, AppendDone done);
  absl::Status CutTail(domain::SequenceNumber keep);
  absl::Status BeginAt(const ports::JournalBase& base);
  absl::Status TrimFront(domain::SequenceNumber upto);
  absl::Status Salvage(domain::SequenceNumber first, domain::SequenceNumber last, const Visitor& visitor) {
    const absl::Status status = reader_.Visit(first, last, visitor);
    return absl::IsOutOfRange(status) ? absl::DataLossError(std::string(MessageOf(status))) : status;
  }
  absl::StatusOr<ports::OpenReport> OpenAnew(ports::FencingToken token);

  [[nodiscard]] ports::JournalDamage damage() const { return damage_; }
  [[nodiscard]] ports::JournalBase base() const {
    std::lock_guard lock(mutex_);
    return base_;
  }
  // Of a damaged journal the end that can be read.
  [[nodiscard]] domain::SequenceNumber tail() const {
    if (damaged_) return damage_.whole_from.value() == 0 ? domain::SequenceNumber() : damage_.end.last_sequence;
    return domain::SequenceNumber(tail_.load());
  }
  [[nodiscard]] std::string Identity() const { return writer_.Identity(); }
  [[nodiscard]] bool Is(const std::string& member) const { return writer_.Is(member); }
  [[nodiscard]] RedisJournalStats Stats() const;

 private:
  struct Pending {
    ports::JournalRecord record;
    AppendDone done;
    absl::Status refused;  // not OK: never sent
  };

  absl::StatusOr<ports::OpenReport> Start(ports::FencingToken token, const JournalEnd& end);
  absl::StatusOr<ports::OpenReport> Verify(const JournalEnd& end);
  absl::Status Look(const absl::Status& damaged, const std::optional<JournalEnd>& end);
  absl::Status CheckNothingAppended() const;
  void Begin(ports::FencingToken token, const ports::OpenReport& end);
  void SetBase(const ports::JournalBase& base) {
    std::lock_guard lock(mutex_);
    base_ = base;
  }
  void Run();
  void StoreGroup(std::vector<Pending>& group);

  const JournalKeys keys_;
  JournalReader reader_;
  JournalWriter writer_;
  BoundedQueue<Pending> queue_;
  ports::FencingToken token_;

  // Of the caller's thread.
  ports::JournalChain chain_;  // appends under way included
  absl::Status refused_;       // why every later append fails
  bool open_called_ = false;
  bool damaged_ = false;  // Open answered DATA_LOSS, and nothing else was opened since
  ports::JournalDamage damage_;
  bool appended_ = false;

  mutable std::mutex mutex_;
  ports::JournalBase base_;

  absl::Status broken_;  // of the writer's thread: what ended the journal
  std::atomic<std::uint64_t> tail_{0};
  std::thread thread_;
};

RedisJournal::Impl::~Impl() {
  writer_.Stop();
  queue_.Close();
  if (thread_.joinable()) thread_.join();
}

absl::StatusOr<ports::OpenReport> RedisJournal::Impl::Open(ports::FencingToken token) {
  if (std::exchange(open_called_, true)) return absl::FailedPreconditionError("Open was called before on this handle");
  const auto end = writer_.Open(token);
  if (end.ok()) SetBase(writer_.base());
  if (absl::IsDataLoss(end.status())) return Look(end.status(), std::nullopt);
  XT_RETURN_IF_ERROR(end.status());
  auto report = Start(token, *end);
  return absl::IsDataLoss(report.status()) ? Look(report.status(), *end) : report;
}

absl::StatusOr<ports::OpenReport> RedisJournal::Impl::Start(ports::FencingToken token, const JournalEnd& end) {
  XT_ASSIGN_OR_RETURN(const ports::OpenReport report, Verify(end));
  token_ = token;
  Begin(token, report);
  thread_ = std::thread([this] { Run(); });
  return report;
}

// Finds out which sequences are lost. Without an end half of the journal is missing.
absl::Status RedisJournal::Impl::Look(const absl::Status& damaged, const std::optional<JournalEnd>& end) {
  damaged_ = true;
  if (!end) {
    damage_.first = domain::SequenceNumber(1);
    damage_.place = absl::StrCat(keys_.stream, ": ", std::string(MessageOf(damaged)));
    return damaged;
  }
  XT_ASSIGN_OR_RETURN(damage_, reader_.FindDamage(*end));
  return absl::DataLossError(
      absl::StrCat(std::string(MessageOf(damaged)), "; damaged or lost: ", ports::RangeOf(damage_)));
}

absl::StatusOr<ports::OpenReport> RedisJournal::Impl::OpenAnew(ports::FencingToken token) {
  if (!damaged_) return absl::FailedPreconditionError("nothing is damaged");
  std::string aside;
  XT_ASSIGN_OR_RETURN(const JournalEnd end, writer_.OpenAnew(token, aside));
  SetBase(writer_.base());
  XT_ASSIGN_OR_RETURN(ports::OpenReport report, Start(token, end));
  damaged_ = false;
  report.detail = absl::StrCat("the journal that was there: ", aside);
  return report;
}

void RedisJournal::Impl::Begin(ports::FencingToken token, const ports::OpenReport& end) {
  chain_ = ports::JournalChain(token, end);
  tail_ = end.last_sequence.value();
}

absl::StatusOr<ports::OpenReport> RedisJournal::Impl::Verify(const JournalEnd& end) {
  ports::OpenReport report = ports::EmptyBehind(base());
  XT_RETURN_IF_ERROR(reader_.Visit(domain::SequenceNumber(0), std::nullopt, [&](const ports::JournalRecord& record) {
    report.last_sequence = record.last_sequence;
    report.last_hash = record.hash;
    report.last_epoch = record.epoch;
    ++report.records;
    return absl::OkStatus();
  }));
  if (JournalEnd{report.last_sequence, report.last_hash} != end) {
    return absl::DataLossError(absl::StrCat(keys_.stream, " entry ", report.last_sequence.value(),
                                            "-0 is the last, but ", keys_.end, " tells of sequence ",
                                            end.sequence.value(), ", or the entry is damaged"));
  }
  report.detail = absl::StrCat(Identity(), ": ", report.records, " records behind ", base().sequence.value(), " up to ",
                               report.last_sequence.value());
  return report;
}

absl::Status RedisJournal::Impl::Read(domain::SequenceNumber from, const Visitor& visitor) {
  if (damaged_) {
    if (damage_.whole_from.value() == 0) return absl::DataLossError("its end is damaged");
    return reader_.Visit(std::max(from, damage_.whole_from), damage_.end.last_sequence, visitor);
  }
  if (!thread_.joinable()) return absl::FailedPreconditionError("Read needs a journal that was opened");
  return reader_.Visit(from, tail(), visitor);
}

void RedisJournal::Impl::Append(ports::JournalRecord record, AppendDone done) {
  XT_CHECK(thread_.joinable(), "Append needs a journal that was opened");
  appended_ = true;
  Pending pending{std::move(record), std::move(done), absl::OkStatus()};
  if (!refused_.ok()) {
    pending.refused = absl::FailedPreconditionError(absl::StrCat("the journal has failed: ", refused_.ToString()));
  } else if (refused_ = pending.refused = chain_.Check(pending.record); refused_.ok()) {
    chain_.Extend(pending.record);
  }
  XT_CHECK(queue_.Push(std::move(pending)), "the journal is being destroyed");
}

absl::Status RedisJournal::Impl::CheckNothingAppended() const {
  if (thread_.joinable() && !appended_) return absl::OkStatus();
  return absl::FailedPreconditionError("records are dropped after Open and before the first append");
}

absl::Status RedisJournal::Impl::CutTail(domain::SequenceNumber keep) {
  XT_RETURN_IF_ERROR(CheckNothingAppended());
  ports::OpenReport end = ports::EmptyBehind(base());
  if (keep != end.last_sequence) {
    XT_ASSIGN_OR_RETURN(const ports::JournalRecord last, reader_.Find(keep));
    end.last_sequence = last.last_sequence;
    end.last_hash = last.hash;
    end.last_epoch = last.epoch;
  }
  XT_RETURN_IF_ERROR(writer_.CutTail({end.last_sequence, end.last_hash}));
  Begin(token_, end);
  return absl::OkStatus();
}

absl::Status RedisJournal::Impl::BeginAt(const ports::JournalBase& base) {
  XT_RETURN_IF_ERROR(CheckNothingAppended());
  XT_RETURN_IF_ERROR(writer_.BeginAt(base));
  SetBase(base);
  Begin(token_, ports::EmptyBehind(base));
  return absl::OkStatus();
}

// Over the reader's connection, which may write as long as the writer's is the one that counts.
absl::Status RedisJournal::Impl::TrimFront(domain::SequenceNumber upto) {
  if (!thread_.joinable()) return absl::FailedPreconditionError("TrimFront needs a journal that was opened");
  if (upto > tail()) return absl::InvalidArgumentError(absl::StrCat("sequence ", upto.value(), " was not confirmed"));
  XT_ASSIGN_OR_RETURN(const ports::JournalBase base, reader_.TrimFront(writer_.WriteToken(), upto));
  SetBase(base);
  return absl::OkStatus();
}

void RedisJournal::Impl::Run() {
  std::vector<Pending> group;
  while (queue_.PopBatch(group, kMaxGroup, std::chrono::hours(1))) {
    if (!group.empty()) StoreGroup(group);
  }
}

void RedisJournal::Impl::StoreGroup(std::vector<Pending>& group) {
  std::vector<ports::JournalRecord> records;
  for (Pending& pending : group) {
    if (!broken_.ok() || !pending.refused.ok()) break;
    records.push_back(std::move(pending.record));
  }
  std::size_t next = 0;
  const auto confirmed = [&](const ports::JournalRecord& record) {
    tail_ = record.last_sequence.value();
    group[next++].done(absl::OkStatus());
  };
  if (const absl::Status status = writer_.Store(records, confirmed); !status.ok()) broken_ = status;
  for (; next < group.size(); ++next) group[next].done(broken_.ok() ? group[next].refused : broken_);
}

RedisJournalStats RedisJournal::Impl::Stats() const {
  const JournalCounters& c = writer_.counters();
  return {queue_.size(),   tail_,        c.lost_connections, c.refused_writes,
          c.accepted_late, c.sent_again, c.restored,         c.restarts};
}

RedisJournal::RedisJournal(const RedisConfig& config, const RedisJournalOptions& options)
    : impl_(std::make_unique<Impl>(config, options)) {}
RedisJournal::~RedisJournal() = default;

absl::StatusOr<ports::OpenReport> RedisJournal::Open(ports::FencingToken token) { return impl_->Open(token); }
absl::Status RedisJournal::Read(domain::SequenceNumber from, const Visitor& visitor) {
  return impl_->Read(from, visitor);
}
void RedisJournal::Append(ports::JournalRecord record, AppendDone done) {
  impl_->Append(std::move(record), std::move(done));
}
domain::SequenceNumber RedisJournal::TailSequence() const { return impl_->tail(); }
std::string RedisJournal::Identity() const { return impl_->Identity(); }
bool RedisJournal::Is(const std::string& member) const { return impl_->Is(member); }
absl::Status RedisJournal::CutTail(domain::SequenceNumber keep) { return impl_->CutTail(keep); }
absl::Status RedisJournal::BeginAt(const ports::JournalBase& base) { return impl_->BeginAt(base); }
ports::JournalBase RedisJournal::Base() const { return impl_->base(); }
absl::Status RedisJournal::TrimFront(domain::SequenceNumber upto) { return impl_->TrimFront(upto); }
ports::JournalDamage RedisJournal::Damage() const { return impl_->damage(); }
absl::Status RedisJournal::Salvage(domain::SequenceNumber first, domain::SequenceNumber last, const Visitor& visitor) {
  return impl_->Salvage(first, last, visitor);
}
absl::StatusOr<ports::OpenReport> RedisJournal::OpenAnew(ports::FencingToken token) { return impl_->OpenAnew(token); }
RedisJournalStats RedisJournal::Stats() const { return impl_->Stats(); }

}  // namespace xt::redis
