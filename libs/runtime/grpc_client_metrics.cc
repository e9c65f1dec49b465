#include "libs/runtime/grpc_client_metrics.h"

#include <grpcpp/grpcpp.h>
#include <grpcpp/support/client_interceptor.h>

#include <cstdint>
#include <map>

#include "libs/base/clock.h"
#include "libs/runtime/internal/grpc_methods.h"
#include "libs/runtime/metrics.h"

namespace xt::runtime {
namespace {

using grpc::experimental::ClientInterceptorFactoryInterface;
using grpc::experimental::ClientRpcInfo;
using grpc::experimental::InterceptionHookPoints;
using grpc::experimental::Interceptor;
using grpc::experimental::InterceptorBatchMethods;
using internal::GrpcMethod;

// The series of one method.
struct ClientMethodMetrics {
  ClientMethodMetrics(MetricsRegistry& metrics, const GrpcMethod& method)
      : started(
            metrics.Counter("grpc_client_started_total", "Calls to other services started.", method.SeriesLabels())),
        handled(metrics, "grpc_client_handled_total", "Calls to other services finished, by status code.", method),
        handling(metrics.Histogram("grpc_client_handling_seconds",
                                   "Time from the start of a call to another service to its status.",
                                   method.SeriesLabels())) {}

  Counter& started;
  internal::HandledCalls handled;
  Histogram& handling;
};

// Lives as long as its call. Messages only pass through: nothing is kept or counted for them.
class CallInterceptor final : public Interceptor {
 public:
  explicit CallInterceptor(ClientMethodMetrics& metrics)
      : metrics_(metrics), start_ns_(SystemClock::Instance().MonotonicNs()) {
    metrics_.started.Increment();
  }

  void Intercept(InterceptorBatchMethods* methods) override {
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::POST_RECV_STATUS)) {
      metrics_.handled.Of(methods->GetRecvStatus()->error_code()).Increment();
      metrics_.handling.Observe(SystemClock::Instance().MonotonicNs() - start_ns_);
    }
    methods->Proceed();
  }

 private:
  ClientMethodMetrics& metrics_;
  const std::int64_t start_ns_;
};

// Of one channel, which outlives its calls. Its methods are all there from the start, so that calls need no lock.
class CallInterceptors final : public ClientInterceptorFactoryInterface {
 public:
  CallInterceptors(MetricsRegistry& metrics, const std::string& service) {
    for (const GrpcMethod& method : internal::MethodsOf(service)) {
      methods_.try_emplace(method.Path(), metrics, method);
    }
  }

  // Null, which gRPC passes over, for a method of another service.
  Interceptor* CreateClientInterceptor(ClientRpcInfo* info) override {
    const auto found = methods_.find(info->method());
    return found == methods_.end() ? nullptr : new CallInterceptor(found->second);
  }

 private:
  std::map<std::string, ClientMethodMetrics, std::less<>> methods_;  // by "/package.Service/Method"
};

}  // namespace

std::function<std::unique_ptr<ClientInterceptorFactoryInterface>(const std::string& service)> CountGrpcClientCalls(
    MetricsRegistry& metrics) {
  return [&metrics](const std::string& service) { return std::make_unique<CallInterceptors>(metrics, service); };
}

}  // namespace xt::runtime
