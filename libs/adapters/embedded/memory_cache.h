// MemoryCache: a look-aside cache bounded in bytes; the least recently used entries make room. An entry that is larger
// than the whole cache is not kept. Thread-safe.
#pragma once

#include <cstddef>
#include <memory>

#include "libs/base/clock.h"
#include "libs/ports/session_store.h"

namespace xt::embedded {

class ExpiringTable;

struct MemoryCacheOptions {
  std::size_t max_bytes = std::size_t{64} << 20;  // keys and values
  const Clock* clock = &SystemClock::Instance();
};

class MemoryCache final : public ports::Cache {
 public:
  explicit MemoryCache(MemoryCacheOptions options = {});
  ~MemoryCache() override;

  absl::Status Put(std::string_view key, std::string_view value, std::chrono::milliseconds time_to_live) override;
  absl::StatusOr<std::optional<std::string>> Get(std::string_view key) override;
  absl::Status Erase(std::string_view key) override;

 private:
  const Clock& clock_;
  std::unique_ptr<ExpiringTable> table_;
};

}  // namespace xt::embedded
