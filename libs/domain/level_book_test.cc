#include "libs/domain/level_book.h"

#include <gtest/gtest.h>

#include "libs/domain/command.h"
#include "libs/domain/frame.h"

namespace xt::domain {
namespace {

BookChange Change(Side side, std::int64_t price, std::int64_t quantity) {
  return {.symbol = SymbolId(1), .side = side, .price = Price(price), .quantity = Quantity(quantity)};
}

TEST(LevelBookTest, OrdersSidesFromTheBestAndCutsToDepth) {
  LevelBook book;
  EXPECT_TRUE(book.Apply(SequenceNumber(1), Change(Side::kBuy, 10, 1)));
  EXPECT_TRUE(book.Apply(SequenceNumber(1), Change(Side::kBuy, 11, 2)));
  EXPECT_TRUE(book.Apply(SequenceNumber(2), Change(Side::kSell, 13, 3)));
  EXPECT_TRUE(book.Apply(SequenceNumber(3), Change(Side::kSell, 12, 4)));
  const BookSnapshot top = book.Snapshot(SymbolId(1), 1);
  EXPECT_EQ(top.sequence, SequenceNumber(3));
  EXPECT_EQ(top.bids, (std::vector<BookLevel>{{Price(11), Quantity(2)}}));
  EXPECT_EQ(top.asks, (std::vector<BookLevel>{{Price(12), Quantity(4)}}));
}

TEST(LevelBookTest, ZeroRemovesAndRemovingAnAbsentLevelIsNormal) {
  LevelBook book;
  EXPECT_TRUE(book.Apply(SequenceNumber(1), Change(Side::kBuy, 10, 1)));
  EXPECT_TRUE(book.Apply(SequenceNumber(2), Change(Side::kBuy, 10, 0)));
  EXPECT_TRUE(book.Apply(SequenceNumber(3), Change(Side::kBuy, 9, 0)));
  EXPECT_TRUE(book.Snapshot(SymbolId(1), 0).bids.empty());
}

TEST(LevelBookTest, IgnoresWhatTheSnapshotAlreadyHolds) {
  LevelBook book;
  book.Reset({SymbolId(1), SequenceNumber(5), {{Price(10), Quantity(1)}}, {}});
  EXPECT_FALSE(book.Apply(SequenceNumber(4), Change(Side::kBuy, 10, 0)));
  EXPECT_EQ(book.Snapshot(SymbolId(1), 0).bids.size(), 1u);
}

}  // namespace
}  // namespace xt::domain
