#include "tools/xtraderctl/instances.h"

#include <fstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/files.h"

namespace xt::ctl {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(InstancesTest, AnAddressNamesItsInstance) {
  const auto instance = ParseInstance("sequencer-0=10.0.0.7:9100");
  ASSERT_TRUE(instance.ok()) << instance.status();
  EXPECT_EQ(instance->name, "sequencer-0");
  EXPECT_EQ(instance->host, "10.0.0.7");
  EXPECT_EQ(instance->port, 9100);
  for (const char* text : {"", "a", "a=", "a=b", "=b:1", "a=:1", "a=b:", "a=b:0", "a=b:65536", "a=b:1x", "a:1=b"}) {
    EXPECT_EQ(ParseInstance(text).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
}

class ReadyFileTest : public ::testing::Test {
 protected:
  absl::StatusOr<std::vector<Instance>> Of(const std::string& ready) {
    std::ofstream(folder_ / "ready.json") << ready;
    return InstancesOf(folder_.path());
  }
  test::TemporaryFolder folder_;
};

TEST_F(ReadyFileTest, ACluster) {
  const auto instances = Of(R"({"services": [
    {"name": "matching", "id": "matching-0", "pid": 7, "admin": "http://127.0.0.1:4001"},
    {"name": "gateway", "id": "gateway-1", "pid": null, "admin": "http://127.0.0.1:4002"}], "metrics": ["x"]})");
  ASSERT_TRUE(instances.ok()) << instances.status();
  ASSERT_EQ(instances->size(), 2U);
  EXPECT_EQ((*instances)[1].name, "gateway-1");
  EXPECT_EQ((*instances)[1].host, "127.0.0.1");
  EXPECT_EQ((*instances)[1].port, 4002);
}

TEST_F(ReadyFileTest, TheStandalone) {
  const auto instances = Of(R"({"rest": "http://127.0.0.1:8080", "metrics": ["http://127.0.0.1:4003/metrics"]})");
  ASSERT_TRUE(instances.ok()) << instances.status();
  ASSERT_EQ(instances->size(), 1U);
  EXPECT_EQ(instances->front().name, "standalone");
  EXPECT_EQ(instances->front().port, 4003);
}

TEST_F(ReadyFileTest, WhereAServicesGrpcIs) {
  const std::string cluster = R"({"services": [
    {"name": "gateway", "id": "gateway-0", "admin": "http://127.0.0.1:1", "grpc": "127.0.0.1:4001"},
    {"name": "sequencer", "id": "sequencer-0", "admin": "http://127.0.0.1:1", "grpc": "127.0.0.1:4002"},
    {"name": "gateway", "id": "gateway-1", "admin": "http://127.0.0.1:1", "grpc": "127.0.0.1:4003"}]})";
  ASSERT_TRUE(Of(cluster).ok());
  EXPECT_THAT(*GrpcAddressesOf(folder_.path(), "gateway"), ElementsAre("127.0.0.1:4001", "127.0.0.1:4003"));
  EXPECT_EQ(GrpcAddressesOf(folder_.path(), "notifier").status().code(), absl::StatusCode::kNotFound);
  ASSERT_TRUE(Of(R"({"grpc": "127.0.0.1:9090", "metrics": ["http://127.0.0.1:4003/metrics"]})").ok());
  EXPECT_THAT(*GrpcAddressesOf(folder_.path(), "gateway"), ElementsAre("127.0.0.1:9090"));
  EXPECT_EQ(GrpcAddressesOf(folder_.path(), "sequencer").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(ReadyFileTest, NothingRuns) {
  const auto status = InstancesOf(folder_.path()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), HasSubstr(folder_ / "ready.json"));
}

TEST_F(ReadyFileTest, AnotherFile) {
  for (const char* text : {"{", "[]", "{}", R"({"services": [{"id": "a"}]})", R"({"metrics": ["127.0.0.1:1"]})",
                           R"({"services": [{"id": "a", "admin": "http://127.0.0.1"}]})"}) {
    const auto status = Of(text).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(std::string(status.message()), HasSubstr("ready.json")) << text;
  }
}

}  // namespace
}  // namespace xt::ctl
