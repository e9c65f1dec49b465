#include "libs/runtime/config.h"

#include <unistd.h>

#include <algorithm>
#include <cctype>

#include "libs/base/status.h"
#include "libs/runtime/internal/concat.h"
#include "libs/runtime/internal/config_values.h"

namespace xt::runtime {
namespace {

using internal::Assignment;

constexpr std::string_view kEnvironmentPrefix = "XT_";
constexpr std::string_view kConfigVariable = "XT_CONFIG";

bool IsKey(std::string_view key) {
  const auto is_lower = [](char c) { return 'a' <= c && c <= 'z'; };
  if (key.empty() || !is_lower(key.front())) return false;
  return std::all_of(key.begin(), key.end(),
                     [&](char c) { return is_lower(c) || ('0' <= c && c <= '9') || c == '_' || c == '.'; });
}

bool OnlyInforms(const ConfigRequest& request) { return request.help || request.help_markdown || request.version; }

absl::StatusOr<std::vector<Assignment>> ReadEnvironment(const ConfigSchema& schema, const ConfigSources& sources) {
  std::vector<Assignment> assignments;
  for (const auto& [name, value] : sources.environment) {
    if (!name.starts_with(kEnvironmentPrefix) || name == kConfigVariable) continue;
    Assignment assignment{.key = name, .value = value, .is_text = true, .origin = "environment " + name};
    const auto& properties = schema.properties();
    const auto found = std::find_if(properties.begin(), properties.end(),
                                    [&](const ConfigProperty& p) { return EnvironmentName(p.key) == name; });
    if (found == properties.end()) return internal::UnknownKey(assignment);
    assignment.key = found->key;
    assignments.push_back(std::move(assignment));
  }
  return assignments;
}

std::string ConfigFile(const ConfigRequest& request, const ConfigSources& sources) {
  if (!request.config_file.empty()) return request.config_file;
  for (const auto& [name, value] : sources.environment) {
    if (name == kConfigVariable) return value;
  }
  return "";
}

absl::Status CheckRequired(const ConfigProperty& property) {
  if (!property.required || !std::get<std::string>(property.get()).empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      internal::Concat("config key ", property.key, " is required: set it in the file, as ",
                       EnvironmentName(property.key), " or as --", FlagName(property.key)));
}

}  // namespace

std::string EnvironmentName(std::string_view key) {
  std::string name(kEnvironmentPrefix);
  for (const char c : key) name += c == '.' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return name;
}

std::string FlagName(std::string_view key) {
  std::string name(key);
  std::replace(name.begin(), name.end(), '_', '-');
  return name;
}

ConfigSources ConfigSources::FromProcess(int argc, const char* const* argv) {
  ConfigSources sources;
  for (int i = 1; i < argc; ++i) sources.arguments.emplace_back(argv[i]);
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    sources.environment.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return sources;
}

ConfigSchema& ConfigSchema::Add(ConfigProperty property) {
  XT_CHECK(IsKey(property.key), property.key);
  XT_CHECK(!property.doc.empty(), property.key);
  for (const ConfigProperty& other : properties_) {
    XT_CHECK(EnvironmentName(other.key) != EnvironmentName(property.key), property.key);
  }
  property.default_value = property.get();
  const absl::Status bounds = internal::CheckBounds(property, property.default_value, "default");
  XT_CHECK(bounds.ok(), std::string(std::string(bounds.message())));
  properties_.push_back(std::move(property));
  if (const std::string alias = std::exchange(properties_.back().alias, ""); !alias.empty()) {
    Alias(properties_.back().key, alias);
  }
  return *this;
}

ConfigSchema& ConfigSchema::AddInt64(std::string_view key, const IntOptions& options,
                                     std::function<void(std::int64_t)> set, std::function<std::int64_t()> get) {
  ConfigProperty property;
  property.key = key;
  property.type = ConfigType::kInt64;
  property.unit = options.unit;
  property.doc = options.doc;
  property.alias = options.alias;
  property.min = options.min;
  property.max = options.max;
  property.set = [set = std::move(set)](const ConfigValue& value) { set(std::get<std::int64_t>(value)); };
  property.get = [get = std::move(get)] { return ConfigValue(get()); };
  return Add(std::move(property));
}

ConfigSchema& ConfigSchema::AddEnum(std::string_view key, std::vector<std::string> names, const BoolOptions& options,
                                    std::function<void(std::size_t)> set, std::function<std::size_t()> get) {
  ConfigProperty property;
  property.key = key;
  property.type = ConfigType::kEnum;
  property.doc = options.doc;
  property.alias = options.alias;
  property.choices = names;
  property.set = [set = std::move(set), names](const ConfigValue& value) {
    const auto found = std::find(names.begin(), names.end(), std::get<std::string>(value));
    set(static_cast<std::size_t>(found - names.begin()));
  };
  property.get = [get = std::move(get), names] {
    const std::size_t index = get();
    return ConfigValue(index < names.size() ? names[index] : std::string());
  };
  return Add(std::move(property));
}

ConfigSchema& ConfigSchema::Bool(std::string_view key, bool* target, const BoolOptions& options) {
  ConfigProperty property;
  property.key = key;
  property.type = ConfigType::kBool;
  property.doc = options.doc;
  property.alias = options.alias;
  property.set = [target](const ConfigValue& value) { *target = std::get<bool>(value); };
  property.get = [target] { return ConfigValue(*target); };
  return Add(std::move(property));
}

ConfigSchema& ConfigSchema::String(std::string_view key, std::string* target, const StringOptions& options) {
  ConfigProperty property;
  property.key = key;
  property.type = ConfigType::kString;
  property.doc = options.doc;
  property.alias = options.alias;
  property.max = static_cast<std::int64_t>(options.max_length);
  property.secret = options.secret;
  property.required = options.required;
  property.set = [target](const ConfigValue& value) { *target = std::get<std::string>(value); };
  property.get = [target] { return ConfigValue(*target); };
  return Add(std::move(property));
}

ConfigSchema& ConfigSchema::Path(std::string_view key, std::string* target, const StringOptions& options) {
  String(key, target, options);
  properties_.back().type = ConfigType::kPath;
  return *this;
}

ConfigSchema& ConfigSchema::StringList(std::string_view key, std::vector<std::string>* target,
                                       const ListOptions& options) {
  ConfigProperty property;
  property.key = key;
  property.type = ConfigType::kStringList;
  property.doc = options.doc;
  property.alias = options.alias;
  property.min = static_cast<std::int64_t>(options.min_items);
  property.max = static_cast<std::int64_t>(options.max_items);
  property.set = [target](const ConfigValue& value) { *target = std::get<std::vector<std::string>>(value); };
  property.get = [target] { return ConfigValue(*target); };
  return Add(std::move(property));
}

ConfigSchema& ConfigSchema::Check(std::function<absl::Status()> rule) {
  checks_.push_back(std::move(rule));
  return *this;
}

ConfigSchema& ConfigSchema::Include(std::string_view prefix, const ConfigSchema& part) {
  XT_CHECK(prefix.ends_with("."), prefix);
  for (ConfigProperty property : part.properties_) {
    property.key = internal::Concat(prefix, property.key);
    property.alias.clear();
    Add(std::move(property));
  }
  checks_.insert(checks_.end(), part.checks_.begin(), part.checks_.end());
  return *this;
}

ConfigSchema& ConfigSchema::Alias(std::string_view key, std::string_view alias) {
  for (const ConfigProperty& other : properties_) {
    XT_CHECK(other.alias != alias && FlagName(other.key) != alias, alias);
  }
  ConfigProperty* property = FindMutable(key);
  XT_CHECK(property != nullptr, key);
  property->alias = alias;
  return *this;
}

ConfigSchema& ConfigSchema::Default(std::string_view key, const ConfigValue& value) {
  ConfigProperty* property = FindMutable(key);
  XT_CHECK(property != nullptr, key);
  const absl::Status assigned =
      internal::Assign(*property, Assignment{.key = property->key, .value = value, .origin = "default"});
  XT_CHECK(assigned.ok(), std::string(std::string(assigned.message())));
  property->default_value = property->get();
  return *this;
}

const ConfigProperty* ConfigSchema::Find(std::string_view key) const {
  for (const ConfigProperty& property : properties_) {
    if (property.key == key) return &property;
  }
  return nullptr;
}

ConfigProperty* ConfigSchema::FindMutable(std::string_view key) { return const_cast<ConfigProperty*>(Find(key)); }

absl::StatusOr<ConfigRequest> ConfigSchema::Load(const ConfigSources& sources) {
  ConfigRequest request;
  XT_ASSIGN_OR_RETURN(const std::vector<Assignment> flags,
                      internal::ReadFlags(properties_, sources.arguments, request));
  if (OnlyInforms(request)) return request;

  std::vector<Assignment> all;
  request.config_file = ConfigFile(request, sources);
  if (!request.config_file.empty()) {
    XT_ASSIGN_OR_RETURN(all, internal::ReadTomlFile(request.config_file));
  }
  XT_ASSIGN_OR_RETURN(std::vector<Assignment> environment, ReadEnvironment(*this, sources));
  all.insert(all.end(), environment.begin(), environment.end());
  all.insert(all.end(), flags.begin(), flags.end());

  for (const Assignment& assignment : all) {
    ConfigProperty* property = FindMutable(assignment.key);
    if (property == nullptr) return internal::UnknownKey(assignment);
    XT_RETURN_IF_ERROR(internal::Assign(*property, assignment));
  }
  for (const ConfigProperty& property : properties_) XT_RETURN_IF_ERROR(CheckRequired(property));
  for (const auto& check : checks_) XT_RETURN_IF_ERROR(check());
  return request;
}

}  // namespace xt::runtime
