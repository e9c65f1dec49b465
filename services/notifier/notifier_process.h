// NotifierProcess: the notifier as a process of its own, on the embedded notification bus, with matching and persistence
// reached by gRPC. Both may be absent: the process then lives, takes clients, answers health, and is not ready.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "libs/backends/backends.h"
#include "libs/runtime/service_main.h"
#include "services/notifier/config.h"

namespace xt::notifier {

struct NotifierProcessConfig {
  NotifierConfig service;
  backends::BackendConfig servers;
  std::vector<std::string> matching_addresses = {"127.0.0.1:9092"};
  std::vector<std::string> persistence_addresses = {"127.0.0.1:9093"};

  void Describe(runtime::ConfigSchema& schema);
};

class NotifierProcess final : public runtime::App {
 public:
  NotifierProcess(const NotifierProcessConfig& config, runtime::ServiceContext& context);
  ~NotifierProcess() override;

  absl::Status Start() override;
  std::vector<runtime::GrpcService> GrpcServices() override;
  // The common keys, and "ws": where clients connect to.
  std::string ReadyFile(const runtime::Endpoints& endpoints) override;
  void Drain(std::chrono::steady_clock::time_point deadline) override;
  void Stop() override;

 private:
  struct Parts;
  const NotifierProcessConfig& config_;
  runtime::ServiceContext& context_;
  std::unique_ptr<Parts> parts_;
};

}  // namespace xt::notifier
