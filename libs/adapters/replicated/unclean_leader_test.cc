#include "libs/adapters/replicated/unclean_leader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace xt::replicated {
namespace {

using domain::Epoch;
using domain::SequenceNumber;

const UncleanMark kMark{"kim", "the disk of \"a\"\nburnt", 1'795'303'108'605'864'183, SequenceNumber(120)};

UncleanStart StartAt(std::uint64_t adopted) {
  return {kMark, Epoch(7), {"wal:1", "redis:2:3"}, SequenceNumber(adopted), Epoch(5), HashBytes("end")};
}

TEST(UncleanLeaderTest, TheMarkIsOneLineAndComesBack) {
  const std::string entry = EntryOf(kMark);
  EXPECT_EQ(
      entry,
      R"(unclean:{"by":"kim","reason":"the disk of \"a\"\nburnt","atNs":1795303108605864183,"knownSequence":120})");
  EXPECT_TRUE(IsUncleanMark(entry));
  const auto mark = MarkOf(entry);
  ASSERT_TRUE(mark.ok()) << mark.status();
  EXPECT_EQ(mark->by, kMark.by);
  EXPECT_EQ(mark->reason, kMark.reason);
  EXPECT_EQ(mark->at_ns, kMark.at_ns);
  EXPECT_EQ(mark->known_sequence, kMark.known_sequence);
}

TEST(UncleanLeaderTest, AReasonThatIsNoUtf8IsWrittenAllTheSame) {
  EXPECT_EQ(MarkOf(EntryOf({"kim", "\xff!", 1, SequenceNumber(0)}))->reason, "\xef\xbf\xbd!");
}

TEST(UncleanLeaderTest, WhatIsNoMarkIsNotTakenForOne) {
  for (const std::string entry : {"wal:1", "redis:2:3", "nothing-sure", ""}) EXPECT_FALSE(IsUncleanMark(entry));
  for (const std::string entry :
       {"wal:1", "unclean:", "unclean:{}", "unclean:[]", R"(unclean:{"by":1,"reason":"","atNs":1,"knownSequence":1})",
        R"(unclean:{"by":"","reason":"","atNs":1,"knownSequence":-1})"}) {
    EXPECT_EQ(MarkOf(entry).status().code(), absl::StatusCode::kDataLoss) << entry;
  }
}

TEST(UncleanLeaderTest, WhatIsLostLiesBetweenTheEndAndWhatWasKnown) {
  EXPECT_EQ(StartAt(100).lost_from(), SequenceNumber(101));
  EXPECT_EQ(StartAt(100).lost_to(), SequenceNumber(120));
  EXPECT_EQ(StartAt(119).lost_to(), SequenceNumber(120));
  EXPECT_EQ(StartAt(120).lost_to(), std::nullopt);
  EXPECT_EQ(StartAt(121).lost_to(), std::nullopt);
}

TEST(UncleanLeaderTest, TheAuditLogHasAllOfIt) {
  const auto json = nlohmann::json::parse(TextOf(StartAt(100)));
  EXPECT_EQ(json, (nlohmann::json{{"epoch", 7},
                                  {"by", "kim"},
                                  {"reason", kMark.reason},
                                  {"atNs", kMark.at_ns},
                                  {"knownSequence", 120},
                                  {"missing", {"wal:1", "redis:2:3"}},
                                  {"adoptedSequence", 100},
                                  {"adoptedEpoch", 5},
                                  {"adoptedHash", HashBytes("end").ToHex()},
                                  {"lostFrom", 101},
                                  {"lostTo", 120}}));
  EXPECT_FALSE(nlohmann::json::parse(TextOf(StartAt(200))).contains("lostTo"));
}

}  // namespace
}  // namespace xt::replicated
