// Order entry over real gRPC.
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <thread>

#include "libs/auth/hmac.h"
#include "libs/auth/signature.h"
#include "libs/runtime/grpc_host.h"
#include "services/gateway/testing/rest_fixture.h"
#include "xtrader/v1/gateway_service.grpc.pb.h"

namespace xt::gateway::testing {
namespace {

namespace pb = xtrader::v1;

class OrderEntryTest : public GatewayFixture {
 protected:
  using Stream = std::unique_ptr<grpc::ClientReaderWriter<pb::OrderEntryRequest, pb::OrderEntryResponse>>;

  void TearDown() override {
    if (host_ != nullptr) host_->Shutdown(std::chrono::steady_clock::now() + std::chrono::seconds(5));
  }

  void StartHost() {
    StartGateway();
    auto host = runtime::GrpcHost::Start({}, app_->GrpcServices(), health_, metrics_);
    ASSERT_TRUE(host.ok()) << host.status();
    host_ = *std::move(host);
    stub_ = pb::OrderEntryService::NewStub(grpc::CreateChannel(host_->address(), grpc::InsecureChannelCredentials()));
  }

  // A context per stream; it must outlive the stream.
  Stream Open(grpc::ClientContext& context) {
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    return stub_->OrderEntry(&context);
  }

  pb::OrderEntryRequest LogonRequest(const std::string& key = "key-1", const std::string& secret = "secret-1") {
    pb::OrderEntryRequest request;
    request.set_request_id(1);
    const std::int64_t now_ms = clock_.WallNs() / 1'000'000;
    request.mutable_logon()->set_api_key(key);
    request.mutable_logon()->set_timestamp_ms(now_ms);
    request.mutable_logon()->set_signature(auth::HmacSha256Hex(secret, auth::LogonPayload(now_ms, key)));
    return request;
  }

  Stream LoggedOn(grpc::ClientContext& context) {
    Stream stream = Open(context);
    EXPECT_TRUE(stream->Write(LogonRequest()));
    pb::OrderEntryResponse response;
    EXPECT_TRUE(stream->Read(&response));
    EXPECT_TRUE(response.has_logged_on()) << response.ShortDebugString();
    EXPECT_EQ(response.logged_on().account_id(), 1u);
    EXPECT_EQ(response.logged_on().account(), "demo-1");
    return stream;
  }

  static pb::OrderEntryRequest OrderRequestOf(std::uint64_t id) {
    pb::OrderEntryRequest request;
    request.set_request_id(id);
    pb::EnterOrder& order = *request.mutable_enter_order();
    order.set_symbol("BTC-USDT");
    order.set_side(pb::SIDE_BUY);
    order.set_type(pb::ORDER_TYPE_LIMIT);
    order.set_price_ticks(5'000'000);
    order.set_quantity_lots(50'000);
    order.set_client_order_id("c-" + std::to_string(id));
    return request;
  }

  std::unique_ptr<runtime::GrpcHost> host_;
  std::unique_ptr<pb::OrderEntryService::Stub> stub_;
};

TEST_F(OrderEntryTest, OrdersAndCancelsAreAnswered) {
  StartHost();
  grpc::ClientContext context;
  const Stream stream = LoggedOn(context);
  ASSERT_TRUE(stream->Write(OrderRequestOf(2)));
  pb::OrderEntryResponse response;
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.request_id(), 2u);
  ASSERT_TRUE(response.has_result()) << response.ShortDebugString();
  EXPECT_EQ(response.result().report().status(), pb::ORDER_STATUS_NEW);
  EXPECT_EQ(response.result().report().client_order_id(), "c-2");
  EXPECT_FALSE(response.result().duplicate());
  const std::uint64_t order_id = response.result().report().order_id();

