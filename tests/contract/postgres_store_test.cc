// PostgresStore: the contract of the port on a real server, which all tests of this program share, each with a schema
// of its own; and what is its own: versions, several writers, waiting, limits of time. postgres_faults_test.cc has the
// server's end.
#include "libs/adapters/postgres/postgres_store.h"

#include <atomic>
#include <chrono>
#include <thread>

#include "gmock/gmock.h"
#include "libs/adapters/postgres/internal/connection.h"
#include "libs/base/status.h"
#include "tests/contract/postgres_support.h"
#include "tests/contract/store_contract.h"

namespace xt::contract {
namespace {

using postgres::PostgresConfig;
using postgres::PostgresStore;
using ::testing::HasSubstr;

class PostgresBackend final : public StoreBackend {
 public:
  std::unique_ptr<ports::Store> Connect() override { return std::make_unique<PostgresStore>(config_); }

 private:
  const PostgresConfig config_ = ConfigWithSchema(SharedServer());
};

INSTANTIATE_TEST_SUITE_P(Postgres, StoreContract, ::testing::Values(+[]() -> std::unique_ptr<StoreBackend> {
                           return std::make_unique<PostgresBackend>();
                         }));

class PostgresStoreTest : public ::testing::Test {
 protected:
  ports::StoreBatch Batch(std::uint64_t previous, std::uint64_t watermark) {
    ports::StoreBatch batch;
    batch.previous_watermark = Seq(previous);
    batch.watermark = Seq(watermark);
    for (std::uint64_t sequence = previous + 1; sequence <= watermark; ++sequence) {
      batch.fills.push_back(Fill(sequence, 1, 7, sequence));
    }
    return batch;
  }

