// RuntimeConfig: the keys that every process has, whatever it serves. A process that runs several services has them once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "libs/runtime/config.h"
#include "libs/runtime/log.h"

namespace xt::runtime {

enum class Reflection { kAuto, kOn, kOff };

struct RuntimeConfig {
  std::string instance = "0";
  std::string ready_file;

  LogLevel log_level = LogLevel::kInfo;
  std::string log_file;
  std::size_t log_queue_messages = 8192;

  std::string admin_address = "127.0.0.1";
  std::uint16_t admin_port = 0;

  std::string grpc_address = "127.0.0.1";
  std::uint16_t grpc_port = 0;
  Reflection grpc_reflection = Reflection::kAuto;
  int grpc_max_message_bytes = 16 * 1024 * 1024;

  std::int64_t drain_delay_ms = 0;
  std::int64_t drain_timeout_ms = 10'000;
  std::size_t metrics_max_symbols = 64;

  void Describe(ConfigSchema& schema);
  // Reflection is on when asked for, or by default where only this machine can reach it.
  [[nodiscard]] bool ReflectionEnabled() const;
};

}  // namespace xt::runtime
