#include "libs/adapters/embedded/memory_session_store.h"

#include <limits>

#include "libs/adapters/embedded/internal/expiring_table.h"

namespace xt::embedded {

MemorySessionStore::MemorySessionStore(MemorySessionStoreOptions options)
    : clock_(*options.clock),
      table_(std::make_unique<ExpiringTable>(options.max_sessions, std::numeric_limits<std::size_t>::max() / 2,
                                             ExpiringTable::WhenFull::kRefuse)) {}
MemorySessionStore::~MemorySessionStore() = default;

absl::Status MemorySessionStore::Put(std::string_view session_id, std::string_view value,
                                     std::chrono::milliseconds time_to_live) {
  const std::int64_t now_ns = clock_.MonotonicNs();
  if (table_->Put(session_id, value, now_ns, now_ns + std::chrono::nanoseconds(time_to_live).count())) {
    return absl::OkStatus();
  }
  return absl::ResourceExhaustedError("too many sessions");
}

absl::StatusOr<std::optional<std::string>> MemorySessionStore::Get(std::string_view session_id) {
  return table_->Get(session_id, clock_.MonotonicNs());
}

absl::Status MemorySessionStore::Erase(std::string_view session_id) {
  table_->Erase(session_id);
  return absl::OkStatus();
}

}  // namespace xt::embedded
