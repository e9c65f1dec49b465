// TableComparison: the rows of a table against those that the journal gives, both ways, both in the order of the key:
// each is held but once. The first difference is kept. Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "tools/xtraderctl/verify/store_view.h"

namespace xt::ctl {

class TableComparison {
 public:
  TableComparison(Table table, std::unique_ptr<RowSource> actual)
      : table_(std::move(table)), actual_(std::move(actual)) {}

  // The next row of the journal; its key is above that of the one before.
  void Expect(const StoreRow& expected);
  // No row comes any more.
  void Finish();

  // "fills (12, 3): fee is 5, by the journal 4"; empty when there is none.
  [[nodiscard]] const std::string& difference() const { return difference_; }
  // Why the table could not be read to its end; OK when it could.
  [[nodiscard]] const absl::Status& failure() const { return failure_; }
  [[nodiscard]] std::uint64_t rows() const { return rows_; }

 private:
  using Key = std::vector<std::int64_t>;
  [[nodiscard]] Key KeyOf(const StoreRow& row) const;
  [[nodiscard]] std::string NameOf(const StoreRow& row) const;
  [[nodiscard]] bool done() const { return !difference_.empty() || !failure_.ok(); }
  // The next row of the table, when there is one.
  const std::optional<StoreRow>& Peek();
  void CompareValues(const StoreRow& expected);

  const Table table_;
  const std::unique_ptr<RowSource> actual_;
  std::optional<StoreRow> next_;
  bool read_ = false;  // next_ is what comes
  std::uint64_t rows_ = 0;
  std::string difference_;
  absl::Status failure_;
};

}  // namespace xt::ctl
