// SessionStore, RateLimiter and Cache: the small shared state of the edge. Redis in a cluster, in process in the
// standalone. All thread-safe. Losing them costs sign-ins and counters, never orders.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace xt::ports {

class SessionStore {
 public:
  virtual ~SessionStore() = default;
  // Keeps `value` under `session_id` for `time_to_live` from now.
  virtual absl::Status Put(std::string_view session_id, std::string_view value,
                           std::chrono::milliseconds time_to_live) = 0;
  // nullopt when absent or expired.
  virtual absl::StatusOr<std::optional<std::string>> Get(std::string_view session_id) = 0;
  virtual absl::Status Erase(std::string_view session_id) = 0;
};

class RateLimiter {
 public:
  struct Limit {
    std::uint64_t tokens_per_second = 0;  // refill; > 0
    std::uint64_t burst = 0;              // bucket size; > 0
  };
  struct Decision {
    bool allowed = false;
    std::chrono::milliseconds retry_after{0};  // when not allowed
  };
  virtual ~RateLimiter() = default;
  // Takes `tokens` from the bucket of `key`, all or none.
  virtual absl::StatusOr<Decision> Take(std::string_view key, const Limit& limit, std::uint64_t tokens) = 0;
};

class Cache {
 public:
  virtual ~Cache() = default;
  virtual absl::Status Put(std::string_view key, std::string_view value, std::chrono::milliseconds time_to_live) = 0;
  virtual absl::StatusOr<std::optional<std::string>> Get(std::string_view key) = 0;
  virtual absl::Status Erase(std::string_view key) = 0;
};

}  // namespace xt::ports
