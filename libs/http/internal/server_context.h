// What the connections of one server share: its options, handler and routes (read-only once it runs) and its counters.
// Only loop threads touch it, besides the owner reading counters.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "libs/http/server.h"

namespace xt::http::internal {

struct ServerContext {
  ServerOptions options;
  Handler handler;
  std::vector<std::pair<std::string, WebSocketOptions>> websockets;
  std::vector<std::pair<std::string, TunnelOptions>> tunnels;

  std::atomic<std::uint64_t> connections_open{0};
  std::atomic<std::uint64_t> connections_total{0};
  std::atomic<std::uint64_t> connections_rejected{0};
  std::atomic<std::uint64_t> rejected_open{0};  // those that are still being told
  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::uint64_t> bad_requests{0};
  std::atomic<std::uint64_t> websocket_sessions_open{0};
  std::atomic<std::uint64_t> tunnels_open{0};
};

// Counts one in a gauge for as long as it is held; moves with what it counts.
class GaugeTicket {
 public:
  GaugeTicket() = default;
  explicit GaugeTicket(std::atomic<std::uint64_t>& gauge) : gauge_(&gauge) { ++*gauge_; }
  GaugeTicket(GaugeTicket&& other) noexcept : gauge_(std::exchange(other.gauge_, nullptr)) {}
  GaugeTicket& operator=(GaugeTicket&& other) noexcept {
    Release();
    gauge_ = std::exchange(other.gauge_, nullptr);
    return *this;
  }
  ~GaugeTicket() { Release(); }

  void Release() {
    if (gauge_ != nullptr) --*std::exchange(gauge_, nullptr);
  }
  [[nodiscard]] bool held() const { return gauge_ != nullptr; }

 private:
  std::atomic<std::uint64_t>* gauge_ = nullptr;
};

}  // namespace xt::http::internal
