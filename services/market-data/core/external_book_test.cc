#include "services/market-data/core/external_book.h"

#include <gtest/gtest.h>

namespace xt::market_data {
namespace {

using Outcome = ExternalBook::Outcome;

DepthDifference Difference(std::uint64_t first, std::uint64_t last, std::int64_t bid, std::int64_t quantity) {
  return {first, last, {{bid, quantity}}, {}};
}

ExternalSnapshot Snapshot(std::uint64_t last_id) { return {last_id, {{100, 1}}, {{110, 1}}}; }

TEST(ExternalBookTest, BuffersDropsAndAppliesAroundTheSnapshot) {
  ExternalBook book;
  EXPECT_EQ(book.OnDifference(Difference(1, 4, 99, 7)), Outcome::kBuffered);
  EXPECT_EQ(book.OnDifference(Difference(5, 8, 101, 2)), Outcome::kBuffered);
  EXPECT_EQ(book.OnDifference(Difference(9, 9, 100, 0)), Outcome::kBuffered);
  EXPECT_EQ(book.OnSnapshot(Snapshot(6)), Outcome::kApplied);
  // 1..4 is older than the snapshot and was dropped, 5..8 spans it, 9 follows.
  EXPECT_EQ(book.Bids(10), (std::vector<ExternalLevel>{{101, 2}}));
  EXPECT_EQ(book.last_id(), 9u);
}

TEST(ExternalBookTest, ASnapshotOlderThanTheBufferIsRefused) {
  ExternalBook book;
  book.OnDifference(Difference(10, 12, 101, 2));
  EXPECT_EQ(book.OnSnapshot(Snapshot(8)), Outcome::kNeedSnapshot);
  EXPECT_FALSE(book.synchronized());
  EXPECT_EQ(book.OnSnapshot(Snapshot(9)), Outcome::kApplied);
}

TEST(ExternalBookTest, AGapThrowsTheCopyAway) {
  ExternalBook book;
  book.OnSnapshot(Snapshot(6));
  EXPECT_EQ(book.OnDifference(Difference(7, 8, 101, 2)), Outcome::kApplied);
  EXPECT_EQ(book.OnDifference(Difference(10, 11, 101, 3)), Outcome::kNeedSnapshot);
  EXPECT_FALSE(book.synchronized());
  EXPECT_EQ(book.gaps(), 1u);
  // The difference that revealed it is kept for the next snapshot.
  EXPECT_EQ(book.OnSnapshot(Snapshot(10)), Outcome::kApplied);
  EXPECT_EQ(book.BestBid(), (ExternalLevel{101, 3}));
}

TEST(ExternalBookTest, ACrossedBookThrowsTheCopyAway) {
  ExternalBook book;
  book.OnSnapshot(Snapshot(6));
  EXPECT_EQ(book.OnDifference(Difference(7, 8, 110, 2)), Outcome::kNeedSnapshot);
}

TEST(ExternalBookTest, DuplicatesAreDropped) {
  ExternalBook book;
  book.OnSnapshot(Snapshot(6));
  book.OnDifference(Difference(7, 8, 101, 2));
  EXPECT_EQ(book.OnDifference(Difference(7, 8, 101, 9)), Outcome::kApplied);
  EXPECT_EQ(book.BestBid(), (ExternalLevel{101, 2}));
}

TEST(ExternalBookTest, TheBufferIsBounded) {
  ExternalBook book(2);
  for (std::uint64_t i = 1; i <= 5; ++i) book.OnDifference(Difference(i, i, 101, 1));
  EXPECT_EQ(book.OnSnapshot(Snapshot(1)), Outcome::kNeedSnapshot);
  EXPECT_EQ(book.OnSnapshot(Snapshot(3)), Outcome::kApplied);
  EXPECT_EQ(book.last_id(), 5u);
}

}  // namespace
}  // namespace xt::market_data
