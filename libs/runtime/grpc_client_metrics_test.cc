#include "libs/runtime/grpc_client_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include "libs/adapters/grpc/channel.h"
#include "libs/adapters/grpc/testing/test_server.h"
#include "libs/runtime/metrics.h"
#include "tests/support/raw_grpc_call.h"
#include "xtrader/v1/matching_service.grpc.pb.h"

namespace xt::runtime {
namespace {

namespace pb = ::xtrader::v1;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr std::uint32_t kUnknown = 4;
constexpr std::uint32_t kHeld = 99;

// Knows every symbol but one, and does not answer for another. A stream gets an answer per message.
class FakeMatching final : public pb::MatchingService::Service {
 public:
  grpc::Status GetBook(grpc::ServerContext* context, const pb::GetBookRequest* request, pb::GetBookResponse*) override {
    if (request->symbol_id() == kUnknown) return {grpc::StatusCode::NOT_FOUND, "no such symbol"};
    // The synchronous API tells of a cancellation only when asked.
    while (request->symbol_id() == kHeld && !context->IsCancelled()) std::this_thread::yield();
    return grpc::Status::OK;
  }
  grpc::Status Replicate(grpc::ServerContext*,
                         grpc::ServerReaderWriter<pb::ReplicateResponse, pb::ReplicateRequest>* stream) override {
    pb::ReplicateRequest request;
    while (stream->Read(&request)) stream->Write(pb::ReplicateResponse());
    return grpc::Status::OK;
  }
};

std::string Series(const std::string& name, const std::string& type, const std::string& method,
                   const std::string& code = "") {
  return name + "{grpc_type=\"" + type + "\",grpc_service=\"xtrader.v1.MatchingService\",grpc_method=\"" + method +
         "\"" + (code.empty() ? "" : ",grpc_code=\"" + code + "\"") + "} ";
}

std::string Started(const std::string& type, const std::string& method) {
  return Series("grpc_client_started_total", type, method);
}
std::string Handled(const std::string& type, const std::string& method, const std::string& code) {
  return Series("grpc_client_handled_total", type, method, code);
}
std::string Timed(const std::string& type, const std::string& method) {
  return Series("grpc_client_handling_seconds_count", type, method);
}

class GrpcClientMetricsTest : public testing::Test {
 protected:
  GrpcClientMetricsTest() {
    grpc_clients::ClientOptions options;
    options.interceptors = CountGrpcClientCalls(metrics_);
    channel_ = grpc_clients::MakeChannel(server_.address(), pb::MatchingService::service_full_name(), options);
    stub_ = pb::MatchingService::NewStub(channel_);
  }

  grpc::StatusCode GetBook(std::uint32_t symbol, std::chrono::milliseconds timeout = std::chrono::minutes(1)) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + timeout);
    pb::GetBookRequest request;
    request.set_symbol_id(symbol);
    pb::GetBookResponse response;
    return stub_->GetBook(&context, request, &response).error_code();
  }

  MetricsRegistry metrics_;
  FakeMatching matching_;
  grpc_clients::testing::TestServer server_{matching_};
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<pb::MatchingService::Stub> stub_;
};

TEST_F(GrpcClientMetricsTest, EveryMethodOfTheServiceIsExportedFromTheStart) {
  EXPECT_THAT(metrics_.Text(),
              AllOf(HasSubstr(Started("unary", "GetBook") + "0\n"),
                    HasSubstr(Handled("unary", "GetBook", "OK") + "0\n"), HasSubstr(Timed("unary", "GetBook") + "0\n"),
                    HasSubstr(Handled("bidi_stream", "Replicate", "OK") + "0\n"), Not(HasSubstr("SequencerService"))));
}

