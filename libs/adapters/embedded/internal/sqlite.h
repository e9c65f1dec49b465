// A thin skin over SQLite: connections, statements prepared once and kept by their text, values bound and read in
// order. Errors become a Status: ALREADY_EXISTS for a broken constraint, UNAVAILABLE for a busy or full database,
// DATA_LOSS for a damaged file, INTERNAL else. A connection and its statements belong to one thread at a time.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/base/strong_type.h"

namespace xt::embedded::sqlite {

// A statement that is being bound or read. Unsigned 64-bit values are stored as signed ones.
class Statement {
 public:
  Statement() = default;
  Statement(sqlite3* db, sqlite3_stmt* statement) : db_(db), statement_(statement) {}

  // Binds all parameters, from the first on.
  template <typename... Values>
  void Bind(const Values&... values) {
    column_ = 0;
    (BindOne(values), ...);
  }
  // True when there is a row.
  absl::StatusOr<bool> Step();
  // Steps once and resets, for statements without rows.
  absl::Status Run();
  // The rows that Run changed.
  [[nodiscard]] int Changes() const { return sqlite3_changes(db_); }
  void Reset();

  // Reads the columns of the row in order, from the first on.
  template <typename... Values>
  void Columns(Values&... values) {
    column_ = 0;
    (ReadOne(values), ...);
  }

 private:
  void BindInt(std::int64_t value) { sqlite3_bind_int64(statement_, ++column_, value); }
  void BindText(std::string_view value) {
    sqlite3_bind_text64(statement_, ++column_, value.data(), value.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  }
  template <typename T>
  void BindOne(const T& value) {
    if constexpr (std::is_enum_v<T> || std::is_integral_v<T>) {
      BindInt(static_cast<std::int64_t>(value));
    } else if constexpr (requires { value.view(); }) {
      BindText(value.view());
    } else if constexpr (std::is_convertible_v<const T&, std::string_view>) {
      BindText(value);
    } else {
      BindInt(static_cast<std::int64_t>(value.value()));
    }
  }

  std::int64_t ReadInt() { return sqlite3_column_int64(statement_, column_++); }
  std::string_view ReadText() {
    const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column_));
    return {text == nullptr ? "" : text, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column_++))};
  }
  template <typename T>
  void ReadOne(T& value) {
    if constexpr (std::is_enum_v<T> || std::is_integral_v<T>) {
      value = static_cast<T>(ReadInt());
    } else if constexpr (std::is_same_v<T, std::string>) {
      value = ReadText();
    } else if constexpr (requires { value.view(); }) {
      value = T::From(ReadText()).value_or(T());
    } else {
      value = T(static_cast<typename T::rep>(ReadInt()));
    }
  }

  sqlite3* db_ = nullptr;
  sqlite3_stmt* statement_ = nullptr;
  int column_ = 0;
};

// Resets the statement when it goes: a statement left in the middle of its rows would hold its snapshot open.
class Use {
 public:
  explicit Use(Statement& statement) : statement_(statement) {}
  ~Use() { statement_.Reset(); }
  Use(const Use&) = delete;
  Use& operator=(const Use&) = delete;
  Statement* operator->() { return &statement_; }

 private:
  Statement& statement_;
};

enum class Mode : std::uint8_t { kReadWrite, kReadOnly };

class Connection {
 public:
  static absl::StatusOr<std::unique_ptr<Connection>> Open(const std::string& path, Mode mode,
                                                          std::uint32_t busy_timeout_ms);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Several statements without parameters and rows.
  absl::Status Execute(const std::string& sql);
  // Prepared once per text; the text must be one of few.
  absl::StatusOr<Statement*> Prepare(std::string_view sql);
  [[nodiscard]] bool InTransaction() const { return sqlite3_get_autocommit(db_) == 0; }

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  struct Prepared {
    std::unique_ptr<sqlite3_stmt, Finalize> owner;
    std::unique_ptr<Statement> statement;
  };

  explicit Connection(sqlite3* db) : db_(db) {}

  sqlite3* db_;
  std::map<std::string, Prepared, std::less<>> statements_;
};

}  // namespace xt::embedded::sqlite
