// MemoryRateLimiter: one token bucket per key, in integers: a bucket holds tokens in units of 10^-9, so that no refill
// is lost to rounding. New keys start with a full bucket. The number of keys is bounded: the least recently used one
// makes room, which is the fullest in most cases (a full one is forgotten without any effect). Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "libs/base/clock.h"
#include "libs/ports/session_store.h"

namespace xt::embedded {

struct MemoryRateLimiterOptions {
  std::size_t max_keys = 100'000;
  const Clock* clock = &SystemClock::Instance();
};

class MemoryRateLimiter final : public ports::RateLimiter {
 public:
  explicit MemoryRateLimiter(MemoryRateLimiterOptions options = {});

  // INVALID_ARGUMENT for a limit of zero or above 10^9, and for more tokens than the bucket can ever hold.
  absl::StatusOr<Decision> Take(std::string_view key, const Limit& limit, std::uint64_t tokens) override;

  [[nodiscard]] std::size_t keys() const;
  [[nodiscard]] std::uint64_t evicted_keys() const;

 private:
  struct Bucket {
    std::string key;
    std::uint64_t nano_tokens = 0;
    std::int64_t refilled_ns = 0;
  };
  using Buckets = std::list<Bucket>;

  Bucket& Find(std::string_view key, const Limit& limit, std::int64_t now_ns);

  const MemoryRateLimiterOptions options_;
  mutable std::mutex mutex_;
  Buckets buckets_;  // most recently used first
  absl::flat_hash_map<std::string_view, Buckets::iterator> by_key_;
  std::uint64_t evicted_keys_ = 0;
};

}  // namespace xt::embedded
