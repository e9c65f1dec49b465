#include "services/notifier/core/subscriptions.h"

#include <gtest/gtest.h>

namespace xt::notifier {
namespace {

using domain::SymbolId;

std::string Code(SymbolId symbol) { return "S" + std::to_string(symbol.value()); }

TEST(ChannelNameTest, ParsesNamesAndRefusesOthers) {
  const auto one = ParseChannelName("orderbook.BTC-KRW");
  ASSERT_TRUE(one.has_value());
  EXPECT_EQ(one->channel, Channel::kOrderBook);
  EXPECT_EQ(one->symbol, "BTC-KRW");
  EXPECT_EQ(ParseChannelName("ticker.*")->symbol, "");
  for (const char* text : {"", "trade", "trade.", ".BTC-KRW", "trades.BTC-KRW", "TRADE.BTC-KRW"}) {
    EXPECT_FALSE(ParseChannelName(text).has_value()) << text;
  }
}

TEST(SubscriptionsTest, WantsWhatWasAdded) {
  Subscriptions subscriptions;
  EXPECT_FALSE(subscriptions.Wants(Channel::kTrade, SymbolId(1)));
  subscriptions.Add(Channel::kTrade, SymbolId(1));
  EXPECT_TRUE(subscriptions.Wants(Channel::kTrade, SymbolId(1)));
  EXPECT_FALSE(subscriptions.Wants(Channel::kTrade, SymbolId(2)));
  EXPECT_FALSE(subscriptions.Wants(Channel::kTicker, SymbolId(1)));
  EXPECT_TRUE(subscriptions.Remove(Channel::kTrade, SymbolId(1)));
  EXPECT_FALSE(subscriptions.Remove(Channel::kTrade, SymbolId(1)));
  EXPECT_FALSE(subscriptions.Wants(Channel::kTrade, SymbolId(1)));
}

TEST(SubscriptionsTest, AllCoversEverySymbol) {
  Subscriptions subscriptions = Subscriptions::Everything();
  EXPECT_TRUE(subscriptions.Wants(Channel::kOrderBook, SymbolId(77)));
  EXPECT_FALSE(subscriptions.Remove(Channel::kOrderBook, SymbolId(77)));
  EXPECT_TRUE(subscriptions.Remove(Channel::kOrderBook, std::nullopt));
  subscriptions.Add(Channel::kOrderBook, SymbolId(2));
  EXPECT_EQ(subscriptions.Names(Code), (std::vector<std::string>{"trade.*", "orderbook.S2", "ticker.*"}));
}

}  // namespace
}  // namespace xt::notifier
