#include "services/gateway/key_store.h"

#include <utility>

namespace xt::gateway {

KeyStore::KeyStore(ports::History& history, const Clock& clock, std::size_t capacity, std::int64_t ttl_ms)
    : history_(history), clock_(clock), capacity_(capacity), ttl_ns_(ttl_ms * 1'000'000) {}

KeyStore::Key KeyStore::Find(std::string_view api_key) {
  std::lock_guard lock(mutex_);
  const auto it = entries_.find(std::string(api_key));
  if (it == entries_.end()) return nullptr;
  if (clock_.MonotonicNs() - it->second.loaded_ns < ttl_ns_) return it->second.key;
  entries_.erase(it);
  return nullptr;
}

absl::StatusOr<KeyStore::Key> KeyStore::Load(std::string_view api_key) {
  absl::StatusOr<ports::ApiKeyRow> row = history_.GetApiKey(api_key);
  if (!row.ok()) return row.status();
  auto key = std::make_shared<const ports::ApiKeyRow>(*std::move(row));
  std::lock_guard lock(mutex_);
  if (entries_.size() >= capacity_) entries_.erase(entries_.begin());
  entries_.insert_or_assign(std::string(api_key), Entry{key, clock_.MonotonicNs()});
  return key;
}

}  // namespace xt::gateway
