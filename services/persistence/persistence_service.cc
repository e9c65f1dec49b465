#include "services/persistence/persistence_service.h"

#include <string>

#include "libs/adapters/grpc/history_proto.h"

namespace xt::persistence {

namespace pb = ::xtrader::v1;
using domain::AccountId;
using domain::SequenceNumber;

namespace {

// The codes of absl and gRPC have the same values.
grpc::Status ToGrpc(const absl::Status& status) {
  return {static_cast<grpc::StatusCode>(status.code()), std::string(status.message())};
}

template <typename T, typename Message>
grpc::Status AnswerOne(const absl::StatusOr<T>& row, Message* message) {
  if (!row.ok()) return ToGrpc(row.status());
  grpc_clients::ToProto(*row, *message);
  return grpc::Status::OK;
}

template <typename T, typename Messages>
grpc::Status AnswerMany(const absl::StatusOr<T>& rows, Messages* messages) {
  if (!rows.ok()) return ToGrpc(rows.status());
  for (const auto& row : *rows) grpc_clients::ToProto(row, *messages->Add());
  return grpc::Status::OK;
}

}  // namespace

grpc::Status PersistenceGrpcService::GetOrder(grpc::ServerContext*, const pb::GetOrderRequest* request,
                                              pb::GetOrderResponse* response) {
  const SequenceNumber at_least(request->at_least_sequence());
  const AccountId account(request->account_id());
  if (request->order_id() != 0) {
    return AnswerOne(history_.GetOrder(at_least, account, domain::OrderId(request->order_id())),
                     response->mutable_order());
  }
  if (request->client_order_id().empty()) {
    return {grpc::StatusCode::INVALID_ARGUMENT, "client_order_id: must be set without order_id"};
  }
  return AnswerOne(history_.FindOrder(at_least, account, request->client_order_id()), response->mutable_order());
}

grpc::Status PersistenceGrpcService::ListOrders(grpc::ServerContext*, const pb::ListOrdersRequest* request,
                                                pb::ListOrdersResponse* response) {
  const auto filter = grpc_clients::FromProto(*request);
  if (!filter.ok()) return ToGrpc(filter.status());
  return AnswerMany(history_.ListOrders(SequenceNumber(request->at_least_sequence()), *filter),
                    response->mutable_orders());
}

grpc::Status PersistenceGrpcService::ListFills(grpc::ServerContext*, const pb::ListFillsRequest* request,
                                               pb::ListFillsResponse* response) {
  const auto filter = grpc_clients::FromProto(*request);
  if (!filter.ok()) return ToGrpc(filter.status());
  return AnswerMany(history_.ListFills(SequenceNumber(request->at_least_sequence()), *filter),
                    response->mutable_fills());
}

grpc::Status PersistenceGrpcService::ListBalances(grpc::ServerContext*, const pb::ListBalancesRequest* request,
                                                  pb::ListBalancesResponse* response) {
  return AnswerMany(
      history_.ListBalances(SequenceNumber(request->at_least_sequence()), AccountId(request->account_id())),
      response->mutable_balances());
}

grpc::Status PersistenceGrpcService::ListAccounts(grpc::ServerContext*, const pb::ListAccountsRequest* request,
                                                  pb::ListAccountsResponse* response) {
  return AnswerMany(history_.ListAccounts(SequenceNumber(request->at_least_sequence())), response->mutable_accounts());
}

grpc::Status PersistenceGrpcService::GetCommittedSequence(grpc::ServerContext*, const pb::GetCommittedSequenceRequest*,
                                                          pb::GetCommittedSequenceResponse* response) {
  const auto sequence = history_.CommittedSequence();
  if (!sequence.ok()) return ToGrpc(sequence.status());
  response->set_sequence(sequence->value());
  return grpc::Status::OK;
}

grpc::Status PersistenceGrpcService::GetApiKey(grpc::ServerContext*, const pb::GetApiKeyRequest* request,
                                               pb::GetApiKeyResponse* response) {
  return AnswerOne(history_.GetApiKey(request->api_key()), response->mutable_api_key());
}

grpc::Status PersistenceGrpcService::ListApiKeys(grpc::ServerContext*, const pb::ListApiKeysRequest* request,
                                                 pb::ListApiKeysResponse* response) {
  return AnswerMany(history_.ListApiKeys(AccountId(request->account_id())), response->mutable_api_keys());
}

grpc::Status PersistenceGrpcService::PutApiKey(grpc::ServerContext*, const pb::PutApiKeyRequest* request,
                                               pb::PutApiKeyResponse*) {
  const auto row = grpc_clients::FromProto(request->api_key());
  if (!row.ok()) return ToGrpc(row.status());
  return ToGrpc(history_.PutApiKey(*row));
}

}  // namespace xt::persistence
