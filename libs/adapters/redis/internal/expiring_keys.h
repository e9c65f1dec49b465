// ExpiringKeys: values with a time to live under one prefix, as Redis keeps them by SET ... PX. Thread-safe.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "libs/adapters/redis/internal/connection_pool.h"

namespace xt::redis {

class ExpiringKeys {
 public:
  // `kind` stands in the keys, behind the prefix of the options.
  ExpiringKeys(RedisConfig config, const RedisEdgeOptions& options, std::string_view kind);

  absl::Status Put(std::string_view key, std::string_view value, std::chrono::milliseconds time_to_live);
  absl::StatusOr<std::optional<std::string>> Get(std::string_view key);
  absl::Status Erase(std::string_view key);

 private:
  [[nodiscard]] std::string Name(std::string_view key) const { return prefix_ + std::string(key); }

  const std::string prefix_;
  ConnectionPool pool_;
};

}  // namespace xt::redis
