#include <pqxx/connection>
#include <pqxx/except>
#include <pqxx/result>
#include <pqxx/transaction>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/base/status.h"
#include "tools/xtraderctl/verify/store_view.h"

namespace xt::ctl {
namespace {

constexpr char kPage[] = "5000";  // rows of one answer
constexpr char kSettings[] =
    "connect_timeout=5&application_name=xtraderctl&options=-c%20search_path%3Dxtrader%20-c%20statement_timeout%3D60000";

using Transaction = pqxx::transaction<pqxx::repeatable_read, pqxx::read_only>;

absl::Status Failed(const std::exception& error) {
  return absl::UnavailableError(absl::StrCat("postgres: ", std::string(absl::StripAsciiWhitespace(error.what()))));
}

class Rows final : public RowSource {
 public:
  Rows(Transaction& transaction, std::string cursor) : transaction_(transaction), cursor_(std::move(cursor)) {}

  absl::StatusOr<std::optional<StoreRow>> Next() override {
    if (next_ == page_.size()) {
      try {
        page_ = transaction_.exec(absl::StrCat("FETCH ", kPage, " FROM ", cursor_));
      } catch (const pqxx::failure& error) {
        return Failed(error);
      }
      next_ = 0;
      if (page_.empty()) return std::optional<StoreRow>();
    }
    StoreRow row;
    for (const pqxx::field& field : page_[next_++]) row.emplace_back(field.c_str(), field.size());
    return std::optional<StoreRow>(std::move(row));
  }

 private:
  Transaction& transaction_;
  const std::string cursor_;
  pqxx::result page_;
  pqxx::result::size_type next_ = 0;
};

class PostgresView final : public StoreView {
 public:
  explicit PostgresView(const std::string& url) : connection_(url), transaction_(connection_) {
    watermark_ =
        domain::SequenceNumber(transaction_.exec1("SELECT sequence FROM watermark")[0].as<unsigned long long>());
  }
  [[nodiscard]] domain::SequenceNumber watermark() const override { return watermark_; }
  absl::StatusOr<std::unique_ptr<RowSource>> Open(const Table& table) override {
    const std::string cursor = "all_" + table.name;
    const std::vector<std::string> key(table.columns.begin(),
                                       table.columns.begin() + static_cast<std::ptrdiff_t>(table.key_columns));
    try {
      transaction_.exec(absl::StrCat("DECLARE ", cursor, " NO SCROLL CURSOR FOR SELECT ",
                                     absl::StrJoin(table.columns, ", "), " FROM ", table.name, " ORDER BY ",
                                     absl::StrJoin(key, ", ")));
    } catch (const pqxx::failure& error) {
      return Failed(error);
    }
    return std::make_unique<Rows>(transaction_, cursor);
  }

 private:
  pqxx::connection connection_;
  Transaction transaction_;
  domain::SequenceNumber watermark_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<StoreView>> OpenPostgres(const std::string& url) {
  try {
    return std::make_unique<PostgresView>(absl::StrCat(url, url.find('?') == std::string::npos ? "?" : "&", kSettings));
  } catch (const std::exception& error) {
    return Failed(error);
  }
}

}  // namespace xt::ctl
