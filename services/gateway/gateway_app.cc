#include "services/gateway/gateway_app.h"

#include <atomic>
#include <mutex>
#include <utility>

#include "libs/base/check.h"
#include "libs/http/server.h"
#include "libs/runtime/log.h"
#include "services/gateway/account_names.h"
#include "services/gateway/authenticator.h"
#include "services/gateway/client_order_ids.h"
#include "services/gateway/disconnect_guard.h"
#include "services/gateway/key_store.h"
#include "services/gateway/metrics.h"
#include "services/gateway/operator_service.h"
#include "services/gateway/order_desk.h"
#include "services/gateway/order_entry_service.h"
#include "services/gateway/request_limits.h"
#include "services/gateway/rest_api.h"
#include "services/gateway/symbol_directory.h"
#include "services/gateway/worker_pool.h"

namespace xt::gateway {
namespace {

http::ServerOptions ServerOptionsOf(const GatewayConfig& config) {
  http::ServerOptions options;
  options.bind_address = config.rest_address;
  options.port = config.rest_port;
  options.io_threads = config.rest_io_threads;
  options.max_connections = config.rest_max_connections;
  options.max_body_bytes = config.rest_max_body_bytes;
  options.idle_timeout_ms = config.rest_idle_timeout_ms;
  options.error_response = RestApi::ServerError;
  return options;
}

// Orders per second since the scrape before, over the declared capacity.
class CapacityRatio {
 public:
  CapacityRatio(const GatewayMetrics& metrics, const Clock& clock, std::uint64_t per_second)
      : metrics_(metrics),
        clock_(clock),
        per_second_(static_cast<std::int64_t>(per_second)),
        last_ns_(clock.MonotonicNs()) {}

  // In millionths.
  std::int64_t Read() {
    constexpr std::int64_t kMillisecond = 1'000'000;
    const std::lock_guard lock(mutex_);
    const std::int64_t now_ns = clock_.MonotonicNs();
    const std::uint64_t orders = metrics_.orders();
    const std::int64_t elapsed_ms = (now_ns - last_ns_) / kMillisecond;
    if (elapsed_ms <= 0) return ratio_;
    ratio_ = static_cast<std::int64_t>(orders - last_orders_) * 1'000 * 1'000'000 / elapsed_ms / per_second_;
    last_ns_ = now_ns;
    last_orders_ = orders;
    return ratio_;
  }

 private:
  const GatewayMetrics& metrics_;
  const Clock& clock_;
  const std::int64_t per_second_;
  std::mutex mutex_;
  std::int64_t last_ns_;
  std::uint64_t last_orders_ = 0;
  std::int64_t ratio_ = 0;
};

}  // namespace

// Members are destroyed in reverse order: the HTTP server first, what it calls afterwards.
struct GatewayApp::Impl {
  Impl(const GatewayConfig& from, const GatewayPorts& ports, GatewayHooks hooks, const Clock& clock,
       runtime::MetricsRegistry& registry, runtime::HealthRegistry& health)
      : config(from),
        metrics(registry),
        workers(std::make_shared<WorkerPool>(config.query_threads, config.query_queue)),
        symbols(std::make_shared<SymbolDirectory>(
            ports.matching, clock, health.AddCheck("gateway.reference_data", runtime::Dependency::kHard))),
        keys(ports.history, clock, config.key_cache_entries, config.key_cache_ttl_ms),
        authenticator(keys, workers, clock, config.signature_window_ms),
        limits(config, ports.rate_limiter, metrics),
        account_names(ports.history),
        desk(std::make_shared<OrderDesk>(
            config, OrderDesk::Parts{ports.sequencing, ports.history, workers, symbols, metrics, clock})),
        api(CorsPolicy(config.cors_origins),
            {ports.history, ports.market, desk, symbols, workers, authenticator, limits, account_names,
             client_order_ids, metrics, clock, hooks.infra_health ? hooks.infra_health : [] { return InfraHealth(); }}),
        guard(desk, clock, config.disconnect_timeout_ms),
        order_entry({desk, symbols, workers, authenticator, limits, guard, account_names, client_order_ids, metrics,
                     clock, config.stream_max_unanswered}),
        operators({desk, symbols, workers, limits, metrics, clock, config.operator_secret, config.signature_window_ms}),
        capacity(metrics, clock, config.order_capacity_per_second),
        server(ServerOptionsOf(config), [this](http::Request request, http::Responder responder) {
          api.Handle(std::move(request), std::move(responder));
        }) {
    if (hooks.notifier_endpoint) server.AddTunnel("/ws", {.endpoint = std::move(hooks.notifier_endpoint)});
    ExportGauges(registry);
  }

