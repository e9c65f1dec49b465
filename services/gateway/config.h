// GatewayConfig: every key of the gateway, with its default. README.md has the same as a table (a test compares them).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace xt::runtime {
class ConfigSchema;
}

namespace xt::gateway {

struct GatewayConfig {
  std::string rest_address = "127.0.0.1";
  std::uint16_t rest_port = 8080;
  int rest_io_threads = 2;
  std::size_t rest_max_connections = 10'000;
  std::size_t rest_max_body_bytes = 64 * 1024;
  std::int64_t rest_idle_timeout_ms = 60'000;
  std::vector<std::string> cors_origins;

  std::int64_t signature_window_ms = 30'000;
  std::size_t key_cache_entries = 10'000;
  std::int64_t key_cache_ttl_ms = 60'000;

  std::int64_t order_timeout_ms = 10'000;
  std::size_t order_max_pending = 20'000;
  std::size_t stream_max_unanswered = 1'000;
  std::uint64_t order_capacity_per_second = 20'000;
  std::int64_t disconnect_timeout_ms = 10'000;

  std::string operator_secret;

  std::size_t query_threads = 2;
  std::size_t query_queue = 256;

  bool rate_limits_enabled = false;
  std::uint64_t key_requests_per_second = 100;
  std::uint64_t key_burst = 200;
  std::uint64_t address_requests_per_second = 200;
  std::uint64_t address_burst = 400;

  void Describe(runtime::ConfigSchema& schema);
};

}  // namespace xt::gateway