  PostgresConfig config_ = ConfigWithSchema(SharedServer());
  Sql sql_{SharedServer(), config_.schema};
};

TEST_F(PostgresStoreTest, ADatabaseOfANewerProgramIsRefused) {
  ASSERT_TRUE(PostgresStore(config_).Open().ok());
  sql_.Run("INSERT INTO schema_migrations VALUES (99)");
  const absl::Status status = PostgresStore(config_).Open();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(MessageOf(status)), HasSubstr("written by a newer one"));
}

TEST_F(PostgresStoreTest, ADatabaseOfTheFirstVersionIsMigrated) {
  {
    PostgresStore store(config_);
    ASSERT_TRUE(store.Open().ok());
    ASSERT_TRUE(store.Apply(Batch(0, 9)).ok());
  }
  sql_.Run(
      "DELETE FROM schema_migrations WHERE version > 1; DROP TABLE account_settings; DROP TABLE fee_tiers; "
      "DROP TABLE symbol_limits");
  PostgresStore store(config_);
  ASSERT_TRUE(store.Open().ok());
  EXPECT_EQ(store.Watermark()->value(), 9U);
  ports::StoreBatch next = FullBatch();
  next.previous_watermark = Seq(9);
  next.watermark = Seq(12);
  ASSERT_TRUE(store.Apply(next).ok());
  EXPECT_EQ(*store.ListFeeTiers(), next.fee_tiers);
}

// Half of a migration is none: the second script fails here.
TEST_F(PostgresStoreTest, AMigrationThatFailsChangesNothing) {
  sql_.Run("CREATE SCHEMA " + config_.schema + "; CREATE TABLE fee_tiers ()");
  EXPECT_EQ(PostgresStore(config_).Open().code(), absl::StatusCode::kInternal);
  EXPECT_EQ(sql_.Run("SELECT count(*) FROM pg_tables WHERE schemaname = '" + config_.schema + "'")[0][0].as<int>(), 1);
  sql_.Run("DROP TABLE fee_tiers");
  EXPECT_TRUE(PostgresStore(config_).Open().ok());
}

TEST_F(PostgresStoreTest, SeveralMayCreateTheSchemaAtTheSameTime) {
  std::vector<std::thread> openers;
  for (int i = 0; i < 4; ++i) {
    openers.emplace_back([&] {
      const absl::Status status = PostgresStore(config_).Open();
      EXPECT_TRUE(status.ok()) << status;
    });
  }
  for (std::thread& opener : openers) opener.join();
}

TEST_F(PostgresStoreTest, NothingWorksBeforeOpen) {
  PostgresStore store(config_);
  EXPECT_EQ(store.Watermark().status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(store.ListAccounts().status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(store.PutApiKey({}).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(store.Apply({}).code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(PostgresStoreTest, AConfigurationOutOfBoundsIsRefused) {
  const auto open = [&](auto change) {
    PostgresConfig config = config_;
    change(config);
    return PostgresStore(config).Open().code();
  };
  constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
  EXPECT_EQ(open([](PostgresConfig& c) { c.url = "host=127.0.0.1"; }), kInvalid);
  EXPECT_EQ(open([](PostgresConfig& c) { c.schema = ""; }), kInvalid);
  EXPECT_EQ(open([](PostgresConfig& c) { c.schema = "x; DROP TABLE y"; }), kInvalid);
  EXPECT_EQ(open([](PostgresConfig& c) { c.max_query_connections = 0; }), kInvalid);
  EXPECT_EQ(open([](PostgresConfig& c) { c.connect_timeout_s = 1; }), kInvalid);
  EXPECT_EQ(open([](PostgresConfig& c) { c.call_timeout_ms = c.statement_timeout_ms - 1; }), kInvalid);
}

// Events below the watermark are known by their id; beyond it nothing can be there, so a conflict is an error.
TEST_F(PostgresStoreTest, ARowThatMustNotBeThereRaises) {
  PostgresStore store(config_);
  ASSERT_TRUE(store.Open().ok());
  ASSERT_TRUE(store.Apply(Batch(0, 3)).ok());
  ports::StoreBatch overlapping = Batch(3, 5);
  overlapping.fills.push_back(Fill(2, 1, 7, 999));
  ASSERT_TRUE(store.Apply(overlapping).ok());
  EXPECT_EQ(store.ListFills({.account = Account(7)})->size(), 5U);
  sql_.Run("UPDATE watermark SET sequence = 4");
  EXPECT_EQ(store.Apply(Batch(4, 6)).code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(store.Watermark()->value(), 4U);
}

TEST_F(PostgresStoreTest, OfTwoWritersOneFollowsTheOther) {
  constexpr std::uint64_t kLast = 200;
  PostgresStore first(config_);
  ASSERT_TRUE(first.Open().ok());
  const auto write = [](PostgresStore& store, const auto& batch) {
    std::uint64_t watermark = 0;
    while (watermark < kLast) {
      const absl::Status status = store.Apply(batch(watermark, watermark + 4));
      EXPECT_TRUE(status.ok() || absl::IsFailedPrecondition(status)) << status;
      watermark = store.Watermark()->value();
    }
  };
  const auto batch = [this](std::uint64_t previous, std::uint64_t watermark) { return Batch(previous, watermark); };
  std::thread other([&] {
    PostgresStore second(config_);
    ASSERT_TRUE(second.Open().ok());
    write(second, batch);
  });
  write(first, batch);
  other.join();
  EXPECT_EQ(sql_.Run("SELECT count(*) FROM fills")[0][0].as<std::uint64_t>(), first.Watermark()->value());
}

// The server ends a session a moment after its connection was closed.
bool ClaimsSoon(PostgresStore& store) {
  const auto deadline = std::chrono::steady_clock::now() + kDeadline;
  while (std::chrono::steady_clock::now() < deadline) {
    const auto claimed = store.ClaimWriting();
    if (!claimed.ok() || *claimed) return claimed.ok();
  }
  return false;
}

TEST_F(PostgresStoreTest, OneOfTwoIsToWriteUntilItIsGone) {
  PostgresStore first(config_);
  EXPECT_TRUE(absl::IsFailedPrecondition(first.ClaimWriting().status())) << "it is not open";
  ASSERT_TRUE(first.Open().ok());
  EXPECT_TRUE(*first.ClaimWriting());
  {
    PostgresStore second(config_);
    ASSERT_TRUE(second.Open().ok());
    EXPECT_FALSE(*second.ClaimWriting());
    EXPECT_TRUE(*first.ClaimWriting()) << "still";
    PostgresConfig other = ConfigWithSchema(SharedServer());
    PostgresStore elsewhere(other);
    ASSERT_TRUE(elsewhere.Open().ok());
    EXPECT_TRUE(*elsewhere.ClaimWriting()) << "another schema has another writer";
    first.ReleaseWriting();
    EXPECT_TRUE(ClaimsSoon(second));
    EXPECT_FALSE(*first.ClaimWriting());
    EXPECT_TRUE(first.Apply(Batch(0, 2)).ok()) << "it may, even so";
  }
  EXPECT_TRUE(ClaimsSoon(first));
}

TEST_F(PostgresStoreTest, WhoseConnectionIsLostIsNotTheWriterAnyMore) {
  PostgresStore first(config_);
  PostgresStore second(config_);
  ASSERT_TRUE(first.Open().ok());
  ASSERT_TRUE(second.Open().ok());
  ASSERT_TRUE(*first.ClaimWriting());
  sql_.Run(
      "SELECT pg_terminate_backend(pid, 10000) FROM pg_locks WHERE locktype = 'advisory' AND pid IN "
      "(SELECT pid FROM pg_locks l WHERE l.locktype = 'advisory' AND (l.classid::bigint << 32 | l.objid::bigint) "
      "= hashtextextended(current_schema(), 0))");
  EXPECT_TRUE(*second.ClaimWriting());
  const auto again = first.ClaimWriting();
  EXPECT_FALSE(again.value_or(false)) << "the other one is";
}

TEST_F(PostgresStoreTest, QueriesDoNotWaitForTheWriter) {
  PostgresStore store(config_);
  ASSERT_TRUE(store.Open().ok());
  ASSERT_TRUE(store.Apply(Batch(0, 3)).ok());
  pqxx::connection other(config_.url + "?options=-c%20search_path%3D" + config_.schema);
  pqxx::work lock(other);
  lock.exec("UPDATE watermark SET sequence = sequence");
  std::thread writer([&] {
    const absl::Status status = store.Apply(Batch(3, 4));
    EXPECT_TRUE(status.ok()) << status;
  });
  sql_.WaitForStoreSession("wait_event_type = 'Lock' AND query LIKE 'UPDATE watermark%'");
  EXPECT_EQ(store.Watermark()->value(), 3U);
  EXPECT_EQ(store.ListFills({.account = Account(7)})->size(), 3U);
  lock.commit();
  writer.join();
  EXPECT_EQ(store.Watermark()->value(), 4U);
}

TEST_F(PostgresStoreTest, AStatementThatTakesTooLongIsEndedAndMayBeRetried) {
  config_.statement_timeout_ms = 3'000;
  PostgresStore store(config_);
  ASSERT_TRUE(store.Open().ok());
  pqxx::connection other(config_.url + "?options=-c%20search_path%3D" + config_.schema);
  {
    pqxx::work lock(other);
    lock.exec("UPDATE watermark SET sequence = sequence");
    EXPECT_EQ(store.Apply(Batch(0, 1)).code(), absl::StatusCode::kUnavailable);
  }
  EXPECT_TRUE(store.Apply(Batch(0, 1)).ok());
  EXPECT_EQ(store.stats().connections_lost, 0U);
}

TEST_F(PostgresStoreTest, WhoFindsNoFreeConnectionWaitsAndGivesUp) {
  config_.max_query_connections = 1;
  config_.statement_timeout_ms = 20'000;
  config_.call_timeout_ms = 20'000;
  std::atomic<int> waits{0};
  config_.on_pool_wait = [&](std::chrono::nanoseconds) { ++waits; };
  PostgresStore patient(config_);
  ASSERT_TRUE(patient.Open().ok());
  pqxx::connection other(config_.url + "?options=-c%20search_path%3D" + config_.schema);
  pqxx::work lock(other);
  lock.exec("LOCK TABLE accounts IN ACCESS EXCLUSIVE MODE");
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] { EXPECT_TRUE(patient.ListAccounts().ok()); });
  }
  sql_.WaitForStoreSession("wait_event_type = 'Lock' AND query LIKE '%FROM accounts%'");
  EXPECT_EQ(patient.stats().connections_in_use, 1U);
  EXPECT_TRUE(Eventually([&] { return patient.stats().queries_waiting == 2; }));
  lock.commit();
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(patient.stats().connections_in_use, 0U);
  EXPECT_EQ(patient.stats().connections_idle, 1U);
  EXPECT_EQ(patient.stats().queries_waiting, 0U);
  EXPECT_EQ(waits, 2) << "the first one found a free connection";
  EXPECT_EQ(patient.stats().connections_opened, 2U) << "one for the writer";

  config_.statement_timeout_ms = config_.call_timeout_ms = 3'000;
  PostgresStore hasty(config_);
  ASSERT_TRUE(hasty.Open().ok());
  pqxx::work again(other);
  again.exec("LOCK TABLE accounts IN ACCESS EXCLUSIVE MODE");
  std::thread reader([&] { EXPECT_EQ(hasty.ListAccounts().status().code(), absl::StatusCode::kUnavailable); });
  EXPECT_EQ(hasty.ListAccounts().status().code(), absl::StatusCode::kUnavailable);
  reader.join();
  again.commit();
  EXPECT_TRUE(hasty.ListAccounts().ok());
}

// libpqxx reconnects by itself unless it is told not to; the new session would lack the settings of the old one.
TEST_F(PostgresStoreTest, AConnectionNeverReconnectsByItself) {
  ASSERT_TRUE(PostgresStore(config_).Open().ok());
  postgres::CallWatch watch;
  const auto setting = [](postgres::Connection& connection) {
    std::string value;
    const absl::Status status =
        connection.Transact(std::chrono::steady_clock::now() + kDeadline, [&](postgres::Session& session) {
          const pqxx::result found = session.Run("SHOW statement_timeout");
          value = found[0][0].c_str();
          return absl::OkStatus();
        });
    return status.ok() ? value : std::string(absl::StatusCodeToString(status.code()));
  };
  config_.statement_timeout_ms = 4'321;
  auto connection = postgres::Connection::Open(config_, watch);
  ASSERT_TRUE(connection.ok()) << connection.status();
  EXPECT_EQ(setting(**connection), "4321ms");
  EXPECT_FALSE((*connection)->ClosedByServer());
  sql_.EndStoreSessions();
  EXPECT_TRUE((*connection)->ClosedByServer());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(setting(**connection), "UNAVAILABLE");
  EXPECT_FALSE((*connection)->usable());
  EXPECT_TRUE(sql_.StoreSessions().empty());
  auto next = postgres::Connection::Open(config_, watch);
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_EQ(setting(**next), "4321ms");
}

TEST_F(PostgresStoreTest, SessionsThatTheServerEndedAreReplacedWithoutAnError) {
  PostgresStore store(config_);
  ASSERT_TRUE(store.Open().ok());
  for (std::uint64_t round = 0; round < 3; ++round) {
    const absl::Status status = store.Apply(Batch(round, round + 1));
    EXPECT_TRUE(status.ok()) << status;
    EXPECT_EQ(store.Watermark()->value(), round + 1);
    sql_.EndStoreSessions();
  }
  EXPECT_EQ(store.ListFills({.account = Account(7)})->size(), 3U);
  EXPECT_EQ(store.stats().connections_lost, 5U) << "three times a reader, two times a writer that was needed again";
}

}  // namespace
}  // namespace xt::contract