  pb::OrderEntryRequest cancel;
  cancel.set_request_id(3);
  cancel.mutable_cancel_order()->set_order_id(order_id);
  ASSERT_TRUE(stream->Write(cancel));
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.request_id(), 3u);
  EXPECT_EQ(response.result().report().status(), pb::ORDER_STATUS_CANCELED);
  EXPECT_EQ(response.result().report().order_id(), order_id);
  stream->WritesDone();
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_EQ(std::get<domain::NewOrder>(sequencing_.commands()[0].body).time_in_force, domain::TimeInForce::kGtc);
}

TEST_F(OrderEntryTest, BadOrdersAreRefusedAndTheStreamGoesOn) {
  StartHost();
  grpc::ClientContext context;
  const Stream stream = LoggedOn(context);
  struct Case {
    std::function<void(pb::EnterOrder&)> change;
    const char* code;
    const char* field;
  };
  const Case cases[] = {
      {[](pb::EnterOrder& order) { order.set_symbol("NO-SUCH"); }, "UNKNOWN_SYMBOL", "symbol"},
      {[](pb::EnterOrder& order) { order.clear_side(); }, "MISSING_FIELD", "side"},
      {[](pb::EnterOrder& order) { order.set_side(static_cast<pb::Side>(9)); }, "INVALID_VALUE", "side"},
      {[](pb::EnterOrder& order) { order.set_price_ticks(-1); }, "NOT_POSITIVE", "price"},
      {[](pb::EnterOrder& order) { order.set_price_ticks(INT64_MAX); }, "MAX_PRICE", "price"},
      {[](pb::EnterOrder& order) { order.set_quantity_lots(INT64_MIN); }, "NOT_POSITIVE", "quantity"},
      {[](pb::EnterOrder& order) { order.set_type(pb::ORDER_TYPE_MARKET); }, "INVALID_COMBINATION", "price"},
      {[](pb::EnterOrder& order) { order.set_client_order_id("a b"); }, "INVALID_VALUE", "clientOrderId"},
  };
  pb::OrderEntryResponse response;
  for (const Case& bad : cases) {
    pb::OrderEntryRequest request = OrderRequestOf(2);
    bad.change(*request.mutable_enter_order());
    ASSERT_TRUE(stream->Write(request));
    ASSERT_TRUE(stream->Read(&response));
    EXPECT_EQ(response.refusal().code(), bad.code) << response.ShortDebugString();
    EXPECT_EQ(response.refusal().field(), bad.field);
  }
  ASSERT_TRUE(stream->Write(pb::OrderEntryRequest()));
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.refusal().reason(), pb::REJECT_REASON_MALFORMED_REQUEST);
  ASSERT_TRUE(stream->Write(LogonRequest()));
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.refusal().code(), "INVALID_COMBINATION");
  EXPECT_EQ(sequencing_.submitted(), 0u);
  ASSERT_TRUE(stream->Write(OrderRequestOf(3)));
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_TRUE(response.has_result());
}

TEST_F(OrderEntryTest, WithoutARightLogonTheStreamEnds) {
  StartHost();
  pb::OrderEntryRequest stale = LogonRequest();
  stale.mutable_logon()->set_timestamp_ms(1);
  struct Case {
    pb::OrderEntryRequest first;
    const char* code;
  };
  for (const Case& bad :
       {Case{OrderRequestOf(1), "UNAUTHENTICATED"}, Case{LogonRequest("key-9"), "UNAUTHENTICATED"},
        Case{LogonRequest("key-1", "secret-2"), "INVALID_SIGNATURE"}, Case{stale, "STALE_TIMESTAMP"}}) {
    grpc::ClientContext context;
    const Stream stream = Open(context);
    ASSERT_TRUE(stream->Write(bad.first));
    pb::OrderEntryResponse response;
    ASSERT_TRUE(stream->Read(&response));
    EXPECT_EQ(response.refusal().code(), bad.code);
    EXPECT_FALSE(stream->Read(&response));
    EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::UNAUTHENTICATED);
  }
  EXPECT_EQ(sequencing_.submitted(), 0u);
}

