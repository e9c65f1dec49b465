// InfraService: xtrader.v1.InfraService of one process: which servers it uses, and how they are by its health checks.
// Thread-safe after the last Add; what it reads outlives it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "libs/ports/infra_status.h"
#include "libs/runtime/grpc_host.h"
#include "libs/runtime/health.h"

namespace xt::runtime {

struct UsedServer {
  std::string server;    // as in ports::ServerState
  std::string address;   // empty: not configured
  std::string check;     // the health check that is about it
  std::string while_ok;  // another one: what `check` says is true while this one is ok; empty: always
  // What the server is when `check` says degraded.
  ports::ServerStatus degraded = ports::ServerStatus::kDegraded;
};

class InfraService {
 public:
  explicit InfraService(const HealthRegistry& health);
  ~InfraService();
  InfraService(const InfraService&) = delete;
  InfraService& operator=(const InfraService&) = delete;

  // Nothing, when its address is empty.
  void Add(const UsedServer& used);
  // For what has no check; nothing, when it is empty.
  void Add(std::function<ports::ServerState()> probe);

  [[nodiscard]] std::vector<ports::ServerState> Servers() const;
  [[nodiscard]] GrpcService service();

 private:
  class Service;
  [[nodiscard]] ports::ServerState StateOf(const UsedServer& used) const;

  const HealthRegistry& health_;
  std::vector<std::function<ports::ServerState()>> probes_;
  const std::unique_ptr<Service> service_;
};

}  // namespace xt::runtime
