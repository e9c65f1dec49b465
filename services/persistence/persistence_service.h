// PersistenceGrpcService: xtrader.v1.PersistenceService over ports::History, one blocking call per request. It checks
// the request, asks, and answers; errors keep their code. The history must outlive it. Thread-safe.
#pragma once

#include "libs/ports/history.h"
#include "xtrader/v1/persistence_service.grpc.pb.h"

namespace xt::persistence {

class PersistenceGrpcService final : public xtrader::v1::PersistenceService::Service {
 public:
  explicit PersistenceGrpcService(ports::History& history) : history_(history) {}

  grpc::Status GetOrder(grpc::ServerContext* context, const xtrader::v1::GetOrderRequest* request,
                        xtrader::v1::GetOrderResponse* response) override;
  grpc::Status ListOrders(grpc::ServerContext* context, const xtrader::v1::ListOrdersRequest* request,
                          xtrader::v1::ListOrdersResponse* response) override;
  grpc::Status ListFills(grpc::ServerContext* context, const xtrader::v1::ListFillsRequest* request,
                         xtrader::v1::ListFillsResponse* response) override;
  grpc::Status ListBalances(grpc::ServerContext* context, const xtrader::v1::ListBalancesRequest* request,
                            xtrader::v1::ListBalancesResponse* response) override;
  grpc::Status ListAccounts(grpc::ServerContext* context, const xtrader::v1::ListAccountsRequest* request,
                            xtrader::v1::ListAccountsResponse* response) override;
  grpc::Status GetCommittedSequence(grpc::ServerContext* context,
                                    const xtrader::v1::GetCommittedSequenceRequest* request,
                                    xtrader::v1::GetCommittedSequenceResponse* response) override;
  grpc::Status GetApiKey(grpc::ServerContext* context, const xtrader::v1::GetApiKeyRequest* request,
                         xtrader::v1::GetApiKeyResponse* response) override;
  grpc::Status ListApiKeys(grpc::ServerContext* context, const xtrader::v1::ListApiKeysRequest* request,
                           xtrader::v1::ListApiKeysResponse* response) override;
  grpc::Status PutApiKey(grpc::ServerContext* context, const xtrader::v1::PutApiKeyRequest* request,
                         xtrader::v1::PutApiKeyResponse* response) override;

 private:
  ports::History& history_;
};

}  // namespace xt::persistence
