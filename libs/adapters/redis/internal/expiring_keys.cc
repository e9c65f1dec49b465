#include "libs/adapters/redis/internal/expiring_keys.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"

namespace xt::redis {

ExpiringKeys::ExpiringKeys(RedisConfig config, const RedisEdgeOptions& options, std::string_view kind)
    : prefix_(absl::StrCat(options.key_prefix, std::string(kind), ":")), pool_(std::move(config), options) {}

absl::Status ExpiringKeys::Put(std::string_view key, std::string_view value, std::chrono::milliseconds time_to_live) {
  if (time_to_live.count() <= 0) return Erase(key);
  return pool_.Run({"SET", Name(key), value, "PX", PxArgument(time_to_live)}).status();
}

absl::StatusOr<std::optional<std::string>> ExpiringKeys::Get(std::string_view key) {
  XT_ASSIGN_OR_RETURN(const Reply reply, pool_.Run({"GET", Name(key)}));
  if (IsNil(*reply)) return std::nullopt;
  return std::string(Text(*reply));
}

absl::Status ExpiringKeys::Erase(std::string_view key) { return pool_.Run({"DEL", Name(key)}).status(); }

}  // namespace xt::redis