TEST_F(OrderEntryTest, ReadsNoMoreThanMayBeUnanswered) {
  config_.stream_max_unanswered = 3;
  sequencing_.set_hold(true);
  StartHost();
  grpc::ClientContext context;
  const Stream stream = LoggedOn(context);
  for (std::uint64_t id = 2; id < 12; ++id) ASSERT_TRUE(stream->Write(OrderRequestOf(id)));
  ASSERT_TRUE(sequencing_.WaitForCommands(3));
  EXPECT_EQ(sequencing_.submitted(), 3u);
  sequencing_.set_hold(false);
  sequencing_.Release();
  std::set<std::uint64_t> answered;
  for (int i = 0; i < 10; ++i) {
    pb::OrderEntryResponse response;
    ASSERT_TRUE(stream->Read(&response));
    EXPECT_TRUE(response.has_result());
    answered.insert(response.request_id());
  }
  EXPECT_EQ(answered.size(), 10u);
}

TEST_F(OrderEntryTest, AProgramThatGoesAwayLeavesNothingBehind) {
  sequencing_.set_hold(true);
  StartHost();
  {
    grpc::ClientContext context;
    const Stream stream = LoggedOn(context);
    ASSERT_TRUE(stream->Write(OrderRequestOf(2)));
    ASSERT_TRUE(sequencing_.WaitForCommands(1));
    context.TryCancel();
    EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
  }
  sequencing_.Release();
  app_->Drain(std::chrono::steady_clock::now() + std::chrono::seconds(10));
  EXPECT_NE(metrics_.Text().find(R"(gateway_sessions{protocol="grpc"} 0)"), std::string::npos) << metrics_.Text();
}

TEST_F(OrderEntryTest, DrainingAnswersAndEndsTheStreams) {
  sequencing_.set_hold(true);
  StartHost();
  grpc::ClientContext context;
  const Stream stream = LoggedOn(context);
  ASSERT_TRUE(stream->Write(OrderRequestOf(2)));
  ASSERT_TRUE(sequencing_.WaitForCommands(1));
  std::thread draining([&] { app_->Drain(std::chrono::steady_clock::now() + std::chrono::seconds(10)); });
  sequencing_.Release();
  pb::OrderEntryResponse response;
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_TRUE(response.has_result());
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  draining.join();
  grpc::ClientContext late;
  const Stream refused = Open(late);
  EXPECT_FALSE(refused->Read(&response));
  EXPECT_EQ(refused->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(OrderEntryTest, ListsTheSymbols) {
  StartHost();
  grpc::ClientContext context;
  pb::OrderEntryServiceListSymbolsResponse response;
  ASSERT_TRUE(stub_->ListSymbols(&context, {}, &response).ok());
  ASSERT_EQ(response.symbols_size(), 2);
  EXPECT_EQ(response.symbols(0).code(), "BTC-USDT");
  EXPECT_EQ(response.symbols(0).tick_size(), 1'000'000);
  EXPECT_EQ(response.assets_size(), 3);
}

TEST_F(OrderEntryTest, ManyProgramsAtOnce) {
  StartHost();
  constexpr int kPrograms = 4;
  constexpr std::uint64_t kOrders = 100;
  std::atomic<int> answered{0};
  std::vector<std::thread> programs;
  for (int p = 0; p < kPrograms; ++p) {
    programs.emplace_back([&] {
      grpc::ClientContext context;
      const Stream stream = LoggedOn(context);
      std::thread writer([&] {
        for (std::uint64_t id = 2; id < 2 + kOrders; ++id) stream->Write(OrderRequestOf(id));
        stream->WritesDone();
      });
      pb::OrderEntryResponse response;
      while (stream->Read(&response)) answered += response.has_result() ? 1 : 0;
      writer.join();
      EXPECT_TRUE(stream->Finish().ok());
    });
  }
  for (std::thread& program : programs) program.join();
  EXPECT_EQ(answered, kPrograms * static_cast<int>(kOrders));
}

}  // namespace
}  // namespace xt::gateway::testing
