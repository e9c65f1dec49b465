#include "libs/adapters/postgres/internal/bulk_insert.h"

#include "absl/strings/str_cat.h"

namespace xt::postgres {

std::string Ignore(std::string_view key) { return absl::StrCat("ON CONFLICT ", std::string(key), " DO NOTHING"); }

std::string Replace(std::string_view key, const std::vector<std::string_view>& columns) {
  std::string sets;
  for (const std::string_view column : columns) {
    const std::string name(column);
    absl::StrAppend(&sets, sets.empty() ? "" : ", ", name, " = excluded.", name);
  }
  return absl::StrCat("ON CONFLICT ", std::string(key), " DO UPDATE SET ", sets);
}

std::string MoveForward(std::string_view table, std::string_view key, const std::vector<std::string_view>& columns) {
  return absl::StrCat(Replace(key, columns), " WHERE excluded.updated_sequence > ", std::string(table),
                      ".updated_sequence");
}

BulkInsert::BulkInsert(std::string_view table, const Columns& columns, std::string_view on_conflict) : table_(table) {
  std::string arrays;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const char* comma = i == 0 ? "" : ", ";
    columns_.emplace_back(columns[i].name);
    absl::StrAppend(&names_, comma, columns_.back());
    absl::StrAppend(&arrays, comma, "$", i + 1, "::", std::string(columns[i].type), "[]");
  }
  sql_ = absl::StrCat("INSERT INTO ", std::string(table), " (", names_, ") SELECT * FROM unnest(", arrays, ") ",
                      std::string(on_conflict));
}

}  // namespace xt::postgres
