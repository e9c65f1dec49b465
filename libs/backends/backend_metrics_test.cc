#include "libs/backends/backend_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "libs/adapters/embedded/wal_journal.h"
#include "libs/backends/backends.h"

namespace xt::backends {
namespace {

using testing::HasSubstr;
using testing::Not;

class NoMembers final : public ports::InSyncSet {
 public:
  absl::StatusOr<std::vector<std::string>> Claim(domain::Epoch /*epoch*/) override {
    return std::vector<std::string>{};
  }
  absl::Status Replace(const std::vector<std::string>& /*members*/) override { return absl::OkStatus(); }
};

TEST(BackendMetricsTest, WhatTheAdapterCountsIsReadAtEachScrape) {
  runtime::MetricsRegistry registry;
  const auto bus = OpenNotificationBus({});
  ASSERT_TRUE(bus.ok());
  BackendMetrics metrics(registry);
  metrics.WatchPublisher(**bus);
  EXPECT_THAT(registry.Text(), HasSubstr("mq_unroutable_messages_total{broker=\"notifications\"} 0\n"));
  const auto payload = std::make_shared<const std::string>("x");
  ASSERT_TRUE((*bus)->Publish({{"trade.BTC-KRW", {}, payload}}).ok());
  EXPECT_THAT(registry.Text(), HasSubstr("mq_unroutable_messages_total{broker=\"notifications\"} 1\n"));

  const auto consumer = (*bus)->Consume({.bindings = {"#"}, .max_length = 1});
  ASSERT_TRUE(consumer.ok());
  ASSERT_TRUE((*bus)->Publish({{"trade.BTC-KRW", {}, payload}, {"trade.BTC-KRW", {}, payload}}).ok());
  EXPECT_THAT(registry.Text(),
              HasSubstr("mq_dead_letter_messages_total{broker=\"notifications\",reason=\"full\"} 1\n"));
}

TEST(BackendMetricsTest, NothingIsReadAfterItsEnd) {
  runtime::MetricsRegistry registry;
  {
    const auto bus = OpenNotificationBus({});
    ASSERT_TRUE(bus.ok());
    BackendMetrics metrics(registry);
    metrics.WatchPublisher(**bus);
  }
  EXPECT_THAT(registry.Text(), Not(HasSubstr("mq_")));
}

// Neither server is there: what is known from the start is exported all the same.
TEST(BackendMetricsTest, AServerThatIsAwayIsExportedAsZero) {
  runtime::MetricsRegistry registry;
  const BackendConfig config{.redis = "127.0.0.1:1", .kafka = "127.0.0.1:1", .postgres = "postgresql://127.0.0.1:1/x"};
  const auto executions = OpenExecutionStream(config, "0", "");
  const auto market = OpenMarketBus(config, "");
  ASSERT_TRUE(executions.ok() && market.ok());
  const auto store = MakeStore(config, "", registry);
  BackendMetrics metrics(registry);
  metrics.WatchConsumer(**executions);
  metrics.WatchPublisher(**market);
  metrics.Watch(*store);
  metrics.Watch(nullptr);
  for (const std::string series :
       {"mq_reconnects_total{broker=\"executions\"}", "mq_reconnects_total{broker=\"market\"}",
        "mq_consumer_lost_messages_total{broker=\"executions\"}", "db_pool_connections{state=\"in_use\"}",
        "db_pool_connections{state=\"idle\"}", "db_connections_lost_total", "db_pool_wait_seconds_count"}) {
    EXPECT_THAT(registry.Text(), HasSubstr(series + " 0\n"));
  }
}

// None of them was connected yet.
TEST(BackendMetricsTest, EachStandbysFileHasItsSeriesFromTheBeginning) {
  BackendConfig config{.redis_journal = "127.0.0.1:1"};
  using Addresses = std::vector<std::string>;
  for (const Addresses& addresses : {Addresses{}, Addresses{"a:1", "b:2"}}) {
    config.durability.mode = addresses.empty() ? Durability::kLocalAndRedis : Durability::kLocalRedisAndStandbys;
    config.durability.standby_addresses = addresses;
    std::vector<replicated::StandbyCopy> standbys;
    for (const std::string& address : addresses) {
      standbys.push_back({address, [] { return std::unique_ptr<ports::JournalCopy>(); }});
    }
    runtime::MetricsRegistry registry;
    NoMembers in_sync;
    const auto journal = MakeJournal(
        config, "0", std::make_unique<embedded::WalJournal>("unused"), &in_sync, [](const absl::Status&) {},
        [](const replicated::UncleanStart&) { return absl::OkStatus(); }, std::move(standbys));
    ASSERT_TRUE(journal.ok()) << journal.status();
    BackendMetrics metrics(registry);
    metrics.Watch(**journal);
    for (const std::string name : {"journal_standby_required", "journal_standby_sequence",
                                   "journal_standby_losses_total", "journal_standby_rejoins_total"}) {
      for (const std::string& address : addresses) {
        EXPECT_THAT(registry.Text(), HasSubstr(name + "{standby=\"" + address + "\"} 0\n"));
      }
    }
    if (addresses.empty()) {
      EXPECT_THAT(registry.Text(), Not(HasSubstr("standby")));
    } else {
      EXPECT_THAT(registry.Text(), HasSubstr("journal_repairs_total{copy=\"standby\"} 0\n"));
    }
  }
}

}  // namespace
}  // namespace xt::backends
