#include "services/persistence/persistence_process.h"

#include <utility>

#include "libs/backends/backend_metrics.h"
#include "libs/base/status.h"
#include "libs/runtime/infra_service.h"
#include "libs/runtime/log.h"
#include "services/persistence/persistence_app.h"
#include "services/persistence/persistence_service.h"

namespace xt::persistence {

// In the order in which they need each other.
struct PersistenceProcess::Parts {
  Parts(const PersistenceProcessConfig& config, runtime::ServiceContext& context,
        std::unique_ptr<ports::ExecutionStream> executions, std::unique_ptr<ports::MarketBus> bus)
      : stream(std::move(executions)),
        events(std::move(bus)),
        store(backends::MakeStore(config.servers, config.data_folder + "/persistence.db", context.metrics)),
        backend_metrics(context.metrics),
        app(config.service, {.stream = stream.get(), .events = events.get()}, *store, context.metrics, context.health,
            context.clock),
        service(app),
        infra(context.health) {
    if (stream != nullptr) backend_metrics.WatchConsumer(*stream);
    backend_metrics.Watch(*store);
    // What the check is about: Kafka only where it is the first source.
    infra.Add({"redis", config.servers.redis, "persistence.executions", ""});
    if (stream == nullptr) infra.Add({"kafka", config.servers.kafka, "persistence.executions", ""});
    infra.Add({"postgresql", config.servers.postgres, "persistence.store", ""});
  }

  // One of the two may be null.
  std::unique_ptr<ports::ExecutionStream> stream;
  std::unique_ptr<ports::MarketBus> events;
  std::unique_ptr<ports::Store> store;
  backends::BackendMetrics backend_metrics;
  PersistenceApp app;
  PersistenceGrpcService service;
  runtime::InfraService infra;
};

void PersistenceProcessConfig::Describe(runtime::ConfigSchema& schema) {
  schema.Path("data", &data_folder, {.doc = "Folder of the database and the executions.", .required = true})
      .String("shard", &shard,
              {.doc = "Name of the set of symbols whose executions it stores.", .required = true, .max_length = 32});
  servers.DescribeRedis(schema);
  servers.DescribeKafka(schema, "nothing to fall back on without Redis");
  servers.DescribePostgres(schema);
  service.Describe(schema);
}

PersistenceProcess::PersistenceProcess(const PersistenceProcessConfig& config, runtime::ServiceContext& context)
    : config_(config), context_(context) {}

PersistenceProcess::~PersistenceProcess() = default;

absl::Status PersistenceProcess::Start() {
  // Each where it is configured; without both this process is alone, and its stream is embedded.
  const backends::BackendConfig& servers = config_.servers;
  std::unique_ptr<ports::ExecutionStream> stream;
  if (!servers.redis.empty() || servers.kafka.empty()) {
    XT_ASSIGN_OR_RETURN(stream,
                        backends::OpenExecutionStream(servers, config_.shard, config_.data_folder + "/executions"));
  }
  std::unique_ptr<ports::MarketBus> events;
  if (!servers.kafka.empty()) {
    XT_ASSIGN_OR_RETURN(events, backends::OpenMarketBus(servers, ""));
    if (stream == nullptr) {
      runtime::Log(runtime::LogLevel::kInfo, "no Redis is configured: the executions are read from Kafka", {});
    }
  }
  parts_ = std::make_unique<Parts>(config_, context_, std::move(stream), std::move(events));
  return parts_->app.Start();
}

std::vector<runtime::GrpcService> PersistenceProcess::GrpcServices() {
  return {{&parts_->service, xtrader::v1::PersistenceService::service_full_name()}, parts_->infra.service()};
}

void PersistenceProcess::Drain(std::chrono::steady_clock::time_point deadline) { parts_->app.Drain(deadline); }

void PersistenceProcess::Stop() {
  if (parts_ == nullptr) return;
  parts_->app.Stop();
  if (parts_->stream != nullptr) parts_->stream->Close();
  if (parts_->events != nullptr) parts_->events->Close();
}

}  // namespace xt::persistence
