#include "libs/runtime/grpc_host.h"

#include <gmock/gmock.h>
#include <google/protobuf/wrappers.pb.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/support/method_handler.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "libs/runtime/health.h"
#include "libs/runtime/metrics.h"
#include "tests/support/raw_grpc_call.h"

namespace xt::runtime {
namespace {

using google::protobuf::StringValue;
using test::RawCall;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr char kEcho[] = "xt.testing.Echo";
constexpr char kSay[] = "/xt.testing.Echo/Say";
constexpr char kCheck[] = "/grpc.health.v1.Health/Check";
constexpr char kWatch[] = "/grpc.health.v1.Health/Watch";
constexpr char kReflection[] = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";
const std::string kServing("\x08\x01", 2);
const std::string kNotServing("\x08\x02", 2);

std::chrono::steady_clock::time_point In(std::chrono::seconds time) { return std::chrono::steady_clock::now() + time; }

// Says what it was told; "hold" waits until Release() or until the call is cancelled.
class EchoService final : public grpc::Service {
 public:
  EchoService() {
    using Message = google::protobuf::MessageLite;
    AddMethod(new grpc::internal::RpcServiceMethod(
        kSay, grpc::internal::RpcMethod::NORMAL_RPC,
        new grpc::internal::RpcMethodHandler<EchoService, StringValue, StringValue, Message, Message>(
            [](EchoService* self, grpc::ServerContext* context, const StringValue* request, StringValue* reply) {
              return self->Say(*context, *request, *reply);
            },
            this)));
  }

