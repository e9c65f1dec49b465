// GatewayMetrics: the handles of gateway_*, resolved once, every known series exported as 0 from the start. Thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string_view>

#include "libs/domain/reject_reason.h"
#include "libs/runtime/metrics.h"

namespace xt::gateway {

enum class Protocol : std::uint8_t { kRest, kGrpc };
enum class OrderOperation : std::uint8_t { kNew, kCancel, kCancelAll, kReplace, kAmend, kCountdown, kOperator };
inline constexpr std::size_t kOrderOperations = 7;
enum class OrderResultKind : std::uint8_t { kAccepted, kRejected, kUnknown };
enum class LimitScope : std::uint8_t { kKey, kAddress };

class GatewayMetrics {
 public:
  explicit GatewayMetrics(runtime::MetricsRegistry& registry);

  void CountOrder(OrderOperation operation, Protocol protocol, OrderResultKind result);
  void ObserveAcknowledgement(OrderOperation operation, std::int64_t latency_ns);
  // Also counts authentication failures.
  void CountReject(domain::RejectReason reason);
  void CountRateLimited(LimitScope scope);
  [[nodiscard]] std::uint64_t orders() const;

 private:
  std::array<std::array<std::array<runtime::Counter*, 3>, 2>, kOrderOperations>
      orders_{};  // operation, protocol, result
  std::array<runtime::Histogram*, kOrderOperations> latency_{};
  std::map<domain::RejectReason, runtime::Counter*> rejects_;
  std::map<domain::RejectReason, runtime::Counter*> authentication_;
  std::array<runtime::Counter*, 2> rate_limited_{};
};

// What an order that ended with this reason counts as.
OrderResultKind ResultKindOf(domain::RejectReason reason);

}  // namespace xt::gateway
