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
  report.execution_type = type;
  report.status = status;
  return report;
}

domain::NewOrder Order(const char* client_order_id) {
  domain::NewOrder order;
  order.account = kAccount;
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

TEST(OrderAnswerTest, AnOlderOrderOfTheSameNameIsNotTheEnteredOne) {
  const auto read = Interpret(Result({Report(3, "mine", ExecutionType::kExpired, OrderStatus::kExpired),
                                      Report(9, "mine", ExecutionType::kNew, OrderStatus::kNew),
                                      Report(3, "mine", ExecutionType::kTrade, OrderStatus::kFilled)}),
                              Order("mine"));
  EXPECT_EQ(std::get<OrderAnswer>(read).report.order_id, OrderId(9));
  EXPECT_TRUE(std::get<OrderAnswer>(read).fills.empty());
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

TEST(OrderAnswerTest, EventsOfNobodysOrderAreAFailureOfOurs) {
  const auto read = Interpret(Result({domain::EpochStarted{}}), Order("mine"));
  EXPECT_EQ(std::get<Refusal>(read).reason, domain::RejectReason::kInternal);
}

}  // namespace
}  // namespace xt::gateway
