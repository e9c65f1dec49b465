// MatchingProcess: matching as a process of its own: the app and its gRPC service under the runtime. It starts with
// its newest snapshot, or empty, and waits for a sequencer, which replays the journal into it.
#pragma once

#include <chrono>
#include <vector>

#include "libs/runtime/service_main.h"
#include "services/matching/matching_app.h"
#include "services/matching/matching_service.h"

namespace xt::matching {

class MatchingProcess final : public runtime::App {
 public:
  MatchingProcess(const MatchingConfig& config, runtime::ServiceContext& context)
      : app_(config, context.metrics, context.health, context.clock),
        service_(app_, app_, {.on_disconnect = [this] { app_.Disconnect(); }, .snapshots = &app_}) {}

  absl::Status Start() override { return app_.Start(); }
  std::vector<runtime::GrpcService> GrpcServices() override { return {service_.service()}; }
  void Drain(std::chrono::steady_clock::time_point deadline) override {
    app_.Drain(deadline);
    service_.EndStreams(deadline);
  }
  void Stop() override { app_.Stop(); }

 private:
  MatchingApp app_;
  MatchingService service_;
};

}  // namespace xt::matching
