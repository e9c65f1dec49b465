// The description of the REST API, services/gateway/openapi.json, compiled into the binary.
#pragma once

#include <string_view>

namespace xt::gateway {

std::string_view OpenApiJson();

}  // namespace xt::gateway
