// The program alone, with nobody to talk to; and its README, which has to name the keys as they are.
#include "services/market-data/market_data_process.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <nlohmann/json.hpp>

#include "libs/base/child_process.h"
#include "libs/http/client.h"
#include "libs/http/testing.h"
#include "tests/support/files.h"
#include "xtrader/v1/market_data_service.grpc.pb.h"

namespace xt::market_data {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

constexpr std::chrono::seconds kPatience{60};

std::uint16_t PortOf(const std::string& address) {
  return static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
}

class MarketDataProcessTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(process_.WaitForFile(folder_ / "ready.json", kPatience)) << test::ReadFile(folder_ / "output");
    ready_ = json::parse(test::ReadFile(folder_ / "ready.json"));
  }
  http::Response Admin(const std::string& target) {
    http::Client client(http::testing::Patient(PortOf(ready_.at("admin"))));
    auto response = client.Get(target);
    EXPECT_TRUE(response.ok()) << response.status();
    return response.ok() ? *response : http::Response{};
  }

  test::TemporaryFolder folder_;
  ChildProcess process_{{XT_BINARY_DIR "/bin/xtrader-market-data", "--data", folder_ / "data", "--ready-file",
                         folder_ / "ready.json", "--matching.addresses", "127.0.0.1:1"},
                        folder_ / "output"};
  json ready_;
};

TEST_F(MarketDataProcessTest, StartsAloneAndSaysWhatIsMissing) {
  EXPECT_EQ(ready_.at("service"), "market-data");
  EXPECT_EQ(Admin("/livez").status, 200);
  EXPECT_EQ(Admin("/startupz").status, 200);
  const http::Response ready = Admin("/readyz?verbose");
  EXPECT_EQ(ready.status, 503);
  EXPECT_THAT(ready.body, HasSubstr("market-data.matching"));
  EXPECT_THAT(Admin("/metrics").body, HasSubstr("md_messages_total{channel=\"trade\"} 0"));

  const auto stub = xtrader::v1::MarketDataService::NewStub(
      grpc::CreateChannel(ready_.at("grpc").get<std::string>(), grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
  xtrader::v1::GetTickerResponse response;
  EXPECT_EQ(stub->GetTicker(&context, {}, &response).error_code(), grpc::StatusCode::NOT_FOUND);

  process_.Signal(SIGTERM);
  EXPECT_EQ(process_.Wait(kPatience), 0) << test::ReadFile(folder_ / "output");
}

TEST(MarketDataReadmeTest, HasTheKeysAsTheyAre) {
  MarketDataProcessConfig config;
  runtime::ConfigSchema schema;
  config.Describe(schema);
  EXPECT_THAT(test::ReadFile(XT_SOURCE_DIR "/services/market-data/README.md"), HasSubstr(schema.Markdown()));
}

}  // namespace
}  // namespace xt::market_data
