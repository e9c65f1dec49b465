#include "services/gateway/gateway_process.h"

#include <unistd.h>

#include <chrono>
#include <utility>

#include "absl/strings/str_join.h"
#include "libs/adapters/grpc/clients.h"
#include "libs/base/status.h"
#include "libs/runtime/grpc_client_metrics.h"
#include "services/gateway/core/json_writer.h"
#include "services/gateway/gateway_app.h"
#include "services/gateway/infra_watch.h"
#include "services/gateway/peer_probe.h"

namespace xt::gateway {
namespace {

constexpr std::chrono::milliseconds kInfraTimeout{1000};

// For people.
std::string Join(const std::vector<std::string>& addresses) { return absl::StrJoin(addresses, ", "); }

grpc_clients::ClientOptions Client(const std::vector<std::string>& addresses, const runtime::ServiceContext& context) {
  return {.addresses = addresses, .interceptors = runtime::CountGrpcClientCalls(context.metrics)};
}

// Everybody who may use a server, each by itself.
std::vector<InfraWatch::Source> InfraSources(const GatewayProcessConfig& config,
                                             const runtime::ServiceContext& context) {
  std::vector<InfraWatch::Source> sources;
  const auto add = [&](const std::string& service, const std::vector<std::string>& addresses) {
    for (const std::string& address : addresses) {
      grpc_clients::ClientOptions options = Client({address}, context);
      options.call_timeout = kInfraTimeout;
      sources.push_back({service + " " + address, grpc_clients::ConnectInfraStatus(options)});
    }
  };
  add("sequencer", config.sequencer_addresses);
  add("persistence", config.persistence_addresses);
  add("market-data", config.market_data_addresses);
  return sources;
}

grpc_clients::ClientOptions SequencerClient(const std::vector<std::string>& addresses,
                                            runtime::ServiceContext& context) {
  runtime::HealthCheck& health = context.health.AddCheck("gateway.sequencer", runtime::Dependency::kHard);
  const std::string down = "not connected to " + Join(addresses);
  health.Set(runtime::HealthStatus::kDown, down);
  grpc_clients::ClientOptions options = Client(addresses, context);
  options.on_connection = [&health, down](bool connected) {
    if (connected) return health.SetOk();
    health.Set(runtime::HealthStatus::kDown, down);
  };
  return options;
}

}  // namespace

// In the order in which they need each other.
struct GatewayProcess::Parts {
  Parts(const GatewayProcessConfig& config, runtime::ServiceContext& context,
        std::unique_ptr<ports::RateLimiter> limiter)
      : rate_limiter(std::move(limiter)),
        sequencing(grpc_clients::ConnectOrderSequencing(SequencerClient(config.sequencer_addresses, context))),
        matching(grpc_clients::ConnectMatchingQueries(Client(config.matching_addresses, context))),
        history(grpc_clients::ConnectHistory(Client(config.persistence_addresses, context))),
        market(grpc_clients::ConnectMarketQueries(Client(config.market_data_addresses, context))),
        history_probe([this] { return history->CommittedSequence().status(); },
                      context.health.AddCheck("gateway.persistence", runtime::Dependency::kHard),
                      Join(config.persistence_addresses)),
        market_probe([this] { return market->GetTicker(domain::SymbolId(0)).status(); },
                     context.health.AddCheck("gateway.market_data", runtime::Dependency::kSoft),
                     Join(config.market_data_addresses)),
        infra_watch(InfraSources(config, context), context.clock),
        app(config.service, {*sequencing, *history, *market, *matching, *rate_limiter},
            {.infra_health = [this] { return infra_watch.Now(); },
             .notifier_endpoint = [address = config.notifier_address] { return address; }},
            context.clock, context.metrics, context.health) {}

  std::unique_ptr<ports::RateLimiter> rate_limiter;
  std::unique_ptr<ports::OrderSequencing> sequencing;
  std::unique_ptr<ports::MatchingQueries> matching;
  std::unique_ptr<ports::History> history;
  std::unique_ptr<ports::MarketQueries> market;
  PeerProbe history_probe;
  PeerProbe market_probe;
  InfraWatch infra_watch;
  GatewayApp app;
};

void GatewayProcessConfig::Describe(runtime::ConfigSchema& schema) {
  service.Describe(schema);
  servers.DescribeRedis(schema);
  schema
      .StringList("sequencer.addresses", &sequencer_addresses,
                  {.doc = "Host and gRPC port of each sequencer; orders go to the one that leads.",
                   .min_items = 1,
                   .max_items = 16})
      .StringList("matching.addresses", &matching_addresses,
                  {.doc = "Host and gRPC port of each replica of matching.", .min_items = 1, .max_items = 16})
      .StringList("persistence.addresses", &persistence_addresses,
                  {.doc = "Host and gRPC port of each instance of persistence.", .min_items = 1, .max_items = 16})
      .StringList("market_data.addresses", &market_data_addresses,
                  {.doc = "Host and gRPC port of each instance of market-data.", .min_items = 1, .max_items = 16})
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
