// Query: the text of a SELECT and its parameters, which are numbered as they come.
#pragma once

#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "libs/adapters/postgres/internal/values.h"

namespace xt::postgres {

class Query {
 public:
  template <typename... Texts>
  explicit Query(const Texts&... texts) : sql_(absl::StrCat(texts...)) {}

  Query& Sql(std::string_view text) {
    sql_ += text;
    return *this;
  }
  template <typename T>
  Query& Bind(const T& value) {
    params_.Add(value);
    absl::StrAppend(&sql_, "$", params_.texts().size());
    return *this;
  }
  // One more condition, which ends with a parameter.
  template <typename T>
  Query& Where(std::string_view condition, const T& value) {
    return Sql(params_.texts().empty() ? " WHERE " : " AND ").Sql(condition).Bind(value);
  }

  [[nodiscard]] const std::string& sql() const { return sql_; }
  [[nodiscard]] const Params& params() const { return params_; }

 private:
  std::string sql_;
  Params params_;
};

}  // namespace xt::postgres
