// A stream, a topic and a store in memory whose every misbehaviour a test decides. Thread-safe.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "libs/domain/event.h"
#include "libs/ports/execution_stream.h"
#include "libs/ports/market_bus.h"
#include "libs/ports/store.h"

namespace xt::persistence::testing {

ports::EventEntry Entry(const domain::CommandResult& result);

// One consumer; entries come in the order in which the test delivers them.
class FakeStream final : public ports::ExecutionStream {
 public:
  void Deliver(const domain::CommandResult& result, std::uint32_t delivery_count = 1);
  void DeliverBytes(std::uint64_t sequence, std::string bytes);
  // Held by a dead consumer until claimed.
  void LeaveBehind(const domain::CommandResult& result);
  void FailReads(absl::Status status);  // until OK is given
  void FailJoins(absl::Status status);  // until OK is given
  [[nodiscard]] std::set<std::uint64_t> acknowledged() const;
  // False at the time limit.
  bool WaitForAcknowledged(std::uint64_t sequence) const;

  absl::Status Publish(const std::vector<ports::EventEntry>& entries) override;
  absl::StatusOr<domain::SequenceNumber> LastSequence() override;
  absl::StatusOr<domain::SequenceNumber> Acknowledged() override;
  absl::Status BeginAt(domain::SequenceNumber first) override;
  absl::StatusOr<std::unique_ptr<ports::ExecutionConsumer>> Join(std::string_view group,
                                                                 std::string_view consumer) override;
  void Close() override {}

 private:
  class Consumer;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::deque<ports::ExecutionDelivery> queue_;
  std::vector<ports::ExecutionDelivery> left_behind_;
  std::set<std::uint64_t> acknowledged_;
  absl::Status read_error_;
  absl::Status join_error_;
  domain::SequenceNumber last_;
};

// The topic `trading.events`, alone.
class FakeEvents final : public ports::MarketBus {
 public:
  void Add(const domain::CommandResult& result);
  void FailSubscribes(absl::Status status);  // until OK is given
  // Behind which sequences was subscribed.
  [[nodiscard]] std::vector<std::uint64_t> subscribed_behind() const;

  absl::Status Publish(const std::vector<ports::MarketMessage>& messages) override;
  absl::StatusOr<domain::EventId> LastId(std::string_view topic) override;
  absl::StatusOr<std::unique_ptr<ports::MarketConsumer>> Subscribe(std::string_view group,
                                                                   const std::vector<std::string>& topics,
                                                                   ports::StartAt start) override;
  absl::StatusOr<std::unique_ptr<ports::MarketConsumer>> SubscribeBehind(const std::string& topic,
                                                                         const domain::EventId& last) override;
  void Close() override {}

 private:
  class Consumer;
  mutable std::mutex mutex_;
  std::vector<ports::MarketMessage> messages_;
  std::vector<std::uint64_t> subscribed_behind_;
  absl::Status subscribe_error_;
};

class FakeStore final : public ports::Store {
 public:
  // The next Apply answers this; with `applied` the batch is stored all the same.
  void FailNextApply(absl::Status status, bool applied = false);
  void FailNextWatermark(absl::Status status);
  // Another process stored up to here.
  void SetWatermark(std::uint64_t sequence);
  [[nodiscard]] std::vector<ports::StoreBatch> batches() const;
  bool WaitForWatermark(std::uint64_t sequence) const;
  // Whether this instance is the one that writes; it is unless it was told otherwise.
  void SetWriter(bool writer);
  // How many failures were answered so far.
  bool WaitForFailures(std::size_t count) const;

  absl::Status Open() override { return absl::OkStatus(); }
  absl::Status Apply(const ports::StoreBatch& batch) override;
  absl::StatusOr<bool> ClaimWriting() override;
  absl::StatusOr<domain::SequenceNumber> Watermark() override;
  absl::StatusOr<ports::OrderRow> GetOrder(domain::AccountId account, domain::OrderId order) override;
  absl::StatusOr<ports::OrderRow> FindOrder(domain::AccountId account, std::string_view client_order_id) override;
  absl::StatusOr<std::vector<ports::OrderRow>> ListOrders(const ports::OrderFilter& filter) override;
  absl::StatusOr<std::vector<ports::FillRow>> ListFills(const ports::FillFilter& filter) override;
  absl::StatusOr<std::vector<ports::RiskRow>> ListRiskDecisions(const ports::RiskFilter&) override {
    return std::vector<ports::RiskRow>{};
  }
  absl::StatusOr<std::vector<ports::BalanceRow>> ListBalances(domain::AccountId account) override;
  absl::StatusOr<std::vector<ports::AccountRow>> ListAccounts() override;
  absl::StatusOr<std::vector<domain::Asset>> ListAssets() override { return std::vector<domain::Asset>{}; }
  absl::StatusOr<std::vector<domain::Symbol>> ListSymbols() override { return std::vector<domain::Symbol>{}; }
  absl::StatusOr<std::vector<ports::AccountSettingsRow>> ListAccountSettings() override {
    return std::vector<ports::AccountSettingsRow>{};
  }
  absl::StatusOr<std::vector<domain::FeeTier>> ListFeeTiers() override { return std::vector<domain::FeeTier>{}; }
  absl::StatusOr<std::vector<ports::SymbolLimitsRow>> ListSymbolLimits() override {
    return std::vector<ports::SymbolLimitsRow>{};
  }
  absl::Status PutApiKey(const ports::ApiKeyRow& row) override;
  absl::StatusOr<ports::ApiKeyRow> GetApiKey(std::string_view api_key) override;
  absl::StatusOr<std::vector<ports::ApiKeyRow>> ListApiKeys(domain::AccountId account) override;
  absl::StatusOr<std::vector<LedgerSum>> SumLedger() override { return std::vector<LedgerSum>{}; }

 private:
  void Keep(const ports::StoreBatch& batch);

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::deque<std::pair<absl::Status, bool>> apply_failures_;
  std::deque<absl::Status> watermark_failures_;
  std::size_t failures_ = 0;
  bool writer_ = true;
  domain::SequenceNumber watermark_;
  std::vector<ports::StoreBatch> batches_;
  std::map<std::string, ports::ApiKeyRow> keys_;
};

}  // namespace xt::persistence::testing
