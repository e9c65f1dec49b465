#include "services/persistence/persistence_app.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "services/persistence/testing/fakes.h"
#include "services/persistence/testing/results.h"
#include "tests/support/eventually.h"

namespace xt::persistence {
namespace {

using domain::AccountId;
using domain::OrderId;
using domain::SequenceNumber;
using testing::Deposit;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class PersistenceAppTest : public ::testing::Test {
 protected:
  PersistenceAppTest() {
    config_.poll_ms = 5;
    config_.retry_min_ms = 1;
    config_.retry_max_ms = 4;
    config_.claim_interval_ms = 1;
    config_.query_max_wait_ms = 60'000;
  }

  void Start() {
    app_ = std::make_unique<PersistenceApp>(config_, ExecutionPorts{.stream = &stream_}, store_, metrics_, health_,
                                            SystemClock::Instance());
    ASSERT_TRUE(app_->Start().ok());
  }
  // Deposits of one unit; a new account for each, since balances are those of a fresh one.
  void DeliverDeposits(std::uint64_t from, std::uint64_t to) {
    for (std::uint64_t i = from; i <= to; ++i) stream_.Deliver(Deposit(i, AccountId(static_cast<std::uint32_t>(i)), 1));
  }
  std::uint64_t Metric(const std::string& line_start) {
    const std::string text = metrics_.Text();
    const auto at = text.find("\n" + line_start);
    if (at == std::string::npos) return ~std::uint64_t{0};
    return std::stoull(text.substr(text.find(' ', at + 1 + line_start.size() - 1)));
  }
  bool WaitUntilCommitted(std::uint64_t sequence) {
    return app_->ListAccounts(SequenceNumber(sequence)).ok() && stream_.WaitForAcknowledged(sequence);
  }

  PersistenceConfig config_;
  testing::FakeStream stream_;
  testing::FakeEvents events_;
  testing::FakeStore store_;
  runtime::MetricsRegistry metrics_;
  runtime::HealthRegistry health_{&metrics_};
  std::unique_ptr<PersistenceApp> app_;
};

constexpr const char* kLabels = "{broker=\"executions\",topic=\"executions\",group=\"execution_processors\"}";

TEST_F(PersistenceAppTest, StoresInOrderAndAcknowledgesAfterTheCommit) {
  config_.batch_entries = 100;
  Start();
  DeliverDeposits(1, 250);
  ASSERT_TRUE(WaitUntilCommitted(250));
  EXPECT_THAT(stream_.acknowledged(), SizeIs(250));
  std::uint64_t watermark = 0;
  for (const ports::StoreBatch& batch : store_.batches()) {
    EXPECT_EQ(batch.previous_watermark.value(), watermark);
    EXPECT_LE(batch.watermark.value() - watermark, 100U);
    watermark = batch.watermark.value();
  }
  EXPECT_EQ(watermark, 250U);
  EXPECT_EQ(*app_->CommittedSequence(), SequenceNumber(250));
  EXPECT_EQ(Metric("persistence_committed_sequence"), 250U);
}

TEST_F(PersistenceAppTest, RedeliveriesBelowTheWatermarkAreDroppedAndAcknowledged) {
  store_.SetWatermark(3);
  stream_.Deliver(Deposit(2, AccountId(2), 1), 2);
  stream_.Deliver(Deposit(3, AccountId(3), 1), 2);
  stream_.Deliver(Deposit(4, AccountId(4), 1), 1);
  stream_.Deliver(Deposit(4, AccountId(4), 1), 2);
  Start();
  ASSERT_TRUE(WaitUntilCommitted(4));
  EXPECT_TRUE(stream_.WaitForAcknowledged(2));
  EXPECT_THAT(store_.batches(), SizeIs(1));
  app_->Stop();
  EXPECT_EQ(Metric(std::string("mq_duplicates_dropped_total") + kLabels), 3U);
  EXPECT_EQ(Metric(std::string("mq_consumer_redeliveries_total") + kLabels), 3U);
}

TEST_F(PersistenceAppTest, AnUnavailableStoreIsRetriedAndNothingIsAcknowledgedBefore) {
  for (int i = 0; i < 3; ++i) store_.FailNextApply(absl::UnavailableError("down"));
  Start();
  DeliverDeposits(1, 1);
  ASSERT_TRUE(store_.WaitForFailures(3));
  ASSERT_TRUE(WaitUntilCommitted(1));
  EXPECT_THAT(store_.batches(), SizeIs(1));
  EXPECT_EQ(Metric("db_errors_total{code=\"UNAVAILABLE\"}"), 3U);
  EXPECT_TRUE(health_.Components().front().status == runtime::HealthStatus::kOk);
}

TEST_F(PersistenceAppTest, AnUnknownCommitIsDecidedByTheWatermark) {
  store_.FailNextApply(absl::AbortedError("connection lost in commit"), /*applied=*/true);
  Start();
  store_.FailNextWatermark(absl::UnavailableError("not yet"));
  DeliverDeposits(1, 1);
  ASSERT_TRUE(WaitUntilCommitted(1));
  EXPECT_THAT(store_.batches(), SizeIs(1));
}

TEST_F(PersistenceAppTest, AnAbortedCommitThatDidNotHappenIsRepeated) {
  store_.FailNextApply(absl::AbortedError("connection lost in commit"), /*applied=*/false);
  Start();
  DeliverDeposits(1, 1);
  ASSERT_TRUE(WaitUntilCommitted(1));
  EXPECT_THAT(store_.batches(), SizeIs(1));
}

TEST_F(PersistenceAppTest, WhatAnotherConsumerStoredIsDropped) {
  Start();
  store_.SetWatermark(5);
  DeliverDeposits(1, 7);
  ASSERT_TRUE(WaitUntilCommitted(7));
  EXPECT_TRUE(stream_.WaitForAcknowledged(3));
  const auto batches = store_.batches();
  ASSERT_FALSE(batches.empty());
  EXPECT_EQ(batches.front().previous_watermark, SequenceNumber(5));
}

TEST_F(PersistenceAppTest, AGapIsCountedAndClosedByAClaim) {
  Start();
  DeliverDeposits(1, 2);
  ASSERT_TRUE(WaitUntilCommitted(2));
  DeliverDeposits(4, 6);
  stream_.LeaveBehind(Deposit(3, AccountId(3), 1));
  ASSERT_TRUE(WaitUntilCommitted(6));
  EXPECT_TRUE(stream_.WaitForAcknowledged(3));
  app_->Stop();
  EXPECT_LE(Metric(std::string("mq_consumer_gaps_total") + kLabels), 1U);
}

TEST_F(PersistenceAppTest, WhoDoesNotWriteReadsNothingAndFollowsTheOneThatDoes) {
  store_.SetWriter(false);
  Start();
  DeliverDeposits(1, 3);
  store_.SetWatermark(2);
  ASSERT_TRUE(app_->ListAccounts(SequenceNumber(2)).ok()) << "what the other has stored can be asked for here";
  EXPECT_TRUE(store_.batches().empty());
  EXPECT_EQ(Metric("persistence_writes"), 0U);
  store_.SetWriter(true);  // the other is gone
  ASSERT_TRUE(WaitUntilCommitted(3));
  EXPECT_TRUE(stream_.WaitForAcknowledged(3));
  app_->Stop();
  EXPECT_EQ(Metric("persistence_writes"), 1U);
}

TEST_F(PersistenceAppTest, AGapDegradesAndMakesQueriesFail) {
  config_.query_max_wait_ms = 1;
  Start();
  DeliverDeposits(2, 3);
  const auto lagging = app_->ListAccounts(SequenceNumber(2));
  EXPECT_EQ(lagging.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(lagging.status().message()), HasSubstr("lagging"));
  EXPECT_TRUE(app_->ListAccounts(SequenceNumber(0)).ok());
  store_.SetWatermark(3);  // another consumer had it
  EXPECT_TRUE(stream_.WaitForAcknowledged(3));
  app_->Stop();
  EXPECT_EQ(Metric(std::string("mq_consumer_gaps_total") + kLabels), 1U);
}

TEST_F(PersistenceAppTest, BooksThatDoNotBalanceHalt) {
  Start();
  stream_.Deliver(
      {SequenceNumber(1), 1, {domain::AssetDefined{{domain::AssetId(0), *domain::AssetCode::From("BTC"), 8}}}});
  ASSERT_TRUE(WaitUntilCommitted(1));
  stream_.Deliver({SequenceNumber(2), 1, {testing::Change(AccountId(1), domain::BalanceReason::kTrade, 7, 0)}});
  const auto halted = app_->ListAccounts(SequenceNumber(2));
  EXPECT_EQ(halted.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(halted.status().message()), HasSubstr("halted"));
  app_->Stop();
  EXPECT_FALSE(stream_.acknowledged().contains(2));
  EXPECT_EQ(Metric("ledger_imbalance{asset=\"BTC\"}"), 7U);
  EXPECT_FALSE(health_.Ready());
  EXPECT_THAT(health_.ReadyJson(), HasSubstr("halted"));
}

TEST_F(PersistenceAppTest, DamagedEntriesAndConflictsHalt) {
  Start();
  stream_.DeliverBytes(1, "\xff\xff\xff");
  EXPECT_THAT(std::string(app_->ListAccounts(SequenceNumber(1)).status().message()), HasSubstr("halted"));
}

TEST_F(PersistenceAppTest, AConflictOfClientOrderIdsHalts) {
  store_.FailNextApply(absl::AlreadyExistsError("client order id"));
  Start();
  DeliverDeposits(1, 1);
  EXPECT_THAT(std::string(app_->ListAccounts(SequenceNumber(1)).status().message()), HasSubstr("halted"));
  EXPECT_FALSE(stream_.acknowledged().contains(1));
}

TEST_F(PersistenceAppTest, AQueryWaitsForWhatItsCallerHasSeen) {
  Start();
  stream_.Deliver(testing::Resting(1, OrderId(11), AccountId(1), 10));
  absl::StatusOr<ports::OrderRow> row = absl::UnknownError("not asked");
  std::thread asking([&] { row = app_->GetOrder(SequenceNumber(2), AccountId(2), OrderId(22)); });
  stream_.Deliver(testing::Trade(2, OrderId(11), OrderId(22), 4));
  asking.join();
  ASSERT_TRUE(row.ok()) << row.status();
  EXPECT_EQ(row->report.status, domain::OrderStatus::kFilled);
  EXPECT_TRUE(app_->FindOrder(SequenceNumber(2), AccountId(1), "c-11").ok());
  EXPECT_EQ(app_->GetOrder(SequenceNumber(2), AccountId(9), OrderId(22)).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(app_->ListOrders(SequenceNumber(0), {.limit = 0}).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(PersistenceAppTest, StopWakesQueriesThatWait) {
  config_.query_max_wait_ms = 60'000;
  Start();
  absl::Status status;
  std::thread asking([&] { status = app_->ListAccounts(SequenceNumber(1)).status(); });
  app_->Stop();
  asking.join();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
}

TEST_F(PersistenceAppTest, DrainStoresWhatTheStreamHolds) {
  Start();
  DeliverDeposits(1, 500);
  app_->Drain(std::chrono::steady_clock::now() + std::chrono::seconds(30));
  EXPECT_EQ(*app_->CommittedSequence(), SequenceNumber(500));
  app_->Stop();
}

TEST_F(PersistenceAppTest, AStreamThatCannotBeReadIsTriedAgain) {
  stream_.FailReads(absl::UnavailableError("away"));
  Start();
  DeliverDeposits(1, 1);
  stream_.FailReads(absl::OkStatus());
  EXPECT_TRUE(WaitUntilCommitted(1));
}

TEST_F(PersistenceAppTest, WhileTheStreamIsAwayTheTopicIsStoredAndNothingTwice) {
  config_.fallback_patience_ms = 0;
  app_ = std::make_unique<PersistenceApp>(config_, ExecutionPorts{&stream_, &events_}, store_, metrics_, health_,
                                          SystemClock::Instance());
  ASSERT_TRUE(app_->Start().ok());
  DeliverDeposits(1, 2);
  ASSERT_TRUE(WaitUntilCommitted(2));
  for (std::uint64_t i = 1; i <= 5; ++i) events_.Add(Deposit(i, AccountId(static_cast<std::uint32_t>(i)), 1));
  stream_.FailReads(absl::UnavailableError("away"));
  ASSERT_TRUE(store_.WaitForWatermark(5));
  EXPECT_FALSE(stream_.acknowledged().contains(5));
  DeliverDeposits(2, 7);
  stream_.FailReads(absl::OkStatus());
  ASSERT_TRUE(WaitUntilCommitted(7));
  app_->Stop();
  EXPECT_THAT(stream_.acknowledged(), SizeIs(7));
  std::uint64_t watermark = 0;
  for (const ports::StoreBatch& batch : store_.batches()) {
    EXPECT_EQ(batch.previous_watermark.value(), watermark);
    watermark = batch.watermark.value();
  }
  EXPECT_EQ(watermark, 7U);
}

// The stream lost something, and its publisher went on behind that.
class PersistenceGapTest : public PersistenceAppTest {
 protected:
  PersistenceGapTest() {
    config_.fallback_patience_ms = 0;
    config_.claim_idle_ms = 1;
  }
  void StartWithTheTopic() {
    app_ = std::make_unique<PersistenceApp>(config_, ExecutionPorts{&stream_, &events_}, store_, metrics_, health_,
                                            SystemClock::Instance());
    ASSERT_TRUE(app_->Start().ok());
  }
  void AddToTheTopic(std::uint64_t from, std::uint64_t to) {
    for (std::uint64_t i = from; i <= to; ++i) events_.Add(Deposit(i, AccountId(static_cast<std::uint32_t>(i)), 1));
  }
  std::uint64_t Missing() { return Metric(std::string("mq_consumer_missing") + kLabels); }
  bool WaitUntilTold(const std::string& text) {
    return test::Eventually([&] { return health_.ReadyJson().find(text) != std::string::npos; });
  }
  // Each once, and in order.
  void ExpectStored(std::uint64_t from, std::uint64_t to) {
    std::uint64_t watermark = from - 1;
    for (const ports::StoreBatch& batch : store_.batches()) {
      EXPECT_EQ(batch.previous_watermark.value(), watermark);
      watermark = batch.watermark.value();
    }
    EXPECT_EQ(watermark, to);
  }
};

TEST_F(PersistenceGapTest, WhatTheStreamLostIsTakenFromTheTopic) {
  config_.batch_entries = 4;
  AddToTheTopic(1, 12);
  StartWithTheTopic();
  DeliverDeposits(1, 2);
  ASSERT_TRUE(WaitUntilCommitted(2));
  DeliverDeposits(9, 10);
  DeliverDeposits(12, 14);  // 11 is missing as well
  ASSERT_TRUE(WaitUntilCommitted(14));
  app_->Stop();
  ExpectStored(1, 14);
  EXPECT_EQ(Missing(), 0U);
  EXPECT_EQ(Metric("mq_consumer_fallback{broker=\"executions\"}"), 0U) << "the stream is there";
  EXPECT_TRUE(stream_.acknowledged().contains(9));
}

TEST_F(PersistenceGapTest, ThereIsRoomForWhatIsMissing) {
  config_.max_held_entries = 5;
  config_.batch_entries = 4;
  AddToTheTopic(1, 60);
  StartWithTheTopic();
  DeliverDeposits(50, 70);
  ASSERT_TRUE(WaitUntilCommitted(70));
  app_->Stop();
  ExpectStored(1, 70);
}

TEST_F(PersistenceGapTest, WhatIsStoredAlreadyIsNotMissing) {
  store_.SetWatermark(50);
  Start();
  DeliverDeposits(41, 55);
  ASSERT_TRUE(WaitUntilCommitted(55));
  DeliverDeposits(56, 57);
  ASSERT_TRUE(WaitUntilCommitted(57));
  app_->Stop();
  ExpectStored(51, 57);
  EXPECT_EQ(Metric(std::string("mq_consumer_gaps_total") + kLabels), 0U);
  EXPECT_THAT(stream_.acknowledged(), SizeIs(17));
}

TEST_F(PersistenceGapTest, AStreamThatBeginsRightBehindWhatIsStoredLacksNothing) {
  store_.SetWatermark(50);
  Start();
  DeliverDeposits(51, 52);
  ASSERT_TRUE(WaitUntilCommitted(52));
  app_->Stop();
  EXPECT_EQ(Metric(std::string("mq_consumer_gaps_total") + kLabels), 0U);
}

TEST_F(PersistenceGapTest, WhatNobodyHasIsToldAndNeverSkipped) {
  Start();
  DeliverDeposits(1, 1);
  ASSERT_TRUE(WaitUntilCommitted(1));
  DeliverDeposits(5, 6);
  ASSERT_TRUE(WaitUntilTold("executions 2 to 4 are missing: the stream has not got them; nothing is stored until"));
  EXPECT_EQ(Missing(), 3U);
  EXPECT_EQ(*app_->CommittedSequence(), SequenceNumber(1));
  DeliverDeposits(7, 7);
  stream_.LeaveBehind(Deposit(2, AccountId(2), 1));
  ASSERT_TRUE(WaitUntilCommitted(2));
  ASSERT_TRUE(WaitUntilTold("executions 3 to 4 are missing"));
  EXPECT_FALSE(stream_.acknowledged().contains(5)) << "it is delivered again after a restart";
  DeliverDeposits(3, 4);  // somebody brought it back
  ASSERT_TRUE(WaitUntilCommitted(7));
  EXPECT_TRUE(test::Eventually([&] { return Missing() == 0; }));
  EXPECT_TRUE(WaitUntilTold(R"("persistence.executions","status":"ok")"));
  app_->Stop();
  ExpectStored(1, 7);
}

TEST_F(PersistenceGapTest, WhatTheTopicHasNotEitherIsAskedForAgain) {
  AddToTheTopic(1, 1);
  AddToTheTopic(4, 9);
  StartWithTheTopic();
  DeliverDeposits(6, 6);
  ASSERT_TRUE(WaitUntilTold("executions 2 to 5 are missing: neither the stream nor trading.events has them"));
  AddToTheTopic(2, 5);  // published once more
  ASSERT_TRUE(WaitUntilCommitted(6));
  app_->Stop();
  ExpectStored(1, 6);
}

TEST_F(PersistenceGapTest, ATopicThatIsAwayIsTold) {
  AddToTheTopic(1, 5);
  events_.FailSubscribes(absl::UnavailableError("away"));
  StartWithTheTopic();
  DeliverDeposits(3, 3);
  ASSERT_TRUE(
      WaitUntilTold("executions 1 to 2 are missing: the stream has not got them, and trading.events cannot be"));
  events_.FailSubscribes(absl::OkStatus());
  ASSERT_TRUE(WaitUntilCommitted(3));
}

TEST_F(PersistenceGapTest, WhoDoesNotStoreMissesNothing) {
  Start();
  DeliverDeposits(3, 3);
  ASSERT_TRUE(test::Eventually([&] { return Missing() == 2; }));
  store_.SetWriter(false);
  EXPECT_TRUE(test::Eventually([&] { return Missing() == 0; }));
}

TEST_F(PersistenceAppTest, WithoutAStreamTheTopicIsStored) {
  for (std::uint64_t i = 1; i <= 5; ++i) events_.Add(Deposit(i, AccountId(static_cast<std::uint32_t>(i)), 1));
  app_ = std::make_unique<PersistenceApp>(config_, ExecutionPorts{.events = &events_}, store_, metrics_, health_,
                                          SystemClock::Instance());
  ASSERT_TRUE(app_->Start().ok());
  app_->Drain(std::chrono::steady_clock::now() + std::chrono::seconds(30));
  EXPECT_EQ(*app_->CommittedSequence(), SequenceNumber(5));
}

}  // namespace
}  // namespace xt::persistence
