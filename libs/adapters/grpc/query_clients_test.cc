#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "libs/adapters/grpc/clients.h"
#include "libs/adapters/grpc/history_proto.h"
#include "libs/adapters/grpc/market_queries_proto.h"
#include "libs/adapters/grpc/testing/test_server.h"
#include "libs/wire/market_proto.h"
#include "libs/wire/symbol_proto.h"
#include "libs/wire/testing/random_values.h"
#include "xtrader/v1/market_data_service.grpc.pb.h"
#include "xtrader/v1/matching_service.grpc.pb.h"
#include "xtrader/v1/persistence_service.grpc.pb.h"

namespace xt::grpc_clients {
namespace {

constexpr std::chrono::seconds kLimit{30};

namespace pb = ::xtrader::v1;
using domain::AccountId;
using domain::SequenceNumber;
using domain::SymbolId;
using testing::TestServer;

const domain::BookSnapshot kBook{SymbolId(3),
                                 SequenceNumber(9),
                                 {{domain::Price(5), domain::Quantity(1)}},
                                 {{domain::Price(6), domain::Quantity(3)}}};

class FakeMatching final : public pb::MatchingService::Service {
 public:
  grpc::Status GetBook(grpc::ServerContext* context, const pb::GetBookRequest* request,
                       pb::GetBookResponse* response) override {
    if (request->symbol_id() == 99) {  // never answers
      while (!context->IsCancelled()) std::this_thread::yield();
    }
    if (request->symbol_id() != 3) return {grpc::StatusCode::NOT_FOUND, "no such symbol"};
    EXPECT_EQ(request->depth(), 10U);
    ++books;
    wire::ToProto(kBook, *response->mutable_book());
    return grpc::Status::OK;
  }
  grpc::Status GetReferenceData(grpc::ServerContext*, const pb::GetReferenceDataRequest*,
                                pb::GetReferenceDataResponse* response) override {
    response->set_sequence(sequence);
    {
      const std::lock_guard lock(mutex_);
      ++asked_;
    }
    changed_.notify_all();
    for (std::uint16_t id = 0; id < 3; ++id) {
      wire::ToProto(domain::Asset{domain::AssetId(id), *domain::AssetCode::From("BTC"), 8}, *response->add_assets());
    }
    domain::Symbol symbol = wire::testing::RandomValues(1).Symbol();
    symbol.id = SymbolId(0);
    wire::ToProto(symbol, *response->add_symbols());
    if (misplaced) response->mutable_assets()->SwapElements(0, 1);
    return grpc::Status::OK;
  }
  grpc::Status GetStateDigest(grpc::ServerContext*, const pb::GetStateDigestRequest*,
                              pb::GetStateDigestResponse* response) override {
    response->set_sequence(8);
    response->set_digest(Hash128{1, 2}.ToBytes());
    return grpc::Status::OK;
  }

  // Waits until it was asked for its reference data `more` times more.
  bool WaitUntilAsked(int more) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(30), [this, due = asked_ + more] { return asked_ >= due; });
  }

  std::atomic<bool> misplaced{false};
  std::atomic<std::uint64_t> sequence{7};
  std::atomic<int> books{0};

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int asked_ = 0;
};

