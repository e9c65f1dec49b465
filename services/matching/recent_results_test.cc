#include "services/matching/recent_results.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "libs/wire/event_codec.h"

namespace xt::matching {
namespace {

using domain::SequenceNumber;

ports::FrameResults Frame(std::uint64_t first, std::size_t commands) {
  ports::FrameResults frame;
  for (std::uint64_t i = 0; i < commands; ++i) {
    frame.results.push_back({SequenceNumber(first + i), 7, {domain::EpochStarted{domain::Epoch(first + i)}}});
  }
  frame.batches = wire::EncodeEventBatches(frame.results);
  frame.digest = wire::DigestBatches(frame.batches);
  frame.next_due_ns = static_cast<std::int64_t>(first);
  return frame;
}

std::vector<ports::FrameResults> ToldFrom(const RecentResults& recent, std::uint64_t first) {
  std::vector<ports::FrameResults> told;
  recent.TellFrom(SequenceNumber(first), [&](ports::FrameResults frame) { told.push_back(std::move(frame)); });
  return told;
}

TEST(RecentResultsTest, TellsAgainWhatWasTold) {
  RecentResults recent(1 << 20);
  const std::vector<ports::FrameResults> frames = {Frame(1, 3), Frame(4, 1), Frame(5, 2)};
  for (const auto& frame : frames) recent.Keep(frame);
  const auto told = ToldFrom(recent, 4);
  ASSERT_EQ(told.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(told[i].results, frames[i + 1].results);
    EXPECT_EQ(told[i].digest, frames[i + 1].digest);
    EXPECT_EQ(told[i].next_due_ns, frames[i + 1].next_due_ns);
    EXPECT_EQ(wire::DigestBatches(told[i].batches), told[i].digest);
  }
}

TEST(RecentResultsTest, KnowsTheFrameOfASequence) {
  RecentResults recent(1 << 20);
  EXPECT_EQ(recent.FrameOf(SequenceNumber(1)), SequenceNumber(0));
  recent.Keep(Frame(11, 3));
  recent.Keep(Frame(14, 2));
  EXPECT_EQ(recent.FrameOf(SequenceNumber(10)), SequenceNumber(0));
  EXPECT_EQ(recent.FrameOf(SequenceNumber(11)), SequenceNumber(11));
  EXPECT_EQ(recent.FrameOf(SequenceNumber(13)), SequenceNumber(11));
  EXPECT_EQ(recent.FrameOf(SequenceNumber(15)), SequenceNumber(14));
  EXPECT_EQ(recent.FrameOf(SequenceNumber(16)), SequenceNumber(0));
  recent.Clear();
  EXPECT_EQ(recent.FrameOf(SequenceNumber(11)), SequenceNumber(0));
  EXPECT_EQ(recent.bytes(), 0U);
}

TEST(RecentResultsTest, TheOldestFramesGoWhenThereIsNoRoom) {
  RecentResults one(1 << 20);
  one.Keep(Frame(1, 1));
  RecentResults recent(one.bytes() * 3);
  for (std::uint64_t i = 1; i <= 10; ++i) recent.Keep(Frame(i, 1));
  EXPECT_EQ(recent.FrameOf(SequenceNumber(7)), SequenceNumber(0));
  EXPECT_EQ(recent.FrameOf(SequenceNumber(8)), SequenceNumber(8));
  EXPECT_EQ(ToldFrom(recent, 8).size(), 3U);
  EXPECT_LE(recent.bytes(), one.bytes() * 3);
  RecentResults none(0);
  none.Keep(Frame(1, 1));
  EXPECT_EQ(none.FrameOf(SequenceNumber(1)), SequenceNumber(0));
}

}  // namespace
}  // namespace xt::matching
