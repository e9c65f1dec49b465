#include "services/sequencer/core/sequencer_core.h"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/sequencer/testing/core_support.h"

namespace xt::sequencer {
namespace {

using domain::SequenceNumber;
using testing::HonestAnswer;
using testing::NumberedCommand;

constexpr Now kNow{1'000'000, 10};

class SequencerCoreTest : public ::testing::Test {
 protected:
  explicit SequencerCoreTest(const CoreLimits& limits = {}) : core_(limits, encoder_) {}

  // Takes the actions and keeps them by kind. The outbox takes everything at once, as in production.
  void Take() {
    std::vector<Action> actions;
    for (core_.TakeActions(actions); !actions.empty(); core_.TakeActions(actions)) {
      for (Action& action : actions) {
        std::visit([this](auto& a) { Keep(a); }, action);
      }
    }
  }
  void Keep(AppendFrame& a) { appended_.push_back(a.frame); }
  void Keep(OfferFrame& a) { offered_.push_back(a.frame); }
  void Keep(CommitFrame& a) { committed_.push_back(a.last_sequence); }
  void Keep(AppendEvents& a) {
    outbox_.insert(outbox_.end(), a.answer->results.begin(), a.answer->results.end());
    core_.EventsAppended(outbox_status_);
  }
  void Keep(Reply& a) { replies_.push_back(std::move(a)); }
  void Keep(Refuse& a) { refusals_.push_back(std::move(a)); }
  void Keep(Halt& a) { halts_.push_back(a.reason); }

  void Confirm(std::size_t frame) {
    core_.Appended(appended_.at(frame)->last_sequence(), absl::OkStatus());
    Take();
  }
  void Answer(std::size_t frame, std::int64_t next_due_ns = 0) {
    FrameAnswer answer = HonestAnswer(*appended_.at(frame));
    answer.next_due_ns = next_due_ns;
    core_.Answered(std::move(answer));
    Take();
  }
  void Lead(const ChainTail& tail = {}, std::int64_t next_due_ns = 0) {
    core_.Lead(domain::Epoch(3), tail, kNow);
    Take();
    Confirm(0);
    Answer(0, next_due_ns);
    ASSERT_EQ(core_.state(), SequencerCore::State::kServing);
  }
  void Submit(Ticket first, std::size_t count = 1) {
    for (std::size_t i = 0; i < count; ++i) core_.Submit(NumberedCommand(first + i), first + i);
  }
  void Advance(Now now = kNow) {
    core_.Advance(now);
    Take();
  }
  // Both clocks, that much later than kNow.
  static Now After(std::int64_t ns) { return {kNow.wall_ns + ns, kNow.monotonic_ns + ns}; }
  [[nodiscard]] bool IsTick(std::size_t frame) const {
    return appended_.at(frame)->commands == std::vector<domain::Command>{{domain::Tick{}}};
  }
  [[nodiscard]] std::vector<std::pair<Ticket, absl::StatusCode>> Refused() const {
    std::vector<std::pair<Ticket, absl::StatusCode>> refused;
    for (const Refuse& refusal : refusals_) refused.emplace_back(refusal.ticket, refusal.status.code());
    return refused;
  }

