#include "services/matching/snapshot_writer.h"

#include <algorithm>
#include <fstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/runtime/log.h"

namespace xt::matching {
namespace {

using runtime::Log;
using runtime::LogField;
using runtime::LogLevel;

constexpr std::int64_t kNsPerSecond = 1'000'000'000;
constexpr std::size_t kKept = 2;
constexpr std::size_t kPieceBytes = 1 << 20;

runtime::Counter& SnapshotCounter(runtime::MetricsRegistry& metrics, const std::string& shard,
                                  const std::string& result) {
  return metrics.Counter("matching_snapshots_total", "Snapshots of the state, by what became of them.",
                         {{"shard", shard}, {"result", result}});
}

}  // namespace

SnapshotWriter::SnapshotWriter(SnapshotStore store, const EngineConfig& config, runtime::MetricsRegistry& metrics,
                               const std::string& shard, const Clock& clock)
    : store_(std::move(store)),
      config_(config),
      clock_(clock),
      written_(SnapshotCounter(metrics, shard, "written")),
      failed_(SnapshotCounter(metrics, shard, "failed")),
      mismatched_(SnapshotCounter(metrics, shard, "mismatched")),
      damaged_(SnapshotCounter(metrics, shard, "damaged")),
      fetched_(SnapshotCounter(metrics, shard, "fetched")),
      timestamp_(metrics.Gauge("matching_snapshot_timestamp_seconds", "When the last snapshot was written.",
                               {{"shard", shard}})),
      newest_ns_(clock.MonotonicNs()),
      thread_([this] { Run(); }) {}

SnapshotWriter::~SnapshotWriter() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

class SnapshotWriter::Alone {
 public:
  explicit Alone(SnapshotWriter& writer) : writer_(writer) {
    std::unique_lock lock(writer_.mutex_);
    writer_.changed_.wait(lock, [this] { return !writer_.writing_ && !writer_.job_; });
    writer_.writing_ = true;
  }
  ~Alone() {
    {
      const std::lock_guard lock(writer_.mutex_);
      writer_.writing_ = false;
    }
    writer_.changed_.notify_all();
  }
  Alone(const Alone&) = delete;
  Alone& operator=(const Alone&) = delete;

 private:
  SnapshotWriter& writer_;
};

bool SnapshotWriter::Write(Snapshot snapshot, Done done) {
  const domain::SequenceNumber sequence = snapshot.sequence;
  const auto taken = std::make_shared<const Snapshot>(std::move(snapshot));
  if (!Begin({[this, taken] { return WriteOne(*taken); }, std::move(done)})) return false;
  newest_ = sequence;
  newest_ns_ = clock_.MonotonicNs();
  return true;
}

bool SnapshotWriter::Copy(std::function<absl::Status(const PieceVisitor&)> read,
                          std::function<absl::Status(const Snapshot& at)> check, Done done) {
  return Begin({[this, read = std::move(read), check = std::move(check)] {
                  const auto copied = FetchOne(read, check);
                  if (!copied.ok()) return copied.status();
                  Keep(copied->at.sequence);
                  RemoveOld(copied->at.published);
                  return absl::OkStatus();
                },
                std::move(done)});
}

bool SnapshotWriter::Begin(Job job) {
  {
    const std::lock_guard lock(mutex_);
    if (writing_ || job_) return false;
    job_ = std::move(job);
  }
  changed_.notify_all();
  return true;
}

bool SnapshotWriter::Busy() {
  const std::lock_guard lock(mutex_);
  return writing_ || job_;
}

void SnapshotWriter::AwaitIdle() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !writing_ && !job_; });
}

void SnapshotWriter::Run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || job_; });
    if (!job_) return;
    const Job job = *std::exchange(job_, std::nullopt);
    writing_ = true;
    lock.unlock();
    const absl::Status status = job.work();
    lock.lock();
    writing_ = false;
    changed_.notify_all();
    lock.unlock();
    if (job.done) job.done(status);  // who hears of it may begin another
    lock.lock();
  }
}

