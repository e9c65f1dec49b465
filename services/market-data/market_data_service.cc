#include "services/market-data/market_data_service.h"

#include "libs/adapters/grpc/market_queries_proto.h"
#include "libs/wire/market_proto.h"

namespace xt::market_data {
namespace {

// absl and gRPC share the numbers of the canonical codes.
grpc::Status ToGrpc(const absl::Status& status) {
  return {static_cast<grpc::StatusCode>(status.code()), std::string(status.message())};
}

grpc::Status UnknownSymbol() { return {grpc::StatusCode::NOT_FOUND, "no such symbol"}; }

bool SymbolOf(std::uint32_t id, domain::SymbolId& symbol) {
  if (id > 65'535) return false;
  symbol = domain::SymbolId(static_cast<std::uint16_t>(id));
  return true;
}

}  // namespace

grpc::Status MarketDataService::GetDepth(grpc::ServerContext*, const xtrader::v1::GetDepthRequest* request,
                                         xtrader::v1::GetDepthResponse* response) {
  domain::SymbolId symbol;
  if (!SymbolOf(request->symbol_id(), symbol)) return UnknownSymbol();
  const auto book = markets_.GetBook(symbol, request->depth());
  if (!book.ok()) return ToGrpc(book.status());
  wire::ToProto(*book, *response->mutable_book());
  return grpc::Status::OK;
}

grpc::Status MarketDataService::GetTrades(grpc::ServerContext*, const xtrader::v1::GetTradesRequest* request,
                                          xtrader::v1::GetTradesResponse* response) {
  domain::SymbolId symbol;
  if (!SymbolOf(request->symbol_id(), symbol)) return UnknownSymbol();
  const auto trades = markets_.GetTrades(symbol, request->limit());
  if (!trades.ok()) return ToGrpc(trades.status());
  const domain::SymbolCode code = code_of_(symbol);
  for (const ports::PublicTrade& trade : *trades) {
    grpc_clients::ToProto(trade, symbol, code, *response->add_trades());
  }
  return grpc::Status::OK;
}

grpc::Status MarketDataService::GetTicker(grpc::ServerContext*, const xtrader::v1::GetTickerRequest* request,
                                          xtrader::v1::GetTickerResponse* response) {
  domain::SymbolId symbol;
  if (!SymbolOf(request->symbol_id(), symbol)) return UnknownSymbol();
  const auto ticker = markets_.GetTicker(symbol);
  if (!ticker.ok()) return ToGrpc(ticker.status());
  grpc_clients::ToProto(*ticker, code_of_(symbol), *response->mutable_ticker());
  return grpc::Status::OK;
}

grpc::Status MarketDataService::GetCandles(grpc::ServerContext*, const xtrader::v1::GetCandlesRequest* request,
                                           xtrader::v1::GetCandlesResponse* response) {
  domain::SymbolId symbol;
  if (!SymbolOf(request->symbol_id(), symbol)) return UnknownSymbol();
  const auto candles = markets_.GetCandles(symbol, request->from_ms(), request->to_ms(), request->limit());
  if (!candles.ok()) return ToGrpc(candles.status());
  const domain::SymbolCode code = code_of_(symbol);
  for (const ports::Candle& candle : *candles) {
    grpc_clients::ToProto(candle, symbol, code, *response->add_candles());
  }
  return grpc::Status::OK;
}

grpc::Status MarketDataService::GetExternalCandle(grpc::ServerContext*,
                                                  const xtrader::v1::GetExternalCandleRequest* request,
                                                  xtrader::v1::GetExternalCandleResponse* response) {
  const auto candle = markets_.GetExternalCandle(request->venue(), request->symbol());
  if (!candle.ok()) return ToGrpc(candle.status());
  grpc_clients::ToProto(*candle, domain::SymbolId(0), {}, *response->mutable_candle());
  return grpc::Status::OK;
}

}  // namespace xt::market_data
