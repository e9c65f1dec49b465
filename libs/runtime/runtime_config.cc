#include "libs/runtime/runtime_config.h"

namespace xt::runtime {

void RuntimeConfig::Describe(ConfigSchema& schema) {
  schema.String("instance", &instance, {.doc = "Name of this process among its replicas, in logs.", .max_length = 64})
      .Path("ready_file", &ready_file,
            {.doc = "File to write when everything serves: one JSON object with the addresses. Empty: none."})
      .Enum("log.level", &log_level,
            {{"debug", LogLevel::kDebug},
             {"info", LogLevel::kInfo},
             {"warn", LogLevel::kWarn},
             {"error", LogLevel::kError}},
            {.doc = "The least level that is logged."})
      .Path("log.file", &log_file, {.doc = "File that log lines are appended to. Empty: stderr."})
      .Int64("log.queue_messages", &log_queue_messages,
             {.min = 16,
              .max = 1'000'000,
              .unit = "lines",
              .doc = "Lines that may wait; when there are more, the oldest are dropped and counted."})
      .String("admin.address", &admin_address,
              {.doc = "Address of the admin port (health and metrics, no authentication).", .max_length = 255})
      .Int64("admin.port", &admin_port, {.max = 65535, .doc = "Admin port. 0: any free one.", .alias = "admin-port"})
      .String("grpc.address", &grpc_address, {.doc = "Address of the gRPC port.", .max_length = 255})
      .Int64("grpc.port", &grpc_port, {.max = 65535, .doc = "gRPC port. 0: any free one.", .alias = "grpc-port"})
      .Enum("grpc.reflection", &grpc_reflection,
            {{"auto", Reflection::kAuto}, {"on", Reflection::kOn}, {"off", Reflection::kOff}},
            {.doc = "gRPC reflection; auto is on where grpc.address is loopback."})
      .Int64("grpc.max_message_bytes", &grpc_max_message_bytes,
             {.min = 4096, .max = 256 * 1024 * 1024, .unit = "bytes", .doc = "Largest message that is taken or sent."})
      .Int64(
          "drain.delay_ms", &drain_delay_ms,
          {.max = 60'000, .unit = "ms", .doc = "Pause between reporting not ready and draining, for load balancers."})
      .Int64(
          "drain.timeout_ms", &drain_timeout_ms,
          {.min = 1, .max = 600'000, .unit = "ms", .doc = "Longest orderly end; calls that still run are cancelled."})
      .Int64("metrics.max_symbols", &metrics_max_symbols,
             {.min = 1,
              .max = 10'000,
              .unit = "symbols",
              .doc = "Symbols with series of their own; the others share _other."});
}

bool RuntimeConfig::ReflectionEnabled() const {
  if (grpc_reflection != Reflection::kAuto) return grpc_reflection == Reflection::kOn;
  return grpc_address.starts_with("127.") || grpc_address == "localhost" || grpc_address == "::1" ||
         grpc_address == "[::1]";
}

}  // namespace xt::runtime
