#include "services/matching/config.h"

#include "libs/runtime/config.h"

namespace xt::matching {

void MatchingConfig::Describe(runtime::ConfigSchema& schema) {
  schema.String("shard", &shard,
                {.doc = "Name of the set of symbols that it trades; a label of its metrics.",
                 .required = true,
                 .max_length = 32});
  schema.Int64("input.max_frames", &max_waiting_frames,
               {.min = 1,
                .max = 65'536,
                .unit = "frames",
                .doc = "Frames offered and not applied yet; beyond it the sequencer is told to wait."});
  schema.Int64("input.max_queries", &max_waiting_queries,
               {.min = 1, .max = 65'536, .unit = "queries", .doc = "Queries that wait; beyond it they are refused."});
  schema.Int64(
      "results.recent_bytes", &max_recent_bytes,
      {.min = 0,
       .max = 16LL << 30,
       .unit = "bytes",
       .doc = "Results of the last frames, kept for the next leader, which then need not have the whole journal "
              "applied again."});
  schema.Path("snapshot.folder", &snapshot_folder,
              {.doc = "Folder of its snapshots; empty: none, and a restart begins with the journal's first command."});
  schema.Int64(
      "snapshot.every_commands", &snapshot_every_commands,
      {.min = 0, .max = 1'000'000'000, .unit = "commands", .doc = "Applied between two snapshots; 0: however many."});
  schema.Int64("snapshot.every_seconds", &snapshot_every_seconds,
               {.min = 0,
                .max = 86'400,
                .unit = "s",
                .doc = "Between two snapshots, when anything was applied; 0: however long. With both 0 one is written "
                       "only at the end of the process and on request."});
  schema.Bool("snapshot.while_leading", &snapshot_while_leading,
              {.doc = "Also when it works for the leader; orders wait while its state is copied, about a third of a "
                      "second per million open orders. For a replica that has no standby."});
  schema.Int64("engine.max_orders", &engine.max_orders,
               {.min = 1,
                .max = 100'000'000,
                .unit = "orders",
                .doc = "Orders that are open at once; beyond it new ones are refused. Equal on all replicas."});
  schema.Int64(
      "engine.max_level_pages", &engine.max_level_pages,
      {.min = 1,
       .max = 100'000,
       .unit = "blocks of 1024 prices",
       .doc = "Memory for price levels; beyond it orders far from all others are refused. Equal on all replicas."});
  schema.Int64("engine.max_client_ids", &engine.max_client_ids,
               {.min = 1,
                .max = 1'000'000'000,
                .unit = "ids",
                .doc = "Client order ids and transfer references of the last 24 hours; beyond it new ones are refused. "
                       "Equal on all replicas."});
  schema.Int64("engine.max_accounts", &engine.max_accounts,
               {.min = 1, .max = 100'000'000, .unit = "accounts", .doc = "Equal on all replicas."});
  schema.Int64("engine.max_countdowns", &engine.max_countdowns,
               {.min = 1,
                .max = 100'000'000,
                .unit = "countdowns",
                .doc = "Dead man's switches that are armed; beyond it new ones are refused. Equal on all replicas."});
}

}  // namespace xt::matching
