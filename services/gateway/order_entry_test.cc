// Order entry over real gRPC.
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "libs/auth/hmac.h"
#include "libs/auth/signature.h"
#include "libs/runtime/grpc_host.h"
#include "libs/runtime/log.h"
#include "services/gateway/testing/rest_fixture.h"
#include "xtrader/v1/gateway_service.grpc.pb.h"
#include "xtrader/v1/journal.pb.h"

namespace xt::gateway::testing {
namespace {

namespace pb = xtrader::v1;

class OrderEntryTest : public GatewayFixture {
 protected:
  using Stream = std::unique_ptr<grpc::ClientReaderWriter<pb::OrderEntryRequest, pb::OrderEntryResponse>>;

  void TearDown() override {
    if (host_ != nullptr) host_->Shutdown(std::chrono::steady_clock::now() + std::chrono::seconds(60));
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

  Stream LoggedOn(grpc::ClientContext& context, std::uint32_t group = 0) {
    Stream stream = Open(context);
    pb::OrderEntryRequest logon = LogonRequest();
    logon.mutable_logon()->set_order_group(group);
    EXPECT_TRUE(stream->Write(logon));
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

  // One request on the stream and its answer.
  static pb::OrderEntryResponse Ask(const Stream& stream, const pb::OrderEntryRequest& request) {
    pb::OrderEntryResponse response;
    EXPECT_TRUE(stream->Write(request));
    EXPECT_TRUE(stream->Read(&response));
    EXPECT_EQ(response.request_id(), request.request_id());
    return response;
  }

  template <typename Body>
  Body Command(std::size_t i) const {
    const auto commands = sequencing_.commands();
    if (i >= commands.size() || !std::holds_alternative<Body>(commands[i].body)) {
      ADD_FAILURE() << "no such command";
      return {};
    }
    return std::get<Body>(commands[i].body);
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
      {[](pb::EnterOrder& order) { order.set_stop_price_ticks(1); }, "INVALID_COMBINATION", "stopPrice"},
      {[](pb::EnterOrder& order) { order.set_type(pb::ORDER_TYPE_STOP_LOSS_LIMIT); }, "MISSING_FIELD", "stopPrice"},
      {[](pb::EnterOrder& order) { order.set_type(pb::ORDER_TYPE_ICEBERG); }, "MISSING_FIELD", "icebergQuantity"},
      {[](pb::EnterOrder& order) { order.set_time_in_force(pb::TIME_IN_FORCE_GTD); }, "MISSING_FIELD", "expireTime"},
      {[](pb::EnterOrder& order) { order.set_expire_time_ms(1); }, "INVALID_COMBINATION", "expireTime"},
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
  app_->Drain(std::chrono::steady_clock::now() + std::chrono::seconds(60));
  EXPECT_NE(metrics_.Text().find(R"(gateway_sessions{protocol="grpc"} 0)"), std::string::npos) << metrics_.Text();
}

TEST_F(OrderEntryTest, DrainingAnswersAndEndsTheStreams) {
  sequencing_.set_hold(true);
  StartHost();
  grpc::ClientContext context;
  const Stream stream = LoggedOn(context);
  ASSERT_TRUE(stream->Write(OrderRequestOf(2)));
  ASSERT_TRUE(sequencing_.WaitForCommands(1));
  std::thread draining([&] { app_->Drain(std::chrono::steady_clock::now() + std::chrono::seconds(60)); });
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

TEST_F(OrderEntryTest, EveryCommandIsAnswered) {
  StartHost();
  grpc::ClientContext context;
  const Stream stream = LoggedOn(context);
  const auto account = domain::AccountId(1);
  pb::OrderEntryRequest request;
  request.set_request_id(2);

  request.mutable_cancel_orders()->set_symbol("BTC-KRW");
  request.mutable_cancel_orders()->set_order_group(7);
  const auto canceled = Ask(stream, request).canceled();
  EXPECT_EQ(canceled.order_ids_size(), 2);
  EXPECT_EQ(canceled.order_ids(0), 5u);
  EXPECT_EQ(Command<domain::CancelAll>(0), (domain::CancelAll{account, kBtcKrw, domain::OrderGroup(7)}));
  request.mutable_cancel_orders()->Clear();
  EXPECT_TRUE(Ask(stream, request).has_canceled());
  EXPECT_EQ(Command<domain::CancelAll>(1), (domain::CancelAll{account, domain::kAllSymbols, {}}));

  request.mutable_amend_order()->set_order_id(3);
  request.mutable_amend_order()->set_quantity_lots(4);
  EXPECT_EQ(Ask(stream, request).result().report().quantity_lots(), 4);
  EXPECT_EQ(Command<domain::AmendOrder>(2).quantity, domain::Quantity(4));

  request.mutable_arm_countdown()->set_timeout_ms(5'000);
  EXPECT_EQ(Ask(stream, request).countdown().deadline_ns(), 1'700'000'005'123'000'000);
  EXPECT_EQ(Command<domain::SetCountdown>(3), (domain::SetCountdown{account, {}, 5'000}));

  pb::ReplaceEnteredOrder& replace = *request.mutable_replace_order();
  replace.set_cancel_client_order_id("old");
  replace.set_mode(pb::REPLACE_MODE_ALLOW_FAILURE);
  *replace.mutable_order() = OrderRequestOf(2).enter_order();
  const auto replaced = Ask(stream, request).replaced();
  EXPECT_EQ(replaced.cancel().result().report().client_order_id(), "old");
  EXPECT_EQ(replaced.order().result().report().client_order_id(), "c-2");
  EXPECT_EQ(Command<domain::CancelReplace>(4).mode, domain::ReplaceMode::kAllowFailure);
}

TEST_F(OrderEntryTest, CommandsThatBreakARuleAreRefused) {
  StartHost();
  grpc::ClientContext context;
  const Stream stream = LoggedOn(context);
  const auto expect = [&](const pb::OrderEntryRequest& request, const char* code, const char* field) {
    const auto response = Ask(stream, request);
    EXPECT_EQ(response.refusal().code(), code) << request.ShortDebugString();
    EXPECT_EQ(response.refusal().field(), field);
  };
  pb::OrderEntryRequest request;
  request.mutable_cancel_orders()->set_symbol("NO-SUCH");
  expect(request, "UNKNOWN_SYMBOL", "symbol");
  request.mutable_amend_order()->set_quantity_lots(4);
  expect(request, "INVALID_VALUE", "clientOrderId");
  request.mutable_amend_order()->set_order_id(3);
  request.mutable_amend_order()->set_quantity_lots(0);
  expect(request, "NOT_POSITIVE", "quantity");
  request.mutable_arm_countdown()->set_timeout_ms(-1);
  expect(request, "INVALID_VALUE", "timeoutMs");
  request.mutable_replace_order()->set_cancel_order_id(3);
  expect(request, "MISSING_FIELD", "cancelReplaceMode");
  request.mutable_replace_order()->set_mode(static_cast<pb::ReplaceMode>(9));
  expect(request, "INVALID_VALUE", "cancelReplaceMode");
  request.mutable_replace_order()->set_mode(pb::REPLACE_MODE_STOP_ON_FAILURE);
  expect(request, "UNKNOWN_SYMBOL", "symbol");
  request.mutable_replace_order()->mutable_order()->set_symbol("BTC-USDT");
  expect(request, "MISSING_FIELD", "side");
  EXPECT_EQ(sequencing_.submitted(), 0u);
}

TEST_F(OrderEntryTest, OneSignedRequestWithoutAStream) {
  StartHost();
  const auto execute = [&](const std::string& bytes, const std::string& secret) {
    pb::OrderEntryServiceExecuteRequest request;
    request.set_api_key("key-1");
    request.set_timestamp_ms(clock_.WallNs() / 1'000'000);
    request.set_request(bytes);
    request.set_signature(
        auth::HmacSha256Hex(secret, std::to_string(request.timestamp_ms()) + "EXECUTE" + request.request()));
    grpc::ClientContext context;
    pb::OrderEntryServiceExecuteResponse response;
    EXPECT_TRUE(stub_->Execute(&context, request, &response).ok());
    return response.response();
  };
  const std::string order = OrderRequestOf(2).SerializeAsString();
  EXPECT_EQ(execute(order, "wrong").refusal().code(), "INVALID_SIGNATURE");
  EXPECT_EQ(execute("\xff", "secret-1").refusal().code(), "MALFORMED_REQUEST");
  EXPECT_EQ(execute(LogonRequest().SerializeAsString(), "secret-1").refusal().code(), "INVALID_COMBINATION");
  EXPECT_EQ(sequencing_.submitted(), 0u);
  const auto entered = execute(order, "secret-1");
  EXPECT_EQ(entered.request_id(), 2u);
  EXPECT_EQ(entered.result().report().client_order_id(), "c-2") << entered.ShortDebugString();
}

TEST_F(OrderEntryTest, AStreamWithAGroupIsArmedBeforeItsFirstOrderAndItsOrdersHaveTheGroup) {
  config_.disconnect_timeout_ms = 60'000;
  StartHost();
  grpc::ClientContext context;
  const Stream stream = LoggedOn(context, 7);
  EXPECT_EQ(Command<domain::SetCountdown>(0),
            (domain::SetCountdown{domain::AccountId(1), domain::OrderGroup(7), 60'000}));
  pb::OrderEntryRequest order = OrderRequestOf(2);
  Ask(stream, order);
  order.mutable_enter_order()->set_order_group(8);
  Ask(stream, order);
  EXPECT_EQ(Command<domain::NewOrder>(1).group, domain::OrderGroup(7));
  EXPECT_EQ(Command<domain::NewOrder>(2).group, domain::OrderGroup(8));
}

TEST_F(OrderEntryTest, WhenAStreamEndsItsGroupIsCanceled) {
  config_.disconnect_timeout_ms = 60'000;
  StartHost();
  for (const bool orderly : {true, false}) {
    const std::size_t before = sequencing_.submitted();
    grpc::ClientContext context;
    const Stream stream = LoggedOn(context, 7);
    if (orderly) {
      stream->WritesDone();
    } else {
      context.TryCancel();
    }
    stream->Finish();
    ASSERT_TRUE(sequencing_.WaitForCommands(before + 3));
    EXPECT_EQ(Command<domain::CancelAll>(before + 1),
              (domain::CancelAll{domain::AccountId(1), domain::kAllSymbols, domain::OrderGroup(7)}));
    EXPECT_EQ(Command<domain::SetCountdown>(before + 2).timeout_ms, 0);
  }
}

TEST_F(OrderEntryTest, AGroupIsCanceledWhenItsLastStreamEnds) {
  config_.disconnect_timeout_ms = 60'000;
  StartHost();
  grpc::ClientContext second_context;
  Stream second;
  {
    grpc::ClientContext first_context;
    const Stream first = LoggedOn(first_context, 7);
    second = LoggedOn(second_context, 7);
    first->WritesDone();
    EXPECT_TRUE(first->Finish().ok());
  }
  second->WritesDone();
  EXPECT_TRUE(second->Finish().ok());
  ASSERT_TRUE(sequencing_.WaitForCommands(4));
  EXPECT_EQ(Command<domain::SetCountdown>(1).timeout_ms, 60'000);
  Command<domain::CancelAll>(2);
  Command<domain::SetCountdown>(3);
}

TEST_F(OrderEntryTest, ACountdownIsRenewedWhileTheStreamLives) {
  config_.disconnect_timeout_ms = 30;
  StartHost();
  grpc::ClientContext context;
  const Stream stream = LoggedOn(context, 7);
  ASSERT_TRUE(sequencing_.WaitForCommands(4));
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(Command<domain::SetCountdown>(i).timeout_ms, 30);
}

TEST_F(OrderEntryTest, WithoutItsCountdownAStreamIsRefused) {
  sequencing_.set_answer([](const domain::Command&, domain::SequenceNumber sequence) {
    return RefusedResult(sequence, domain::RejectReason::kCapacity, "group");
  });
  StartHost();
  grpc::ClientContext context;
  const Stream stream = Open(context);
  pb::OrderEntryRequest logon = LogonRequest();
  logon.mutable_logon()->set_order_group(7);
  EXPECT_EQ(Ask(stream, logon).refusal().code(), "CAPACITY");
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::UNAUTHENTICATED);
}

TEST_F(OrderEntryTest, DrainingCancelsTheGroupsOfItsStreams) {
  config_.disconnect_timeout_ms = 60'000;
  StartHost();
  grpc::ClientContext context;
  const Stream stream = LoggedOn(context, 7);
  app_->Drain(std::chrono::steady_clock::now() + std::chrono::seconds(60));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(Command<domain::CancelAll>(1).group, domain::OrderGroup(7));
}

class OperatorTest : public OrderEntryTest {
 protected:
  static pb::Command TransferCommand() {
    pb::Command command;
    pb::Transfer& transfer = *command.mutable_transfer();
    transfer.set_account_id(1);
    transfer.set_to_account_id(2);
    transfer.set_asset_id(1);
    transfer.set_amount(5);
    transfer.set_reference("t-1");
    return command;
  }

  grpc::Status Submit(const std::string& bytes, pb::OperatorServiceSubmitResponse& response,
                      const std::string& secret = "operator-secret", const std::string& reason = "") {
    pb::OperatorServiceSubmitRequest request;
    request.set_reason(reason);
    request.set_timestamp_ms(clock_.WallNs() / 1'000'000);
    request.set_command(bytes);
    request.set_signature(
        auth::HmacSha256Hex(secret, std::to_string(request.timestamp_ms()) + "OPERATOR" + request.command()));
    response.Clear();
    grpc::ClientContext context;
    const auto stub =
        pb::OperatorService::NewStub(grpc::CreateChannel(host_->address(), grpc::InsecureChannelCredentials()));
    return stub->Submit(&context, request, &response);
  }
};

TEST_F(OperatorTest, IsOffWithoutASecret) {
  StartHost();
  pb::OperatorServiceSubmitResponse response;
  EXPECT_EQ(Submit(TransferCommand().SerializeAsString(), response).error_code(), grpc::StatusCode::UNIMPLEMENTED);
}

TEST_F(OperatorTest, ExecutesCommandsOfOperators) {
  config_.operator_secret = "operator-secret";
  StartHost();
  pb::OperatorServiceSubmitResponse response;
  ASSERT_TRUE(Submit(TransferCommand().SerializeAsString(), response).ok());
  EXPECT_FALSE(response.has_refusal()) << response.ShortDebugString();
  EXPECT_EQ(response.result().events_size(), 1);
  EXPECT_EQ(Command<domain::Transfer>(0).amount, domain::Amount(5));
  sequencing_.set_answer([](const domain::Command&, domain::SequenceNumber sequence) {
    return RefusedResult(sequence, domain::RejectReason::kInsufficientBalance, "amount");
  });
  ASSERT_TRUE(Submit(TransferCommand().SerializeAsString(), response).ok());
  EXPECT_EQ(response.refusal().code(), "INSUFFICIENT_BALANCE");
  EXPECT_EQ(response.refusal().field(), "amount");
  EXPECT_EQ(response.result().sequence(), 102u);
}

TEST_F(OperatorTest, CustomersAreToldOfAHaltAtOnce) {
  config_.operator_secret = "operator-secret";
  StartHost();
  pb::Command command;
  command.mutable_set_symbol_status()->set_status(pb::SYMBOL_STATUS_HALTED);
  auto data = DemoReferenceData();
  data.symbols[0].status = domain::SymbolStatus::kHalted;
  matching_.set_data(data);
  pb::OperatorServiceSubmitResponse response;
  ASSERT_TRUE(Submit(command.SerializeAsString(), response).ok());
  pb::OrderEntryServiceListSymbolsResponse listed;
  grpc::ClientContext context;
  ASSERT_TRUE(stub_->ListSymbols(&context, {}, &listed).ok());
  EXPECT_EQ(listed.symbols(0).status(), pb::SYMBOL_STATUS_HALTED);
}

TEST_F(OperatorTest, IsLoggedWithWhoAskedAndWhy) {
  const std::string log = ::testing::TempDir() + "/operator_test.log";
  std::filesystem::remove(log);
  ASSERT_TRUE(runtime::StartLogging({.file = log}).ok());
  config_.operator_secret = "operator-secret";
  StartHost();
  pb::Command command;
  command.mutable_set_symbol_status()->set_symbol_id(1);
  command.mutable_set_symbol_status()->set_status(pb::SYMBOL_STATUS_HALTED);
  pb::OperatorServiceSubmitResponse response;
  ASSERT_TRUE(Submit(command.SerializeAsString(), response, "operator-secret", "news are due").ok());
  sequencing_.set_answer([](const domain::Command&, domain::SequenceNumber sequence) {
    return RefusedResult(sequence, domain::RejectReason::kUnknownSymbol, "symbol");
  });
  ASSERT_TRUE(Submit(command.SerializeAsString(), response, "operator-secret").ok());
  runtime::StopLogging();
  std::ifstream file(log);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  EXPECT_THAT(text, ::testing::ContainsRegex(R"(was executed.*HALTED.*"symbol":"[A-Z]+-[A-Z]+")"));
  EXPECT_THAT(text, ::testing::ContainsRegex(R"("peer":"ipv4:127.0.0.1:[0-9]+","reason":"news are due","seq":101})"));
  EXPECT_THAT(text, ::testing::ContainsRegex(R"(was refused.*"seq":102,"err.code":"UNKNOWN_SYMBOL"})"));
}

TEST_F(OperatorTest, RefusesEverythingElse) {
  config_.operator_secret = "operator-secret";
  StartHost();
  pb::OperatorServiceSubmitResponse response;
  ASSERT_TRUE(Submit(TransferCommand().SerializeAsString(), response, "secret-1").ok());
  EXPECT_EQ(response.refusal().code(), "INVALID_SIGNATURE");
  ASSERT_TRUE(Submit("\xff", response).ok());
  EXPECT_EQ(response.refusal().code(), "MALFORMED_REQUEST");
  ASSERT_TRUE(Submit(TransferCommand().SerializeAsString(), response, "operator-secret", std::string(257, 'r')).ok());
  EXPECT_EQ(response.refusal().field(), "reason");
  pb::Command command;
  for (const auto& make : std::vector<std::function<void()>>{
           [] {}, [&] { command.mutable_new_order(); }, [&] { command.mutable_cancel_all(); },
           [&] { command.mutable_set_countdown(); }, [&] { command.mutable_tick(); },
           [&] { command.mutable_epoch_start(); }}) {
    make();
    ASSERT_TRUE(Submit(command.SerializeAsString(), response).ok());
    EXPECT_EQ(response.refusal().code(), "INVALID_VALUE") << command.ShortDebugString();
    EXPECT_EQ(response.refusal().field(), "command");
  }
  EXPECT_EQ(sequencing_.submitted(), 0u);
}

}  // namespace
}  // namespace xt::gateway::testing
