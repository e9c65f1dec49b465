#include "libs/backends/durability.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "libs/backends/backends.h"
#include "libs/base/status.h"
#include "libs/runtime/config.h"

namespace xt::backends {
namespace {

using testing::HasSubstr;

absl::Status Load(BackendConfig& config, const std::vector<std::string>& arguments) {
  runtime::ConfigSchema schema;
  config.DescribeRedisJournal(schema);
  return schema.Load({.arguments = arguments, .environment = {}}).status();
}

std::string ErrorOf(const std::vector<std::string>& arguments) {
  BackendConfig config;
  return std::string(MessageOf(Load(config, arguments)));
}

constexpr char kRedis[] = "--redis-journal.address=127.0.0.1:1";

TEST(DurabilityTest, WithoutAModeItFollowsTheCopiesThatThereAre) {
  BackendConfig config;
  ASSERT_TRUE(Load(config, {}).ok());
  EXPECT_EQ(config.durability.Chosen(false), Durability::kLocal);
  EXPECT_EQ(config.durability.Chosen(true), Durability::kLocalAndRedis);
  ASSERT_TRUE(Load(config, {kRedis, "--journal.min-copies=2"}).ok());
}

TEST(DurabilityTest, EachModeIsSetByItsName) {
  for (const Durability mode :
       {Durability::kMemory, Durability::kRedis, Durability::kLocalAndRedis, Durability::kAlways}) {
    BackendConfig config;
    const absl::Status loaded = Load(config, {kRedis, "--journal.durability=" + std::string(DurabilityName(mode))});
    ASSERT_TRUE(loaded.ok()) << loaded;
    EXPECT_EQ(config.durability.Chosen(true), mode);
  }
  BackendConfig config;
  ASSERT_TRUE(Load(config, {"--journal.durability=local"}).ok());
  EXPECT_EQ(config.durability.Chosen(false), Durability::kLocal);
}

TEST(DurabilityTest, AModeWithoutItsCopyIsRefusedByNameAndRule) {
  for (const std::string mode : {"memory", "redis", "local+redis", "always"}) {
    EXPECT_EQ(ErrorOf({"--journal.durability=" + mode}), "journal.durability " + mode + " needs redis_journal.address");
  }
  EXPECT_EQ(ErrorOf({kRedis, "--journal.durability=local"}),
            "journal.durability local is the file alone: leave redis_journal.address empty");
  EXPECT_THAT(ErrorOf({kRedis, "--journal.durability=both"}), HasSubstr("journal.durability"));
}

TEST(DurabilityTest, WhoeverIsElectedMustHaveTheJournal) {
  BackendConfig config;
  runtime::ConfigSchema schema;
  config.DescribeRedisJournal(schema);
  config.DescribeZooKeeper(schema);
  const absl::Status status =
      schema.Load({.arguments = {"--zookeeper.servers=127.0.0.1:1"}, .environment = {}}).status();
  EXPECT_EQ(MessageOf(status),
            "zookeeper.servers needs redis_journal.address: who leads next would not have the journal");
  EXPECT_TRUE(schema.Load({.arguments = {"--zookeeper.servers=127.0.0.1:1", kRedis}, .environment = {}}).ok());
}

TEST(DurabilityTest, TwoCopiesNeedAModeThatWaitsForTwo) {
  for (const std::string mode : {"local+redis", "always"}) {
    EXPECT_EQ(ErrorOf({kRedis, "--journal.durability=" + mode, "--journal.min-copies=2"}), "");
  }
  for (const std::string mode : {"memory", "redis"}) {
    EXPECT_EQ(ErrorOf({kRedis, "--journal.durability=" + mode, "--journal.min-copies=2"}),
              "journal.min_copies 2 needs journal.durability local+redis or always: with " + mode +
                  " an acknowledgement does not wait for two copies");
  }
  EXPECT_THAT(ErrorOf({"--journal.min-copies=2"}), HasSubstr("with local an acknowledgement"));
  EXPECT_THAT(ErrorOf({kRedis, "--journal.min-copies=3"}), HasSubstr("journal.min_copies"));
}

}  // namespace
}  // namespace xt::backends
