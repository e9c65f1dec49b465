#include "libs/adapters/redis/redis_rate_limiter.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/adapters/redis/internal/connection_pool.h"
#include "libs/base/status.h"

namespace xt::redis {
namespace {

constexpr std::uint64_t kMaxTokens = 1'000'000'000;

// KEYS: bucket. ARGV: tokens per second, burst, tokens. The level is in tokens of 10^-6, of which `rate` come in per
// microsecond: no refill is lost to rounding. All numbers stay below 10^9 * 10^6 + 10^9, far from 2^53. Returns 0 when
// allowed, else how many microseconds to wait.
constexpr Script kTake{R"lua(
local rate, full, wanted = tonumber(ARGV[1]), ARGV[2] * 1000000, ARGV[3] * 1000000
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local bucket = redis.call('HMGET', KEYS[1], 'level', 'time')
local level = full
if bucket[1] then
  local elapsed = math.max(0, now - bucket[2])
  if elapsed < math.ceil((full - bucket[1]) / rate) then level = bucket[1] + elapsed * rate end
end
local wait = 0
if level >= wanted then level = level - wanted else wait = math.ceil((wanted - level) / rate) end
redis.call('HSET', KEYS[1], 'level', string.format('%.0f', level), 'time', string.format('%.0f', now))
redis.call('PEXPIRE', KEYS[1], string.format('%.0f', math.ceil((full - level) / rate / 1000) + 1))
return wait)lua"};

}  // namespace

RedisRateLimiter::RedisRateLimiter(RedisConfig config, const RedisEdgeOptions& options)
    : prefix_(options.key_prefix + "limit:"), pool_(std::make_unique<ConnectionPool>(std::move(config), options)) {}
RedisRateLimiter::~RedisRateLimiter() = default;

absl::StatusOr<ports::RateLimiter::Decision> RedisRateLimiter::Take(std::string_view key, const Limit& limit,
                                                                    std::uint64_t tokens) {
  if (limit.tokens_per_second == 0 || limit.tokens_per_second > kMaxTokens || limit.burst == 0 ||
      limit.burst > kMaxTokens || tokens > limit.burst) {
    return absl::InvalidArgumentError("rate and burst must be 1..1000000000, tokens at most the burst");
  }
  const std::string name = prefix_ + std::string(key);
  XT_ASSIGN_OR_RETURN(const Reply wait_us, pool_->Eval(kTake, {name},
                                                       {absl::StrCat(limit.tokens_per_second),
                                                        absl::StrCat(limit.burst), absl::StrCat(tokens)}));
  Decision decision;
  decision.allowed = Integer(*wait_us) == 0;
  decision.retry_after = std::chrono::ceil<std::chrono::milliseconds>(std::chrono::microseconds(Integer(*wait_us)));
  return decision;
}

}  // namespace xt::redis
