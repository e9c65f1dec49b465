// The program alone, with nobody to talk to; and its README, which has to name the keys as they are.
#include "services/gateway/gateway_process.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <nlohmann/json.hpp>

#include "libs/base/child_process.h"
#include "libs/http/client.h"
#include "libs/http/testing.h"
#include "tests/support/files.h"
#include "xtrader/v1/gateway_service.grpc.pb.h"

namespace xt::gateway {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

constexpr std::chrono::seconds kPatience{60};

std::uint16_t PortOf(const std::string& address) {
  return static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
}

class GatewayProcessTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(process_.WaitForFile(folder_ / "ready.json", kPatience)) << test::ReadFile(folder_ / "output");
    ready_ = json::parse(test::ReadFile(folder_ / "ready.json"));
  }
  http::Response Get(const std::string& port, const std::string& target) {
    http::Client client(http::testing::Patient(PortOf(ready_.at(port))));
    auto response = client.Get(target);
    EXPECT_TRUE(response.ok()) << response.status();
    return response.ok() ? *response : http::Response{};
  }

  test::TemporaryFolder folder_;
  // Nothing listens on port 1.
  ChildProcess process_{{XT_BINARY_DIR "/bin/xtrader-gateway", "--port", "0", "--ready-file", folder_ / "ready.json",
                         "--sequencer.addresses", "127.0.0.1:1,127.0.0.1:2", "--matching.addresses", "127.0.0.1:1",
                         "--persistence.addresses", "127.0.0.1:1", "--market-data.addresses", "127.0.0.1:1",
                         "--notifier.address", "127.0.0.1:1"},
                        folder_ / "output"};
  json ready_;
};

TEST_F(GatewayProcessTest, StartsAloneAndSaysWhatIsMissing) {
  EXPECT_EQ(ready_.at("service"), "gateway");
  EXPECT_EQ(Get("admin", "/livez").status, 200);
  const http::Response ready = Get("admin", "/readyz?verbose");
  EXPECT_EQ(ready.status, 503);
  for (const char* component : {"gateway.reference_data", "gateway.sequencer", "gateway.persistence"}) {
    EXPECT_THAT(ready.body, HasSubstr(component));
  }
  EXPECT_THAT(Get("admin", "/metrics").body, HasSubstr("gateway_capacity_ratio"));
  EXPECT_EQ(Get("rest", "/v1/time").status, 200);
  const http::Response symbols = Get("rest", "/v1/symbols");
  EXPECT_EQ(symbols.status, 503);
  EXPECT_THAT(symbols.body, HasSubstr("UNAVAILABLE"));

  const auto stub = xtrader::v1::OrderEntryService::NewStub(
      grpc::CreateChannel(ready_.at("grpc").get<std::string>(), grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
  xtrader::v1::OrderEntryServiceListSymbolsResponse response;
  EXPECT_EQ(stub->ListSymbols(&context, {}, &response).error_code(), grpc::StatusCode::UNAVAILABLE);

  process_.Signal(SIGTERM);
  EXPECT_EQ(process_.Wait(kPatience), 0) << test::ReadFile(folder_ / "output");
}

TEST(GatewayReadmeTest, HasTheKeysAsTheyAre) {
  GatewayProcessConfig config;
  runtime::ConfigSchema schema;
  config.Describe(schema);
  EXPECT_THAT(test::ReadFile(XT_SOURCE_DIR "/services/gateway/README.md"), HasSubstr(schema.Markdown()));
}

}  // namespace
}  // namespace xt::gateway
