// ServiceMain: everything a service's main() does. It reads the configuration (an error goes to stderr, exit status 2),
// starts the log, metrics, health and the admin port, starts the App and its gRPC port, writes the ready file, and waits
// for SIGTERM, SIGINT or RequestShutdown. Then it drains in this order: not ready (readyz 503, gRPC NOT_SERVING), a pause
// of drain.delay_ms for balancers to see it, App::Drain, gRPC shutdown, App::Stop, exit status 0. Another SIGTERM or
// SIGINT while draining changes nothing; when drain.timeout_ms passes and 2 s more, the process exits with status 3.
// A failure to start exits with status 1, as does RequestShutdown with an error.
//
//   int main(int argc, char** argv) {
//     xt::gateway::GatewayConfig config;
//     return xt::runtime::ServiceMain(argc, argv, {
//         .name = "gateway",
//         .summary = "The edge: REST, WebSocket and gRPC for programs.",
//         .describe = [&](xt::runtime::ConfigSchema& schema) { config.Describe(schema); },
//         .make_app = [&](xt::runtime::ServiceContext& context) -> std::unique_ptr<xt::runtime::App> {
//           return std::make_unique<xt::gateway::GatewayApp>(config, context);
//         }});
//   }
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "libs/base/clock.h"
#include "libs/runtime/config.h"
#include "libs/runtime/grpc_host.h"
#include "libs/runtime/health.h"
#include "libs/runtime/metrics.h"
#include "libs/runtime/runtime_config.h"

namespace xt::runtime {

// Where a running process is reached.
struct Endpoints {
  std::string grpc;   // "127.0.0.1:1234"
  std::string admin;  // "http://127.0.0.1:1234"
};

// What the runtime gives to an App; valid for the App's whole life.
struct ServiceContext {
  const std::string name;
  const RuntimeConfig& config;
  MetricsRegistry& metrics;
  HealthRegistry& health;
  const Clock& clock;
  // Begins the orderly end from any thread; an error makes the exit status 1. Later calls are ignored.
  std::function<void(absl::Status)> request_shutdown;
};

// One process's services, wired together. All methods are called by the main thread, each at most once, in this order.
class App {
 public:
  virtual ~App() = default;
  // Opens, recovers, connects. On OK the services may be called. The health checks it added say whether it is ready.
  virtual absl::Status Start() = 0;
  // The services to host; they stay until Stop(). Called after Start().
  virtual std::vector<GrpcService> GrpcServices() { return {}; }
  // Everything listens. An error ends the process with status 1.
  virtual absl::Status OnServing(const Endpoints& endpoints) {
    (void)endpoints;
    return absl::OkStatus();
  }
  // The content of the ready file (config key ready_file), when one is wanted. Empty stands for
  // {"service", "instance", "grpc", "admin", "pid"}.
  virtual std::string ReadyFile(const Endpoints& endpoints) {
    (void)endpoints;
    return {};
  }
  // Take nothing new, finish what was accepted, end streams; return by the deadline.
  virtual void Drain(std::chrono::steady_clock::time_point deadline) = 0;
  // No gRPC call runs any more. Stops threads, closes files. Called also when Start() failed.
  virtual void Stop() = 0;
};

struct ServiceDefinition {
  std::string name;
  std::string summary;
  // Adds the service's keys, and may change defaults of the common ones with ConfigSchema::Default.
  std::function<void(ConfigSchema&)> describe;
  std::function<std::unique_ptr<App>(ServiceContext&)> make_app;
};

// The schema of a service's process: the common keys, then its own. ServiceMain loads it; tests compare it with READMEs.
// `config` must outlive the result.
ConfigSchema MakeServiceSchema(const ServiceDefinition& definition, RuntimeConfig& config);

int ServiceMain(int argc, char** argv, const ServiceDefinition& definition);

// Writes a file as a whole or not at all, and durably (a temporary beside it, fsync, rename, fsync of the folder).
absl::Status WriteFileAtomically(const std::string& path, const std::string& content);

}  // namespace xt::runtime