  testing::TextEncoder encoder_;
  SequencerCore core_;
  absl::Status outbox_status_;
  std::vector<std::shared_ptr<const domain::Frame>> appended_, offered_;
  std::vector<SequenceNumber> committed_;
  std::vector<domain::CommandResult> outbox_;
  std::vector<Reply> replies_;
  std::vector<Refuse> refusals_;
  std::vector<absl::Status> halts_;
};

class SmallCoreTest : public SequencerCoreTest {
 protected:
  SmallCoreTest() : SequencerCoreTest({.max_unanswered = 6, .max_frame_commands = 2, .max_open_frames = 3}) {}
};

using Pairs = std::vector<std::pair<Ticket, absl::StatusCode>>;

TEST_F(SequencerCoreTest, FirstFrameIsEpochStartBehindTheTail) {
  const ChainTail tail{SequenceNumber(41), Hash128{1, 2}, 5'000'000};
  core_.Lead(domain::Epoch(3), tail, kNow);
  Take();
  ASSERT_EQ(appended_.size(), 1U);
  const domain::Frame& frame = *appended_[0];
  EXPECT_EQ(frame.epoch, domain::Epoch(3));
  EXPECT_EQ(frame.first_sequence, SequenceNumber(42));
  EXPECT_EQ(frame.previous_hash, tail.last_hash);
  EXPECT_EQ(frame.timestamp_ns, tail.last_timestamp_ns);
  EXPECT_EQ(frame.commands, std::vector<domain::Command>{{domain::EpochStart{domain::Epoch(3)}}});
  EXPECT_EQ(core_.state(), SequencerCore::State::kStarting);
}

TEST_F(SequencerCoreTest, RefusesUntilEpochStartIsThrough) {
  Submit(1);
  core_.Lead(domain::Epoch(3), {}, kNow);
  Take();
  Submit(2);
  Confirm(0);
  Submit(3);
  Answer(0);
  EXPECT_TRUE(core_.accepting());
  EXPECT_EQ(Refused(), (Pairs{{1, absl::StatusCode::kUnavailable},
                              {2, absl::StatusCode::kUnavailable},
                              {3, absl::StatusCode::kUnavailable}}));
  EXPECT_EQ(outbox_.size(), 1U);
}

TEST_F(SequencerCoreTest, RepliesOnlyAfterCommitAndResult) {
  Lead();
  Submit(7);
  Advance();
  ASSERT_EQ(appended_.size(), 2U);
  EXPECT_EQ(offered_.back(), appended_.back());
  Confirm(1);
  EXPECT_EQ(committed_.back(), SequenceNumber(2));
  EXPECT_TRUE(replies_.empty());
  Answer(1);
  ASSERT_EQ(replies_.size(), 1U);
  EXPECT_EQ(replies_[0].ticket, 7U);
  EXPECT_EQ(replies_[0].result, outbox_.back());
  EXPECT_EQ(core_.unanswered(), 0U);
}

TEST_F(SequencerCoreTest, AResultBeforeTheCommitWaitsForIt) {
  Lead();
  Submit(7);
  Advance();
  Answer(1);
  EXPECT_TRUE(replies_.empty());
  Confirm(1);
  EXPECT_EQ(replies_.size(), 1U);
}

TEST_F(SequencerCoreTest, WhatQueuedMeanwhileBecomesOneFrame) {
  Lead();
  for (const Ticket ticket : {1, 2}) {
    Submit(ticket);
    Advance();
  }
  Submit(3, 5);
  Advance();
  EXPECT_EQ(appended_.size(), 3U) << "two frames are in flight";
  EXPECT_EQ(core_.waiting(), 5U);
  Confirm(1);
  Advance();
  ASSERT_EQ(appended_.size(), 4U);
  EXPECT_EQ(appended_[3]->commands.size(), 5U);
  EXPECT_EQ(appended_[3]->first_sequence, SequenceNumber(4));
  EXPECT_EQ(appended_[3]->previous_hash, appended_[2]->hash);
}

TEST_F(SequencerCoreTest, FramesAreCutAtTheLimit) {
  Lead();
  Submit(1, domain::kMaxFrameCommands + 1);
  Advance();
  ASSERT_EQ(appended_.size(), 3U);
  EXPECT_EQ(appended_[1]->commands.size(), domain::kMaxFrameCommands);
  EXPECT_EQ(appended_[2]->commands.size(), 1U);
}

TEST_F(SmallCoreTest, RefusesBeyondTheBound) {
  Lead();
  Submit(1, 7);
  Advance();
  EXPECT_EQ(Refused(), (Pairs{{7, absl::StatusCode::kResourceExhausted}}));
  Confirm(1);
  Answer(1);
  Submit(8, 2);
  Advance();
  EXPECT_EQ(refusals_.size(), 1U);
}

TEST_F(SmallCoreTest, ASlowReplicaHoldsFurtherFramesBack) {
  Lead();
  Submit(1, 6);
  Advance();
  Confirm(1);
  Advance();
  Confirm(2);
  Confirm(3);
  EXPECT_EQ(appended_.size(), 4U);
  EXPECT_EQ(core_.waiting(), 0U);
  Answer(1);
  Submit(7, 2);
  Advance();
  EXPECT_EQ(appended_.size(), 5U);
  Submit(9, 2);
  Advance();
  EXPECT_EQ(appended_.size(), 5U) << "three frames are open";
}

TEST_F(SequencerCoreTest, AJournalErrorHaltsAndTellsWhatIsKnown) {
  Lead();
  for (const Ticket ticket : {1, 2, 3}) {
    Submit(ticket);
    Advance();
  }
  core_.Appended(appended_[1]->last_sequence(), absl::DataLossError("disk"));
  Take();
  EXPECT_EQ(core_.state(), SequencerCore::State::kHalted);
  EXPECT_EQ(
      Refused(),
      (Pairs{{1, absl::StatusCode::kUnknown}, {2, absl::StatusCode::kUnknown}, {3, absl::StatusCode::kUnavailable}}));
  EXPECT_EQ(halts_, (std::vector<absl::Status>{absl::DataLossError("disk")}));
  Submit(4);
  Advance();
  core_.Appended(appended_[2]->last_sequence(), absl::OkStatus());
  core_.Answered(HonestAnswer(*appended_[1]));
  Take();
  EXPECT_TRUE(replies_.empty());
  EXPECT_EQ(Refused().back(), (std::pair{Ticket{4}, absl::StatusCode::kUnavailable}));
  EXPECT_EQ(halts_.size(), 1U);
}

TEST_F(SequencerCoreTest, AnOutboxErrorHaltsBeforeTheReply) {
  Lead();
  Submit(1);
  Advance();
  Confirm(1);
  outbox_status_ = absl::DataLossError("two runs of one journal disagreed");
  Answer(1);
  EXPECT_TRUE(replies_.empty());
  EXPECT_EQ(Refused(), (Pairs{{1, absl::StatusCode::kUnknown}}));
  EXPECT_EQ(halts_.size(), 1U);
}

TEST_F(SequencerCoreTest, ASecondReplicaThatAgreesChangesNothing) {
  Lead();
  Submit(1);
  Advance();
  Confirm(1);
  Answer(1);
  Answer(0);
  Answer(1);
  EXPECT_EQ(replies_.size(), 1U);
  EXPECT_TRUE(halts_.empty());
}

TEST_F(SequencerCoreTest, ReplicasThatDisagreeHaltTheMarket) {
  Lead();
  Submit(1);
  Advance();
  Confirm(1);
  Answer(1);
  FrameAnswer other = HonestAnswer(*appended_[1]);
  other.digest.low ^= 1;
  core_.Answered(std::move(other));
  Take();
  ASSERT_EQ(halts_.size(), 1U);
  EXPECT_EQ(halts_[0].code(), absl::StatusCode::kDataLoss);
}

TEST_F(SequencerCoreTest, AStandbyThatAgreesChangesNothingWheneverItAnswers) {
  Lead();
  Submit(1);
  Advance();
  Confirm(1);
  const Hash128 digest = HonestAnswer(*appended_[1]).digest;
  core_.StandbyAnswered(SequenceNumber(2), digest);
  core_.StandbyAnswered(SequenceNumber(2), digest);
  Answer(1);
  core_.StandbyAnswered(SequenceNumber(2), digest);
  core_.StandbyAnswered(SequenceNumber(1), HonestAnswer(*appended_[0]).digest);
  Take();
  EXPECT_EQ(replies_.size(), 1U);
  EXPECT_TRUE(halts_.empty());
  EXPECT_FALSE(core_.replicas_disagree());
}

TEST_F(SequencerCoreTest, AStandbyThatDisagreesHaltsTheMarketWheneverItAnswers) {
  for (const bool early : {true, false}) {
    SequencerCore core({}, encoder_);
    core.Lead(domain::Epoch(1), {}, kNow);
    std::vector<Action> actions;
    core.TakeActions(actions);
    const auto first = std::get<AppendFrame>(actions[0]).frame;
    core.Appended(SequenceNumber(1), absl::OkStatus());
    Hash128 digest = HonestAnswer(*first).digest;
    digest.high ^= 1;
    if (early) core.StandbyAnswered(SequenceNumber(1), digest);
    EXPECT_EQ(core.state(), SequencerCore::State::kStarting);
    core.Answered(HonestAnswer(*first));
    if (!early) core.StandbyAnswered(SequenceNumber(1), digest);
    EXPECT_EQ(core.state(), SequencerCore::State::kHalted) << early;
    EXPECT_TRUE(core.replicas_disagree());
  }
}

TEST_F(SequencerCoreTest, AStandbyThatAnswersWhatWasNotSentHalts) {
  Lead();
  core_.StandbyAnswered(SequenceNumber(2), Hash128{});
  Take();
  ASSERT_EQ(halts_.size(), 1U);
}

TEST_F(SequencerCoreTest, ResultsThatDoNotFitTheFrameHalt) {
  const std::vector<std::function<void(FrameAnswer&)>> damages = {
      [](FrameAnswer& answer) { answer.results.pop_back(); },
      [](FrameAnswer& answer) { answer.batches.pop_back(); },
      [](FrameAnswer& answer) { answer.results.clear(); },
      [](FrameAnswer& answer) { answer.results[1].sequence = SequenceNumber(9); },
      [](FrameAnswer& answer) { answer.results[0].timestamp_ns += 1; },
      [](FrameAnswer& answer) { answer.results[0].sequence = SequenceNumber(3); },
  };
  for (const auto& damage : damages) {
    SequencerCore core({}, encoder_);
    core.Lead(domain::Epoch(1), {}, kNow);
    std::vector<Action> actions;
    core.TakeActions(actions);
    const auto first = std::get<AppendFrame>(actions[0]).frame;
    core.Appended(SequenceNumber(1), absl::OkStatus());
    core.Answered(HonestAnswer(*first));
    core.EventsAppended(absl::OkStatus());
    core.Submit(NumberedCommand(1), 1);
    core.Submit(NumberedCommand(2), 2);
    core.Advance(kNow);
    core.TakeActions(actions);
    const auto frame = std::find_if(actions.begin(), actions.end(),
                                    [](const Action& action) { return std::holds_alternative<OfferFrame>(action); });
    ASSERT_NE(frame, actions.end());
    FrameAnswer answer = HonestAnswer(*std::get<OfferFrame>(*frame).frame);
    damage(answer);
    core.Answered(std::move(answer));
    EXPECT_EQ(core.state(), SequencerCore::State::kHalted);
  }
}

TEST_F(SequencerCoreTest, AnAnswerToAFrameThatWasNotSentHalts) {
  Lead();
  domain::Frame frame;
  frame.first_sequence = SequenceNumber(2);
  frame.commands = {NumberedCommand(1)};
  core_.Answered(HonestAnswer(frame));
  Take();
  EXPECT_EQ(halts_.size(), 1U);
}

TEST_F(SequencerCoreTest, WithoutAReplicaItSuspendsAndResumesWhenEverythingWasReplayed) {
  Lead();
  Submit(1);
  Advance();
  Confirm(1);
  for (const Ticket ticket : {2, 3}) {
    Submit(ticket);
    Advance();
  }
  Submit(4);
  Advance();
  core_.ReplicaLost(absl::UnavailableError("gone"));
  Take();
  EXPECT_EQ(core_.state(), SequencerCore::State::kSuspended);
  EXPECT_EQ(Refused(), (Pairs{{1, absl::StatusCode::kUnknown},
                              {2, absl::StatusCode::kUnknown},
                              {3, absl::StatusCode::kUnknown},
                              {4, absl::StatusCode::kUnavailable}}));
  EXPECT_FALSE(core_.settled()) << "two frames are on their way into the journal";
  Submit(5);
  Advance();
  EXPECT_EQ(Refused().back(), (std::pair{Ticket{5}, absl::StatusCode::kUnavailable}));
  const std::size_t commits = committed_.size();
  Confirm(2);
  Confirm(3);
  EXPECT_EQ(committed_.size(), commits) << "there is nobody to tell";
  EXPECT_TRUE(core_.settled());
  core_.Resume();
  Submit(6);
  Advance();
  ASSERT_EQ(appended_.size(), 5U);
  EXPECT_EQ(appended_[4]->first_sequence, SequenceNumber(5));
  EXPECT_EQ(appended_[4]->previous_hash, appended_[3]->hash);
  Confirm(4);
  Answer(4);
  EXPECT_EQ(replies_.back().ticket, 6U);
}

TEST_F(SequencerCoreTest, AReplicaLostDuringEpochStartServesAfterTheReplay) {
  core_.Lead(domain::Epoch(3), {}, kNow);
  Take();
  core_.ReplicaLost(absl::UnavailableError("gone"));
  Take();
  Confirm(0);
  ASSERT_TRUE(core_.settled());
  core_.Resume();
  EXPECT_TRUE(core_.accepting());
  EXPECT_EQ(appended_.size(), 1U) << "one EPOCH_START per run";
}

TEST_F(SequencerCoreTest, AJournalErrorWhileSuspendedHalts) {
  Lead();
  Submit(1);
  Advance();
  core_.ReplicaLost(absl::UnavailableError("gone"));
  core_.Appended(appended_[1]->last_sequence(), absl::DataLossError("disk"));
  Take();
  EXPECT_EQ(halts_.size(), 1U);
  EXPECT_EQ(refusals_.size(), 1U);
}

TEST_F(SequencerCoreTest, DrainingAnswersWhatWasAccepted) {
  Lead();
  Submit(1, 3);
  core_.StopAccepting();
  Submit(4);
  Advance();
  EXPECT_EQ(Refused(), (Pairs{{4, absl::StatusCode::kUnavailable}}));
  Confirm(1);
  Answer(1);
  EXPECT_EQ(replies_.size(), 3U);
  EXPECT_EQ(core_.unanswered(), 0U);
}

TEST_F(SequencerCoreTest, ATickIsMadeWhenSomethingIsDue) {
  Lead({}, kNow.wall_ns + 500);
  EXPECT_EQ(core_.NsUntilTick(After(100)), 400);
  Advance(After(499));
  EXPECT_EQ(appended_.size(), 1U);
  EXPECT_EQ(core_.NsUntilTick(After(600)), 0);
  Advance(After(600));
  ASSERT_EQ(appended_.size(), 2U);
  EXPECT_TRUE(IsTick(1));
  EXPECT_EQ(appended_[1]->timestamp_ns, kNow.wall_ns + 600);
  EXPECT_EQ(core_.unanswered(), 0U) << "nobody waits for it";
  Confirm(1);
  Answer(1);
  EXPECT_EQ(outbox_.size(), 2U);
  EXPECT_TRUE(replies_.empty());
  EXPECT_EQ(core_.NsUntilTick(After(700)), std::numeric_limits<std::int64_t>::max());
  Advance(After(1'000'000));
  EXPECT_EQ(appended_.size(), 2U) << "nothing is due any more";
}

TEST_F(SequencerCoreTest, ACommandThatComesInTimeMakesTheTickNeedless) {
  Lead({}, kNow.wall_ns + 500);
  Submit(1);
  Advance(After(500));
  ASSERT_EQ(appended_.size(), 2U);
  EXPECT_FALSE(IsTick(1));
  Advance(After(900));
  EXPECT_EQ(appended_.size(), 2U) << "the frame on its way has reached the time";
  Confirm(1);
  Answer(1, kNow.wall_ns + 800);
  Advance(After(900));
  ASSERT_EQ(appended_.size(), 3U) << "what is due next was due already";
  EXPECT_TRUE(IsTick(2));
}

TEST_F(SequencerCoreTest, NeverMoreThanOneTickIsUnanswered) {
  Lead({}, kNow.wall_ns + 500);
  Submit(1);
  Advance(After(400));
  Advance(After(500));
  ASSERT_EQ(appended_.size(), 3U);
  EXPECT_TRUE(IsTick(2));
  Confirm(1);
  Confirm(2);
  Answer(1, kNow.wall_ns + 600);
  Advance(After(700));
  EXPECT_EQ(appended_.size(), 3U) << "the tick before has no answer";
  EXPECT_EQ(core_.NsUntilTick(After(700)), std::numeric_limits<std::int64_t>::max()) << "nothing to wake up for";
  Answer(2, kNow.wall_ns + 600);
  Advance(After(700));
  ASSERT_EQ(appended_.size(), 4U);
  EXPECT_TRUE(IsTick(3));
}

TEST_F(SmallCoreTest, ATickWaitsForRoomLikeAnyFrame) {
  Lead();
  Submit(1, 4);
  Advance();
  ASSERT_EQ(appended_.size(), 3U);
  Answer(1, kNow.wall_ns + 500);
  Advance(After(600));
  EXPECT_EQ(appended_.size(), 3U) << "two frames are in flight";
  Confirm(1);
  Advance(After(600));
  ASSERT_EQ(appended_.size(), 4U);
  EXPECT_TRUE(IsTick(3));
}

TEST_F(SequencerCoreTest, ALateTickWaitsForTheSlewedClock) {
  Lead({}, kNow.wall_ns + 8'000);
  const Now set_forward{kNow.wall_ns + 1'000'000'000, kNow.monotonic_ns + 6'400};
  EXPECT_EQ(core_.NsUntilTick(set_forward), 800) << "the clock runs an eighth faster";
  const Now set_back{0, kNow.monotonic_ns + 8'000};
  EXPECT_EQ(core_.NsUntilTick(set_back), 1'000) << "the clock runs an eighth slower";
  Advance(set_back);
  EXPECT_EQ(appended_.size(), 1U);
}

TEST_F(SequencerCoreTest, NoTickWithoutAReplicaOrWhileDraining) {
  Lead({}, kNow.wall_ns + 500);
  core_.ReplicaLost(absl::UnavailableError("gone"));
  Take();
  Advance(After(600));
  EXPECT_EQ(appended_.size(), 1U);
  core_.Replayed(kNow.wall_ns + 700);
  core_.Resume();
  Advance(After(600));
  EXPECT_EQ(appended_.size(), 1U);
  Advance(After(700));
  ASSERT_EQ(appended_.size(), 2U) << "what the replay said counts";
  EXPECT_TRUE(IsTick(1));
  Confirm(1);
  Answer(1, kNow.wall_ns + 800);
  core_.StopAccepting();
  Advance(After(900));
  EXPECT_EQ(appended_.size(), 2U);
}

TEST_F(SequencerCoreTest, ALostTickIsMadeAgainWhenItIsStillDue) {
  Lead({}, kNow.wall_ns + 500);
  Advance(After(500));
  ASSERT_EQ(appended_.size(), 2U);
  core_.ReplicaLost(absl::UnavailableError("gone"));
  Confirm(1);
  core_.Replayed(kNow.wall_ns + 550);
  core_.Resume();
  Advance(After(600));
  ASSERT_EQ(appended_.size(), 3U);
  EXPECT_TRUE(IsTick(2));
}

TEST_F(SequencerCoreTest, TimestampsNeverFall) {
  Lead();
  Submit(1);
  Advance({5'000'000, 4'000'010});
  Confirm(1);
  Answer(1);
  Submit(2);
  Advance({1'000, 4'000'020});
  EXPECT_GE(appended_[2]->timestamp_ns, appended_[1]->timestamp_ns);
  EXPECT_GE(appended_[1]->timestamp_ns, appended_[0]->timestamp_ns);
}

}  // namespace
}  // namespace xt::sequencer