TEST(MatchingQueriesClient, Answers) {
  FakeMatching matching;
  TestServer server(matching);
  const auto client = ConnectMatchingQueries(server.Options());
  const auto book = client->GetBook(SymbolId(3), 10);
  ASSERT_TRUE(book.ok()) << book.status();
  EXPECT_EQ(*book, kBook);
  EXPECT_EQ(client->GetBook(SymbolId(4), 10).status().code(), absl::StatusCode::kNotFound);
  const auto data = client->GetReferenceData();
  ASSERT_TRUE(data.ok()) << data.status();
  EXPECT_EQ(data->sequence, SequenceNumber(7));
  EXPECT_EQ(data->assets.size(), 3U);
  EXPECT_EQ(data->symbols.size(), 1U);
  const auto digest = client->GetStateDigest();
  ASSERT_TRUE(digest.ok()) << digest.status();
  EXPECT_EQ(digest->digest, (Hash128{1, 2}));
  matching.misplaced = true;
  EXPECT_EQ(client->GetReferenceData().status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(MatchingQueriesClient, ADeadlineAndAnAbsentServerAreUnavailable) {
  FakeMatching matching;
  TestServer server(matching);
  ClientOptions options = server.Options();
  options.call_timeout = std::chrono::milliseconds(50);
  const auto client = ConnectMatchingQueries(options);
  EXPECT_EQ(client->GetBook(SymbolId(99), 10).status().code(), absl::StatusCode::kUnavailable);
  server.Stop();
  EXPECT_EQ(client->GetBook(SymbolId(3), 10).status().code(), absl::StatusCode::kUnavailable);
}

class SeveralMatchingsTest : public ::testing::Test {
 protected:
  void Connect() {
    ClientOptions options;
    for (const TestServer& server : servers_) options.addresses.push_back(server.address());
    options.call_timeout = options.look_timeout = options.silence = kLimit;
    client_ = ConnectMatchingQueries(options);
  }
  // Which replica answers; none beyond the last.
  std::size_t Asked() {
    std::array<int, 3> before{};
    for (std::size_t i = 0; i < 3; ++i) before[i] = replicas_[i].books;
    const auto book = client_->GetBook(SymbolId(3), 10);
    EXPECT_TRUE(book.ok()) << book.status();
    std::size_t asked = 0;
    while (asked < 3 && replicas_[asked].books == before[asked]) ++asked;
    return asked;
  }

  std::array<FakeMatching, 3> replicas_;
  std::array<TestServer, 3> servers_{TestServer{replicas_[0]}, TestServer{replicas_[1]}, TestServer{replicas_[2]}};
  std::unique_ptr<ports::MatchingQueries> client_;
};

TEST_F(SeveralMatchingsTest, TheNewestReplicaIsAskedFromTheFirstCallOn) {
  replicas_[1].sequence = 9;
  Connect();
  EXPECT_EQ(Asked(), 1U);
  EXPECT_EQ(client_->GetReferenceData()->sequence, SequenceNumber(9));
}

TEST_F(SeveralMatchingsTest, ACallThatFailsGoesToTheNewestOfTheOthers) {
  replicas_[0].sequence = 9;
  replicas_[2].sequence = 8;
  Connect();
  EXPECT_EQ(Asked(), 0U);
  servers_[0].Stop();
  EXPECT_EQ(Asked(), 2U);
  servers_[2].Stop();
  EXPECT_EQ(Asked(), 1U);
  servers_[1].Stop();
  EXPECT_EQ(client_->GetBook(SymbolId(3), 10).status().code(), absl::StatusCode::kUnavailable);
  servers_[0].Start();
  // The first attempts may still wait for the next connection.
  for (int attempt = 0; attempt < 100 && !client_->GetReferenceData().ok(); ++attempt) replicas_[0].WaitUntilAsked(1);
  EXPECT_EQ(Asked(), 0U);
}

TEST_F(SeveralMatchingsTest, AReplicaThatGetsAheadIsNoticedWithoutACall) {
  replicas_[0].sequence = 9;
  Connect();
  EXPECT_EQ(Asked(), 0U);
  replicas_[1].sequence = 10;
  // The second look begins when what the first one saw is known.
  ASSERT_TRUE(replicas_[0].WaitUntilAsked(1));
  ASSERT_TRUE(replicas_[0].WaitUntilAsked(1));
  EXPECT_EQ(Asked(), 1U);
}

TEST_F(SeveralMatchingsTest, ReferenceDataIsTheNewestAtOnce) {
  replicas_[0].sequence = 9;
  Connect();
  EXPECT_EQ(client_->GetReferenceData()->sequence, SequenceNumber(9));
  replicas_[2].sequence = 10;
  EXPECT_EQ(client_->GetReferenceData()->sequence, SequenceNumber(10));
  EXPECT_EQ(Asked(), 2U);
}

class FakeMarketData final : public pb::MarketDataService::Service {
 public:
  grpc::Status GetDepth(grpc::ServerContext*, const pb::GetDepthRequest*, pb::GetDepthResponse* response) override {
    wire::ToProto(kBook, *response->mutable_book());
    return grpc::Status::OK;
  }
  grpc::Status GetTrades(grpc::ServerContext*, const pb::GetTradesRequest* request,
                         pb::GetTradesResponse* response) override {
    EXPECT_EQ(request->limit(), 5U);
    ++calls;
    if (lagging) return {grpc::StatusCode::UNAVAILABLE, "lagging"};
    ToProto(trade, SymbolId(3), code, *response->add_trades());
    return grpc::Status::OK;
  }
  grpc::Status GetTicker(grpc::ServerContext*, const pb::GetTickerRequest*, pb::GetTickerResponse* response) override {
    ToProto(ticker, code, *response->mutable_ticker());
    return grpc::Status::OK;
  }
  grpc::Status GetCandles(grpc::ServerContext*, const pb::GetCandlesRequest* request,
                          pb::GetCandlesResponse* response) override {
    EXPECT_EQ(request->from_ms(), 1);
    EXPECT_EQ(request->to_ms(), 2);
    ToProto(candle, SymbolId(3), code, *response->add_candles());
    return grpc::Status::OK;
  }
  grpc::Status GetExternalCandle(grpc::ServerContext*, const pb::GetExternalCandleRequest* request,
                                 pb::GetExternalCandleResponse* response) override {
    EXPECT_EQ(request->venue() + request->symbol(), "binanceBTCUSDT");
    ToProto(candle, SymbolId(0), {}, *response->mutable_candle());
    return grpc::Status::OK;
  }

  std::atomic<bool> lagging{false};
  std::atomic<int> calls{0};
  const domain::SymbolCode code = *domain::SymbolCode::From("BTC-KRW");
  const ports::PublicTrade trade{{SequenceNumber(4), 2}, 100, domain::TradeId(6), domain::Price(7), domain::Quantity(8),
                                 domain::Side::kSell};
  const ports::Ticker ticker{SymbolId(3),
                             SequenceNumber(4),
                             100,
                             domain::Price(1),
                             std::nullopt,
                             domain::Price(3),
                             std::nullopt,
                             domain::Price(5),
                             domain::Price(6),
                             domain::Quantity(7),
                             domain::Quantity(8),
                             domain::Quantity(9),
                             domain::Amount(10),
                             11};
  const ports::Candle candle{60'000,
                             60'000,
                             domain::Price(1),
                             domain::Price(2),
                             domain::Price(3),
                             domain::Price(4),
                             domain::Quantity(5),
                             domain::Amount(6),
                             7,
                             true};
};

TEST(MarketQueriesClient, Answers) {
  FakeMarketData market_data;
  TestServer server(market_data);
  const auto client = ConnectMarketQueries(server.Options());
  EXPECT_EQ(*client->GetBook(SymbolId(3), 0), kBook);
  const auto trades = client->GetTrades(SymbolId(3), 5);
  ASSERT_TRUE(trades.ok()) << trades.status();
  ASSERT_EQ(trades->size(), 1U);
  EXPECT_EQ(trades->front().id, market_data.trade.id);
  EXPECT_EQ(trades->front().taker_side, domain::Side::kSell);
  const auto ticker = client->GetTicker(SymbolId(3));
  ASSERT_TRUE(ticker.ok()) << ticker.status();
  EXPECT_EQ(ticker->last, domain::Price(1));
  EXPECT_EQ(ticker->open, std::nullopt);
  EXPECT_EQ(ticker->best_ask_quantity, domain::Quantity(8));
  EXPECT_EQ(ticker->trade_count, 11U);
  const auto candles = client->GetCandles(SymbolId(3), 1, 2, 100);
  ASSERT_TRUE(candles.ok()) << candles.status();
  EXPECT_THAT(*candles, ::testing::ElementsAre(market_data.candle));
  EXPECT_EQ(*client->GetExternalCandle("binance", "BTCUSDT"), market_data.candle);
}

TEST(MarketQueriesClient, ACallThatIsNotAnsweredGoesToEachOtherInstanceOnce) {
  FakeMarketData first;
  FakeMarketData second;
  TestServer first_server(first);
  TestServer second_server(second);
  const auto client = ConnectMarketQueries(
      {.addresses = {first_server.address(), second_server.address()}, .call_timeout = kLimit, .silence = kLimit});
  EXPECT_TRUE(client->GetTrades(SymbolId(3), 5).ok());
  EXPECT_EQ(first.calls, 1);
  EXPECT_EQ(second.calls, 0);
  first.lagging = true;
  EXPECT_TRUE(client->GetTrades(SymbolId(3), 5).ok());
  EXPECT_TRUE(client->GetTrades(SymbolId(3), 5).ok());
  EXPECT_EQ(first.calls, 2) << "the one that answered last is asked";
  EXPECT_EQ(second.calls, 2);
  second_server.Stop();
  const auto trades = client->GetTrades(SymbolId(3), 5);
  EXPECT_EQ(trades.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(trades.status().message(), "lagging");
  EXPECT_EQ(first.calls, 3);
}

class FakePersistence final : public pb::PersistenceService::Service {
 public:
  explicit FakePersistence(std::uint64_t sequence) : sequence_(sequence) {}
  grpc::Status GetCommittedSequence(grpc::ServerContext* context, const pb::GetCommittedSequenceRequest*,
                                    pb::GetCommittedSequenceResponse* response) override {
    while (silent && !context->IsCancelled()) std::this_thread::yield();
    response->set_sequence(sequence_);
    return grpc::Status::OK;
  }
  std::atomic<bool> silent{false};

 private:
  const std::uint64_t sequence_;
};

TEST(HistoryClient, AnInstanceThatDoesNotAnswerInTimeIsPassedOver) {
  FakePersistence first(1);
  FakePersistence second(2);
  TestServer first_server(first);
  TestServer second_server(second);
  ClientOptions options{.addresses = {first_server.address(), second_server.address()}};
  const auto patient = ConnectHistory(options);
  EXPECT_EQ(*patient->CommittedSequence(), SequenceNumber(1));
  first.silent = true;
  options.call_timeout = std::chrono::seconds(1);
  const auto hasty = ConnectHistory(options);
  auto answer = hasty->CommittedSequence();
  // The second one may be late as well, on a busy machine.
  for (int attempt = 0; attempt < 20 && !answer.ok(); ++attempt) answer = hasty->CommittedSequence();
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(*answer, SequenceNumber(2));
}

TEST(MarketQueriesProto, BytesOnTheBusRoundTrip) {
  const FakeMarketData data;
  const auto ticker = DecodeTicker(EncodeTicker(data.ticker, data.code));
  ASSERT_TRUE(ticker.ok()) << ticker.status();
  EXPECT_EQ(ticker->code, data.code);
  EXPECT_EQ(ticker->ticker.best_bid, domain::Price(5));
  const auto candle = DecodeCandle(EncodeCandle(data.candle, SymbolId(3), data.code));
  ASSERT_TRUE(candle.ok()) << candle.status();
  EXPECT_EQ(candle->candle, data.candle);
  EXPECT_EQ(candle->symbol, SymbolId(3));
  EXPECT_EQ(DecodeCandle("\xff").status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(DecodeCandle("").status().message(), "interval_ms: must be positive");
}

TEST(HistoryProto, RowsAndFiltersRoundTrip) {
  wire::testing::RandomValues random(5);
  ports::OrderRow order;
  order.report = random.Report();
  order.created_sequence = SequenceNumber(1);
  order.updated_sequence = SequenceNumber(2);
  order.created_ns = 3;
  order.updated_ns = 4;
  order.first_status = domain::OrderStatus::kNew;
  order.first_executed_quantity = domain::Quantity(5);
  order.first_executed_quote = domain::Amount(6);
  pb::OrderRecord record;
  ToProto(order, record);
  const auto back = FromProto(record);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->report, order.report);
  EXPECT_EQ(back->updated_ns, 4);
  EXPECT_EQ(back->first_executed_quote, domain::Amount(6));
  record.mutable_report()->set_symbol_id(1U << 16U);
  EXPECT_EQ(FromProto(record).status().message(), "report.symbol_id: out of range");

  ports::FillFilter filter{AccountId(7), SymbolId(0), domain::OrderId(0), {SequenceNumber(8), 9}, 10};
  pb::ListFillsRequest request;
  ToProto(filter, request);
  const auto filter_back = FromProto(request);
  ASSERT_TRUE(filter_back.ok()) << filter_back.status();
  EXPECT_EQ(filter_back->symbol, SymbolId(0));
  EXPECT_EQ(filter_back->order, domain::OrderId(0));
  EXPECT_EQ(filter_back->before, filter.before);
  request.set_limit(1001);
  EXPECT_EQ(FromProto(request).status().message(), "limit: must be 1..1000");
  request.set_limit(1);
  request.clear_symbol_id();
  EXPECT_EQ(FromProto(request)->symbol, std::nullopt);
}

}  // namespace
}  // namespace xt::grpc_clients