TEST_F(GrpcClientMetricsTest, ACallCountsByItsStatus) {
  EXPECT_EQ(GetBook(1), grpc::StatusCode::OK);
  EXPECT_EQ(GetBook(2), grpc::StatusCode::OK);
  EXPECT_EQ(GetBook(kUnknown), grpc::StatusCode::NOT_FOUND);
  EXPECT_THAT(
      metrics_.Text(),
      AllOf(HasSubstr(Started("unary", "GetBook") + "3\n"), HasSubstr(Handled("unary", "GetBook", "OK") + "2\n"),
            HasSubstr(Handled("unary", "GetBook", "NotFound") + "1\n"), HasSubstr(Timed("unary", "GetBook") + "3\n")));
}

TEST_F(GrpcClientMetricsTest, ADeadlineAndAnAbsentServerAreStatusesToo) {
  EXPECT_EQ(GetBook(kHeld, std::chrono::milliseconds(50)), grpc::StatusCode::DEADLINE_EXCEEDED);
  server_.Stop();
  EXPECT_EQ(GetBook(1), grpc::StatusCode::UNAVAILABLE);
  EXPECT_THAT(metrics_.Text(), AllOf(HasSubstr(Started("unary", "GetBook") + "2\n"),
                                     HasSubstr(Handled("unary", "GetBook", "DeadlineExceeded") + "1\n"),
                                     HasSubstr(Handled("unary", "GetBook", "Unavailable") + "1\n"),
                                     HasSubstr(Timed("unary", "GetBook") + "2\n")));
}

TEST_F(GrpcClientMetricsTest, AStreamCountsOnceWhenItIsOver) {
  grpc::ClientContext context;
  const auto stream = stub_->Replicate(&context);
  pb::ReplicateResponse response;
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(stream->Write(pb::ReplicateRequest()));
    ASSERT_TRUE(stream->Read(&response));
  }
  EXPECT_THAT(metrics_.Text(), AllOf(HasSubstr(Started("bidi_stream", "Replicate") + "1\n"),
                                     HasSubstr(Timed("bidi_stream", "Replicate") + "0\n")));
  stream->WritesDone();
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_THAT(metrics_.Text(), AllOf(HasSubstr(Started("bidi_stream", "Replicate") + "1\n"),
                                     HasSubstr(Handled("bidi_stream", "Replicate", "OK") + "1\n"),
                                     HasSubstr(Timed("bidi_stream", "Replicate") + "1\n")));
}

TEST_F(GrpcClientMetricsTest, AStreamThatBreaksCountsAsWhatItsReaderGets) {
  grpc::ClientContext context;
  const auto stream = stub_->Replicate(&context);
  pb::ReplicateResponse response;
  ASSERT_TRUE(stream->Write(pb::ReplicateRequest()));
  ASSERT_TRUE(stream->Read(&response));
  server_.Stop();
  EXPECT_FALSE(stream->Read(&response));
  // Whether the end of the call or that of the connection is seen first is a race.
  const grpc::StatusCode code = stream->Finish().error_code();
  ASSERT_THAT(code, testing::AnyOf(grpc::StatusCode::CANCELLED, grpc::StatusCode::UNAVAILABLE));
  const std::string name = code == grpc::StatusCode::CANCELLED ? "Canceled" : "Unavailable";
  EXPECT_THAT(metrics_.Text(), AllOf(HasSubstr(Handled("bidi_stream", "Replicate", name) + "1\n"),
                                     HasSubstr(Handled("bidi_stream", "Replicate", "OK") + "0\n"),
                                     HasSubstr(Timed("bidi_stream", "Replicate") + "1\n")));
}

TEST_F(GrpcClientMetricsTest, AMethodOfAnotherServiceIsNotCounted) {
  test::RawCall call(channel_, "/xtrader.v1.Nothing/Get");
  EXPECT_EQ(call.Finish().error_code(), grpc::StatusCode::UNIMPLEMENTED);
  EXPECT_THAT(metrics_.Text(), Not(HasSubstr("Nothing")));
}

}  // namespace
}  // namespace xt::runtime
