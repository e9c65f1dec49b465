// The client sides of ports::MatchingQueries and ports::MarketQueries: one unary call per question.

#include "libs/adapters/grpc/channel.h"
#include "libs/adapters/grpc/clients.h"
#include "libs/adapters/grpc/market_queries_proto.h"
#include "libs/base/status.h"
#include "libs/wire/fields.h"
#include "libs/wire/market_proto.h"
#include "libs/wire/symbol_proto.h"
#include "xtrader/v1/market_data_service.grpc.pb.h"
#include "xtrader/v1/matching_service.grpc.pb.h"

namespace xt::grpc_clients {
namespace {

namespace pb = ::xtrader::v1;

// Every message as a domain value; the position of each must be its id.
template <typename T, typename Messages>
absl::Status ReadAll(const Messages& messages, std::vector<T>& out) {
  for (const auto& message : messages) {
    XT_ASSIGN_OR_RETURN(T value, wire::FromProto(message));
    if (value.id.value() != out.size()) return wire::FieldError("id", "is not the position");
    out.push_back(value);
  }
  return absl::OkStatus();
}

class MatchingQueriesClient final : public ports::MatchingQueries {
 public:
  explicit MatchingQueriesClient(const ClientOptions& options)
      : timeout_(options.call_timeout), stub_(pb::MatchingService::NewStub(MakeChannel(options))) {}

  absl::StatusOr<domain::BookSnapshot> GetBook(domain::SymbolId symbol, std::size_t depth) override {
    pb::GetBookRequest request;
    pb::GetBookResponse response;
    request.set_symbol_id(symbol.value());
    request.set_depth(static_cast<std::uint32_t>(depth));
    XT_RETURN_IF_ERROR(CallUnary(*stub_, &Stub::GetBook, timeout_, request, response));
    return wire::FromProto(response.book());
  }

  absl::StatusOr<ports::ReferenceData> GetReferenceData() override {
    pb::GetReferenceDataResponse response;
    XT_RETURN_IF_ERROR(CallUnary(*stub_, &Stub::GetReferenceData, timeout_, pb::GetReferenceDataRequest(), response));
    ports::ReferenceData data;
    data.sequence = domain::SequenceNumber(response.sequence());
    XT_RETURN_IF_ERROR(ReadAll(response.assets(), data.assets));
    XT_RETURN_IF_ERROR(ReadAll(response.symbols(), data.symbols));
    return data;
  }

  absl::StatusOr<ports::StateDigest> GetStateDigest() override {
    pb::GetStateDigestResponse response;
    XT_RETURN_IF_ERROR(CallUnary(*stub_, &Stub::GetStateDigest, timeout_, pb::GetStateDigestRequest(), response));
    XT_ASSIGN_OR_RETURN(const Hash128 digest, Hash128::FromBytes(response.digest()));
    return ports::StateDigest{domain::SequenceNumber(response.sequence()), digest};
  }

 private:
  using Stub = pb::MatchingService::Stub;
  const std::chrono::milliseconds timeout_;
  const std::unique_ptr<Stub> stub_;
};

class MarketQueriesClient final : public ports::MarketQueries {
 public:
  explicit MarketQueriesClient(const ClientOptions& options)
      : timeout_(options.call_timeout), stub_(pb::MarketDataService::NewStub(MakeChannel(options))) {}

  absl::StatusOr<domain::BookSnapshot> GetBook(domain::SymbolId symbol, std::size_t depth) override {
    pb::GetDepthRequest request;
    pb::GetDepthResponse response;
    request.set_symbol_id(symbol.value());
    request.set_depth(static_cast<std::uint32_t>(depth));
    XT_RETURN_IF_ERROR(CallUnary(*stub_, &Stub::GetDepth, timeout_, request, response));
    return wire::FromProto(response.book());
  }

  absl::StatusOr<std::vector<ports::PublicTrade>> GetTrades(domain::SymbolId symbol, std::size_t limit) override {
    pb::GetTradesRequest request;
    pb::GetTradesResponse response;
    request.set_symbol_id(symbol.value());
    request.set_limit(static_cast<std::uint32_t>(limit));
    XT_RETURN_IF_ERROR(CallUnary(*stub_, &Stub::GetTrades, timeout_, request, response));
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
    XT_RETURN_IF_ERROR(CallUnary(*stub_, &Stub::GetTicker, timeout_, request, response));
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
    XT_RETURN_IF_ERROR(CallUnary(*stub_, &Stub::GetCandles, timeout_, request, response));
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
    XT_RETURN_IF_ERROR(CallUnary(*stub_, &Stub::GetExternalCandle, timeout_, request, response));
    return CandleFromProto(response.candle());
  }

 private:
  using Stub = pb::MarketDataService::Stub;
  const std::chrono::milliseconds timeout_;
  const std::unique_ptr<Stub> stub_;
};

}  // namespace

std::unique_ptr<ports::MatchingQueries> ConnectMatchingQueries(const ClientOptions& options) {
  return std::make_unique<MatchingQueriesClient>(options);
}

std::unique_ptr<ports::MarketQueries> ConnectMarketQueries(const ClientOptions& options) {
  return std::make_unique<MarketQueriesClient>(options);
}

}  // namespace xt::grpc_clients
