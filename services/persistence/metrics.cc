#include "services/persistence/metrics.h"

#include <algorithm>
#include <array>
#include <string>

#include "libs/ports/execution_stream.h"

namespace xt::persistence {
namespace {

constexpr std::array<absl::StatusCode, 5> kStoreErrors{absl::StatusCode::kUnavailable, absl::StatusCode::kAborted,
                                                       absl::StatusCode::kFailedPrecondition,
                                                       absl::StatusCode::kAlreadyExists, absl::StatusCode::kDataLoss};

runtime::Labels StreamLabels() {
  return {{"broker", "executions"}, {"topic", "executions"}, {"group", std::string(ports::kExecutionGroup)}};
}

runtime::Counter& Consumed(runtime::MetricsRegistry& registry, std::string_view result) {
  runtime::Labels labels = StreamLabels();
  labels.emplace_back("result", std::string(result));
  return registry.Counter("mq_consumer_messages_total", "Messages consumed, by what became of them.", labels);
}

runtime::Counter& StoreErrors(runtime::MetricsRegistry& registry, absl::StatusCode code) {
  const bool known = std::find(kStoreErrors.begin(), kStoreErrors.end(), code) != kStoreErrors.end();
  const std::string name = known ? absl::StatusCodeToString(code) : "OTHER";
  return registry.Counter("db_errors_total", "Errors of the database, by their status code.", {{"code", name}});
}

}  // namespace

PersistenceMetrics::PersistenceMetrics(runtime::MetricsRegistry& registry)
    : registry_(registry),
      writes(registry.Gauge("persistence_writes", "1 while this instance stores.")),
      committed_sequence(registry.Gauge("persistence_committed_sequence", "Last command that is in the database.")),
      commit_seconds(registry.Histogram("persistence_commit_seconds", "Time of one transaction.")),
      batch_size(registry.Histogram("persistence_batch_size", "Commands in one transaction.", {},
                                    runtime::kBatchSizeBuckets, runtime::Scale::kOne)),
      consumed_ok(Consumed(registry, "ok")),
      consumed_duplicate(Consumed(registry, "duplicate")),
      consumed_retry(Consumed(registry, "retry")),
      lag(registry.Gauge("mq_consumer_lag", "Messages published and not consumed yet.", StreamLabels())),
      fallen_back(registry.Gauge("mq_consumer_fallback", "1: read from the other broker, since this one is away.",
                                 {{"broker", "executions"}})),
      pending(registry.Gauge("mq_consumer_pending", "Messages delivered and not acknowledged yet.", StreamLabels())),
      processing_seconds(
          registry.Histogram("mq_consumer_processing_seconds", "Time from a delivery to its end.", StreamLabels())),
      end_to_end_seconds(registry.Histogram("mq_end_to_end_latency_seconds",
                                            "Time from the journal's timestamp to the database.", StreamLabels())),
      redeliveries(
          registry.Counter("mq_consumer_redeliveries_total", "Messages delivered more than once.", StreamLabels())),
      duplicates_dropped(
          registry.Counter("mq_duplicates_dropped_total", "Messages dropped by their event id.", StreamLabels())),
      gaps(registry.Counter("mq_consumer_gaps_total", "Times that the next sequence was missing.", StreamLabels())),
      missing(
          registry.Gauge("mq_consumer_missing", "Messages missing before those that wait for them.", StreamLabels())) {
  for (const absl::StatusCode code : kStoreErrors) StoreErrors(registry, code);
  StoreErrors(registry, absl::StatusCode::kUnknown);
}

void PersistenceMetrics::CountStoreError(const absl::Status& status) {
  StoreErrors(registry_, status.code()).Increment();
}

void PersistenceMetrics::SetImbalance(const domain::AssetCode& asset, std::int64_t sum) {
  registry_
      .Gauge("ledger_imbalance", "What an asset's postings sum to; not 0: halted.",
             {{"asset", std::string(asset.view())}})
      .Set(sum);
}

}  // namespace xt::persistence
