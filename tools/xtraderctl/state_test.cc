#include "tools/xtraderctl/state.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tools/xtraderctl/state_text.h"

namespace xt::ctl {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

http::Response Page(std::string body) { return {.status = 200, .content_type = "", .headers = {}, .body = body}; }

constexpr const char* kReady = R"({"ready":true,"state":"serving","checks":[
  {"component":"journal","status":"ok","hard":true,"reason":""}]})";
constexpr const char* kStandsBy = R"({"ready":false,"state":"serving","checks":[
  {"component":"leader","status":"down","hard":true,"reason":"standby"},
  {"component":"journal","status":"down","hard":true,"reason":"standby"}]})";
constexpr const char* kNotFed = R"({"ready":false,"state":"serving","checks":[
  {"component":"matching.sequencer","status":"down","hard":true,"reason":"no sequencer is connected"}]})";
constexpr const char* kStoreDown = R"({"ready":false,"state":"serving","checks":[
  {"component":"persistence.store","status":"down","hard":true,"reason":"no connection"},
  {"component":"persistence.executions","status":"degraded","hard":false,"reason":"slow"}]})";

InstanceState Answering(const std::string& name, const std::string& ready, const std::string& metrics) {
  return ReadInstance({name, "127.0.0.1", 4000}, Page(ready), Page(metrics));
}

std::string Role(const std::string& role, int leads, int epoch) {
  const std::string labels = absl::StrCat("{role=\"", role, "\",shard=\"0\"} ");
  return absl::StrCat("leader_is_leader", labels, leads, "\nleader_epoch", labels, epoch, "\n");
}

InstanceState Leader(const std::string& name = "sequencer-0") {
  return Answering(name, kReady, Role("sequencer", 1, 7) + R"(sequencer_sequence{shard="0"} 1000
mq_spill_queue_depth{broker="executions"} 0
mq_spill_queue_depth{broker="market"} 398
mq_connection_up{broker="executions"} 1
mq_connection_up{broker="market"} 0
mq_producer_confirmed_sequence{broker="executions"} 1000
mq_producer_confirmed_sequence{broker="market"} 600
journal_remote_required 1
journal_confirmed_sequence{copy="own"} 1000
journal_confirmed_sequence{copy="remote"} 998
)");
}
InstanceState Follower() {
  return Answering("sequencer-1", kStandsBy,
                   Role("sequencer", 0, 7) +
                       "sequencer_sequence{shard=\"0\"} 0\nmq_spill_queue_depth{broker=\"market\"} 0\n"
                       "journal_remote_required 0\n");
}
InstanceState Fed() { return Answering("matching-0", kReady, "matching_applied_sequence{shard=\"0\"} 1001\n"); }
InstanceState NotFed() { return Answering("matching-1", kNotFed, "matching_applied_sequence{shard=\"0\"} 0\n"); }
InstanceState HotStandby() {
  return Answering("matching-2", kReady,
                   "matching_applied_sequence{shard=\"0\"} 1000\nmatching_standby{shard=\"0\"} 1\n");
}
InstanceState Stores(const char* ready) {
  return Answering("persistence-0", ready,
                   "persistence_committed_sequence 900\n"
                   "mq_consumer_lag{broker=\"executions\",topic=\"events\",group=\"processors\"} 90\n");
}

TEST(StateTest, AllIsWell) {
  const ClusterState cluster = Assess({Leader(), Follower(), Fed(), NotFed(), HotStandby(), Stores(kReady)});
  EXPECT_THAT(cluster.problems, IsEmpty());
  EXPECT_EQ(StateTable(cluster), R"(instance       state    leadership                     sequence
sequencer-0    ready    leads sequencer, epoch 7       gave out 1000
sequencer-1    standby  follows in sequencer, epoch 7
matching-0     ready                                   applied 1001 (0 behind)
matching-1     standby                                 applied 0 (1000 behind)
matching-2     standby                                 applied 1000 (0 behind)
persistence-0  ready                                   stored 900 (100 behind); reads events (90 behind)

bus         link  published  behind  in outbox
executions  up    1000       0       0
market      down  600        400     398

journal: the second copy is in sync (own file 1000, second copy 998)
)");
}

