// The grpc_client_* metrics: what counts the calls of this process to other services. For grpc_clients::ClientOptions.
#pragma once

#include <functional>
#include <memory>
#include <string>

namespace grpc::experimental {
class ClientInterceptorFactoryInterface;
}

namespace xt::runtime {

class MetricsRegistry;

// Given to each channel for the service that it leads to, every method of which is exported from then on. The registry
// outlives the channels. Thread-safe.
std::function<std::unique_ptr<grpc::experimental::ClientInterceptorFactoryInterface>(const std::string& service)>
CountGrpcClientCalls(MetricsRegistry& metrics);

}  // namespace xt::runtime
