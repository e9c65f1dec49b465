// GatewayApp: the gateway, wired. It is given the ports of the other services by reference, real objects in the standalone,
// gRPC clients in its own process, fakes in tests; they and the registries must outlive it. Start() opens the port for
// customers; Drain() takes no new order, answers what is under way and ends the gRPC streams; Stop() closes everything and
// answers what still waits with UNKNOWN_OUTCOME. Each is called once, in this order, by one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "libs/base/clock.h"
#include "libs/ports/history.h"
#include "libs/ports/market_queries.h"
#include "libs/ports/matching_replica.h"
#include "libs/ports/order_sequencing.h"
#include "libs/ports/session_store.h"
#include "libs/runtime/grpc_host.h"
#include "libs/runtime/health.h"
#include "libs/runtime/metrics.h"
#include "services/gateway/config.h"
#include "services/gateway/infra_health.h"

namespace xt::gateway {

struct GatewayPorts {
  ports::OrderSequencing& sequencing;
  ports::History& history;
  ports::MarketQueries& market;
  ports::MatchingQueries& matching;
  ports::RateLimiter& rate_limiter;
};

// What only the process knows. Called on threads of the gateway; must not block. Both may be empty.
struct GatewayHooks {
  std::function<InfraHealth()> infra_health;
  // "host:port" of the notifier, to which upgrades of /ws* go; empty when there is none.
  std::function<std::string()> notifier_endpoint;
};

class GatewayApp {
 public:
  GatewayApp(const GatewayConfig& config, const GatewayPorts& ports, GatewayHooks hooks, const Clock& clock,
             runtime::MetricsRegistry& metrics, runtime::HealthRegistry& health);
  ~GatewayApp();  // Stop()
  GatewayApp(const GatewayApp&) = delete;
  GatewayApp& operator=(const GatewayApp&) = delete;

  absl::Status Start();
  // Valid from the construction on; the gRPC server must be shut down before Stop().
  std::vector<runtime::GrpcService> GrpcServices();
  void Drain(std::chrono::steady_clock::time_point deadline);
  void Stop();

  // Valid after Start().
  [[nodiscard]] std::uint16_t rest_port() const;
  [[nodiscard]] std::string rest_url() const;  // "http://127.0.0.1:8080"

 private:
  struct Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace xt::gateway
