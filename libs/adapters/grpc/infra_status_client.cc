// The client side of ports::InfraStatus: one unary call.

#include <utility>

#include "libs/adapters/grpc/clients.h"
#include "libs/adapters/grpc/instances.h"
#include "libs/base/status.h"
#include "xtrader/v1/infra_service.grpc.pb.h"

namespace xt::grpc_clients {
namespace {

namespace pb = ::xtrader::v1;

ports::ServerStatus FromProto(pb::ServerStatus status) {
  switch (status) {
    case pb::SERVER_STATUS_OK: return ports::ServerStatus::kOk;
    case pb::SERVER_STATUS_DEGRADED: return ports::ServerStatus::kDegraded;
    case pb::SERVER_STATUS_DOWN: return ports::ServerStatus::kDown;
    default: return ports::ServerStatus::kUnknown;
  }
}

class InfraStatusClient final : public ports::InfraStatus {
 public:
  explicit InfraStatusClient(const ClientOptions& options) : instances_(options) {}

  absl::StatusOr<std::vector<ports::ServerState>> GetServers() override {
    pb::GetServersResponse response;
    XT_RETURN_IF_ERROR(
        instances_.Call(&pb::InfraService::Stub::GetServers, pb::GetServersRequest::default_instance(), response));
    std::vector<ports::ServerState> servers;
    for (const pb::ServerState& state : response.servers()) {
      servers.push_back({state.server(), FromProto(state.status()), state.reason()});
    }
    return servers;
  }

 private:
  Instances<pb::InfraService> instances_;
};

}  // namespace

std::unique_ptr<ports::InfraStatus> ConnectInfraStatus(const ClientOptions& options) {
  return std::make_unique<InfraStatusClient>(options);
}

}  // namespace xt::grpc_clients
