// The program alone, with no sequencer, and beside another replica; and its README, which has to name the keys as they are.
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <nlohmann/json.hpp>
#include <string>

#include "libs/adapters/grpc/clients.h"
#include "libs/base/child_process.h"
#include "libs/http/client.h"
#include "libs/http/testing.h"
#include "libs/runtime/config.h"
#include "libs/runtime/grpc_host.h"
#include "services/matching/config.h"
#include "services/matching/matching_app.h"
#include "services/matching/matching_service.h"
#include "services/matching/testing/states.h"
#include "tests/support/files.h"
#include "xtrader/v1/matching_service.grpc.pb.h"

namespace xt::matching {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

constexpr std::chrono::seconds kPatience{60};

class MatchingProcessTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(process_.WaitForFile(folder_ / "ready.json", kPatience)) << test::ReadFile(folder_ / "output");
    ready_ = json::parse(test::ReadFile(folder_ / "ready.json"));
  }
  http::Response Admin(const std::string& target) {
    const std::string address = ready_.at("admin");
    http::Client client(
        http::testing::Patient(static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)))));
    auto response = client.Get(target);
    EXPECT_TRUE(response.ok()) << response.status();
    return response.ok() ? *response : http::Response{};
  }

  test::TemporaryFolder folder_;
  ChildProcess process_{{XT_BINARY_DIR "/bin/xtrader-matching", "--ready-file", folder_ / "ready.json"},
                        folder_ / "output"};
  json ready_;
};

TEST_F(MatchingProcessTest, StartsAloneAndSaysWhatIsMissing) {
  EXPECT_EQ(ready_.at("service"), "matching");
  EXPECT_EQ(Admin("/livez").status, 200);
  EXPECT_EQ(Admin("/startupz").status, 200);
  const http::Response ready = Admin("/readyz?verbose");
  EXPECT_EQ(ready.status, 503);
  EXPECT_THAT(ready.body, HasSubstr("matching.sequencer"));
  EXPECT_THAT(Admin("/metrics").body, HasSubstr("matching_applied_sequence{shard=\"main\"} 0"));

  const auto stub = xtrader::v1::MatchingService::NewStub(
      grpc::CreateChannel(ready_.at("grpc").get<std::string>(), grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
  xtrader::v1::GetStateDigestResponse digest;
  EXPECT_TRUE(stub->GetStateDigest(&context, {}, &digest).ok());
  EXPECT_EQ(digest.sequence(), 0u);

  process_.Signal(SIGTERM);
  EXPECT_EQ(process_.Wait(kPatience), 0) << test::ReadFile(folder_ / "output");
}

TEST(MatchingProcessesTest, OneTakesTheSnapshotOfAnother) {
  const test::TemporaryFolder folder;
  runtime::MetricsRegistry metrics;
  runtime::HealthRegistry health(&metrics);
  MatchingConfig config;
  config.engine = testing::SmallEngine();
  config.snapshot_folder = folder / "other";
  testing::FrameChain chain;
  testing::ResultCollector results;
  testing::ResultCollector unheard;
  MatchingApp other(config, metrics, health);
  ASSERT_TRUE(other.Start().ok());
  ASSERT_TRUE(other.Connect(results.Observer(), {.epoch = domain::Epoch(1), .standby = true}).ok());
  ASSERT_TRUE(other.Offer(chain.Next(testing::FrameChain::Setup())).ok());
  ASSERT_TRUE(other.Commit(domain::SequenceNumber(chain.sequence())).ok());
  ASSERT_TRUE(results.WaitForFrames(1));
  ASSERT_TRUE(other.TakeSnapshot(false).ok());
  MatchingService service(other, other, {.snapshots = &other});
  const auto host = runtime::GrpcHost::Start({}, {service.service()}, health, metrics);
  ASSERT_TRUE(host.ok()) << host.status();

  ChildProcess process({XT_BINARY_DIR "/bin/xtrader-matching", "--ready-file", folder / "ready.json",
                        "--snapshot.folder", folder / "own"},
                       folder / "output");
  ASSERT_TRUE(process.WaitForFile(folder / "ready.json", kPatience)) << test::ReadFile(folder / "output");
  const json ready = json::parse(test::ReadFile(folder / "ready.json"));
  auto replica = grpc_clients::ConnectMatchingReplica({.addresses = {ready.at("grpc").get<std::string>()},
                                                       .call_timeout = kPatience,
                                                       .silence = kPatience,
                                                       .connect_wait = kPatience});
  const auto position =
      replica->Connect(unheard.Observer(), {.epoch = domain::Epoch(1),
                                            .standby = true,
                                            .journal_begins = domain::SequenceNumber(chain.sequence() + 1),
                                            .snapshot_sources = {(*host)->address()}});
  ASSERT_TRUE(position.ok()) << position.status();
  EXPECT_EQ(position->applied, domain::SequenceNumber(chain.sequence()));
  EXPECT_EQ(position->frame_hash, chain.hash());
  replica.reset();
  process.Signal(SIGTERM);
  EXPECT_EQ(process.Wait(kPatience), 0) << test::ReadFile(folder / "output");
}

TEST(MatchingReadmeTest, HasTheKeysAsTheyAre) {
  MatchingConfig config;
  runtime::ConfigSchema schema;
  config.Describe(schema);
  EXPECT_THAT(test::ReadFile(XT_SOURCE_DIR "/services/matching/README.md"), HasSubstr(schema.Markdown()));
}

}  // namespace
}  // namespace xt::matching
