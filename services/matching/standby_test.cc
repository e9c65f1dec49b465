// A replica as a hot standby, and the snapshots that it writes and begins with.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "libs/base/clock.h"
#include "services/matching/matching_app.h"
#include "services/matching/testing/fake_sequencer.h"
#include "tests/support/files.h"

namespace xt::matching {
namespace {

using domain::SequenceNumber;
using domain::Side;
using ::testing::Each;
using ::testing::ElementsAre;
using testing::FrameChain;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::ResultCollector;

constexpr domain::Epoch kEpoch{5};
constexpr SequenceNumber kEverything{1'000'000};

// A replica in a process of its own, which can end and start again over the same folder.
struct Process {
  explicit Process(const MatchingConfig& config) : app(config, metrics, health, clock) {}
  ManualClock clock{1};  // 0 is "not yet" to the replica
  runtime::MetricsRegistry metrics;
  runtime::HealthRegistry health{&metrics};
  ResultCollector results;
  MatchingApp app;
  std::size_t frames = 0;
};

class StandbyTest : public ::testing::Test {
 protected:
  StandbyTest() {
    config_.engine.max_orders = 1'000;
    config_.engine.max_client_ids = 1'000;
    config_.snapshot_folder = folder_ / "snapshots";
    config_.snapshot_every_commands = 0;
    Restart();
  }

  void Restart() {
    process_.reset();  // a graceful end
    process_ = std::make_unique<Process>(config_);
    ASSERT_TRUE(app().Start().ok());
  }
  MatchingApp& app() { return process_->app; }

  absl::StatusOr<ports::ReplicaPosition> Connect(bool standby, SequenceNumber results_after = kEverything,
                                                 domain::Epoch epoch = kEpoch) {
    return app().Connect(process_->results.Observer(),
                         {.results_after = results_after, .committed = {}, .epoch = epoch, .standby = standby});
  }
  absl::StatusOr<ports::ReplicaPosition> BeginAnew() {
    return app().Connect(process_->results.Observer(), {.epoch = kEpoch, .begin_anew = true, .standby = true});
  }
  void Apply(const std::vector<domain::CommandBody>& bodies) {
    ASSERT_TRUE(app().Offer(chain_.Next(bodies)).ok());
    ASSERT_TRUE(app().Commit(SequenceNumber(chain_.sequence())).ok());
    ASSERT_TRUE(process_->results.WaitForFrames(++process_->frames));
  }
  void ApplyOrder(const std::string& id) { Apply({FrameChain::Limit(1, Side::kBuy, 100, 5, id)}); }
  [[nodiscard]] Hash128 Digest() { return app().GetStateDigest()->digest; }
  [[nodiscard]] std::uint64_t applied() { return app().GetStateDigest()->sequence.value(); }
  [[nodiscard]] std::vector<std::string> Snapshots() {
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(config_.snapshot_folder)) {
      files.push_back(entry.path().string());
    }
    std::ranges::sort(files);
    return files;
  }
  static void Damage(const std::string& file) {
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekp(-40, std::ios::end);
    stream.put('?');
  }