absl::Status SnapshotWriter::WriteOne(const Snapshot& snapshot) {
  const std::int64_t begin_ns = clock_.MonotonicNs();
  if (absl::Status status = store_.Write(snapshot); !status.ok()) {
    failed_.Increment();
    Log(LogLevel::kError, "a snapshot could not be written", {{"seq", snapshot.sequence.value()}, LogField(status)});
    return status;
  }
  XT_RETURN_IF_ERROR(Verify(snapshot));
  written_.Increment();
  timestamp_.Set(clock_.WallNs() / kNsPerSecond);
  Log(LogLevel::kInfo, "snapshot written",
      {{"seq", snapshot.sequence.value()},
       {"bytes", snapshot.state.size()},
       {"ms", (clock_.MonotonicNs() - begin_ns) / 1'000'000}});
  Keep(snapshot.sequence);
  RemoveOld(snapshot.published);
  return absl::OkStatus();
}

absl::Status SnapshotWriter::Verify(const Snapshot& snapshot) {
  const absl::Status verified = store_.Verify(config_, snapshot);
  if (verified.ok()) return verified;
  mismatched_.Increment();
  Log(LogLevel::kError, "a snapshot was written, but is not the state that it was taken of; it is set aside",
      {{"seq", snapshot.sequence.value()}, LogField(verified)});
  // An older one of the same command lay in the same file.
  Forget([&](domain::SequenceNumber sequence) { return sequence == snapshot.sequence; });
  if (const absl::Status aside = store_.SetAside(snapshot.sequence, "mismatched"); !aside.ok()) {
    Log(LogLevel::kError, "a snapshot could not be set aside", {LogField(aside)});
  }
  return verified;
}

std::optional<Restored> SnapshotWriter::Restore(SequenceRange range) {
  const Alone alone(*this);
  for (const domain::SequenceNumber sequence : store_.List()) {
    if (!range.Has(sequence)) continue;
    auto restored = RestoreOne(sequence);
    if (restored.ok()) {
      Took(sequence);
      return *std::move(restored);
    }
    damaged_.Increment();
    Log(LogLevel::kError, "a snapshot cannot be used; the one before it is tried", {LogField(restored.status())});
    Forget([&](domain::SequenceNumber kept) { return kept == sequence; });
  }
  return std::nullopt;
}

absl::StatusOr<Restored> SnapshotWriter::RestoreOne(domain::SequenceNumber sequence) {
  const std::int64_t begin_ns = clock_.MonotonicNs();
  XT_ASSIGN_OR_RETURN(Restored restored, store_.Restore(config_, sequence));
  Log(LogLevel::kInfo, "snapshot restored",
      {{"seq", sequence.value()},
       {"orders", restored.engine->open_orders()},
       {"ms", (clock_.MonotonicNs() - begin_ns) / 1'000'000}});
  return restored;
}

absl::StatusOr<Restored> SnapshotWriter::Fetch(const std::function<absl::Status(const PieceVisitor&)>& read,
                                               const std::function<absl::Status(const Snapshot& at)>& check) {
  const Alone alone(*this);
  XT_ASSIGN_OR_RETURN(Restored restored, FetchOne(read, check));
  Took(restored.at.sequence);
  RemoveOld(restored.at.published);
  return restored;
}

absl::StatusOr<Restored> SnapshotWriter::FetchOne(const std::function<absl::Status(const PieceVisitor&)>& read,
                                                  const std::function<absl::Status(const Snapshot& at)>& check) {
  const std::int64_t begin_ns = clock_.MonotonicNs();
  ArrivingSnapshot arriving(store_);
  XT_RETURN_IF_ERROR(read([&](std::string_view piece) { return arriving.Append(piece); }));
  XT_ASSIGN_OR_RETURN(Restored restored, arriving.Restore(config_));
  XT_RETURN_IF_ERROR(check(restored.at));
  XT_RETURN_IF_ERROR(arriving.KeepAs(restored.at.sequence));
  fetched_.Increment();
  Log(LogLevel::kInfo, "a snapshot of another replica was taken",
      {{"seq", restored.at.sequence.value()},
       {"orders", restored.engine->open_orders()},
       {"ms", (clock_.MonotonicNs() - begin_ns) / 1'000'000}});
  return restored;
}

