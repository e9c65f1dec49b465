#include "services/notifier/config.h"

#include "libs/runtime/config.h"

namespace xt::notifier {

void NotifierConfig::Describe(runtime::ConfigSchema& schema) {
  schema.String("address", &address, {.doc = "Address that the WebSocket port binds to."})
      .Int64("port", &port, {.max = 65'535, .doc = "WebSocket port; 0: a free one."})
      .Int64("io_threads", &io_threads,
             {.min = 1, .max = 64, .unit = "threads", .doc = "Threads that serve the connections."})
      .Int64("max_sessions", &max_sessions,
             {.min = 1, .max = 1'000'000, .unit = "sessions", .doc = "More clients than this are refused with 503."})
      .Int64("queue_bytes", &queue_bytes,
             {.min = 1'024,
              .max = 1'073'741'824,
              .unit = "bytes",
              .doc = "What may wait for one client. A client that lags further is cut with code 1008, SLOW_CONSUMER."})
      .Int64("queue_messages", &queue_messages,
             {.min = 16, .max = 1'000'000, .unit = "messages", .doc = "The same bound in messages."})
      .Int64("send_buffer_bytes", &send_buffer_bytes,
             {.max = 16'777'216,
              .unit = "bytes",
              .doc = "What the kernel may hold for one client besides; 0: as the system is set up."})
      .Int64("close_timeout_ms", &close_timeout_ms,
             {.min = 1, .max = 60'000, .unit = "ms", .doc = "How long a client that is cut has to take the reason."})
      .Int64("read_notifications", &read_notifications,
             {.min = 1,
              .max = 10'000,
              .unit = "messages",
              .doc = "How many notifications are taken from the bus at once."})
      .Int64("snapshot_depth", &snapshot_depth,
             {.min = 1, .max = 100'000, .unit = "levels", .doc = "Levels per side in a book snapshot."})
      .Int64(
          "signature_window_ms", &signature_window_ms,
          {.min = 100, .max = 600'000, .unit = "ms", .doc = "How far the timestamp of a logon may be from this clock."})
      .Int64(
          "logon_queue", &logon_queue,
          {.min = 1, .max = 100'000, .unit = "logons", .doc = "Logons that may wait for their key; more are refused."});
}

}  // namespace xt::notifier
