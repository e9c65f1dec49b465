#include "services/persistence/store_batch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/persistence/testing/results.h"

namespace xt::persistence {
namespace {

using domain::AccountId;
using domain::OrderId;
using domain::SequenceNumber;

TEST(StoreBatch, CarriesEveryRow) {
  Projector projector{SequenceNumber(9)};
  ASSERT_TRUE(projector.Add(testing::Resting(10, OrderId(11), AccountId(1), 10)).ok());
  ASSERT_TRUE(projector.Add(testing::Trade(11, OrderId(11), OrderId(22), 4)).ok());
  ASSERT_TRUE(projector
                  .Add({SequenceNumber(12),
                        77,
                        {domain::AccountCreated{AccountId(3), *domain::AccountName::From("demo-3")},
                         domain::AssetDefined{}, domain::SymbolDefined{}, domain::RiskDecision{.account = AccountId(3)},
                         domain::AccountChanged{.account = AccountId(3), .status = domain::AccountStatus::kFrozen},
                         domain::FeeTierDefined{{.id = domain::FeeTierId(5), .maker_fee_bps = 6}},
                         domain::SymbolLimitsChanged{domain::SymbolId(7), {.price_deviation_bps = 8}}}})
                  .ok());
  const Projection& projection = projector.projection();
  const ports::StoreBatch batch = ToStoreBatch(projection);
  EXPECT_EQ(batch.previous_watermark, SequenceNumber(9));
  EXPECT_EQ(batch.watermark, SequenceNumber(12));
  ASSERT_EQ(batch.orders.size(), 2U);
  EXPECT_EQ(batch.orders[0].report, projection.orders[0].report);
  EXPECT_EQ(batch.orders[0].created_sequence, SequenceNumber(10));
  EXPECT_EQ(batch.orders[0].created_ns, 10'000);
  EXPECT_EQ(batch.orders[0].first_status, domain::OrderStatus::kNew);
  EXPECT_EQ(batch.fills.size(), 2U);
  EXPECT_EQ(batch.fills[0].report, projection.fills[0].event);
  ASSERT_EQ(batch.trades.size(), 1U);
  EXPECT_EQ(batch.trades[0].trade.taker_order_id, OrderId(22));
  ASSERT_EQ(batch.ledger.size(), projection.ledger.size());
  EXPECT_EQ(batch.ledger[0].reason, domain::BalanceReason::kReservation);
  EXPECT_EQ(batch.ledger[1].book, ports::LedgerBook::kLocked);
  EXPECT_EQ(batch.ledger[1].order_id, OrderId(11));
  EXPECT_EQ(batch.balances.size(), projection.balances.size());
  ASSERT_EQ(batch.accounts.size(), 1U);
  EXPECT_EQ(batch.accounts[0].created_ns, 77);
  EXPECT_EQ(batch.assets.size(), 1U);
  EXPECT_EQ(batch.symbols.size(), 1U);
  ASSERT_EQ(batch.risk_decisions.size(), 1U);
  EXPECT_EQ(batch.risk_decisions[0].id, (domain::EventId{SequenceNumber(12), 4}));
  EXPECT_EQ(batch.risk_decisions[0].timestamp_ns, 77);
  EXPECT_EQ(batch.risk_decisions[0].decision.account, AccountId(3));
  ASSERT_EQ(batch.account_settings.size(), 1U);
  EXPECT_EQ(batch.account_settings[0],
            (ports::AccountSettingsRow{AccountId(3), domain::AccountStatus::kFrozen, domain::AccountSettings{}}));
  EXPECT_EQ(batch.fee_tiers, projection.fee_tiers);
  ASSERT_EQ(batch.symbol_limits.size(), 1U);
  EXPECT_EQ(batch.symbol_limits[0], (ports::SymbolLimitsRow{domain::SymbolId(7), {.price_deviation_bps = 8}}));
}

}  // namespace
}  // namespace xt::persistence
