#include "libs/runtime/config.h"
#include "libs/runtime/internal/concat.h"
#include "libs/runtime/internal/config_values.h"

namespace xt::runtime {
namespace {

using internal::BoundsText;
using internal::TypeText;
using internal::ValueText;

std::string DefaultText(const ConfigProperty& property) {
  return property.required ? "required" : internal::Concat("default ", ValueText(property, property.default_value));
}

void AppendHelp(const ConfigProperty& property, std::string& out) {
  internal::Append(out, "  --", FlagName(property.key));
  if (!property.alias.empty()) internal::Append(out, ", --", property.alias);
  internal::Append(out, "\n      ", property.doc, "\n      ", TypeText(property.type), ", ", BoundsText(property), "; ",
                   DefaultText(property), "; ", EnvironmentName(property.key), "\n");
}

std::string MarkdownCell(std::string_view text) {
  std::string cell;
  for (const char c : text) {
    if (c == '|') cell += '\\';
    cell += c == '\n' ? ' ' : c;
  }
  return cell;
}

void AppendRow(const ConfigProperty& property, std::string& out) {
  const std::string flag = property.alias.empty() ? "" : internal::Concat(" (`--", property.alias, "`)");
  const std::string preset =
      property.required ? "required" : internal::Concat("`", ValueText(property, property.default_value), "`");
  internal::Append(out, "| `", property.key, "`", flag, " | ", TypeText(property.type), " | ", MarkdownCell(preset),
                   " | ", MarkdownCell(BoundsText(property)), " | ", MarkdownCell(property.doc), " |\n");
}

void AppendToml(const ConfigProperty& property, std::string& out) {
  const ConfigValue value = property.get();
  const bool unset = property.required && std::get<std::string>(value).empty();
  // A value that must not or cannot be loaded again is a comment.
  internal::Append(out, property.secret || unset ? "# " : "", property.key, " = ", ValueText(property, value), "  # ",
                   property.origin, "; ", BoundsText(property), "\n");
}

}  // namespace

std::string ConfigSchema::Help(std::string_view program, std::string_view summary) const {
  std::string out = internal::Concat(
      program, ": ", summary, "\n\n", "Usage: ", program, " [--config FILE] [--KEY VALUE]...\n\n",
      "A key is taken from its default, then the TOML file, then its environment variable, then its flag; the last\n",
      "one wins. Lists are separated by commas in the environment and in flags.\n\n",
      "  --config FILE, XT_CONFIG   read this TOML file\n",
      "  --print-config             print the configuration as it would be used, and exit\n",
      "  --help, --help-markdown    print this, or the keys as a Markdown table, and exit\n",
      "  --version                  print the version, and exit\n\nKeys:\n");
  for (const ConfigProperty& property : properties_) AppendHelp(property, out);
  return out;
}

std::string ConfigSchema::Markdown() const {
  std::string out = "| key | type | default | bounds | meaning |\n|---|---|---|---|---|\n";
  for (const ConfigProperty& property : properties_) AppendRow(property, out);
  return out;
}

std::string ConfigSchema::Toml() const {
  std::string out;
  for (const ConfigProperty& property : properties_) AppendToml(property, out);
  return out;
}

}  // namespace xt::runtime
