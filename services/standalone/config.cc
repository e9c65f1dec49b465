#include "services/standalone/config.h"

#include "libs/runtime/config.h"

namespace xt::standalone {
namespace {

constexpr std::int64_t kGrpcPort = 9090;

template <typename Config>
void Include(runtime::ConfigSchema& schema, std::string_view prefix, Config& config) {
  runtime::ConfigSchema part;
  config.Describe(part);
  schema.Include(prefix, part);
}

}  // namespace

void StandaloneConfig::Describe(runtime::ConfigSchema& schema) {
  schema.Default("grpc.port", kGrpcPort);
  schema.Path("data", &data_folder, {.doc = "Folder of everything that is kept.", .required = true})
      .Int64("demo.accounts", &demo_accounts,
             {.min = 0,
              .max = 2'000,
              .unit = "accounts",
              .doc = "Funded accounts demo-1, demo-2, ... with an API key each; made at the first start."})
      .Int64("journal.segment_bytes", &journal_segment_bytes,
             {.min = 1 << 20, .max = 1 << 30, .unit = "bytes", .doc = "Size of one preallocated file of the journal."})
      .Int64("outbox.retain_bytes", &outbox_retain_bytes,
             {.min = 0, .unit = "bytes", .doc = "Outbox kept although every bus has it; 0 keeps everything."})
      .Int64("start.timeout_ms", &start_timeout_ms,
             {.min = 1'000, .max = 86'400'000, .unit = "ms", .doc = "Longest replay of the journal at start."});
  Include(schema, "gateway.", gateway);
  Include(schema, "sequencer.", sequencer);
  Include(schema, "matching.", matching);
  // There is no standby: it writes them itself, and orders wait as seldom as can be.
  schema.Default("matching.snapshot.while_leading", true);
  schema.Default("matching.snapshot.every_seconds", 0);
  schema.Default("matching.results.recent_bytes", 0);  // no next leader finds this process alive
  Include(schema, "persistence.", persistence);
  Include(schema, "market_data.", market_data);
  Include(schema, "notifier.", notifier);
  schema.Alias("gateway.rest.port", "port");
  schema.Alias("gateway.rate_limits.enabled", "rate-limits");
}

}  // namespace xt::standalone
