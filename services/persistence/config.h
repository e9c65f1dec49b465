// PersistenceConfig: what can be set about persistence, whatever it is wired to. A plain struct; the keys with units,
// defaults and bounds are in config.cc and in the README.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace xt::runtime {
class ConfigSchema;
}

namespace xt::persistence {

struct PersistenceConfig {
  std::string consumer_name = "persistence-0";
  std::size_t batch_entries = 1'000;
  std::size_t max_held_entries = 10'000;
  std::int64_t poll_ms = 100;
  std::int64_t claim_idle_ms = 10'000;
  std::int64_t claim_interval_ms = 1'000;
  std::int64_t fallback_patience_ms = 3'000;
  std::int64_t retry_min_ms = 50;
  std::int64_t retry_max_ms = 2'000;
  std::int64_t query_max_wait_ms = 2'000;

  void Describe(runtime::ConfigSchema& schema);
};

}  // namespace xt::persistence
