#include "services/gateway/cors.h"

#include <algorithm>
#include <array>

namespace xt::gateway {
namespace {

// "http://localhost:3000": a scheme, a name of this machine, and perhaps a port.
bool IsThisMachine(std::string_view origin) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!origin.starts_with(scheme)) continue;
    const std::string_view host = origin.substr(scheme.size());
    for (const std::string_view name : {"localhost", "127.0.0.1", "[::1]"}) {
      if (host.starts_with(name) && (host.size() == name.size() || host[name.size()] == ':')) return true;
    }
  }
  return false;
}

}  // namespace

std::string CorsPolicy::AllowOrigin(std::string_view origin, bool is_public) const {
  if (origin.empty()) return {};
  if (is_public) return "*";
  const bool listed = std::ranges::find(origins_, origin) != origins_.end();
  return listed || IsThisMachine(origin) ? std::string(origin) : std::string();
}

}  // namespace xt::gateway
