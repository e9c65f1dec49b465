#include "services/notifier/notifier_process.h"

#include <unistd.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "libs/adapters/grpc/clients.h"
#include "libs/backends/backend_metrics.h"
#include "libs/base/status.h"
#include "libs/runtime/grpc_client_metrics.h"
#include "services/notifier/notifier_app.h"
#include "services/notifier/notifier_service.h"

namespace xt::notifier {

// In the order in which they need each other.
struct NotifierProcess::Parts {
  Parts(const NotifierProcessConfig& config, runtime::ServiceContext& context,
        std::unique_ptr<ports::NotificationBus> notifications)
      : bus(std::move(notifications)),
        backend_metrics(context.metrics),
        matching(grpc_clients::ConnectMatchingQueries(Client(config.matching_addresses, context))),
        history(grpc_clients::ConnectHistory(Client(config.persistence_addresses, context))),
        app(config.service, *bus, *matching, *history, context.clock, context.metrics, context.health),
        service(app.hub()) {
    backend_metrics.WatchConsumer(*bus);
  }

  static grpc_clients::ClientOptions Client(const std::vector<std::string>& addresses,
                                            const runtime::ServiceContext& context) {
    grpc_clients::ClientOptions options;
    options.addresses = addresses;
    options.max_message_bytes = context.config.grpc_max_message_bytes;
    options.interceptors = runtime::CountGrpcClientCalls(context.metrics);
    return options;
  }

  std::unique_ptr<ports::NotificationBus> bus;
  backends::BackendMetrics backend_metrics;
  std::unique_ptr<ports::MatchingQueries> matching;
  std::unique_ptr<ports::History> history;
  NotifierApp app;
  NotifierService service;
};

void NotifierProcessConfig::Describe(runtime::ConfigSchema& schema) {
  schema
      .StringList(
          "matching.addresses", &matching_addresses,
          {.doc = "Host and gRPC port of each replica of matching, which has the symbols and the books to start from.",
           .min_items = 1,
           .max_items = 16})
      .StringList(
          "persistence.addresses", &persistence_addresses,
          {.doc = "Host and gRPC port of each instance of persistence, which has the keys that clients sign in with.",
           .min_items = 1,
           .max_items = 16});
  servers.DescribeRabbitMq(schema);
  service.Describe(schema);
}

NotifierProcess::NotifierProcess(const NotifierProcessConfig& config, runtime::ServiceContext& context)
    : config_(config), context_(context) {}

NotifierProcess::~NotifierProcess() = default;

absl::Status NotifierProcess::Start() {
  XT_ASSIGN_OR_RETURN(auto notifications, backends::OpenNotificationBus(config_.servers));
  parts_ = std::make_unique<Parts>(config_, context_, std::move(notifications));
  return parts_->app.Start();
}

std::vector<runtime::GrpcService> NotifierProcess::GrpcServices() {
  return {{&parts_->service, xtrader::v1::NotifierService::service_full_name()}};
}

std::string NotifierProcess::ReadyFile(const runtime::Endpoints& endpoints) {
  const nlohmann::ordered_json ready{
      {"service", context_.name},
      {"instance", context_.config.instance},
      {"grpc", endpoints.grpc},
      {"admin", endpoints.admin},
      {"ws", "ws://" + config_.service.address + ":" + std::to_string(parts_->app.port())},
      {"pid", ::getpid()}};
  return ready.dump() + "\n";
}

void NotifierProcess::Drain(std::chrono::steady_clock::time_point deadline) { parts_->app.Drain(deadline); }

void NotifierProcess::Stop() {
  if (parts_ != nullptr) parts_->app.Stop();
}

}  // namespace xt::notifier
