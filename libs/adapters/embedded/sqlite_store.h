// SqliteStore: the database of the standalone, one SQLite file in WAL mode. One connection writes, a few read at the
// same time, and a reader sees whole batches only. synchronous=NORMAL: after a power loss the last batches may be
// missing, but never half of one; the watermark says what is missing, and it is derived again from the journal.
//
// Client order ids: an account may use one again once the earlier order is closed and was created 24 h before (journal
// time). A batch that breaks this is ALREADY_EXISTS and changes nothing; besides, the schema keeps (account,
// client_order_id, UTC day of creation) unique.
// Rows of orders and balances only move forward in sequence; fills, trades, postings and risk decisions that are there
// already stay.
// Ids are stored as 64-bit signed integers; they stay below 2^63.
// Threads: as the port says; PutApiKey from any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "libs/ports/store.h"

namespace xt::embedded {

struct SqliteStoreOptions {
  std::size_t readers = 4;               // connections for queries, 1..64; more callers than that wait
  std::uint32_t busy_timeout_ms = 5000;  // for another process that holds the file (a tool)
};

class SqliteStore final : public ports::Store {
 public:
  // `path` is the file; its folder is created by Open.
  explicit SqliteStore(std::string path, SqliteStoreOptions options = {});
  ~SqliteStore() override;

  absl::Status Open() override;
  absl::Status Apply(const ports::StoreBatch& batch) override;
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

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace xt::embedded
