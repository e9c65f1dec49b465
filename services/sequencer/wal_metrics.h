// WalMetrics: the wal_* metrics of an embedded journal. `Hooks` fills the options before the journal is made, `Watch` reads
// its counts at each scrape. Destroy it before the journal; the registry outlives both. Thread-safe after Watch.
#pragma once

#include <string>
#include <vector>

#include "libs/adapters/embedded/wal_journal.h"
#include "libs/runtime/metrics.h"

namespace xt::sequencer {

class WalMetrics {
 public:
  explicit WalMetrics(runtime::MetricsRegistry& registry) : registry_(registry) {}

  // The hooks refer to the registry only.
  static embedded::WalOptions Hooks(runtime::MetricsRegistry& registry, embedded::WalOptions options);
  void Watch(const embedded::WalJournal& journal, const std::string& folder);

 private:
  runtime::MetricsRegistry& registry_;
  std::vector<runtime::MetricCallback> callbacks_;
};

}  // namespace xt::sequencer
