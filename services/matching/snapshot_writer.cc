#include "services/matching/snapshot_writer.h"

#include <utility>

#include "libs/base/status.h"
#include "libs/runtime/log.h"

namespace xt::matching {
namespace {

using runtime::Log;
using runtime::LogField;
using runtime::LogLevel;

constexpr std::int64_t kNsPerSecond = 1'000'000'000;

runtime::Counter& SnapshotCounter(runtime::MetricsRegistry& metrics, const std::string& shard,
                                  const std::string& result) {
  return metrics.Counter("matching_snapshots_total", "Snapshots of the state, by what became of them.",
                         {{"shard", shard}, {"result", result}});
}

}  // namespace

SnapshotWriter::SnapshotWriter(SnapshotStore store, runtime::MetricsRegistry& metrics, const std::string& shard,
                               const Clock& clock)
    : store_(std::move(store)),
      clock_(clock),
      written_(SnapshotCounter(metrics, shard, "written")),
      failed_(SnapshotCounter(metrics, shard, "failed")),
      damaged_(SnapshotCounter(metrics, shard, "damaged")),
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

bool SnapshotWriter::Write(Snapshot snapshot, Done done) {
  {
    const std::lock_guard lock(mutex_);
    if (writing_ || job_) return false;
    newest_ = snapshot.sequence;
    newest_ns_ = clock_.MonotonicNs();
    job_ = Job{std::move(snapshot), std::move(done)};
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
    const absl::Status status = WriteOne(job.snapshot);
    if (job.done) job.done(status);
    lock.lock();
    writing_ = false;
    changed_.notify_all();
  }
}

absl::Status SnapshotWriter::WriteOne(const Snapshot& snapshot) {
  const std::int64_t begin_ns = clock_.MonotonicNs();
  absl::Status status = store_.Write(snapshot);
  if (status.ok()) {
    written_.Increment();
    timestamp_.Set(clock_.WallNs() / kNsPerSecond);
    Log(LogLevel::kInfo, "snapshot written",
        {{"seq", snapshot.sequence.value()},
         {"bytes", snapshot.state.size()},
         {"ms", (clock_.MonotonicNs() - begin_ns) / 1'000'000}});
  } else {
    failed_.Increment();
    Log(LogLevel::kError, "a snapshot could not be written", {{"seq", snapshot.sequence.value()}, LogField(status)});
  }
  return status;
}

std::optional<Restored> SnapshotWriter::Restore(const EngineConfig& config, domain::SequenceNumber at_most) {
  AwaitIdle();
  newest_ = domain::SequenceNumber();
  newest_ns_ = clock_.MonotonicNs();
  for (const domain::SequenceNumber sequence : store_.List()) {
    if (sequence > at_most) continue;
    auto restored = RestoreOne(config, sequence);
    if (restored.ok()) {
      newest_ = sequence;
      return *std::move(restored);
    }
    damaged_.Increment();
    Log(LogLevel::kError, "a snapshot cannot be used; the one before it is tried", {LogField(restored.status())});
  }
  return std::nullopt;
}

absl::StatusOr<Restored> SnapshotWriter::RestoreOne(const EngineConfig& config, domain::SequenceNumber sequence) {
  const std::int64_t begin_ns = clock_.MonotonicNs();
  XT_ASSIGN_OR_RETURN(Restored restored, store_.Restore(config, sequence));
  Log(LogLevel::kInfo, "snapshot restored",
      {{"seq", sequence.value()},
       {"orders", restored.engine->open_orders()},
       {"ms", (clock_.MonotonicNs() - begin_ns) / 1'000'000}});
  return restored;
}

void SnapshotWriter::SetAside() {
  AwaitIdle();
  newest_ = domain::SequenceNumber();
  if (const absl::Status status = store_.SetAside(); !status.ok()) {
    Log(LogLevel::kError, "snapshots of another journal could not be set aside", {LogField(status)});
  }
}

}  // namespace xt::matching
