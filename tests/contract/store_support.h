// Rows for the tests of stores: every field with a value of its own where that matters.
#pragma once

#include <cstdint>
#include <string>

#include "gtest/gtest.h"
#include "libs/ports/store.h"

namespace xt::contract {

inline constexpr std::int64_t kNoonNs =
    1'790'000'000'000'000'000 / 86'400'000'000'000 * 86'400'000'000'000 + 43'200'000'000'000;

inline domain::SequenceNumber Seq(std::uint64_t value) { return domain::SequenceNumber(value); }
inline domain::AccountId Account(std::uint32_t value) { return domain::AccountId(value); }

inline domain::ExecutionReport Report(std::uint64_t order, std::uint32_t account, const std::string& client_order_id) {
  domain::ExecutionReport report;
  report.account = Account(account);
  report.order_id = domain::OrderId(order);
  report.client_order_id = *domain::ClientOrderId::From(client_order_id);
  report.side = domain::Side::kBuy;
  report.type = domain::OrderType::kLimit;
  report.time_in_force = domain::TimeInForce::kGtc;
  report.execution_type = domain::ExecutionType::kNew;
  report.status = domain::OrderStatus::kNew;
  report.price = domain::Price(1000);
  report.quantity = domain::Quantity(4);
  return report;
}

// An order that was entered by the command of this sequence and is open.
inline ports::OrderRow Order(std::uint64_t order, std::uint32_t account, const std::string& client_order_id,
                             std::uint64_t sequence) {
  ports::OrderRow row;
  row.report = Report(order, account, client_order_id);
  row.created_sequence = row.updated_sequence = Seq(sequence);
  row.created_ns = row.updated_ns = kNoonNs;
  row.first_status = domain::OrderStatus::kNew;
  return row;
}

inline ports::FillRow Fill(std::uint64_t sequence, std::uint32_t index, std::uint32_t account, std::uint64_t order) {
  ports::FillRow row;
  row.id = {Seq(sequence), index};
  row.timestamp_ns = kNoonNs;
  row.report = Report(order, account, "fill");
  row.report.execution_type = domain::ExecutionType::kTrade;
  return row;
}

inline ports::LedgerRow Posting(std::uint64_t sequence, std::uint32_t index, std::uint32_t entry, std::uint16_t asset,
                                std::int64_t amount) {
  ports::LedgerRow row;
  row.id = {Seq(sequence), index};
  row.entry = entry;
  row.timestamp_ns = kNoonNs;
  row.account = Account(7);
  row.asset = domain::AssetId(asset);
  row.amount = domain::Amount(amount);
  row.reason = domain::BalanceReason::kTrade;
  return row;
}

inline ports::RiskRow Decision(std::uint64_t sequence, std::uint32_t index, std::uint32_t account,
                               domain::RejectReason reason) {
  ports::RiskRow row;
  row.id = {Seq(sequence), index};
  row.timestamp_ns = kNoonNs + 4;
  row.decision = {Account(account), domain::SymbolId(4), *domain::ClientOrderId::From("my-order"), 0b1010100, reason};
  return row;
}

inline ports::BalanceRow Balance(std::uint32_t account, std::uint16_t asset, std::int64_t available,
                                 std::uint64_t sequence) {
  return {Account(account), domain::AssetId(asset), domain::Amount(available), domain::Amount(0), Seq(sequence)};
}

// One row of each kind, in which no two numeric fields are equal.
inline ports::StoreBatch FullBatch() {
  ports::StoreBatch batch;
  ports::OrderRow order = Order(1001, 7, "my-order", 3);
  domain::ExecutionReport& r = order.report;
  r.symbol = domain::SymbolId(4);
  r.side = domain::Side::kSell;
  r.type = domain::OrderType::kMarket;
  r.time_in_force = domain::TimeInForce::kIoc;
  r.execution_type = domain::ExecutionType::kTrade;
  r.status = domain::OrderStatus::kPartiallyFilled;
  r.reject_reason = domain::RejectReason::kNoLiquidity;
  r.price = domain::Price(2001);
  r.quantity = domain::Quantity(2002);
  r.quote_quantity = domain::Amount(2003);
  r.executed_quantity = domain::Quantity(2004);
  r.executed_quote = domain::Amount(INT64_MAX);
  r.expire_time_ms = 2006;
  r.trade_id = domain::TradeId((1ULL << 63) - 1);
  r.last_price = domain::Price(2008);
  r.last_quantity = domain::Quantity(2009);
  r.fee = domain::Amount(2010);
  r.fee_asset = domain::AssetId(11);
  r.maker = true;
  r.stop_price = domain::Price(2014);
  r.iceberg_quantity = domain::Quantity(2015);
  r.group = domain::OrderGroup(0xFFFF'FFFE);
  order.updated_sequence = Seq(8);
  order.updated_ns = kNoonNs + 1;
  order.first_status = domain::OrderStatus::kExpired;
  order.first_executed_quantity = domain::Quantity(2012);
  order.first_executed_quote = domain::Amount(-2013);
  batch.orders.push_back(order);
  batch.fills.push_back({{Seq(8), 2}, kNoonNs + 2, order.report});
  domain::Trade trade{domain::TradeId(1),  domain::SymbolId(4), domain::Price(2),
                      domain::Quantity(3), domain::Side::kBuy,  domain::OrderId(5),
                      domain::OrderId(6),  Account(7),          Account(8)};
  batch.trades.push_back({{Seq(8), 1}, kNoonNs, trade});
  batch.ledger.push_back(Posting(8, 3, 1, 1, 5));
  batch.ledger.push_back(Posting(8, 3, 2, 1, -5));
  batch.risk_decisions.push_back(Decision(8, 4, 7, domain::RejectReason::kMaxNotional));
  batch.balances.push_back({Account(7), domain::AssetId(1), domain::Amount(31), domain::Amount(32), Seq(8)});
  batch.accounts.push_back({Account(7), *domain::AccountName::From("demo-1"), kNoonNs + 3});
  batch.assets.push_back({domain::AssetId(1), *domain::AssetCode::From("KRW"), 4});
  domain::Symbol symbol;
  symbol.id = domain::SymbolId(4);
  symbol.code = *domain::SymbolCode::From("BTC-KRW");
  symbol.base = domain::AssetId(2);
  symbol.quote = domain::AssetId(1);
  symbol.base_decimals = 8;
  symbol.quote_decimals = 4;
  symbol.tick_size = domain::Amount(41);
  symbol.lot_size = domain::Amount(42);
  symbol.min_notional = domain::Amount(43);
  symbol.max_quantity = domain::Quantity(44);
  symbol.max_price = domain::Price(45);
  symbol.maker_fee_bps = 46;
  symbol.taker_fee_bps = 47;
  symbol.status = domain::SymbolStatus::kCancelOnly;
  symbol.tick_lot_value = domain::Amount(48);
  batch.symbols.push_back(symbol);
  batch.account_settings.push_back({Account(7),
                                    domain::AccountStatus::kFrozen,
                                    {.fee_tier = domain::FeeTierId(15),
                                     .self_trade_prevention = domain::SelfTradePrevention::kDecrement,
                                     .max_open_orders = 0xFFFF'FFFD,
                                     .max_orders = 0xFFFF'FFFC,
                                     .order_interval_ms = 51}});
  batch.fee_tiers.push_back({domain::FeeTierId(15), 52, 53});
  batch.symbol_limits.push_back({domain::SymbolId(4),
                                 {.max_notional = domain::Amount(INT64_MAX),
                                  .max_position = domain::Amount(55),
                                  .price_deviation_bps = 56,
                                  .lower_price = domain::Price(57),
                                  .upper_price = domain::Price(58)}});
  return batch;
}

inline void ExpectSame(const ports::OrderRow& a, const ports::OrderRow& b) {
  EXPECT_EQ(a.report, b.report);
  EXPECT_EQ(a.created_sequence, b.created_sequence);
  EXPECT_EQ(a.updated_sequence, b.updated_sequence);
  EXPECT_EQ(a.created_ns, b.created_ns);
  EXPECT_EQ(a.updated_ns, b.updated_ns);
  EXPECT_EQ(a.first_status, b.first_status);
  EXPECT_EQ(a.first_executed_quantity, b.first_executed_quantity);
  EXPECT_EQ(a.first_executed_quote, b.first_executed_quote);
}

}  // namespace xt::contract
