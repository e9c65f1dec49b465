#include "libs/adapters/embedded/internal/expiring_table.h"

#include <utility>

namespace xt::embedded {

bool ExpiringTable::Put(std::string_view key, std::string_view value, std::int64_t now_ns, std::int64_t expires_ns) {
  std::lock_guard lock(mutex_);
  if (const auto found = by_key_.find(key); found != by_key_.end()) Remove(found->second);
  if (expires_ns <= now_ns) return true;
  if (!MakeRoom(key.size() + value.size(), now_ns)) return false;
  entries_.push_front({std::string(key), std::string(value), {}});
  const std::string_view stored = entries_.front().key;
  entries_.front().expiry = by_expiry_.emplace(expires_ns, stored);
  by_key_.emplace(stored, entries_.begin());
  bytes_ += key.size() + value.size();
  return true;
}

std::optional<std::string> ExpiringTable::Get(std::string_view key, std::int64_t now_ns) {
  std::lock_guard lock(mutex_);
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return std::nullopt;
  const Entries::iterator entry = found->second;
  if (entry->expiry->first <= now_ns) {
    Remove(entry);
    return std::nullopt;
  }
  entries_.splice(entries_.begin(), entries_, entry);
  return entry->value;
}

void ExpiringTable::Erase(std::string_view key) {
  std::lock_guard lock(mutex_);
  if (const auto found = by_key_.find(key); found != by_key_.end()) Remove(found->second);
}

void ExpiringTable::Remove(Entries::iterator entry) {
  bytes_ -= entry->key.size() + entry->value.size();
  by_expiry_.erase(entry->expiry);
  by_key_.erase(entry->key);
  entries_.erase(entry);
}

bool ExpiringTable::MakeRoom(std::size_t bytes, std::int64_t now_ns) {
  const auto fits = [&] { return entries_.size() < max_entries_ && bytes_ + bytes <= max_bytes_; };
  if (bytes > max_bytes_ || max_entries_ == 0) return false;
  while (!fits() && !by_expiry_.empty() && by_expiry_.begin()->first <= now_ns) {
    Remove(by_key_.find(by_expiry_.begin()->second)->second);
  }
  while (!fits() && when_full_ == WhenFull::kEvictLeastRecentlyUsed) Remove(std::prev(entries_.end()));
  return fits();
}

}  // namespace xt::embedded
