// The handles of persistence's metrics, resolved once; every series that is known exists from the start. The registry
// must outlive them. Thread-safe.
#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "libs/domain/symbol.h"
#include "libs/runtime/metrics.h"

namespace xt::persistence {

class PersistenceMetrics {
 public:
  explicit PersistenceMetrics(runtime::MetricsRegistry& registry);

  // db_errors_total, by the kind of the error.
  void CountStoreError(const absl::Status& status);
  // The books of this asset balance (0) or do not.
  void SetImbalance(const domain::AssetCode& asset, std::int64_t sum);

 private:
  runtime::MetricsRegistry& registry_;

 public:
  runtime::Gauge& writes;
  runtime::Gauge& committed_sequence;
  runtime::Histogram& commit_seconds;
  runtime::Histogram& batch_size;

  runtime::Counter& consumed_ok;
  runtime::Counter& consumed_duplicate;
  runtime::Counter& consumed_retry;
  runtime::Gauge& lag;
  runtime::Gauge& fallen_back;
  runtime::Gauge& pending;
  runtime::Histogram& processing_seconds;
  runtime::Histogram& end_to_end_seconds;
  runtime::Counter& redeliveries;
  runtime::Counter& duplicates_dropped;
  runtime::Counter& gaps;
  runtime::Gauge& missing;
};

}  // namespace xt::persistence
