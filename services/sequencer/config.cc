#include "services/sequencer/config.h"

#include "libs/runtime/config.h"

namespace xt::sequencer {

void SequencerConfig::Describe(runtime::ConfigSchema& schema) {
  schema.String("shard", &shard,
                {.doc = "Name of the set of symbols that it orders; a label of its metrics.",
                 .required = true,
                 .max_length = 32});
  schema.Int64("queue.max_unanswered", &max_unanswered,
               {.min = 1,
                .max = 1'000'000,
                .unit = "commands",
                .doc = "Commands accepted and not answered yet; beyond it they are refused with backpressure."});
  schema.Int64("frame.max_commands", &max_frame_commands,
               {.min = 1,
                .max = static_cast<std::int64_t>(domain::kMaxFrameCommands),
                .unit = "commands",
                .doc = "Commands of one group commit."});
  schema.Int64("frame.max_in_flight", &max_frames_in_flight,
               {.min = 1, .max = 8, .unit = "frames", .doc = "Frames handed to the journal and not confirmed yet."});
  schema.Int64("frame.max_open", &max_open_frames,
               {.min = 1,
                .max = 256,
                .unit = "frames",
                .doc = "Frames that matching has not answered yet; at least frame.max_in_flight."});
  schema.Int64("replay.window_frames", &replay_window_frames,
               {.min = 1, .max = 1024, .unit = "frames", .doc = "Frames on their way to matching during a replay."});
  schema.Int64("replica.retry_ms", &replica_retry_ms,
               {.min = 1, .max = 60'000, .unit = "ms", .doc = "Pause before it connects to matching again."});
  schema.Int64("journal.keep_commands", &journal_keep_commands,
               {.min = 0,
                .max = 1'000'000'000,
                .unit = "commands",
                .doc = "Stay in the journal though replicas of matching keep snapshots behind them and every bus has "
                       "their events; it is trimmed when it is twice as long. 0: it is never trimmed."});
  schema.Int64("journal.trim_every_ms", &journal_trim_every_ms,
               {.min = 10, .max = 3'600'000, .unit = "ms", .doc = "Between two looks whether it can be trimmed."});
  schema.Int64("publisher.batch", &publisher_batch,
               {.min = 1, .max = 10'000, .unit = "commands", .doc = "Outbox entries published at once."});
  schema.Int64("publisher.gather_ms", &publisher_gather_ms,
               {.min = 0,
                .max = 1'000,
                .unit = "ms",
                .doc = "Between the starts of two batches of a bus, unless the first was full; the first after a pause "
                       "does not wait."});
  schema.Int64("publisher.backoff_min_ms", &publisher_backoff_min_ms,
               {.min = 1, .max = 60'000, .unit = "ms", .doc = "First pause after a bus failed; doubles each time."});
  schema.Int64("publisher.backoff_max_ms", &publisher_backoff_max_ms,
               {.min = 1, .max = 600'000, .unit = "ms", .doc = "Longest pause while a bus is down."});
  schema.Check([this]() -> absl::Status {
    if (max_open_frames < max_frames_in_flight) {
      return absl::InvalidArgumentError("frame.max_open must be at least frame.max_in_flight");
    }
    if (publisher_backoff_max_ms < publisher_backoff_min_ms) {
      return absl::InvalidArgumentError("publisher.backoff_max_ms must be at least publisher.backoff_min_ms");
    }
    return absl::OkStatus();
  });
}

}  // namespace xt::sequencer
