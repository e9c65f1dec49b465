// PersistenceApp: persistence without its surroundings. It consumes the executions into the store (execution_intake.h)
// and answers History from the store, each query once the store is as new as the caller has seen. It takes its ports by
// reference, so that the standalone wires real objects and tests pass fakes; they must outlive it.
// Threads: Start, Drain and Stop by one thread in this order; History from any thread between Start and the destructor.
#pragma once

#include <chrono>
#include <string_view>
#include <vector>

#include "libs/base/clock.h"
#include "libs/ports/history.h"
#include "libs/ports/store.h"
#include "libs/runtime/health.h"
#include "libs/runtime/metrics.h"
#include "services/persistence/committed_sequence.h"
#include "services/persistence/config.h"
#include "services/persistence/execution_intake.h"
#include "services/persistence/execution_source.h"
#include "services/persistence/metrics.h"

namespace xt::persistence {

class PersistenceApp final : public ports::History {
 public:
  PersistenceApp(const PersistenceConfig& config, const ExecutionPorts& executions, ports::Store& store,
                 runtime::MetricsRegistry& metrics, runtime::HealthRegistry& health, const Clock& clock);
  ~PersistenceApp() override;

  // Opens the store and begins to consume.
  absl::Status Start();
  // Returns when everything that is published now is stored, at the latest at the deadline.
  void Drain(std::chrono::steady_clock::time_point deadline);
  // Ends the consumer; queries that wait fail with UNAVAILABLE. Idempotent.
  void Stop();

  absl::StatusOr<ports::OrderRow> GetOrder(domain::SequenceNumber at_least, domain::AccountId account,
                                           domain::OrderId order) override;
  absl::StatusOr<ports::OrderRow> FindOrder(domain::SequenceNumber at_least, domain::AccountId account,
                                            std::string_view client_order_id) override;
  absl::StatusOr<std::vector<ports::OrderRow>> ListOrders(domain::SequenceNumber at_least,
                                                          const ports::OrderFilter& filter) override;
  absl::StatusOr<std::vector<ports::FillRow>> ListFills(domain::SequenceNumber at_least,
                                                        const ports::FillFilter& filter) override;
  absl::StatusOr<std::vector<ports::BalanceRow>> ListBalances(domain::SequenceNumber at_least,
                                                              domain::AccountId account) override;
  absl::StatusOr<std::vector<ports::AccountRow>> ListAccounts(domain::SequenceNumber at_least) override;
  absl::StatusOr<domain::SequenceNumber> CommittedSequence() override;
  absl::StatusOr<ports::ApiKeyRow> GetApiKey(std::string_view api_key) override;
  absl::StatusOr<std::vector<ports::ApiKeyRow>> ListApiKeys(domain::AccountId account) override;
  absl::Status PutApiKey(const ports::ApiKeyRow& row) override;

 private:
  absl::Status WaitFor(domain::SequenceNumber at_least) const;
  // Counts an error of the store that is not an answer.
  template <typename T>
  T Counted(T result);

  const PersistenceConfig config_;
  const ExecutionPorts executions_;
  ports::Store& store_;
  PersistenceMetrics metrics_;
  persistence::CommittedSequence committed_;
  ExecutionIntake intake_;
};

}  // namespace xt::persistence