  test::TemporaryFolder folder_;
  MatchingConfig config_;
  std::unique_ptr<Process> process_;
  FrameChain chain_;
};

TEST_F(StandbyTest, IsNotTakenFromTheLeaderItWorksFor) {
  ASSERT_TRUE(Connect(false).ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(Connect(true).status()));
  Apply(FrameChain::Setup());
  EXPECT_TRUE(Connect(true, kEverything, domain::Epoch(kEpoch.value() + 1)).ok()) << "the next leader's standby";
}

TEST_F(StandbyTest, WorksForTheLeaderWhenItIsNeeded) {
  ASSERT_TRUE(Connect(true).ok());
  Apply(FrameChain::Setup());
  ApplyOrder("a");
  ResultCollector leader;
  const auto position = app().Connect(leader.Observer(), {SequenceNumber(chain_.sequence() - 1), {}, kEpoch});
  ASSERT_TRUE(position.ok());
  EXPECT_EQ(position->applied, SequenceNumber(chain_.sequence()));
  EXPECT_EQ(position->results_from, position->applied);
  EXPECT_TRUE(leader.WaitForFrames(1)) << "what it applied as a standby it can tell";
  app().Stop();  // before `leader` goes
}

TEST_F(StandbyTest, KeepsItsStateWhoeverLacksResults) {
  ASSERT_TRUE(Connect(true).ok());
  Apply(FrameChain::Setup());
  const auto position = Connect(true, SequenceNumber(0));
  ASSERT_TRUE(position.ok());
  EXPECT_EQ(position->applied, SequenceNumber(chain_.sequence()));
  EXPECT_EQ(position->results_from.value(), chain_.sequence() + 1);
}

TEST_F(StandbyTest, ARestartGoesOnWhereTheLastSnapshotIs) {
  ASSERT_TRUE(Connect(true).ok());
  Apply(FrameChain::Setup());
  ApplyOrder("a");
  const Hash128 digest = Digest();
  Restart();
  EXPECT_EQ(Digest(), digest);
  EXPECT_THAT(process_->metrics.Text(), HasSubstr(R"(matching_book_orders{symbol="BTC-KRW",side="BUY"} 1)"));
  EXPECT_TRUE(absl::IsUnavailable(app().GetReferenceData().status())) << "nobody has told it what it lacks";
  const auto position = Connect(false, SequenceNumber(chain_.sequence()));
  ASSERT_TRUE(position.ok());
  EXPECT_EQ(position->applied, SequenceNumber(chain_.sequence()));
  EXPECT_EQ(position->frame_hash, chain_.hash());
  FrameChain early = chain_;
  early.SetTime(1);
  EXPECT_FALSE(app().Offer(early.Next({domain::Tick{}})).ok()) << "journal time does not fall behind the snapshot's";
  ASSERT_TRUE(Connect(false, SequenceNumber(chain_.sequence())).ok());
  ApplyOrder("b");
  EXPECT_EQ(applied(), chain_.sequence());
}

TEST_F(StandbyTest, ADamagedSnapshotFallsBackToTheOneBefore) {
  ASSERT_TRUE(Connect(true).ok());
  Apply(FrameChain::Setup());
  const Hash128 first = Digest();
  const auto taken = app().TakeSnapshot(false);
  ASSERT_TRUE(taken.ok()) << taken.status();
  EXPECT_EQ(taken->sequence, SequenceNumber(FrameChain::kSetupCommands));
  ApplyOrder("a");
  process_.reset();
  ASSERT_EQ(Snapshots().size(), 2u);
  Damage(Snapshots()[1]);
  Restart();
  EXPECT_EQ(Digest(), first);
  EXPECT_THAT(process_->metrics.Text(), HasSubstr(R"(matching_snapshots_total{shard="main",result="damaged"} 1)"));
  Damage(Snapshots()[0]);
  process_.reset();
  for (const std::string& file : Snapshots()) Damage(file);
  Restart();
  EXPECT_EQ(applied(), 0u) << "without a good one it begins with the journal's first command";
}

TEST_F(StandbyTest, WhoLacksMoreThanIsKeptGetsAnEarlierState) {
  config_.max_recent_bytes = 0;
  Restart();
  ASSERT_TRUE(Connect(true).ok());
  Apply(FrameChain::Setup());
  const Hash128 first = Digest();
  ASSERT_TRUE(app().TakeSnapshot(false).ok());
  ApplyOrder("a");
  const auto position = Connect(false, SequenceNumber(FrameChain::kSetupCommands));
  ASSERT_TRUE(position.ok());
  EXPECT_EQ(position->applied, SequenceNumber(FrameChain::kSetupCommands));
  EXPECT_EQ(position->results_from.value(), FrameChain::kSetupCommands + 1);
  EXPECT_EQ(Digest(), first);
  const auto again = Connect(false, SequenceNumber(FrameChain::kSetupCommands - 1));
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->applied, SequenceNumber(0));
  EXPECT_EQ(again->results_from, SequenceNumber(1));
}

TEST_F(StandbyTest, WhatWasPublishedIsKnownAfterARestart) {
  ASSERT_TRUE(Connect(true).ok());
  Apply(FrameChain::Setup());
  ASSERT_TRUE(app().Published(SequenceNumber(FrameChain::kSetupCommands)).ok());
  Restart();
  const auto position = Connect(false, SequenceNumber(0));
  ASSERT_TRUE(position.ok());
  EXPECT_EQ(position->results_from.value(), FrameChain::kSetupCommands + 1);
}

