#include "libs/runtime/grpc_host.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/impl/server_builder_option.h>
#include <grpcpp/impl/server_builder_plugin.h>

#include <functional>
#include <mutex>
#include <utility>

#include "libs/runtime/health.h"
#include "libs/runtime/internal/concat.h"
#include "libs/runtime/internal/grpc_metrics.h"

namespace xt::runtime {
namespace {

// Linking the reflection library adds its plugin to every server; this keeps it only where it is wanted.
class ReflectionOption final : public grpc::ServerBuilderOption {
 public:
  explicit ReflectionOption(bool enabled) : enabled_(enabled) {}
  void UpdateArguments(grpc::ChannelArguments* /*arguments*/) override {}
  void UpdatePlugins(std::vector<std::unique_ptr<grpc::ServerBuilderPlugin>>* plugins) override {
    std::erase_if(*plugins, [](const auto& plugin) { return plugin->name() == "proto_server_reflection"; });
    if (enabled_) plugins->push_back(std::make_unique<grpc::reflection::ProtoServerReflectionPlugin>());
  }

 private:
  const bool enabled_;
};

// A dead peer is noticed within 2 s, and clients may ping as often as ours do (every second) without being cut off.
void SetChannelArguments(grpc::ServerBuilder& builder) {
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 1'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 1'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 500);
  // Two processes would otherwise share the port and each get some of the connections.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
}

std::string HostAndPort(const std::string& address, int port) {
  const bool bare_ipv6 = address.find(':') != std::string::npos && !address.starts_with("[");
  return internal::Concat(bare_ipv6 ? "[" : "", address, bare_ipv6 ? "]:" : ":", port);
}

void EnableHealthOnce() {
  static std::once_flag once;
  std::call_once(once, [] { grpc::EnableDefaultHealthCheckService(true); });
}

}  // namespace

struct GrpcHost::Impl {
  GrpcOptions options;
  std::vector<std::string> service_names;
  std::shared_ptr<internal::CallRegistry> calls;
  std::unique_ptr<grpc::Server> server;
  int port = 0;
  std::function<void()> unsubscribe;

  std::mutex mutex;  // guards what follows
  bool shut_down = false;

  void Configure(grpc::ServerBuilder& builder, const std::vector<GrpcService>& services) {
    builder.AddListeningPort(HostAndPort(options.address, options.port), grpc::InsecureServerCredentials(), &port);
    SetChannelArguments(builder);
    builder.SetMaxReceiveMessageSize(options.max_message_bytes);
    builder.SetMaxSendMessageSize(options.max_message_bytes);
    builder.SetOption(std::make_unique<ReflectionOption>(options.reflection));
    for (const GrpcService& service : services) {
      builder.RegisterService(service.service);
      service_names.push_back(service.name);
      calls->AddService(service.name);
    }
    std::vector<std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>> interceptors;
    interceptors.push_back(std::make_unique<internal::MetricsInterceptorFactory>(calls));
    builder.experimental().SetInterceptorCreators(std::move(interceptors));
  }

  void SetReady(bool ready) {
    grpc::HealthCheckServiceInterface* health = server->GetHealthCheckService();
    health->SetServingStatus("", ready);
    for (const std::string& name : service_names) health->SetServingStatus(name, ready);
  }
};

GrpcHost::GrpcHost(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

absl::StatusOr<std::unique_ptr<GrpcHost>> GrpcHost::Start(const GrpcOptions& options,
                                                          const std::vector<GrpcService>& services,
                                                          HealthRegistry& health, MetricsRegistry& metrics) {
  EnableHealthOnce();
  auto impl = std::make_unique<Impl>();
  impl->options = options;
  impl->calls = std::make_shared<internal::CallRegistry>(metrics);
  grpc::ServerBuilder builder;
  impl->Configure(builder, services);
  impl->server = builder.BuildAndStart();
  if (impl->server == nullptr || impl->port == 0) {
    return absl::UnavailableError(internal::Concat("config key ", options.port_key, " = ", options.port,
                                                   ": cannot listen on ", HostAndPort(options.address, options.port),
                                                   " (is the port in use?)"));
  }
  impl->unsubscribe = health.OnReadyChange([raw = impl.get()](bool ready) { raw->SetReady(ready); });
  return std::unique_ptr<GrpcHost>(new GrpcHost(std::move(impl)));
}

GrpcHost::~GrpcHost() { Shutdown(std::chrono::steady_clock::now()); }

std::uint16_t GrpcHost::port() const { return static_cast<std::uint16_t>(impl_->port); }
std::string GrpcHost::address() const { return HostAndPort(impl_->options.address, impl_->port); }

void GrpcHost::SetServing(std::string_view name, bool serving) {
  std::lock_guard lock(impl_->mutex);
  if (impl_->shut_down) return;
  impl_->server->GetHealthCheckService()->SetServingStatus(std::string(name), serving);
}

void GrpcHost::Shutdown(std::chrono::steady_clock::time_point deadline) {
  {
    std::lock_guard lock(impl_->mutex);
    if (std::exchange(impl_->shut_down, true)) return;
  }
  impl_->unsubscribe();
  impl_->server->GetHealthCheckService()->SetServingStatus(false);
  impl_->calls->CancelEndless();
  const auto left = deadline - std::chrono::steady_clock::now();
  impl_->server->Shutdown(std::chrono::system_clock::now() +
                          std::chrono::duration_cast<std::chrono::system_clock::duration>(left));
  impl_->server->Wait();
}

}  // namespace xt::runtime
