#include "services/gateway/gateway_process.h"

#include <unistd.h>

#include <utility>

#include "libs/adapters/grpc/clients.h"
#include "libs/base/status.h"
#include "services/gateway/core/json_writer.h"
#include "services/gateway/gateway_app.h"
#include "services/gateway/peer_probe.h"

namespace xt::gateway {
namespace {

grpc_clients::ClientOptions Connection(const std::string& address, runtime::HealthCheck& health) {
  health.Set(runtime::HealthStatus::kDown, "not connected to " + address);
  return {.address = address, .on_connection = [&health, address](bool connected) {
            if (connected) return health.SetOk();
            health.Set(runtime::HealthStatus::kDown, "not connected to " + address);
          }};
}

}  // namespace

// In the order in which they need each other.
struct GatewayProcess::Parts {
  Parts(const GatewayProcessConfig& config, runtime::ServiceContext& context,
        std::unique_ptr<ports::RateLimiter> limiter)
      : rate_limiter(std::move(limiter)),
        sequencing(grpc_clients::ConnectOrderSequencing(Connection(
            config.sequencer_address, context.health.AddCheck("gateway.sequencer", runtime::Dependency::kHard)))),
        matching(grpc_clients::ConnectMatchingQueries({.address = config.matching_address})),
        history(grpc_clients::ConnectHistory({.address = config.persistence_address})),
        market(grpc_clients::ConnectMarketQueries({.address = config.market_data_address})),
        history_probe([this] { return history->CommittedSequence().status(); },
                      context.health.AddCheck("gateway.persistence", runtime::Dependency::kHard),
                      config.persistence_address),
        market_probe([this] { return market->GetTicker(domain::SymbolId(0)).status(); },
                     context.health.AddCheck("gateway.market_data", runtime::Dependency::kSoft),
                     config.market_data_address),
        app(config.service, {*sequencing, *history, *market, *matching, *rate_limiter},
            {.infra_health = {}, .notifier_endpoint = [address = config.notifier_address] { return address; }},
            context.clock, context.metrics, context.health) {}

  std::unique_ptr<ports::RateLimiter> rate_limiter;
  std::unique_ptr<ports::OrderSequencing> sequencing;
  std::unique_ptr<ports::MatchingQueries> matching;
  std::unique_ptr<ports::History> history;
  std::unique_ptr<ports::MarketQueries> market;
  PeerProbe history_probe;
  PeerProbe market_probe;
  GatewayApp app;
};

void GatewayProcessConfig::Describe(runtime::ConfigSchema& schema) {
  service.Describe(schema);
  servers.DescribeRedis(schema);
  schema.String("sequencer.address", &sequencer_address, {.doc = "Host and gRPC port of the sequencer."})
      .String("matching.address", &matching_address, {.doc = "Host and gRPC port of matching."})
      .String("persistence.address", &persistence_address, {.doc = "Host and gRPC port of persistence."})
      .String("market_data.address", &market_data_address, {.doc = "Host and gRPC port of market-data."})
      .String("notifier.address", &notifier_address,
              {.doc = "Host and WebSocket port of the notifier, where upgrades of /ws* go; empty: nowhere."});
}

GatewayProcess::GatewayProcess(const GatewayProcessConfig& config, runtime::ServiceContext& context)
    : config_(config), context_(context) {}

GatewayProcess::~GatewayProcess() = default;

absl::Status GatewayProcess::Start() {
  XT_ASSIGN_OR_RETURN(auto limiter, backends::OpenRateLimiter(config_.servers));
  parts_ = std::make_unique<Parts>(config_, context_, std::move(limiter));
  return parts_->app.Start();
}

std::vector<runtime::GrpcService> GatewayProcess::GrpcServices() { return parts_->app.GrpcServices(); }

std::string GatewayProcess::ReadyFile(const runtime::Endpoints& endpoints) {
  JsonWriter json;
  json.BeginObject().Key("service").String(context_.name).Key("instance").String(context_.config.instance);
  json.Key("rest").String(parts_->app.rest_url()).Key("grpc").String(endpoints.grpc);
  json.Key("admin").String(endpoints.admin).Key("pid").Integer(::getpid()).EndObject();
  return json.Take() + "\n";
}

void GatewayProcess::Drain(std::chrono::steady_clock::time_point deadline) { parts_->app.Drain(deadline); }

void GatewayProcess::Stop() {
  if (parts_ != nullptr) parts_->app.Stop();
}

}  // namespace xt::gateway
