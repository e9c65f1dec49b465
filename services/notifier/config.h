// The configuration of the notifier. Bounds and units: Describe().
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace xt::runtime {
class ConfigSchema;
}

namespace xt::notifier {

struct NotifierConfig {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;
  int io_threads = 1;
  std::size_t max_sessions = 10'000;
  std::size_t queue_bytes = 1024 * 1024;
  std::size_t queue_messages = 4'096;
  int send_buffer_bytes = 0;
  std::int64_t close_timeout_ms = 3'000;
  std::size_t read_notifications = 256;
  std::size_t snapshot_depth = 100;
  std::int64_t signature_window_ms = 30'000;
  std::size_t logon_queue = 256;

  void Describe(runtime::ConfigSchema& schema);
};

}  // namespace xt::notifier
