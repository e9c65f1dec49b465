// Which pages of a browser may use the API. Anyone's page may read the public data; signed requests are for pages of this
// machine and of the configured origins. Pure, thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace xt::gateway {

class CorsPolicy {
 public:
  explicit CorsPolicy(std::vector<std::string> origins) : origins_(std::move(origins)) {}

  // The value of Access-Control-Allow-Origin for a page of `origin`; empty when it may not.
  [[nodiscard]] std::string AllowOrigin(std::string_view origin, bool is_public) const;

 private:
  std::vector<std::string> origins_;
};

}  // namespace xt::gateway
