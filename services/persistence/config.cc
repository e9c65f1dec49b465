#include "services/persistence/config.h"

#include "libs/runtime/config.h"

namespace xt::persistence {

void PersistenceConfig::Describe(runtime::ConfigSchema& schema) {
  schema.String("consumer.name", &consumer_name,
                {.doc = "Name in the consumer group; must stay the same over restarts and be unique in the group.",
                 .required = true,
                 .max_length = 64});
  schema.Int64("consumer.batch_entries", &batch_entries,
               {.min = 1, .max = 1'000, .unit = "commands", .doc = "Commands of one transaction, at most."});
  schema.Int64("consumer.max_held_entries", &max_held_entries,
               {.min = 1'000,
                .max = 1'000'000,
                .unit = "commands",
                .doc = "Commands held behind a gap; nothing more is read beyond it."});
  schema.Int64(
      "consumer.poll_ms", &poll_ms,
      {.min = 1, .max = 10'000, .unit = "ms", .doc = "Longest wait for new executions before looking around."});
  schema.Int64("consumer.claim_idle_ms", &claim_idle_ms,
               {.min = 100,
                .max = 3'600'000,
                .unit = "ms",
                .doc = "Executions that another consumer left unacknowledged for so long are taken over."});
  schema.Int64("consumer.claim_interval_ms", &claim_interval_ms,
               {.min = 1, .max = 600'000, .unit = "ms", .doc = "How often it looks for such executions."});
  schema.Int64(
      "fallback.patience_ms", &fallback_patience_ms,
      {.min = 0,
       .max = 600'000,
       .unit = "ms",
       .doc = "Redis away for so long, or without an execution that is due: Kafka is read, where it is configured."});
  schema.Int64(
      "store.retry_min_ms", &retry_min_ms,
      {.min = 1, .max = 60'000, .unit = "ms", .doc = "First pause after the store failed; doubles each time."});
  schema.Int64("store.retry_max_ms", &retry_max_ms,
               {.min = 1, .max = 600'000, .unit = "ms", .doc = "Longest pause while the store is down."});
  schema.Int64("query.max_wait_ms", &query_max_wait_ms,
               {.min = 0,
                .max = 60'000,
                .unit = "ms",
                .doc = "How long a query waits for the sequence that its caller has seen."});
  schema.Check([this]() -> absl::Status {
    if (retry_max_ms >= retry_min_ms) return absl::OkStatus();
    return absl::InvalidArgumentError("store.retry_max_ms must be at least store.retry_min_ms");
  });
}

}  // namespace xt::persistence
