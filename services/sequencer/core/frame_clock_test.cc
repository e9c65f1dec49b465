#include "services/sequencer/core/frame_clock.h"

#include "gtest/gtest.h"

namespace xt::sequencer {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kHour = 3600 * kSecond;

TEST(FrameClockTest, FollowsAWallClockThatBehaves) {
  FrameClock clock;
  clock.Start(0, {100 * kSecond, 5});
  EXPECT_EQ(clock.Next({100 * kSecond, 5}), 100 * kSecond);
  EXPECT_EQ(clock.Next({101 * kSecond, kSecond + 5}), 101 * kSecond);
}

TEST(FrameClockTest, BeginsAtTheJournalsLastTimestampWhenTheWallIsBehind) {
  FrameClock clock;
  clock.Start(500, {100, 7});
  EXPECT_EQ(clock.Next({100, 7}), 500);
}

TEST(FrameClockTest, AWallClockSetForwardIsApproachedSlowly) {
  FrameClock clock;
  clock.Start(0, {kHour, 0});
  EXPECT_EQ(clock.Next({2 * kHour + 8 * kSecond, 8 * kSecond}), kHour + 9 * kSecond);
}

TEST(FrameClockTest, AWallClockSetBackNeitherStopsNorReversesTime) {
  FrameClock clock;
  clock.Start(0, {2 * kHour, 0});
  EXPECT_EQ(clock.Next({kHour + 8 * kSecond, 8 * kSecond}), 2 * kHour + 7 * kSecond);
  EXPECT_EQ(clock.Next({kHour, 8 * kSecond}), 2 * kHour + 7 * kSecond);
}

TEST(FrameClockTest, APeekChangesNothing) {
  FrameClock clock;
  clock.Start(0, {kHour, 0});
  EXPECT_EQ(clock.Peek({kHour + 8 * kSecond, 8 * kSecond}), kHour + 8 * kSecond);
  EXPECT_EQ(clock.last_ns(), kHour);
  EXPECT_EQ(clock.Peek({kHour + kSecond, kSecond}), kHour + kSecond);
}

TEST(FrameClockTest, AMonotonicClockThatStandsHoldsTheTimestamp) {
  FrameClock clock;
  clock.Start(0, {kHour, 10});
  EXPECT_EQ(clock.Next({kHour + 5, 10}), kHour);
  EXPECT_EQ(clock.Next({kHour + 5, 9}), kHour);
}

}  // namespace
}  // namespace xt::sequencer
