#include "libs/adapters/embedded/memory_rate_limiter.h"

#include <algorithm>

namespace xt::embedded {
namespace {

constexpr std::uint64_t kNano = 1'000'000'000;
constexpr std::uint64_t kMaxTokens = 1'000'000'000;

__extension__ using Wide = unsigned __int128;

}  // namespace

MemoryRateLimiter::MemoryRateLimiter(MemoryRateLimiterOptions options) : options_(options) {}

absl::StatusOr<ports::RateLimiter::Decision> MemoryRateLimiter::Take(std::string_view key, const Limit& limit,
                                                                     std::uint64_t tokens) {
  if (limit.tokens_per_second == 0 || limit.tokens_per_second > kMaxTokens || limit.burst == 0 ||
      limit.burst > kMaxTokens || tokens > limit.burst) {
    return absl::InvalidArgumentError("rate and burst must be 1..1000000000, tokens at most the burst");
  }
  std::lock_guard lock(mutex_);
  Bucket& bucket = Find(key, limit, options_.clock->MonotonicNs());
  const std::uint64_t wanted = tokens * kNano;
  Decision decision;
  decision.allowed = bucket.nano_tokens >= wanted;
  if (decision.allowed) {
    bucket.nano_tokens -= wanted;
  } else {
    // Tokens of 10^-9 come in at `tokens_per_second` per nanosecond.
    const std::uint64_t wait_ns = (wanted - bucket.nano_tokens + limit.tokens_per_second - 1) / limit.tokens_per_second;
    decision.retry_after = std::chrono::milliseconds((wait_ns + 999'999) / 1'000'000);
  }
  return decision;
}

MemoryRateLimiter::Bucket& MemoryRateLimiter::Find(std::string_view key, const Limit& limit, std::int64_t now_ns) {
  const std::uint64_t full = limit.burst * kNano;
  if (const auto found = by_key_.find(key); found != by_key_.end()) {
    buckets_.splice(buckets_.begin(), buckets_, found->second);
    Bucket& bucket = buckets_.front();
    const auto elapsed_ns = static_cast<std::uint64_t>(std::max<std::int64_t>(0, now_ns - bucket.refilled_ns));
    const Wide level = Wide{bucket.nano_tokens} + Wide{elapsed_ns} * limit.tokens_per_second;
    bucket.nano_tokens = level < full ? static_cast<std::uint64_t>(level) : full;
    bucket.refilled_ns = now_ns;
    return bucket;
  }
  if (buckets_.size() >= std::max<std::size_t>(1, options_.max_keys)) {
    by_key_.erase(buckets_.back().key);
    buckets_.pop_back();
    ++evicted_keys_;
  }
  buckets_.push_front({std::string(key), full, now_ns});
  by_key_.emplace(buckets_.front().key, buckets_.begin());
  return buckets_.front();
}

std::size_t MemoryRateLimiter::keys() const {
  std::lock_guard lock(mutex_);
  return buckets_.size();
}

std::uint64_t MemoryRateLimiter::evicted_keys() const {
  std::lock_guard lock(mutex_);
  return evicted_keys_;
}

}  // namespace xt::embedded