TEST(StateTest, JsonSaysTheSame) {
  const json all = json::parse(StateJson(Assess({Leader(), Follower(), Fed(), Stores(kStoreDown)})));
  EXPECT_EQ(all.at("ready"), false);
  EXPECT_EQ(all.at("problems"), json::array({"persistence-0 is not ready: persistence.store: no connection"}));
  EXPECT_EQ(all.at("sequence"), 1000);
  EXPECT_EQ(all.at("instances").at(0), json::parse(R"({"name": "sequencer-0", "admin": "http://127.0.0.1:4000",
    "state": "ready", "ready": true, "checks": [], "roles": [{"role": "sequencer", "leader": true, "epoch": 7}],
    "sequences": [{"metric": "sequencer_sequence", "sequence": 1000, "lag": 0}], "consumers": []})"));
  EXPECT_EQ(all.at("instances").at(1).at("state"), "standby");
  EXPECT_EQ(all.at("instances").at(3), json::parse(R"({"name": "persistence-0", "admin": "http://127.0.0.1:4000",
    "state": "not ready", "ready": false, "checks": [
      {"component": "persistence.store", "status": "down", "hard": true, "reason": "no connection"},
      {"component": "persistence.executions", "status": "degraded", "hard": false, "reason": "slow"}], "roles": [],
    "sequences": [{"metric": "persistence_committed_sequence", "sequence": 900, "lag": 100}],
    "consumers": [{"bus": "executions", "topic": "events", "group": "processors", "lag": 90}]})"));
  EXPECT_EQ(all.at("buses").at(1),
            json::parse(R"({"bus": "market", "up": false, "cursor": 600, "lag": 400, "outboxDepth": 398})"));
  EXPECT_EQ(all.at("journal"), json::parse(R"({"inSync": true, "own": 1000, "remote": 998, "standbys": []})"));
}

TEST(StateTest, ReasonsStandBelowTheirInstance) {
  const std::string table = StateTable(Assess({Leader(), Stores(kStoreDown), Fed()}));
  EXPECT_THAT(table, HasSubstr("(90 behind)\n    persistence.store down: no connection\n"
                               "    persistence.executions degraded: slow\nmatching-0"));
}

TEST(StateTest, WhoDoesNotAnswerIsAProblem) {
  const auto silent = ReadInstance({"gateway-0", "h", 1}, absl::UnavailableError("no connection to h:1"), Page(""));
  const auto other = ReadInstance({"gateway-1", "h", 2}, Page("<html>"), Page(""));
  const auto half = ReadInstance({"gateway-2", "h", 3}, Page(kReady), absl::DeadlineExceededError("too slow"));
  const auto page = ReadInstance({"gateway-3", "h", 4}, Page(kReady), Page("<html>"));
  const ClusterState cluster = Assess({silent, other, half, page});
  ASSERT_EQ(cluster.problems.size(), 4U);
  EXPECT_EQ(cluster.problems[0], "gateway-0 does not answer: no connection to h:1");
  EXPECT_THAT(cluster.problems[1], HasSubstr("gateway-1 does not answer: /readyz"));
  EXPECT_EQ(cluster.problems[2], "gateway-2 does not answer: too slow");
  EXPECT_THAT(cluster.problems[3], HasSubstr("gateway-3 does not answer: /metrics: line 1"));
  EXPECT_THAT(StateTable(cluster), HasSubstr("gateway-0  no answer\n    no connection to h:1\n"));
  EXPECT_EQ(json::parse(StateJson(cluster)).at("instances").at(0).at("error"), "no connection to h:1");
}

TEST(StateTest, WithoutALeaderNothingIsKnownOfTheBuses) {
  const ClusterState cluster = Assess({Follower(), NotFed(), Stores(kReady)});
  EXPECT_THAT(cluster.problems, ElementsAre("nobody leads sequencer", "no replica of matching works for the leader"));
  EXPECT_THAT(StateTable(cluster), HasSubstr("stored 900 (? behind)"));
  EXPECT_THAT(StateTable(cluster), HasSubstr("unknown while no sequencer leads"));
  const json all = json::parse(StateJson(cluster));
  EXPECT_TRUE(all.at("sequence").is_null());
  EXPECT_TRUE(all.at("journal").is_null());
  EXPECT_THAT(all.at("buses"), IsEmpty());
}

