#define TOML_EXCEPTIONS 0
#include <algorithm>
#include <fstream>
#include <sstream>

#include "libs/runtime/internal/concat.h"
#include "libs/runtime/internal/config_values.h"
#include "toml++/toml.h"

namespace xt::runtime::internal {
namespace {

std::string TypeName(toml::node_type type) {
  std::ostringstream out;
  out << type;
  return out.str();
}

// False when an item is not a string.
bool ReadStrings(const toml::array& array, std::vector<std::string>& items) {
  for (const toml::node& item : array) {
    const auto text = item.value_exact<std::string>();
    if (!text) return false;
    items.push_back(*text);
  }
  return true;
}

Assignment ReadNode(const std::string& key, const toml::node& node, const std::string& file) {
  Assignment assignment{.key = key, .value = {}, .origin = Concat(file, ":", node.source().begin.line)};
  if (const auto number = node.value_exact<std::int64_t>()) {
    assignment.value = *number;
  } else if (const auto flag = node.value_exact<bool>()) {
    assignment.value = *flag;
  } else if (const auto text = node.value_exact<std::string>()) {
    assignment.value = *text;
  } else if (std::vector<std::string> items; node.is_array() && ReadStrings(*node.as_array(), items)) {
    assignment.value = std::move(items);
  } else {
    assignment.type_name = node.is_array() ? "array with items that are not strings" : TypeName(node.type());
  }
  return assignment;
}

void Flatten(const std::string& prefix, const toml::table& table, const std::string& file,
             std::vector<std::pair<toml::source_index, Assignment>>& out) {
  for (const auto& [name, node] : table) {
    const std::string key = prefix + std::string(name.str());
    if (const toml::table* inner = node.as_table()) {
      Flatten(key + ".", *inner, file, out);
    } else {
      out.emplace_back(node.source().begin.line, ReadNode(key, node, file));
    }
  }
}

}  // namespace

absl::StatusOr<std::vector<Assignment>> ReadTomlFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  if (!file || !(content << file.rdbuf())) {
    // An empty file makes the stream fail as well; that one is fine.
    if (!file.is_open() || file.bad() || file.peek() != std::ifstream::traits_type::eof()) {
      return absl::NotFoundError(Concat("config file ", path, " (--config) cannot be read"));
    }
  }
  const toml::parse_result parsed = toml::parse(content.str(), path);
  if (!parsed) {
    const toml::parse_error& error = parsed.error();
    return absl::InvalidArgumentError(
        Concat("config file ", path, ":", error.source().begin.line, ": ", std::string(error.description())));
  }
  std::vector<std::pair<toml::source_index, Assignment>> found;
  Flatten("", parsed.table(), path, found);
  std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<Assignment> assignments;
  for (auto& [line, assignment] : found) assignments.push_back(std::move(assignment));
  return assignments;
}

}  // namespace xt::runtime::internal
