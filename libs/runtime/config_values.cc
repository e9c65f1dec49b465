#include <algorithm>
#include <charconv>

#include "libs/base/status.h"
#include "libs/runtime/internal/concat.h"
#include "libs/runtime/internal/config_values.h"
#include "libs/runtime/internal/json_text.h"

namespace xt::runtime::internal {
namespace {

absl::Status Refuse(const ConfigProperty& property, std::string_view value, std::string_view origin,
                    std::string_view why) {
  return absl::InvalidArgumentError(
      Concat("config key ", property.key, " = ", property.secret ? "***" : value, " (", origin, "): ", why));
}

// What the source wrote, for the error.
std::string Shown(const ConfigProperty& property, const Assignment& assignment) {
  if (!assignment.type_name.empty()) return assignment.type_name;
  if (assignment.is_text) return QuoteToml(std::get<std::string>(assignment.value));
  return ValueText(property, assignment.value);
}

absl::Status WrongType(const ConfigProperty& property, const Assignment& assignment) {
  return Refuse(property, Shown(property, assignment), assignment.origin,
                Concat("must be ", TypeText(property.type), ", ", BoundsText(property)));
}

std::vector<std::string> SplitList(const std::string& text) {
  std::vector<std::string> items;
  if (text.empty()) return items;
  std::size_t begin = 0;
  for (std::size_t comma = text.find(','); comma != std::string::npos; comma = text.find(',', begin)) {
    items.push_back(text.substr(begin, comma - begin));
    begin = comma + 1;
  }
  items.push_back(text.substr(begin));
  return items;
}

std::string Join(const std::vector<std::string>& items, std::string (*show)(std::string_view)) {
  std::string out;
  for (const std::string& item : items) Append(out, out.empty() ? "" : ", ", show(item));
  return out;
}

bool ParseText(ConfigType type, const std::string& text, ConfigValue& value) {
  switch (type) {
    case ConfigType::kInt64: {
      std::int64_t number = 0;
      const char* end = text.data() + text.size();
      const auto [rest, error] = std::from_chars(text.data(), end, number);
      value = number;
      return error == std::errc() && rest == end;
    }
    case ConfigType::kBool: value = text == "true"; return text == "true" || text == "false";
    case ConfigType::kStringList: value = SplitList(text); return true;
    case ConfigType::kString:
    case ConfigType::kPath:
    case ConfigType::kEnum: value = text; return true;
  }
  return false;
}

bool HasType(ConfigType type, const ConfigValue& value) {
  switch (type) {
    case ConfigType::kInt64: return std::holds_alternative<std::int64_t>(value);
    case ConfigType::kBool: return std::holds_alternative<bool>(value);
    case ConfigType::kStringList: return std::holds_alternative<std::vector<std::string>>(value);
    case ConfigType::kString:
    case ConfigType::kPath:
    case ConfigType::kEnum: return std::holds_alternative<std::string>(value);
  }
  return false;
}

bool InBounds(const ConfigProperty& property, const ConfigValue& value) {
  const auto within = [&](std::int64_t measure) { return property.min <= measure && measure <= property.max; };
  if (property.type == ConfigType::kInt64) return within(std::get<std::int64_t>(value));
  if (property.type == ConfigType::kBool) return true;
  if (property.type == ConfigType::kStringList) {
    return within(static_cast<std::int64_t>(std::get<std::vector<std::string>>(value).size()));
  }
  const auto& text = std::get<std::string>(value);
  if (property.type != ConfigType::kEnum) return within(static_cast<std::int64_t>(text.size()));
  return std::find(property.choices.begin(), property.choices.end(), text) != property.choices.end();
}

}  // namespace

absl::Status CheckBounds(const ConfigProperty& property, const ConfigValue& value, std::string_view origin) {
  if (InBounds(property, value)) return absl::OkStatus();
  return Refuse(property, ValueText(property, value), origin, Concat("must be ", BoundsText(property)));
}

absl::Status Assign(ConfigProperty& property, const Assignment& assignment) {
  ConfigValue value = assignment.value;
  if (!assignment.type_name.empty()) return WrongType(property, assignment);
  if (assignment.is_text && !ParseText(property.type, std::get<std::string>(assignment.value), value)) {
    return WrongType(property, assignment);
  }
  if (!HasType(property.type, value)) return WrongType(property, assignment);
  XT_RETURN_IF_ERROR(CheckBounds(property, value, assignment.origin));
  property.set(value);
  property.origin = assignment.origin;
  return absl::OkStatus();
}

absl::Status UnknownKey(const Assignment& assignment) {
  return absl::InvalidArgumentError(
      Concat("unknown config key ", assignment.key, " (", assignment.origin, "); --help lists the known ones"));
}

std::string BoundsText(const ConfigProperty& property) {
  switch (property.type) {
    case ConfigType::kInt64:
      return Concat(property.min, " to ", property.max, property.unit.empty() ? "" : " ", property.unit);
    case ConfigType::kBool: return "true or false";
    case ConfigType::kEnum:
      return Concat("one of ", Join(property.choices, [](std::string_view text) { return std::string(text); }));
    case ConfigType::kStringList: return Concat(property.min, " to ", property.max, " items");
    case ConfigType::kString:
    case ConfigType::kPath: return Concat("at most ", property.max, " characters");
  }
  return "";
}

std::string_view TypeText(ConfigType type) {
  switch (type) {
    case ConfigType::kInt64: return "integer";
    case ConfigType::kBool: return "boolean";
    case ConfigType::kString: return "string";
    case ConfigType::kPath: return "path";
    case ConfigType::kEnum: return "choice";
    case ConfigType::kStringList: return "list of strings";
  }
  return "";
}

std::string QuoteToml(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      AppendUnicodeEscape(c, quoted);
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

std::string ValueText(const ConfigProperty& property, const ConfigValue& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) return Concat(*number);
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  if (const auto* text = std::get_if<std::string>(&value)) {
    return property.secret && !text->empty() ? "***" : QuoteToml(*text);
  }
  return Concat("[", Join(std::get<std::vector<std::string>>(value), QuoteToml), "]");
}

}  // namespace xt::runtime::internal
