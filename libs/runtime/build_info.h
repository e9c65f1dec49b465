// What was built: the project's version and the revision of the source, "unknown" outside of a checkout.
#pragma once

#include <string_view>

namespace xt::runtime {

std::string_view BuildVersion();
std::string_view BuildRevision();

}  // namespace xt::runtime