  void ExportGauges(runtime::MetricsRegistry& registry) {
    const auto add = [&](std::string_view name, std::string_view help, const runtime::Labels& labels,
                         std::function<std::int64_t()> read, runtime::Scale scale = runtime::Scale::kOne) {
      gauges.push_back(registry.GaugeCallback(name, help, labels, std::move(read), scale));
    };
    constexpr std::string_view kSessions = "gateway_sessions";
    constexpr std::string_view kSessionsHelp = "Open connections and streams of clients.";
    add(kSessions, kSessionsHelp, {{"protocol", "rest"}}, [this] {
      const http::ServerCounters counters = server.counters();
      return static_cast<std::int64_t>(counters.connections_open - counters.tunnels_open);
    });
    add(kSessions, kSessionsHelp, {{"protocol", "websocket"}},
        [this] { return static_cast<std::int64_t>(server.counters().tunnels_open); });
    add(kSessions, kSessionsHelp, {{"protocol", "grpc"}},
        [this] { return static_cast<std::int64_t>(order_entry.streams()); });
    add("gateway_pending_orders", "Commands that wait for their answer.", {},
        [this] { return static_cast<std::int64_t>(desk->pending()); });
    add("gateway_query_queue_depth", "Queries that wait for a thread.", {},
        [this] { return static_cast<std::int64_t>(workers->queued()); });
    add(
        "gateway_capacity_ratio", "Orders per second over the declared capacity, since the scrape before.", {},
        [this] { return capacity.Read(); }, runtime::Scale::kMillionth);
  }

  const GatewayConfig config;
  GatewayMetrics metrics;
  const std::shared_ptr<WorkerPool> workers;
  const std::shared_ptr<SymbolDirectory> symbols;
  KeyStore keys;
  Authenticator authenticator;
  RequestLimits limits;
  AccountNames account_names;
  ClientOrderIds client_order_ids;
  const std::shared_ptr<OrderDesk> desk;
  RestApi api;
  DisconnectGuard guard;
  OrderEntryService order_entry;
  OperatorService operators;
  CapacityRatio capacity;
  http::Server server;
  std::vector<runtime::MetricCallback> gauges;
};

GatewayApp::GatewayApp(const GatewayConfig& config, const GatewayPorts& ports, GatewayHooks hooks, const Clock& clock,
                       runtime::MetricsRegistry& metrics, runtime::HealthRegistry& health)
    : impl_(std::make_unique<Impl>(config, ports, std::move(hooks), clock, metrics, health)) {}

GatewayApp::~GatewayApp() { Stop(); }

absl::Status GatewayApp::Start() {
  impl_->symbols->Start();
  const absl::Status listening = impl_->server.Start();
  if (!listening.ok()) {
    return absl::Status(listening.code(), "config key rest.port: " + std::string(listening.message()));
  }
  runtime::Log(runtime::LogLevel::kInfo, "REST port open", {{"url", rest_url()}});
  return absl::OkStatus();
}

std::vector<runtime::GrpcService> GatewayApp::GrpcServices() {
  std::vector<runtime::GrpcService> services{
      {&impl_->order_entry, xtrader::v1::OrderEntryService::service_full_name()}};
  if (!impl_->config.operator_secret.empty()) {
    services.push_back({&impl_->operators, xtrader::v1::OperatorService::service_full_name()});
  }
  return services;
}

void GatewayApp::Drain(std::chrono::steady_clock::time_point deadline) {
  const bool answered = impl_->desk->Drain(deadline);
  const bool ended = impl_->order_entry.Drain(deadline);
  // The streams that ended have left orders to cancel.
  const bool canceled = impl_->guard.Flush(deadline) && impl_->desk->WaitUntilIdle(deadline);
  if (!answered || !ended || !canceled)
    runtime::Log(runtime::LogLevel::kWarn, "the drain ended before everything was answered");
}

// Whoever could still give work stops before the one who would do it.
void GatewayApp::Stop() {
  impl_->guard.Stop();
  impl_->desk->Close();
  impl_->server.Stop();
  impl_->symbols->Stop();
  impl_->workers->Stop();
}

std::uint16_t GatewayApp::rest_port() const { return impl_->server.port(); }

std::string GatewayApp::rest_url() const {
  return "http://" + impl_->config.rest_address + ":" + std::to_string(rest_port());
}

}  // namespace xt::gateway
