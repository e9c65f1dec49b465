// Between our values and PostgreSQL's text format. Unsigned 64-bit values are stored as signed ones (BIGINT); a value
// that its column cannot hold is an error of the statement.
#pragma once

#include <charconv>
#include <cstdint>
#include <pqxx/result>
#include <pqxx/row>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "libs/base/check.h"

namespace xt::postgres {

template <typename T>
concept Number = std::is_enum_v<T> || std::is_integral_v<T>;
template <typename T>
concept StrongNumber = requires {
  typename T::rep;
};
template <typename T>
concept FixedText = requires(const T& value) {
  value.view();
};

inline void AppendInt(std::string& text, std::int64_t value) {
  char digits[20];
  text.append(digits, std::to_chars(digits, digits + sizeof(digits), value).ptr);
}

// A value as PostgreSQL reads it.
template <typename T>
void AppendText(std::string& text, const T& value) {
  if constexpr (Number<T>) {
    AppendInt(text, static_cast<std::int64_t>(value));
  } else if constexpr (StrongNumber<T>) {
    AppendInt(text, static_cast<std::int64_t>(value.value()));
  } else if constexpr (FixedText<T>) {
    text += value.view();
  } else {
    text += value;
  }
}

template <typename T>
std::string AsText(const T& value) {
  std::string text;
  AppendText(text, value);
  return text;
}

// The parameters of a statement, from $1 on.
class Params {
 public:
  template <typename... Values>
  explicit Params(const Values&... values) {
    (Add(values), ...);
  }
  template <typename T>
  void Add(const T& value) {
    texts_.push_back(AsText(value));
  }
  void AddText(std::string text) { texts_.push_back(std::move(text)); }
  [[nodiscard]] const std::vector<std::string>& texts() const { return texts_; }

 private:
  std::vector<std::string> texts_;
};

// The rows of one statement as one array per column, for unnest.
class ArrayParams {
 public:
  explicit ArrayParams(std::size_t columns) : arrays_(columns, "{") {}

  // One row: a value for each column, in order.
  template <typename... Values>
  void AddRow(const Values&... values) {
    XT_CHECK(sizeof...(values) == arrays_.size(), "a value for each column");
    std::string* array = arrays_.data();
    (AppendElement(*array++, values), ...);
  }
  [[nodiscard]] Params Finish() && {
    Params params;
    for (std::string& array : arrays_) {
      array += '}';
      params.AddText(std::move(array));
    }
    return params;
  }

 private:
  static void AppendQuoted(std::string& array, std::string_view value) {
    array += '"';
    for (const char c : value) {
      if (c == '"' || c == '\\') array += '\\';
      array += c;
    }
    array += '"';
  }
  template <typename T>
  static void AppendElement(std::string& array, const T& value) {
    if (array.size() > 1) array += ',';
    if constexpr (FixedText<T>) {
      AppendQuoted(array, value.view());
    } else {
      AppendText(array, value);
    }
  }

  std::vector<std::string> arrays_;
};

// Reads the columns of a row in order, from the first on.
class RowReader {
 public:
  explicit RowReader(const pqxx::row& row) : row_(row) {}

  template <typename... Values>
  void Columns(Values&... values) {
    (Read(values), ...);
  }

 private:
  template <typename T>
  void Read(T& value) {
    const pqxx::field field = row_[column_++];
    const std::string_view text(field.c_str(), field.size());
    if constexpr (std::is_same_v<T, bool>) {
      value = text == "t";
    } else if constexpr (Number<T>) {
      value = static_cast<T>(ToInt(text));
    } else if constexpr (std::is_same_v<T, std::string>) {
      value = text;
    } else if constexpr (FixedText<T>) {
      value = T::From(text).value_or(T());
    } else {
      value = T(static_cast<typename T::rep>(ToInt(text)));
    }
  }
  static std::int64_t ToInt(std::string_view text) {
    std::int64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
  }

  const pqxx::row& row_;
  pqxx::row::size_type column_ = 0;
};

}  // namespace xt::postgres
