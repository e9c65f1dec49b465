// GrpcHost: one listening gRPC port with the services given to it, gRPC health v1 (for "" and for each service, following
// the HealthRegistry), reflection when wanted, the project's keepalive settings, and the grpc_server_* metrics of every
// call. The services belong to the caller and must outlive the host. Thread-safe.
//
// Shutdown first reports NOT_SERVING, then sends GOAWAY and waits for calls to finish until its deadline, then cancels
// what is left. Streams that would never end by themselves must be ended by their service before.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace grpc {
class Service;
}

namespace xt::runtime {

class HealthRegistry;
class MetricsRegistry;

// {&order_entry, xtrader::v1::OrderEntry::service_full_name()}
struct GrpcService {
  grpc::Service* service = nullptr;
  std::string name;
};

struct GrpcOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;  // 0: any free one
  bool reflection = true;
  int max_message_bytes = 16 * 1024 * 1024;
  std::string port_key = "grpc.port";  // named in errors
};

class GrpcHost {
 public:
  // OK means that it listens. Ports are never shared with another process: one that is in use is an error.
  static absl::StatusOr<std::unique_ptr<GrpcHost>> Start(const GrpcOptions& options,
                                                         const std::vector<GrpcService>& services,
                                                         HealthRegistry& health, MetricsRegistry& metrics);
  // Shuts down without waiting if that was not done before.
  ~GrpcHost();
  GrpcHost(const GrpcHost&) = delete;
  GrpcHost& operator=(const GrpcHost&) = delete;

  [[nodiscard]] std::uint16_t port() const;
  // "127.0.0.1:1234"
  [[nodiscard]] std::string address() const;

  // Health of a name that is not a service, e.g. "xtrader.v1.Leader". Names must not be those of services.
  void SetServing(std::string_view name, bool serving);

  // Idempotent. Returns when no call runs any more.
  void Shutdown(std::chrono::steady_clock::time_point deadline);

 private:
  struct Impl;
  explicit GrpcHost(std::unique_ptr<Impl> impl);
  const std::unique_ptr<Impl> impl_;
};

}  // namespace xt::runtime
