// The handles of the sequencer's metrics, resolved once; every series exists from the start. Names as in METRICS. The
// registry must outlive them. The handles are thread-safe.
#pragma once

#include <string>

#include "libs/runtime/metrics.h"

namespace xt::sequencer {

struct SequencerMetrics {
  SequencerMetrics(runtime::MetricsRegistry& registry, const std::string& shard);

  runtime::Gauge& sequence;
  runtime::Counter& messages;
  runtime::Histogram& latency;
  runtime::Gauge& queue_depth;
  runtime::Counter& duplicates;
  runtime::Counter& backpressure;
  runtime::Counter& ticks;
  runtime::Histogram& frame_commands;
  runtime::Gauge& standbys_fed;
  runtime::Counter& mismatches;
  runtime::Gauge& journal_base;
  runtime::Counter& journal_trims;
  runtime::Counter& journal_trims_failed;

  runtime::Gauge& is_leader;
  runtime::Gauge& epoch;
  runtime::Counter& transitions;
  runtime::Histogram& election_duration;
  runtime::Counter& fenced_writes;
};

}  // namespace xt::sequencer
