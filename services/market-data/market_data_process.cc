#include "services/market-data/market_data_process.h"

#include <utility>

#include "libs/adapters/grpc/clients.h"
#include "libs/backends/backend_metrics.h"
#include "libs/base/status.h"
#include "libs/runtime/grpc_client_metrics.h"
#include "libs/runtime/infra_service.h"
#include "services/market-data/market_data_app.h"
#include "services/market-data/market_data_service.h"

namespace xt::market_data {

// In the order in which they need each other.
struct MarketDataProcess::Parts {
  Parts(const MarketDataProcessConfig& config, runtime::ServiceContext& context, std::unique_ptr<ports::MarketBus> bus,
        std::unique_ptr<ports::NotificationBus> notifications, std::shared_ptr<zookeeper::ZooKeeperSession> session,
        std::unique_ptr<ports::LeaderElection> leader, std::unique_ptr<ports::ExecutionReader> reader)
      : executions(std::move(reader)),
        market_bus(std::move(bus)),
        notification_bus(std::move(notifications)),
        zookeeper(std::move(session)),
        election(std::move(leader)),
        backend_metrics(context.metrics),
        matching(grpc_clients::ConnectMatchingQueries(
            {.addresses = config.matching_addresses, .interceptors = runtime::CountGrpcClientCalls(context.metrics)})),
        app(config.service, *market_bus, *notification_bus, *matching, *election, context.clock, context.metrics,
            context.health, {.reader = executions.get(), .always = config.ReadsRedisAlone()}),
        service(app, [this](domain::SymbolId symbol) { return app.CodeOf(symbol); }),
        infra(context.health) {
    backend_metrics.WatchPublisher(*market_bus);
    backend_metrics.WatchPublisher(*notification_bus);
    backend_metrics.Watch(zookeeper.get());
    // Degraded means that Redis is read instead.
    infra.Add({"kafka", config.servers.kafka, "market-data.market_bus", "", ports::ServerStatus::kDown});
    infra.Add(backends::ZooKeeperProbe(zookeeper.get()));
  }

  std::unique_ptr<ports::ExecutionReader> executions;  // null: nothing to fall back on
  std::unique_ptr<ports::MarketBus> market_bus;
  std::unique_ptr<ports::NotificationBus> notification_bus;
  std::shared_ptr<zookeeper::ZooKeeperSession> zookeeper;  // null: not used
  std::unique_ptr<ports::LeaderElection> election;
  backends::BackendMetrics backend_metrics;
  std::unique_ptr<ports::MatchingQueries> matching;
  MarketDataApp app;
  MarketDataService service;
  runtime::InfraService infra;
};

void MarketDataProcessConfig::Describe(runtime::ConfigSchema& schema) {
  schema.Path("data", &data_folder, {.doc = "Folder of the market bus and the election.", .required = true})
      .StringList(
          "matching.addresses", &matching_addresses,
          {.doc = "Host and gRPC port of each replica of matching, which has the symbols and the books to start from.",
           .min_items = 1,
           .max_items = 16});
  schema.String("shard", &shard,
                {.doc = "Name of the set of symbols whose executions Redis has.", .required = true, .max_length = 32});
  servers.DescribeRedis(schema, "nothing to fall back on without Kafka");
  servers.DescribeKafka(schema);
  servers.DescribeRabbitMq(schema);
  servers.DescribeZooKeeper(schema);
  service.Describe(schema);
}

MarketDataProcess::MarketDataProcess(const MarketDataProcessConfig& config, runtime::ServiceContext& context)
    : config_(config), context_(context) {}

MarketDataProcess::~MarketDataProcess() = default;

absl::Status MarketDataProcess::Start() {
  const backends::BackendConfig& servers = config_.servers;
  XT_ASSIGN_OR_RETURN(auto bus, backends::OpenMarketBus(servers, config_.data_folder + "/market-bus"));
  XT_ASSIGN_OR_RETURN(auto executions, backends::OpenExecutionReader(servers, config_.shard));
  XT_ASSIGN_OR_RETURN(auto notifications, backends::OpenNotificationBus(servers));
  XT_ASSIGN_OR_RETURN(auto zookeeper, backends::OpenZooKeeper(servers, context_.metrics));
  XT_ASSIGN_OR_RETURN(auto leader, backends::OpenElection(zookeeper, "market-data", context_.config.instance,
                                                          config_.data_folder + "/leader"));
  parts_ = std::make_unique<Parts>(config_, context_, std::move(bus), std::move(notifications), std::move(zookeeper),
                                   std::move(leader), std::move(executions));
  return parts_->app.Start();
}

std::vector<runtime::GrpcService> MarketDataProcess::GrpcServices() {
  return {{&parts_->service, xtrader::v1::MarketDataService::service_full_name()}, parts_->infra.service()};
}

void MarketDataProcess::Drain(std::chrono::steady_clock::time_point deadline) { parts_->app.Drain(deadline); }

void MarketDataProcess::Stop() {
  if (parts_ == nullptr) return;
  parts_->app.Stop();
  parts_->market_bus->Close();
  if (parts_->executions != nullptr) parts_->executions->Close();
}

}  // namespace xt::market_data
