#include "services/persistence/core/projection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/persistence/testing/results.h"

namespace xt::persistence {
namespace {

using domain::AccountId;
using domain::Amount;
using domain::AssetId;
using domain::BalanceReason;
using domain::ExecutionType;
using domain::OrderId;
using domain::OrderStatus;
using domain::Quantity;
using domain::SequenceNumber;
using testing::Change;
using ::testing::HasSubstr;
using testing::Report;
using ::testing::SizeIs;

Projection Project(const std::vector<domain::CommandResult>& results, std::uint64_t watermark = 0) {
  Projector projector{SequenceNumber(watermark)};
  for (const auto& result : results) {
    const absl::Status status = projector.Add(result);
    EXPECT_TRUE(status.ok()) << status;
  }
  return projector.projection();
}

// Account 1 offers 10 lots at 1, account 2 takes 4 of them.
std::vector<domain::CommandResult> RestAndTrade() {
  return {testing::Resting(1, OrderId(11), AccountId(1), 10), testing::Trade(2, OrderId(11), OrderId(22), 4)};
}

TEST(Projection, ARestingOrderKeepsItsFirstAnswer) {
  const Projection p = Project(RestAndTrade());
  ASSERT_THAT(p.orders, SizeIs(2));
  const OrderState& maker = p.orders[0];
  EXPECT_EQ(maker.report.status, OrderStatus::kPartiallyFilled);
  EXPECT_EQ(maker.report.executed_quantity, Quantity(4));
  EXPECT_EQ(maker.created_sequence, SequenceNumber(1));
  EXPECT_EQ(maker.updated_sequence, SequenceNumber(2));
  EXPECT_EQ(maker.first_status, OrderStatus::kNew);
  EXPECT_EQ(maker.first_executed_quantity, Quantity(0));
  const OrderState& taker = p.orders[1];
  EXPECT_EQ(taker.created_sequence, SequenceNumber(2));
  EXPECT_EQ(taker.first_status, OrderStatus::kFilled);
  EXPECT_EQ(taker.first_executed_quantity, Quantity(4));
  EXPECT_EQ(taker.first_executed_quote, Amount(4));
}

TEST(Projection, AnOrderOfAnEarlierBatchIsOnlyUpdated) {
  const Projection p = Project({testing::Trade(2, OrderId(11), OrderId(22), 4)}, 1);
  ASSERT_THAT(p.orders, SizeIs(2));
  EXPECT_EQ(p.orders[0].report.order_id, OrderId(11));
  EXPECT_EQ(p.orders[0].created_sequence, SequenceNumber(0));
  EXPECT_EQ(p.orders[0].first_status, OrderStatus::kUnspecified);
  EXPECT_EQ(p.orders[1].created_sequence, SequenceNumber(2));
}

TEST(Projection, ACancelUpdates) {
  const auto canceled = Report(OrderId(11), AccountId(1), ExecutionType::kCanceled, OrderStatus::kCanceled, 0);
  const Projection p = Project(
      {{SequenceNumber(5), 500, {canceled, Change(AccountId(1), BalanceReason::kRelease, 10, -10, OrderId(11))}}}, 4);
  ASSERT_THAT(p.orders, SizeIs(1));
  EXPECT_EQ(p.orders[0].created_sequence, SequenceNumber(0));
  EXPECT_EQ(p.orders[0].report.status, OrderStatus::kCanceled);
}

TEST(Projection, AnOrderThatExpiresOnEntryIsCreated) {
  const auto expired = Report(OrderId(11), AccountId(1), ExecutionType::kExpired, OrderStatus::kExpired, 0);
  const Projection silent = Project({{SequenceNumber(1), 100, {expired}}});
  EXPECT_EQ(silent.orders.at(0).created_sequence, SequenceNumber(1));
  EXPECT_EQ(silent.orders.at(0).first_status, OrderStatus::kExpired);
  const Projection reserved =
      Project({{SequenceNumber(1),
                100,
                {Change(AccountId(1), BalanceReason::kReservation, -10, 10, OrderId(11)), expired,
                 Change(AccountId(1), BalanceReason::kRelease, 10, -10, OrderId(11))}}});
  EXPECT_EQ(reserved.orders.at(0).created_sequence, SequenceNumber(1));
}

TEST(Projection, AMakerThatExpiresByThePreventionOfSelfTradesIsUpdated) {
  const auto maker = Report(OrderId(11), AccountId(1), ExecutionType::kExpired, OrderStatus::kExpired, 0);
  const auto taker = Report(OrderId(22), AccountId(1), ExecutionType::kNew, OrderStatus::kNew, 0);
  const Projection p = Project({{SequenceNumber(7),
                                 700,
                                 {Change(AccountId(1), BalanceReason::kReservation, -5, 5, OrderId(22), AssetId(1)),
                                  maker, Change(AccountId(1), BalanceReason::kRelease, 10, -10, OrderId(11)), taker}}},
                               6);
  ASSERT_THAT(p.orders, SizeIs(2));
  EXPECT_EQ(p.orders[0].created_sequence, SequenceNumber(0));
  EXPECT_EQ(p.orders[1].created_sequence, SequenceNumber(7));
}

// Account 3 waits with a stop that a trade of others triggers; it reserves anew and rests.
TEST(Projection, AStopThatIsTriggeredIsTheOrderThatWaited) {
  auto waiting = Report(OrderId(33), AccountId(3), ExecutionType::kNew, OrderStatus::kNew, 0);
  waiting.type = domain::OrderType::kStopLossLimit;
  waiting.stop_price = domain::Price(2);
  const domain::CommandResult entered{
      SequenceNumber(1), 100, {Change(AccountId(3), BalanceReason::kReservation, -10, 10, OrderId(33)), waiting}};
  auto triggered = waiting;
  triggered.execution_type = ExecutionType::kTriggered;
  auto released = Change(AccountId(3), BalanceReason::kRelease, 10, -10, OrderId(33));
  released.available = Amount(10);
  auto reserved = Change(AccountId(3), BalanceReason::kReservation, -10, 10, OrderId(33));
  reserved.available = Amount(0);
  const domain::CommandResult by_others{SequenceNumber(2), 200, {triggered, released, reserved, waiting}};

  const Projection both = Project({entered, by_others});
  ASSERT_THAT(both.orders, SizeIs(1));
  EXPECT_EQ(both.orders[0].created_sequence, SequenceNumber(1));
  EXPECT_EQ(both.orders[0].updated_sequence, SequenceNumber(2));
  EXPECT_EQ(both.orders[0].report.stop_price, domain::Price(2));
  EXPECT_EQ(both.orders[0].report.status, OrderStatus::kNew);
  const Projection later = Project({by_others}, 1);
  ASSERT_THAT(later.orders, SizeIs(1));
  EXPECT_EQ(later.orders[0].created_sequence, SequenceNumber(0)) << "entered in an earlier batch";
}

TEST(Projection, AnAmendedOrderAndOneThatLostQuantityAreUpdated) {
  auto replaced = Report(OrderId(11), AccountId(1), ExecutionType::kReplaced, OrderStatus::kNew, 0);
  replaced.quantity = Quantity(6);
  auto prevented = Report(OrderId(12), AccountId(1), ExecutionType::kPrevented, OrderStatus::kNew, 0);
  prevented.quantity = Quantity(3);
  const auto taker = Report(OrderId(22), AccountId(1), ExecutionType::kExpired, OrderStatus::kExpired, 0);
  const Projection p = Project({{SequenceNumber(5), 500, {replaced}}, {SequenceNumber(6), 600, {prevented, taker}}}, 4);
  ASSERT_THAT(p.orders, SizeIs(3));
  EXPECT_EQ(p.orders[0].created_sequence, SequenceNumber(0));
  EXPECT_EQ(p.orders[0].report.quantity, Quantity(6));
  EXPECT_EQ(p.orders[1].created_sequence, SequenceNumber(0));
  EXPECT_EQ(p.orders[1].report.quantity, Quantity(3));
  EXPECT_EQ(p.orders[2].created_sequence, SequenceNumber(6));
}

TEST(Projection, ACancelReplaceUpdatesOneOrderAndCreatesTheOther) {
  const auto canceled = Report(OrderId(11), AccountId(1), ExecutionType::kCanceled, OrderStatus::kCanceled, 0);
  auto released = Change(AccountId(1), BalanceReason::kRelease, 10, -10, OrderId(11));
  auto reserved = Change(AccountId(1), BalanceReason::kReservation, -10, 10, OrderId(12));
  reserved.available = Amount(0);
  const auto entered = Report(OrderId(12), AccountId(1), ExecutionType::kNew, OrderStatus::kNew, 0);
  const Projection p = Project({{SequenceNumber(5), 500, {canceled, released, reserved, entered}}}, 4);
  ASSERT_THAT(p.orders, SizeIs(2));
  EXPECT_EQ(p.orders[0].created_sequence, SequenceNumber(0));
  EXPECT_EQ(p.orders[1].created_sequence, SequenceNumber(5));
}

TEST(Projection, WhatWasDueIsUpdatedWhoeverSentTheCommand) {
  const auto expired = Report(OrderId(11), AccountId(1), ExecutionType::kExpired, OrderStatus::kExpired, 0);
  const Projection p = Project({{SequenceNumber(5),
                                 500,
                                 {expired, Change(AccountId(1), BalanceReason::kRelease, 10, -10, OrderId(11)),
                                  domain::CommandRejected{.account = AccountId(2)}}},
                                {SequenceNumber(6), 600, {domain::Ticked{}}}},
                               4);
  ASSERT_THAT(p.orders, SizeIs(1));
  EXPECT_EQ(p.orders[0].created_sequence, SequenceNumber(0));
  EXPECT_EQ(p.orders[0].report.status, OrderStatus::kExpired);
  EXPECT_EQ(p.last, SequenceNumber(6));
}

TEST(Projection, ATransferPostsBetweenTwoAccounts) {
  const auto sent = Change(AccountId(1), BalanceReason::kTransfer, -7, 0);
  const auto received = Change(AccountId(2), BalanceReason::kTransfer, 7, 0);
  const Projection p = Project({{SequenceNumber(1), 100, {sent, received}}});
  ASSERT_THAT(p.ledger, SizeIs(2));
  EXPECT_EQ(p.ledger[0].book, Book::kAvailable);
  EXPECT_EQ(p.ledger[0].amount, Amount(-7));
  EXPECT_EQ(p.ledger[1].book, Book::kAvailable);
  EXPECT_EQ(p.ledger[1].amount, Amount(7));
  Projector half{SequenceNumber(0)};
  EXPECT_EQ(half.Add({SequenceNumber(1), 100, {sent}}).code(), absl::StatusCode::kDataLoss);
}

TEST(Projection, RiskDecisionsAreKept) {
  const domain::RiskDecision allowed{.account = AccountId(1), .rules_checked = 1U << 2U};
  domain::RiskDecision refused = allowed;
  refused.reason = domain::RejectReason::kOrderRate;
  const Projection p = Project({{SequenceNumber(1), 100, {allowed}},
                                {SequenceNumber(2), 200, {domain::Ticked{}, refused, domain::CommandRejected{}}}});
  ASSERT_THAT(p.risk_decisions, SizeIs(2));
  EXPECT_EQ(p.risk_decisions[1].id, (domain::EventId{SequenceNumber(2), 2}));
  EXPECT_EQ(p.risk_decisions[1].timestamp_ns, 200);
  EXPECT_EQ(p.risk_decisions[1].event, refused);
}

TEST(Projection, ATradeMakesTwoFillsAndBalancedPostings) {
  const Projection p = Project(RestAndTrade());
  ASSERT_THAT(p.trades, SizeIs(1));
  ASSERT_THAT(p.fills, SizeIs(2));
  EXPECT_TRUE(p.fills[0].event.maker);
  EXPECT_FALSE(p.fills[1].event.maker);
  EXPECT_EQ(p.trades[0].id, (domain::EventId{SequenceNumber(2), 2}));
  std::int64_t sum = 0;
  for (const Posting& posting : p.ledger) sum += posting.amount.value();
  EXPECT_EQ(sum, 0);
  EXPECT_EQ(p.balances.size(), 5U);  // two accounts, the fee account; two assets
}

TEST(Projection, DepositsHaveTheOutsideWorldAsTheirCounterpart) {
  const Projection p = Project({testing::Deposit(1, AccountId(3), 50)});
  ASSERT_THAT(p.ledger, SizeIs(2));
  EXPECT_EQ(p.ledger[0].book, Book::kAvailable);
  EXPECT_EQ(p.ledger[0].amount, Amount(50));
  EXPECT_EQ(p.ledger[0].entry, 1U);
  EXPECT_EQ(p.ledger[1].book, Book::kExternal);
  EXPECT_EQ(p.ledger[1].amount, Amount(-50));
  EXPECT_EQ(p.ledger[1].entry, 2U);
}

TEST(Projection, WithdrawalsGoOutside) {
  auto withdrawal = Change(AccountId(3), BalanceReason::kWithdrawal, -20, 0);
  withdrawal.available = Amount(30);
  const Projection p = Project({{SequenceNumber(1), 1, {withdrawal}}});
  ASSERT_THAT(p.ledger, SizeIs(2));
  EXPECT_EQ(p.ledger[1].book, Book::kExternal);
  EXPECT_EQ(p.ledger[1].amount, Amount(20));
}

TEST(Projection, AGapIsRefusedAndChangesNothing) {
  Projector projector{SequenceNumber(4)};
  const absl::Status gap = projector.Add(testing::Deposit(6, AccountId(1), 5));
  EXPECT_EQ(gap.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(gap.message()), HasSubstr("command 6 came where command 5 was due"));
  EXPECT_EQ(projector.Add(testing::Deposit(4, AccountId(1), 5)).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(projector.Add(testing::Deposit(5, AccountId(1), 5)).ok());
  EXPECT_EQ(projector.projection().last, SequenceNumber(5));
}

TEST(Projection, BooksThatDoNotBalanceHalt) {
  Projector projector{SequenceNumber(0)};
  const absl::Status status =
      projector.Add({SequenceNumber(1), 1, {Change(AccountId(1), BalanceReason::kTrade, 7, 0)}});
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(projector.imbalance().sequence, SequenceNumber(1));
  EXPECT_EQ(projector.imbalance().sum, Amount(7));
}

TEST(Projection, SumsThatOverflowADoubleWordHalt) {
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  Projector projector{SequenceNumber(0)};
  const absl::Status status = projector.Add(
      {SequenceNumber(1),
       1,
       {Change(AccountId(1), BalanceReason::kTrade, kMax, 0), Change(AccountId(2), BalanceReason::kTrade, kMax, 0),
        Change(AccountId(3), BalanceReason::kTrade, 2, 0)}});
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(projector.imbalance().sum, Amount(kMax));
}

TEST(Projection, ABalanceThatDoesNotFollowHalts) {
  Projector projector{SequenceNumber(0)};
  EXPECT_TRUE(projector.Add(testing::Deposit(1, AccountId(1), 5)).ok());
  EXPECT_EQ(projector.Add(testing::Deposit(2, AccountId(1), 6)).code(), absl::StatusCode::kDataLoss);
  Projector negative{SequenceNumber(0)};
  auto change = Change(AccountId(1), BalanceReason::kReservation, -5, 5);
  change.available = Amount(-5);
  EXPECT_EQ(negative.Add({SequenceNumber(1), 1, {change}}).code(), absl::StatusCode::kDataLoss);
}

TEST(Projection, ReferenceDataAndRefusals) {
  domain::Symbol symbol;
  symbol.code = *domain::SymbolCode::From("BTC-KRW");
  domain::Symbol halted = symbol;
  halted.status = domain::SymbolStatus::kHalted;
  const Projection p = Project({
      {SequenceNumber(1), 1, {domain::AssetDefined{{AssetId(0), *domain::AssetCode::From("BTC"), 8}}}},
      {SequenceNumber(2), 2, {domain::SymbolDefined{symbol}}},
      {SequenceNumber(3), 3, {domain::AccountCreated{AccountId(1), *domain::AccountName::From("demo-1")}}},
      {SequenceNumber(4), 4, {domain::CommandRejected{}}},
      {SequenceNumber(5), 5, {domain::SymbolDefined{halted}}},
  });
  EXPECT_THAT(p.assets, SizeIs(1));
  EXPECT_THAT(p.symbols, ::testing::ElementsAre(halted));
  ASSERT_THAT(p.accounts, SizeIs(1));
  EXPECT_EQ(p.accounts[0].timestamp_ns, 3);
  EXPECT_EQ(p.last, SequenceNumber(5));
  EXPECT_THAT(p.orders, SizeIs(0));
}

TEST(Projection, TheLastSettingsAndLimitsCount) {
  const domain::AccountChanged frozen{.account = AccountId(1), .status = domain::AccountStatus::kFrozen};
  const domain::AccountChanged active{.account = AccountId(1), .status = domain::AccountStatus::kActive};
  const domain::AccountChanged other{.account = AccountId(2), .status = domain::AccountStatus::kFrozen};
  const domain::FeeTier low{.id = domain::FeeTierId(1), .maker_fee_bps = 1};
  const domain::FeeTier high{.id = domain::FeeTierId(1), .maker_fee_bps = 9};
  const domain::SymbolLimitsChanged narrow{domain::SymbolId(0), {.price_deviation_bps = 1}};
  const domain::SymbolLimitsChanged wide{domain::SymbolId(0), {.price_deviation_bps = 9}};
  const Projection p = Project({{SequenceNumber(1), 1, {frozen, other, domain::FeeTierDefined{low}, narrow}},
                                {SequenceNumber(2), 2, {active, domain::FeeTierDefined{high}, wide}}});
  EXPECT_THAT(p.account_settings, ::testing::ElementsAre(other, active));
  EXPECT_THAT(p.fee_tiers, ::testing::ElementsAre(high));
  EXPECT_THAT(p.symbol_limits, ::testing::ElementsAre(wide));
}

}  // namespace
}  // namespace xt::persistence
