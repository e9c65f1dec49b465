// The app against a fake sequencer: what it applies and when, what breaks a connection, and what it says of itself.
#include "services/matching/matching_app.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "libs/runtime/config.h"
#include "libs/wire/event_codec.h"
#include "services/matching/testing/fake_sequencer.h"

namespace xt::matching {
namespace {

using domain::SequenceNumber;
using domain::Side;
using testing::FrameChain;
using ::testing::HasSubstr;
using testing::ResultCollector;

// A sequencer that has all results.
constexpr SequenceNumber kNoLimit{1'000'000};
constexpr domain::Epoch kEpoch{5};

MatchingConfig SmallConfig(std::size_t recent_bytes = 1 << 20) {
  MatchingConfig config;
  config.max_recent_bytes = recent_bytes;
  config.max_waiting_frames = 4;
  config.max_waiting_queries = 8;
  config.engine.max_orders = 1'000;
  config.engine.max_client_ids = 1'000;
  return config;
}

// One app with its own metrics and health.
struct Replica {
  explicit Replica(const MatchingConfig& config = SmallConfig()) : app(config, metrics, health) {}
  runtime::MetricsRegistry metrics;
  runtime::HealthRegistry health{&metrics};
  MatchingApp app;
};

class MatchingAppTest : public ::testing::Test {
 protected:
  MatchingAppTest() = default;
  explicit MatchingAppTest(const MatchingConfig& config) : replica_(config) {}
  void SetUp() override { ASSERT_TRUE(app_.Start().ok()); }
  void TearDown() override { app_.Stop(); }

  void ConnectAndSetUp() {
    ASSERT_TRUE(app_.Connect(results_.Observer(), {kNoLimit, {}, kEpoch}).ok());
    Apply({FrameChain::Setup()});
  }
  // Offers and commits one frame, and waits for its results.
  void Apply(const std::vector<domain::CommandBody>& bodies) {
    ASSERT_TRUE(app_.Offer(chain_.Next(bodies)).ok());
    ASSERT_TRUE(app_.Commit(SequenceNumber(chain_.sequence())).ok());
    ASSERT_TRUE(results_.WaitForFrames(++applied_frames_));
  }
  std::uint64_t AppliedSequence() {
    const auto digest = app_.GetStateDigest();
    return digest.ok() ? digest->sequence.value() : 0;
  }

