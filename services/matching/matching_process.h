// MatchingProcess: matching as a process of its own: the app and its gRPC service under the runtime. It starts with
// its newest snapshot, or empty, and waits for a sequencer, which replays the journal into it. Other replicas it reaches
// over gRPC, when it needs a snapshot of theirs.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "libs/adapters/grpc/clients.h"
#include "libs/runtime/service_main.h"
#include "services/matching/matching_app.h"
#include "services/matching/matching_service.h"

namespace xt::matching {

class MatchingProcess final : public runtime::App {
 public:
  MatchingProcess(const MatchingConfig& config, runtime::ServiceContext& context)
      : app_(config, context.metrics, context.health, context.clock, OtherReplicas(context)),
        service_(app_, app_, {.on_disconnect = [this] { app_.Disconnect(); }, .snapshots = &app_}) {}

  absl::Status Start() override { return app_.Start(); }
  std::vector<runtime::GrpcService> GrpcServices() override { return {service_.service()}; }
  void Drain(std::chrono::steady_clock::time_point deadline) override {
    app_.Drain(deadline);
    service_.EndStreams(deadline);
  }
  void Stop() override { app_.Stop(); }

 private:
  // A connection for each time: it is needed once in a long while.
  static SnapshotSource OtherReplicas(const runtime::ServiceContext& context) {
    return [max_message_bytes = context.config.grpc_max_message_bytes](
               const std::string& address, SequenceRange range, const ports::ReplicaSnapshots::PieceVisitor& visitor) {
      const auto replica =
          grpc_clients::ConnectReplicaSnapshots({.addresses = {address}, .max_message_bytes = max_message_bytes});
      return replica->ReadSnapshot(range.least, range.most, visitor);
    };
  }

  MatchingApp app_;
  MatchingService service_;
};

}  // namespace xt::matching
