// MemorySessionStore: sessions in a bounded table in memory. When it is full, expired sessions are dropped first; if
// none is, Put of a new session is RESOURCE_EXHAUSTED: a flood of sign-ins never signs others out. The clock outlives
// the store. Thread-safe.
#pragma once

#include <cstddef>
#include <memory>

#include "libs/base/clock.h"
#include "libs/ports/session_store.h"

namespace xt::embedded {

class ExpiringTable;

struct MemorySessionStoreOptions {
  std::size_t max_sessions = 100'000;
  const Clock* clock = &SystemClock::Instance();
};

class MemorySessionStore final : public ports::SessionStore {
 public:
  explicit MemorySessionStore(MemorySessionStoreOptions options = {});
  ~MemorySessionStore() override;

  absl::Status Put(std::string_view session_id, std::string_view value,
                   std::chrono::milliseconds time_to_live) override;
  absl::StatusOr<std::optional<std::string>> Get(std::string_view session_id) override;
  absl::Status Erase(std::string_view session_id) override;

 private:
  const Clock& clock_;
  std::unique_ptr<ExpiringTable> table_;
};

}  // namespace xt::embedded
