#include "services/gateway/metrics.h"

#include <string>

namespace xt::gateway {
namespace {

using domain::RejectReason;

constexpr std::array kOperations{"new", "cancel", "cancel_all", "replace", "amend", "countdown", "operator"};
static_assert(kOperations.size() == kOrderOperations);
constexpr std::array kProtocols{"rest", "grpc"};
constexpr std::array kResults{"accepted", "rejected", "unknown"};
constexpr std::array kScopes{"key", "ip"};

template <typename Enum>
std::size_t Index(Enum value) {
  return static_cast<std::size_t>(value);
}

}  // namespace

GatewayMetrics::GatewayMetrics(runtime::MetricsRegistry& registry) {
  for (std::size_t op = 0; op < kOperations.size(); ++op) {
    for (std::size_t protocol = 0; protocol < kProtocols.size(); ++protocol) {
      for (std::size_t result = 0; result < kResults.size(); ++result) {
        orders_[op][protocol][result] = &registry.Counter(
            "gateway_order_requests_total", "Order commands that were answered.",
            {{"op", kOperations[op]}, {"protocol", kProtocols[protocol]}, {"outcome", kResults[result]}});
      }
    }
    latency_[op] = &registry.Histogram("gateway_order_ack_latency_seconds",
                                       "From the request at the edge to its answer.", {{"op", kOperations[op]}});
  }
  for (const RejectReason reason : domain::AllRejectReasons()) {
    rejects_[reason] = &registry.Counter("gateway_rejects_total", "Requests that were refused.",
                                         {{"reason", std::string(domain::RejectReasonCode(reason))}});
  }
  for (const RejectReason reason :
       {RejectReason::kUnauthenticated, RejectReason::kInvalidSignature, RejectReason::kStaleTimestamp}) {
    authentication_[reason] = &registry.Counter("gateway_auth_failures_total", "Requests that failed authentication.",
                                                {{"reason", std::string(domain::RejectReasonCode(reason))}});
  }
  for (std::size_t scope = 0; scope < kScopes.size(); ++scope) {
    rate_limited_[scope] = &registry.Counter("gateway_rate_limited_total", "Requests refused by a rate limit.",
                                             {{"scope", kScopes[scope]}});
  }
}

void GatewayMetrics::CountOrder(OrderOperation operation, Protocol protocol, OrderResultKind result) {
  orders_[Index(operation)][Index(protocol)][Index(result)]->Increment();
}

void GatewayMetrics::ObserveAcknowledgement(OrderOperation operation, std::int64_t latency_ns) {
  latency_[Index(operation)]->Observe(latency_ns);
}

void GatewayMetrics::CountReject(RejectReason reason) {
  if (const auto it = rejects_.find(reason); it != rejects_.end()) it->second->Increment();
  if (const auto it = authentication_.find(reason); it != authentication_.end()) it->second->Increment();
}

void GatewayMetrics::CountRateLimited(LimitScope scope) { rate_limited_[Index(scope)]->Increment(); }

std::uint64_t GatewayMetrics::orders() const {
  std::uint64_t sum = 0;
  for (const auto& operation : orders_) {
    for (const auto& protocol : operation) {
      for (const runtime::Counter* counter : protocol) sum += counter->value();
    }
  }
  return sum;
}

OrderResultKind ResultKindOf(RejectReason reason) {
  return reason == RejectReason::kUnknownOutcome ? OrderResultKind::kUnknown : OrderResultKind::kRejected;
}

}  // namespace xt::gateway
