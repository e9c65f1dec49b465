#include "services/sequencer/metrics.h"

namespace xt::sequencer {
namespace {

runtime::Labels Shard(const std::string& shard) { return {{"shard", shard}}; }
runtime::Labels Role(const std::string& shard) { return {{"role", "sequencer"}, {"shard", shard}}; }

runtime::Counter& Trims(runtime::MetricsRegistry& registry, const std::string& shard, const std::string& result) {
  return registry.Counter("journal_trims_total", "Attempts to trim the journal that was long enough for it, by result.",
                          {{"shard", shard}, {"result", result}});
}

}  // namespace

SequencerMetrics::SequencerMetrics(runtime::MetricsRegistry& registry, const std::string& shard)
    : sequence(registry.Gauge("sequencer_sequence", "Last sequence that was given out.", Shard(shard))),
      messages(
          registry.Counter("sequencer_messages_total", "Commands that got a sequence and their result.", Shard(shard))),
      latency(registry.Histogram("sequencer_latency_seconds", "From taking a command to its result.", Shard(shard))),
      queue_depth(registry.Gauge("sequencer_queue_depth", "Commands accepted and not answered yet.", Shard(shard))),
      duplicates(registry.Counter("sequencer_duplicates_total",
                                  "Commands that were sent again and answered by their first result.", Shard(shard))),
      backpressure(registry.Counter("sequencer_backpressure_total",
                                    "Commands refused because a bounded queue was full.", Shard(shard))),
      ticks(registry.Counter("sequencer_ticks_total", "Commands made to let journal time pass.", Shard(shard))),
      frame_commands(registry.Histogram("sequencer_frame_commands", "Commands per frame of the journal.", Shard(shard),
                                        runtime::kBatchSizeBuckets, runtime::Scale::kOne)),
      standbys_fed(registry.Gauge("sequencer_standbys_fed", "Hot standbys of matching that are fed.", Shard(shard))),
      mismatches(registry.Counter("matching_state_hash_mismatch_total",
                                  "Frames of which replicas of matching said different things.", Shard(shard))),
      journal_base(
          registry.Gauge("journal_base_sequence", "Last command that was trimmed off the journal.", Shard(shard))),
      journal_trims(Trims(registry, shard, "trimmed")),
      journal_trims_failed(Trims(registry, shard, "failed")),
      is_leader(registry.Gauge("leader_is_leader", "1 while this process leads the role.", Role(shard))),
      epoch(registry.Gauge("leader_epoch", "Epoch of the leader that this process knows of.", Role(shard))),
      transitions(registry.Counter("leader_transitions_total", "Changes of leadership seen.", Role(shard))),
      election_duration(registry.Histogram("leader_election_duration_seconds", "From entering the election to leading.",
                                           Role(shard))),
      fenced_writes(registry.Counter("leader_fenced_writes_total",
                                     "Writes that the journal refused as a stale leader's.", Role(shard))) {}

}  // namespace xt::sequencer
