// The contract of ports::Store as tests; see command_journal_contract.h for how an adapter uses it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "libs/ports/store.h"
#include "tests/contract/contract_support.h"
#include "tests/contract/store_support.h"

namespace xt::contract {

class StoreBackend {
 public:
  virtual ~StoreBackend() = default;
  // A new object on the same data, not yet open, as after a restart of the process. At most one is alive at a time.
  virtual std::unique_ptr<ports::Store> Connect() = 0;
};
using StoreBackendFactory = std::unique_ptr<StoreBackend> (*)();

class StoreContract : public ::testing::TestWithParam<StoreBackendFactory> {
 protected:
  StoreContract() : backend_(GetParam()()) { Reopen(); }
  void Reopen() {
    store_.reset();
    store_ = backend_->Connect();
    const absl::Status status = store_->Open();
    ASSERT_TRUE(status.ok()) << status;
  }
  absl::Status Apply(ports::StoreBatch batch, std::uint64_t previous, std::uint64_t watermark) {
    batch.previous_watermark = Seq(previous);
    batch.watermark = Seq(watermark);
    return store_->Apply(batch);
  }
  std::vector<std::uint64_t> OrderIds(const ports::OrderFilter& filter) {
    std::vector<std::uint64_t> ids;
    const auto orders = store_->ListOrders(filter);
    EXPECT_TRUE(orders.ok()) << orders.status();
    if (orders.ok()) {
      for (const auto& order : *orders) ids.push_back(order.report.order_id.value());
    }
    return ids;
  }
  std::vector<std::uint64_t> FillSequences(const ports::FillFilter& filter) {
    std::vector<std::uint64_t> sequences;
    const auto fills = store_->ListFills(filter);
    EXPECT_TRUE(fills.ok()) << fills.status();
    if (fills.ok()) {
      for (const auto& fill : *fills) sequences.push_back(fill.id.sequence.value() * 10 + fill.id.index);
    }
    return sequences;
  }

