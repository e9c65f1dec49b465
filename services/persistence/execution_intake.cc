#include "services/persistence/execution_intake.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/runtime/log.h"
#include "libs/wire/event_codec.h"
#include "services/persistence/core/projection.h"
#include "services/persistence/store_batch.h"

namespace xt::persistence {

using runtime::HealthStatus;
using runtime::LogField;
using runtime::LogLevel;

namespace {

constexpr std::int64_t kNsPerMs = 1'000'000;

}  // namespace

ExecutionIntake::ExecutionIntake(const PersistenceConfig& config, const ExecutionPorts& ports, ports::Store& store,
                                 CommittedSequence& committed, PersistenceMetrics& metrics,
                                 runtime::HealthRegistry& health, const Clock& clock)
    : config_(config),
      store_(store),
      committed_(committed),
      metrics_(metrics),
      store_check_(health.AddCheck("persistence.store", runtime::Dependency::kHard)),
      stream_check_(health.AddCheck("persistence.executions", runtime::Dependency::kSoft)),
      heartbeat_(health.AddHeartbeat("persistence.intake", 30'000)),
      clock_(clock),
      source_(config, ports, clock),
      claim_idle_ms_(config.claim_idle_ms) {}

ExecutionIntake::~ExecutionIntake() { Stop(); }

absl::Status ExecutionIntake::Start(domain::SequenceNumber watermark, const std::vector<domain::Asset>& assets) {
  XT_RETURN_IF_ERROR(source_.Open());
  buffer_ = std::make_unique<ReorderBuffer>(watermark, config_.max_held_entries);
  for (const domain::Asset& asset : assets) {
    asset_codes_[asset.id] = asset.code;
    metrics_.SetImbalance(asset.code, 0);
  }
  AdvanceTo(watermark);
  store_check_.SetOk();
  stream_check_.SetOk();
  thread_ = std::thread([this] { Run(); });
  return absl::OkStatus();
}

void ExecutionIntake::Stop() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  stop_signal_.notify_all();
  if (thread_.joinable()) thread_.join();
  heartbeat_.Retire();
}

bool ExecutionIntake::stopping() {
  std::lock_guard lock(mutex_);
  return stop_;
}

void ExecutionIntake::Run() {
  while (!stopping()) {
    heartbeat_.Beat();
    if (const absl::Status status = Turn(); !status.ok()) {
      Halt(status);
      break;
    }
  }
  source_.Close();
}

absl::Status ExecutionIntake::Turn() {
  if (!ClaimWriting()) return StandBy();
  if (!buffer_->full()) XT_RETURN_IF_ERROR(ReadMore());
  XT_RETURN_IF_ERROR(StoreRuns());
  XT_RETURN_IF_ERROR(CloseGap());
  metrics_.pending.Set(static_cast<std::int64_t>(buffer_->size()));
  metrics_.lag.Set(static_cast<std::int64_t>(source_.Lag()));
  return absl::OkStatus();
}

// A new writer has at once what the one before had read and not stored.
bool ExecutionIntake::ClaimWriting() {
  const auto claimed = store_.ClaimWriting();
  const bool writes = claimed.value_or(false);
  if (writes && !writes_) {
    runtime::Log(LogLevel::kInfo, "this instance stores", {{"seq", buffer_->watermark().value() + 1}});
    claim_idle_ms_ = 0;
    last_claim_ns_.reset();
  }
  if (!claimed.ok()) {
    metrics_.CountStoreError(claimed.status());
    store_check_.Set(HealthStatus::kDown, "the store is unavailable");
  }
  writes_ = writes;
  metrics_.writes.Set(writes ? 1 : 0);
  return writes;
}

// Another instance stores; what it has stored can be asked for here as well.
absl::Status ExecutionIntake::StandBy() {
  XT_RETURN_IF_ERROR(RereadWatermark());
  LeaveGap();
  stream_check_.SetOk();
  metrics_.pending.Set(static_cast<std::int64_t>(buffer_->size()));
  Pause(config_.poll_ms);
  return absl::OkStatus();
}

absl::Status ExecutionIntake::ReadMore() {
  auto deliveries =
      source_.Read(config_.batch_entries, std::chrono::milliseconds(config_.poll_ms), buffer_->watermark());
  if (deliveries.ok()) {
    pause_ms_ = 0;
    return Take(*deliveries);
  }
  if (deliveries.status().code() == absl::StatusCode::kDataLoss) return deliveries.status();
  if (!absl::IsCancelled(deliveries.status())) {
    runtime::Log(LogLevel::kWarn, "executions cannot be read", {LogField(deliveries.status())});
  }
  stream_check_.Set(HealthStatus::kDegraded, "the executions cannot be read");
  BackOff();
  return absl::OkStatus();
}

absl::Status ExecutionIntake::Take(const Deliveries& deliveries) {
  std::vector<domain::SequenceNumber> stored;
  for (const ports::ExecutionDelivery& delivery : deliveries) {
    if (delivery.delivery_count > 1) metrics_.redeliveries.Increment();
    auto result = wire::DecodeEventBatch(*delivery.entry.payload);
    if (!result.ok()) return absl::DataLossError("a damaged execution: " + std::string(result.status().message()));
    if (result->sequence != delivery.entry.sequence) {
      return absl::DataLossError("execution " + std::to_string(delivery.entry.sequence.value()) + " holds command " +
                                 std::to_string(result->sequence.value()));
    }
    if (buffer_->Offer(*std::move(result))) continue;
    metrics_.duplicates_dropped.Increment();
    metrics_.consumed_duplicate.Increment();
    if (delivery.entry.sequence <= buffer_->watermark()) stored.push_back(delivery.entry.sequence);
  }
  Acknowledge(stored);
  return absl::OkStatus();
}

absl::Status ExecutionIntake::StoreRuns() {
  for (auto run = buffer_->Run(config_.batch_entries); !run.empty() && !stopping();
       run = buffer_->Run(config_.batch_entries)) {
    heartbeat_.Beat();
    XT_RETURN_IF_ERROR(StoreRun(run));
  }
  return absl::OkStatus();
}

absl::Status ExecutionIntake::StoreRun(const std::vector<const domain::CommandResult*>& run) {
  const std::int64_t started_ns = clock_.MonotonicNs();
  Projector projector(buffer_->watermark());
  for (const domain::CommandResult* result : run) {
    const absl::Status status = projector.Add(*result);
    if (status.ok()) continue;
    const Imbalance& imbalance = projector.imbalance();
    const auto code = asset_codes_.find(imbalance.asset);
    if (imbalance.sum != domain::Amount(0) && code != asset_codes_.end()) {
      metrics_.SetImbalance(code->second, imbalance.sum.value());
    }
    return status;
  }
  const ports::StoreBatch batch = ToStoreBatch(projector.projection());
  const std::int64_t apply_ns = clock_.MonotonicNs();
  const absl::Status status = store_.Apply(batch);
  if (!status.ok()) return AfterFailedApply(status);
  metrics_.commit_seconds.Observe(clock_.MonotonicNs() - apply_ns);
  metrics_.processing_seconds.Observe(clock_.MonotonicNs() - started_ns);
  Committed(batch, run);
  return absl::OkStatus();
}

void ExecutionIntake::Committed(const ports::StoreBatch& batch, const std::vector<const domain::CommandResult*>& run) {
  pause_ms_ = 0;
  store_check_.SetOk();
  metrics_.batch_size.Observe(static_cast<std::int64_t>(run.size()));
  metrics_.consumed_ok.Increment(run.size());
  const std::int64_t now_ns = clock_.WallNs();
  for (const domain::CommandResult* result : run) metrics_.end_to_end_seconds.Observe(now_ns - result->timestamp_ns);
  for (const domain::Asset& asset : batch.assets) {
    asset_codes_[asset.id] = asset.code;
    metrics_.SetImbalance(asset.code, 0);
  }
  AdvanceTo(batch.watermark);
}

absl::Status ExecutionIntake::AfterFailedApply(const absl::Status& status) {
  metrics_.CountStoreError(status);
  metrics_.consumed_retry.Increment();
  runtime::Log(LogLevel::kWarn, "a batch was not stored",
               {LogField(status), {"seq", buffer_->watermark().value() + 1}});
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
      store_check_.Set(HealthStatus::kDown, "the store is unavailable");
      BackOff();
      return absl::OkStatus();
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kFailedPrecondition: {
      const domain::SequenceNumber before = buffer_->watermark();
      XT_RETURN_IF_ERROR(RereadWatermark());
      if (buffer_->watermark() == before) BackOff();
      return absl::OkStatus();
    }
    default: return status;
  }
}

absl::Status ExecutionIntake::RereadWatermark() {
  while (!stopping()) {
    heartbeat_.Beat();
    const auto watermark = store_.Watermark();
    if (watermark.ok()) {
      if (*watermark < buffer_->watermark()) {
        return absl::DataLossError("the store went back to command " + std::to_string(watermark->value()));
      }
      store_check_.SetOk();
      AdvanceTo(*watermark);
      return absl::OkStatus();
    }
    metrics_.CountStoreError(watermark.status());
    store_check_.Set(HealthStatus::kDown, "the store is unavailable");
    BackOff();
  }
  return absl::OkStatus();
}

void ExecutionIntake::AdvanceTo(domain::SequenceNumber watermark) {
  Acknowledge(buffer_->Advance(watermark));
  metrics_.committed_sequence.Set(static_cast<std::int64_t>(watermark.value()));
  committed_.Advance(watermark);
}

absl::Status ExecutionIntake::CloseGap() {
  if (buffer_->gap()) {
    XT_RETURN_IF_ERROR(FillGap());
  } else {
    LeaveGap();
    if (pause_ms_ == 0) ShowSource();
  }
  const std::int64_t now_ns = clock_.MonotonicNs();
  if (last_claim_ns_ && now_ns - *last_claim_ns_ < config_.claim_interval_ms * kNsPerMs) return absl::OkStatus();
  const auto claimed = source_.Claim(std::chrono::milliseconds(claim_idle_ms_), config_.batch_entries);
  if (!claimed.ok() || claimed->empty()) claim_idle_ms_ = config_.claim_idle_ms;
  if (claim_idle_ms_ > 0) last_claim_ns_ = now_ns;
  return claimed.ok() ? Take(*claimed) : absl::OkStatus();
}

absl::Status ExecutionIntake::FillGap() {
  const std::int64_t now_ns = clock_.MonotonicNs();
  if (!gap_) {
    gap_ = Gap{now_ns, buffer_->watermark(), now_ns};
    metrics_.gaps.Increment();
    runtime::Log(LogLevel::kWarn, "executions are missing", {{"seq", buffer_->watermark().value() + 1}});
  }
  XT_RETURN_IF_ERROR(RereadWatermark());
  if (!buffer_->gap()) return absl::OkStatus();
  if (gap_->behind != buffer_->watermark()) gap_ = Gap{gap_->since_ns, buffer_->watermark(), now_ns};
  absl::StatusOr<Deliveries> found = Deliveries();
  if (now_ns - gap_->since_ns >= config_.fallback_patience_ms * kNsPerMs) {
    found = source_.ReadMissing(config_.batch_entries, std::chrono::milliseconds(config_.poll_ms), buffer_->watermark(),
                                buffer_->first());
    if (absl::IsDataLoss(found.status())) return found.status();
  }
  TellGap(found.status());
  if (found.ok() && !found->empty()) return Take(*found);
  // With room for nothing more Read does not set the pace.
  if (buffer_->full()) BackOff();
  return absl::OkStatus();
}

// `topic`: whether that can be read.
void ExecutionIntake::TellGap(const absl::Status& topic) {
  const std::uint64_t first = buffer_->watermark().value() + 1;
  const std::uint64_t last = buffer_->first().value() - 1;
  metrics_.missing.Set(static_cast<std::int64_t>(last - first + 1));
  // By then everything was claimed that others had left when it began.
  const std::int64_t claimed_ms = config_.claim_idle_ms + config_.claim_interval_ms;
  const bool tell = clock_.MonotonicNs() - gap_->behind_ns >= claimed_ms * kNsPerMs;
  if (tell && !std::exchange(gap_->told, true)) {
    runtime::Log(LogLevel::kError,
                 "nobody has executions that the database lacks: nothing is stored until they are there",
                 {{"seq", first}, {"last", last}});
  }
  std::string reason = absl::StrCat("executions ", first, " to ", last, " are missing");
  if (gap_->told) {
    const char* where = "the stream has not got them";
    if (!topic.ok()) {
      where = "the stream has not got them, and trading.events cannot be read";
    } else if (source_.has_topic()) {
      where = "neither the stream nor trading.events has them";
    }
    absl::StrAppend(&reason, ": ", where, "; nothing is stored until they are there");
  }
  stream_check_.Set(HealthStatus::kDegraded, reason);
}

void ExecutionIntake::LeaveGap() {
  if (!gap_) return;
  if (gap_->told) {
    runtime::Log(LogLevel::kInfo, "the executions that were missing are there",
                 {{"seq", buffer_->watermark().value() + 1}});
  }
  gap_.reset();
  source_.NothingIsMissing();
  metrics_.missing.Set(0);
}

void ExecutionIntake::ShowSource() {
  const bool fallen_back = source_.fallen_back();
  metrics_.fallen_back.Set(fallen_back ? 1 : 0);
  if (fallen_back) {
    stream_check_.Set(HealthStatus::kDegraded, "the stream is away: trading.events of Kafka is read instead");
  } else {
    stream_check_.SetOk();
  }
}

// An acknowledgement that gets lost means a duplicate later, which falls out by its sequence.
void ExecutionIntake::Acknowledge(const std::vector<domain::SequenceNumber>& sequences) {
  if (sequences.empty()) return;
  if (const absl::Status status = source_.Acknowledge(sequences); !status.ok()) {
    runtime::Log(LogLevel::kWarn, "executions were not acknowledged", {LogField(status)});
  }
}

void ExecutionIntake::BackOff() {
  pause_ms_ = pause_ms_ == 0 ? config_.retry_min_ms : std::min(2 * pause_ms_, config_.retry_max_ms);
  Pause(pause_ms_);
}

void ExecutionIntake::Pause(std::int64_t pause_ms) {
  std::unique_lock lock(mutex_);
  stop_signal_.wait_for(lock, std::chrono::milliseconds(pause_ms), [this] { return stop_; });
}

void ExecutionIntake::Halt(const absl::Status& reason) {
  runtime::Log(LogLevel::kError, "halted", {LogField(reason), {"seq", buffer_->watermark().value() + 1}});
  store_check_.Set(HealthStatus::kDown, "halted: " + std::string(reason.message()));
  committed_.End(absl::UnavailableError("lagging: halted"));
  metrics_.writes.Set(0);
  store_.ReleaseWriting();  // another instance may do better
  heartbeat_.Retire();
}

}  // namespace xt::persistence
