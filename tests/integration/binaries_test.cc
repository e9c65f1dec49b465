// Each of the six programs starts on its own, with nothing around it: it is live, answers health and reflection, says on
// its readiness page what it waits for, and ends in order.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "libs/base/child_process.h"
#include "libs/http/client.h"
#include "tests/support/files.h"
#include "tests/support/raw_grpc_call.h"
#include "tests/support/signed_client.h"

namespace xt::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

constexpr char kHealth[] = "/grpc.health.v1.Health/Check";
constexpr char kReflection[] = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";

struct Program {
  std::string name;
  std::string service;
  std::vector<std::string> arguments;
};

class BinaryTest : public testing::TestWithParam<Program> {
 protected:
  void SetUp() override {
    const std::filesystem::path folder = std::filesystem::read_symlink("/proc/self/exe").parent_path();
    std::vector<std::string> argv{folder / ("xtrader-" + GetParam().name),
                                  "--grpc.port",
                                  "0",
                                  "--admin.port",
                                  "0",
                                  "--drain.timeout-ms",
                                  "60000",
                                  "--ready-file",
                                  folder_ / "ready.json"};
    for (const std::string& argument : GetParam().arguments)
      argv.push_back(argument == "DATA" ? folder_ / "data" : argument);
    process_ = std::make_unique<ChildProcess>(argv, folder_ / "output");
    ASSERT_TRUE(process_->WaitForFile(folder_ / "ready.json", std::chrono::seconds(120))) << Output();
    ready_ = json::parse(ReadFile(folder_ / "ready.json"));
    channel_ = grpc::CreateChannel(ready_.at("grpc"), grpc::InsecureChannelCredentials());
  }
  std::string Output() { return ReadFile(folder_ / "output"); }

  std::string Call(const std::string& method, const std::string& request) {
    RawCall call(channel_, method);
    call.Write(request);
    call.WritesDone();
    return call.Read();
  }
  int AdminStatus(const std::string& path) {
    http::Client client(http::ClientOptions{.port = PortOf(ready_.at("admin").get<std::string>())});
    const auto response = client.Get(path);
    return response.ok() ? response->status : 0;
  }

  TemporaryFolder folder_;
  std::unique_ptr<ChildProcess> process_;
  json ready_;
  std::shared_ptr<grpc::Channel> channel_;
};

TEST_P(BinaryTest, AnswersHealthAndReflectionAndEndsInOrder) {
  EXPECT_EQ(AdminStatus("/livez"), 200);
  EXPECT_EQ(AdminStatus("/metrics"), 200);
  http::Client admin(http::ClientOptions{.port = PortOf(ready_.at("admin").get<std::string>())});
  const auto readiness = admin.Get("/readyz?verbose");
  ASSERT_TRUE(readiness.ok());
  const json checks = json::parse(readiness->body).at("checks");
  EXPECT_FALSE(checks.empty());
  for (const json& check : checks) {
    if (check.at("status") != "ok") {
      EXPECT_NE(check.at("reason"), "") << check;
    }
  }
  // HealthCheckResponse.status is 1 (SERVING) or 2 (NOT_SERVING, peers are missing).
  EXPECT_THAT(Call(kHealth, ""), testing::AnyOf(std::string("\x08\x01"), std::string("\x08\x02")));
  // list_services.
  EXPECT_THAT(Call(kReflection, "\x3a\x01*"),
              testing::AllOf(HasSubstr(GetParam().service), HasSubstr("grpc.health.v1.Health")));
  process_->Signal(SIGTERM);
  EXPECT_EQ(process_->Wait(std::chrono::seconds(120)), 0) << Output();
}

INSTANTIATE_TEST_SUITE_P(Services, BinaryTest,
                         testing::Values(Program{"gateway", "xtrader.v1.OrderEntryService", {"--port", "0"}},
                                         Program{"sequencer", "xtrader.v1.SequencerService", {"--data", "DATA"}},
                                         Program{"matching", "xtrader.v1.MatchingService", {}},
                                         Program{"persistence", "xtrader.v1.PersistenceService", {"--data", "DATA"}},
                                         Program{"market-data", "xtrader.v1.MarketDataService", {"--data", "DATA"}},
                                         Program{"notifier", "xtrader.v1.NotifierService", {}}),
                         [](const testing::TestParamInfo<Program>& program) {
                           return program.param.name == "market-data" ? std::string("market_data") : program.param.name;
                         });

}  // namespace
}  // namespace xt::test
