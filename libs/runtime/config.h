// ConfigSchema: the description of a service's configuration keys, bound to the members of one plain struct. A struct
// describes each key once, with unit, default and bounds; from that come loading, --help, --print-config and the table
// in the service's README. Values are taken from the defaults in the struct, then a TOML file (--config FILE or
// XT_CONFIG), then the environment (journal.segment_bytes is XT_JOURNAL_SEGMENT_BYTES), then flags
// (--journal.segment-bytes N or an alias such as --port N); a later source wins. Anything unknown, of the wrong type or
// out of bounds is an error that names the key, the value, the bounds and the place it came from.
//
// The schema keeps pointers into the struct, which must outlive it and must not move. Not thread-safe: it is used while
// starting, on one thread. Values of keys marked `secret` are never printed, not even in an error.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/base/check.h"

namespace xt::runtime {

// Bounds are inclusive. `alias` is a second flag without the dashes ("port" for --port); it is lost under a prefix.
struct IntOptions {
  std::int64_t min = 0;
  std::int64_t max = std::numeric_limits<std::int64_t>::max();
  std::string_view unit = "";
  std::string_view doc = "";
  std::string_view alias = "";
};

struct BoolOptions {
  std::string_view doc = "";
  std::string_view alias = "";
};

// A `required` key has no default: leaving it empty refuses to start.
struct StringOptions {
  std::string_view doc = "";
  std::string_view alias = "";
  bool secret = false;
  bool required = false;
  std::size_t max_length = 4096;
};

struct ListOptions {
  std::string_view doc = "";
  std::string_view alias = "";
  std::size_t min_items = 0;
  std::size_t max_items = 1024;
};

using ConfigValue = std::variant<std::int64_t, bool, std::string, std::vector<std::string>>;

enum class ConfigType { kInt64, kBool, kString, kPath, kEnum, kStringList };

// One key, its bounds and its binding. Built by ConfigSchema; readable for documentation and tests.
struct ConfigProperty {
  std::string key;
  ConfigType type = ConfigType::kString;
  std::string unit;
  std::string doc;
  std::string alias;
  std::int64_t min = 0;  // a number's bounds, or a list's number of items
  std::int64_t max = 0;
  std::vector<std::string> choices;
  bool secret = false;
  bool required = false;
  ConfigValue default_value;
  std::string origin = "default";  // where the present value came from
  std::function<void(const ConfigValue&)> set;
  std::function<ConfigValue()> get;
};

// Where values come from. Tests pass their own instead of the process's.
struct ConfigSources {
  std::vector<std::string> arguments;                            // without the program's name
  std::vector<std::pair<std::string, std::string>> environment;  // name, value
  static ConfigSources FromProcess(int argc, const char* const* argv);
};

// What the command line asked for besides values.
struct ConfigRequest {
  bool help = false;           // --help
  bool help_markdown = false;  // --help-markdown
  bool print_config = false;   // --print-config
  bool version = false;        // --version
  std::string config_file;     // the file that was read, or empty
};

class ConfigSchema {
 public:
  // Keys are lower case, words joined by '_', groups by '.'. The default is what the target holds now. Targets may be any
  // integer type that holds the bounds.
  template <std::integral T>
  requires(!std::same_as<T, bool>) ConfigSchema& Int64(std::string_view key, T* target, const IntOptions& options) {
    XT_CHECK(std::in_range<T>(options.min), key);
    IntOptions bounds = options;
    if (!std::in_range<T>(bounds.max)) {
      XT_CHECK(bounds.max == std::numeric_limits<std::int64_t>::max(), key);
      bounds.max = static_cast<std::int64_t>(std::numeric_limits<T>::max());
    }
    return AddInt64(
        key, bounds, [target](std::int64_t value) { *target = static_cast<T>(value); },
        [target] { return static_cast<std::int64_t>(*target); });
  }
  ConfigSchema& Bool(std::string_view key, bool* target, const BoolOptions& options);
  ConfigSchema& String(std::string_view key, std::string* target, const StringOptions& options);
  // A file or folder; relative ones are relative to the working directory. Nothing is opened or created here.
  ConfigSchema& Path(std::string_view key, std::string* target, const StringOptions& options);
  // In a file an array of strings; in the environment and in flags one string, items separated by commas.
  ConfigSchema& StringList(std::string_view key, std::vector<std::string>* target, const ListOptions& options);
  // One of `choices`, by name. The names are lower case.
  template <typename E>
  ConfigSchema& Enum(std::string_view key, E* target, std::initializer_list<std::pair<std::string_view, E>> choices,
                     const BoolOptions& options) {
    std::vector<std::string> names;
    std::vector<E> values;
    for (const auto& [name, value] : choices) {
      names.emplace_back(name);
      values.push_back(value);
    }
    return AddEnum(
        key, std::move(names), options, [target, values](std::size_t index) { *target = values.at(index); },
        [target, values] {
          for (std::size_t i = 0; i < values.size(); ++i) {
            if (values[i] == *target) return i;
          }
          return values.size();
        });
  }

  // A rule over several keys, run after everything is loaded. Its Status should name the keys.
  ConfigSchema& Check(std::function<absl::Status()> rule);
  // Adds every key of `part` under `prefix`, which ends in '.': "matching." makes queue_size to matching.queue_size.
  // Aliases are dropped; Alias() gives new ones.
  ConfigSchema& Include(std::string_view prefix, const ConfigSchema& part);
  ConfigSchema& Alias(std::string_view key, std::string_view alias);
  // Replaces the default (and value) of a key that somebody else described, e.g. a service's own port.
  ConfigSchema& Default(std::string_view key, const ConfigValue& value);

  // Loads file, environment and flags into the targets and runs the checks. With --help, --help-markdown or --version
  // nothing is loaded. After an error the targets are unspecified; the process must not start.
  absl::StatusOr<ConfigRequest> Load(const ConfigSources& sources);

  // Every key for a terminal; as a Markdown table; and the present values as a TOML file with their origins.
  [[nodiscard]] std::string Help(std::string_view program, std::string_view summary) const;
  [[nodiscard]] std::string Markdown() const;
  [[nodiscard]] std::string Toml() const;

  [[nodiscard]] const std::vector<ConfigProperty>& properties() const { return properties_; }
  // Null when there is no such key.
  [[nodiscard]] const ConfigProperty* Find(std::string_view key) const;

 private:
  ConfigSchema& AddInt64(std::string_view key, const IntOptions& options, std::function<void(std::int64_t)> set,
                         std::function<std::int64_t()> get);
  ConfigSchema& AddEnum(std::string_view key, std::vector<std::string> names, const BoolOptions& options,
                        std::function<void(std::size_t)> set, std::function<std::size_t()> get);
  ConfigSchema& Add(ConfigProperty property);
  ConfigProperty* FindMutable(std::string_view key);

  std::vector<ConfigProperty> properties_;
  std::vector<std::function<absl::Status()>> checks_;
};

// "XT_JOURNAL_SEGMENT_BYTES" and "journal.segment-bytes" for "journal.segment_bytes".
std::string EnvironmentName(std::string_view key);
std::string FlagName(std::string_view key);

}  // namespace xt::runtime
