#include "services/persistence/persistence_app.h"

#include <type_traits>
#include <utility>

#include "libs/base/status.h"
#include "libs/runtime/log.h"

namespace xt::persistence {
namespace {

constexpr std::size_t kMaxLimit = 1000;

absl::Status CheckLimit(std::size_t limit) {
  if (limit >= 1 && limit <= kMaxLimit) return absl::OkStatus();
  return absl::InvalidArgumentError("limit: must be 1..1000");
}

template <typename T>
absl::Status StatusOf(const absl::StatusOr<T>& result) {
  return result.status();
}
absl::Status StatusOf(const absl::Status& result) { return result; }

}  // namespace

PersistenceApp::PersistenceApp(const PersistenceConfig& config, const ExecutionPorts& executions, ports::Store& store,
                               runtime::MetricsRegistry& metrics, runtime::HealthRegistry& health, const Clock& clock)
    : config_(config),
      executions_(executions),
      store_(store),
      metrics_(metrics),
      intake_(config_, executions, store, committed_, metrics_, health, clock) {}

PersistenceApp::~PersistenceApp() { Stop(); }

absl::Status PersistenceApp::Start() {
  XT_RETURN_IF_ERROR(store_.Open());
  XT_ASSIGN_OR_RETURN(const domain::SequenceNumber watermark, store_.Watermark());
  XT_ASSIGN_OR_RETURN(const std::vector<domain::Asset> assets, store_.ListAssets());
  XT_RETURN_IF_ERROR(intake_.Start(watermark, assets));
  runtime::Log(runtime::LogLevel::kInfo, "persistence consumes", {{"seq", watermark.value() + 1}});
  return absl::OkStatus();
}

void PersistenceApp::Drain(std::chrono::steady_clock::time_point deadline) {
  const auto last = LastSequence(executions_);
  if (!last.ok()) return;
  if (const absl::Status status = committed_.WaitFor(*last, deadline); !status.ok()) {
    runtime::Log(runtime::LogLevel::kWarn, "not everything was stored before the end", {runtime::LogField(status)});
  }
}

void PersistenceApp::Stop() {
  committed_.End(absl::UnavailableError("lagging: stopped"));
  intake_.Stop();
}

absl::Status PersistenceApp::WaitFor(domain::SequenceNumber at_least) const {
  return committed_.WaitFor(at_least,
                            std::chrono::steady_clock::now() + std::chrono::milliseconds(config_.query_max_wait_ms));
}

template <typename T>
T PersistenceApp::Counted(T result) {
  const absl::Status status = StatusOf(result);
  if (!status.ok() && !absl::IsNotFound(status)) metrics_.CountStoreError(status);
  return result;
}

absl::StatusOr<ports::OrderRow> PersistenceApp::GetOrder(domain::SequenceNumber at_least, domain::AccountId account,
                                                         domain::OrderId order) {
  XT_RETURN_IF_ERROR(WaitFor(at_least));
  return Counted(store_.GetOrder(account, order));
}

absl::StatusOr<ports::OrderRow> PersistenceApp::FindOrder(domain::SequenceNumber at_least, domain::AccountId account,
                                                          std::string_view client_order_id) {
  XT_RETURN_IF_ERROR(WaitFor(at_least));
  return Counted(store_.FindOrder(account, client_order_id));
}

absl::StatusOr<std::vector<ports::OrderRow>> PersistenceApp::ListOrders(domain::SequenceNumber at_least,
                                                                        const ports::OrderFilter& filter) {
  XT_RETURN_IF_ERROR(CheckLimit(filter.limit));
  XT_RETURN_IF_ERROR(WaitFor(at_least));
  return Counted(store_.ListOrders(filter));
}

absl::StatusOr<std::vector<ports::FillRow>> PersistenceApp::ListFills(domain::SequenceNumber at_least,
                                                                      const ports::FillFilter& filter) {
  XT_RETURN_IF_ERROR(CheckLimit(filter.limit));
  XT_RETURN_IF_ERROR(WaitFor(at_least));
  return Counted(store_.ListFills(filter));
}

absl::StatusOr<std::vector<ports::BalanceRow>> PersistenceApp::ListBalances(domain::SequenceNumber at_least,
                                                                            domain::AccountId account) {
  XT_RETURN_IF_ERROR(WaitFor(at_least));
  return Counted(store_.ListBalances(account));
}

absl::StatusOr<std::vector<ports::AccountRow>> PersistenceApp::ListAccounts(domain::SequenceNumber at_least) {
  XT_RETURN_IF_ERROR(WaitFor(at_least));
  return Counted(store_.ListAccounts());
}

absl::StatusOr<domain::SequenceNumber> PersistenceApp::CommittedSequence() { return committed_.Get(); }

absl::StatusOr<ports::ApiKeyRow> PersistenceApp::GetApiKey(std::string_view api_key) {
  return Counted(store_.GetApiKey(api_key));
}

absl::StatusOr<std::vector<ports::ApiKeyRow>> PersistenceApp::ListApiKeys(domain::AccountId account) {
  return Counted(store_.ListApiKeys(account));
}

absl::Status PersistenceApp::PutApiKey(const ports::ApiKeyRow& row) { return Counted(store_.PutApiKey(row)); }

}  // namespace xt::persistence
