// Against a gateway's services as fakes, over real gRPC: what is sent, signed and told.
#include "tools/xtraderctl/trading.h"

#include <grpcpp/grpcpp.h>

#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "libs/auth/hmac.h"
#include "xtrader/v1/gateway_service.grpc.pb.h"
#include "xtrader/v1/journal.pb.h"

namespace xt::ctl {
namespace {

namespace pb = xtrader::v1;
using domain::SymbolStatus;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class FakeOrderEntry final : public pb::OrderEntryService::Service {
 public:
  grpc::Status ListSymbols(grpc::ServerContext*, const pb::OrderEntryServiceListSymbolsRequest*,
                           pb::OrderEntryServiceListSymbolsResponse* response) override {
    for (const char* code : {"BTC-KRW", "ETH-KRW", "BTC-USDT"}) {
      pb::Symbol& symbol = *response->add_symbols();
      symbol.set_id(static_cast<std::uint32_t>(response->symbols_size() - 1));
      symbol.set_code(code);
      symbol.set_status(pb::SYMBOL_STATUS_TRADING);
    }
    return grpc::Status::OK;
  }
};

class FakeOperators final : public pb::OperatorService::Service {
 public:
  grpc::Status Submit(grpc::ServerContext*, const pb::OperatorServiceSubmitRequest* request,
                      pb::OperatorServiceSubmitResponse* response) override {
    const std::string payload = std::to_string(request->timestamp_ms()) + "OPERATOR" + request->command();
    if (auth::HmacSha256Hex("secret", payload) != request->signature()) {
      response->mutable_refusal()->set_code("INVALID_SIGNATURE");
      return grpc::Status::OK;
    }
    pb::Command command;
    if (!command.ParseFromString(request->command())) return {grpc::StatusCode::INVALID_ARGUMENT, "no command"};
    const pb::SetSymbolStatus& set = command.set_symbol_status();
    if (set.symbol_id() == broken) return {grpc::StatusCode::UNAVAILABLE, "gone"};
    reasons.push_back(request->reason());
    statuses[set.symbol_id()] = set.status();
    response->mutable_result()->set_sequence(100 + set.symbol_id());
    if (set.symbol_id() == refused) {
      response->mutable_refusal()->set_code("UNKNOWN_SYMBOL");
      response->mutable_refusal()->set_message("no such market");
    }
    return grpc::Status::OK;
  }

  std::uint32_t refused = 99;
  std::uint32_t broken = 99;
  std::vector<std::string> reasons;
  std::map<std::uint32_t, pb::SymbolStatus> statuses;
};

class TradingTest : public ::testing::Test {
 protected:
  std::string Serve(bool with_operators = true) {
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&order_entry_);
    if (with_operators) builder.RegisterService(&operators_);
    server_ = builder.BuildAndStart();
    EXPECT_NE(server_, nullptr);
    return "127.0.0.1:" + std::to_string(port);
  }

  FakeOrderEntry order_entry_;
  FakeOperators operators_;
  std::unique_ptr<grpc::Server> server_;
};

TEST_F(TradingTest, HaltsOneMarketWithTheReason) {
  const auto changes = SetTrading({Serve()}, "secret", {{"ETH-KRW"}, SymbolStatus::kHalted, "news are due"});
  ASSERT_TRUE(changes.ok()) << changes.status();
  ASSERT_EQ(changes->size(), 1U);
  EXPECT_EQ(changes->front().market, "ETH-KRW");
  EXPECT_EQ(changes->front().before, "TRADING");
  EXPECT_EQ(changes->front().refusal, "");
  EXPECT_EQ(changes->front().sequence, 101U);
  EXPECT_THAT(operators_.statuses, ElementsAre(std::pair(1U, pb::SYMBOL_STATUS_HALTED)));
  EXPECT_THAT(operators_.reasons, ElementsAre("news are due"));
}

TEST_F(TradingTest, WithoutAMarketAllAreTriedWhateverIsRefused) {
  operators_.refused = 0;
  operators_.broken = 1;
  const TradingRequest request{{}, SymbolStatus::kTrading, ""};
  const auto changes = SetTrading({Serve()}, "secret", request);
  ASSERT_TRUE(changes.ok()) << changes.status();
  ASSERT_EQ(changes->size(), 3U);
  EXPECT_EQ((*changes)[0].refusal, "UNKNOWN_SYMBOL: no such market");
  EXPECT_EQ((*changes)[1].refusal, "not known, ask again: gone");
  EXPECT_EQ((*changes)[2].refusal, "");
  EXPECT_EQ(operators_.statuses[2], pb::SYMBOL_STATUS_TRADING);
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(ShowTrading(request, *changes), 1);
  EXPECT_EQ(::testing::internal::GetCapturedStdout(),
            "market    before   now      sequence\n"
            "BTC-USDT  TRADING  TRADING  102\n");
  EXPECT_EQ(::testing::internal::GetCapturedStderr(),
            "xtraderctl: BTC-KRW: UNKNOWN_SYMBOL: no such market\n"
            "xtraderctl: ETH-KRW: not known, ask again: gone\n");
}

TEST_F(TradingTest, AnUnknownMarketIsNamedAndNothingIsDone) {
  const auto changes = SetTrading({Serve()}, "secret", {{"BTC-KRW", "BTC-EUR"}, SymbolStatus::kHalted, "x"});
  EXPECT_EQ(changes.status(), absl::NotFoundError("there is no market BTC-EUR; there are: BTC-KRW, ETH-KRW, BTC-USDT"));
  EXPECT_THAT(operators_.statuses, IsEmpty());
}

TEST_F(TradingTest, ASecretThatIsWrongOrNotWantedIsTold) {
  auto changes = SetTrading({Serve()}, "other", {{"BTC-KRW"}, SymbolStatus::kHalted, "x"});
  ASSERT_TRUE(changes.ok()) << changes.status();
  EXPECT_THAT(changes->front().refusal, HasSubstr("INVALID_SIGNATURE"));
  server_.reset();
  changes = SetTrading({Serve(false)}, "secret", {{"BTC-KRW"}, SymbolStatus::kHalted, "x"});
  ASSERT_TRUE(changes.ok()) << changes.status();
  EXPECT_EQ(changes->front().refusal, "the gateway takes no commands of operators: it has no operator.secret");
}

TEST_F(TradingTest, AnotherGatewayIsAskedWhenOneIsAway) {
  const std::string here = Serve();
  EXPECT_TRUE(SetTrading({"127.0.0.1:1", here}, "secret", {{"BTC-KRW"}, SymbolStatus::kHalted, "x"}).ok());
  const auto away = SetTrading({"127.0.0.1:1"}, "secret", {{"BTC-KRW"}, SymbolStatus::kHalted, "x"});
  EXPECT_TRUE(absl::IsUnavailable(away.status()));
  EXPECT_THAT(std::string(away.status().message()), HasSubstr("no gateway answers; 127.0.0.1:1: "));
}

}  // namespace
}  // namespace xt::ctl
