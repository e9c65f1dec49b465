// The client side of ports::History: one unary call per question.

#include "libs/adapters/grpc/clients.h"
#include "libs/adapters/grpc/history_proto.h"
#include "libs/adapters/grpc/instances.h"
#include "libs/base/status.h"
#include "xtrader/v1/persistence_service.grpc.pb.h"

namespace xt::grpc_clients {
namespace {

namespace pb = ::xtrader::v1;
using domain::AccountId;
using domain::SequenceNumber;

template <typename Row, typename Messages>
absl::StatusOr<std::vector<Row>> ReadRows(const Messages& messages) {
  std::vector<Row> rows;
  rows.reserve(static_cast<std::size_t>(messages.size()));
  for (const auto& message : messages) {
    XT_ASSIGN_OR_RETURN(Row row, FromProto(message));
    rows.push_back(std::move(row));
  }
  return rows;
}

class HistoryClient final : public ports::History {
 public:
  explicit HistoryClient(const ClientOptions& options) : instances_(options) {}

  absl::StatusOr<ports::OrderRow> GetOrder(SequenceNumber at_least, AccountId account, domain::OrderId order) override {
    pb::GetOrderRequest request;
    request.set_order_id(order.value());
    return CallGetOrder(at_least, account, request);
  }

  absl::StatusOr<ports::OrderRow> FindOrder(SequenceNumber at_least, AccountId account,
                                            std::string_view client_order_id) override {
    pb::GetOrderRequest request;
    request.set_client_order_id(std::string(client_order_id));
    return CallGetOrder(at_least, account, request);
  }

  absl::StatusOr<std::vector<ports::OrderRow>> ListOrders(SequenceNumber at_least,
                                                          const ports::OrderFilter& filter) override {
    pb::ListOrdersRequest request;
    pb::ListOrdersResponse response;
    ToProto(filter, request);
    request.set_at_least_sequence(at_least.value());
    XT_RETURN_IF_ERROR(instances_.Call(&Stub::ListOrders, request, response));
    return ReadRows<ports::OrderRow>(response.orders());
  }

  absl::StatusOr<std::vector<ports::FillRow>> ListFills(SequenceNumber at_least,
                                                        const ports::FillFilter& filter) override {
    pb::ListFillsRequest request;
    pb::ListFillsResponse response;
    ToProto(filter, request);
    request.set_at_least_sequence(at_least.value());
    XT_RETURN_IF_ERROR(instances_.Call(&Stub::ListFills, request, response));
    return ReadRows<ports::FillRow>(response.fills());
  }

  absl::StatusOr<std::vector<ports::BalanceRow>> ListBalances(SequenceNumber at_least, AccountId account) override {
    pb::ListBalancesRequest request;
    pb::ListBalancesResponse response;
    request.set_at_least_sequence(at_least.value());
    request.set_account_id(account.value());
    XT_RETURN_IF_ERROR(instances_.Call(&Stub::ListBalances, request, response));
    return ReadRows<ports::BalanceRow>(response.balances());
  }

  absl::StatusOr<std::vector<ports::AccountRow>> ListAccounts(SequenceNumber at_least) override {
    pb::ListAccountsRequest request;
    pb::ListAccountsResponse response;
    request.set_at_least_sequence(at_least.value());
    XT_RETURN_IF_ERROR(instances_.Call(&Stub::ListAccounts, request, response));
    return ReadRows<ports::AccountRow>(response.accounts());
  }

  absl::StatusOr<SequenceNumber> CommittedSequence() override {
    pb::GetCommittedSequenceResponse response;
    XT_RETURN_IF_ERROR(instances_.Call(&Stub::GetCommittedSequence, pb::GetCommittedSequenceRequest(), response));
    return SequenceNumber(response.sequence());
  }

  absl::StatusOr<ports::ApiKeyRow> GetApiKey(std::string_view api_key) override {
    pb::GetApiKeyRequest request;
    pb::GetApiKeyResponse response;
    request.set_api_key(std::string(api_key));
    XT_RETURN_IF_ERROR(instances_.Call(&Stub::GetApiKey, request, response));
    return FromProto(response.api_key());
  }

  absl::StatusOr<std::vector<ports::ApiKeyRow>> ListApiKeys(AccountId account) override {
    pb::ListApiKeysRequest request;
    pb::ListApiKeysResponse response;
    request.set_account_id(account.value());
    XT_RETURN_IF_ERROR(instances_.Call(&Stub::ListApiKeys, request, response));
    return ReadRows<ports::ApiKeyRow>(response.api_keys());
  }

  absl::Status PutApiKey(const ports::ApiKeyRow& row) override {
    pb::PutApiKeyRequest request;
    pb::PutApiKeyResponse response;
    ToProto(row, *request.mutable_api_key());
    return instances_.Call(&Stub::PutApiKey, request, response);
  }

 private:
  using Stub = pb::PersistenceService::Stub;

  absl::StatusOr<ports::OrderRow> CallGetOrder(SequenceNumber at_least, AccountId account,
                                               pb::GetOrderRequest& request) {
    pb::GetOrderResponse response;
    request.set_at_least_sequence(at_least.value());
    request.set_account_id(account.value());
    XT_RETURN_IF_ERROR(instances_.Call(&Stub::GetOrder, request, response));
    return FromProto(response.order());
  }

  Instances<pb::PersistenceService> instances_;
};

}  // namespace

std::unique_ptr<ports::History> ConnectHistory(const ClientOptions& options) {
  return std::make_unique<HistoryClient>(options);
}

}  // namespace xt::grpc_clients
