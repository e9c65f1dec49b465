// Persistence over its real embedded store and stream, asked through real gRPC; and its README.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libs/adapters/embedded/file_execution_stream.h"
#include "libs/adapters/embedded/sqlite_store.h"
#include "libs/adapters/grpc/clients.h"
#include "libs/runtime/config.h"
#include "libs/runtime/grpc_host.h"
#include "services/persistence/persistence_app.h"
#include "services/persistence/persistence_process.h"
#include "services/persistence/persistence_service.h"
#include "services/persistence/testing/fakes.h"
#include "services/persistence/testing/results.h"
#include "tests/support/files.h"

namespace xt::persistence {
namespace {

using domain::AccountId;
using domain::OrderId;
using domain::SequenceNumber;
using ::testing::HasSubstr;
using ::testing::SizeIs;

// One life of the service on a folder that outlives it.
class Life {
 public:
  explicit Life(const std::string& folder, std::int64_t query_max_wait_ms = 60'000)
      : stream_(*embedded::FileExecutionStream::Open(folder + "/executions")),
        store_(folder + "/persistence.db"),
        app_(Config(query_max_wait_ms), ExecutionPorts{.stream = stream_.get()}, store_, metrics_, health_,
             SystemClock::Instance()) {
    const absl::Status started = app_.Start();
    EXPECT_TRUE(started.ok()) << started;
    auto host = runtime::GrpcHost::Start({}, {{&service_, xtrader::v1::PersistenceService::service_full_name()}},
                                         health_, metrics_);
    EXPECT_TRUE(host.ok()) << host.status();
    host_ = *std::move(host);
    grpc_clients::ClientOptions options;
    options.addresses = {host_->address()};
    options.call_timeout = std::chrono::minutes(2);
    history_ = grpc_clients::ConnectHistory(options);
  }
  ~Life() {
    host_->Shutdown(std::chrono::steady_clock::now());
    app_.Stop();
  }

  ports::History& history() { return *history_; }
  ports::Store& store() { return store_; }
  void Publish(const std::vector<domain::CommandResult>& results) {
    std::vector<ports::EventEntry> entries;
    for (const auto& result : results) entries.push_back(testing::Entry(result));
    const absl::Status published = stream_->Publish(entries);
    EXPECT_TRUE(published.ok()) << published;
  }

 private:
  static PersistenceConfig Config(std::int64_t query_max_wait_ms) {
    PersistenceConfig config;
    config.query_max_wait_ms = query_max_wait_ms;
    return config;
  }

  runtime::MetricsRegistry metrics_;
  runtime::HealthRegistry health_{&metrics_};
  std::unique_ptr<embedded::FileExecutionStream> stream_;
  embedded::SqliteStore store_;
  PersistenceApp app_;
  PersistenceGrpcService service_{app_};
  std::unique_ptr<runtime::GrpcHost> host_;
  std::unique_ptr<ports::History> history_;
};

void ExpectBalancedBooks(ports::Store& store) {
  const auto sums = store.SumLedger();
  ASSERT_TRUE(sums.ok()) << sums.status();
  for (const auto& sum : *sums) EXPECT_EQ(sum.sum, domain::Amount(0)) << sum.asset.value();
}

TEST(PersistenceIntegration, AnOrderLivesThroughARestart) {
  test::TemporaryFolder folder;
  {
    Life life(folder.path());
    life.Publish({testing::Resting(1, OrderId(11), AccountId(1), 10)});
    const auto order = life.history().GetOrder(SequenceNumber(1), AccountId(1), OrderId(11));
    ASSERT_TRUE(order.ok()) << order.status();
    EXPECT_EQ(order->report.status, domain::OrderStatus::kNew);
  }
  Life life(folder.path());
  EXPECT_EQ(*life.history().CommittedSequence(), SequenceNumber(1));
  life.Publish({testing::Trade(2, OrderId(11), OrderId(22), 4)});
  const auto maker = life.history().FindOrder(SequenceNumber(2), AccountId(1), "c-11");
  ASSERT_TRUE(maker.ok()) << maker.status();
  EXPECT_EQ(maker->report.status, domain::OrderStatus::kPartiallyFilled);
  EXPECT_EQ(maker->created_sequence, SequenceNumber(1));
  EXPECT_EQ(maker->updated_sequence, SequenceNumber(2));
  EXPECT_EQ(maker->first_status, domain::OrderStatus::kNew);
  EXPECT_EQ(maker->created_ns, 1000);
  const auto taker = life.history().GetOrder(SequenceNumber(2), AccountId(2), OrderId(22));
  ASSERT_TRUE(taker.ok()) << taker.status();
  EXPECT_EQ(taker->first_status, domain::OrderStatus::kFilled);

  const auto fills = life.history().ListFills(SequenceNumber(2), {.account = AccountId(1)});
  ASSERT_TRUE(fills.ok()) << fills.status();
  ASSERT_THAT(*fills, SizeIs(1));
  EXPECT_TRUE(fills->front().report.maker);
  EXPECT_EQ(fills->front().report.fee, domain::Amount(1));
  EXPECT_THAT(*life.history().ListOrders(SequenceNumber(2), {.account = AccountId(1), .open_only = true}), SizeIs(1));
  EXPECT_THAT(*life.history().ListOrders(SequenceNumber(2), {.account = AccountId(2), .open_only = true}), SizeIs(0));
  EXPECT_THAT(*life.history().ListBalances(SequenceNumber(2), AccountId(2)), SizeIs(2));
  ExpectBalancedBooks(life.store());
}

TEST(PersistenceIntegration, ThousandsOfCommandsInOrder) {
  test::TemporaryFolder folder;
  constexpr std::uint64_t kCommands = 3000;
  {
    Life life(folder.path());
    std::vector<domain::CommandResult> results;
    for (std::uint64_t i = 1; i <= kCommands; ++i) {
      results.push_back(testing::Deposit(i, AccountId(static_cast<std::uint32_t>(i)), static_cast<std::int64_t>(i)));
    }
    life.Publish(results);
  }
  Life life(folder.path());
  const auto balances = life.history().ListBalances(SequenceNumber(kCommands), AccountId(kCommands));
  ASSERT_TRUE(balances.ok()) << balances.status();
  ASSERT_THAT(*balances, SizeIs(1));
  EXPECT_EQ(balances->front().available, domain::Amount(kCommands));
  ExpectBalancedBooks(life.store());
}

TEST(PersistenceIntegration, RefusalsKeepTheirCodes) {
  test::TemporaryFolder folder;
  Life life(folder.path(), 1);
  EXPECT_EQ(life.history().GetOrder({}, AccountId(1), OrderId(5)).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(life.history().FindOrder({}, AccountId(1), "").status().code(), absl::StatusCode::kInvalidArgument);
  const auto bad_limit = life.history().ListOrders({}, {.account = AccountId(1), .limit = 1001});
  EXPECT_EQ(bad_limit.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(bad_limit.status().message()), HasSubstr("limit"));
  const auto lagging = life.history().ListAccounts(SequenceNumber(1));
  EXPECT_EQ(lagging.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(lagging.status().message()), HasSubstr("lagging"));
}

TEST(PersistenceIntegration, CredentialsAreKept) {
  test::TemporaryFolder folder;
  Life life(folder.path());
  EXPECT_EQ(life.history().GetApiKey("k").status().code(), absl::StatusCode::kNotFound);
  ASSERT_TRUE(life.history().PutApiKey({"k", "s", AccountId(3)}).ok());
  const auto key = life.history().GetApiKey("k");
  ASSERT_TRUE(key.ok()) << key.status();
  EXPECT_EQ(key->secret, "s");
  EXPECT_THAT(*life.history().ListApiKeys(AccountId(3)), SizeIs(1));
  EXPECT_EQ(life.history().PutApiKey({}).code(), absl::StatusCode::kInvalidArgument);
}

TEST(PersistenceReadme, HasTheKeysAsTheyAre) {
  PersistenceProcessConfig config;
  runtime::ConfigSchema schema;
  config.Describe(schema);
  EXPECT_THAT(test::ReadFile(XT_SOURCE_DIR "/services/persistence/README.md"), HasSubstr(schema.Markdown()));
}

}  // namespace
}  // namespace xt::persistence
