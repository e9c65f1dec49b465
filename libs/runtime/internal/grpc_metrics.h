// The grpc_server_* metrics: an interceptor that counts every call of a server. Also knows the calls of gRPC's own
// services (health Watch, reflection), which never end by themselves, so that a shutdown can end them.
// Thread-safe; the registry must outlive the server's calls.
#pragma once

#include <grpcpp/grpcpp.h>
#include <grpcpp/support/server_interceptor.h>

#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <unordered_map>

#include "libs/runtime/internal/grpc_methods.h"
#include "libs/runtime/metrics.h"

namespace xt::runtime::internal {

// The series of one method.
struct MethodMetrics {
  MethodMetrics(MetricsRegistry& metrics, const GrpcMethod& method);

  Counter& started;
  Counter& received;
  Counter& sent;
  HandledCalls handled;
  Histogram& handling;
  Gauge& in_flight;
};

class CallRegistry {
 public:
  explicit CallRegistry(MetricsRegistry& metrics) : metrics_(metrics) {}
  // Exports every method of a service as 0; does nothing for one that protobuf does not know.
  void AddService(const std::string& service);
  MethodMetrics& Find(const grpc::experimental::ServerRpcInfo& info);

  void AddEndless(grpc::ServerContextBase* context);
  void RemoveEndless(grpc::ServerContextBase* context);
  void CancelEndless();

 private:
  MetricsRegistry& metrics_;
  std::mutex mutex_;
  std::unordered_map<std::string, std::unique_ptr<MethodMetrics>> methods_;  // by "/package.Service/Method"
  // Recursive: cancelling a call may run the end of that call, which removes it, on the same thread.
  std::recursive_mutex endless_mutex_;
  std::set<grpc::ServerContextBase*> endless_;
};

class MetricsInterceptorFactory final : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  explicit MetricsInterceptorFactory(std::shared_ptr<CallRegistry> calls) : calls_(std::move(calls)) {}
  grpc::experimental::Interceptor* CreateServerInterceptor(grpc::experimental::ServerRpcInfo* info) override;

 private:
  const std::shared_ptr<CallRegistry> calls_;
};

}  // namespace xt::runtime::internal
