// PostgresStore: the database of a cluster. One connection writes; queries have a few of their own, so that they do not
// wait for it. A batch is one transaction that starts by moving the watermark: whoever writes at the same time waits
// for it there and then finds that his batch does not follow.
//
// Client order ids: as in SqliteStore. An account may use one again once the earlier order is closed and was created
// 24 h before (journal time); besides, the schema keeps (account, client_order_id, UTC day of creation) unique. Events
// that are there already are known by their id alone and stay; any other conflict raises ALREADY_EXISTS.
//
// When the connection breaks while it commits, Apply reads the watermark with a new one, which waits for the end of
// the old transaction: OK when it is stored, UNAVAILABLE when it is not, ABORTED only when the server cannot be asked.
// A connection is replaced by a new one when it broke, and never reconnects by itself. Each call ends within
// call_timeout_ms plus connect_timeout_s, Apply in twice that; Open, which may migrate, in 30 min.
// Threads: as the port says; PutApiKey and stats from any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "libs/adapters/postgres/postgres_config.h"
#include "libs/ports/store.h"

namespace xt::postgres {

class PostgresStore final : public ports::Store {
 public:
  explicit PostgresStore(PostgresConfig config);
  ~PostgresStore() override;

  // INVALID_ARGUMENT for a configuration out of bounds. May be called again after an error.
  absl::Status Open() override;
  absl::Status Apply(const ports::StoreBatch& batch) override;
  absl::StatusOr<bool> ClaimWriting() override;
  void ReleaseWriting() override;
  absl::StatusOr<domain::SequenceNumber> Watermark() override;
  absl::StatusOr<ports::OrderRow> GetOrder(domain::AccountId account, domain::OrderId order) override;
  absl::StatusOr<ports::OrderRow> FindOrder(domain::AccountId account, std::string_view client_order_id) override;
  absl::StatusOr<std::vector<ports::OrderRow>> ListOrders(const ports::OrderFilter& filter) override;
  absl::StatusOr<std::vector<ports::FillRow>> ListFills(const ports::FillFilter& filter) override;
  absl::StatusOr<std::vector<ports::RiskRow>> ListRiskDecisions(const ports::RiskFilter& filter) override;
  absl::StatusOr<std::vector<ports::BalanceRow>> ListBalances(domain::AccountId account) override;
  absl::StatusOr<std::vector<ports::AccountRow>> ListAccounts() override;
  absl::StatusOr<std::vector<domain::Asset>> ListAssets() override;
  absl::StatusOr<std::vector<domain::Symbol>> ListSymbols() override;
  absl::StatusOr<std::vector<ports::AccountSettingsRow>> ListAccountSettings() override;
  absl::StatusOr<std::vector<domain::FeeTier>> ListFeeTiers() override;
  absl::StatusOr<std::vector<ports::SymbolLimitsRow>> ListSymbolLimits() override;
  absl::Status PutApiKey(const ports::ApiKeyRow& row) override;
  absl::StatusOr<ports::ApiKeyRow> GetApiKey(std::string_view api_key) override;
  absl::StatusOr<std::vector<ports::ApiKeyRow>> ListApiKeys(domain::AccountId account) override;
  absl::StatusOr<std::vector<LedgerSum>> SumLedger() override;

  [[nodiscard]] PostgresStats stats() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace xt::postgres
