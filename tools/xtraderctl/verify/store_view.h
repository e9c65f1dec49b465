// StoreView: the tables of persistence as they stood at one moment, row by row in the order of their keys, every value
// as text. One implementation per database; one thread, one table at a time or several.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/domain/ids.h"

namespace xt::ctl {

// The first columns are the key, whole numbers.
struct Table {
  std::string name;
  std::size_t key_columns = 1;
  std::vector<std::string> columns;
};

// Numbers as digits, booleans as "t" and "f".
using StoreRow = std::vector<std::string>;

class RowSource {
 public:
  virtual ~RowSource() = default;
  // Nothing behind the last row.
  virtual absl::StatusOr<std::optional<StoreRow>> Next() = 0;
};

class StoreView {
 public:
  virtual ~StoreView() = default;
  // The last command that everything here shows.
  [[nodiscard]] virtual domain::SequenceNumber watermark() const = 0;
  // Ascending by key. Not beyond the life of the view.
  virtual absl::StatusOr<std::unique_ptr<RowSource>> Open(const Table& table) = 0;
};

// One REPEATABLE READ transaction that only reads, which lasts as long as the object. UNAVAILABLE when the database is.
absl::StatusOr<std::unique_ptr<StoreView>> OpenPostgres(const std::string& url);

}  // namespace xt::ctl
