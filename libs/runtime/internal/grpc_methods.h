// What the grpc_server_* and the grpc_client_* metrics share: the methods of a service and the labels of their series.
#pragma once

#include <grpcpp/support/status.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "libs/runtime/metrics.h"

namespace xt::runtime::internal {

inline constexpr std::size_t kGrpcCodes = 17;

struct GrpcMethod {
  std::string_view type;  // unary, client_stream, server_stream, bidi_stream
  std::string service;
  std::string name;

  // "/package.Service/Method"
  [[nodiscard]] std::string Path() const;
  [[nodiscard]] Labels SeriesLabels() const;
};

// None of a service that protobuf does not know.
std::vector<GrpcMethod> MethodsOf(const std::string& service);

// One counter per status code. OK is exported from the start, the others get theirs when they first occur. Thread-safe.
class HandledCalls {
 public:
  HandledCalls(MetricsRegistry& metrics, std::string_view name, std::string_view help, const GrpcMethod& method);
  Counter& Of(grpc::StatusCode code);

 private:
  MetricsRegistry& metrics_;
  const std::string name_;
  const std::string help_;
  const Labels labels_;
  std::array<std::atomic<Counter*>, kGrpcCodes> counters_{};
};

}  // namespace xt::runtime::internal
