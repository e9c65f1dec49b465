#include "services/gateway/key_store.h"

#include <algorithm>
#include <utility>

namespace xt::gateway {
namespace {

// How long an old key is still believed while somebody asks for it.
constexpr std::int64_t kAskAgainNs = 1'000'000'000;

}  // namespace

KeyStore::KeyStore(ports::History& history, const Clock& clock, std::size_t capacity, std::int64_t ttl_ms)
    : history_(history), clock_(clock), capacity_(capacity), ttl_ns_(ttl_ms * 1'000'000) {}

KeyStore::Key KeyStore::Find(std::string_view api_key) {
  std::lock_guard lock(mutex_);
  const auto it = entries_.find(std::string(api_key));
  if (it == entries_.end()) return nullptr;
  Entry& entry = it->second;
  const std::int64_t now_ns = clock_.MonotonicNs();
  if (now_ns < entry.believed_until_ns) return entry.key;
  entry.believed_until_ns = now_ns + std::min(ttl_ns_, kAskAgainNs);
  return nullptr;
}

absl::StatusOr<KeyStore::Key> KeyStore::Load(std::string_view api_key) {
  const std::string name(api_key);
  absl::StatusOr<ports::ApiKeyRow> row = history_.GetApiKey(api_key);
  std::lock_guard lock(mutex_);
  if (!row.ok()) {
    const auto known = entries_.find(name);
    if (known == entries_.end()) return row.status();
    if (!absl::IsNotFound(row.status())) return known->second.key;
    entries_.erase(known);
    return row.status();
  }
  auto key = std::make_shared<const ports::ApiKeyRow>(*std::move(row));
  if (entries_.size() >= capacity_ && !entries_.contains(name)) entries_.erase(entries_.begin());
  entries_.insert_or_assign(name, Entry{key, clock_.MonotonicNs() + ttl_ns_});
  return key;
}

}  // namespace xt::gateway
