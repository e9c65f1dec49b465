// GatewayProcess: the gateway as a process of its own. The other services are reached by gRPC and may be absent: the process
// then lives, answers health, and /readyz says which is missing. Rate limits are counted in this process.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "libs/backends/backends.h"
#include "libs/runtime/service_main.h"
#include "services/gateway/config.h"

namespace xt::gateway {

struct GatewayProcessConfig {
  GatewayConfig service;
  backends::BackendConfig servers;
  std::vector<std::string> sequencer_addresses = {"127.0.0.1:9091"};
  std::vector<std::string> matching_addresses = {"127.0.0.1:9092"};
  std::vector<std::string> persistence_addresses = {"127.0.0.1:9093"};
  std::vector<std::string> market_data_addresses = {"127.0.0.1:9094"};
  std::string notifier_address = "127.0.0.1:8081";

  void Describe(runtime::ConfigSchema& schema);
};

class GatewayProcess final : public runtime::App {
 public:
  GatewayProcess(const GatewayProcessConfig& config, runtime::ServiceContext& context);
  ~GatewayProcess() override;

  absl::Status Start() override;
  std::vector<runtime::GrpcService> GrpcServices() override;
  std::string ReadyFile(const runtime::Endpoints& endpoints) override;
  void Drain(std::chrono::steady_clock::time_point deadline) override;
  void Stop() override;

 private:
  struct Parts;
  const GatewayProcessConfig& config_;
  runtime::ServiceContext& context_;
  std::unique_ptr<Parts> parts_;
};

}  // namespace xt::gateway
