// PostgresStore while its server is killed, stopped, or does not answer. Each test has a server of its own.
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "libs/adapters/postgres/postgres_store.h"
#include "tests/contract/postgres_support.h"
#include "tests/contract/store_support.h"

namespace xt::contract {
namespace {

using postgres::PostgresConfig;
using postgres::PostgresStore;

constexpr std::uint64_t kCommands = 5;  // of one batch
constexpr domain::AccountId kAccount(7);

// Commands previous + 1 to previous + kCommands: each enters an order, makes a fill and two postings, and moves a
// balance.
ports::StoreBatch BatchAfter(std::uint64_t previous) {
  ports::StoreBatch batch;
  batch.previous_watermark = Seq(previous);
  batch.watermark = Seq(previous + kCommands);
  for (std::uint64_t sequence = previous + 1; sequence <= previous + kCommands; ++sequence) {
    batch.orders.push_back(Order(sequence, 7, "order-" + std::to_string(sequence), sequence));
    batch.fills.push_back(Fill(sequence, 1, 7, sequence));
    batch.ledger.push_back(Posting(sequence, 2, 1, 1, 5));
    batch.ledger.push_back(Posting(sequence, 2, 2, 1, -5));
  }
  batch.balances.push_back(Balance(7, 1, static_cast<std::int64_t>(previous + kCommands), previous + kCommands));
  return batch;
}

// The rows of all commands up to the watermark are there, and no others.
void ExpectRowsUpTo(Sql& sql, std::uint64_t watermark) {
  const auto expect = [&](const std::string& query, std::uint64_t expected) {
    EXPECT_EQ(sql.Run("SELECT " + query)[0][0].as<std::uint64_t>(), expected) << query;
  };
  expect("sequence FROM watermark", watermark);
  expect("count(DISTINCT sequence) FROM fills", watermark);
  expect("coalesce(max(sequence), 0) FROM fills", watermark);
  expect("count(*) FROM ledger", 2 * watermark);
  expect("count(*) FROM orders", watermark);
  expect("coalesce(max(created_sequence), 0) FROM orders", watermark);
  expect("coalesce(max(updated_sequence), 0) FROM balances", watermark);
}

class PostgresFaultsTest : public ::testing::Test {
 protected:
  explicit PostgresFaultsTest(std::vector<std::string> settings = {}) : server_(std::move(settings)) {}

  void Open() {
    store_ = std::make_unique<PostgresStore>(config_);
    const absl::Status status = store_->Open();
    ASSERT_TRUE(status.ok()) << status;
  }
  std::unique_ptr<Sql> Session() { return std::make_unique<Sql>(*server_, config_.schema); }

