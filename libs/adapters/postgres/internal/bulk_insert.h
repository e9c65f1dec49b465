// BulkInsert: the statement that writes any number of rows into one table, each column as one array, and what happens
// to rows that are there already. Immutable; shared by all threads.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "libs/adapters/postgres/internal/connection.h"
#include "libs/adapters/postgres/internal/values.h"

namespace xt::postgres {

struct Column {
  std::string_view name;
  std::string_view type;
};
using Columns = std::vector<Column>;

// What happens on a conflict with `key`; every other unique constraint raises.
std::string Ignore(std::string_view key);
std::string Replace(std::string_view key, const std::vector<std::string_view>& columns);
// Only when the new row has the higher updated_sequence.
std::string MoveForward(std::string_view table, std::string_view key, const std::vector<std::string_view>& columns);

class BulkInsert {
 public:
  BulkInsert(std::string_view table, const Columns& columns, std::string_view on_conflict);

  // `add(params, row)` adds one row, with its values in the order of the columns.
  template <typename Rows, typename Add>
  void Run(Session& session, const Rows& rows, const Add& add) const {
    if (rows.empty()) return;
    ArrayParams params(columns_);
    for (const auto& row : rows) add(params, row);
    session.Run(sql_, std::move(params).Finish());
  }
  // All columns, for SELECT.
  [[nodiscard]] const std::string& names() const { return names_; }

 private:
  std::size_t columns_;
  std::string names_;
  std::string sql_;
};

}  // namespace xt::postgres
