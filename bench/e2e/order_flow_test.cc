#include "bench/e2e/order_flow.h"

#include <gtest/gtest.h>

#include "bench/e2e/books.h"
#include "bench/e2e/recorder.h"
#include "bench/e2e/rest_connection.h"

namespace xt::bench {
namespace {

const Market kMarket{"ETH-USDT", 1'000'000, 10'000, 200'000, 1'000};

TEST(OrderFlowTest, KeepsItsMixAndItsBand) {
  OrderFlow flow(kMarket, 7);
  int counts[3] = {};
  std::int64_t rested = 0;
  std::int64_t taken = 0;
  int for_cancel = 0;
  for (int i = 0; i < 100'000; ++i) {
    const Intent intent = flow.Next();
    ++counts[static_cast<int>(intent.operation)];
    if (flow.IsForCancel(intent)) ++for_cancel;
    if (intent.operation == Operation::kCancel) continue;
    const std::int64_t distance = intent.price_ticks - kMarket.mid_ticks;
    const bool above = distance > 0;
    EXPECT_LE(std::abs(distance), OrderFlow::kBandTicks);
    EXPECT_EQ(above, intent.buy == (intent.operation == Operation::kCross));
    (intent.operation == Operation::kRest ? rested : taken) += intent.quantity_lots / kMarket.rest_lots;
  }
  EXPECT_NEAR(counts[0], 60'000, 1'000);
  EXPECT_NEAR(counts[1], 30'000, 1'000);
  EXPECT_NEAR(counts[2], 10'000, 1'000);
  EXPECT_NEAR(for_cancel, 12'000, 500);
  EXPECT_NEAR(static_cast<double>(rested), static_cast<double>(taken + counts[2]), 2'000);
}

TEST(OrderFlowTest, BeginsWithABook) {
  OrderFlow flow(kMarket, 7, 200);
  for (int i = 0; i < 200; ++i) EXPECT_EQ(flow.Next().operation, Operation::kRest);
}

TEST(OrderFlowTest, SameSeedSameFlow) {
  OrderFlow a(kMarket, 7);
  OrderFlow b(kMarket, 7);
  for (int i = 0; i < 1'000; ++i) EXPECT_EQ(a.Next().price_ticks, b.Next().price_ticks);
}

TEST(MarketTest, ComesFromTheSymbols) {
  const auto symbols = nlohmann::json::parse(
      R"({"symbols": [{"symbol": "A-B", "tickSize": "1", "lotSize": "1"},
                      {"symbol": "ETH-USDT", "tickSize": "0.01", "lotSize": "0.0001"}]})");
  const auto market = MakeMarket(symbols, "ETH-USDT", "2000", "0.1");
  ASSERT_TRUE(market.ok()) << market.status();
  EXPECT_EQ(market->mid_ticks, 200'000);
  EXPECT_EQ(market->PriceText(200'001), "2000.01");
  EXPECT_EQ(market->QuantityText(market->rest_lots), "0.1");
  EXPECT_FALSE(MakeMarket(symbols, "ETH-BTC", "2000", "0.1").ok());
}

TEST(RecorderTest, CountsTheWindowAlone) {
  Recorder recorder({100, 1'100});
  recorder.Answered(50, 99);
  for (std::int64_t i = 0; i < 1'000; ++i) recorder.Answered(100, 100 + i);
  recorder.Answered(100, 1'100);
  EXPECT_EQ(recorder.answered(), 1'000u);
  EXPECT_EQ(recorder.PercentileNs(500), 500);
  EXPECT_EQ(recorder.PercentileNs(999), 999);
}

TEST(RecorderTest, OnlyALateCancelMayBeRefused) {
  Recorder recorder({0, 10});
  recorder.Refused(Operation::kCancel, "UNKNOWN_ORDER", 5);
  EXPECT_EQ(recorder.refused(), 1u);
  EXPECT_EQ(recorder.error(), "");
  Recorder other({0, 10});
  other.Refused(Operation::kRest, "INSUFFICIENT_BALANCE", 5);
  other.Accepted(3);
  recorder.Accepted(3);
  recorder.Merge(other);
  EXPECT_EQ(recorder.error(), "refused: INSUFFICIENT_BALANCE");
  EXPECT_FALSE(recorder.OrderIdsAreUnique());
}

TEST(BooksTest, BalanceWithTheFees) {
  EXPECT_TRUE(CompareBooks({{"A", 10}, {"B", 5}}, {{"A", 9}, {"B", 5}}, {{"A", 1}}).ok());
  EXPECT_FALSE(CompareBooks({{"A", 10}}, {{"A", 10}}, {{"A", 1}}).ok());
  EXPECT_FALSE(CompareBooks({{"A", 10}}, {}, {}).ok());
}

TEST(TextOfTest, FindsMembers) {
  EXPECT_EQ(TextOf(R"({"clientOrderId":"c-1","orderId": "17"})", "\"orderId\""), "17");
  EXPECT_EQ(TextOf(R"({"orderId":17})", "\"orderId\""), "");
  EXPECT_EQ(TextOf("{}", "\"orderId\""), "");
}

}  // namespace
}  // namespace xt::bench