void SnapshotWriter::BeginEmpty() {
  newest_ = domain::SequenceNumber();
  newest_ns_ = clock_.MonotonicNs();
}

absl::Status SnapshotWriter::SetAside(domain::SequenceNumber from) {
  const Alone alone(*this);
  newest_ = from;  // nothing more of that state is due
  Forget([&](domain::SequenceNumber sequence) { return sequence >= from; });
  for (const domain::SequenceNumber sequence : store_.List()) {
    if (sequence >= from) XT_RETURN_IF_ERROR(store_.SetAside(sequence, "of-another-journal"));
  }
  return absl::OkStatus();
}

std::vector<domain::SequenceNumber> SnapshotWriter::List() const {
  const std::lock_guard lock(kept_mutex_);
  return kept_;
}

absl::Status SnapshotWriter::Read(SequenceRange range, const PieceVisitor& visitor) const {
  std::ifstream file;
  {
    const std::lock_guard lock(kept_mutex_);
    const auto newest = std::ranges::find_if(kept_, [&](domain::SequenceNumber kept) { return range.Has(kept); });
    if (newest == kept_.end()) return absl::NotFoundError("it keeps no such snapshot");
    file.open(store_.FileOf(*newest), std::ios::binary);
    if (!file) return absl::DataLossError(absl::StrCat(store_.FileOf(*newest), ": it cannot be read"));
  }
  std::string piece(kPieceBytes, '\0');
  while (file.read(piece.data(), static_cast<std::streamsize>(piece.size())) || file.gcount() > 0) {
    XT_RETURN_IF_ERROR(visitor({piece.data(), static_cast<std::size_t>(file.gcount())}));
  }
  return file.bad() ? absl::DataLossError("a snapshot cannot be read") : absl::OkStatus();
}

// The engine goes on from it.
void SnapshotWriter::Took(domain::SequenceNumber sequence) {
  newest_ = sequence;
  newest_ns_ = clock_.MonotonicNs();
  Keep(sequence);
}

void SnapshotWriter::Keep(domain::SequenceNumber sequence) {
  const std::lock_guard lock(kept_mutex_);
  const auto at = std::ranges::lower_bound(kept_, sequence, std::greater());
  if (at == kept_.end() || *at != sequence) kept_.insert(at, sequence);
}

void SnapshotWriter::Forget(const std::function<bool(domain::SequenceNumber)>& which) {
  const std::lock_guard lock(kept_mutex_);
  std::erase_if(kept_, which);
}

// Before two are verified, nothing is removed. `published`: every bus has the results up to it.
void SnapshotWriter::RemoveOld(domain::SequenceNumber published) {
  const std::vector<domain::SequenceNumber> kept = List();
  if (kept.size() < kKept) return;
  const std::vector<domain::SequenceNumber> files = store_.List();
  const auto is_published = [&](domain::SequenceNumber sequence) { return sequence <= published; };
  const auto newest_published = std::ranges::find_if(files, is_published);
  for (auto file = files.begin(); file != files.end(); ++file) {
    if (*file >= kept[kKept - 1] || file == newest_published) continue;
    Forget([&](domain::SequenceNumber sequence) { return sequence == *file; });
    if (const absl::Status removed = store_.Remove(*file); !removed.ok()) {
      Log(LogLevel::kError, "an old snapshot could not be removed", {LogField(removed)});
    }
  }
}

}  // namespace xt::matching
