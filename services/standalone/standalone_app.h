// StandaloneApp: all six services in one process on the embedded adapters, wired to each other as objects. Same cores, same
// journal, same REST as six processes; only the adapters differ. It is also the whole of a small venue on one machine.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "libs/bootstrap/bootstrap.h"
#include "libs/runtime/service_main.h"
#include "services/standalone/config.h"

namespace xt::standalone {

class StandaloneApp final : public runtime::App {
 public:
  // Both must outlive the app.
  StandaloneApp(const StandaloneConfig& config, runtime::ServiceContext& context);
  ~StandaloneApp() override;

  absl::Status Start() override;
  std::vector<runtime::GrpcService> GrpcServices() override;
  absl::Status OnServing(const runtime::Endpoints& endpoints) override;
  std::string ReadyFile(const runtime::Endpoints& endpoints) override;
  void Drain(std::chrono::steady_clock::time_point deadline) override;
  void Stop() override;

 private:
  struct Adapters;
  struct Services;

  absl::Status StartServices();

  const StandaloneConfig& config_;
  runtime::ServiceContext& context_;
  std::unique_ptr<Adapters> adapters_;
  std::unique_ptr<Services> services_;
  std::vector<bootstrap::DemoAccount> accounts_;
};

}  // namespace xt::standalone
