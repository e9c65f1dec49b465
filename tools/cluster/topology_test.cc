#include "tools/cluster/topology.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace xt::cluster {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

std::string SequencerConfig(const std::string& durability) {
  Options options;
  options.durability = durability;
  for (const Service& service : PlanServices(options, {.redis_journal = "127.0.0.1:1", .zookeeper = "127.0.0.1:2"})) {
    if (service.name == "sequencer") return service.config;
  }
  return "";
}

TEST(TopologyTest, TheSequencerGetsTheDurabilityAndWhatItNeeds) {
  const auto both = AllOf(HasSubstr("redis_journal.address = \"127.0.0.1:1\"\n"), HasSubstr("zookeeper.servers"));
  EXPECT_THAT(SequencerConfig(""), AllOf(both, Not(HasSubstr("durability"))));
  EXPECT_THAT(SequencerConfig("always"), AllOf(both, HasSubstr("journal.durability = \"always\"\n")));
  EXPECT_THAT(SequencerConfig("local"), AllOf(HasSubstr("journal.durability = \"local\"\n"),
                                              Not(HasSubstr("redis_journal")), Not(HasSubstr("zookeeper"))));
}

TEST(TopologyTest, EachSequencerFeedsTheFilesOfTheOthers) {
  Options options;
  options.replicas = {{"sequencer", 3}};
  for (const std::string durability : {"local+redis", "local+redis+standbys"}) {
    options.durability = durability;
    const auto services = PlanServices(options, {.redis_journal = "127.0.0.1:1", .zookeeper = "127.0.0.1:2"});
    for (const Service& service : services) {
      const auto has = HasSubstr("journal.standby_addresses = [");
      if (service.name != "sequencer" || durability == "local+redis") {
        EXPECT_THAT(service.config, Not(has)) << service.id;
        continue;
      }
      std::string others;
      for (const std::string& address : AddressesOf(services, "sequencer")) {
        if (address != service.grpc()) others += (others.empty() ? "\"" : ", \"") + address + "\"";
      }
      EXPECT_THAT(service.config, HasSubstr("journal.standby_addresses = [" + others + "]\n")) << service.id;
    }
  }
}

TEST(TopologyTest, OnlyGatewaysGetTheOperatorsSecret) {
  Options options;
  for (const std::string secret : {"", "s-1"}) {
    options.operator_secret = secret;
    for (const Service& service : PlanServices(options, {})) {
      const bool has = service.config.find("operator.secret = \"s-1\"\n") != std::string::npos;
      EXPECT_EQ(has, service.name == "gateway" && !secret.empty()) << service.name;
      EXPECT_EQ(service.config.find("operator.secret") != std::string::npos, has) << service.name;
    }
  }
}

TEST(TopologyTest, AnUnknownDurabilityIsRefused) {
  Options options;
  EXPECT_TRUE(CheckDurability(options).ok());
  for (const std::string mode : {"memory", "redis", "local+redis", "local", "always"}) {
    options.durability = mode;
    EXPECT_TRUE(CheckDurability(options).ok()) << mode;
  }
  options.durability = "disk";
  EXPECT_EQ(CheckDurability(options).message(),
            "--durability must be one of memory, redis, local+redis, local, always, local+redis+standbys, not 'disk'");
}

TEST(TopologyTest, AServiceIsToldOfTheServersThatThereAre) {
  const ServerAddresses with_kafka{.kafka = "127.0.0.1:3"};
  const ServerAddresses with_redis{.redis = "127.0.0.1:4"};
  for (const Service& service : PlanServices({}, with_kafka)) {
    EXPECT_THAT(service.config, Not(HasSubstr("redis.address"))) << service.name;
    const bool uses = service.name == "sequencer" || service.name == "persistence" || service.name == "market-data";
    EXPECT_EQ(service.config.find("kafka.brokers = \"127.0.0.1:3\"\n") != std::string::npos, uses) << service.name;
  }
  for (const Service& service : PlanServices({}, with_redis)) {
    EXPECT_THAT(service.config, Not(HasSubstr("kafka.brokers"))) << service.name;
    const bool uses = service.name != "matching" && service.name != "notifier";
    EXPECT_EQ(service.config.find("redis.address = \"127.0.0.1:4\"\n") != std::string::npos, uses) << service.name;
  }
}

TEST(TopologyTest, AProfileSaysWhichServersThereAre) {
  Options options;
  for (const std::string profile : {"", "kafka+redis", "kafka", "redis"}) {
    options.profile = profile;
    EXPECT_TRUE(CheckProfile(options).ok()) << profile;
    EXPECT_EQ(HasKafka(options), profile != "redis") << profile;
    EXPECT_EQ(HasRedis(options), profile != "kafka") << profile;
  }
  options.profile = "none";
  EXPECT_THAT(std::string(CheckProfile(options).message()),
              AllOf(HasSubstr("./dev run"), HasSubstr("without Kafka and Redis nothing carries the events")));
  options.profile = "full";
  EXPECT_EQ(CheckProfile(options).message(), "--profile must be one of kafka+redis, kafka, redis, none, not 'full'");
}

TEST(TopologyTest, AJournalInOneFileIsForOneSequencer) {
  Options options;
  options.durability = "local";
  options.replicas = {{"sequencer", 2}};
  EXPECT_EQ(CheckDurability(options).message(),
            "--durability local is for one sequencer: a second one would not have the journal");
  options.durability = "redis";
  EXPECT_TRUE(CheckDurability(options).ok());
}

TEST(TopologyTest, AFileOfAStandbyNeedsAStandby) {
  Options options;
  options.durability = "local+redis+standbys";
  for (const bool said : {false, true}) {
    if (said) options.replicas = {{"sequencer", 1}};
    EXPECT_EQ(CheckDurability(options).message(),
              "--durability local+redis+standbys needs --replicas sequencer=2 or more: the third copy is a standby's "
              "file");
  }
  options.replicas = {{"sequencer", 2}};
  EXPECT_TRUE(CheckDurability(options).ok());
}

}  // namespace
}  // namespace xt::cluster
