#include "services/persistence/core/reorder_buffer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace xt::persistence {
namespace {

using domain::SequenceNumber;
using ::testing::ElementsAre;
using ::testing::SizeIs;

domain::CommandResult Result(std::uint64_t sequence) { return {SequenceNumber(sequence), 0, {domain::EpochStarted{}}}; }

TEST(ReorderBuffer, DropsWhatIsStoredOrHeld) {
  ReorderBuffer buffer(SequenceNumber(5), 100);
  EXPECT_FALSE(buffer.Offer(Result(5)));
  EXPECT_TRUE(buffer.Offer(Result(6)));
  EXPECT_FALSE(buffer.Offer(Result(6)));
  EXPECT_EQ(buffer.size(), 1U);
}

TEST(ReorderBuffer, AGapHoldsBackWhatIsBehindIt) {
  ReorderBuffer buffer(SequenceNumber(0), 100);
  buffer.Offer(Result(2));
  buffer.Offer(Result(3));
  EXPECT_TRUE(buffer.gap());
  EXPECT_EQ(buffer.first(), SequenceNumber(2));
  EXPECT_THAT(buffer.Run(10), SizeIs(0));
  buffer.Offer(Result(1));
  EXPECT_FALSE(buffer.gap());
  EXPECT_THAT(buffer.Run(2), SizeIs(2));
  EXPECT_THAT(buffer.Run(10), SizeIs(3));
  EXPECT_THAT(buffer.Advance(SequenceNumber(2)), ElementsAre(SequenceNumber(1), SequenceNumber(2)));
  EXPECT_EQ(buffer.watermark(), SequenceNumber(2));
  EXPECT_FALSE(buffer.gap());
}

TEST(ReorderBuffer, AnotherConsumerMayHaveStoredFurther) {
  ReorderBuffer buffer(SequenceNumber(0), 2);
  buffer.Offer(Result(8));
  buffer.Offer(Result(9));
  EXPECT_TRUE(buffer.full());
  EXPECT_THAT(buffer.Advance(SequenceNumber(8)), ElementsAre(SequenceNumber(8)));
  EXPECT_FALSE(buffer.gap());
  EXPECT_FALSE(buffer.full());
  EXPECT_THAT(buffer.Advance(SequenceNumber(3)), SizeIs(0));
  EXPECT_EQ(buffer.watermark(), SequenceNumber(8));
}

TEST(ReorderBuffer, AnyOrderOfDeliveryGivesTheSameRun) {
  std::vector<std::uint64_t> order(200);
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = 1 + i % 100;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    std::ranges::shuffle(order, std::mt19937_64(seed));
    ReorderBuffer buffer(SequenceNumber(0), 1000);
    std::uint64_t next = 1;
    for (const std::uint64_t sequence : order) {
      buffer.Offer(Result(sequence));
      for (auto run = buffer.Run(7); !run.empty(); run = buffer.Run(7)) {
        for (const auto* result : run) EXPECT_EQ(result->sequence, SequenceNumber(next++));
        buffer.Advance(SequenceNumber(next - 1));
      }
    }
    EXPECT_EQ(next, 101U);
    EXPECT_EQ(buffer.size(), 0U);
  }
}

}  // namespace
}  // namespace xt::persistence
