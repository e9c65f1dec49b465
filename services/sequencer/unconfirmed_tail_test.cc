// A leader whose journal adopted what too few copies hold.
#include <string>

#include "gtest/gtest.h"
#include "services/sequencer/sequencer_app.h"
#include "services/sequencer/testing/world.h"
#include "tests/support/eventually.h"

namespace xt::sequencer {
namespace {

using testing::Await;
using testing::Soon;
using testing::World;

TEST(UnconfirmedTailTest, WhatTheJournalAdoptedIsReplayedOnlyWhenItIsConfirmed) {
  World world;
  ASSERT_TRUE(world.StartAndServe().ok());
  ASSERT_TRUE(Await(world.Ask(1)).ok());
  world.Crash();
  world.matching.Die();
  world.matching.SetAbsent(false);
  world.journal.HoldTail(true);
  world.journal.Refuse(absl::UnavailableError("two copies are wanted"));
  ASSERT_TRUE(world.Launch().Start().ok());
  const std::string why = "sequence 2 is not confirmed yet: two copies are wanted";
  EXPECT_TRUE(test::Eventually([&] { return world.process->health.ReadyJson().find(why) != std::string::npos; }));
  EXPECT_TRUE(absl::IsUnavailable(Await(world.Ask(2)).status()));
  EXPECT_EQ(world.matching.applied(), 0U);
  world.journal.Refuse(absl::OkStatus());
  world.journal.HoldTail(false);
  ASSERT_TRUE(world.app().WaitUntilServing(Soon()).ok());
  EXPECT_EQ(world.matching.applied(), 3U);
}

}  // namespace
}  // namespace xt::sequencer
