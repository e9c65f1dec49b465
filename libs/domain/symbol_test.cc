#include "libs/domain/symbol.h"

#include <gtest/gtest.h>

namespace xt::domain {
namespace {

Symbol BtcKrw() {
  Symbol symbol;
  symbol.code = *SymbolCode::From("BTC-KRW");
  symbol.base = AssetId(1);
  symbol.quote = AssetId(0);
  symbol.base_decimals = 8;
  symbol.quote_decimals = 4;
  symbol.tick_size = Amount(1000 * 10'000);
  symbol.lot_size = Amount(1000);
  EXPECT_FALSE(Normalize(symbol));
  return symbol;
}

TEST(SymbolTest, NotionalIsExact) {
  const Symbol symbol = BtcKrw();
  // 1 tick (1000 KRW) x 1 lot (0.00001 BTC) = 0.01 KRW = 100 units of 4 decimals.
  EXPECT_EQ(symbol.tick_lot_value, Amount(100));
  // 100,000,000 KRW x 0.5 BTC = 50,000,000 KRW.
  EXPECT_EQ(Notional(symbol, Price(100'000), Quantity(50'000)), Amount(500'000'000'000));
}

TEST(SymbolTest, NotionalRefusesOverflow) {
  const Symbol symbol = BtcKrw();
  EXPECT_EQ(Notional(symbol, kMaxPriceTicks, kMaxQuantityLots), std::nullopt);
}

TEST(SymbolTest, RefusesTickAndLotThatDoNotMultiplyToWholeUnits) {
  Symbol symbol = BtcKrw();
  symbol.lot_size = Amount(1);
  symbol.tick_size = Amount(1);
  EXPECT_EQ(Normalize(symbol), (Reject{RejectReason::kInvalidCombination, "lotSize"}));
}

TEST(SymbolTest, ParsesAndChecksPriceAndQuantity) {
  const Symbol symbol = BtcKrw();
  EXPECT_EQ(ParsePrice(symbol, "100000000", "price").price, Price(100'000));
  EXPECT_EQ(ParsePrice(symbol, "100000500", "price").reject, (Reject{RejectReason::kTickSize, "price"}));
  EXPECT_EQ(ParsePrice(symbol, "0", "price").reject, (Reject{RejectReason::kNotPositive, "price"}));
  EXPECT_EQ(ParsePrice(symbol, "-1000", "price").reject, (Reject{RejectReason::kNotPositive, "price"}));
  EXPECT_EQ(ParseQuantity(symbol, "0.5", "quantity").quantity, Quantity(50'000));
  EXPECT_EQ(ParseQuantity(symbol, "0.000001", "quantity").reject, (Reject{RejectReason::kLotSize, "quantity"}));
  EXPECT_EQ(ParseQuantity(symbol, "0.000000001", "quantity").reject,
            (Reject{RejectReason::kTooManyDecimals, "quantity"}));
  EXPECT_EQ(ParseQuantity(symbol, "99999999999999999999", "quantity").reject,
            (Reject{RejectReason::kOverflow, "quantity"}));
}

TEST(SymbolTest, FormatsBack) {
  const Symbol symbol = BtcKrw();
  EXPECT_EQ(FormatPrice(symbol, Price(100'000)), "100000000");
  EXPECT_EQ(FormatQuantity(symbol, Quantity(50'000)), "0.5");
  EXPECT_EQ(FormatPrice(symbol, Price(1'000'000'000'000'000)), "1000000000000000000");
}

TEST(SymbolTest, FeeRoundsAgainstTheCustomerByLessThanOneUnit) {
  EXPECT_EQ(Fee(Amount(10'000), 10), Amount(10));
  EXPECT_EQ(Fee(Amount(10'001), 10), Amount(11));
  EXPECT_EQ(Fee(Amount(0), 10), Amount(0));
  EXPECT_EQ(Fee(Amount(10'001), 0), Amount(0));
}

}  // namespace
}  // namespace xt::domain
