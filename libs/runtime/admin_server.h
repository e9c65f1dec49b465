// AdminServer: the HTTP port for operators and probes, apart from the one for customers. GET /livez, /readyz
// (?verbose for one JSON object with each check), /startupz, /metrics; GET /loglevel, and PUT /loglevel?level=debug
// changes it while running. It has no authentication and therefore binds to loopback unless configured otherwise.
// Thread-safe; what it shows must outlive it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace xt::runtime {

class HealthRegistry;
class MetricsRegistry;

struct AdminOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;               // 0: any free one
  std::string port_key = "admin.port";  // named in errors
};

class AdminServer {
 public:
  static absl::StatusOr<std::unique_ptr<AdminServer>> Start(const AdminOptions& options, const HealthRegistry& health,
                                                            const MetricsRegistry& metrics);
  ~AdminServer();
  AdminServer(const AdminServer&) = delete;
  AdminServer& operator=(const AdminServer&) = delete;

  [[nodiscard]] std::uint16_t port() const;
  // "http://127.0.0.1:1234"
  [[nodiscard]] std::string url() const;
  // Idempotent.
  void Stop();

 private:
  struct Impl;
  explicit AdminServer(std::unique_ptr<Impl> impl);
  const std::unique_ptr<Impl> impl_;
};

}  // namespace xt::runtime
