#include "libs/runtime/infra_service.h"

#include <gtest/gtest.h>

#include <vector>

namespace xt::runtime {
namespace {

using ports::ServerState;
using ports::ServerStatus;

TEST(InfraServiceTest, SaysWhatTheHealthChecksSay) {
  HealthRegistry health(nullptr);
  HealthCheck& leader = health.AddCheck("leader", Dependency::kHard);
  HealthCheck& market = health.AddCheck("bus.market", Dependency::kSoft);
  HealthCheck& store = health.AddCheck("store", Dependency::kHard);
  InfraService service(health);
  service.Add({"kafka", "127.0.0.1:9092", "bus.market", "leader", ServerStatus::kDown});
  service.Add({"postgresql", "postgresql://127.0.0.1/x", "store", ""});
  service.Add({"rabbitmq", "", "bus.notifications", ""});
  service.Add([] { return ServerState{"zookeeper", ServerStatus::kOk, ""}; });
  service.Add(std::function<ServerState()>());

  market.SetOk();
  store.Set(HealthStatus::kDegraded, "slow");
  std::vector<ServerState> servers = service.Servers();
  ASSERT_EQ(servers.size(), 3U) << "the others are not configured";
  EXPECT_EQ(servers[0].server, "kafka");
  EXPECT_EQ(servers[0].status, ServerStatus::kUnknown) << "who does not lead does not publish";
  EXPECT_EQ(servers[1].server, "postgresql");
  EXPECT_EQ(servers[1].status, ServerStatus::kDegraded);
  EXPECT_EQ(servers[1].reason, "slow");
  EXPECT_EQ(servers[2].server, "zookeeper");

  leader.SetOk();
  store.Set(HealthStatus::kDown, "away");
  servers = service.Servers();
  EXPECT_EQ(servers[0].status, ServerStatus::kOk);
  EXPECT_EQ(servers[0].reason, "");
  EXPECT_EQ(servers[1].status, ServerStatus::kDown);
  EXPECT_EQ(servers[1].reason, "away");

  market.Set(HealthStatus::kDegraded, "the outbox keeps what it missed");
  EXPECT_EQ(service.Servers()[0].status, ServerStatus::kDown) << "the sequencer goes on, and the server is away";
}

}  // namespace
}  // namespace xt::runtime
