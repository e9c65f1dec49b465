// The client side of ports::MarketQueries: one unary call per question.

#include "libs/adapters/grpc/clients.h"
#include "libs/adapters/grpc/instances.h"
#include "libs/adapters/grpc/market_queries_proto.h"
#include "libs/base/status.h"
#include "libs/wire/market_proto.h"
#include "xtrader/v1/market_data_service.grpc.pb.h"

namespace xt::grpc_clients {
namespace {

namespace pb = ::xtrader::v1;

class MarketQueriesClient final : public ports::MarketQueries {
 public:
  explicit MarketQueriesClient(const ClientOptions& options) : instances_(options) {}

  absl::StatusOr<domain::BookSnapshot> GetBook(domain::SymbolId symbol, std::size_t depth) override {
    pb::GetDepthRequest request;
    pb::GetDepthResponse response;
    request.set_symbol_id(symbol.value());
    request.set_depth(static_cast<std::uint32_t>(depth));
    XT_RETURN_IF_ERROR(instances_.Call(&Stub::GetDepth, request, response));
    return wire::FromProto(response.book());
  }

  absl::StatusOr<std::vector<ports::PublicTrade>> GetTrades(domain::SymbolId symbol, std::size_t limit) override {
    pb::GetTradesRequest request;
    pb::GetTradesResponse response;
    request.set_symbol_id(symbol.value());
    request.set_limit(static_cast<std::uint32_t>(limit));
    XT_RETURN_IF_ERROR(instances_.Call(&Stub::GetTrades, request, response));
    std::vector<ports::PublicTrade> trades;
    for (const pb::MarketTrade& message : response.trades()) {
      XT_ASSIGN_OR_RETURN(const auto trade, PublicTradeFromProto(message));
      trades.push_back(trade);
    }
    return trades;
  }

  absl::StatusOr<ports::Ticker> GetTicker(domain::SymbolId symbol) override {
    pb::GetTickerRequest request;
    pb::GetTickerResponse response;
    request.set_symbol_id(symbol.value());
    XT_RETURN_IF_ERROR(instances_.Call(&Stub::GetTicker, request, response));
    return TickerFromProto(response.ticker());
  }

  absl::StatusOr<std::vector<ports::Candle>> GetCandles(domain::SymbolId symbol, std::int64_t from_ms,
                                                        std::int64_t to_ms, std::size_t limit) override {
    pb::GetCandlesRequest request;
    pb::GetCandlesResponse response;
    request.set_symbol_id(symbol.value());
    request.set_from_ms(from_ms);
    request.set_to_ms(to_ms);
    request.set_limit(static_cast<std::uint32_t>(limit));
    XT_RETURN_IF_ERROR(instances_.Call(&Stub::GetCandles, request, response));
    std::vector<ports::Candle> candles;
    for (const pb::MarketCandle& message : response.candles()) {
      XT_ASSIGN_OR_RETURN(const auto candle, CandleFromProto(message));
      candles.push_back(candle);
    }
    return candles;
  }

  absl::StatusOr<ports::Candle> GetExternalCandle(std::string_view venue, std::string_view symbol) override {
    pb::GetExternalCandleRequest request;
    pb::GetExternalCandleResponse response;
    request.set_venue(std::string(venue));
    request.set_symbol(std::string(symbol));
    XT_RETURN_IF_ERROR(instances_.Call(&Stub::GetExternalCandle, request, response));
    return CandleFromProto(response.candle());
  }

 private:
  using Stub = pb::MarketDataService::Stub;
  Instances<pb::MarketDataService> instances_;
};

}  // namespace

std::unique_ptr<ports::MarketQueries> ConnectMarketQueries(const ClientOptions& options) {
  return std::make_unique<MarketQueriesClient>(options);
}

}  // namespace xt::grpc_clients
