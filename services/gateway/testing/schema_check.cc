#include "services/gateway/testing/schema_check.h"

#include <regex.h>

#include <algorithm>
#include <set>

namespace xt::gateway::testing {
namespace {

using nlohmann::json;
using Errors = std::vector<std::string>;

bool HasType(const json& value, const std::string& type) {
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  if (type == "integer") return value.is_number_integer();
  if (type == "boolean") return value.is_boolean();
  return false;
}

// Not std::regex: g++ 12 warns inside of it under the address sanitizer.
bool Matches(const std::string& text, const std::string& pattern) {
  regex_t compiled;
  if (::regcomp(&compiled, pattern.c_str(), REG_EXTENDED | REG_NOSUB) != 0) return false;
  const bool matches = ::regexec(&compiled, text.c_str(), 0, nullptr, 0) == 0;
  ::regfree(&compiled);
  return matches;
}

void CheckKeywords(const json& schema, const std::string& path, Errors& errors) {
  static const std::set<std::string> kKnown{"type",    "nullable", "required",    "properties", "additionalProperties",
                                            "enum",    "pattern",  "items",       "minItems",   "maxItems",
                                            "minimum", "maximum",  "description", "default",    "oneOf"};
  for (const auto& [keyword, unused] : schema.items()) {
    if (!kKnown.contains(keyword)) errors.push_back(path + ": the schema has an unknown keyword " + keyword);
  }
}

void CheckObject(const json& document, const json& schema, const json& value, const std::string& path, Errors& errors) {
  const json properties = schema.value("properties", json::object());
  for (const json& name : schema.value("required", json::array())) {
    if (!value.contains(name.get<std::string>()))
      errors.push_back(path + ": " + name.get<std::string>() + " is missing");
  }
  for (const auto& [name, member] : value.items()) {
    if (properties.contains(name)) {
      const Errors inner = CheckSchema(document, properties.at(name), member, path + "." + name);
      errors.insert(errors.end(), inner.begin(), inner.end());
    } else if (schema.contains("additionalProperties") && schema.at("additionalProperties") == false) {
      errors.push_back(path + ": " + name + " is not in the schema");
    }
  }
}

void CheckArray(const json& document, const json& schema, const json& value, const std::string& path, Errors& errors) {
  if (value.size() < schema.value("minItems", 0U)) errors.push_back(path + ": too few items");
  if (schema.contains("maxItems") && value.size() > schema.at("maxItems")) errors.push_back(path + ": too many items");
  for (std::size_t i = 0; i < value.size(); ++i) {
    const Errors inner = CheckSchema(document, schema.at("items"), value[i], path + "[" + std::to_string(i) + "]");
    errors.insert(errors.end(), inner.begin(), inner.end());
  }
}

void CheckScalar(const json& schema, const json& value, const std::string& path, Errors& errors) {
  if (schema.contains("enum") && std::ranges::find(schema.at("enum"), value) == schema.at("enum").end()) {
    errors.push_back(path + ": " + value.dump() + " is not in the enum");
  }
  if (schema.contains("pattern") && !Matches(value.get<std::string>(), schema.at("pattern").get<std::string>())) {
    errors.push_back(path + ": " + value.dump() + " does not match " + schema.at("pattern").dump());
  }
  if (schema.contains("minimum") && value < schema.at("minimum")) errors.push_back(path + ": below the minimum");
  if (schema.contains("maximum") && value > schema.at("maximum")) errors.push_back(path + ": above the maximum");
}

Errors CheckOneOf(const json& document, const json& schema, const json& value, const std::string& path) {
  std::size_t fitting = 0;
  Errors errors;
  for (const json& one : schema.at("oneOf")) {
    const Errors inner = CheckSchema(document, one, value, path);
    errors.insert(errors.end(), inner.begin(), inner.end());
    if (inner.empty()) ++fitting;
  }
  if (fitting == 1) return {};
  errors.push_back(path + ": fits " + std::to_string(fitting) + " of the schemas of oneOf");
  return errors;
}

}  // namespace

Errors CheckSchema(const json& document, const json& schema, const json& value, const std::string& path) {
  if (schema.contains("$ref")) {
    const std::string reference = schema.at("$ref");
    return CheckSchema(document, document.at(json::json_pointer(reference.substr(1))), value, path);
  }
  Errors errors;
  CheckKeywords(schema, path, errors);
  if (value.is_null() && schema.value("nullable", false)) return errors;
  if (schema.contains("oneOf")) return CheckOneOf(document, schema, value, path);
  if (!HasType(value, schema.at("type"))) {
    errors.push_back(path + ": " + value.dump() + " is no " + schema.at("type").get<std::string>());
    return errors;
  }
  if (value.is_object()) {
    CheckObject(document, schema, value, path, errors);
  } else if (value.is_array()) {
    CheckArray(document, schema, value, path, errors);
  } else {
    CheckScalar(schema, value, path, errors);
  }
  return errors;
}

}  // namespace xt::gateway::testing