TEST_F(StandbyTest, WritesWhenEnoughWasAppliedButNotWhileItWorksForTheLeader) {
  config_.snapshot_every_commands = 2;
  Restart();
  ASSERT_TRUE(Connect(false).ok());
  Apply(FrameChain::Setup());
  ApplyOrder("a");
  EXPECT_TRUE(Snapshots().empty());
  ASSERT_TRUE(Connect(true, kEverything, domain::Epoch(kEpoch.value() + 1)).ok());
  ApplyOrder("b");
  absl::Status taken;
  do taken = app().TakeSnapshot(false).status();
  while (absl::IsUnavailable(taken));  // another is being written
  EXPECT_TRUE(taken.ok()) << taken;
  EXPECT_THAT(process_->metrics.Text(), HasSubstr(R"(matching_snapshots_total{shard="main",result="written"} 2)"));
  ASSERT_EQ(Snapshots().size(), 2u);
  EXPECT_THAT(Snapshots().front(), HasSubstr(std::to_string(FrameChain::kSetupCommands + 1)));
}

TEST_F(StandbyTest, WritesWhenEnoughTimeHasPassedAndSomethingWasApplied) {
  const auto written = [this](int times) {
    (void)Digest();  // behind the turn in which it was due
    absl::Status taken;
    do taken = app().TakeSnapshot(false).status();
    while (absl::IsUnavailable(taken));  // another is being written
    EXPECT_THAT(process_->metrics.Text(), HasSubstr(absl::StrCat(R"(result="written"} )", times, "\n")));
  };
  constexpr std::int64_t kSecondNs = 1'000'000'000;
  config_.snapshot_every_seconds = 60;
  Restart();
  ASSERT_TRUE(Connect(true).ok());
  Apply(FrameChain::Setup());
  process_->clock.AdvanceNs(59 * kSecondNs);
  ApplyOrder("a");
  (void)Digest();
  EXPECT_TRUE(Snapshots().empty());
  process_->clock.AdvanceNs(kSecondNs);
  ApplyOrder("b");
  written(2);
  process_->clock.AdvanceNs(60 * kSecondNs);
  written(3);  // nothing was applied: only the one that is asked for
}

TEST_F(StandbyTest, IsAskedForASnapshotInVainWhenOrdersWouldWait) {
  EXPECT_TRUE(absl::IsUnavailable(app().TakeSnapshot(false).status())) << "nothing was applied";
  ASSERT_TRUE(Connect(false).ok());
  Apply(FrameChain::Setup());
  EXPECT_TRUE(absl::IsFailedPrecondition(app().TakeSnapshot(false).status()));
  EXPECT_TRUE(app().TakeSnapshot(true).ok());
  EXPECT_EQ(Snapshots().size(), 1u);
  config_.snapshot_folder.clear();
  Restart();
  EXPECT_THAT(app().TakeSnapshot(true).status().ToString(), HasSubstr("snapshot.folder"));
}

TEST_F(StandbyTest, SnapshotsOfAnotherJournalAreSetAside) {
  ASSERT_TRUE(Connect(true).ok());
  Apply(FrameChain::Setup());
  Restart();
  const auto position = BeginAnew();
  ASSERT_TRUE(position.ok());
  EXPECT_EQ(position->applied, SequenceNumber(0));
  ASSERT_EQ(Snapshots().size(), 1u);
  EXPECT_THAT(Snapshots().front(), HasSubstr("of-another-journal"));
}

