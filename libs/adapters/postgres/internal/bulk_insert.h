// BulkInsert: writes any number of rows into one table. Rows that cannot be there yet are copied, which takes the server
// a third of the time; rows that may be there go through a statement, each column as one array, that says what happens
// to them. Immutable; shared by all threads.
#pragma once

#include <algorithm>
#include <iterator>
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

  // `is_new(row)`: it cannot be there; `add(out, row)` calls out.AddRow with the values in the order of the columns. The
  // rows that may be there come first.
  template <typename Rows, typename IsNew, typename Add>
  void Write(Session& session, const Rows& rows, const IsNew& is_new, const Add& add) const {
    const auto known = std::count_if(rows.begin(), rows.end(), [&](const auto& row) { return !is_new(row); });
    if (known > 0) {
      ArrayParams arrays(columns_.size());
      for (const auto& row : rows) {
        if (!is_new(row)) add(arrays, row);
      }
      session.Run(sql_, std::move(arrays).Finish());
    }
    if (known == std::ssize(rows)) return;
    CopyStream stream(session, table_, columns_);
    for (const auto& row : rows) {
      if (is_new(row)) add(stream, row);
    }
    stream.Finish();
  }
  // All columns, for SELECT.
  [[nodiscard]] const std::string& names() const { return names_; }

 private:
  std::string table_;
  std::vector<std::string> columns_;
  std::string names_;
  std::string sql_;
};

}  // namespace xt::postgres
