#include "libs/wire/notifications.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libs/wire/market_proto.h"
#include "libs/wire/risk_proto.h"
#include "libs/wire/testing/random_values.h"
#include "xtrader/v1/market_data.pb.h"

namespace xt::wire {
namespace {

using domain::AccountId;
using domain::SymbolId;
using testing::RandomValues;

domain::SymbolCode CodeOf(SymbolId symbol) {
  return *domain::SymbolCode::From(symbol == SymbolId(0) ? "BTC-KRW" : "ETH-KRW");
}

domain::SequenceNumber PreviousOf(SymbolId symbol) { return domain::SequenceNumber(symbol == SymbolId(0) ? 0 : 40); }

domain::ExecutionReport ReportOf(AccountId account) {
  domain::ExecutionReport report = RandomValues(account.value()).Report();
  report.account = account;
  return report;
}

domain::BalanceChange ChangeOf(AccountId account) {
  auto change = std::get<domain::BalanceChange>(RandomValues(account.value()).Event(3));
  change.account = account;
  return change;
}

domain::BookChange Level(std::uint16_t symbol, domain::Side side, std::int64_t price, std::int64_t quantity) {
  return {SymbolId(symbol), side, domain::Price(price), domain::Quantity(quantity), 0};
}

domain::CommandResult FillResult() {
  domain::Trade trade{domain::TradeId(77), SymbolId(1),         domain::Price(5),
                      domain::Quantity(6), domain::Side::kSell, domain::OrderId(1),
                      domain::OrderId(2),  AccountId(10),       AccountId(20)};
  return {
      domain::SequenceNumber(42),
      1000,
      {ReportOf(AccountId(20)), trade, ReportOf(AccountId(10)), ChangeOf(AccountId(20)), ChangeOf(domain::kFeeAccount),
       Level(1, domain::Side::kBuy, 5, 0), Level(0, domain::Side::kSell, 9, 1), Level(1, domain::Side::kSell, 6, 2)}};
}

TEST(Notifications, TradesArePublicAndCarryTheEventId) {
  const auto payloads = MarketTrades(FillResult(), CodeOf);
  ASSERT_EQ(payloads.size(), 1U);
  EXPECT_EQ(payloads[0].symbol, SymbolId(1));
  EXPECT_EQ(payloads[0].index, 2U);
  const auto trade = DecodeMarketTrade(payloads[0].bytes);
  ASSERT_TRUE(trade.ok()) << trade.status();
  const MarketTrade expected{{domain::SequenceNumber(42), 2},
                             1000,
                             SymbolId(1),
                             CodeOf(SymbolId(1)),
                             domain::TradeId(77),
                             domain::Price(5),
                             domain::Quantity(6),
                             domain::Side::kSell};
  EXPECT_EQ(*trade, expected);
}

TEST(Notifications, DepthIsGroupedBySymbol) {
  const auto payloads = MarketDepths(FillResult(), CodeOf, PreviousOf);
  ASSERT_EQ(payloads.size(), 2U);
  EXPECT_EQ(payloads[0].symbol, SymbolId(1));
  EXPECT_EQ(payloads[0].index, 6U);
  EXPECT_EQ(payloads[1].symbol, SymbolId(0));
  EXPECT_EQ(payloads[1].index, 7U);
  const auto depth = DecodeMarketDepth(payloads[0].bytes);
  ASSERT_TRUE(depth.ok()) << depth.status();
  EXPECT_EQ(depth->sequence, domain::SequenceNumber(42));
  EXPECT_EQ(depth->previous_sequence, domain::SequenceNumber(40));
  EXPECT_EQ(DecodeMarketDepth(payloads[1].bytes)->previous_sequence, domain::SequenceNumber(0));
  EXPECT_EQ(depth->code, CodeOf(SymbolId(1)));
  EXPECT_THAT(depth->changes,
              ::testing::ElementsAre(Level(1, domain::Side::kBuy, 5, 0), Level(1, domain::Side::kSell, 6, 2)));
}

TEST(Notifications, UserEventsAreSplitByAccountAndNeverForTheFeeAccount) {
  const domain::CommandResult result = FillResult();
  const auto payloads = UserEventsByAccount(result);
  ASSERT_EQ(payloads.size(), 2U);
  EXPECT_EQ(payloads[0].account, AccountId(20));
  EXPECT_EQ(payloads[1].account, AccountId(10));
  const auto taker = DecodeUserEvents(payloads[0].bytes);
  ASSERT_TRUE(taker.ok()) << taker.status();
  const UserEvents expected{
      result.sequence, result.timestamp_ns, AccountId(20), {{1, result.events[0]}, {4, result.events[3]}}};
  EXPECT_EQ(*taker, expected);
  const auto maker = DecodeUserEvents(payloads[1].bytes);
  ASSERT_TRUE(maker.ok()) << maker.status();
  EXPECT_EQ(maker->events.size(), 1U);
}

// What a command set off at other accounts (a stop that it triggered, an order past its time) is theirs.
TEST(Notifications, EachAccountHearsOfItsOwnOrdersWhoeverSentTheCommand) {
  domain::ExecutionReport triggered = ReportOf(AccountId(10));
  triggered.execution_type = domain::ExecutionType::kTriggered;
  domain::ExecutionReport expired = ReportOf(AccountId(11));
  expired.execution_type = domain::ExecutionType::kExpired;
  const domain::CommandResult result{domain::SequenceNumber(42), 1000, {expired, ReportOf(AccountId(20)), triggered}};
  const auto payloads = UserEventsByAccount(result);
  ASSERT_EQ(payloads.size(), 3U);
  const std::vector<std::pair<AccountId, std::uint32_t>> expected{
      {AccountId(11), 1}, {AccountId(20), 2}, {AccountId(10), 3}};
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const auto& [account, index] = expected[i];
    EXPECT_EQ(payloads[i].account, account);
    const auto events = DecodeUserEvents(payloads[i].bytes);
    ASSERT_TRUE(events.ok()) << events.status();
    ASSERT_EQ(events->events.size(), 1U);
    EXPECT_EQ(events->events[0].index, index);
    EXPECT_EQ(events->events[0].event, result.events[index - 1]);
  }
}

TEST(Notifications, RiskDecisionsGoToTheirAudit) {
  const domain::RiskDecision decision = std::get<domain::RiskDecision>(RandomValues(3).Event(9));
  const domain::CommandResult result{
      domain::SequenceNumber(42), 1000, {domain::Ticked{}, decision, ReportOf(AccountId(20))}};
  const auto payloads = RiskAudits(result);
  ASSERT_EQ(payloads.size(), 1U);
  EXPECT_EQ(payloads[0].symbol, decision.symbol);
  EXPECT_EQ(payloads[0].index, 2U);
  const auto audit = DecodeRiskAudit(payloads[0].bytes);
  ASSERT_TRUE(audit.ok()) << audit.status();
  EXPECT_EQ(*audit, (RiskAudit{{domain::SequenceNumber(42), 2}, 1000, decision}));
  EXPECT_EQ(DecodeRiskAudit("").status().message(), "sequence: must not be 0");
  EXPECT_EQ(UserEventsByAccount(result).size(), 1U) << "nobody's stream";
}

TEST(Notifications, QuietCommandsSayNothing) {
  const domain::CommandResult result{domain::SequenceNumber(1), 0, {domain::EpochStarted{domain::Epoch(1)}}};
  EXPECT_TRUE(MarketTrades(result, CodeOf).empty());
  EXPECT_TRUE(MarketDepths(result, CodeOf, PreviousOf).empty());
  EXPECT_TRUE(UserEventsByAccount(result).empty());
}

TEST(MarketProto, BookSnapshotRoundTrips) {
  const domain::BookSnapshot book{SymbolId(3),
                                  domain::SequenceNumber(9),
                                  {{domain::Price(5), domain::Quantity(1)}, {domain::Price(4), domain::Quantity(2)}},
                                  {{domain::Price(6), domain::Quantity(3)}}};
  xtrader::v1::BookSnapshot message;
  ToProto(book, message);
  const auto back = FromProto(message);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(*back, book);
  message.set_symbol_id(1U << 20U);
  EXPECT_EQ(FromProto(message).status().message(), "symbol_id: out of range");
}

TEST(MarketProto, ErrorsNameTheField) {
  EXPECT_EQ(DecodeMarketTrade("\x01").status().message(), "not a MarketTrade");
  EXPECT_EQ(DecodeMarketTrade("").status().message(), "symbol: not a symbol code");
  MarketDepth depth{domain::SequenceNumber(0), 0, SymbolId(0), CodeOf(SymbolId(0)), {}};
  EXPECT_EQ(DecodeMarketDepth(EncodeMarketDepth(depth)).status().message(), "sequence: must not be 0");
  depth.sequence = depth.previous_sequence = domain::SequenceNumber(7);
  EXPECT_EQ(DecodeMarketDepth(EncodeMarketDepth(depth)).status().message(),
            "previous_sequence: must be below sequence");
  UserEvents events{domain::SequenceNumber(1), 0, AccountId(1), {{0, ReportOf(AccountId(1))}}};
  EXPECT_EQ(DecodeUserEvents(EncodeUserEvents(events)).status().message(), "events[0].index: must not be 0");
}

}  // namespace
}  // namespace xt::wire
