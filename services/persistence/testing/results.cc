#include "services/persistence/testing/results.h"

#include <algorithm>
#include <string>

namespace xt::persistence::testing {

using domain::AccountId;
using domain::Amount;
using domain::AssetId;
using domain::BalanceReason;
using domain::ExecutionType;
using domain::OrderStatus;
using domain::Quantity;
using domain::SequenceNumber;

namespace {

std::int64_t TimeOf(std::uint64_t sequence) { return static_cast<std::int64_t>(sequence) * 1000; }

}  // namespace

domain::ExecutionReport Report(domain::OrderId order, AccountId account, ExecutionType type, OrderStatus status,
                               std::int64_t executed) {
  domain::ExecutionReport report;
  report.account = account;
  report.order_id = order;
  report.client_order_id = *domain::ClientOrderId::From("c-" + std::to_string(order.value()));
  report.side = account == AccountId(1) ? domain::Side::kSell : domain::Side::kBuy;
  report.type = domain::OrderType::kLimit;
  report.time_in_force = domain::TimeInForce::kGtc;
  report.execution_type = type;
  report.status = status;
  report.price = domain::Price(1);
  report.quantity = Quantity(10);
  report.executed_quantity = Quantity(executed);
  report.executed_quote = Amount(executed);
  return report;
}

domain::BalanceChange Change(AccountId account, BalanceReason reason, std::int64_t available_delta,
                             std::int64_t locked_delta, domain::OrderId order, AssetId asset) {
  domain::BalanceChange change;
  change.account = account;
  change.asset = asset;
  change.reason = reason;
  change.available_delta = Amount(available_delta);
  change.locked_delta = Amount(locked_delta);
  change.available = Amount(std::max<std::int64_t>(available_delta, 0));
  change.locked = Amount(std::max<std::int64_t>(locked_delta, 0));
  change.order_id = order;
  return change;
}

domain::CommandResult Deposit(std::uint64_t sequence, AccountId account, std::int64_t amount) {
  return {SequenceNumber(sequence), TimeOf(sequence), {Change(account, BalanceReason::kDeposit, amount, 0)}};
}

domain::CommandResult Resting(std::uint64_t sequence, domain::OrderId order, AccountId account, std::int64_t quantity) {
  return {SequenceNumber(sequence),
          TimeOf(sequence),
          {Change(account, BalanceReason::kReservation, -quantity, quantity, order),
           Report(order, account, ExecutionType::kNew, OrderStatus::kNew, 0),
           domain::BookChange{domain::SymbolId(0), domain::Side::kSell, domain::Price(1), Quantity(quantity), 1}}};
}

domain::CommandResult Trade(std::uint64_t sequence, domain::OrderId maker, domain::OrderId taker,
                            std::int64_t quantity) {
  const domain::TradeId trade_id(sequence);
  auto maker_report = Report(maker, AccountId(1), ExecutionType::kTrade,
                             quantity == 10 ? OrderStatus::kFilled : OrderStatus::kPartiallyFilled, quantity);
  auto taker_report = Report(taker, AccountId(2), ExecutionType::kTrade, OrderStatus::kFilled, quantity);
  for (auto* report : {&maker_report, &taker_report}) {
    report->trade_id = trade_id;
    report->last_price = domain::Price(1);
    report->last_quantity = Quantity(quantity);
  }
  maker_report.maker = true;
  maker_report.fee = Amount(1);
  maker_report.fee_asset = AssetId(1);
  const domain::Trade trade{
      trade_id, domain::SymbolId(0), domain::Price(1), Quantity(quantity), domain::Side::kBuy, maker,
      taker,    AccountId(1),        AccountId(2)};
  auto sold = Change(AccountId(1), BalanceReason::kTrade, 0, -quantity, maker);
  sold.locked = Amount(10 - quantity);
  auto paid = Change(AccountId(2), BalanceReason::kTrade, 0, -quantity, taker, AssetId(1));
  auto fee = Change(AccountId(1), BalanceReason::kFee, -1, 0, maker, AssetId(1));
  fee.available = Amount(quantity - 1);
  return {SequenceNumber(sequence),
          TimeOf(sequence),
          {Change(AccountId(2), BalanceReason::kReservation, -quantity, quantity, taker, AssetId(1)), trade,
           maker_report, taker_report, sold, Change(AccountId(2), BalanceReason::kTrade, quantity, 0, taker), paid,
           Change(AccountId(1), BalanceReason::kTrade, quantity, 0, maker, AssetId(1)), fee,
           Change(domain::kFeeAccount, BalanceReason::kFee, 1, 0, {}, AssetId(1))}};
}

}  // namespace xt::persistence::testing
