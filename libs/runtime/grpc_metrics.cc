#include <google/protobuf/descriptor.h>

#include "libs/base/clock.h"
#include "libs/runtime/internal/concat.h"
#include "libs/runtime/internal/grpc_metrics.h"

namespace xt::runtime::internal {
namespace {

using grpc::experimental::InterceptionHookPoints;
using grpc::experimental::InterceptorBatchMethods;
using grpc::experimental::ServerRpcInfo;

constexpr std::array<std::string_view, kGrpcCodes> kCodeNames = {
    "OK",       "Canceled",       "Unknown",          "InvalidArgument",   "DeadlineExceeded",
    "NotFound", "AlreadyExists",  "PermissionDenied", "ResourceExhausted", "FailedPrecondition",
    "Aborted",  "OutOfRange",     "Unimplemented",    "Internal",          "Unavailable",
    "DataLoss", "Unauthenticated"};

std::string_view TypeName(ServerRpcInfo::Type type) {
  switch (type) {
    case ServerRpcInfo::Type::UNARY: return "unary";
    case ServerRpcInfo::Type::CLIENT_STREAMING: return "client_stream";
    case ServerRpcInfo::Type::SERVER_STREAMING: return "server_stream";
    case ServerRpcInfo::Type::BIDI_STREAMING: return "bidi_stream";
  }
  return "unknown";
}

std::string_view TypeName(const google::protobuf::MethodDescriptor& method) {
  if (method.client_streaming()) return method.server_streaming() ? "bidi_stream" : "client_stream";
  return method.server_streaming() ? "server_stream" : "unary";
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
    metrics_.Handled(code).Increment();
    metrics_.handling.Observe(SystemClock::Instance().MonotonicNs() - start_ns_);
  }

  const std::shared_ptr<CallRegistry> calls_;
  MethodMetrics& metrics_;
  const std::int64_t start_ns_;
  std::atomic<grpc::ServerContextBase*> endless_{nullptr};
  std::atomic<bool> finished_{false};
};

Labels MethodLabels(std::string_view type, std::string_view service, std::string_view method) {
  return {
      {"grpc_type", std::string(type)}, {"grpc_service", std::string(service)}, {"grpc_method", std::string(method)}};
}

}  // namespace

MethodMetrics::MethodMetrics(MetricsRegistry& metrics, std::string_view type, std::string_view service,
                             std::string_view method)
    : started(metrics.Counter("grpc_server_started_total", "Calls started.", MethodLabels(type, service, method))),
      received(
          metrics.Counter("grpc_server_msg_received_total", "Messages received.", MethodLabels(type, service, method))),
      sent(metrics.Counter("grpc_server_msg_sent_total", "Messages sent.", MethodLabels(type, service, method))),
      handling(metrics.Histogram("grpc_server_handling_seconds", "Time from the start of a call to its status.",
                                 MethodLabels(type, service, method))),
      in_flight(metrics.Gauge("grpc_server_in_flight", "Calls in progress, streams too.",
                              {{"grpc_method", std::string(method)}})),
      metrics_(metrics),
      labels_(MethodLabels(type, service, method)) {
  Handled(grpc::StatusCode::OK);
}

Counter& MethodMetrics::Handled(grpc::StatusCode code) {
  const auto number = static_cast<std::size_t>(code);
  const std::size_t index = number < kGrpcCodes ? number : static_cast<std::size_t>(grpc::StatusCode::UNKNOWN);
  Counter* counter = handled_[index].load(std::memory_order_acquire);
  if (counter == nullptr) {
    Labels labels = labels_;
    labels.emplace_back("grpc_code", kCodeNames[index]);
    counter = &metrics_.Counter("grpc_server_handled_total", "Calls finished, by status code.", labels);
    handled_[index].store(counter, std::memory_order_release);
  }
  return *counter;
}

void CallRegistry::AddService(const std::string& service) {
  const auto* descriptor = google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(service);
  if (descriptor == nullptr) return;
  std::lock_guard lock(mutex_);
  for (int i = 0; i < descriptor->method_count(); ++i) {
    const auto& method = *descriptor->method(i);
    methods_.try_emplace(Concat("/", service, "/", method.name()),
                         std::make_unique<MethodMetrics>(metrics_, TypeName(method), service, method.name()));
  }
}

MethodMetrics& CallRegistry::Find(const ServerRpcInfo& info) {
  const std::string path = info.method();
  std::lock_guard lock(mutex_);
  std::unique_ptr<MethodMetrics>& metrics = methods_[path];
  if (metrics == nullptr) {
    const std::size_t slash = path.rfind('/');
    const std::string service = slash == 0 || slash == std::string::npos ? "" : path.substr(1, slash - 1);
    metrics = std::make_unique<MethodMetrics>(metrics_, TypeName(info.type()), service, path.substr(slash + 1));
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