  void AwaitHeld() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return held_; });
  }
  void Release() {
    {
      std::lock_guard lock(mutex_);
      released_ = true;
    }
    changed_.notify_all();
  }

 private:
  grpc::Status Say(grpc::ServerContext& context, const StringValue& request, StringValue& reply) {
    if (request.value() == "fail") return {grpc::StatusCode::INVALID_ARGUMENT, "told to"};
    if (request.value() == "hold") Hold(context);
    reply.set_value(request.value());
    return grpc::Status::OK;
  }

  void Hold(grpc::ServerContext& context) {
    std::unique_lock lock(mutex_);
    held_ = true;
    changed_.notify_all();
    // The synchronous API tells of a cancellation only when asked.
    while (!changed_.wait_for(lock, std::chrono::milliseconds(2), [&] { return released_; })) {
      if (context.IsCancelled()) return;
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool held_ = false;
  bool released_ = false;
};

class GrpcHostTest : public testing::Test {
 protected:
  void Start(GrpcOptions options = {}) {
    auto host = GrpcHost::Start(options, {{&echo_, kEcho}}, health_, metrics_);
    ASSERT_TRUE(host.ok()) << host.status();
    host_ = *std::move(host);
    channel_ = grpc::CreateChannel(host_->address(), grpc::InsecureChannelCredentials());
  }

  // The reply's bytes, or the status code's number when the call failed.
  std::string Call(const std::string& method, const std::string& request) {
    RawCall call(channel_, method);
    call.Write(request);
    call.WritesDone();
    const std::string reply = call.Read();
    const grpc::Status status = call.Finish();
    return status.ok() ? reply : "code " + std::to_string(status.error_code());
  }
  std::string Health(const std::string& service) {
    return Call(kCheck, service.empty() ? "" : "\x0a" + std::string(1, static_cast<char>(service.size())) + service);
  }
  std::string Say(const std::string& text) {
    StringValue value;
    value.set_value(text);
    return Call(kSay, value.SerializeAsString());
  }

  MetricsRegistry metrics_;
  HealthRegistry health_{&metrics_};
  EchoService echo_;
  std::unique_ptr<GrpcHost> host_;
  std::shared_ptr<grpc::Channel> channel_;
};

TEST_F(GrpcHostTest, HealthFollowsReadiness) {
  Start();
  EXPECT_EQ(Health(""), kNotServing);
  EXPECT_EQ(Health(kEcho), kNotServing);
  health_.SetState(ServingState::kServing);
  EXPECT_EQ(Health(""), kServing);
  EXPECT_EQ(Health(kEcho), kServing);
  HealthCheck& journal = health_.AddCheck("journal", Dependency::kHard);
  EXPECT_EQ(Health(kEcho), kNotServing);
  journal.SetOk();
  EXPECT_EQ(Health(kEcho), kServing);
  health_.SetState(ServingState::kDraining);
  EXPECT_EQ(Health(""), kNotServing);
  EXPECT_EQ(Health("xt.testing.Unknown"), "code 5");
}

TEST_F(GrpcHostTest, OtherNamesHaveTheirOwnHealth) {
  Start();
  EXPECT_EQ(Health("xtrader.v1.Leader"), "code 5");
  host_->SetServing("xtrader.v1.Leader", true);
  EXPECT_EQ(Health("xtrader.v1.Leader"), kServing);
  host_->SetServing("xtrader.v1.Leader", false);
  EXPECT_EQ(Health("xtrader.v1.Leader"), kNotServing);
}

TEST_F(GrpcHostTest, WatchersHearOfChanges) {
  Start();
  RawCall watch(channel_, kWatch);
  watch.Write("");
  watch.WritesDone();
  EXPECT_EQ(watch.Read(), kNotServing);
  health_.SetState(ServingState::kServing);
  EXPECT_EQ(watch.Read(), kServing);
  health_.SetState(ServingState::kDraining);
  EXPECT_EQ(watch.Read(), kNotServing);
}

TEST_F(GrpcHostTest, ShutdownDoesNotWaitForWatchers) {
  Start();
  RawCall watch(channel_, kWatch);
  watch.Write("");
  watch.WritesDone();
  EXPECT_EQ(watch.Read(), kNotServing);
  host_->Shutdown(In(std::chrono::hours(1)));
  while (watch.Read() != "<end>") {
  }
  EXPECT_FALSE(watch.Finish().ok());
}

TEST_F(GrpcHostTest, ReflectionListsServicesWhenWanted) {
  Start();
  EXPECT_THAT(Call(kReflection, "\x3a\x01*"), AllOf(HasSubstr(kEcho), HasSubstr("grpc.health.v1.Health")));
}

TEST_F(GrpcHostTest, ReflectionIsAbsentOtherwise) {
  GrpcOptions options;
  options.reflection = false;
  Start(options);
  EXPECT_EQ(Call(kReflection, "\x3a\x01*"), "code 12");
}

TEST_F(GrpcHostTest, CallsAreCounted) {
  Start();
  EXPECT_EQ(Say("hi"), std::string("\x0a\x02hi"));
  Say("hi");
  EXPECT_EQ(Say("fail"), "code 3");
  host_->Shutdown(In(std::chrono::seconds(30)));
  const std::string text = metrics_.Text();
  const std::string method = R"({grpc_type="unary",grpc_service="xt.testing.Echo",grpc_method="Say")";
  EXPECT_THAT(text, HasSubstr("grpc_server_started_total" + method + "} 3\n"));
  EXPECT_THAT(text, HasSubstr("grpc_server_msg_received_total" + method + "} 3\n"));
  EXPECT_THAT(text, HasSubstr("grpc_server_msg_sent_total" + method + "} 2\n"));
  EXPECT_THAT(text, HasSubstr("grpc_server_handled_total" + method + ",grpc_code=\"OK\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("grpc_server_handled_total" + method + ",grpc_code=\"InvalidArgument\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("grpc_server_handling_seconds_count" + method + "} 3\n"));
  EXPECT_THAT(text, HasSubstr("grpc_server_in_flight{grpc_method=\"Say\"} 0\n"));
}

TEST_F(GrpcHostTest, ACallInProgressIsInFlight) {
  Start();
  std::thread caller([&] { EXPECT_EQ(Say("hold"), std::string("\x0a\x04hold")); });
  echo_.AwaitHeld();
  EXPECT_THAT(metrics_.Text(), HasSubstr("grpc_server_in_flight{grpc_method=\"Say\"} 1\n"));
  echo_.Release();
  caller.join();
}

TEST_F(GrpcHostTest, ShutdownWaitsForCalls) {
  Start();
  std::thread caller([&] { EXPECT_EQ(Say("hold"), std::string("\x0a\x04hold")); });
  echo_.AwaitHeld();
  std::thread shutdown([&] { host_->Shutdown(In(std::chrono::seconds(60))); });
  echo_.Release();
  caller.join();
  shutdown.join();
  EXPECT_THAT(metrics_.Text(), Not(HasSubstr("Canceled")));
}

TEST_F(GrpcHostTest, ShutdownCancelsAtItsDeadline) {
  Start();
  std::thread caller([&] { EXPECT_NE(Say("hold"), std::string("\x0a\x04hold")); });
  echo_.AwaitHeld();
  host_->Shutdown(In(std::chrono::seconds(0)));
  caller.join();
}

TEST_F(GrpcHostTest, APortInUseNamesTheKey) {
  Start();
  GrpcOptions options;
  options.port = host_->port();
  EchoService other;
  const auto second = GrpcHost::Start(options, {{&other, kEcho}}, health_, metrics_);
  ASSERT_FALSE(second.ok());
  EXPECT_THAT(std::string(second.status().message()),
              AllOf(HasSubstr("config key grpc.port = " + std::to_string(host_->port())), HasSubstr("in use")));
}

TEST_F(GrpcHostTest, AnAddressThatIsNotHereNamesTheKey) {
  GrpcOptions options;
  options.address = "192.0.2.1";
  EXPECT_THAT(std::string(GrpcHost::Start(options, {{&echo_, kEcho}}, health_, metrics_).status().message()),
              HasSubstr("grpc.port"));
}

}  // namespace
}  // namespace xt::runtime
