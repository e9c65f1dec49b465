// What /api/ws/infra-health says: which infrastructure is in use and why. Whoever wires the process knows; the gateway
// only shows it. A plain value.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace xt::gateway {

struct InfraComponent {
  std::string component;      // "kafka", "redis", ...
  std::string status;         // "ok", "degraded", "down", "off" or "unknown"
  std::string why;            // one short sentence; empty when ok
  std::int64_t since_ms = 0;  // when the status was first seen, Unix; 0: as long as the process runs
};

struct InfraHealth {
  std::string profile = "none";  // "full", "kafka-only", "redis-only" or "none"
  std::string why = "every port runs on its embedded adapter";
  std::int64_t since_ms = 0;  // when the profile was first seen, Unix; 0: as long as the process runs
  std::vector<InfraComponent> components = {
      {"redis", "off", "embedded adapters are configured", 0},
      {"kafka", "off", "embedded adapters are configured", 0},
      {"rabbitmq", "off", "embedded adapters are configured", 0},
      {"zookeeper", "off", "embedded adapters are configured", 0},
      {"postgresql", "off", "embedded adapters are configured", 0},
  };
};

}  // namespace xt::gateway
