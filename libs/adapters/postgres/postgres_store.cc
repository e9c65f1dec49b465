#include "libs/adapters/postgres/postgres_store.h"

#include <atomic>
#include <charconv>
#include <chrono>
#include <mutex>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/adapters/postgres/internal/connection.h"
#include "libs/adapters/postgres/internal/connection_pool.h"
#include "libs/adapters/postgres/internal/query.h"
#include "libs/adapters/postgres/internal/rows.h"
#include "libs/adapters/postgres/internal/schema.h"
#include "libs/base/status.h"

namespace xt::postgres {

using domain::AccountId;
using domain::SequenceNumber;
using ports::OrderRow;

namespace {

constexpr std::size_t kMaxLimit = 1000;

absl::Status CheckLimit(std::size_t limit) {
  if (limit >= 1 && limit <= kMaxLimit) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("limit must be 1..", kMaxLimit));
}

bool IsSchemaName(std::string_view name) {
  if (name.empty() || name.size() > 63 || name[0] < 'a' || name[0] > 'z') return false;
  return name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string_view::npos;
}

absl::Status Check(const PostgresConfig& c) {
  const auto within = [](auto value, auto low, auto high) { return value >= low && value <= high; };
  const char* wrong = nullptr;
  if (!c.url.starts_with("postgresql://") && !c.url.starts_with("postgres://")) wrong = "url: not postgresql://...";
  if (!IsSchemaName(c.schema)) wrong = "schema: not 1..63 of [a-z0-9_] after a letter";
  if (!within(c.max_query_connections, 1U, 64U)) wrong = "max_query_connections: not 1..64";
  if (!within(c.connect_timeout_s, 2U, 60U)) wrong = "connect_timeout_s: not 2..60";
  if (!within(c.statement_timeout_ms, 10U, 600'000U)) wrong = "statement_timeout_ms: not 10..600000";
  if (!within(c.call_timeout_ms, c.statement_timeout_ms, 600'000U)) {
    wrong = "call_timeout_ms: not statement_timeout_ms..600000";
  }
  return wrong == nullptr ? absl::OkStatus() : absl::InvalidArgumentError(wrong);
}

absl::StatusOr<SequenceNumber> ReadWatermark(Session& session, const std::string& sql) {
  const pqxx::result found = session.Run(sql);
  if (found.empty()) return absl::DataLossError("the store has no watermark");
  const pqxx::row row = found[0];
  SequenceNumber sequence;
  RowReader(row).Columns(sequence);
  return sequence;
}

// Locks the watermark until the end of the transaction.
absl::Status MoveWatermark(Session& session, const ports::StoreBatch& batch) {
  if (batch.watermark >= batch.previous_watermark) {
    const auto moved = session.Run("UPDATE watermark SET sequence = $2 WHERE sequence = $1",
                                   Params(batch.previous_watermark, batch.watermark));
    if (moved.affected_rows() == 1) return absl::OkStatus();
  }
  XT_ASSIGN_OR_RETURN(const SequenceNumber stored, ReadWatermark(session, "SELECT sequence FROM watermark"));
  return absl::FailedPreconditionError(absl::StrCat("the batch goes from ", batch.previous_watermark.value(), " to ",
                                                    batch.watermark.value(), ", but the watermark is ",
                                                    stored.value()));
}

absl::Status PutBatch(Session& session, const ports::StoreBatch& batch) {
  XT_RETURN_IF_ERROR(MoveWatermark(session, batch));
  rows::PutReferenceData(session, batch);
  rows::PutRules(session, batch);
  XT_RETURN_IF_ERROR(rows::PutOrders(session, batch));
  rows::PutFills(session, batch.fills, batch.previous_watermark);
  rows::PutTrades(session, batch.trades, batch.previous_watermark);
  rows::PutLedger(session, batch.ledger, batch.previous_watermark);
  rows::PutRiskDecisions(session, batch.risk_decisions, batch.previous_watermark);
  rows::PutBalances(session, batch.balances);
  return absl::OkStatus();
}

// For paging from an event backwards; {0, 0} means from the newest.
std::int64_t SequenceBefore(const domain::EventId& before) {
  return before == domain::EventId{} ? INT64_MAX : static_cast<std::int64_t>(before.sequence.value());
}

void ReadApiKey(RowReader& row, ports::ApiKeyRow& key) { row.Columns(key.api_key, key.secret, key.account); }

}  // namespace

class PostgresStore::Impl {
 public:
  explicit Impl(PostgresConfig config) : config_(std::move(config)), pool_(config_, watch_) {}

  absl::Status Open();
  absl::Status Apply(const ports::StoreBatch& batch);
  absl::StatusOr<bool> ClaimWriting();
  void ReleaseWriting();
  absl::StatusOr<SequenceNumber> Watermark();
  absl::Status PutApiKey(const ports::ApiKeyRow& row);
  PostgresStats stats() const;

  // All rows of a query.
  template <typename Row>
  absl::StatusOr<std::vector<Row>> All(const Query& query, void (*read)(RowReader&, Row&)) {
    if (!open_) return NotOpen();
    std::vector<Row> result;
    XT_RETURN_IF_ERROR(pool_.Execute([&](Session& session) {
      for (const pqxx::row& row : session.Run(query.sql(), query.params())) {
        RowReader reader(row);
        read(reader, result.emplace_back());
      }
      return absl::OkStatus();
    }));
    return result;
  }

  // The first row of a query, or NOT_FOUND.
  template <typename Row>
  absl::StatusOr<Row> One(const Query& query, void (*read)(RowReader&, Row&)) {
    XT_ASSIGN_OR_RETURN(auto found, All<Row>(query, read));
    if (found.empty()) return absl::NotFoundError("no such row");
    return std::move(found.front());
  }

 private:
  static absl::Status NotOpen() { return absl::FailedPreconditionError("the store is not open"); }
  [[nodiscard]] Deadline CallDeadline() const {
    return std::chrono::steady_clock::now() + std::chrono::milliseconds(config_.call_timeout_ms);
  }
  // Makes writer_ a connection that seems good.
  absl::Status ConnectWriter();
  void DropWriter();
  // After a commit of unknown outcome.
  absl::Status Decide(const ports::StoreBatch& batch, const absl::Status& in_doubt);

  const PostgresConfig config_;
  CallWatch watch_;
  ConnectionPool pool_;
  std::atomic<bool> open_{false};
  std::atomic<std::uint64_t> writers_opened_{0};
  std::atomic<std::uint64_t> writers_lost_{0};
  std::mutex writer_mutex_;
  std::unique_ptr<Connection> writer_;
  bool claimed_ = false;  // by writer_
};

absl::Status PostgresStore::Impl::Open() {
  std::lock_guard lock(writer_mutex_);
  if (open_) return absl::FailedPreconditionError("the store is open");
  XT_RETURN_IF_ERROR(Check(config_));
  XT_RETURN_IF_ERROR(ConnectWriter());
  XT_RETURN_IF_ERROR(Migrate(*writer_, config_.schema));
  open_ = true;
  return absl::OkStatus();
}

absl::Status PostgresStore::Impl::ConnectWriter() {
  if (writer_ && writer_->usable() && !writer_->ClosedByServer()) return absl::OkStatus();
  DropWriter();
  XT_ASSIGN_OR_RETURN(writer_, Connection::Open(config_, watch_));
  ++writers_opened_;
  return absl::OkStatus();
}

void PostgresStore::Impl::DropWriter() {
  if (writer_) ++writers_lost_;
  writer_.reset();
  claimed_ = false;
}

// A lock of the session, which ends with it. Each schema has its own.
absl::StatusOr<bool> PostgresStore::Impl::ClaimWriting() {
  std::lock_guard lock(writer_mutex_);
  if (!open_) return NotOpen();
  XT_RETURN_IF_ERROR(ConnectWriter());
  if (claimed_) return true;
  XT_RETURN_IF_ERROR(writer_->Execute(CallDeadline(), [&](Session& session) {
    const pqxx::result found = session.Run("SELECT pg_try_advisory_lock(hashtextextended(current_schema(), 0))");
    claimed_ = found[0][0].as<bool>();
    return absl::OkStatus();
  }));
  return claimed_;
}

void PostgresStore::Impl::ReleaseWriting() {
  std::lock_guard lock(writer_mutex_);
  writer_.reset();
  claimed_ = false;
}

absl::Status PostgresStore::Impl::Apply(const ports::StoreBatch& batch) {
  std::lock_guard lock(writer_mutex_);
  if (!open_) return NotOpen();
  XT_RETURN_IF_ERROR(ConnectWriter());
  absl::Status status = writer_->Transact(CallDeadline(), [&](Session& session) { return PutBatch(session, batch); });
  return absl::IsAborted(status) ? Decide(batch, status) : status;
}

absl::Status PostgresStore::Impl::Decide(const ports::StoreBatch& batch, const absl::Status& in_doubt) {
  DropWriter();
  const absl::Status unknown =
      absl::AbortedError(absl::StrCat("the outcome of the commit is unknown: ", in_doubt.message()));
  if (!ConnectWriter().ok()) return unknown;
  SequenceNumber stored;
  const absl::Status read = writer_->Transact(CallDeadline(), [&](Session& session) {
    // Waits for the old transaction, in case the server has not ended it yet.
    XT_ASSIGN_OR_RETURN(stored, ReadWatermark(session, "SELECT sequence FROM watermark FOR UPDATE"));
    return absl::OkStatus();
  });
  if (!read.ok()) return unknown;
  if (stored <= batch.previous_watermark) return absl::UnavailableError(in_doubt.message());
  if (stored >= batch.watermark) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat("the watermark is ", stored.value(), " by another writer"));
}

absl::StatusOr<SequenceNumber> PostgresStore::Impl::Watermark() {
  if (!open_) return NotOpen();
  absl::StatusOr<SequenceNumber> sequence;
  XT_RETURN_IF_ERROR(pool_.Execute([&](Session& session) {
    sequence = ReadWatermark(session, "SELECT sequence FROM watermark");
    return sequence.status();
  }));
  return sequence;
}

absl::Status PostgresStore::Impl::PutApiKey(const ports::ApiKeyRow& row) {
  if (!open_) return NotOpen();
  return pool_.Execute([&](Session& session) {
    session.Run(
        "INSERT INTO api_keys (api_key, secret, account) VALUES ($1, $2, $3) "
        "ON CONFLICT (api_key) DO UPDATE SET secret = excluded.secret, account = excluded.account",
        Params(row.api_key, row.secret, row.account));
    return absl::OkStatus();
  });
}

PostgresStats PostgresStore::Impl::stats() const {
  PostgresStats stats = pool_.stats();
  stats.connections_opened += writers_opened_;
  stats.connections_lost += writers_lost_;
  return stats;
}

PostgresStore::PostgresStore(PostgresConfig config) : impl_(std::make_unique<Impl>(std::move(config))) {}
PostgresStore::~PostgresStore() = default;

absl::Status PostgresStore::Open() { return impl_->Open(); }
absl::Status PostgresStore::Apply(const ports::StoreBatch& batch) { return impl_->Apply(batch); }
absl::StatusOr<bool> PostgresStore::ClaimWriting() { return impl_->ClaimWriting(); }
void PostgresStore::ReleaseWriting() { impl_->ReleaseWriting(); }
absl::StatusOr<SequenceNumber> PostgresStore::Watermark() { return impl_->Watermark(); }
absl::Status PostgresStore::PutApiKey(const ports::ApiKeyRow& row) { return impl_->PutApiKey(row); }
PostgresStats PostgresStore::stats() const { return impl_->stats(); }

absl::StatusOr<OrderRow> PostgresStore::GetOrder(AccountId account, domain::OrderId order) {
  Query query("SELECT ", rows::OrderColumns(), " FROM orders");
  query.Where("order_id = ", order).Where("account = ", account);
  return impl_->One<OrderRow>(query, &rows::ReadOrder);
}

// The newest one of that name.
absl::StatusOr<OrderRow> PostgresStore::FindOrder(AccountId account, std::string_view client_order_id) {
  Query query("SELECT ", rows::OrderColumns(), " FROM orders");
  query.Where("account = ", account).Where("client_order_id = ", client_order_id);
  query.Sql(" ORDER BY created_day_utc DESC LIMIT 1");
  return impl_->One<OrderRow>(query, &rows::ReadOrder);
}

absl::StatusOr<std::vector<OrderRow>> PostgresStore::ListOrders(const ports::OrderFilter& filter) {
  XT_RETURN_IF_ERROR(CheckLimit(filter.limit));
  // Order ids do not grow with time (matching gives a freed slot to a later order), so the newest is the last entered.
  Query query("SELECT ", rows::OrderColumns(), " FROM orders");
  query.Where("account = ", filter.account);
  if (filter.before.value() != 0) {
    query.Where("(created_sequence, order_id) < ((SELECT created_sequence FROM orders WHERE order_id = ",
                filter.before);
    query.Sql("), ").Bind(filter.before).Sql(")");
  }
  if (filter.symbol) query.Where("symbol = ", *filter.symbol);
  if (filter.open_only) query.Sql(" AND status IN (1, 2)");
  query.Sql(" ORDER BY created_sequence DESC, order_id DESC LIMIT ").Bind(filter.limit);
  return impl_->All<OrderRow>(query, &rows::ReadOrder);
}

absl::StatusOr<std::vector<ports::FillRow>> PostgresStore::ListFills(const ports::FillFilter& filter) {
  XT_RETURN_IF_ERROR(CheckLimit(filter.limit));
  Query query("SELECT ", rows::FillColumns(), " FROM fills");
  query.Where("account = ", filter.account).Where("(sequence, event) < (", SequenceBefore(filter.before));
  query.Sql(", ").Bind(filter.before.index).Sql(")");
  if (filter.order) query.Where("order_id = ", *filter.order);
  if (filter.symbol) query.Where("symbol = ", *filter.symbol);
  query.Sql(" ORDER BY sequence DESC, event DESC LIMIT ").Bind(filter.limit);
  return impl_->All<ports::FillRow>(query, &rows::ReadFill);
}

absl::StatusOr<std::vector<ports::RiskRow>> PostgresStore::ListRiskDecisions(const ports::RiskFilter& filter) {
  XT_RETURN_IF_ERROR(CheckLimit(filter.limit));
  Query query("SELECT ", rows::RiskColumns(), " FROM risk_decisions");
  query.Where("account = ", filter.account).Where("(sequence, event) < (", SequenceBefore(filter.before));
  query.Sql(", ").Bind(filter.before.index).Sql(filter.refused_only ? ") AND reason <> 0" : ")");
  query.Sql(" ORDER BY sequence DESC, event DESC LIMIT ").Bind(filter.limit);
  return impl_->All<ports::RiskRow>(query, &rows::ReadRiskDecision);
}

absl::StatusOr<std::vector<ports::BalanceRow>> PostgresStore::ListBalances(AccountId account) {
  Query query("SELECT ", rows::BalanceColumns(), " FROM balances");
  query.Where("account = ", account).Sql(" ORDER BY asset");
  return impl_->All<ports::BalanceRow>(query, &rows::ReadBalance);
}

absl::StatusOr<std::vector<ports::AccountRow>> PostgresStore::ListAccounts() {
  const Query query("SELECT ", rows::AccountColumns(), " FROM accounts ORDER BY id");
  return impl_->All<ports::AccountRow>(query, &rows::ReadAccount);
}

absl::StatusOr<std::vector<domain::Asset>> PostgresStore::ListAssets() {
  const Query query("SELECT ", rows::AssetColumns(), " FROM assets ORDER BY id");
  return impl_->All<domain::Asset>(query, &rows::ReadAsset);
}

absl::StatusOr<std::vector<domain::Symbol>> PostgresStore::ListSymbols() {
  const Query query("SELECT ", rows::SymbolColumns(), " FROM symbols ORDER BY id");
  return impl_->All<domain::Symbol>(query, &rows::ReadSymbol);
}

absl::StatusOr<std::vector<ports::AccountSettingsRow>> PostgresStore::ListAccountSettings() {
  const Query query("SELECT ", rows::AccountSettingsColumns(), " FROM account_settings ORDER BY account");
  return impl_->All<ports::AccountSettingsRow>(query, &rows::ReadAccountSettings);
}

absl::StatusOr<std::vector<domain::FeeTier>> PostgresStore::ListFeeTiers() {
  const Query query("SELECT ", rows::FeeTierColumns(), " FROM fee_tiers ORDER BY id");
  return impl_->All<domain::FeeTier>(query, &rows::ReadFeeTier);
}

absl::StatusOr<std::vector<ports::SymbolLimitsRow>> PostgresStore::ListSymbolLimits() {
  const Query query("SELECT ", rows::SymbolLimitsColumns(), " FROM symbol_limits ORDER BY symbol");
  return impl_->All<ports::SymbolLimitsRow>(query, &rows::ReadSymbolLimits);
}

absl::StatusOr<ports::ApiKeyRow> PostgresStore::GetApiKey(std::string_view api_key) {
  Query query("SELECT api_key, secret, account FROM api_keys");
  query.Where("api_key = ", api_key);
  return impl_->One<ports::ApiKeyRow>(query, &ReadApiKey);
}

absl::StatusOr<std::vector<ports::ApiKeyRow>> PostgresStore::ListApiKeys(AccountId account) {
  Query query("SELECT api_key, secret, account FROM api_keys");
  query.Where("account = ", account).Sql(" ORDER BY api_key");
  return impl_->All<ports::ApiKeyRow>(query, &ReadApiKey);
}

absl::StatusOr<std::vector<ports::Store::LedgerSum>> PostgresStore::SumLedger() {
  struct Sum {
    domain::AssetId asset;
    std::string amount;  // numeric: as many digits as it takes
  };
  const Query query("SELECT asset, sum(amount) FROM ledger GROUP BY asset ORDER BY asset");
  XT_ASSIGN_OR_RETURN(const auto found,
                      impl_->All<Sum>(
                          query, +[](RowReader& row, Sum& sum) { row.Columns(sum.asset, sum.amount); }));
  std::vector<LedgerSum> sums;
  for (const Sum& sum : found) {
    std::int64_t amount = 0;
    const char* end = sum.amount.data() + sum.amount.size();
    if (std::from_chars(sum.amount.data(), end, amount).ec != std::errc()) {
      return absl::OutOfRangeError("a ledger's sum does not fit 63 bits");
    }
    sums.push_back({sum.asset, domain::Amount(amount)});
  }
  return sums;
}

}  // namespace xt::postgres
