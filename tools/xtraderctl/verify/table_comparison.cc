#include "tools/xtraderctl/verify/table_comparison.h"

#include <charconv>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace xt::ctl {

void TableComparison::Expect(const StoreRow& expected) {
  if (done()) return;
  ++rows_;
  const std::optional<StoreRow>& actual = Peek();
  if (done()) return;
  if (!actual || KeyOf(*actual) > KeyOf(expected)) {
    difference_ = NameOf(expected) + ": the row is missing";
  } else if (KeyOf(*actual) < KeyOf(expected)) {
    difference_ = NameOf(*actual) + ": the journal knows no such row";
  } else {
    CompareValues(expected);
  }
}

void TableComparison::Finish() {
  if (done()) return;
  if (const auto& actual = Peek(); actual) difference_ = NameOf(*actual) + ": the journal knows no such row";
}

void TableComparison::CompareValues(const StoreRow& expected) {
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if ((*next_)[i] == expected[i]) continue;
    difference_ =
        absl::StrCat(NameOf(expected), ": ", table_.columns[i], " is ", (*next_)[i], ", by the journal ", expected[i]);
    return;
  }
  read_ = false;
}

const std::optional<StoreRow>& TableComparison::Peek() {
  if (read_) return next_;
  auto row = actual_->Next();
  failure_ = row.status();
  if (row.ok()) next_ = *std::move(row);
  read_ = true;
  return next_;
}

TableComparison::Key TableComparison::KeyOf(const StoreRow& row) const {
  Key key(table_.key_columns);
  for (std::size_t i = 0; i < key.size(); ++i) std::from_chars(row[i].data(), row[i].data() + row[i].size(), key[i]);
  return key;
}

std::string TableComparison::NameOf(const StoreRow& row) const {
  return absl::StrCat(table_.name, " (", absl::StrJoin(KeyOf(row), ", "), ")");
}

}  // namespace xt::ctl
