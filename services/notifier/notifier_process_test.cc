// The program alone, with nobody to talk to; and its README, which has to name the keys as they are.
#include "services/notifier/notifier_process.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <nlohmann/json.hpp>

#include "libs/base/child_process.h"
#include "libs/http/client.h"
#include "libs/http/testing.h"
#include "libs/http/websocket.h"
#include "tests/support/files.h"
#include "xtrader/v1/notifier_service.grpc.pb.h"

namespace xt::notifier {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

constexpr std::chrono::seconds kPatience{60};

std::uint16_t PortOf(const std::string& address) {
  return static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
}

TEST(NotifierProcessTest, StartsAloneAndSaysWhatIsMissing) {
  const test::TemporaryFolder folder;
  ChildProcess process({XT_BINARY_DIR "/bin/xtrader-notifier", "--ready-file", folder / "ready.json",
                        "--matching.addresses", "127.0.0.1:1", "--persistence.addresses", "127.0.0.1:1"},
                       folder / "output");
  ASSERT_TRUE(process.WaitForFile(folder / "ready.json", kPatience)) << test::ReadFile(folder / "output");
  const json ready = json::parse(test::ReadFile(folder / "ready.json"));
  EXPECT_EQ(ready.at("service"), "notifier");
  http::Client admin(http::testing::Patient(PortOf(ready.at("admin"))));
  EXPECT_EQ(admin.Get("/livez")->status, 200);
  EXPECT_EQ(admin.Get("/startupz")->status, 200);
  const auto readiness = admin.Get("/readyz?verbose");
  EXPECT_EQ(readiness->status, 503);
  EXPECT_THAT(readiness->body, HasSubstr("notifier.matching"));
  EXPECT_THAT(readiness->body, HasSubstr("notifier.history"));
  EXPECT_THAT(admin.Get("/metrics")->body, HasSubstr("md_subscribers 0"));

  http::WebSocketClient client;
  ASSERT_TRUE(client.Connect("127.0.0.1", PortOf(ready.at("ws")), "/ws/exchange").ok());
  ASSERT_TRUE(client.Send(R"({"method": "LIST", "id": 1})").ok());
  EXPECT_THAT(client.Read(60'000)->data, HasSubstr("trade.*"));

  const auto stub = xtrader::v1::NotifierService::NewStub(
      grpc::CreateChannel(ready.at("grpc").get<std::string>(), grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
  xtrader::v1::ListSessionsResponse response;
  const grpc::Status status = stub->ListSessions(&context, {}, &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.sessions_size(), 1);

  process.Signal(SIGTERM);
  EXPECT_EQ(process.Wait(kPatience), 0) << test::ReadFile(folder / "output");
  EXPECT_FALSE(client.Read(60'000).ok());
  EXPECT_EQ(client.close_code(), http::kCloseGoingAway);
}

TEST(NotifierReadmeTest, HasTheKeysAsTheyAre) {
  NotifierProcessConfig config;
  runtime::ConfigSchema schema;
  config.Describe(schema);
  EXPECT_THAT(test::ReadFile(XT_SOURCE_DIR "/services/notifier/README.md"), HasSubstr(schema.Markdown()));
}

}  // namespace
}  // namespace xt::notifier
