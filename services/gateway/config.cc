#include "services/gateway/config.h"

#include "libs/runtime/config.h"

namespace xt::gateway {

void GatewayConfig::Describe(runtime::ConfigSchema& schema) {
  schema.String("rest.address", &rest_address, {.doc = "Address that the REST and WebSocket port binds to."})
      .Int64("rest.port", &rest_port,
             {.min = 0, .max = 65535, .doc = "The one port for REST and WebSocket; 0: any free one.", .alias = "port"})
      .Int64("rest.io_threads", &rest_io_threads, {.min = 1, .max = 64, .doc = "Threads that serve the port."})
      .Int64("rest.max_connections", &rest_max_connections,
             {.min = 1, .max = 1'000'000, .doc = "Open connections; over: 503 and close."})
      .Int64("rest.max_body_bytes", &rest_max_body_bytes,
             {.min = 1024,
              .max = 16 * 1024 * 1024,
              .unit = "bytes",
              .doc = "Request body; over: BODY_TOO_LARGE and close."})
      .Int64("rest.idle_timeout_ms", &rest_idle_timeout_ms,
             {.min = 100, .max = 3'600'000, .unit = "ms", .doc = "A connection without a request is closed."})
      .StringList(
          "cors.origins", &cors_origins,
          {.doc = "Origins whose pages may send signed requests, besides those of this machine. Public GETs are "
                  "open to any origin."})
      .Int64("auth.window_ms", &signature_window_ms,
             {.min = 100, .max = 3'600'000, .unit = "ms", .doc = "How far a timestamp may be off, in both directions."})
      .Int64("auth.key_cache_entries", &key_cache_entries,
             {.min = 1, .max = 10'000'000, .doc = "API keys kept in memory."})
      .Int64("auth.key_cache_ttl_ms", &key_cache_ttl_ms,
             {.min = 0, .max = 86'400'000, .unit = "ms", .doc = "How long a key is believed without asking again."})
      .Int64("orders.timeout_ms", &order_timeout_ms,
             {.min = 10, .max = 600'000, .unit = "ms", .doc = "Without an answer for that long: UNKNOWN_OUTCOME."})
      .Int64("orders.max_pending", &order_max_pending,
             {.min = 1, .max = 10'000'000, .doc = "Commands that wait for their answer; over: BACKPRESSURE."})
      .Int64("orders.stream_max_unanswered", &stream_max_unanswered,
             {.min = 1, .max = 100'000, .doc = "Unanswered requests of one gRPC stream; over: it is not read."})
      .Int64("orders.capacity_per_second", &order_capacity_per_second,
             {.min = 1, .max = 100'000'000, .unit = "1/s", .doc = "Declared capacity, for gateway_capacity_ratio."})
      .Int64("orders.disconnect_timeout_ms", &disconnect_timeout_ms,
             {.min = 100,
              .max = 86'400'000,
              .unit = "ms",
              .doc = "Countdown of a stream with a group, renewed every third of it."})
      .String("operator.secret", &operator_secret,
              {.doc = "Signs commands of operators over gRPC; empty: there are none.", .secret = true})
      .Int64("queries.threads", &query_threads, {.min = 1, .max = 256, .doc = "Threads for queries, which may block."})
      .Int64("queries.queue", &query_queue,
             {.min = 1, .max = 1'000'000, .doc = "Queries that wait; over: BACKPRESSURE."})
      .Bool("rate_limits.enabled", &rate_limits_enabled, {.doc = "Whether requests are limited at all."})
      .Int64("rate_limits.key_requests_per_second", &key_requests_per_second,
             {.min = 1, .max = 1'000'000, .unit = "1/s", .doc = "Of one API key."})
      .Int64("rate_limits.key_burst", &key_burst,
             {.min = 1, .max = 10'000'000, .doc = "Requests at once, of one API key."})
      .Int64("rate_limits.address_requests_per_second", &address_requests_per_second,
             {.min = 1, .max = 1'000'000, .unit = "1/s", .doc = "Of one remote address."})
      .Int64("rate_limits.address_burst", &address_burst,
             {.min = 1, .max = 10'000'000, .doc = "Requests at once, of one remote address."});
}

}  // namespace xt::gateway