  std::unique_ptr<StoreBackend> backend_;
  std::unique_ptr<ports::Store> store_;
};

TEST_P(StoreContract, AnEmptyStoreHasNothing) {
  EXPECT_EQ(store_->Watermark()->value(), 0U);
  EXPECT_EQ(store_->GetOrder(Account(1), domain::OrderId(1)).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(store_->FindOrder(Account(1), "x").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(store_->GetApiKey("k").status().code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(store_->ListAccounts()->empty());
  EXPECT_TRUE(store_->ListBalances(Account(1))->empty());
  EXPECT_TRUE(store_->SumLedger()->empty());
}

TEST_P(StoreContract, EveryFieldComesBackAlsoAfterARestart) {
  const ports::StoreBatch batch = FullBatch();
  ASSERT_TRUE(Apply(batch, 0, 9).ok());
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(store_->Watermark()->value(), 9U);
    ExpectSame(*store_->GetOrder(Account(7), domain::OrderId(1001)), batch.orders[0]);
    ExpectSame(*store_->FindOrder(Account(7), "my-order"), batch.orders[0]);
    const auto fills = *store_->ListFills({.account = Account(7)});
    ASSERT_EQ(fills.size(), 1U);
    EXPECT_EQ(fills[0].id, batch.fills[0].id);
    EXPECT_EQ(fills[0].timestamp_ns, batch.fills[0].timestamp_ns);
    EXPECT_EQ(fills[0].report, batch.fills[0].report);
    EXPECT_EQ(*store_->ListBalances(Account(7)), batch.balances);
    const auto decisions = *store_->ListRiskDecisions({.account = Account(7)});
    ASSERT_EQ(decisions.size(), 1U);
    EXPECT_EQ(decisions[0].id, batch.risk_decisions[0].id);
    EXPECT_EQ(decisions[0].timestamp_ns, batch.risk_decisions[0].timestamp_ns);
    EXPECT_EQ(decisions[0].decision, batch.risk_decisions[0].decision);
    EXPECT_EQ(*store_->ListAssets(), batch.assets);
    EXPECT_EQ(*store_->ListSymbols(), batch.symbols);
    EXPECT_EQ(*store_->ListAccountSettings(), batch.account_settings);
    EXPECT_EQ(*store_->ListFeeTiers(), batch.fee_tiers);
    EXPECT_EQ(*store_->ListSymbolLimits(), batch.symbol_limits);
    const auto accounts = *store_->ListAccounts();
    ASSERT_EQ(accounts.size(), 1U);
    EXPECT_EQ(accounts[0].name.view(), "demo-1");
    EXPECT_EQ(accounts[0].created_ns, batch.accounts[0].created_ns);
    Reopen();
  }
}

TEST_P(StoreContract, ABatchThatDoesNotStartAtTheWatermarkChangesNothing) {
  ASSERT_TRUE(Apply(FullBatch(), 0, 9).ok());
  ports::StoreBatch other;
  other.orders.push_back(Order(2, 7, "second", 10));
  for (const std::uint64_t previous : {0U, 8U, 10U}) {
    EXPECT_EQ(Apply(other, previous, 12).code(), absl::StatusCode::kFailedPrecondition);
  }
  EXPECT_EQ(store_->Watermark()->value(), 9U);
  EXPECT_FALSE(store_->GetOrder(Account(7), domain::OrderId(2)).ok());
  EXPECT_EQ(Apply(FullBatch(), 0, 9).code(), absl::StatusCode::kFailedPrecondition) << "the same batch again";
  EXPECT_TRUE(Apply(other, 9, 12).ok());
}

TEST_P(StoreContract, OrdersAndBalancesOnlyMoveForward) {
  ports::StoreBatch batch;
  batch.orders.push_back(Order(1, 7, "a", 5));
  batch.balances.push_back(Balance(7, 1, 100, 5));
  ASSERT_TRUE(Apply(batch, 0, 5).ok());
  batch.orders[0].report.status = domain::OrderStatus::kFilled;
  batch.orders[0].report.executed_quantity = domain::Quantity(4);
  batch.orders[0].updated_sequence = Seq(8);
  batch.orders[0].updated_ns += 77;
  batch.balances[0] = Balance(7, 1, 60, 8);
  ASSERT_TRUE(Apply(batch, 5, 8).ok());
  const ports::OrderRow expected = batch.orders[0];
  ExpectSame(*store_->GetOrder(Account(7), domain::OrderId(1)), expected);
  EXPECT_EQ(store_->ListBalances(Account(7))->at(0), Balance(7, 1, 60, 8));
  batch.orders[0].report.status = domain::OrderStatus::kNew;
  batch.orders[0].updated_sequence = Seq(7);
  batch.balances[0] = Balance(7, 1, 1, 7);
  ASSERT_TRUE(Apply(batch, 8, 9).ok());
  ExpectSame(*store_->GetOrder(Account(7), domain::OrderId(1)), expected);
  EXPECT_EQ(store_->ListBalances(Account(7))->at(0), Balance(7, 1, 60, 8));
}

TEST_P(StoreContract, TheFirstAnswerOfAnOrderStays) {
  ports::StoreBatch batch;
  batch.orders.push_back(Order(1, 7, "a", 5));
  batch.orders[0].first_status = domain::OrderStatus::kPartiallyFilled;
  batch.orders[0].first_executed_quantity = domain::Quantity(3);
  batch.orders[0].first_executed_quote = domain::Amount(33);
  ASSERT_TRUE(Apply(batch, 0, 5).ok());
  batch.orders[0].updated_sequence = Seq(6);
  batch.orders[0].report.status = domain::OrderStatus::kCanceled;
  ASSERT_TRUE(Apply(batch, 5, 6).ok());
  const auto order = *store_->GetOrder(Account(7), domain::OrderId(1));
  EXPECT_EQ(order.report.status, domain::OrderStatus::kCanceled);
  EXPECT_EQ(order.first_status, domain::OrderStatus::kPartiallyFilled);
  EXPECT_EQ(order.first_executed_quantity.value(), 3);
  EXPECT_EQ(order.created_sequence.value(), 5U);
}

TEST_P(StoreContract, ASecondOrderOfTheSameNameRaisesAndChangesNothing) {
  ports::StoreBatch batch;
  batch.orders.push_back(Order(1, 7, "a", 5));
  ASSERT_TRUE(Apply(batch, 0, 5).ok());
  ports::StoreBatch twice;
  twice.orders.push_back(Order(3, 7, "b", 6));
  twice.orders.push_back(Order(2, 7, "a", 6));
  twice.balances.push_back(Balance(7, 1, 100, 6));
  EXPECT_EQ(Apply(twice, 5, 6).code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(store_->Watermark()->value(), 5U);
  EXPECT_FALSE(store_->GetOrder(Account(7), domain::OrderId(3)).ok());
  EXPECT_TRUE(store_->ListBalances(Account(7))->empty());
  twice.orders[1] = Order(2, 8, "a", 6);
  EXPECT_TRUE(Apply(twice, 5, 6).ok()) << "another account may use the name";
}

TEST_P(StoreContract, AClientOrderIdIsFreeAgainADayAfterAClosedOrder) {
  constexpr std::int64_t kDayNs = 86'400'000'000'000;
  ports::StoreBatch batch;
  batch.orders.push_back(Order(1, 7, "a", 5));
  ASSERT_TRUE(Apply(batch, 0, 5).ok());
  ports::StoreBatch again;
  again.orders.push_back(Order(2, 7, "a", 6));
  again.orders[0].created_ns = batch.orders[0].created_ns + kDayNs;
  EXPECT_EQ(Apply(again, 5, 6).code(), absl::StatusCode::kAlreadyExists) << "the first one is open";
  batch.orders[0].report.status = domain::OrderStatus::kCanceled;
  batch.orders[0].updated_sequence = Seq(6);
  again.orders.push_back(batch.orders[0]);  // closed in the same batch, listed behind
  again.orders[0].created_ns -= 1;
  EXPECT_EQ(Apply(again, 5, 6).code(), absl::StatusCode::kAlreadyExists) << "less than 24 h, though another UTC day";
  again.orders[0].created_ns += 1;
  ASSERT_TRUE(Apply(again, 5, 6).ok());
  EXPECT_EQ(store_->FindOrder(Account(7), "a")->report.order_id.value(), 2U) << "the newest of that name";
}

TEST_P(StoreContract, OrdersAreListedNewestFirstWithFiltersAndPages) {
  ports::StoreBatch batch;
  for (std::uint64_t id = 1; id <= 10; ++id) {
    batch.orders.push_back(Order(id, id == 10 ? 8 : 7, "o" + std::to_string(id), id));
    batch.orders.back().report.symbol = domain::SymbolId(static_cast<std::uint16_t>(id % 2));
    if (id % 3 == 0) batch.orders.back().report.status = domain::OrderStatus::kFilled;
    if (id % 3 == 1) batch.orders.back().report.status = domain::OrderStatus::kPartiallyFilled;
  }
  ASSERT_TRUE(Apply(batch, 0, 10).ok());
  using Ids = std::vector<std::uint64_t>;
  const domain::SymbolId odd(1);
  EXPECT_EQ(OrderIds({.account = Account(7)}), (Ids{9, 8, 7, 6, 5, 4, 3, 2, 1}));
  EXPECT_EQ(OrderIds({.account = Account(7), .limit = 2}), (Ids{9, 8}));
  EXPECT_EQ(OrderIds({.account = Account(7), .before = domain::OrderId(8), .limit = 2}), (Ids{7, 6}));
  EXPECT_EQ(OrderIds({.account = Account(7), .symbol = odd}), (Ids{9, 7, 5, 3, 1}));
  EXPECT_EQ(OrderIds({.account = Account(7), .open_only = true}), (Ids{8, 7, 5, 4, 2, 1}));
  EXPECT_EQ(OrderIds({.account = Account(7), .symbol = odd, .open_only = true, .before = domain::OrderId(7)}),
            (Ids{5, 1}));
  EXPECT_EQ(OrderIds({.account = Account(9)}), Ids{});
  ports::StoreBatch later;
  later.orders = {Order(100, 9, "p", 11), Order(50, 9, "q", 12)};
  ASSERT_TRUE(Apply(later, 10, 12).ok());
  EXPECT_EQ(OrderIds({.account = Account(9)}), (Ids{50, 100})) << "ids do not grow with time";
  EXPECT_EQ(OrderIds({.account = Account(9), .before = domain::OrderId(50)}), Ids{100});
  EXPECT_EQ(store_->GetOrder(Account(7), domain::OrderId(10)).status().code(), absl::StatusCode::kNotFound)
      << "it belongs to another account";
  for (const std::size_t limit : {std::size_t{0}, std::size_t{1001}}) {
    EXPECT_EQ(store_->ListOrders({.account = Account(7), .limit = limit}).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
}

TEST_P(StoreContract, FillsAreListedNewestFirstWithFiltersAndPages) {
  ports::StoreBatch batch;
  for (const auto& [sequence, index] :
       std::vector<std::pair<std::uint64_t, std::uint32_t>>{{1, 2}, {1, 3}, {2, 1}, {3, 1}}) {
    batch.fills.push_back(Fill(sequence, index, 7, 100 + sequence));
  }
  batch.fills.push_back(Fill(3, 2, 8, 200));
  ASSERT_TRUE(Apply(batch, 0, 3).ok());
  using Ids = std::vector<std::uint64_t>;  // sequence * 10 + index
  EXPECT_EQ(FillSequences({.account = Account(7)}), (Ids{31, 21, 13, 12}));
  EXPECT_EQ(FillSequences({.account = Account(7), .limit = 2}), (Ids{31, 21}));
  EXPECT_EQ(FillSequences({.account = Account(7), .before = {Seq(1), 3}}), (Ids{12}));
  EXPECT_EQ(FillSequences({.account = Account(7), .before = {Seq(2), 1}}), (Ids{13, 12}));
  EXPECT_EQ(FillSequences({.account = Account(7), .order = domain::OrderId(101)}), (Ids{13, 12}));
  EXPECT_EQ(FillSequences({.account = Account(7), .symbol = domain::SymbolId(0)}), (Ids{31, 21, 13, 12}));
  EXPECT_EQ(FillSequences({.account = Account(7), .symbol = domain::SymbolId(1)}), Ids{});
  EXPECT_EQ(FillSequences({.account = Account(8)}), (Ids{32}));
}

TEST_P(StoreContract, RiskDecisionsAreListedNewestFirstWithFiltersAndPages) {
  ports::StoreBatch batch;
  batch.risk_decisions = {
      Decision(1, 1, 7, domain::RejectReason::kNone), Decision(2, 1, 7, domain::RejectReason::kMaxNotional),
      Decision(2, 5, 8, domain::RejectReason::kNone), Decision(3, 1, 7, domain::RejectReason::kNone)};
  ASSERT_TRUE(Apply(batch, 0, 3).ok());
  const auto listed = [&](const ports::RiskFilter& filter) {
    std::vector<std::uint64_t> sequences;
    const auto decisions = store_->ListRiskDecisions(filter);
    EXPECT_TRUE(decisions.ok()) << decisions.status();
    if (decisions.ok()) {
      for (const auto& row : *decisions) sequences.push_back(row.id.sequence.value());
    }
    return sequences;
  };
  using Sequences = std::vector<std::uint64_t>;
  EXPECT_EQ(listed({.account = Account(7)}), (Sequences{3, 2, 1}));
  EXPECT_EQ(listed({.account = Account(7), .limit = 1}), (Sequences{3}));
  EXPECT_EQ(listed({.account = Account(7), .before = {Seq(2), 1}}), (Sequences{1}));
  EXPECT_EQ(listed({.account = Account(7), .refused_only = true}), (Sequences{2}));
  EXPECT_EQ(listed({.account = Account(9)}), Sequences{});
  EXPECT_EQ(store_->ListRiskDecisions({.account = Account(7), .limit = 0}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_P(StoreContract, AQuantityFollowsTheLastReport) {
  ports::StoreBatch batch;
  batch.orders.push_back(Order(1, 7, "a", 5));
  ASSERT_TRUE(Apply(batch, 0, 5).ok());
  batch.orders[0].report.execution_type = domain::ExecutionType::kReplaced;
  batch.orders[0].report.quantity = domain::Quantity(3);
  batch.orders[0].updated_sequence = Seq(6);
  ASSERT_TRUE(Apply(batch, 5, 6).ok());
  ExpectSame(*store_->GetOrder(Account(7), domain::OrderId(1)), batch.orders[0]);
}

TEST_P(StoreContract, EventsThatAreThereStayAsTheyAre) {
  ports::StoreBatch batch;
  batch.fills.push_back(Fill(1, 2, 7, 100));
  batch.ledger.push_back(Posting(1, 4, 1, 3, 10));
  batch.risk_decisions.push_back(Decision(1, 1, 7, domain::RejectReason::kNone));
  batch.trades.push_back({{Seq(1), 5}, kNoonNs, {}});
  ASSERT_TRUE(Apply(batch, 0, 1).ok());
  batch.fills[0].report.order_id = domain::OrderId(999);
  batch.ledger[0].amount = domain::Amount(11);
  batch.risk_decisions[0].decision.reason = domain::RejectReason::kMaxNotional;
  ASSERT_TRUE(Apply(batch, 1, 2).ok());
  EXPECT_EQ(store_->ListFills({.account = Account(7)})->at(0).report.order_id.value(), 100U);
  EXPECT_EQ(store_->SumLedger()->at(0).sum.value(), 10);
  EXPECT_EQ(store_->ListRiskDecisions({.account = Account(7)})->at(0).decision.reason, domain::RejectReason::kNone);
}

TEST_P(StoreContract, TheLedgerIsSummedPerAsset) {
  ports::StoreBatch batch;
  const std::int64_t large = std::int64_t{1} << 62;
  std::uint32_t entry = 0;
  for (const std::int64_t amount : {large, large, large, -large, -large, -large}) {
    batch.ledger.push_back(Posting(1, 1, ++entry, 1, amount));
  }
  for (const std::int64_t amount : {std::int64_t{-7}, std::int64_t{5}}) {
    batch.ledger.push_back(Posting(1, 1, ++entry, 2, amount));
  }
  ASSERT_TRUE(Apply(batch, 0, 1).ok());
  const auto sums = *store_->SumLedger();
  ASSERT_EQ(sums.size(), 2U);
  EXPECT_EQ(sums[0].asset.value(), 1);
  EXPECT_EQ(sums[0].sum.value(), 0) << "also when a partial sum does not fit 63 bits";
  EXPECT_EQ(sums[1].sum.value(), -2);
}

TEST_P(StoreContract, SymbolsAreReplaced) {
  ports::StoreBatch batch = FullBatch();
  ASSERT_TRUE(Apply(batch, 0, 9).ok());
  ports::StoreBatch halted;
  halted.symbols = batch.symbols;
  halted.symbols[0].status = domain::SymbolStatus::kHalted;
  ASSERT_TRUE(Apply(halted, 9, 10).ok());
  EXPECT_EQ(*store_->ListSymbols(), halted.symbols);
}

TEST_P(StoreContract, SettingsAndLimitsAreReplacedOneByOne) {
  ports::StoreBatch batch = FullBatch();
  batch.account_settings.push_back({Account(0), domain::AccountStatus::kUnspecified, {}});
  batch.fee_tiers.push_back({domain::FeeTierId(1), 1, 2});
  batch.symbol_limits.push_back({domain::SymbolId(2), {}});
  ASSERT_TRUE(Apply(batch, 0, 9).ok());
  ports::StoreBatch changed;
  changed.account_settings = {{Account(7), domain::AccountStatus::kActive, {.max_orders = 3}}};
  changed.fee_tiers = {{domain::FeeTierId(15), 8, 9}};
  changed.symbol_limits = {{domain::SymbolId(4), {.price_deviation_bps = 10}}};
  ASSERT_TRUE(Apply(changed, 9, 10).ok());
  using ::testing::ElementsAre;
  EXPECT_THAT(*store_->ListAccountSettings(), ElementsAre(batch.account_settings[1], changed.account_settings[0]));
  EXPECT_THAT(*store_->ListFeeTiers(), ElementsAre(batch.fee_tiers[1], changed.fee_tiers[0]));
  EXPECT_THAT(*store_->ListSymbolLimits(), ElementsAre(batch.symbol_limits[1], changed.symbol_limits[0]));
}

TEST_P(StoreContract, ApiKeysAreReplacedAndFoundByAccount) {
  ASSERT_TRUE(store_->PutApiKey({"key-a", "secret-1", Account(1)}).ok());
  ASSERT_TRUE(store_->PutApiKey({"key-b", "secret-2", Account(1)}).ok());
  ASSERT_TRUE(store_->PutApiKey({"key-c", "secret-3", Account(2)}).ok());
  ASSERT_TRUE(store_->PutApiKey({"key-a", "secret-4", Account(1)}).ok());
  Reopen();
  const auto key = *store_->GetApiKey("key-a");
  EXPECT_EQ(key.secret, "secret-4");
  EXPECT_EQ(key.account, Account(1));
  EXPECT_EQ(store_->ListApiKeys(Account(1))->size(), 2U);
  EXPECT_EQ(store_->ListApiKeys(Account(3))->size(), 0U);
  EXPECT_EQ(store_->Watermark()->value(), 0U);
}

TEST_P(StoreContract, QueriesSeeWholeBatchesOnly) {
  constexpr std::uint64_t kBatches = 60;
  std::atomic<bool> stop{false};
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      while (!stop) {
        const auto balances = store_->ListBalances(Account(7));
        ASSERT_TRUE(balances.ok()) << balances.status();
        for (const auto& balance : *balances) ASSERT_EQ(balance.available, balances->front().available);
        const auto sums = store_->SumLedger();
        ASSERT_TRUE(sums.ok()) << sums.status();
        for (const auto& sum : *sums) ASSERT_EQ(sum.sum.value(), 0);
      }
    });
  }
  for (std::uint64_t sequence = 1; sequence <= kBatches; ++sequence) {
    ports::StoreBatch batch;
    for (std::uint16_t asset = 0; asset < 10; ++asset) {
      batch.balances.push_back(Balance(7, asset, static_cast<std::int64_t>(sequence), sequence));
      batch.ledger.push_back(Posting(sequence, 1, asset * 2U, asset, 5));
      batch.ledger.push_back(Posting(sequence, 1, asset * 2U + 1, asset, -5));
    }
    ASSERT_TRUE(Apply(batch, sequence - 1, sequence).ok());
  }
  stop = true;
  for (std::thread& reader : readers) reader.join();
}

}  // namespace xt::contract
