#include "services/gateway/core/order_answer.h"

#include <gtest/gtest.h>

namespace xt::gateway {
namespace {

using domain::ExecutionReport;
using domain::ExecutionType;
using domain::OrderId;
using domain::OrderStatus;

constexpr domain::AccountId kAccount{7};

ExecutionReport Report(std::uint64_t order, const char* client_order_id, ExecutionType type, OrderStatus status) {
  ExecutionReport report;
  report.account = kAccount;
  report.order_id = OrderId(order);
  report.client_order_id = *domain::ClientOrderId::From(client_order_id);
  report.side = domain::Side::kBuy;
  report.execution_type = type;
  report.status = status;
  return report;
}

domain::ExecutionReport Canceled(std::uint64_t order, const char* client_order_id) {
  return Report(order, client_order_id, ExecutionType::kCanceled, OrderStatus::kCanceled);
}

domain::CommandRejected Rejected(domain::RejectReason reason) {
  domain::CommandRejected rejected;
  rejected.account = kAccount;
  rejected.reason = reason;
  return rejected;
}

domain::OrdersCanceled CountdownDue(std::uint32_t count) {
  return {kAccount, {}, domain::MassCancelReason::kCountdown, count};
}

domain::NewOrder Order(const char* client_order_id) {
  domain::NewOrder order;
  order.account = kAccount;
  order.side = domain::Side::kBuy;
  order.client_order_id = *domain::ClientOrderId::From(client_order_id);
  return order;
}

domain::CommandResult Result(std::vector<domain::Event> events) {
  return {domain::SequenceNumber(5), 17, std::move(events)};
}

TEST(OrderAnswerTest, FindsTheEnteredOrderAmongItsMakers) {
  ExecutionReport maker = Report(3, "theirs", ExecutionType::kTrade, OrderStatus::kFilled);
  maker.account = domain::AccountId(8);
  maker.maker = true;
  const auto read = Interpret(Result({Report(9, "mine", ExecutionType::kTrade, OrderStatus::kPartiallyFilled), maker,
                                      Report(9, "mine", ExecutionType::kExpired, OrderStatus::kExpired)}),
                              Order("mine"));
  const auto& answer = std::get<OrderAnswer>(read);
  EXPECT_EQ(answer.sequence, domain::SequenceNumber(5));
  EXPECT_EQ(answer.timestamp_ns, 17);
  EXPECT_EQ(answer.report.status, OrderStatus::kExpired);
  ASSERT_EQ(answer.fills.size(), 1u);
  EXPECT_EQ(answer.fills[0].order_id, OrderId(9));
}

// Order ids do not grow with time: the entered order has a smaller one than the older of its name.
TEST(OrderAnswerTest, AnOlderOrderOfTheSameNameIsNotTheEnteredOne) {
  const ExecutionReport entered = Report(3, "mine", ExecutionType::kNew, OrderStatus::kNew);
  const ExecutionReport expired = Report(9, "mine", ExecutionType::kExpired, OrderStatus::kExpired);
  ExecutionReport maker = Report(9, "mine", ExecutionType::kTrade, OrderStatus::kFilled);
  maker.maker = true;
  ExecutionReport prevented = Report(9, "mine", ExecutionType::kExpired, OrderStatus::kExpired);
  prevented.side = domain::Side::kSell;
  const ExecutionReport triggered = Report(9, "mine", ExecutionType::kTriggered, OrderStatus::kNew);
  const ExecutionReport its_trade = Report(9, "mine", ExecutionType::kTrade, OrderStatus::kFilled);
  for (const std::vector<domain::Event>& events : {std::vector<domain::Event>{expired, entered},
                                                   {maker, entered},
                                                   {prevented, entered},
                                                   {Canceled(9, "mine"), CountdownDue(1), entered},
                                                   {entered, triggered, its_trade}}) {
    const auto read = Interpret(Result(events), Order("mine"));
    EXPECT_EQ(std::get<OrderAnswer>(read).report.order_id, OrderId(3));
    EXPECT_TRUE(std::get<OrderAnswer>(read).fills.empty());
  }
}

TEST(OrderAnswerTest, AnOrderThatExpiresAtOnceIsFoundAfterOneThatWasDue) {
  const auto read = Interpret(Result({Report(9, "mine", ExecutionType::kExpired, OrderStatus::kExpired),
                                      Report(3, "mine", ExecutionType::kExpired, OrderStatus::kExpired)}),
                              Order("mine"));
  EXPECT_EQ(std::get<OrderAnswer>(read).report.order_id, OrderId(3));
}

TEST(OrderAnswerTest, TradesOfATriggeredStopAreNotItsFills) {
  const auto read = Interpret(Result({Report(4, "other", ExecutionType::kExpired, OrderStatus::kExpired),
                                      Report(3, "mine", ExecutionType::kTrade, OrderStatus::kFilled),
                                      Report(5, "stop", ExecutionType::kTriggered, OrderStatus::kNew),
                                      Report(5, "stop", ExecutionType::kTrade, OrderStatus::kFilled)}),
                              Order("mine"));
  const auto& answer = std::get<OrderAnswer>(read);
  EXPECT_EQ(answer.report.order_id, OrderId(3));
  ASSERT_EQ(answer.fills.size(), 1u);
  EXPECT_EQ(answer.fills[0].order_id, OrderId(3));
}

TEST(OrderAnswerTest, WhatAStopTakesFromTheEnteredOrderIsItsFill) {
  ExecutionReport later = Report(3, "mine", ExecutionType::kTrade, OrderStatus::kFilled);
  later.maker = true;
  const auto read = Interpret(Result({Report(3, "mine", ExecutionType::kTrade, OrderStatus::kPartiallyFilled),
                                      Report(3, "mine", ExecutionType::kNew, OrderStatus::kPartiallyFilled), later}),
                              Order("mine"));
  const auto& answer = std::get<OrderAnswer>(read);
  EXPECT_EQ(answer.report.status, OrderStatus::kFilled);
  EXPECT_EQ(answer.fills.size(), 2u);
}

TEST(OrderAnswerTest, AnAuditBeforeARefusalChangesNothing) {
  const auto read = Interpret(Result({Report(4, "mine", ExecutionType::kExpired, OrderStatus::kExpired),
                                      domain::RiskDecision{}, Rejected(domain::RejectReason::kMaxOpenOrders)}),
                              Order("mine"));
  EXPECT_EQ(std::get<Refusal>(read).reason, domain::RejectReason::kMaxOpenOrders);
}

TEST(OrderAnswerTest, ARefusalNamesItsField) {
  domain::CommandRejected rejected;
  rejected.reason = domain::RejectReason::kInsufficientBalance;
  rejected.field = *domain::FixedString<24>::From("quantity");
  const auto read = Interpret(Result({rejected}), Order("mine"));
  EXPECT_EQ(std::get<Refusal>(read), Refusal(domain::RejectReason::kInsufficientBalance, "quantity"));
}

TEST(OrderAnswerTest, AResentOrderPointsToTheFirst) {
  domain::CommandRejected rejected;
  rejected.original_sequence = domain::SequenceNumber(2);
  const auto read = Interpret(Result({rejected}), Order("mine"));
  EXPECT_EQ(std::get<ResentOrder>(read).original_sequence, domain::SequenceNumber(2));
}

TEST(OrderAnswerTest, ACancelIsFoundByEitherName) {
  const auto result = Result({Report(9, "mine", ExecutionType::kCanceled, OrderStatus::kCanceled)});
  const auto by_id = Interpret(result, domain::CancelOrder{kAccount, OrderId(9), {}});
  EXPECT_EQ(std::get<OrderAnswer>(by_id).report.status, OrderStatus::kCanceled);
  const auto by_name =
      Interpret(result, domain::CancelOrder{kAccount, OrderId(0), *domain::ClientOrderId::From("mine")});
  EXPECT_EQ(std::get<OrderAnswer>(by_name).report.order_id, OrderId(9));
}

TEST(OrderAnswerTest, ACancelByNameIsNotWhatACountdownDid) {
  const auto read = Interpret(Result({Canceled(9, "mine"), CountdownDue(1), Canceled(3, "mine")}),
                              domain::CancelOrder{kAccount, {}, *domain::ClientOrderId::From("mine")});
  EXPECT_EQ(std::get<OrderAnswer>(read).report.order_id, OrderId(3));
}

TEST(OrderAnswerTest, AnAmendmentIsTheOrderWithItsNewQuantity) {
  const auto read = Interpret(Result({Report(9, "mine", ExecutionType::kReplaced, OrderStatus::kPartiallyFilled)}),
                              domain::AmendOrder{kAccount, OrderId(9), {}, domain::Quantity(3)});
  EXPECT_EQ(std::get<OrderAnswer>(read).report.status, OrderStatus::kPartiallyFilled);
  EXPECT_TRUE(std::get<OrderAnswer>(read).fills.empty());
}

TEST(CancelAllAnswerTest, ListsWhatTheCommandCanceled) {
  ExecutionReport theirs = Canceled(1, "theirs");
  theirs.account = domain::AccountId(8);
  const domain::CancelAll cancel{kAccount, domain::kAllSymbols, domain::OrderGroup(2)};
  const auto read = Interpret(
      Result({theirs, Canceled(2, "due"), CountdownDue(2), domain::CountdownChanged{kAccount, {}, 0}, Canceled(9, "a"),
              Canceled(4, "b"), domain::OrdersCanceled{kAccount, {}, domain::MassCancelReason::kCommand, 2}}),
      cancel);
  EXPECT_EQ(std::get<CancelAllAnswer>(read).orders, (std::vector{OrderId(9), OrderId(4)}));
  const auto none =
      Interpret(Result({domain::OrdersCanceled{kAccount, {}, domain::MassCancelReason::kCommand, 0}}), cancel);
  EXPECT_TRUE(std::get<CancelAllAnswer>(none).orders.empty());
  const auto refused = Interpret(Result({Rejected(domain::RejectReason::kUnknownAccount)}), cancel);
  EXPECT_EQ(std::get<Refusal>(refused).reason, domain::RejectReason::kUnknownAccount);
}

TEST(CountdownAnswerTest, TellsTheDeadlineOfTheCommand) {
  const domain::SetCountdown countdown{kAccount, domain::OrderGroup(2), 5};
  const auto read = Interpret(Result({domain::CountdownChanged{kAccount, domain::OrderGroup(2), 0},
                                      domain::CountdownChanged{kAccount, domain::OrderGroup(2), 22}}),
                              countdown);
  EXPECT_EQ(std::get<CountdownAnswer>(read).deadline_ns, 22);
  const auto refused = Interpret(Result({Rejected(domain::RejectReason::kCapacity)}), countdown);
  EXPECT_EQ(std::get<Refusal>(refused).reason, domain::RejectReason::kCapacity);
  const auto others = Interpret(Result({domain::CountdownChanged{kAccount, {}, 22}}), countdown);
  EXPECT_EQ(std::get<Refusal>(others).reason, domain::RejectReason::kInternal);
}

class ReplaceAnswerTest : public testing::Test {
 protected:
  static ReplaceInterpretation Read(std::vector<domain::Event> events) {
    return Interpret(Result(std::move(events)),
                     domain::CancelReplace{OrderId(9), {}, domain::ReplaceMode::kAllowFailure, Order("mine")});
  }
  const ExecutionReport canceled_ = Canceled(9, "old");
  const ExecutionReport entered_ = Report(3, "mine", ExecutionType::kNew, OrderStatus::kNew);
  const domain::CommandRejected unknown_ = Rejected(domain::RejectReason::kUnknownOrder);
  const domain::CommandRejected funds_ = Rejected(domain::RejectReason::kInsufficientBalance);
};

TEST_F(ReplaceAnswerTest, BothDone) {
  const auto answer = std::get<ReplaceAnswer>(Read({canceled_, entered_}));
  EXPECT_EQ(std::get<OrderAnswer>(*answer.cancel).report.order_id, OrderId(9));
  EXPECT_EQ(std::get<OrderAnswer>(answer.order).report.order_id, OrderId(3));
}

TEST_F(ReplaceAnswerTest, TheCancelStandsWhenTheOrderIsRefused) {
  const auto answer = std::get<ReplaceAnswer>(Read({canceled_, domain::RiskDecision{}, funds_}));
  EXPECT_EQ(std::get<OrderAnswer>(*answer.cancel).report.status, OrderStatus::kCanceled);
  EXPECT_EQ(std::get<Refusal>(answer.order).reason, domain::RejectReason::kInsufficientBalance);
}

TEST_F(ReplaceAnswerTest, TheOrderIsEnteredThoughTheCancelWasRefused) {
  const auto answer = std::get<ReplaceAnswer>(Read({unknown_, entered_}));
  EXPECT_EQ(std::get<Refusal>(*answer.cancel).reason, domain::RejectReason::kUnknownOrder);
  EXPECT_EQ(std::get<OrderAnswer>(answer.order).report.order_id, OrderId(3));
}

TEST_F(ReplaceAnswerTest, BothRefused) {
  const auto answer = std::get<ReplaceAnswer>(Read({unknown_, funds_}));
  EXPECT_EQ(std::get<Refusal>(*answer.cancel).reason, domain::RejectReason::kUnknownOrder);
  EXPECT_EQ(std::get<Refusal>(answer.order).reason, domain::RejectReason::kInsufficientBalance);
}

TEST_F(ReplaceAnswerTest, RefusedAsAWhole) {
  EXPECT_EQ(std::get<Refusal>(Read({unknown_})).reason, domain::RejectReason::kUnknownOrder);
  // The order to cancel went by a countdown that was due, not by the command.
  EXPECT_EQ(std::get<Refusal>(Read({canceled_, CountdownDue(1), unknown_})).reason,
            domain::RejectReason::kUnknownOrder);
}

TEST_F(ReplaceAnswerTest, Resent) {
  domain::CommandRejected resent;
  resent.original_sequence = domain::SequenceNumber(2);
  EXPECT_EQ(std::get<ResentOrder>(Read({resent})).original_sequence, domain::SequenceNumber(2));
}

TEST_F(ReplaceAnswerTest, TheCanceledOrderMayHaveTheNameOfTheNewOne) {
  const auto answer = std::get<ReplaceAnswer>(Read({Canceled(9, "mine"), entered_}));
  EXPECT_EQ(std::get<OrderAnswer>(answer.order).report.order_id, OrderId(3));
}

TEST_F(ReplaceAnswerTest, EventsThatDoNotAddUpAreAFailureOfOurs) {
  EXPECT_EQ(std::get<Refusal>(Read({canceled_})).reason, domain::RejectReason::kInternal);
  EXPECT_EQ(std::get<Refusal>(Read({})).reason, domain::RejectReason::kInternal);
}

TEST(OrderAnswerTest, EventsOfNobodysOrderAreAFailureOfOurs) {
  const auto read = Interpret(Result({domain::EpochStarted{}}), Order("mine"));
  EXPECT_EQ(std::get<Refusal>(read).reason, domain::RejectReason::kInternal);
}

}  // namespace
}  // namespace xt::gateway
