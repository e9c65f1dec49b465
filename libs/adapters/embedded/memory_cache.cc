#include "libs/adapters/embedded/memory_cache.h"

#include <limits>

#include "libs/adapters/embedded/internal/expiring_table.h"

namespace xt::embedded {

MemoryCache::MemoryCache(MemoryCacheOptions options)
    : clock_(*options.clock),
      table_(std::make_unique<ExpiringTable>(std::numeric_limits<std::size_t>::max(), options.max_bytes,
                                             ExpiringTable::WhenFull::kEvictLeastRecentlyUsed)) {}
MemoryCache::~MemoryCache() = default;

absl::Status MemoryCache::Put(std::string_view key, std::string_view value, std::chrono::milliseconds time_to_live) {
  const std::int64_t now_ns = clock_.MonotonicNs();
  // What is too large is not kept: a cache may forget anything.
  (void)table_->Put(key, value, now_ns, now_ns + std::chrono::nanoseconds(time_to_live).count());
  return absl::OkStatus();
}

absl::StatusOr<std::optional<std::string>> MemoryCache::Get(std::string_view key) {
  return table_->Get(key, clock_.MonotonicNs());
}

absl::Status MemoryCache::Erase(std::string_view key) {
  table_->Erase(key);
  return absl::OkStatus();
}

}  // namespace xt::embedded
