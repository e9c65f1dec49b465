#include "libs/adapters/embedded/sqlite_store.h"

#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/adapters/embedded/internal/files.h"
#include "libs/adapters/embedded/internal/sqlite.h"
#include "libs/adapters/embedded/internal/store_rows.h"
#include "libs/adapters/embedded/internal/store_schema.h"
#include "libs/base/status.h"

namespace xt::embedded {

using domain::AccountId;
using domain::SequenceNumber;
using ports::OrderRow;
using sqlite::Connection;
using sqlite::Statement;

namespace {

__extension__ using Wide = __int128;

constexpr std::size_t kMaxLimit = 1000;

absl::Status CheckLimit(std::size_t limit) {
  if (limit >= 1 && limit <= kMaxLimit) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("limit must be 1..", kMaxLimit));
}

absl::StatusOr<SequenceNumber> ReadWatermark(Connection& connection) {
  XT_ASSIGN_OR_RETURN(Statement * statement, connection.Prepare("SELECT sequence FROM watermark"));
  sqlite::Use use(*statement);
  XT_ASSIGN_OR_RETURN(const bool found, use->Step());
  if (!found) return absl::DataLossError("the store has no watermark");
  SequenceNumber sequence;
  use->Columns(sequence);
  return sequence;
}

absl::Status PutBatch(Connection& connection, const ports::StoreBatch& batch) {
  XT_ASSIGN_OR_RETURN(const SequenceNumber stored, ReadWatermark(connection));
  if (stored != batch.previous_watermark || batch.watermark < stored) {
    return absl::FailedPreconditionError(absl::StrCat("the batch goes from ", batch.previous_watermark.value(), " to ",
                                                      batch.watermark.value(), ", but the watermark is ",
                                                      stored.value()));
  }
  XT_RETURN_IF_ERROR(rows::PutReferenceData(connection, batch));
  XT_RETURN_IF_ERROR(rows::PutRules(connection, batch));
  XT_RETURN_IF_ERROR(rows::PutOrders(connection, batch));
  XT_RETURN_IF_ERROR(rows::PutFills(connection, batch.fills));
  XT_RETURN_IF_ERROR(rows::PutTrades(connection, batch.trades));
  XT_RETURN_IF_ERROR(rows::PutLedger(connection, batch.ledger));
  XT_RETURN_IF_ERROR(rows::PutRiskDecisions(connection, batch.risk_decisions));
  XT_RETURN_IF_ERROR(rows::PutBalances(connection, batch.balances));
  XT_ASSIGN_OR_RETURN(Statement * statement, connection.Prepare("UPDATE watermark SET sequence = ?"));
  statement->Bind(batch.watermark);
  return statement->Run();
}

absl::Status RunPlain(Connection& connection, std::string_view sql) {
  XT_ASSIGN_OR_RETURN(Statement * statement, connection.Prepare(sql));
  return statement->Run();
}

// For paging from an event backwards; {0, 0} means from the newest.
std::int64_t SequenceBefore(const domain::EventId& before) {
  return before == domain::EventId{} ? INT64_MAX : static_cast<std::int64_t>(before.sequence.value());
}

// What a query that binds nothing binds.
void BindNothing(Statement&) {}

void ReadAccount(Statement& row, ports::AccountRow& account) {
  row.Columns(account.id, account.name, account.created_ns);
}
void ReadAsset(Statement& row, domain::Asset& asset) { row.Columns(asset.id, asset.code, asset.decimals); }
void ReadBalance(Statement& row, ports::BalanceRow& b) {
  row.Columns(b.account, b.asset, b.available, b.locked, b.updated_sequence);
}
void ReadApiKey(Statement& row, ports::ApiKeyRow& key) { row.Columns(key.api_key, key.secret, key.account); }

}  // namespace

class SqliteStore::Impl {
 public:
  Impl(std::string path, SqliteStoreOptions options) : path_(std::move(path)), options_(options) {}

  absl::Status Open();
  absl::Status Apply(const ports::StoreBatch& batch);
  absl::Status PutApiKey(const ports::ApiKeyRow& row);

