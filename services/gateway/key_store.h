// KeyStore: API keys by name, asked from persistence and kept for a while. A key that is known is believed on for as
// long as persistence cannot be asked: losing the database must not stop trading. The cache is bounded; what does not
// fit is asked for again. Thread-safe. A row holds a secret: it is never logged and has no conversion to text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "absl/status/statusor.h"
#include "libs/base/clock.h"
#include "libs/ports/history.h"

namespace xt::gateway {

class KeyStore {
 public:
  using Key = std::shared_ptr<const ports::ApiKeyRow>;
  KeyStore(ports::History& history, const Clock& clock, std::size_t capacity, std::int64_t ttl_ms);

  // Null when it is not in memory or too old. Of an old one only one caller a second hears so: it calls Load. Never
  // blocks.
  [[nodiscard]] Key Find(std::string_view api_key);
  // Asks persistence. May block. NOT_FOUND when there is no such key; other errors only for a key that was not known.
  absl::StatusOr<Key> Load(std::string_view api_key);

 private:
  struct Entry {
    Key key;
    std::int64_t believed_until_ns = 0;  // monotonic
  };
  ports::History& history_;
  const Clock& clock_;
  const std::size_t capacity_;
  const std::int64_t ttl_ns_;
  std::mutex mutex_;
  std::unordered_map<std::string, Entry> entries_;
};

}  // namespace xt::gateway