  Replica replica_;
  MatchingApp& app_ = replica_.app;
  FrameChain chain_;
  ResultCollector results_;
  std::size_t applied_frames_ = 0;
};

// Keeps no results.
class ForgetfulMatchingAppTest : public MatchingAppTest {
 protected:
  ForgetfulMatchingAppTest() : MatchingAppTest(SmallConfig(0)) {}
};

TEST_F(MatchingAppTest, StartsEmptyAndIsNotReadyWithoutASequencer) {
  EXPECT_EQ(AppliedSequence(), 0u);
  EXPECT_THAT(replica_.health.ReadyJson(), HasSubstr("no sequencer is connected"));
  const auto position = app_.Connect(results_.Observer(), {kNoLimit, {}, kEpoch});
  ASSERT_TRUE(position.ok());
  EXPECT_EQ(position->applied, SequenceNumber(0));
  EXPECT_EQ(position->frame_hash, Hash128{});
  replica_.health.SetState(runtime::ServingState::kServing);
  EXPECT_TRUE(replica_.health.Ready());
  app_.Disconnect();
  EXPECT_FALSE(replica_.health.Ready());
}

TEST_F(MatchingAppTest, AppliesWhatIsCommittedAndNothingElse) {
  ConnectAndSetUp();
  ASSERT_TRUE(app_.Offer(chain_.Next({FrameChain::Limit(1, Side::kBuy, 100, 5, "a")})).ok());
  EXPECT_EQ(AppliedSequence(), FrameChain::kSetupCommands);
  ASSERT_TRUE(app_.Commit(SequenceNumber(chain_.sequence())).ok());
  ASSERT_TRUE(results_.WaitForFrames(2));
  EXPECT_EQ(AppliedSequence(), FrameChain::kSetupCommands + 1);
}

TEST_F(MatchingAppTest, ResultsComeInOrderWithTheDigestOfTheirEvents) {
  ConnectAndSetUp();
  Apply({FrameChain::Limit(1, Side::kSell, 100, 5, "a"), FrameChain::Limit(2, Side::kBuy, 100, 5, "b")});
  const auto frames = results_.frames();
  ASSERT_EQ(frames.size(), 2u);
  std::uint64_t sequence = 0;
  for (const ports::FrameResults& frame : frames) {
    for (const domain::CommandResult& result : frame.results) {
      EXPECT_EQ(result.sequence, SequenceNumber(++sequence));
      EXPECT_FALSE(result.events.empty());
    }
    EXPECT_EQ(frame.digest, wire::DigestBatches(wire::EncodeEventBatches(frame.results)));
    EXPECT_EQ(frame.digest, wire::DigestBatches(frame.batches));
  }
  // What matching says can stand in the outbox: every event survives the trip through bytes.
  for (const ports::FrameResults& frame : frames) {
    for (const domain::CommandResult& result : frame.results) {
      const auto decoded = wire::DecodeEventBatch(wire::EncodeEventBatch(result));
      ASSERT_TRUE(decoded.ok()) << decoded.status();
      EXPECT_EQ(*decoded, result);
    }
  }
}

TEST_F(MatchingAppTest, AMarketOrderWithoutTimeInForceCanStandInTheOutboxToo) {
  ConnectAndSetUp();
  domain::NewOrder market = FrameChain::Limit(2, Side::kBuy, 0, 5, "m");
  market.type = domain::OrderType::kMarket;
  market.time_in_force = domain::TimeInForce::kUnspecified;
  Apply({FrameChain::Limit(1, Side::kSell, 100, 5, "a"), market});
  const auto frames = results_.frames();
  for (const domain::CommandResult& result : frames.back().results) {
    const auto decoded = wire::DecodeEventBatch(wire::EncodeEventBatch(result));
    EXPECT_TRUE(decoded.ok()) << decoded.status();
  }
}

TEST_F(MatchingAppTest, TellsWhenSomethingIsDue) {
  ConnectAndSetUp();
  EXPECT_EQ(results_.frames().back().next_due_ns, 0);
  domain::NewOrder order = FrameChain::Limit(1, Side::kBuy, 100, 5, "a");
  order.time_in_force = domain::TimeInForce::kGtd;
  order.expire_time_ms = 1'700'000'000'500;
  Apply({order});
  EXPECT_EQ(results_.frames().back().next_due_ns, order.expire_time_ms * 1'000'000);
  chain_.SetTime(order.expire_time_ms * 1'000'000);
  Apply({domain::Tick{}});
  const auto frame = results_.frames().back();
  EXPECT_EQ(frame.next_due_ns, 0);
  const auto* expired = std::get_if<domain::ExecutionReport>(&frame.results.at(0).events.front());
  ASSERT_NE(expired, nullptr);
  EXPECT_EQ(expired->status, domain::OrderStatus::kExpired);
}

TEST_F(MatchingAppTest, TwoReplicasSayTheSame) {
  ResultCollector other_results;
  Replica other;
  ASSERT_TRUE(other.app.Start().ok());
  ASSERT_TRUE(other.app.Connect(other_results.Observer(), {kNoLimit, {}, kEpoch}).ok());
  ASSERT_TRUE(app_.Connect(results_.Observer(), {kNoLimit, {}, kEpoch}).ok());
  for (int i = 0; i < 50; ++i) {
    const auto side = i % 2 == 0 ? Side::kBuy : Side::kSell;
    const auto frame = i == 0 ? chain_.Next(FrameChain::Setup())
                              : chain_.Next({FrameChain::Limit(1 + i % 2, side, 100 + i % 7, 3, std::to_string(i))});
    for (MatchingApp* app : {&app_, &other.app}) {
      ASSERT_TRUE(app->Offer(frame).ok());
      ASSERT_TRUE(app->Commit(frame->last_sequence()).ok());
    }
    ASSERT_TRUE(results_.WaitForFrames(static_cast<std::size_t>(i) + 1));
    ASSERT_TRUE(other_results.WaitForFrames(static_cast<std::size_t>(i) + 1));
  }
  EXPECT_EQ(results_.frames().back().digest, other_results.frames().back().digest);
  EXPECT_EQ(app_.GetStateDigest()->digest, other.app.GetStateDigest()->digest);
}

TEST_F(MatchingAppTest, AGapBreaksTheConnection) {
  ConnectAndSetUp();
  (void)chain_.Next({FrameChain::Limit(1, Side::kBuy, 100, 5, "lost")});
  const auto after_gap = chain_.Next({FrameChain::Limit(1, Side::kBuy, 100, 5, "a")});
  EXPECT_TRUE(absl::IsFailedPrecondition(app_.Offer(after_gap)));
  EXPECT_TRUE(absl::IsFailedPrecondition(app_.Commit(after_gap->last_sequence())));
  EXPECT_EQ(AppliedSequence(), FrameChain::kSetupCommands) << "what was applied stays";
}

TEST_F(MatchingAppTest, AFrameOfAnotherHistoryBreaksTheConnection) {
  ConnectAndSetUp();
  FrameChain other;
  (void)other.Next(std::vector<domain::CommandBody>(FrameChain::kSetupCommands, domain::EpochStart{domain::Epoch(1)}));
  EXPECT_TRUE(absl::IsFailedPrecondition(app_.Offer(other.Next({FrameChain::Limit(1, Side::kBuy, 100, 5, "a")}))));
}

TEST_F(MatchingAppTest, ANewConnectionGoesOnWhereTheReplicaStands) {
  ConnectAndSetUp();
  const auto offered = chain_.Next({FrameChain::Limit(1, Side::kBuy, 100, 5, "a")});
  ASSERT_TRUE(app_.Offer(offered).ok());
  ResultCollector again;
  const auto position = app_.Connect(again.Observer(), {SequenceNumber(FrameChain::kSetupCommands), {}, kEpoch});
  ASSERT_TRUE(position.ok());
  EXPECT_EQ(position->applied, SequenceNumber(FrameChain::kSetupCommands));
  EXPECT_EQ(position->frame_hash, offered->previous_hash);
  EXPECT_TRUE(app_.Offer(offered).ok()) << "what was offered and not committed is forgotten";
  ASSERT_TRUE(app_.Commit(offered->last_sequence()).ok());
  EXPECT_TRUE(again.WaitForFrames(1));
  EXPECT_EQ(results_.frames().size(), 1u) << "the old observer hears nothing more";
  app_.Stop();  // before `again` goes
}

TEST_F(MatchingAppTest, ASequencerThatLacksResultsIsToldThemAgain) {
  ConnectAndSetUp();
  Apply({FrameChain::Limit(1, Side::kBuy, 100, 5, "a")});
  Apply({FrameChain::Limit(1, Side::kBuy, 100, 5, "b"), FrameChain::Limit(1, Side::kBuy, 100, 5, "c")});
  const auto before = results_.frames();
  const std::uint64_t applied = chain_.sequence();
  ResultCollector again;
  // The one behind `applied - 1` lies in the middle of a frame.
  const auto position = app_.Connect(again.Observer(), {SequenceNumber(applied - 1), {}, kEpoch});
  ASSERT_TRUE(position.ok());
  EXPECT_EQ(position->applied, SequenceNumber(applied));
  EXPECT_EQ(position->frame_hash, chain_.hash());
  EXPECT_EQ(position->results_from, SequenceNumber(applied - 1));
  ASSERT_TRUE(again.WaitForFrames(1));
  EXPECT_EQ(again.frames()[0].results, before[2].results);
  EXPECT_EQ(again.frames()[0].digest, before[2].digest);
  const auto next = chain_.Next({FrameChain::Limit(1, Side::kBuy, 100, 5, "d")});
  ASSERT_TRUE(app_.Offer(next).ok());
  ASSERT_TRUE(app_.Commit(next->last_sequence()).ok());
  ASSERT_TRUE(again.WaitForFrames(2));
  EXPECT_EQ(again.frames()[1].results[0].sequence, next->first_sequence);
  EXPECT_THAT(replica_.metrics.Text(), HasSubstr(R"(matching_state_drops_total{shard="main"} 0)"));
  app_.Stop();  // before `again` goes
}

TEST_F(MatchingAppTest, WhatWasPublishedIsNotToldAgain) {
  ConnectAndSetUp();
  Apply({FrameChain::Limit(1, Side::kBuy, 100, 5, "a")});
  Apply({FrameChain::Limit(1, Side::kBuy, 100, 5, "b")});
  const std::uint64_t applied = chain_.sequence();
  ASSERT_TRUE(app_.Published(SequenceNumber(applied - 1)).ok());
  ResultCollector again;
  auto position = app_.Connect(again.Observer(), {SequenceNumber(0), {}, kEpoch});
  ASSERT_TRUE(position.ok());
  EXPECT_EQ(position->results_from, SequenceNumber(applied));
  EXPECT_TRUE(again.WaitForFrames(1));
  // A bus has lost what it had confirmed.
  position = app_.Connect(again.Observer(), {SequenceNumber(0), {}, kEpoch, SequenceNumber(applied - 2)});
  ASSERT_TRUE(position.ok());
  EXPECT_EQ(position->results_from, SequenceNumber(applied - 1));
  EXPECT_TRUE(again.WaitForFrames(3));
  app_.Stop();  // before `again` goes
}

TEST_F(MatchingAppTest, AReplicaThatFollowedAnotherJournalBeginsAnew) {
  ConnectAndSetUp();
  ASSERT_TRUE(app_.Published(SequenceNumber(chain_.sequence())).ok());
  ports::SequencerPosition sequencer{SequenceNumber(chain_.sequence()), {}, kEpoch};
  sequencer.begin_anew = true;
  const auto position = app_.Connect(results_.Observer(), sequencer);
  ASSERT_TRUE(position.ok());
  EXPECT_EQ(position->applied, SequenceNumber(0));
  EXPECT_EQ(position->results_from, SequenceNumber(1));
}

TEST_F(ForgetfulMatchingAppTest, ASequencerThatLacksResultsGetsAllOfThemAgain) {
  ConnectAndSetUp();
  Apply({FrameChain::Limit(1, Side::kBuy, 100, 5, "a")});
  const std::uint64_t applied = chain_.sequence();
  const auto before = results_.frames();
  const auto digest = app_.GetStateDigest();
  ResultCollector again;
  const auto position = app_.Connect(again.Observer(), {SequenceNumber(applied - 1), {}, kEpoch});
  ASSERT_TRUE(position.ok());
  EXPECT_EQ(position->applied, SequenceNumber(0));
  EXPECT_EQ(position->frame_hash, Hash128{});
  EXPECT_EQ(app_.GetStateDigest()->sequence, SequenceNumber(0));
  EXPECT_TRUE(app_.GetReferenceData()->symbols.empty());
  EXPECT_THAT(replica_.metrics.Text(), HasSubstr(R"(matching_state_drops_total{shard="main"} 1)"));
  EXPECT_THAT(replica_.metrics.Text(), HasSubstr(R"(matching_book_orders{symbol="BTC-KRW",side="BUY"} 0)"));
  FrameChain replayed;
  ASSERT_TRUE(app_.Offer(replayed.Next(FrameChain::Setup())).ok());
  ASSERT_TRUE(app_.Offer(replayed.Next({FrameChain::Limit(1, Side::kBuy, 100, 5, "a")})).ok());
  ASSERT_TRUE(app_.Commit(SequenceNumber(applied)).ok());
  ASSERT_TRUE(again.WaitForFrames(2));
  for (std::size_t i = 0; i < 2; ++i) EXPECT_EQ(again.frames()[i].digest, before[i].digest);
  EXPECT_EQ(app_.GetStateDigest()->digest, digest->digest);
  EXPECT_EQ(results_.frames().size(), 2u) << "the old observer hears nothing more";
  app_.Stop();  // before `again` goes
}

TEST_F(MatchingAppTest, ASequencerThatHasAllResultsFindsTheStateAsItWas) {
  ConnectAndSetUp();
  const auto position = app_.Connect(results_.Observer(), {SequenceNumber(FrameChain::kSetupCommands), {}, kEpoch});
  ASSERT_TRUE(position.ok());
  EXPECT_EQ(position->applied, SequenceNumber(FrameChain::kSetupCommands));
  EXPECT_EQ(position->frame_hash, chain_.hash());
  EXPECT_THAT(replica_.metrics.Text(), HasSubstr(R"(matching_state_drops_total{shard="main"} 0)"));
}

TEST_F(MatchingAppTest, ItAnswersNoQueryBeforeItIsAtThePresent) {
  EXPECT_TRUE(absl::IsUnavailable(app_.GetReferenceData().status())) << "nobody has told it what it lacks";
  constexpr SequenceNumber kEnd{FrameChain::kSetupCommands + 1};
  ASSERT_TRUE(app_.Connect(results_.Observer(), {kNoLimit, kEnd, kEpoch}).ok());
  Apply(FrameChain::Setup());
  EXPECT_TRUE(absl::IsUnavailable(app_.GetReferenceData().status()));
  EXPECT_TRUE(absl::IsUnavailable(app_.GetBook(domain::SymbolId(0), 0).status()));
  EXPECT_EQ(AppliedSequence(), FrameChain::kSetupCommands);
  Apply({FrameChain::Limit(1, Side::kBuy, 100, 5, "a")});
  EXPECT_EQ(app_.GetReferenceData()->sequence, kEnd);
  app_.Disconnect();
  EXPECT_EQ(app_.GetReferenceData()->sequence, kEnd) << "the sequencer is gone, the state is not";
  ASSERT_TRUE(app_.Connect(results_.Observer(), {kNoLimit, SequenceNumber(kEnd.value() + 1), kEpoch}).ok());
  EXPECT_TRUE(absl::IsUnavailable(app_.GetReferenceData().status()));
}

TEST_F(MatchingAppTest, ALeaderThatWasReplacedTakesNothingAway) {
  ConnectAndSetUp();
  ResultCollector stale;
  const auto refused = app_.Connect(stale.Observer(), {SequenceNumber(0), {}, domain::Epoch(kEpoch.value() - 1)});
  EXPECT_TRUE(absl::IsFailedPrecondition(refused.status())) << refused.status();
  Apply({FrameChain::Limit(1, Side::kBuy, 100, 5, "a")});
  EXPECT_EQ(AppliedSequence(), FrameChain::kSetupCommands + 1);
  // Without a connection nobody is before it: epochs begin anew with another journal.
  app_.Disconnect();
  EXPECT_TRUE(app_.Connect(stale.Observer(), {SequenceNumber(0), {}, domain::Epoch(1)}).ok());
  app_.Stop();  // before `stale` goes
}

TEST_F(MatchingAppTest, AfterAnotherJournalTheSymbolsAreTheNewOnes) {
  ConnectAndSetUp();
  ports::SequencerPosition sequencer{SequenceNumber(0), {}, kEpoch};
  sequencer.begin_anew = true;
  ASSERT_TRUE(app_.Connect(results_.Observer(), sequencer).ok());
  auto bodies = FrameChain::Setup();
  for (domain::CommandBody& body : bodies) {
    if (auto* asset = std::get_if<domain::DefineAsset>(&body); asset != nullptr && asset->code.view() == "KRW") {
      asset->code = *domain::AssetCode::From("USD");
    }
    if (auto* define = std::get_if<domain::DefineSymbol>(&body)) {
      define->symbol.code = *domain::SymbolCode::From("BTC-USD");
    }
  }
  chain_ = FrameChain();
  Apply(bodies);
  Apply({FrameChain::Limit(1, Side::kBuy, 100, 5, "a")});
  app_.Drain(std::chrono::steady_clock::now() + testing::kPatience);
  EXPECT_THAT(replica_.metrics.Text(), HasSubstr(R"(matching_book_orders{symbol="BTC-USD",side="BUY"} 1)"));
  EXPECT_THAT(replica_.metrics.Text(), HasSubstr(R"(matching_book_orders{symbol="BTC-KRW",side="BUY"} 0)"));
}

TEST_F(MatchingAppTest, AFullInputAsksToWait) {
  ConnectAndSetUp();
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(app_.Offer(chain_.Next({FrameChain::Limit(1, Side::kBuy, 100, 5, std::to_string(i))})).ok());
  }
  const auto more = chain_.Next({FrameChain::Limit(1, Side::kBuy, 100, 5, "more")});
  EXPECT_TRUE(absl::IsResourceExhausted(app_.Offer(more)));
  ASSERT_TRUE(app_.Commit(SequenceNumber(more->first_sequence.value() - 1)).ok());
  ASSERT_TRUE(results_.WaitForFrames(5));
  EXPECT_TRUE(app_.Offer(more).ok());
}

TEST_F(MatchingAppTest, ACommitMayRunAheadOfItsFrames) {
  ConnectAndSetUp();
  ASSERT_TRUE(app_.Commit(SequenceNumber(chain_.sequence() + 1)).ok());
  ASSERT_TRUE(app_.Offer(chain_.Next({FrameChain::Limit(1, Side::kBuy, 100, 5, "a")})).ok());
  EXPECT_TRUE(results_.WaitForFrames(2));
}

TEST_F(MatchingAppTest, AnswersQueriesAboutOneState) {
  ConnectAndSetUp();
  Apply({FrameChain::Limit(1, Side::kBuy, 99, 5, "a"), FrameChain::Limit(1, Side::kBuy, 98, 5, "b"),
         FrameChain::Limit(2, Side::kSell, 101, 7, "c")});
  const auto book = app_.GetBook(domain::SymbolId(0), 1);
  ASSERT_TRUE(book.ok());
  EXPECT_EQ(book->sequence, SequenceNumber(chain_.sequence()));
  EXPECT_EQ(book->bids, (std::vector<domain::BookLevel>{{domain::Price(99), domain::Quantity(5)}}));
  EXPECT_EQ(book->asks, (std::vector<domain::BookLevel>{{domain::Price(101), domain::Quantity(7)}}));
  EXPECT_EQ(app_.GetBook(domain::SymbolId(0), 0)->bids.size(), 2u);
  EXPECT_TRUE(absl::IsNotFound(app_.GetBook(domain::SymbolId(7), 0).status()));
  const auto data = app_.GetReferenceData();
  ASSERT_TRUE(data.ok());
  EXPECT_EQ(data->assets.size(), 2u);
  ASSERT_EQ(data->symbols.size(), 1u);
  EXPECT_EQ(data->symbols[0].code.view(), "BTC-KRW");
}

TEST_F(MatchingAppTest, QueriesRunBesideTheStreamOfFrames) {
  ConnectAndSetUp();
  std::vector<std::thread> askers;
  for (int i = 0; i < 3; ++i) {
    askers.emplace_back([this] {
      for (int n = 0; n < 200; ++n) {
        const auto book = app_.GetBook(domain::SymbolId(0), 0);
        ASSERT_TRUE(book.ok());
      }
    });
  }
  for (int i = 0; i < 100; ++i) Apply({FrameChain::Limit(1, Side::kBuy, 100 + i % 5, 1, std::to_string(i))});
  for (std::thread& asker : askers) asker.join();
  EXPECT_EQ(AppliedSequence(), FrameChain::kSetupCommands + 100);
}

TEST_F(MatchingAppTest, DrainAppliesWhatIsCommitted) {
  ConnectAndSetUp();
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(app_.Offer(chain_.Next({FrameChain::Limit(1, Side::kBuy, 100, 1, std::to_string(i))})).ok());
  }
  ASSERT_TRUE(app_.Commit(SequenceNumber(chain_.sequence())).ok());
  app_.Drain(std::chrono::steady_clock::now() + testing::kPatience);
  EXPECT_EQ(results_.frames().size(), 5u);
}