  // Runs `action` with a reader's connection; waits for one when all are in use.
  template <typename Action>
  auto WithReader(const Action& action) -> decltype(action(std::declval<Connection&>())) {
    std::unique_lock lock(mutex_);
    if (!open_) return absl::FailedPreconditionError("the store is not open");
    reader_free_.wait(lock, [this] { return !idle_readers_.empty(); });
    std::unique_ptr<Connection> connection = std::move(idle_readers_.back());
    idle_readers_.pop_back();
    lock.unlock();
    auto result = action(*connection);
    lock.lock();
    idle_readers_.push_back(std::move(connection));
    lock.unlock();
    reader_free_.notify_one();
    return result;
  }

  // All rows of a query.
  template <typename Row, typename Bind>
  absl::StatusOr<std::vector<Row>> Query(std::string_view sql, const Bind& bind, void (*read)(Statement&, Row&)) {
    return WithReader([&](Connection& connection) -> absl::StatusOr<std::vector<Row>> {
      XT_ASSIGN_OR_RETURN(Statement * statement, connection.Prepare(sql));
      bind(*statement);
      sqlite::Use use(*statement);
      std::vector<Row> result;
      while (true) {
        XT_ASSIGN_OR_RETURN(const bool more, use->Step());
        if (!more) return result;
        read(*statement, result.emplace_back());
      }
    });
  }

  // The first row of a query, or NOT_FOUND.
  template <typename Row, typename Bind>
  absl::StatusOr<Row> QueryOne(std::string_view sql, const Bind& bind, void (*read)(Statement&, Row&)) {
    XT_ASSIGN_OR_RETURN(auto found, Query<Row>(sql, bind, read));
    if (found.empty()) return absl::NotFoundError("no such row");
    return std::move(found.front());
  }

 private:
  const std::string path_;
  const SqliteStoreOptions options_;
  std::mutex writer_mutex_;
  std::unique_ptr<Connection> writer_;
  std::mutex mutex_;
  std::condition_variable reader_free_;
  std::vector<std::unique_ptr<Connection>> idle_readers_;
  bool open_ = false;
};

absl::Status SqliteStore::Impl::Open() {
  if (options_.readers < 1 || options_.readers > 64) return absl::InvalidArgumentError("readers must be 1..64");
  if (const auto folder = std::filesystem::path(path_).parent_path(); !folder.empty()) {
    XT_RETURN_IF_ERROR(MakeFolders(folder.string()));
  }
  std::lock_guard writer_lock(writer_mutex_);
  std::lock_guard lock(mutex_);
  if (open_) return absl::FailedPreconditionError("the store is open");
  XT_ASSIGN_OR_RETURN(writer_, Connection::Open(path_, sqlite::Mode::kReadWrite, options_.busy_timeout_ms));
  XT_RETURN_IF_ERROR(Migrate(*writer_));
  idle_readers_.clear();
  for (std::size_t i = 0; i < options_.readers; ++i) {
    XT_ASSIGN_OR_RETURN(auto reader, Connection::Open(path_, sqlite::Mode::kReadOnly, options_.busy_timeout_ms));
    idle_readers_.push_back(std::move(reader));
  }
  open_ = true;
  return absl::OkStatus();
}

absl::Status SqliteStore::Impl::Apply(const ports::StoreBatch& batch) {
  std::lock_guard lock(writer_mutex_);
  if (!writer_) return absl::FailedPreconditionError("the store is not open");
  XT_RETURN_IF_ERROR(RunPlain(*writer_, "BEGIN IMMEDIATE"));
  if (absl::Status status = PutBatch(*writer_, batch); !status.ok()) {
    if (writer_->InTransaction()) RunPlain(*writer_, "ROLLBACK").IgnoreError();
    return status;
  }
  const absl::Status committed = RunPlain(*writer_, "COMMIT");
  if (committed.ok()) return committed;
  // Still in the transaction: certainly not committed. Otherwise nobody knows.
  if (writer_->InTransaction()) {
    RunPlain(*writer_, "ROLLBACK").IgnoreError();
    return committed;
  }
  return absl::AbortedError(absl::StrCat("the outcome of the commit is unknown: ", committed.message()));
}

absl::Status SqliteStore::Impl::PutApiKey(const ports::ApiKeyRow& row) {
  std::lock_guard lock(writer_mutex_);
  if (!writer_) return absl::FailedPreconditionError("the store is not open");
  XT_ASSIGN_OR_RETURN(Statement * statement,
                      writer_->Prepare("INSERT OR REPLACE INTO api_keys (api_key, secret, account) VALUES (?,?,?)"));
  statement->Bind(row.api_key, row.secret, row.account);
  return statement->Run();
}

