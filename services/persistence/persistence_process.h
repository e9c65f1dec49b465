// PersistenceProcess: persistence as a process of its own, on the servers that are configured; where none is, on the
// embedded adapters under its data folder.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "libs/backends/backends.h"
#include "libs/runtime/service_main.h"
#include "services/persistence/config.h"

namespace xt::persistence {

struct PersistenceProcessConfig {
  PersistenceConfig service;
  std::string data_folder = ".xtrader/persistence";
  std::string shard = "0";
  backends::BackendConfig servers;

  void Describe(runtime::ConfigSchema& schema);
};

class PersistenceProcess final : public runtime::App {
 public:
  PersistenceProcess(const PersistenceProcessConfig& config, runtime::ServiceContext& context);
  ~PersistenceProcess() override;

  absl::Status Start() override;
  std::vector<runtime::GrpcService> GrpcServices() override;
  void Drain(std::chrono::steady_clock::time_point deadline) override;
  void Stop() override;

 private:
  struct Parts;
  const PersistenceProcessConfig& config_;
  runtime::ServiceContext& context_;
  std::unique_ptr<Parts> parts_;
};

}  // namespace xt::persistence
