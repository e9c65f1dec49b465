#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>

#include "libs/base/status.h"
#include "libs/runtime/internal/concat.h"
#include "libs/runtime/internal/config_values.h"

namespace xt::runtime::internal {
namespace {

absl::Status NeedsValue(std::string_view flag) {
  return absl::InvalidArgumentError(Concat("flag ", flag, " needs a value"));
}

absl::Status RefuseArgument(const std::string& argument) {
  if (!argument.starts_with("--") || argument.size() == 2) {
    return absl::InvalidArgumentError(Concat("unexpected argument '", argument, "'; --help lists the flags"));
  }
  const std::string flag = argument.substr(0, argument.find('='));
  return UnknownKey(Assignment{.key = flag, .origin = "flag " + flag});
}

// The key's spellings: with '-', as it is, and the alias.
std::vector<std::string> Spellings(const ConfigProperty& property) {
  std::vector<std::string> names = {FlagName(property.key)};
  for (const std::string& name : {property.key, property.alias}) {
    if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  return names;
}

class FlagParser {
 public:
  FlagParser(const std::vector<ConfigProperty>& properties, ConfigRequest& request) {
    app_.set_help_flag();  // removes CLI11's own, which would not know units and bounds
    app_.allow_extras();   // so that they are refused in our words
    app_.add_flag("-h,--help", request.help);
    app_.add_flag("--help-markdown", request.help_markdown);
    app_.add_flag("--print-config", request.print_config);
    app_.add_flag("--version", request.version);
    app_.add_option("--config", request.config_file)->take_last();
    for (const ConfigProperty& property : properties) Add(property);
  }

  absl::StatusOr<std::vector<Assignment>> Parse(const std::vector<std::string>& arguments) {
    XT_ASSIGN_OR_RETURN(std::vector<std::string> words, SplitEmptyValues(arguments));
    std::reverse(words.begin(), words.end());  // the order that CLI11 wants
    try {
      app_.parse(std::move(words));
    } catch (const CLI::ArgumentMismatch&) {
      return NeedsValue(arguments.back());  // a value can only be missing at the end
    } catch (const CLI::ParseError& error) {
      return absl::InvalidArgumentError(error.what());
    }
    if (const std::vector<std::string> extras = app_.remaining(); !extras.empty()) {
      return RefuseArgument(extras.front());
    }
    return Assignments();
  }

 private:
  // Every spelling is an option of its own, because origins and errors name the one that was used.
  void Add(const ConfigProperty& property) {
    for (const std::string& name : Spellings(property)) {
      CLI::Option* option =
          property.type == ConfigType::kBool ? app_.add_flag("--" + name) : app_.add_option("--" + name)->take_all();
      keys_.emplace(option, property.key);
    }
  }

  // CLI11 takes "--name=" for "--name", which would make the next argument its value.
  absl::StatusOr<std::vector<std::string>> SplitEmptyValues(const std::vector<std::string>& arguments) const {
    std::vector<std::string> words;
    for (const std::string& argument : arguments) {
      words.push_back(argument);
      if (!argument.starts_with("--") || argument.find('=') + 1 != argument.size()) continue;
      words.back().pop_back();
      const CLI::Option* option = app_.get_option_no_throw(words.back());
      if (option != nullptr && option->get_items_expected_max() == 0) return NeedsValue(words.back());
      words.emplace_back();
    }
    return words;
  }

  [[nodiscard]] std::vector<Assignment> Assignments() const {
    std::vector<Assignment> assignments;
    std::map<const CLI::Option*, std::size_t> taken;
    for (const CLI::Option* option : app_.parse_order()) {
      const auto key = keys_.find(option);
      if (key == keys_.end()) continue;
      assignments.push_back({.key = key->second,
                             .value = option->results().at(taken[option]++),
                             .is_text = true,
                             .origin = "flag " + option->get_name()});
    }
    return assignments;
  }

  CLI::App app_;
  std::map<const CLI::Option*, std::string> keys_;
};

}  // namespace

absl::StatusOr<std::vector<Assignment>> ReadFlags(const std::vector<ConfigProperty>& properties,
                                                  const std::vector<std::string>& arguments, ConfigRequest& request) {
  return FlagParser(properties, request).Parse(arguments);
}

}  // namespace xt::runtime::internal