TEST_F(MatchingAppTest, StopTellsTheObserverAndRefusesEverything) {
  ConnectAndSetUp();
  app_.Stop();
  EXPECT_TRUE(absl::IsUnavailable(results_.WaitForEnd()));
  EXPECT_TRUE(absl::IsUnavailable(app_.GetStateDigest().status()));
  EXPECT_TRUE(absl::IsUnavailable(app_.Connect(results_.Observer(), {kNoLimit, {}, kEpoch}).status()));
  EXPECT_TRUE(absl::IsUnavailable(app_.Offer(chain_.Next(FrameChain::Setup()))));
}

TEST_F(MatchingAppTest, CountsARefusalThatStandsBehindWhatWasDue) {
  ConnectAndSetUp();
  domain::NewOrder order = FrameChain::Limit(1, Side::kBuy, 100, 5, "a");
  order.time_in_force = domain::TimeInForce::kGtd;
  order.expire_time_ms = 1'700'000'000'500;
  Apply({order});
  chain_.SetTime(order.expire_time_ms * 1'000'000);
  Apply({domain::CancelOrder{domain::AccountId(1), {}, order.client_order_id}});
  app_.Drain(std::chrono::steady_clock::now() + testing::kPatience);
  EXPECT_THAT(replica_.metrics.Text(),
              HasSubstr(R"(matching_commands_total{op="cancel_order",outcome="rejected",shard="main"} 1)"));
}

