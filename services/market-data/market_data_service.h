// MarketDataService: xtrader.v1.MarketDataService over ports::MarketQueries. Thread-safe; answers come from memory.
#pragma once

#include <grpcpp/grpcpp.h>

#include <functional>
#include <utility>

#include "libs/domain/fixed_string.h"
#include "libs/ports/market_queries.h"
#include "xtrader/v1/market_data_service.grpc.pb.h"

namespace xt::market_data {

class MarketDataService final : public xtrader::v1::MarketDataService::Service {
 public:
  // The messages carry a symbol's code besides its id, which the port does not know.
  using CodeOf = std::function<domain::SymbolCode(domain::SymbolId)>;

  MarketDataService(ports::MarketQueries& markets, CodeOf code_of) : markets_(markets), code_of_(std::move(code_of)) {}

  grpc::Status GetDepth(grpc::ServerContext* context, const xtrader::v1::GetDepthRequest* request,
                        xtrader::v1::GetDepthResponse* response) override;
  grpc::Status GetTrades(grpc::ServerContext* context, const xtrader::v1::GetTradesRequest* request,
                         xtrader::v1::GetTradesResponse* response) override;
  grpc::Status GetTicker(grpc::ServerContext* context, const xtrader::v1::GetTickerRequest* request,
                         xtrader::v1::GetTickerResponse* response) override;
  grpc::Status GetCandles(grpc::ServerContext* context, const xtrader::v1::GetCandlesRequest* request,
                          xtrader::v1::GetCandlesResponse* response) override;
  grpc::Status GetExternalCandle(grpc::ServerContext* context, const xtrader::v1::GetExternalCandleRequest* request,
                                 xtrader::v1::GetExternalCandleResponse* response) override;

 private:
  ports::MarketQueries& markets_;
  const CodeOf code_of_;
};

}  // namespace xt::market_data
