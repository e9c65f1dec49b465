#include "libs/runtime/admin_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "libs/http/client.h"
#include "libs/http/testing.h"
#include "libs/runtime/health.h"
#include "libs/runtime/log.h"
#include "libs/runtime/metrics.h"

namespace xt::runtime {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;

class AdminServerTest : public testing::Test {
 protected:
  AdminServerTest() {
    auto admin = AdminServer::Start({}, health_, metrics_);
    EXPECT_TRUE(admin.ok()) << admin.status();
    admin_ = *std::move(admin);
    client_ = std::make_unique<http::Client>(http::testing::Patient(admin_->port()));
  }

  http::Response Get(const std::string& target) { return *client_->Get(target); }
  http::Response Put(const std::string& target) {
    http::Request request;
    request.method = "PUT";
    request.target = target;
    return *client_->Send(request);
  }

  MetricsRegistry metrics_;
  ManualClock clock_;
  HealthRegistry health_{&metrics_, clock_};
  std::unique_ptr<AdminServer> admin_;
  std::unique_ptr<http::Client> client_;
};

TEST_F(AdminServerTest, ProbesFollowTheState) {
  EXPECT_EQ(Get("/livez").status, 200);
  EXPECT_EQ(Get("/startupz").status, 503);
  EXPECT_EQ(Get("/readyz").status, 503);
  health_.SetState(ServingState::kServing);
  EXPECT_EQ(Get("/startupz").status, 200);
  EXPECT_EQ(Get("/readyz").status, 200);
  HealthCheck& journal = health_.AddCheck("journal", Dependency::kHard);
  EXPECT_EQ(Get("/readyz").status, 503);
  EXPECT_EQ(Get("/livez").status, 200);
  journal.SetOk();
  EXPECT_EQ(Get("/readyz").status, 200);
  health_.SetState(ServingState::kDraining);
  EXPECT_EQ(Get("/readyz").status, 503);
  EXPECT_EQ(Get("/startupz").status, 200);
}

TEST_F(AdminServerTest, VerboseReadinessListsTheChecks) {
  health_.AddCheck("journal", Dependency::kHard).Set(HealthStatus::kDown, "gone");
  health_.SetState(ServingState::kServing);
  const http::Response response = Get("/readyz?verbose");
  EXPECT_EQ(response.status, 503);
  EXPECT_THAT(response.content_type, HasSubstr("application/json"));
  EXPECT_EQ(json::parse(response.body), json::parse(health_.ReadyJson()));
}

TEST_F(AdminServerTest, AStalledLoopFailsLiveness) {
  health_.AddHeartbeat("matching", 1);
  clock_.AdvanceNs(2'000'000);
  const http::Response response = Get("/livez");
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(json::parse(response.body)["stalled"], json::parse(R"(["matching"])"));
}

TEST_F(AdminServerTest, MetricsAreText) {
  metrics_.Counter("x_total", "X.").Increment(2);
  const http::Response response = Get("/metrics");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.content_type, MetricsRegistry::kContentType);
  EXPECT_EQ(response.body, metrics_.Text());
  EXPECT_THAT(response.body, HasSubstr("x_total 2\n"));
}

TEST_F(AdminServerTest, TheLogLevelChanges) {
  EXPECT_EQ(json::parse(Get("/loglevel").body)["level"], "info");
  EXPECT_EQ(Put("/loglevel?level=error").status, 200);
  EXPECT_EQ(GetLogLevel(), LogLevel::kError);
  EXPECT_EQ(Put("/loglevel?level=loud").status, 400);
  EXPECT_EQ(Put("/loglevel").status, 400);
  EXPECT_EQ(GetLogLevel(), LogLevel::kError);
  EXPECT_EQ(json::parse(Get("/loglevel").body)["level"], "error");
  SetLogLevel(LogLevel::kInfo);
}

TEST_F(AdminServerTest, UnknownPathsAreNotFound) { EXPECT_EQ(Get("/healthz").status, 404); }

TEST_F(AdminServerTest, APortInUseNamesTheKey) {
  AdminOptions options;
  options.port = admin_->port();
  const auto second = AdminServer::Start(options, health_, metrics_);
  ASSERT_FALSE(second.ok());
  EXPECT_THAT(std::string(second.status().message()),
              AllOf(HasSubstr("config key admin.port"), HasSubstr(std::to_string(admin_->port()))));
}

}  // namespace
}  // namespace xt::runtime