  TemporaryServer server_;
  PostgresConfig config_ = ConfigWithSchema(*server_);
  std::unique_ptr<PostgresStore> store_;
};

// Waits 100 ms within each commit, before it is durable. Killing the postmaster alone would let a commit end in peace.
class PostgresKillTest : public PostgresFaultsTest {
 protected:
  PostgresKillTest() : PostgresFaultsTest({"commit_delay=100000", "commit_siblings=0"}) {}
};

TEST_F(PostgresKillTest, KilledInMidCommitTheWatermarkTellsWhatIsThere) {
  Open();
  std::uint64_t watermark = 0;
  for (int round = 0; round < 4; ++round) {
    ASSERT_TRUE(store_->Apply(BatchAfter(watermark)).ok());
    watermark += kCommands;
    auto session = Session();
    absl::Status status;
    std::thread writer([&] { status = store_->Apply(BatchAfter(watermark)); });
    const pid_t committing = session->WaitForStoreSession("state = 'active' AND query ILIKE 'COMMIT%'");
    server_->Kill();
    ::kill(committing, SIGKILL);
    writer.join();
    EXPECT_TRUE(status.ok() || absl::IsAborted(status)) << status;
    EXPECT_EQ(store_->Watermark().status().code(), absl::StatusCode::kUnavailable);
    const absl::Status started = server_->Start();
    ASSERT_TRUE(started.ok()) << started;
    const auto stored = store_->Watermark();
    ASSERT_TRUE(stored.ok()) << stored.status();
    EXPECT_TRUE(stored->value() == watermark + kCommands || (stored->value() == watermark && !status.ok()))
        << stored->value() << " after " << status;
    watermark = stored->value();
    session = Session();
    ExpectRowsUpTo(*session, watermark);
  }
}

// The commit is durable, but its answer never comes: it waits for a standby that does not exist.
class PostgresInDoubtTest : public PostgresFaultsTest {
 protected:
  PostgresInDoubtTest() {
    config_.statement_timeout_ms = 5'000;  // one test waits for both to pass
    config_.call_timeout_ms = 10'000;
  }
  void SetUp() override {
    Open();
    ASSERT_TRUE(store_->Apply(BatchAfter(0)).ok());  // its session stays as it is now
    session_ = Session();
    session_->Run("SET synchronous_commit = local");
    session_->Run("ALTER ROLE xtrader SET synchronous_commit = local");  // of later sessions
    session_->Run("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
    session_->Run("SELECT pg_reload_conf()");
    // The server takes its new configuration at some later moment: until then commits do not wait.
    writer_ = std::thread([this] {
      do {
        stored_ += kCommands;
        status_ = store_->Apply(BatchAfter(stored_));
      } while (status_.ok() && !waits_);
    });
    waiting_ = session_->WaitForStoreSession("wait_event = 'SyncRep'");
    waits_ = true;
  }
  ~PostgresInDoubtTest() override {
    waits_ = true;
    if (writer_.joinable()) writer_.join();
  }

  std::unique_ptr<Sql> session_;
  // Before the batch that waits; to be read when the writer has ended.
  std::uint64_t stored_ = 0;
  std::atomic<bool> waits_ = false;
  absl::Status status_;
  std::thread writer_;
  pid_t waiting_ = -1;
};

TEST_F(PostgresInDoubtTest, ACommitThatIsThereIsFound) {
  session_->Run("SELECT pg_terminate_backend(" + std::to_string(waiting_) + ")");
  writer_.join();
  EXPECT_TRUE(status_.ok()) << status_;
  ExpectRowsUpTo(*session_, stored_ + kCommands);
  EXPECT_TRUE(store_->Apply(BatchAfter(stored_ + kCommands)).ok());
}

TEST_F(PostgresInDoubtTest, ACommitBeforeTheServersDeathIsFoundLater) {
  server_->Kill();
  // Unless it saw its postmaster's death first.
  ASSERT_TRUE(::kill(waiting_, SIGKILL) == 0 || errno == ESRCH);
  writer_.join();
  EXPECT_EQ(status_.code(), absl::StatusCode::kAborted) << status_;
  ASSERT_TRUE(server_->Start().ok());
  EXPECT_EQ(store_->Watermark()->value(), stored_ + kCommands);
  EXPECT_EQ(store_->Apply(BatchAfter(stored_)).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(store_->Apply(BatchAfter(stored_ + kCommands)).ok());
  ExpectRowsUpTo(*Session(), stored_ + 2 * kCommands);
}

TEST_F(PostgresInDoubtTest, ACommitThatIsNotOverIsNotGuessed) {
  ASSERT_EQ(::kill(waiting_, SIGSTOP), 0);
  writer_.join();
  EXPECT_EQ(status_.code(), absl::StatusCode::kAborted) << status_;
  EXPECT_EQ(store_->Watermark()->value(), stored_) << "not visible yet";
  EXPECT_EQ(store_->Apply(BatchAfter(stored_)).code(), absl::StatusCode::kUnavailable) << "waits for the other";
  session_->Run("SELECT pg_terminate_backend(" + std::to_string(waiting_) + ")");
  ASSERT_EQ(::kill(waiting_, SIGCONT), 0);
  while (!session_->StoreSessions("wait_event = 'SyncRep'").empty()) {
  }
  EXPECT_EQ(store_->Apply(BatchAfter(stored_)).code(), absl::StatusCode::kFailedPrecondition);
  ExpectRowsUpTo(*session_, stored_ + kCommands);
}

TEST_F(PostgresFaultsTest, WithoutAServerCallsFailAndWorkAgainWhenItIsBack) {
  Open();
  ASSERT_TRUE(store_->Apply(BatchAfter(0)).ok());
  ASSERT_TRUE(store_->PutApiKey({"key", "secret", kAccount}).ok());
  for (const bool kill : {false, true}) {
    const std::uint64_t watermark = store_->Watermark()->value();
    kill ? server_->Kill() : server_->Stop();
    for (int i = 0; i < 2; ++i) {
      EXPECT_EQ(store_->Apply(BatchAfter(watermark)).code(), absl::StatusCode::kUnavailable);
      EXPECT_EQ(store_->Watermark().status().code(), absl::StatusCode::kUnavailable);
      EXPECT_EQ(store_->GetOrder(kAccount, domain::OrderId(1)).status().code(), absl::StatusCode::kUnavailable);
      EXPECT_EQ(store_->PutApiKey({"key", "other", kAccount}).code(), absl::StatusCode::kUnavailable);
    }
    ASSERT_EQ(server_->Start(), absl::OkStatus());
    EXPECT_EQ(store_->Watermark()->value(), watermark);
    EXPECT_TRUE(store_->Apply(BatchAfter(watermark)).ok());
    EXPECT_EQ(store_->GetApiKey("key")->secret, "secret");
    ExpectRowsUpTo(*Session(), watermark + kCommands);
  }
}

TEST_F(PostgresFaultsTest, OpenFailsWithoutAServerAndMayBeTriedAgain) {
  server_->Stop();
  PostgresStore store(config_);
  EXPECT_EQ(store.Open().code(), absl::StatusCode::kUnavailable);
  ASSERT_TRUE(server_->Start().ok());
  EXPECT_TRUE(store.Open().ok());
}

// A process that is stopped keeps its sockets: its kernel acknowledges everything, and no answer ever comes.
TEST_F(PostgresFaultsTest, AServerThatDoesNotAnswerIsGivenUp) {
  // Longer than a disk stalls: the other calls must succeed.
  config_.statement_timeout_ms = config_.call_timeout_ms = 5'000;
  config_.connect_timeout_s = 5;
  Open();
  ASSERT_TRUE(store_->Apply(BatchAfter(0)).ok());
  ASSERT_EQ(store_->Watermark()->value(), kCommands);
  auto session = Session();
  const std::vector<pid_t> stopped = session->StoreSessions();
  ASSERT_EQ(stopped.size(), 2U) << "the writer's and a reader's";
  for (const pid_t pid : stopped) ASSERT_EQ(::kill(pid, SIGSTOP), 0);
  EXPECT_EQ(store_->Watermark().status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(store_->Apply(BatchAfter(kCommands)).code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(store_->Watermark()->value(), kCommands) << "by a new connection";
  EXPECT_TRUE(store_->Apply(BatchAfter(kCommands)).ok());
  server_->Pause();
  session->Run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'xtrader'");
  for (const pid_t pid : stopped) ASSERT_EQ(::kill(pid, SIGCONT), 0);
  while (!session->StoreSessions().empty()) {
  }
  EXPECT_EQ(store_->Apply(BatchAfter(2 * kCommands)).code(), absl::StatusCode::kUnavailable) << "no new connection";
  server_->Resume();
  EXPECT_TRUE(store_->Apply(BatchAfter(2 * kCommands)).ok());
  ExpectRowsUpTo(*session, 3 * kCommands);
}

}  // namespace
}  // namespace xt::contract