SqliteStore::SqliteStore(std::string path, SqliteStoreOptions options)
    : impl_(std::make_unique<Impl>(std::move(path), options)) {}
SqliteStore::~SqliteStore() = default;

absl::Status SqliteStore::Open() { return impl_->Open(); }
absl::Status SqliteStore::Apply(const ports::StoreBatch& batch) { return impl_->Apply(batch); }
absl::Status SqliteStore::PutApiKey(const ports::ApiKeyRow& row) { return impl_->PutApiKey(row); }

absl::StatusOr<SequenceNumber> SqliteStore::Watermark() { return impl_->WithReader(&ReadWatermark); }

absl::StatusOr<OrderRow> SqliteStore::GetOrder(AccountId account, domain::OrderId order) {
  static const std::string sql =
      absl::StrCat("SELECT ", rows::OrderColumns(), " FROM orders WHERE order_id = ? AND account = ?");
  return impl_->QueryOne<OrderRow>(
      sql, [&](Statement& s) { s.Bind(order, account); }, &rows::ReadOrder);
}

// The newest one of that name.
absl::StatusOr<OrderRow> SqliteStore::FindOrder(AccountId account, std::string_view client_order_id) {
  static const std::string sql =
      absl::StrCat("SELECT ", rows::OrderColumns(),
                   " FROM orders WHERE account = ? AND client_order_id = ? ORDER BY created_day_utc DESC LIMIT 1");
  return impl_->QueryOne<OrderRow>(
      sql, [&](Statement& s) { s.Bind(account, client_order_id); }, &rows::ReadOrder);
}

absl::StatusOr<std::vector<OrderRow>> SqliteStore::ListOrders(const ports::OrderFilter& filter) {
  XT_RETURN_IF_ERROR(CheckLimit(filter.limit));
  // Order ids do not grow with time (matching gives a freed slot to a later order), so the newest is the last entered.
  // Two shapes for each index that serves them.
  const bool newest = filter.before.value() == 0;
  const std::string sql = absl::StrCat(
      "SELECT ", rows::OrderColumns(), " FROM orders WHERE account = ?",
      newest ? " AND ? IS NOT NULL AND ? IS NOT NULL"
             : " AND (created_sequence, order_id) < ((SELECT created_sequence FROM orders WHERE order_id = ?), ?)",
      filter.symbol ? " AND symbol = ?" : " AND ? IS NOT NULL", filter.open_only ? " AND status IN (1, 2)" : "",
      " ORDER BY created_sequence DESC, order_id DESC LIMIT ?");
  const auto bind = [&](Statement& s) {
    s.Bind(filter.account, filter.before, filter.before, filter.symbol.value_or(domain::SymbolId()), filter.limit);
  };
  return impl_->Query<OrderRow>(sql, bind, &rows::ReadOrder);
}

absl::StatusOr<std::vector<ports::FillRow>> SqliteStore::ListFills(const ports::FillFilter& filter) {
  XT_RETURN_IF_ERROR(CheckLimit(filter.limit));
  const std::string sql = absl::StrCat(
      "SELECT ", rows::FillColumns(), " FROM fills WHERE account = ? AND (sequence, event) < (?, ?)",
      filter.order ? " AND order_id = ?" : " AND ? IS NOT NULL",
      filter.symbol ? " AND symbol = ?" : " AND ? IS NOT NULL", " ORDER BY sequence DESC, event DESC LIMIT ?");
  const auto bind = [&](Statement& s) {
    s.Bind(filter.account, SequenceBefore(filter.before), filter.before.index, filter.order.value_or(domain::OrderId()),
           filter.symbol.value_or(domain::SymbolId()), filter.limit);
  };
  return impl_->Query<ports::FillRow>(sql, bind, &rows::ReadFill);
}

absl::StatusOr<std::vector<ports::RiskRow>> SqliteStore::ListRiskDecisions(const ports::RiskFilter& filter) {
  XT_RETURN_IF_ERROR(CheckLimit(filter.limit));
  const std::string sql = absl::StrCat(
      "SELECT ", rows::kRiskColumns, " FROM risk_decisions WHERE account = ? AND (sequence, event) < (?, ?)",
      filter.refused_only ? " AND reason <> 0" : "", " ORDER BY sequence DESC, event DESC LIMIT ?");
  const auto bind = [&](Statement& s) {
    s.Bind(filter.account, SequenceBefore(filter.before), filter.before.index, filter.limit);
  };
  return impl_->Query<ports::RiskRow>(sql, bind, &rows::ReadRiskDecision);
}

