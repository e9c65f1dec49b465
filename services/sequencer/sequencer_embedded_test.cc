// The sequencer on the embedded adapters, with matching in memory: what a restart finds on the disk, and what it refuses.
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "libs/adapters/embedded/file_event_log.h"
#include "libs/adapters/embedded/file_execution_stream.h"
#include "libs/adapters/embedded/file_market_bus.h"
#include "libs/adapters/embedded/memory_notification_bus.h"
#include "libs/adapters/embedded/sole_leader.h"
#include "libs/adapters/embedded/wal_journal.h"
#include "services/sequencer/sequencer_app.h"
#include "services/sequencer/testing/world.h"
#include "services/sequencer/wal_metrics.h"

namespace xt::sequencer {
namespace {

using testing::Await;
using testing::Outcome;
using testing::Soon;

// One process's life over a folder. Matching has no disk and begins empty each time.
struct Life {
  explicit Life(const std::string& folder)
      : election(*embedded::SoleLeader::Open(folder + "/leader", "0")),
        events(*embedded::FileEventLog::Open(folder + "/outbox")),
        executions(*embedded::FileExecutionStream::Open(folder + "/executions")),
        market(*embedded::FileMarketBus::Open(folder + "/market")),
        journal(folder + "/journal", WalMetrics::Hooks(metrics, {.segment_bytes = 1 << 20})),
        app(SequencerConfig{},
            {journal, matching, matching, *events, executions.get(), market.get(), notifications, *election}, metrics,
            health) {
    wal_metrics.Watch(journal, folder);
  }
  absl::Status Serve() {
    if (absl::Status status = app.Start(); !status.ok()) return status;
    return app.WaitUntilServing(Soon());
  }
  std::future<Outcome> Ask(std::uint64_t number) {
    auto promise = std::make_shared<std::promise<Outcome>>();
    app.Submit(testing::NumberedCommand(number),
               [promise](Outcome outcome) { promise->set_value(std::move(outcome)); });
    return promise->get_future();
  }

  runtime::MetricsRegistry metrics;
  runtime::HealthRegistry health{&metrics};
  std::unique_ptr<embedded::SoleLeader> election;
  std::unique_ptr<embedded::FileEventLog> events;
  std::unique_ptr<embedded::FileExecutionStream> executions;
  std::unique_ptr<embedded::FileMarketBus> market;
  embedded::MemoryNotificationBus notifications;
  embedded::WalJournal journal;
  WalMetrics wal_metrics{metrics};
  testing::FakeMatching matching;
  SequencerApp app;
};

class SequencerEmbeddedTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "/sequencer-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string folder_;
};

TEST_F(SequencerEmbeddedTest, EveryRestartContinuesTheSequence) {
  constexpr std::uint64_t kEach = 300;
  std::uint64_t last = 0;
  for (std::uint64_t round = 0; round < 4; ++round) {
    Life life(folder_);
    ASSERT_TRUE(life.Serve().ok());
    ++last;  // EPOCH_START
    std::vector<std::future<Outcome>> asked;
    for (std::uint64_t n = 0; n < kEach; ++n) asked.push_back(life.Ask(round * kEach + n));
    for (auto& future : asked) {
      const Outcome outcome = Await(future);
      ASSERT_TRUE(outcome.ok()) << outcome.status();
      ASSERT_EQ(outcome->sequence.value(), ++last);
    }
    if (round % 2 == 0) life.app.Drain(Soon());
  }
  Life life(folder_);
  ASSERT_TRUE(life.Serve().ok());
  life.app.Drain(Soon());
  EXPECT_EQ(life.events->LastSequence().value(), last + 1);
  EXPECT_EQ(life.executions->LastSequence()->value(), last + 1);
  EXPECT_EQ(life.market->LastId("trading.events")->sequence.value(), last + 1);
  EXPECT_EQ(life.matching.applied(), last + 1);
  EXPECT_THAT(life.metrics.Text(),
              ::testing::HasSubstr("wal_synced_sequence{service=\"sequencer\"} " + std::to_string(last + 1)));
}

TEST_F(SequencerEmbeddedTest, ADamagedJournalRefusesToStartAndSaysWhere) {
  {
    Life life(folder_);
    ASSERT_TRUE(life.Serve().ok());
    for (std::uint64_t n = 1; n <= 20; ++n) ASSERT_TRUE(Await(life.Ask(n)).ok());
  }
  const std::string segment = folder_ + "/journal/wal-00000001.log";
  {
    std::fstream file(segment, std::ios::in | std::ios::out | std::ios::binary);
    ASSERT_TRUE(file.is_open());
    file.seekg(600);
    const auto byte = static_cast<char>(file.get() ^ 0x40);
    file.seekp(600);
    file.put(byte);
  }
  Life life(folder_);
  const absl::Status status = life.app.Start();
  EXPECT_TRUE(absl::IsDataLoss(status)) << status;
  EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr("wal-00000001.log"));
}

TEST_F(SequencerEmbeddedTest, ALostOutboxIsDerivedAgain) {
  {
    Life life(folder_);
    ASSERT_TRUE(life.Serve().ok());
    for (std::uint64_t n = 1; n <= 50; ++n) ASSERT_TRUE(Await(life.Ask(n)).ok());
    life.app.Drain(Soon());
  }
  std::filesystem::remove_all(folder_ + "/outbox");
  Life life(folder_);
  ASSERT_TRUE(life.Serve().ok());
  life.app.Drain(Soon());
  EXPECT_EQ(life.events->LastSequence().value(), 52U);
  EXPECT_EQ(life.executions->LastSequence()->value(), 52U);
}

}  // namespace
}  // namespace xt::sequencer
