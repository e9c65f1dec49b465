// InfraStatus: which servers another process uses, and how they are. Any thread. UNAVAILABLE: it does not answer.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace xt::ports {

// From the best to the worst. kUnknown: the process does not use it now, as a standby.
enum class ServerStatus : std::uint8_t { kUnknown, kOk, kDegraded, kDown };

struct ServerState {
  std::string server;  // "redis", "kafka", "rabbitmq", "zookeeper" or "postgresql"
  ServerStatus status = ServerStatus::kDown;
  std::string reason;  // empty when it is well
};

class InfraStatus {
 public:
  virtual ~InfraStatus() = default;
  // Those that are configured.
  virtual absl::StatusOr<std::vector<ServerState>> GetServers() = 0;
};

}  // namespace xt::ports
