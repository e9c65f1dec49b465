// The service through its gRPC port: a real channel, and clients that are connected.
#include "services/notifier/notifier_service.h"

#include "libs/runtime/grpc_host.h"
#include "services/notifier/testing/fixture.h"

namespace xt::notifier {
namespace {

using testing::kPatience;
using testing::Listener;
using testing::LogonRequestOf;
using testing::NotifierTest;

using NotifierServiceTest = NotifierTest;

TEST_F(NotifierServiceTest, ListsSessions) {
  Start();
  NotifierService service(app_->hub());
  auto host =
      runtime::GrpcHost::Start({}, {{&service, xtrader::v1::NotifierService::service_full_name()}}, health_, metrics_);
  ASSERT_TRUE(host.ok()) << host.status();
  const auto stub = xtrader::v1::NotifierService::NewStub(
      grpc::CreateChannel((*host)->address(), grpc::InsecureChannelCredentials()));
  const auto list = [&] {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + kPatience);
    xtrader::v1::ListSessionsResponse response;
    const grpc::Status status = stub->ListSessions(&context, {}, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  };
  EXPECT_EQ(list().sessions_size(), 0);

  Listener one(*app_, "?channels=trade.*,ticker.BTC-KRW"), two(*app_, "?channels=trade.*");
  one.Next("result");
  two.Next("result");
  EXPECT_EQ(two.Ask(LogonRequestOf("key-2", "secret-2", kNowMs)).at("account"), "2");
  const auto sessions = list();
  ASSERT_EQ(sessions.sessions_size(), 2);
  const auto& first = sessions.sessions(0);
  EXPECT_NE(first.session_id(), 0U);
  EXPECT_EQ(first.remote_address(), "127.0.0.1");
  EXPECT_EQ(first.account_id(), 0U);
  EXPECT_EQ(first.channels_size(), 2);
  EXPECT_EQ(first.channels(1), "ticker.BTC-KRW");
  EXPECT_EQ(sessions.sessions(1).account_id(), 2U);
  EXPECT_NE(sessions.sessions(1).session_id(), first.session_id());
  (*host)->Shutdown(std::chrono::steady_clock::now() + kPatience);
}

}  // namespace
}  // namespace xt::notifier
