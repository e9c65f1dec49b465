// What /api/ws/infra-health says: which infrastructure is in use and why. Whoever wires the process knows; the gateway
// only shows it. A plain value.
#pragma once

#include <string>
#include <vector>

namespace xt::gateway {

struct InfraComponent {
  std::string component;  // "kafka", "redis", ...
  std::string status;     // "ok", "degraded", "down" or "off"
  std::string why;        // one short sentence
};

struct InfraHealth {
  std::string profile = "none";  // "full", "kafka-only", "redis-only" or "none"
  std::string why = "every port runs on its embedded adapter";
  std::vector<InfraComponent> components = {
      {"redis", "off", "embedded adapters are configured"},
      {"kafka", "off", "embedded adapters are configured"},
      {"rabbitmq", "off", "embedded adapters are configured"},
      {"zookeeper", "off", "embedded adapters are configured"},
      {"postgresql", "off", "embedded adapters are configured"},
  };
};

}  // namespace xt::gateway
