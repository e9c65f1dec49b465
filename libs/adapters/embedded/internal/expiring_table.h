// ExpiringTable: a bounded map of texts whose entries have an end. Expired entries are not seen and make room first;
// what happens when that is not enough is the caller's policy. Thread-safe.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"

namespace xt::embedded {

class ExpiringTable {
 public:
  enum class WhenFull : std::uint8_t { kRefuse, kEvictLeastRecentlyUsed };

  // Both bounds hold. Bytes are those of keys and values.
  ExpiringTable(std::size_t max_entries, std::size_t max_bytes, WhenFull when_full)
      : max_entries_(max_entries), max_bytes_(max_bytes), when_full_(when_full) {}

  // False when there is no room; an entry of this key is then gone only if the value alone is too large.
  bool Put(std::string_view key, std::string_view value, std::int64_t now_ns, std::int64_t expires_ns);
  std::optional<std::string> Get(std::string_view key, std::int64_t now_ns);
  void Erase(std::string_view key);

 private:
  struct Entry {
    std::string key;
    std::string value;
    std::multimap<std::int64_t, std::string_view>::iterator expiry;
  };
  using Entries = std::list<Entry>;

  void Remove(Entries::iterator entry);
  bool MakeRoom(std::size_t bytes, std::int64_t now_ns);

  const std::size_t max_entries_;
  const std::size_t max_bytes_;
  const WhenFull when_full_;
  std::mutex mutex_;
  Entries entries_;  // most recently used first
  absl::flat_hash_map<std::string_view, Entries::iterator> by_key_;
  std::multimap<std::int64_t, std::string_view> by_expiry_;
  std::size_t bytes_ = 0;
};

}  // namespace xt::embedded
