#include "tools/xtraderctl/unclean_leader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libs/adapters/replicated/unclean_leader.h"

namespace xt::ctl {
namespace {

using domain::SequenceNumber;
using testing::EndsWith;
using testing::HasSubstr;

LeaderlessShard Shard() {
  return {{7, {"redis:1:2", "wal:3"}},
          "",
          {{"redis 127.0.0.1:1", SequenceNumber(28)}, {"wal /gone", absl::NotFoundError("there is no folder")}},
          {{"database", SequenceNumber(29)},
           {"executions 127.0.0.1:2", absl::UnavailableError("no connection")},
           {"matching 127.0.0.1:3", SequenceNumber(30)}}};
}

TEST(UncleanLeaderCommandTest, TheOperatorSeesWhatIsLostBeforeItIs) {
  EXPECT_EQ(TextOf(Shard()),
            "in-sync set, claimed last for epoch 7:\n"
            "  redis:1:2\n"
            "  wal:3\n"
            "copies of the journal\n"
            "  redis 127.0.0.1:1  up to 28\n"
            "  wal /gone          there is no folder\n"
            "known outside the journal\n"
            "  database                up to 29\n"
            "  executions 127.0.0.1:2  no connection\n"
            "  matching 127.0.0.1:3    up to 30\n"
            "lost, with the longest of these copies: 29..30\n");
}

TEST(UncleanLeaderCommandTest, WhatNobodyOutsideKnowsIsSaid) {
  LeaderlessShard shard = Shard();
  shard.outside.clear();
  EXPECT_EQ(shard.known_sequence(), SequenceNumber(0));
  EXPECT_THAT(TextOf(shard), HasSubstr("known outside the journal: none is named\n"));
  EXPECT_THAT(TextOf(shard), EndsWith("nothing that is known outside; what came behind 28 is lost\n"));
}

TEST(UncleanLeaderCommandTest, TheHighestThatAnybodyKnowsIsTheEnd) {
  LeaderlessShard shard = Shard();
  EXPECT_EQ(shard.known_sequence(), SequenceNumber(30));
  shard.outside.pop_back();
  EXPECT_EQ(shard.known_sequence(), SequenceNumber(29));
  EXPECT_THAT(TextOf(shard), EndsWith("copies: 29\n"));
}

TEST(UncleanLeaderCommandTest, WhereNobodyLeadsAndCopiesAreMissingItMayBe) { EXPECT_TRUE(MayBeGivenUp(Shard()).ok()); }

TEST(UncleanLeaderCommandTest, WhereSomebodyLeadsThereIsNothingToDo) {
  LeaderlessShard shard = Shard();
  shard.candidate = "sequencer-1";
  EXPECT_EQ(MayBeGivenUp(shard),
            absl::FailedPreconditionError("sequencer-1 leads, or tries to: if it cannot, ask again when it has ended, "
                                          "or stop the sequencers"));
}

TEST(UncleanLeaderCommandTest, AJournalThatNobodyBeganIsNotGivenUp) {
  LeaderlessShard shard = Shard();
  shard.in_sync = {};
  EXPECT_EQ(MayBeGivenUp(shard),
            absl::FailedPreconditionError("the in-sync set names no copy: nothing was ever confirmed"));
}

TEST(UncleanLeaderCommandTest, OneMarkIsEnough) {
  LeaderlessShard shard = Shard();
  const std::string mark = replicated::EntryOf({"kim", "fire", 1, SequenceNumber(30)});
  shard.in_sync.members.push_back(mark);
  EXPECT_EQ(MayBeGivenUp(shard),
            absl::FailedPreconditionError("there is a mark already, for the next leader: " + mark));
  EXPECT_EQ(MarkIn(shard.in_sync.members), mark);
  EXPECT_EQ(MarkIn(Shard().in_sync.members), "");
}

std::string Start(std::uint64_t adopted) {
  return replicated::TextOf({{"kim", "fire", 1'700'000'000'500'000'000, SequenceNumber(30)},
                             domain::Epoch(8),
                             {"wal:3"},
                             SequenceNumber(adopted),
                             domain::Epoch(7),
                             {}});
}

TEST(UncleanLeaderCommandTest, TheAuditLogIsATable) {
  EXPECT_EQ(UncleanStartsText({Start(28), Start(30)}),
            "epoch  decided                 by   reason  adopted  lost\n"
            "8      2023-11-14T22:13:20.5Z  kim  fire    28       29..30\n"
            "8      2023-11-14T22:13:20.5Z  kim  fire    30       nothing that is known outside; what came behind 30 "
            "is lost\n");
  EXPECT_EQ(UncleanStartsText({}), "no leader ever began unclean\n");
  EXPECT_EQ(UncleanStartsJson({}), "[]\n");
  EXPECT_THAT(UncleanStartsJson({Start(28)}), HasSubstr("\"lostTo\": 30\n"));
}

TEST(UncleanLeaderCommandTest, WithoutZooKeeperNothingIsAsked) {
  EXPECT_EQ(GiveUp({}, "0", {}).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Withdraw({}, "0").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(UncleanStartsOf({}, "0").status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace xt::ctl
