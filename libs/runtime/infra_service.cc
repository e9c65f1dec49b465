#include "libs/runtime/infra_service.h"

#include <algorithm>
#include <utility>

#include "xtrader/v1/infra_service.grpc.pb.h"

namespace xt::runtime {
namespace {

using ports::ServerStatus;

xtrader::v1::ServerStatus ToProto(ServerStatus status) {
  switch (status) {
    case ServerStatus::kUnknown: return xtrader::v1::SERVER_STATUS_UNSPECIFIED;
    case ServerStatus::kOk: return xtrader::v1::SERVER_STATUS_OK;
    case ServerStatus::kDegraded: return xtrader::v1::SERVER_STATUS_DEGRADED;
    case ServerStatus::kDown: return xtrader::v1::SERVER_STATUS_DOWN;
  }
  return xtrader::v1::SERVER_STATUS_UNSPECIFIED;
}

const ComponentHealth* Find(const std::vector<ComponentHealth>& components, const std::string& name) {
  const auto found = std::ranges::find(components, name, &ComponentHealth::component);
  return found == components.end() ? nullptr : &*found;
}

}  // namespace

class InfraService::Service final : public xtrader::v1::InfraService::Service {
 public:
  explicit Service(const InfraService& owner) : owner_(owner) {}

  grpc::Status GetServers(grpc::ServerContext*, const xtrader::v1::GetServersRequest*,
                          xtrader::v1::GetServersResponse* response) override {
    for (const ports::ServerState& state : owner_.Servers()) {
      xtrader::v1::ServerState& out = *response->add_servers();
      out.set_server(state.server);
      out.set_status(ToProto(state.status));
      out.set_reason(state.reason);
    }
    return grpc::Status::OK;
  }

 private:
  const InfraService& owner_;
};

InfraService::InfraService(const HealthRegistry& health)
    : health_(health), service_(std::make_unique<Service>(*this)) {}
InfraService::~InfraService() = default;

void InfraService::Add(const UsedServer& used) {
  if (!used.address.empty()) probes_.emplace_back([this, used] { return StateOf(used); });
}

void InfraService::Add(std::function<ports::ServerState()> probe) {
  if (probe) probes_.push_back(std::move(probe));
}

std::vector<ports::ServerState> InfraService::Servers() const {
  std::vector<ports::ServerState> states;
  for (const auto& probe : probes_) states.push_back(probe());
  return states;
}

GrpcService InfraService::service() { return {service_.get(), xtrader::v1::InfraService::service_full_name()}; }

ports::ServerState InfraService::StateOf(const UsedServer& used) const {
  const std::vector<ComponentHealth> components = health_.Components();
  if (!used.while_ok.empty()) {
    const ComponentHealth* condition = Find(components, used.while_ok);
    if (condition == nullptr || condition->status != HealthStatus::kOk) {
      return {used.server, ServerStatus::kUnknown, "not used by this process now"};
    }
  }
  const ComponentHealth* check = Find(components, used.check);
  if (check == nullptr) return {used.server, ServerStatus::kUnknown, "not checked"};
  switch (check->status) {
    case HealthStatus::kOk: return {used.server, ServerStatus::kOk, ""};
    case HealthStatus::kDegraded: return {used.server, used.degraded, check->reason};
    case HealthStatus::kDown: break;
  }
  return {used.server, ServerStatus::kDown, check->reason};
}

}  // namespace xt::runtime