TEST_F(MatchingAppTest, CountsWhatItDoes) {
  const std::string before = replica_.metrics.Text();
  EXPECT_THAT(before, HasSubstr(R"(matching_commands_total{op="new_order",outcome="rejected",shard="main"} 0)"));
  ConnectAndSetUp();
  Apply({FrameChain::Limit(1, Side::kSell, 100, 5, "a"), FrameChain::Limit(2, Side::kBuy, 100, 3, "b"),
         FrameChain::Limit(2, Side::kBuy, 100, 3, "b"), FrameChain::Limit(2, Side::kBuy, -1, 3, "c")});
  app_.Drain(std::chrono::steady_clock::now() + testing::kPatience);
  const std::string text = replica_.metrics.Text();
  for (const char* line :
       {R"(matching_commands_total{op="new_order",outcome="accepted",shard="main"} 2)",
        R"(matching_commands_total{op="new_order",outcome="rejected",shard="main"} 1)",
        R"(matching_commands_total{op="new_order",outcome="repeated",shard="main"} 1)",
        R"(matching_trades_total{symbol="BTC-KRW"} 1)", R"(matching_traded_quantity_total{symbol="BTC-KRW"} 3000000)",
        R"(matching_book_orders{symbol="BTC-KRW",side="SELL"} 1)", R"(matching_book_crossed{symbol="BTC-KRW"} 0)",
        R"(matching_applied_sequence{shard="main"} 14)", R"(matching_input_queue_depth{shard="main"} 0)",
        R"(matching_replay_ratio{shard="main"} 1)"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

}  // namespace
}  // namespace xt::matching
