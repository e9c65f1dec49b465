// From what a source gives (text, or a typed TOML value) to a value that a key accepts, with errors that say key, value,
// bounds and place. Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/runtime/config.h"

namespace xt::runtime::internal {

// One value as a source gave it. Text from the environment and from flags still has to be read as the key's type.
struct Assignment {
  std::string key;
  ConfigValue value = {};
  bool is_text = false;
  std::string type_name = {};  // the source's own word for a type that no key has ("floating-point"), else empty
  std::string origin = {};     // "xtrader.toml:7", "environment XT_PORT", "flag --port"
};

// Sets the property's target and origin, or says why not.
absl::Status Assign(ConfigProperty& property, const Assignment& assignment);
absl::Status CheckBounds(const ConfigProperty& property, const ConfigValue& value, std::string_view origin);
absl::Status UnknownKey(const Assignment& assignment);

// Every key of a TOML file in order of the file, tables joined by '.'.
absl::StatusOr<std::vector<Assignment>> ReadTomlFile(const std::string& path);

// The command line's values in its order; what it asks for besides goes into `request`.
absl::StatusOr<std::vector<Assignment>> ReadFlags(const std::vector<ConfigProperty>& properties,
                                                  const std::vector<std::string>& arguments, ConfigRequest& request);

// What --help and errors say: "4096 to 1048576 bytes", "one of memory, redis", "at most 10 items".
std::string BoundsText(const ConfigProperty& property);
// As it stands in a TOML file; "***" for a secret that is set.
std::string ValueText(const ConfigProperty& property, const ConfigValue& value);
std::string_view TypeText(ConfigType type);
std::string QuoteToml(std::string_view text);

}  // namespace xt::runtime::internal
