#include "libs/runtime/build_info.h"

namespace xt::runtime {

std::string_view BuildVersion() { return XT_BUILD_VERSION; }
std::string_view BuildRevision() { return XT_BUILD_REVISION; }

}  // namespace xt::runtime
