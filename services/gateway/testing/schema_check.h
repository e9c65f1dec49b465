// Checks a JSON value against a schema of an OpenAPI 3.0 file: type, nullable, required, properties,
// additionalProperties: false, enum, pattern, items, minItems, maxItems, minimum, maximum, oneOf and $ref. A keyword that it does
// not know is an error, so that nothing in the file goes unchecked.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace xt::gateway::testing {

// What is wrong, each with its path; empty when the value conforms.
std::vector<std::string> CheckSchema(const nlohmann::json& document, const nlohmann::json& schema,
                                     const nlohmann::json& value, const std::string& path = "$");

}  // namespace xt::gateway::testing
