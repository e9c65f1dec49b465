// RequestLimits: rate limits per API key and per remote address over ports::RateLimiter. When the limiter itself fails,
// requests pass: losing counters must not stop trading. Thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "libs/ports/session_store.h"
#include "services/gateway/config.h"
#include "services/gateway/metrics.h"

namespace xt::gateway {

class RequestLimits {
 public:
  RequestLimits(const GatewayConfig& config, ports::RateLimiter& limiter, GatewayMetrics& metrics);

  // How long to wait when the request is over the limit; nullopt when it may pass.
  std::optional<std::chrono::milliseconds> TakeAddress(std::string_view address);
  std::optional<std::chrono::milliseconds> TakeKey(std::string_view api_key, std::uint64_t requests = 1);

 private:
  std::optional<std::chrono::milliseconds> Take(std::string_view prefix, std::string_view name,
                                                const ports::RateLimiter::Limit& limit, std::uint64_t requests,
                                                LimitScope scope);

  const bool enabled_;
  const ports::RateLimiter::Limit key_limit_;
  const ports::RateLimiter::Limit address_limit_;
  ports::RateLimiter& limiter_;
  GatewayMetrics& metrics_;
};

}  // namespace xt::gateway