TEST(StateTest, TwoLeadersAreAProblem) {
  const ClusterState cluster = Assess({Leader(), Leader("sequencer-1"), Fed()});
  EXPECT_THAT(cluster.problems, ElementsAre("2 instances say that they lead sequencer"));
  EXPECT_FALSE(cluster.leader.has_value());
}

TEST(StateTest, OnlyStandingByIsNoProblem) {
  // Halted, and a sequencer that still starts: neither stands by.
  for (const char* ready : {R"({"ready":false,"state":"serving","checks":[
         {"component":"leader","status":"down","hard":true,"reason":"halted: the journal failed"}]})",
                            R"({"ready":false,"state":"draining","checks":[
         {"component":"leader","status":"down","hard":true,"reason":"standby"}]})"}) {
    const ClusterState cluster = Assess({Leader(), Answering("sequencer-1", ready, Role("sequencer", 0, 7))});
    ASSERT_EQ(cluster.problems.size(), 1U) << ready;
    EXPECT_THAT(cluster.problems[0], HasSubstr("sequencer-1 is not ready: "));
  }
}

TEST(StateTest, TheJournalInOneCopy) {
  InstanceState lost = Leader();
  lost.journal->in_sync = false;
  EXPECT_THAT(StateTable(Assess({lost})), HasSubstr("the second copy is NOT in sync"));
  InstanceState standalone = Leader();
  standalone.journal.reset();
  EXPECT_THAT(StateTable(Assess({standalone})), HasSubstr("no second one is configured"));
  EXPECT_TRUE(json::parse(StateJson(Assess({standalone}))).at("journal").is_null());
}

TEST(StateTest, TheFilesOfStandbys) {
  const InstanceState leader =
      Answering("sequencer-0", kReady, Role("sequencer", 1, 7) + R"(sequencer_sequence{shard="0"} 1000
journal_remote_required 0
journal_standby_required{standby="a:1"} 1
journal_standby_required{standby="b:2"} 0
journal_standby_sequence{standby="a:1"} 999
)");
  EXPECT_THAT(StateTable(Assess({leader})), HasSubstr("journal: the second copy is NOT in sync (own file 0"));
  EXPECT_THAT(StateTable(Assess({leader})),
              HasSubstr("journal: the file of a:1 is in sync (999)\njournal: the file of b:2 is NOT in sync (0)\n"));
  EXPECT_EQ(json::parse(StateJson(Assess({leader}))).at("journal").at("standbys"),
            json::parse(R"([{"standby": "a:1", "inSync": true, "sequence": 999},
                            {"standby": "b:2", "inSync": false, "sequence": 0}])"));
  InstanceState alone = leader;
  alone.journal->standbys.clear();
  EXPECT_THAT(StateTable(Assess({alone})), HasSubstr("NOT in sync, the leader's file alone counts"));
}

TEST(StateTest, TheStandaloneIsEverythingAtOnce) {
  const InstanceState all =
      Answering("standalone", kReady,
                Role("market-data", 1, 2) + Role("sequencer", 1, 3) +
                    "sequencer_sequence{shard=\"0\"} 5\n"
                    "matching_applied_sequence{shard=\"0\"} 5\npersistence_committed_sequence 4\n");
  const ClusterState cluster = Assess({all});
  EXPECT_THAT(cluster.problems, IsEmpty());
  EXPECT_THAT(StateTable(cluster), HasSubstr("leads market-data, epoch 2; leads sequencer, epoch 3  "
                                             "gave out 5; applied 5 (0 behind); stored 4 (1 behind)\n"));
  EXPECT_THAT(StateTable(cluster), Not(HasSubstr("no answer")));
}

}  // namespace
}  // namespace xt::ctl
