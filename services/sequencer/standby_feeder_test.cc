// Hot standbys beside the replica that works for the leader, all fakes.
#include "services/sequencer/standby_feeder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "services/sequencer/testing/world.h"

namespace xt::sequencer {
namespace {

using domain::SequenceNumber;
using testing::Await;
using testing::FakeMatching;
using testing::World;

std::shared_ptr<const domain::Frame> Frame(std::uint64_t first, std::size_t commands) {
  auto frame = std::make_shared<domain::Frame>();
  frame->first_sequence = SequenceNumber(first);
  for (std::size_t i = 0; i < commands; ++i) frame->commands.push_back(testing::NumberedCommand(first + i));
  return frame;
}

constexpr auto kNever = [] { return false; };

TEST(CommittedFramesTest, GivesWhatIsCommittedAndStillThere) {
  CommittedFrames frames(5);
  frames.Begin(domain::Epoch(2), SequenceNumber(10));
  EXPECT_EQ(frames.AwaitRun(kNever), domain::Epoch(2));
  for (const std::uint64_t first : {11, 13, 15}) frames.Add(Frame(first, 2));
  EXPECT_EQ(frames.Find(SequenceNumber(13)), nullptr) << "not committed";
  frames.Commit(SequenceNumber(14));
  ASSERT_NE(frames.Find(SequenceNumber(13)), nullptr);
  EXPECT_EQ(frames.Find(SequenceNumber(13))->last_sequence(), SequenceNumber(14));
  EXPECT_EQ(frames.Find(SequenceNumber(15)), nullptr) << "not committed";
  EXPECT_EQ(frames.Find(SequenceNumber(14)), nullptr) << "in the middle of a frame";
  EXPECT_EQ(frames.Find(SequenceNumber(11)), nullptr) << "too old: five commands are kept";
  frames.Add(Frame(17, 9));
  frames.Commit(SequenceNumber(25));
  EXPECT_NE(frames.Find(SequenceNumber(17)), nullptr) << "the last one always";
}

TEST(CommittedFramesTest, WhoWaitsIsWokenByACommitOrAnInterruption) {
  CommittedFrames frames(5);
  frames.Begin(domain::Epoch(1), SequenceNumber(1));
  std::thread waiting([&] { frames.AwaitCommitted(SequenceNumber(3), kNever); });
  frames.Commit(SequenceNumber(3));
  waiting.join();
  std::atomic<bool> stop{false};
  std::thread interrupted([&] { frames.AwaitCommitted(SequenceNumber(9), [&] { return stop.load(); }); });
  stop = true;
  frames.Interrupt();
  interrupted.join();
}

struct StandbyWorld : World {
  StandbyWorld() { standbys = {{"standby", &standby}}; }
  ~StandbyWorld() { Crash(); }  // before the standby goes
  [[nodiscard]] std::string fed() const { return Metric("sequencer_standbys_fed{shard=\"0\"}"); }
  FakeMatching standby;
};

TEST(StandbyFeederTest, AStandbyAppliesWhatIsCommitted) {
  StandbyWorld world;
  ASSERT_TRUE(world.StartAndServe().ok());
  for (std::uint64_t n = 1; n <= 20; ++n) ASSERT_TRUE(Await(world.Ask(n)).ok());
  EXPECT_TRUE(world.standby.WaitForApplied(21));
  EXPECT_EQ(world.fed(), "1");
  world.journal.Hold(true);
  auto waiting = world.Ask(21);
  ASSERT_TRUE(world.journal.WaitForAppends(22));
  EXPECT_EQ(world.standby.applied(), 21u) << "what is not committed it does not even hear of";
  world.journal.ConfirmAll();
  EXPECT_TRUE(Await(waiting).ok());
  EXPECT_TRUE(world.standby.WaitForApplied(22));
  EXPECT_EQ(world.standby.drops(), 0u);
}

TEST(StandbyFeederTest, OneThatComesLateCatchesUpFromTheJournal) {
  StandbyWorld world;
  world.standby.SetAbsent(true);
  ASSERT_TRUE(world.StartAndServe().ok());
  for (std::uint64_t n = 1; n <= 20; ++n) ASSERT_TRUE(Await(world.Ask(n)).ok());
  world.Crash();
  ASSERT_TRUE(world.StartAndServe().ok()) << "what the run before made is in the journal alone";
  ASSERT_TRUE(world.standby.WaitForConnects(2));
  world.standby.SetAbsent(false);
  ASSERT_TRUE(Await(world.Ask(21)).ok());
  EXPECT_TRUE(world.standby.WaitForApplied(23));
}

TEST(StandbyFeederTest, OneThatDiedIsFedAgainAndHoldsNobodyUp) {
  StandbyWorld world;
  ASSERT_TRUE(world.StartAndServe().ok());
  ASSERT_TRUE(Await(world.Ask(1)).ok());
  ASSERT_TRUE(world.standby.WaitForApplied(2));
  world.standby.Die();
  ASSERT_TRUE(Await(world.Ask(2)).ok());
  world.standby.SetAbsent(false);
  ASSERT_TRUE(Await(world.Ask(3)).ok());
  EXPECT_TRUE(world.standby.WaitForApplied(4));
}

TEST(StandbyFeederTest, OneThatAnswersNothingHoldsNobodyUp) {
  StandbyWorld world;
  world.standby.Hold(true);
  ASSERT_TRUE(world.StartAndServe().ok());
  for (std::uint64_t n = 1; n <= 50; ++n) ASSERT_TRUE(Await(world.Ask(n)).ok());
  EXPECT_LE(world.standby.applied(), world.config.replay_window_frames);
  world.standby.Hold(false);
  world.standby.AnswerAll();
  EXPECT_TRUE(world.standby.WaitForApplied(51));
}

TEST(StandbyFeederTest, WhatOneAnswersAfterTheSequencersEndIsHeardByNobody) {
  StandbyWorld world;
  world.standby.Hold(true);
  ASSERT_TRUE(world.StartAndServe().ok());
  ASSERT_TRUE(world.standby.WaitForApplied(1));
  world.Crash();
  world.standby.AnswerAll();
}

TEST(StandbyFeederTest, OneOfAnotherJournalBeginsAnew) {
  StandbyWorld world;
  ASSERT_TRUE(world.StartAndServe().ok());
  ASSERT_TRUE(Await(world.Ask(1)).ok());
  world.Crash();
  world.standby.SetPosition({SequenceNumber(2), Hash128{1, 2}, SequenceNumber(3)});
  ASSERT_TRUE(world.StartAndServe().ok());
  ASSERT_TRUE(Await(world.Ask(2)).ok());
  EXPECT_TRUE(world.standby.WaitForApplied(4));
  EXPECT_EQ(world.standby.drops(), 1u);
}

TEST(StandbyFeederTest, AStandbyThatDisagreesHaltsTheMarket) {
  StandbyWorld world;
  std::promise<absl::Status> halted;
  world.standby.SetEffect([](const domain::Command& command, domain::CommandResult& result) {
    if (testing::IdIn(command) == testing::IdOf(2)) result.events.push_back(result.events.front());
  });
  world.Launch().OnHalt([&](const absl::Status& status) { halted.set_value(status); });
  ASSERT_TRUE(world.app().Start().ok());
  ASSERT_TRUE(world.app().WaitUntilServing(testing::Soon()).ok());
  ASSERT_TRUE(Await(world.Ask(1)).ok());
  world.Ask(2).wait();
  auto reason = halted.get_future();
  ASSERT_EQ(reason.wait_for(testing::kPatience), std::future_status::ready);
  const absl::Status status = reason.get();
  EXPECT_TRUE(absl::IsDataLoss(status)) << status;
  EXPECT_THAT(status.ToString(), ::testing::HasSubstr("disagree"));
  EXPECT_EQ(world.Metric("matching_state_hash_mismatch_total{shard=\"0\"}"), "1");
}

TEST(StandbyFeederTest, IsToldWhatWasPublished) {
  StandbyWorld world;
  ASSERT_TRUE(world.StartAndServe().ok());
  const auto deadline = testing::Soon();
  for (std::uint64_t n = 1; world.standby.published() == 0; ++n) {
    ASSERT_TRUE(Await(world.Ask(n)).ok());
    ASSERT_LT(std::chrono::steady_clock::now(), deadline);
  }
}

}  // namespace
}  // namespace xt::sequencer
