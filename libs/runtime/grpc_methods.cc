#include <google/protobuf/descriptor.h>

#include "libs/runtime/internal/concat.h"
#include "libs/runtime/internal/grpc_methods.h"

namespace xt::runtime::internal {
namespace {

constexpr std::array<std::string_view, kGrpcCodes> kCodeNames = {
    "OK",       "Canceled",       "Unknown",          "InvalidArgument",   "DeadlineExceeded",
    "NotFound", "AlreadyExists",  "PermissionDenied", "ResourceExhausted", "FailedPrecondition",
    "Aborted",  "OutOfRange",     "Unimplemented",    "Internal",          "Unavailable",
    "DataLoss", "Unauthenticated"};

std::string_view TypeName(const google::protobuf::MethodDescriptor& method) {
  if (method.client_streaming()) return method.server_streaming() ? "bidi_stream" : "client_stream";
  return method.server_streaming() ? "server_stream" : "unary";
}

}  // namespace

std::string GrpcMethod::Path() const { return Concat("/", service, "/", name); }

Labels GrpcMethod::SeriesLabels() const {
  return {{"grpc_type", std::string(type)}, {"grpc_service", service}, {"grpc_method", name}};
}

std::vector<GrpcMethod> MethodsOf(const std::string& service) {
  std::vector<GrpcMethod> methods;
  const auto* descriptor = google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(service);
  if (descriptor == nullptr) return methods;
  for (int i = 0; i < descriptor->method_count(); ++i) {
    const auto& method = *descriptor->method(i);
    methods.push_back({TypeName(method), service, method.name()});
  }
  return methods;
}

HandledCalls::HandledCalls(MetricsRegistry& metrics, std::string_view name, std::string_view help,
                           const GrpcMethod& method)
    : metrics_(metrics), name_(name), help_(help), labels_(method.SeriesLabels()) {
  Of(grpc::StatusCode::OK);
}

Counter& HandledCalls::Of(grpc::StatusCode code) {
  const auto number = static_cast<std::size_t>(code);
  const std::size_t index = number < kGrpcCodes ? number : static_cast<std::size_t>(grpc::StatusCode::UNKNOWN);
  Counter* counter = counters_[index].load(std::memory_order_acquire);
  if (counter == nullptr) {
    Labels labels = labels_;
    labels.emplace_back("grpc_code", kCodeNames[index]);
    counter = &metrics_.Counter(name_, help_, labels);
    counters_[index].store(counter, std::memory_order_release);
  }
  return *counter;
}

}  // namespace xt::runtime::internal