absl::StatusOr<std::vector<ports::BalanceRow>> SqliteStore::ListBalances(AccountId account) {
  return impl_->Query<ports::BalanceRow>(
      "SELECT account, asset, available, locked, updated_sequence FROM balances WHERE account = ? ORDER BY asset",
      [&](Statement& s) { s.Bind(account); }, &ReadBalance);
}

absl::StatusOr<std::vector<ports::AccountRow>> SqliteStore::ListAccounts() {
  return impl_->Query<ports::AccountRow>("SELECT id, name, created_ns FROM accounts ORDER BY id", &BindNothing,
                                         &ReadAccount);
}

absl::StatusOr<std::vector<domain::Asset>> SqliteStore::ListAssets() {
  return impl_->Query<domain::Asset>("SELECT id, code, decimals FROM assets ORDER BY id", &BindNothing, &ReadAsset);
}

absl::StatusOr<std::vector<domain::Symbol>> SqliteStore::ListSymbols() {
  static const std::string sql = absl::StrCat("SELECT ", rows::kSymbolColumns, " FROM symbols ORDER BY id");
  return impl_->Query<domain::Symbol>(sql, &BindNothing, &rows::ReadSymbol);
}

absl::StatusOr<std::vector<ports::AccountSettingsRow>> SqliteStore::ListAccountSettings() {
  static const std::string sql =
      absl::StrCat("SELECT ", rows::kAccountSettingsColumns, " FROM account_settings ORDER BY account");
  return impl_->Query<ports::AccountSettingsRow>(sql, &BindNothing, &rows::ReadAccountSettings);
}

absl::StatusOr<std::vector<domain::FeeTier>> SqliteStore::ListFeeTiers() {
  static const std::string sql = absl::StrCat("SELECT ", rows::kFeeTierColumns, " FROM fee_tiers ORDER BY id");
  return impl_->Query<domain::FeeTier>(sql, &BindNothing, &rows::ReadFeeTier);
}

absl::StatusOr<std::vector<ports::SymbolLimitsRow>> SqliteStore::ListSymbolLimits() {
  static const std::string sql =
      absl::StrCat("SELECT ", rows::kSymbolLimitsColumns, " FROM symbol_limits ORDER BY symbol");
  return impl_->Query<ports::SymbolLimitsRow>(sql, &BindNothing, &rows::ReadSymbolLimits);
}

absl::StatusOr<ports::ApiKeyRow> SqliteStore::GetApiKey(std::string_view api_key) {
  return impl_->QueryOne<ports::ApiKeyRow>(
      "SELECT api_key, secret, account FROM api_keys WHERE api_key = ?", [&](Statement& s) { s.Bind(api_key); },
      &ReadApiKey);
}

absl::StatusOr<std::vector<ports::ApiKeyRow>> SqliteStore::ListApiKeys(AccountId account) {
  return impl_->Query<ports::ApiKeyRow>(
      "SELECT api_key, secret, account FROM api_keys WHERE account = ? ORDER BY api_key",
      [&](Statement& s) { s.Bind(account); }, &ReadApiKey);
}

absl::StatusOr<std::vector<ports::Store::LedgerSum>> SqliteStore::SumLedger() {
  // In two halves, since SQLite's sum() fails when it passes 63 bits on the way.
  struct Halves {
    domain::AssetId asset;
    std::int64_t high = 0;
    std::int64_t low = 0;
  };
  XT_ASSIGN_OR_RETURN(const auto halves,
                      impl_->Query<Halves>(
                          "SELECT asset, sum(amount >> 32), sum(amount & 4294967295) FROM ledger "
                          "GROUP BY asset ORDER BY asset",
                          &BindNothing, +[](Statement& row, Halves& h) { row.Columns(h.asset, h.high, h.low); }));
  std::vector<LedgerSum> sums;
  for (const Halves& h : halves) {
    const Wide sum = Wide{h.high} * (Wide{1} << 32) + h.low;
    if (sum > INT64_MAX || sum < INT64_MIN) return absl::OutOfRangeError("a ledger's sum does not fit 63 bits");
    sums.push_back({h.asset, domain::Amount(static_cast<std::int64_t>(sum))});
  }
  return sums;
}

}  // namespace xt::embedded
