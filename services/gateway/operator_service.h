// OperatorService of protos/xtrader/v1/gateway_service.proto: commands of operators over gRPC, each signed with the secret
// of the configuration. It exists only where there is such a secret. What is no operator's command is refused before
// anything else happens. Each command that was signed is logged: who asked for it, why, and what became of it. Once one
// that changes markets is answered, this gateway tells customers of the change. Thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "services/gateway/order_desk.h"
#include "services/gateway/request_limits.h"
#include "xtrader/v1/gateway_service.grpc.pb.h"

namespace xt::gateway {

class OperatorService final : public xtrader::v1::OperatorService::CallbackService {
 public:
  // All must outlive the calls: the gRPC server is shut down first.
  struct Parts {
    std::shared_ptr<OrderDesk> desk;
    std::shared_ptr<SymbolDirectory> symbols;
    std::shared_ptr<WorkerPool> workers;
    RequestLimits& limits;
    GatewayMetrics& metrics;
    const Clock& clock;
    std::string secret;  // never logged
    std::int64_t window_ms = 0;
  };
  explicit OperatorService(Parts parts) : parts_(std::move(parts)) {}

  grpc::ServerUnaryReactor* Submit(grpc::CallbackServerContext* context,
                                   const xtrader::v1::OperatorServiceSubmitRequest* request,
                                   xtrader::v1::OperatorServiceSubmitResponse* response) override;

 private:
  // A call that is not answered yet.
  struct Call {
    grpc::ServerUnaryReactor* reactor;
    const xtrader::v1::OperatorServiceSubmitRequest* request;
    xtrader::v1::OperatorServiceSubmitResponse* response;
    std::string peer;
  };
  void Refuse(const Call& call, const Refusal& refusal) const;
  void Answer(const Call& call, const domain::Command& command, const OperatorOutcome& outcome) const;
  void LogOutcome(const Call& call, const domain::Command& command, const OperatorOutcome& outcome) const;
  // The command, or why it is none that may be executed.
  [[nodiscard]] std::variant<domain::Command, Refusal> Read(
      const xtrader::v1::OperatorServiceSubmitRequest& request) const;

  const Parts parts_;
};

}  // namespace xt::gateway