TEST_F(StandbyTest, BeginsAnewWithTheNextOlderSnapshotUntilNoneIsLeft) {
  constexpr SequenceNumber kFirst{FrameChain::kSetupCommands};
  constexpr SequenceNumber kSecond{FrameChain::kSetupCommands + 1};
  ASSERT_TRUE(Connect(true).ok());
  Apply(FrameChain::Setup());
  ASSERT_TRUE(app().TakeSnapshot(false).ok());
  ApplyOrder("a");
  ASSERT_TRUE(app().TakeSnapshot(false).ok());
  const Hash128 second = Digest();
  const FrameChain behind_second = chain_;
  ApplyOrder("b");
  auto position = BeginAnew();
  ASSERT_TRUE(position.ok());
  EXPECT_EQ(position->applied, kSecond) << "it is before the state that does not fit";
  EXPECT_EQ(position->frame_hash, behind_second.hash());
  EXPECT_EQ(Digest(), second);
  EXPECT_THAT(*app().ListSnapshots(), ElementsAre(kSecond, kFirst));
  position = BeginAnew();
  ASSERT_TRUE(position.ok());
  EXPECT_EQ(position->applied, kFirst);
  EXPECT_THAT(*app().ListSnapshots(), ElementsAre(kFirst));
  position = BeginAnew();
  ASSERT_TRUE(position.ok());
  EXPECT_EQ(position->applied, SequenceNumber(0));
  EXPECT_EQ(position->results_from, SequenceNumber(1));
  EXPECT_THAT(*app().ListSnapshots(), IsEmpty());
  ASSERT_EQ(Snapshots().size(), 2u);
  EXPECT_THAT(Snapshots(), Each(HasSubstr("of-another-journal")));
  chain_ = FrameChain();
  Apply(FrameChain::Setup());
  EXPECT_TRUE(app().TakeSnapshot(false).ok());
}

TEST_F(StandbyTest, BeginsAnewBehindNothingThatTheLeaderLacks) {
  ASSERT_TRUE(Connect(true).ok());
  Apply(FrameChain::Setup());
  ASSERT_TRUE(app().TakeSnapshot(false).ok());
  ApplyOrder("a");
  ASSERT_TRUE(app().TakeSnapshot(false).ok());
  ASSERT_TRUE(app().Published(SequenceNumber(chain_.sequence())).ok());
  ApplyOrder("b");
  const auto position =
      app().Connect(process_->results.Observer(),
                    {.results_after = SequenceNumber(FrameChain::kSetupCommands), .epoch = kEpoch, .begin_anew = true});
  ASSERT_TRUE(position.ok());
  EXPECT_EQ(position->applied, SequenceNumber(FrameChain::kSetupCommands)) << "what it was told is forgotten";
}

TEST_F(StandbyTest, ListsAndHandsOutWhatItKeeps) {
  EXPECT_THAT(*app().ListSnapshots(), IsEmpty());
  ASSERT_TRUE(Connect(true).ok());
  Apply(FrameChain::Setup());
  ASSERT_TRUE(app().TakeSnapshot(false).ok());
  constexpr SequenceNumber kOnly{FrameChain::kSetupCommands};
  EXPECT_THAT(*app().ListSnapshots(), ElementsAre(kOnly));
  std::string bytes;
  const auto collect = [&](std::string_view piece) {
    bytes += piece;
    return absl::OkStatus();
  };
  ASSERT_TRUE(app().ReadSnapshot(kOnly, kOnly, collect).ok());
  EXPECT_EQ(bytes, test::ReadFile(Snapshots().front()));
  EXPECT_TRUE(absl::IsNotFound(app().ReadSnapshot(kEverything, kEverything, collect)));
  Restart();
  EXPECT_THAT(*app().ListSnapshots(), ElementsAre(kOnly)) << "the start restored it";
  config_.snapshot_folder.clear();
  Restart();
  EXPECT_TRUE(absl::IsFailedPrecondition(app().ListSnapshots().status()));
  EXPECT_TRUE(absl::IsNotFound(app().ReadSnapshot(kOnly, kOnly, collect)));
  app().Stop();
  EXPECT_TRUE(absl::IsUnavailable(app().ListSnapshots().status()));
  EXPECT_TRUE(absl::IsUnavailable(app().ReadSnapshot(kOnly, kOnly, collect)));
}

TEST_F(StandbyTest, ASnapshotThatDoesNotFitTheConfigurationIsPassedOver) {
  ASSERT_TRUE(Connect(true).ok());
  Apply(FrameChain::Setup());
  ApplyOrder("a");
  ApplyOrder("b");
  config_.engine.max_orders = 1;
  Restart();
  EXPECT_EQ(applied(), 0u);
  EXPECT_THAT(process_->metrics.Text(), HasSubstr(R"(result="damaged"} 1)"));
}

}  // namespace
}  // namespace xt::matching
