#include "services/gateway/request_limits.h"

#include <string>

namespace xt::gateway {

RequestLimits::RequestLimits(const GatewayConfig& config, ports::RateLimiter& limiter, GatewayMetrics& metrics)
    : enabled_(config.rate_limits_enabled),
      key_limit_{config.key_requests_per_second, config.key_burst},
      address_limit_{config.address_requests_per_second, config.address_burst},
      limiter_(limiter),
      metrics_(metrics) {}

std::optional<std::chrono::milliseconds> RequestLimits::TakeAddress(std::string_view address) {
  return Take("gateway:address:", address, address_limit_, 1, LimitScope::kAddress);
}

std::optional<std::chrono::milliseconds> RequestLimits::TakeKey(std::string_view api_key, std::uint64_t requests) {
  return Take("gateway:key:", api_key, key_limit_, requests, LimitScope::kKey);
}

std::optional<std::chrono::milliseconds> RequestLimits::Take(std::string_view prefix, std::string_view name,
                                                             const ports::RateLimiter::Limit& limit,
                                                             std::uint64_t requests, LimitScope scope) {
  if (!enabled_ || requests == 0) return std::nullopt;
  const auto decision = limiter_.Take(std::string(prefix).append(name), limit, requests);
  if (!decision.ok() || decision->allowed) return std::nullopt;
  metrics_.CountRateLimited(scope);
  return decision->retry_after;
}

}  // namespace xt::gateway
