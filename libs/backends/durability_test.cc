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
constexpr char kWithStandbys[] = "--journal.durability=local+redis+standbys";
constexpr char kTwoStandbys[] = "--journal.standby-addresses=127.0.0.1:2,127.0.0.1:3";

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
  for (const std::string mode : {"memory", "redis", "local+redis", "always", "local+redis+standbys"}) {
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
              "journal.min_copies 2 needs journal.durability local+redis, always or local+redis+standbys: with " +
                  mode + " an acknowledgement does not wait for two copies");
  }
  EXPECT_THAT(ErrorOf({"--journal.min-copies=2"}), HasSubstr("with local an acknowledgement"));
  EXPECT_EQ(ErrorOf({kRedis, "--journal.min-copies=3"}),
            "journal.min_copies 3 is more than the 2 copies that there are with local+redis");
  EXPECT_THAT(ErrorOf({kRedis, "--journal.min-copies=11"}), HasSubstr("journal.min_copies"));
}

TEST(DurabilityTest, FilesOfStandbysNeedTheirModeAndItNeedsThem) {
  BackendConfig config;
  const absl::Status loaded = Load(config, {kRedis, kWithStandbys, kTwoStandbys});
  ASSERT_TRUE(loaded.ok()) << loaded;
  EXPECT_EQ(config.durability.Chosen(true), Durability::kLocalRedisAndStandbys);
  EXPECT_THAT(config.durability.standby_addresses, testing::ElementsAre("127.0.0.1:2", "127.0.0.1:3"));
  EXPECT_EQ(ErrorOf({kRedis, kWithStandbys}),
            "journal.durability local+redis+standbys needs journal.standby_addresses");
  for (const std::string mode : {"auto", "memory", "redis", "local+redis", "always"}) {
    EXPECT_EQ(ErrorOf({kRedis, kTwoStandbys, "--journal.durability=" + mode}),
              "journal.standby_addresses needs journal.durability local+redis+standbys");
  }
  EXPECT_EQ(ErrorOf({kRedis, kWithStandbys, "--journal.standby-addresses=127.0.0.1:2,127.0.0.1:2"}),
            "journal.standby_addresses has 127.0.0.1:2 twice");
  EXPECT_THAT(ErrorOf({kRedis, kWithStandbys, "--journal.standby-addresses=a:1,b:1,c:1,d:1,e:1,f:1,g:1,h:1,i:1"}),
              HasSubstr("journal.standby_addresses"));
}

TEST(DurabilityTest, HowManyCopiesAreWantedFollowsTheModeUnlessItIsSaid) {
  BackendConfig config;
  EXPECT_EQ(config.durability.MinCopies(false), 1);
  EXPECT_EQ(config.durability.MinCopies(true), 1);
  ASSERT_TRUE(Load(config, {kRedis, kWithStandbys, kTwoStandbys}).ok());
  EXPECT_EQ(config.durability.MinCopies(true), 2);
  for (const int copies : {1, 2, 3, 4}) {
    ASSERT_TRUE(
        Load(config, {kRedis, kWithStandbys, kTwoStandbys, "--journal.min-copies=" + std::to_string(copies)}).ok());
    EXPECT_EQ(config.durability.MinCopies(true), copies);
  }
  EXPECT_EQ(ErrorOf({kRedis, kWithStandbys, kTwoStandbys, "--journal.min-copies=5"}),
            "journal.min_copies 5 is more than the 4 copies that there are with local+redis+standbys");
}

}  // namespace
}  // namespace xt::backends
