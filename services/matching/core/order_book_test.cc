// The bare book: slots and ids, price levels over their whole range, and priority.
#include "services/matching/core/order_book.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

namespace xt::matching {
namespace {

using domain::OrderId;
using domain::Side;

std::uint64_t NextRandom(std::uint64_t& state) {
  std::uint64_t z = state += 0x9E3779B97F4A7C15;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  return z ^ (z >> 27);
}

TEST(OrderSlabTest, AnIdIsNeverGivenTwice) {
  BareSlab slab(2);
  const Slot first = slab.Allocate();
  const OrderId id = slab.IdOf(first);
  EXPECT_EQ(slab.Find(id), kNoSlot) << "it does not rest yet";
  slab[first].quantity = 1;
  EXPECT_EQ(slab.Find(id), first);
  slab.Free(first);
  EXPECT_EQ(slab.Find(id), kNoSlot);
  const Slot again = slab.Allocate();
  EXPECT_EQ(again, first);
  EXPECT_NE(slab.IdOf(again), id);
  slab[again].quantity = 1;
  EXPECT_EQ(slab.Find(id), kNoSlot) << "the old id does not name the new order";
}

TEST(OrderSlabTest, IsFullAtItsCapacityAndTakesBackWhatIsFreed) {
  BareSlab slab(2);
  const Slot a = slab.Allocate();
  EXPECT_FALSE(slab.full());
  (void)slab.Allocate();
  EXPECT_TRUE(slab.full());
  slab.Free(a);
  EXPECT_FALSE(slab.full());
  EXPECT_EQ(slab.live(), 1u);
}

TEST(OrderSlabTest, ASlotWhoseGenerationsAreUsedUpIsNotUsedAgain) {
  BareSlab slab(2);
  const Slot slot = slab.Allocate();
  slab[slot].generation = BareSlab::kLastGeneration;
  slab.Free(slot);
  EXPECT_NE(slab.Allocate(), slot);
  EXPECT_TRUE(slab.full());
}

TEST(OrderSlabTest, UnknownIdsFindNothing) {
  BareSlab slab(4);
  for (const std::uint64_t id : {0ull, 1ull, 5ull, 1ull << 32, ~0ull, (1ull << 32) | 4}) {
    EXPECT_EQ(slab.Find(OrderId(id)), kNoSlot) << id;
  }
}

TEST(PlaceTest, KeepsItsParts) {
  const Place place(domain::SymbolId(65'535), Side::kSell, domain::kMaxPriceTicks.value());
  EXPECT_EQ(place.symbol(), domain::SymbolId(65'535));
  EXPECT_EQ(place.side(), Side::kSell);
  EXPECT_EQ(place.price(), domain::kMaxPriceTicks.value());
}

// Says what happened, as pairs of maker and quantity.
struct Listener {
  std::vector<std::pair<std::uint32_t, std::int64_t>> trades;
  std::vector<std::int64_t> levels;
  template <typename Order>
  MakerDecision Decide(const Order& maker, std::int64_t, std::int64_t left) const {
    return {MakerDecision::Action::kTrade, std::min(left, maker.quantity)};
  }
  template <typename Order>
  void OnTrade(Slot, Order& maker, std::int64_t, std::int64_t quantity) {
    trades.emplace_back(maker.owner, quantity);
  }
  template <typename Order>
  void OnMakerExpired(Slot, Order&) {}
  void OnLevelChanged(std::int64_t price, const LevelState&) { levels.push_back(price); }
};

// With icebergs and decrementing: `hidden` is what a maker still has behind what shows, by its owner.
struct IcebergListener : Listener {
  std::map<std::uint32_t, std::vector<std::int64_t>> hidden;
  std::uint32_t own = 0;  // makers of this owner are decremented
  std::vector<std::pair<std::uint32_t, std::int64_t>> decremented;

  template <typename Order>
  MakerDecision Decide(const Order& maker, std::int64_t, std::int64_t left) const {
    using Action = MakerDecision::Action;
    return {maker.owner == own ? Action::kDecrement : Action::kTrade, std::min(left, maker.quantity)};
  }
  template <typename Order>
  void OnDecrement(Slot, Order& maker, std::int64_t, std::int64_t quantity) {
    decremented.emplace_back(maker.owner, quantity);
  }
  template <typename Order>
  std::int64_t Refill(Slot, Order& maker) {
    auto& slices = hidden[maker.owner];
    if (slices.empty()) return 0;
    const std::int64_t slice = slices.back();
    slices.pop_back();
    return slice;
  }
};
static_assert(RefillsMakers<IcebergListener, BareSlab::OrderType>);
static_assert(DecrementsMakers<IcebergListener, BareSlab::OrderType>);
static_assert(!RefillsMakers<Listener, BareSlab::OrderType> && !DecrementsMakers<Listener, BareSlab::OrderType>);

class OrderBookTest : public testing::Test {
 protected:
  template <Side kSide>
  Slot Rest(std::uint32_t owner, std::int64_t price, std::int64_t quantity) {
    const Slot slot = slab_.Allocate();
    slab_[slot].owner = owner;
    book_.Rest<kSide>(slot, price, quantity);
    return slot;
  }
  template <Side kSide>
  std::vector<std::int64_t> Prices() const {
    std::vector<std::int64_t> prices;
    book_.ForEachLevel<kSide>([&](std::int64_t price, const Level&) {
      prices.push_back(price);
      return true;
    });
    return prices;
  }

  BareSlab slab_{100'000};
  BareLevelPool pool_{200};
  BareBook book_{domain::SymbolId(0), slab_, pool_};
};

TEST_F(OrderBookTest, TradesAtTheBestPriceFirstAndTheOldestFirst) {
  Rest<Side::kSell>(1, 101, 5);
  Rest<Side::kSell>(2, 100, 5);
  Rest<Side::kSell>(3, 100, 5);
  Listener listener;
  EXPECT_EQ(book_.Match<Side::kBuy>(101, 12, listener), 0);
  EXPECT_EQ(listener.trades, (std::vector<std::pair<std::uint32_t, std::int64_t>>{{2, 5}, {3, 5}, {1, 2}}));
  EXPECT_EQ(listener.levels, (std::vector<std::int64_t>{100, 101}));
  EXPECT_EQ(Prices<Side::kSell>(), (std::vector<std::int64_t>{101}));
}

TEST_F(OrderBookTest, StopsAtItsLimit) {
  Rest<Side::kBuy>(1, 99, 5);
  Rest<Side::kBuy>(2, 98, 5);
  Listener listener;
  EXPECT_EQ(book_.Match<Side::kSell>(99, 7, listener), 2);
  EXPECT_TRUE(book_.Crosses<Side::kSell>(98));
  EXPECT_FALSE(book_.Crosses<Side::kSell>(99));
}

TEST_F(OrderBookTest, AnEmptyBookCrossesNothing) {
  EXPECT_FALSE(book_.Crosses<Side::kBuy>(kAnyPrice<Side::kBuy>));
  EXPECT_FALSE(book_.Crosses<Side::kSell>(kAnyPrice<Side::kSell>));
}

TEST_F(OrderBookTest, RemovesFromTheHeadTheMiddleAndTheTailOfAQueue) {
  const Slot slots[] = {Rest<Side::kBuy>(1, 7, 1), Rest<Side::kBuy>(2, 7, 2), Rest<Side::kBuy>(3, 7, 3),
                        Rest<Side::kBuy>(4, 7, 4)};
  book_.Remove(slots[1]);
  book_.Remove(slots[0]);
  book_.Remove(slots[3]);
  EXPECT_EQ(book_.side<Side::kBuy>().Find(7)->quantity, 3);
  Listener listener;
  book_.Match<Side::kSell>(1, 9, listener);
  EXPECT_EQ(listener.trades, (std::vector<std::pair<std::uint32_t, std::int64_t>>{{3, 3}}));
  EXPECT_TRUE(book_.side<Side::kBuy>().empty());
}

using Trades = std::vector<std::pair<std::uint32_t, std::int64_t>>;

TEST_F(OrderBookTest, ARefilledMakerGoesToTheTailAndIsMetAgain) {
  Rest<Side::kSell>(1, 100, 5);
  Rest<Side::kSell>(2, 100, 4);
  Rest<Side::kSell>(3, 100, 3);
  IcebergListener listener;
  listener.hidden[1] = {2, 5};
  EXPECT_EQ(book_.Match<Side::kBuy>(100, 14, listener), 0);
  EXPECT_EQ(listener.trades, (Trades{{1, 5}, {2, 4}, {3, 3}, {1, 2}}));
  EXPECT_EQ(listener.levels, (std::vector<std::int64_t>{100}));
  EXPECT_EQ(book_.side<Side::kSell>().Find(100)->quantity, 3);
  listener.trades.clear();
  EXPECT_EQ(book_.Match<Side::kBuy>(100, 9, listener), 4);
  EXPECT_EQ(listener.trades, (Trades{{1, 3}, {1, 2}}));
  EXPECT_TRUE(book_.side<Side::kSell>().empty());
  EXPECT_EQ(slab_.live(), 0u);
}

TEST_F(OrderBookTest, ARefilledMakerThatIsAloneStays) {
  const Slot slot = Rest<Side::kBuy>(1, 100, 5);
  IcebergListener listener;
  listener.hidden[1] = {7};
  EXPECT_EQ(book_.Match<Side::kSell>(100, 5, listener), 0);
  EXPECT_EQ(book_.side<Side::kBuy>().Find(100)->quantity, 7);
  Rest<Side::kBuy>(2, 100, 1);
  book_.Remove(slot);
  EXPECT_EQ(book_.Match<Side::kSell>(100, 5, listener), 4);
  EXPECT_EQ(listener.trades, (Trades{{1, 5}, {2, 1}}));
}

TEST_F(OrderBookTest, TheLinksAreRightAfterARefill) {
  Rest<Side::kSell>(1, 100, 5);
  const Slot second = Rest<Side::kSell>(2, 100, 4);
  IcebergListener listener;
  listener.hidden[1] = {5};
  EXPECT_EQ(book_.Match<Side::kBuy>(100, 5, listener), 0);
  const Slot third = Rest<Side::kSell>(3, 100, 1);
  book_.Remove(second);
  book_.Remove(third);
  EXPECT_EQ(book_.Match<Side::kBuy>(100, 9, listener), 4);
  EXPECT_EQ(listener.trades, (Trades{{1, 5}, {1, 5}}));
}

TEST_F(OrderBookTest, ALevelIsToldWhenItsOrdersChangeAndItsQuantityDoesNot) {
  Rest<Side::kSell>(1, 100, 5);
  Rest<Side::kSell>(2, 100, 5);
  IcebergListener listener;
  listener.hidden[1] = {10};
  EXPECT_EQ(book_.Match<Side::kBuy>(100, 10, listener), 0);
  EXPECT_EQ(book_.side<Side::kSell>().Find(100)->quantity, 10);
  EXPECT_EQ(listener.levels, (std::vector<std::int64_t>{100}));
}

TEST_F(OrderBookTest, ADecrementTakesFromBothWithoutATrade) {
  Rest<Side::kSell>(1, 100, 5);
  Rest<Side::kSell>(2, 100, 4);
  Rest<Side::kSell>(1, 101, 9);
  IcebergListener listener;
  listener.own = 1;
  listener.hidden[1] = {2};
  EXPECT_EQ(book_.Match<Side::kBuy>(101, 14, listener), 0);
  EXPECT_EQ(listener.trades, (Trades{{2, 4}}));
  EXPECT_EQ(listener.decremented, (Trades{{1, 5}, {1, 2}, {1, 3}}));
  EXPECT_EQ(book_.side<Side::kSell>().best(), 101);
  EXPECT_EQ(book_.side<Side::kSell>().Find(101)->quantity, 6);
}

TEST_F(OrderBookTest, AReducedOrderKeepsItsPlace) {
  const Slot first = Rest<Side::kBuy>(1, 100, 5);
  Rest<Side::kBuy>(2, 100, 5);
  book_.Reduce(first, 3);
  EXPECT_EQ(slab_[first].quantity, 2);
  EXPECT_EQ(book_.side<Side::kBuy>().Find(100)->quantity, 7);
  Listener listener;
  EXPECT_EQ(book_.Match<Side::kSell>(100, 3, listener), 0);
  EXPECT_EQ(listener.trades, (Trades{{1, 2}, {2, 1}}));
}

TEST_F(OrderBookTest, KeepsTheWholeRangeOfPricesInOrder) {
  const std::int64_t most = domain::kMaxPriceTicks.value();
  const std::int64_t prices[] = {1, 2, 63, 64, 1'023, 1'024, 4'194'303, 4'194'304, most / 2, most - 1, most};
  for (const std::int64_t price : prices) Rest<Side::kSell>(1, price, 1);
  EXPECT_EQ(Prices<Side::kSell>(), std::vector<std::int64_t>(std::begin(prices), std::end(prices)));
  Listener listener;
  EXPECT_EQ(book_.Match<Side::kBuy>(kAnyPrice<Side::kBuy>, 100, listener), 89);
  for (const std::int64_t price : prices) Rest<Side::kBuy>(1, price, 1);
  EXPECT_EQ(Prices<Side::kBuy>(), std::vector<std::int64_t>(std::rbegin(prices), std::rend(prices)));
}

TEST_F(OrderBookTest, RoomIsCountedInBlocks) {
  BareLevelPool pool(1);
  BareBook book(domain::SymbolId(0), slab_, pool);
  const auto& bids = book.side<Side::kBuy>();
  const Slot first = slab_.Allocate();
  book.Rest<Side::kBuy>(first, 1'024, 1);
  EXPECT_TRUE(bids.HasRoom(2'047)) << "another page of the same block";
  const Slot second = slab_.Allocate();
  book.Rest<Side::kBuy>(second, 2'047, 1);
  EXPECT_EQ(pool.used_blocks, 1u);
  EXPECT_FALSE(bids.HasRoom(1'023));
  EXPECT_FALSE(bids.HasRoom(2'048));
  EXPECT_FALSE(book.side<Side::kSell>().HasRoom(1'024)) << "each side takes its own";
  book.Remove(first);
  EXPECT_FALSE(bids.HasRoom(2'048));
  book.Remove(second);
  EXPECT_TRUE(bids.HasRoom(2'048));
}

TEST_F(OrderBookTest, PagesComeBackWithTheirLastOrder) {
  BareLevelPool pool(200);
  BareBook book(domain::SymbolId(0), slab_, pool);
  for (int round = 0; round < 3; ++round) {
    std::vector<Slot> slots;
    for (std::int64_t i = 0; i < 200; ++i) {
      ASSERT_TRUE(book.side<Side::kBuy>().HasRoom(1 + i * 5'000'000'000));
      slots.push_back(slab_.Allocate());
      book.Rest<Side::kBuy>(slots.back(), 1 + i * 5'000'000'000, 1);
    }
    EXPECT_FALSE(book.side<Side::kBuy>().HasRoom(3'000'000)) << "all pages are taken";
    EXPECT_TRUE(book.side<Side::kBuy>().HasRoom(2)) << "this page is there";
    for (const Slot slot : slots) book.Remove(slot);
    EXPECT_EQ(pool.pages.used(), 0u);
    EXPECT_EQ(pool.directories.used(), 0u);
    EXPECT_EQ(pool.used_blocks, 0u);
    EXPECT_EQ(pool.pages.made(), 200u) << "they are used again";
  }
}

template <Side kSide>
class OrderBookSideTest : public OrderBookTest {
 protected:
  void RandomLevelsAreThoseOfAMap(std::uint64_t range) {
    std::map<std::int64_t, std::vector<Slot>> expected;  // by the price, the best first
    const auto key = [](std::int64_t price) { return kSide == Side::kBuy ? -price : price; };
    std::uint64_t random = 7;
    for (int i = 0; i < 60'000; ++i) {
      const std::uint64_t draw = NextRandom(random);
      const auto price = static_cast<std::int64_t>(1 + (draw % 3 == 0 ? draw % range : range / 2 + draw % 150));
      const auto found = expected.find(key(price));
      if (found != expected.end() && (draw >> 40) % 2 == 0) {
        book_.Remove(found->second.back());
        found->second.pop_back();
        if (found->second.empty()) expected.erase(found);
      } else if (book_.side<kSide>().HasRoom(price)) {
        expected[key(price)].push_back(Rest<kSide>(1, price, 1));
      }
      const auto& levels = book_.side<kSide>();
      ASSERT_EQ(levels.best(), expected.empty() ? levels.none() : key(expected.begin()->first));
    }
    std::vector<std::int64_t> prices;
    for (const auto& level : expected) prices.push_back(key(level.first));
    EXPECT_EQ(Prices<kSide>(), prices);
  }
};
using OrderBookBidsTest = OrderBookSideTest<Side::kBuy>;
using OrderBookAsksTest = OrderBookSideTest<Side::kSell>;

TEST_F(OrderBookBidsTest, RandomLevelsAreThoseOfAMap) { RandomLevelsAreThoseOfAMap(90'000); }
TEST_F(OrderBookAsksTest, RandomLevelsAreThoseOfAMap) { RandomLevelsAreThoseOfAMap(90'000); }
TEST_F(OrderBookBidsTest, RandomFarLevelsAreThoseOfAMap) { RandomLevelsAreThoseOfAMap(900'000'000'000); }
TEST_F(OrderBookAsksTest, RandomFarLevelsAreThoseOfAMap) { RandomLevelsAreThoseOfAMap(900'000'000'000); }

}  // namespace
}  // namespace xt::matching
