#include "libs/runtime/internal/grpc_metrics.h"

#include <atomic>
#include <string_view>

#include "libs/base/clock.h"

namespace xt::runtime::internal {
namespace {

using grpc::experimental::InterceptionHookPoints;
using grpc::experimental::InterceptorBatchMethods;
using grpc::experimental::ServerRpcInfo;

std::string_view TypeName(ServerRpcInfo::Type type) {
  switch (type) {
    case ServerRpcInfo::Type::UNARY: return "unary";
    case ServerRpcInfo::Type::CLIENT_STREAMING: return "client_stream";
    case ServerRpcInfo::Type::SERVER_STREAMING: return "server_stream";
    case ServerRpcInfo::Type::BIDI_STREAMING: return "bidi_stream";
  }
  return "unknown";
}

bool IsEndless(std::string_view path) {
  return path.starts_with("/grpc.health.") || path.starts_with("/grpc.reflection.");
}

class MetricsInterceptor final : public grpc::experimental::Interceptor {
 public:
  MetricsInterceptor(std::shared_ptr<CallRegistry> calls, ServerRpcInfo& info)
      : calls_(std::move(calls)), metrics_(calls_->Find(info)), start_ns_(SystemClock::Instance().MonotonicNs()) {
    metrics_.started.Increment();
    metrics_.in_flight.Add(1);
    if (IsEndless(info.method())) {
      endless_ = info.server_context();
      calls_->AddEndless(endless_);
    }
  }
  ~MetricsInterceptor() override {
    Leave();
    Finish(grpc::StatusCode::CANCELLED);
    metrics_.in_flight.Add(-1);
  }

  void Intercept(InterceptorBatchMethods* methods) override {
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::POST_RECV_MESSAGE) &&
        methods->GetRecvMessage() != nullptr) {
      metrics_.received.Increment();
    }
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_MESSAGE)) metrics_.sent.Increment();
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_STATUS)) {
      Leave();
      Finish(methods->GetSendStatus().error_code());
    }
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::POST_RECV_CLOSE)) Leave();
    methods->Proceed();
  }

 private:
  // While the call is surely alive: after this nobody cancels it through its context.
  void Leave() {
    if (grpc::ServerContextBase* context = endless_.exchange(nullptr)) calls_->RemoveEndless(context);
  }

  // Counts the end once: at the status, or, of a call that never sent one, at its destruction.
  void Finish(grpc::StatusCode code) {
    if (finished_.exchange(true)) return;
    metrics_.handled.Of(code).Increment();
    metrics_.handling.Observe(SystemClock::Instance().MonotonicNs() - start_ns_);
  }

  const std::shared_ptr<CallRegistry> calls_;
  MethodMetrics& metrics_;
  const std::int64_t start_ns_;
  std::atomic<grpc::ServerContextBase*> endless_{nullptr};
  std::atomic<bool> finished_{false};
};

}  // namespace

MethodMetrics::MethodMetrics(MetricsRegistry& metrics, const GrpcMethod& method)
    : started(metrics.Counter("grpc_server_started_total", "Calls started.", method.SeriesLabels())),
      received(metrics.Counter("grpc_server_msg_received_total", "Messages received.", method.SeriesLabels())),
      sent(metrics.Counter("grpc_server_msg_sent_total", "Messages sent.", method.SeriesLabels())),
      handled(metrics, "grpc_server_handled_total", "Calls finished, by status code.", method),
      handling(metrics.Histogram("grpc_server_handling_seconds", "Time from the start of a call to its status.",
                                 method.SeriesLabels())),
      in_flight(
          metrics.Gauge("grpc_server_in_flight", "Calls in progress, streams too.", {{"grpc_method", method.name}})) {}

void CallRegistry::AddService(const std::string& service) {
  std::lock_guard lock(mutex_);
  for (const GrpcMethod& method : MethodsOf(service)) {
    methods_.try_emplace(method.Path(), std::make_unique<MethodMetrics>(metrics_, method));
  }
}

MethodMetrics& CallRegistry::Find(const ServerRpcInfo& info) {
  const std::string path = info.method();
  std::lock_guard lock(mutex_);
  std::unique_ptr<MethodMetrics>& metrics = methods_[path];
  if (metrics == nullptr) {
    const std::size_t slash = path.rfind('/');
    const std::string service = slash == 0 || slash == std::string::npos ? "" : path.substr(1, slash - 1);
    metrics =
        std::make_unique<MethodMetrics>(metrics_, GrpcMethod{TypeName(info.type()), service, path.substr(slash + 1)});
  }
  return *metrics;
}

void CallRegistry::AddEndless(grpc::ServerContextBase* context) {
  std::lock_guard lock(endless_mutex_);
  endless_.insert(context);
}

void CallRegistry::RemoveEndless(grpc::ServerContextBase* context) {
  std::lock_guard lock(endless_mutex_);
  endless_.erase(context);
}

void CallRegistry::CancelEndless() {
  std::lock_guard lock(endless_mutex_);
  while (!endless_.empty()) {
    grpc::ServerContextBase* context = *endless_.begin();
    endless_.erase(endless_.begin());
    context->TryCancel();
  }
}

grpc::experimental::Interceptor* MetricsInterceptorFactory::CreateServerInterceptor(ServerRpcInfo* info) {
  return new MetricsInterceptor(calls_, *info);
}

}  // namespace xt::runtime::internal
