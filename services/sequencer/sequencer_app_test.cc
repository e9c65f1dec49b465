#include "services/sequencer/sequencer_app.h"

#include <algorithm>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "libs/wire/event_codec.h"
#include "libs/wire/frame_codec.h"
#include "services/sequencer/replica_position.h"
#include "services/sequencer/testing/world.h"

namespace xt::sequencer {
namespace {

using domain::SequenceNumber;
using testing::Await;
using testing::FakeEventLog;
using testing::NumberedCommand;
using testing::Outcome;
using testing::Soon;
using testing::World;

absl::StatusCode CodeOf(const Outcome& outcome) { return outcome.status().code(); }

TEST(SequencerAppTest, OrdersJournalsAndAnswers) {
  World world;
  ASSERT_TRUE(world.StartAndServe().ok());
  EXPECT_TRUE(world.ready());
  std::vector<std::uint64_t> sequences;
  for (std::uint64_t n = 1; n <= 5; ++n) {
    const Outcome outcome = Await(world.Ask(n));
    ASSERT_TRUE(outcome.ok()) << outcome.status();
    EXPECT_EQ(testing::IdIn(*outcome), testing::IdOf(n));
    sequences.push_back(outcome->sequence.value());
  }
  EXPECT_THAT(sequences, ::testing::ElementsAre(2, 3, 4, 5, 6)) << "1 is EPOCH_START";
  EXPECT_TRUE(world.executions.WaitForEntries(6));
  EXPECT_EQ(world.Metric("sequencer_messages_total{shard=\"0\"}"), "5");
  EXPECT_EQ(world.Metric("leader_is_leader{role=\"sequencer\",shard=\"0\"}"), "1");
}

TEST(SequencerAppTest, ABusThatIsOffGetsNothingAndHoldsNothingUp) {
  World world;
  world.stream = nullptr;
  ASSERT_TRUE(world.StartAndServe().ok());
  ASSERT_TRUE(Await(world.Ask(1)).ok());
  EXPECT_TRUE(world.app().WaitUntilPublished(testing::Soon()).ok());
  EXPECT_TRUE(world.executions.entries().empty());
  EXPECT_FALSE(world.market.channel.messages().empty());
  EXPECT_EQ(world.Metric("mq_connection_up{broker=\"executions\"}"), "");
}

TEST(SequencerAppTest, ManySubmittersGetOneGapFreeOrder) {
  constexpr std::uint64_t kThreads = 4;
  constexpr std::uint64_t kEach = 500;
  World world;
  ASSERT_TRUE(world.StartAndServe().ok());
  std::vector<std::vector<std::uint64_t>> sequences(kThreads);
  std::vector<std::thread> threads;
  for (std::uint64_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      std::vector<std::future<Outcome>> asked;
      for (std::uint64_t n = 0; n < kEach; ++n) asked.push_back(world.Ask(1 + t * kEach + n));
      for (std::uint64_t n = 0; n < kEach; ++n) {
        const Outcome outcome = Await(asked[n]);
        if (outcome.ok() && testing::IdIn(*outcome) == testing::IdOf(1 + t * kEach + n)) {
          sequences[t].push_back(outcome->sequence.value());
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::vector<std::uint64_t> all;
  for (const auto& of_thread : sequences) {
    EXPECT_TRUE(std::is_sorted(of_thread.begin(), of_thread.end())) << "one submitter's commands keep their order";
    all.insert(all.end(), of_thread.begin(), of_thread.end());
  }
  std::sort(all.begin(), all.end());
  ASSERT_EQ(all.size(), kThreads * kEach);
  for (std::size_t i = 0; i < all.size(); ++i) ASSERT_EQ(all[i], i + 2);
  Hash128 previous;
  std::uint64_t due = 1;
  for (const ports::JournalRecord& record : world.journal.records()) {
    EXPECT_EQ(record.previous_hash, previous);
    EXPECT_EQ(record.first_sequence.value(), due);
    previous = record.hash;
    due = record.last_sequence.value() + 1;
  }
}

TEST(SequencerAppTest, WhoHaltedDoesNotWaitForABusBeforeAnotherMayLead) {
  World world;
  world.market.channel.SetDown(true);
  ASSERT_TRUE(world.StartAndServe().ok());
  world.journal.Hold(true);
  auto first = world.Ask(1);
  ASSERT_TRUE(world.journal.WaitForAppends(2));
  world.journal.FailNext(absl::DataLossError("disk"));
  EXPECT_FALSE(Await(first).ok());
  world.app().Drain(std::chrono::steady_clock::now() + std::chrono::hours(1));
  EXPECT_FALSE(world.app().WaitUntilServing(Soon()).ok());
  world.Crash();
}

TEST(SequencerAppTest, WhoStepsDownNeedsAnotherCandidateAndDoesNotWaitForABus) {
  World world(false);
  world.market.channel.SetDown(true);
  ASSERT_TRUE(world.Launch().Start().ok());
  world.election.Depose();
  EXPECT_EQ(world.app().StepDown(true).status(), absl::FailedPreconditionError("it does not lead, another does"));
  world.election.Elect();
  ASSERT_TRUE(world.app().WaitUntilServing(Soon()).ok());
  EXPECT_EQ(world.app().StepDown(false).status(), absl::FailedPreconditionError("nobody else would lead then"));
  world.election.others = absl::UnavailableError("no connection");
  EXPECT_EQ(world.app().StepDown(false).status(),
            absl::FailedPreconditionError("who would lead then is not known: no connection"));
  ASSERT_TRUE(Await(world.Ask(1)).ok()) << "who was refused goes on";
  EXPECT_EQ(world.app().StepDown(true).value_or(domain::Epoch()), domain::Epoch(2));
  world.election.others = 1;
  EXPECT_EQ(world.app().StepDown(false).value_or(domain::Epoch()), domain::Epoch(2));

  world.journal.Hold(true);
  auto accepted = world.Ask(2);
  ASSERT_TRUE(world.journal.WaitForAppends(3));
  auto drained = std::async(std::launch::async,
                            [&] { world.app().Drain(std::chrono::steady_clock::now() + std::chrono::hours(1)); });
  world.journal.Hold(false);
  world.journal.ConfirmAll();
  EXPECT_TRUE(Await(accepted).ok()) << "what it accepted it answers";
  drained.get();
  world.app().Stop();
  EXPECT_EQ(world.Metric("leader_is_leader{role=\"sequencer\",shard=\"0\"}"), "0");
}

TEST(SequencerAppTest, AJournalFailureInFlightIsUnknownAndHalts) {
  World world;
  std::promise<absl::Status> halted;
  world.Launch().OnHalt([&](const absl::Status& status) { halted.set_value(status); });
  ASSERT_TRUE(world.app().Start().ok());
  ASSERT_TRUE(world.app().WaitUntilServing(Soon()).ok());
  world.journal.Hold(true);
  auto first = world.Ask(1);
  ASSERT_TRUE(world.journal.WaitForAppends(2));
  world.journal.FailNext(absl::DataLossError("disk"));
  EXPECT_EQ(CodeOf(Await(first)), absl::StatusCode::kUnknown);
  EXPECT_EQ(halted.get_future().get(), absl::DataLossError("disk"));
  EXPECT_EQ(CodeOf(Await(world.Ask(2))), absl::StatusCode::kUnavailable);
  EXPECT_FALSE(world.ready());
  EXPECT_EQ(world.app().WaitUntilServing(Soon()), absl::DataLossError("disk"));
}

TEST(SequencerAppTest, AJournalThatWantsAnotherCopyRefusesWhatIsNew) {
  World world;
  ASSERT_TRUE(world.StartAndServe().ok());
  world.journal.Hold(true);
  auto accepted = world.Ask(1);
  ASSERT_TRUE(world.journal.WaitForAppends(2));
  const absl::Status why = absl::UnavailableError("two copies are wanted");
  world.journal.Refuse(why);
  const Outcome refused = Await(world.Ask(2));
  EXPECT_EQ(refused.status(), why);
  EXPECT_EQ(accepted.wait_for(std::chrono::seconds(0)), std::future_status::timeout) << "it waits, it is not lost";
  world.journal.Refuse(absl::OkStatus());
  world.journal.Hold(false);
  world.journal.ConfirmAll();
  EXPECT_TRUE(Await(accepted).ok());
  EXPECT_TRUE(Await(world.Ask(2)).ok());
}

TEST(SequencerAppTest, ADamagedJournalRefusesToStart) {
  World world;
  world.journal.FailOpen(absl::DataLossError("wal-00000001.log at 4096"));
  EXPECT_EQ(world.Launch().Start(), absl::DataLossError("wal-00000001.log at 4096"));
  EXPECT_EQ(CodeOf(Await(world.Ask(1))), absl::StatusCode::kUnavailable);
}

TEST(SequencerAppTest, StartsWithoutMatchingAndNamesIt) {
  World world;
  world.matching.SetAbsent(true);
  ASSERT_TRUE(world.Launch().Start().ok());
  ASSERT_TRUE(world.matching.WaitForConnects(3));
  EXPECT_FALSE(world.ready());
  EXPECT_TRUE(world.process->health.Alive());
  EXPECT_THAT(world.process->health.ReadyJson(), ::testing::HasSubstr("matching is absent"));
  EXPECT_EQ(CodeOf(Await(world.Ask(1))), absl::StatusCode::kUnavailable);
  world.matching.SetAbsent(false);
  ASSERT_TRUE(world.app().WaitUntilServing(Soon()).ok());
  EXPECT_TRUE(Await(world.Ask(2)).ok());
}

TEST(SequencerAppTest, MatchingDiesAndComesBack) {
  World world;
  ASSERT_TRUE(world.StartAndServe().ok());
  ASSERT_TRUE(Await(world.Ask(1)).ok());
  world.matching.Hold(true);
  auto lost = world.Ask(2);
  ASSERT_TRUE(world.matching.WaitForApplied(3));
  world.matching.Die();
  EXPECT_EQ(CodeOf(Await(lost)), absl::StatusCode::kUnknown) << "it is in the journal, and nobody said so";
  EXPECT_EQ(CodeOf(Await(world.Ask(3))), absl::StatusCode::kUnavailable);
  EXPECT_FALSE(world.ready());
  world.matching.Hold(false);
  world.matching.SetAbsent(false);
  ASSERT_TRUE(world.app().WaitUntilServing(Soon()).ok());
  const Outcome next = Await(world.Ask(4));
  ASSERT_TRUE(next.ok());
  EXPECT_EQ(next->sequence, SequenceNumber(4));
  ASSERT_TRUE(world.executions.WaitForEntries(4));
  const auto events = wire::DecodeEventBatch(*world.executions.entries()[2].payload);
  ASSERT_TRUE(events.ok());
  EXPECT_EQ(testing::IdIn(*events), testing::IdOf(2)) << "what was lost came from the replay";
  EXPECT_EQ(world.journal.epoch(), domain::Epoch(1)) << "the same leader's run";
}

TEST(SequencerAppTest, AFullReplicaOnlySlowsDown) {
  World world;
  ASSERT_TRUE(world.StartAndServe().ok());
  world.matching.SetFull(20);
  EXPECT_TRUE(Await(world.Ask(1)).ok());
  EXPECT_TRUE(Await(world.Ask(2)).ok());
}

TEST(SequencerAppTest, RefusesWhatDoesNotFit) {
  World world;
  world.config.max_unanswered = 4;
  ASSERT_TRUE(world.StartAndServe().ok());
  world.journal.Hold(true);
  std::vector<std::future<Outcome>> asked;
  for (std::uint64_t n = 1; n <= 30; ++n) asked.push_back(world.Ask(n));
  world.journal.Hold(false);
  world.journal.ConfirmAll();
  std::size_t refused = 0;
  for (auto& future : asked) {
    const Outcome outcome = Await(future);
    if (!outcome.ok()) {
      EXPECT_EQ(CodeOf(outcome), absl::StatusCode::kResourceExhausted) << outcome.status();
      ++refused;
    }
  }
  EXPECT_GT(refused, 0U);
  EXPECT_LT(refused, 30U);
  EXPECT_TRUE(Await(world.Ask(99)).ok()) << "there is room again";
  EXPECT_EQ(world.Metric("sequencer_backpressure_total{shard=\"0\"}"), std::to_string(refused));
}

// Something is due a minute after the frame with the command `number`, until journal time is there.
testing::FakeMatching::Due DueAMinuteAfter(std::uint64_t number) {
  auto due_ns = std::make_shared<std::int64_t>(0);
  return [number, due_ns](const domain::Frame& frame) {
    if (frame.timestamp_ns >= *due_ns) *due_ns = 0;
    if (testing::IdIn(frame.commands.front()) == testing::IdOf(number)) {
      *due_ns = frame.timestamp_ns + 60'000'000'000;
    }
    return *due_ns;
  };
}

std::vector<domain::Frame> TicksIn(World& world) {
  std::vector<domain::Frame> ticks;
  for (const ports::JournalRecord& record : world.journal.records()) {
    auto frame = wire::DecodeFrame(record.bytes);
    if (frame.ok() && std::holds_alternative<domain::Tick>(frame->commands.front().body)) {
      ticks.push_back(*std::move(frame));
    }
  }
  return ticks;
}

TEST(SequencerAppTest, TimePassesByItselfWhenSomethingIsDue) {
  ManualClock clock(1'000'000'000'000);
  World world;
  world.clock = &clock;
  world.matching.SetDue(DueAMinuteAfter(1));
  ASSERT_TRUE(world.StartAndServe().ok());
  const Outcome outcome = Await(world.Ask(1));
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  clock.AdvanceNs(59'999'999'999);
  ASSERT_TRUE(Await(world.Ask(2)).ok());
  EXPECT_TRUE(TicksIn(world).empty());
  clock.AdvanceNs(1);
  ASSERT_TRUE(world.executions.WaitForEntries(4));
  const auto ticks = TicksIn(world);
  ASSERT_EQ(ticks.size(), 1U);
  EXPECT_EQ(ticks[0].timestamp_ns, outcome->timestamp_ns + 60'000'000'000);
  clock.AdvanceNs(120'000'000'000);
  ASSERT_TRUE(Await(world.Ask(3)).ok());
  EXPECT_EQ(TicksIn(world).size(), 1U);
  EXPECT_EQ(world.Metric("sequencer_ticks_total{shard=\"0\"}"), "1");
}

TEST(SequencerAppTest, ANewLeaderLearnsWhatIsDue) {
  ManualClock clock(1'000'000'000'000);
  World world;
  world.clock = &clock;
  world.matching.SetDue(DueAMinuteAfter(1));
  ASSERT_TRUE(world.StartAndServe().ok());
  ASSERT_TRUE(Await(world.Ask(1)).ok());
  world.Crash();
  ASSERT_TRUE(world.StartAndServe().ok());
  clock.AdvanceNs(60'000'000'000);
  ASSERT_TRUE(world.executions.WaitForEntries(4)) << "EPOCH_START, the command, EPOCH_START, and the tick";
  EXPECT_EQ(TicksIn(world).size(), 1U);
}

TEST(SequencerAppTest, WhatIsDueOutlivesTheLossOfMatching) {
  ManualClock clock(1'000'000'000'000);
  World world;
  world.clock = &clock;
  world.matching.SetDue(DueAMinuteAfter(1));
  ASSERT_TRUE(world.StartAndServe().ok());
  ASSERT_TRUE(Await(world.Ask(1)).ok());
  world.matching.Die();
  world.matching.SetAbsent(false);
  clock.AdvanceNs(60'000'000'000);
  ASSERT_TRUE(world.executions.WaitForEntries(3));
  EXPECT_EQ(TicksIn(world).size(), 1U);
}

TEST(SequencerAppTest, ARepeatedCommandCountsAlsoBehindWhatWasDue) {
  World world;
  world.matching.SetEffect([](const domain::Command&, domain::CommandResult& result) {
    domain::CommandRejected repeated;
    repeated.original_sequence = SequenceNumber(1);
    result.events = {domain::Ticked{}, repeated};
  });
  ASSERT_TRUE(world.StartAndServe().ok());
  ASSERT_TRUE(Await(world.Ask(1)).ok());
  EXPECT_EQ(world.Metric("sequencer_duplicates_total{shard=\"0\"}"), "1");
}

TEST(SequencerAppTest, RefusesWhatNoGatewayMaySend) {
  World world;
  ASSERT_TRUE(world.StartAndServe().ok());
  EXPECT_EQ(CodeOf(Await(world.Ask(domain::Command{domain::Tick{}}))), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(Await(world.Ask(domain::Command{domain::EpochStart{domain::Epoch(9)}}))),
            absl::StatusCode::kInvalidArgument);
  domain::NewOrder order;
  order.side = static_cast<domain::Side>(77);
  EXPECT_EQ(CodeOf(Await(world.Ask(domain::Command{order}))), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(world.journal.records().size(), 1U);
}

TEST(SequencerAppTest, ARestartReplaysAndContinues) {
  World world;
  ASSERT_TRUE(world.StartAndServe().ok());
  for (std::uint64_t n = 1; n <= 600; ++n) ASSERT_TRUE(Await(world.Ask(n)).ok());
  world.Crash();
  world.matching.Die();
  world.matching.SetAbsent(false);
  ASSERT_TRUE(world.StartAndServe().ok());
  EXPECT_EQ(world.matching.applied(), 602U);
  const Outcome next = Await(world.Ask(7));
  ASSERT_TRUE(next.ok());
  EXPECT_EQ(next->sequence, SequenceNumber(603));
  ASSERT_TRUE(world.executions.WaitForEntries(603));
  std::uint64_t due = 1;
  for (const ports::EventEntry& entry : world.executions.entries()) EXPECT_EQ(entry.sequence.value(), due++);
  std::vector<std::uint64_t> epochs;
  for (const ports::JournalRecord& record : world.journal.records()) {
    const auto frame = wire::DecodeFrame(record.bytes);
    ASSERT_TRUE(frame.ok());
    if (std::holds_alternative<domain::EpochStart>(frame->commands.front().body))
      epochs.push_back(record.epoch.value());
  }
  EXPECT_THAT(epochs, ::testing::ElementsAre(1, 2)) << "one EPOCH_START per leader's run";
}

TEST(SequencerAppTest, AReplicaThatKeptItsStateGetsOnlyTheRest) {
  World world;
  ASSERT_TRUE(world.StartAndServe().ok());
  for (std::uint64_t n = 1; n <= 5; ++n) ASSERT_TRUE(Await(world.Ask(n)).ok());
  world.Crash();
  ASSERT_TRUE(world.StartAndServe().ok());
  EXPECT_EQ(Await(world.Ask(6))->sequence, SequenceNumber(8));
  EXPECT_EQ(world.matching.drops(), 0U);
}

TEST(SequencerAppTest, AReplayThatComesToOtherResultsHalts) {
  World world;
  ASSERT_TRUE(world.StartAndServe().ok());
  ASSERT_TRUE(Await(world.Ask(1)).ok());
  world.Crash();
  world.matching.Die();
  world.matching.SetAbsent(false);
  world.matching.SetEffect([](const domain::Command&, domain::CommandResult& result) {
    result.events.emplace_back(domain::EpochStarted{domain::Epoch(77)});
  });
  EXPECT_TRUE(absl::IsDataLoss(world.StartAndServe()));
  EXPECT_EQ(CodeOf(Await(world.Ask(2))), absl::StatusCode::kUnavailable);
}

// A replica that came to its state in another way than by this journal, and why it does not fit.
const std::pair<ports::ReplicaPosition, std::string> kMisfits[] = {
    {{SequenceNumber(2), Hash128{4, 5}}, "another frame"},
    {{SequenceNumber(99), Hash128{4, 5}}, "another journal"},
};

TEST(SequencerAppTest, AReplicaThatDoesNotFitTheJournalBeginsAnew) {
  for (const auto& [position, reason] : kMisfits) {
    World world;
    ASSERT_TRUE(world.StartAndServe().ok());
    ASSERT_TRUE(Await(world.Ask(1)).ok());
    world.Crash();
    world.matching.SetPosition(position);
    ASSERT_TRUE(world.StartAndServe().ok()) << reason;
    EXPECT_EQ(world.matching.drops(), 1U);
    EXPECT_EQ(Await(world.Ask(2))->sequence, SequenceNumber(4)) << "EPOCH_START, the command, EPOCH_START";
    EXPECT_EQ(world.matching.applied(), 4U);
  }
}

TEST(SequencerAppTest, AReplicaThatKeepsWhatDoesNotFitIsNotFed) {
  for (const auto& [position, reason] : kMisfits) {
    World world;
    ASSERT_TRUE(world.StartAndServe().ok());
    ASSERT_TRUE(Await(world.Ask(1)).ok());
    world.Crash();
    world.matching.SetPosition(position);
    world.matching.SetStubborn();
    ASSERT_TRUE(world.Launch().Start().ok());
    ASSERT_TRUE(world.matching.WaitForConnects(3 + kMostBegunAnew))
        << "by the first leader, by the second one, and again";
    EXPECT_THAT(world.process->health.ReadyJson(), ::testing::HasSubstr(reason));
    EXPECT_EQ(CodeOf(Await(world.Ask(2))), absl::StatusCode::kUnavailable);
  }
}

TEST(SequencerAppTest, ALeaderWithoutResultsGetsThemFromAReplicaThatHasApplied) {
  World world;
  world.market.channel.SetDown(true);  // so nothing counts as published
  ASSERT_TRUE(world.StartAndServe().ok());
  for (std::uint64_t n = 1; n <= 5; ++n) ASSERT_TRUE(Await(world.Ask(n)).ok());
  world.Crash();
  FakeEventLog empty;  // the next leader's outbox
  world.outbox = &empty;
  ASSERT_TRUE(world.StartAndServe().ok());
  EXPECT_EQ(world.matching.drops(), 1U);
  EXPECT_EQ(Await(world.Ask(6))->sequence, SequenceNumber(8));
  EXPECT_EQ(empty.LastSequence(), SequenceNumber(8));
  world.Crash();
}

TEST(SequencerAppTest, ALeaderWithoutResultsIsToldThemAgain) {
  World world;
  world.matching.KeepResults();
  world.market.channel.SetDown(true);  // so nothing counts as published
  ASSERT_TRUE(world.StartAndServe().ok());
  for (std::uint64_t n = 1; n <= 5; ++n) ASSERT_TRUE(Await(world.Ask(n)).ok());
  world.Crash();
  FakeEventLog empty;
  world.outbox = &empty;
  ASSERT_TRUE(world.StartAndServe().ok());
  EXPECT_EQ(world.matching.drops(), 0U);
  EXPECT_EQ(Await(world.Ask(6))->sequence, SequenceNumber(8));
  EXPECT_EQ(empty.FirstSequence(), SequenceNumber(1));
  EXPECT_EQ(empty.LastSequence(), SequenceNumber(8));
  world.Crash();
}

TEST(SequencerAppTest, ANewLeadersOutboxBeginsWhereTheBusesAre) {
  World world;
  world.matching.KeepResults();
  ASSERT_TRUE(world.StartAndServe().ok());
  for (std::uint64_t n = 1; n <= 5; ++n) ASSERT_TRUE(Await(world.Ask(n)).ok());
  ASSERT_TRUE(world.matching.WaitForPublished(6));
  world.Crash();
  FakeEventLog empty;
  world.outbox = &empty;
  ASSERT_TRUE(world.StartAndServe().ok());
  EXPECT_EQ(world.matching.drops(), 0U);
  EXPECT_EQ(empty.FirstSequence(), SequenceNumber(7));
  EXPECT_EQ(Await(world.Ask(6))->sequence, SequenceNumber(8));
  EXPECT_TRUE(world.executions.WaitForEntries(8)) << "the bus goes on where it was";
  world.Crash();
}

// Its log begins behind what the executions' server has just lost.
TEST(SequencerAppTest, WhatABusLostAndTheOutboxNeverHadIsDerivedAgain) {
  for (const bool kept : {true, false}) {
    World world;
    if (kept) world.matching.KeepResults();
    ASSERT_TRUE(world.StartAndServe().ok());
    for (std::uint64_t n = 1; n <= 5; ++n) ASSERT_TRUE(Await(world.Ask(n)).ok());
    ASSERT_TRUE(world.executions.WaitForEntries(6));
    const auto before = world.executions.entries();
    ASSERT_TRUE(world.matching.WaitForPublished(6));
    world.Crash();
    FakeEventLog empty;
    world.outbox = &empty;
    if (!kept) {
      ASSERT_TRUE(empty.BeginAt(SequenceNumber(7)).ok());
    }
    world.executions.CutAfter(3);
    ASSERT_TRUE(world.StartAndServe().ok());
    ASSERT_TRUE(world.executions.WaitForEntries(7)) << "those that it lost, and EPOCH_START";
    const auto after = world.executions.entries();
    for (std::size_t i = 0; i < before.size(); ++i) EXPECT_EQ(*after[i].payload, *before[i].payload);
    EXPECT_EQ(world.matching.drops(), kept ? 0U : 1U);
    EXPECT_EQ(empty.FirstSequence(), SequenceNumber(4));
    ASSERT_TRUE(world.app().WaitUntilServing(Soon()).ok());
    EXPECT_TRUE(Await(world.Ask(6)).ok());
    world.Crash();
  }
}

TEST(SequencerAppTest, DrainAnswersWhatIsInFlightAndFlushes) {
  World world;
  ASSERT_TRUE(world.StartAndServe().ok());
  world.journal.Hold(true);
  std::vector<std::future<Outcome>> asked;
  for (std::uint64_t n = 1; n <= 3; ++n) asked.push_back(world.Ask(n));
  ASSERT_TRUE(world.journal.WaitForAppends(2));
  std::thread drainer([&] { world.app().Drain(Soon()); });
  world.journal.Hold(false);
  world.journal.ConfirmAll();
  drainer.join();
  std::size_t answered = 0;
  for (auto& future : asked) {
    const Outcome outcome = Await(future);
    if (outcome.ok()) {
      ++answered;
    } else {
      EXPECT_EQ(CodeOf(outcome), absl::StatusCode::kUnavailable) << "it had not been accepted";
    }
  }
  EXPECT_GE(answered, 1U);
  EXPECT_EQ(CodeOf(Await(world.Ask(4))), absl::StatusCode::kUnavailable);
  EXPECT_EQ(world.executions.entries().size(), answered + 1);
  EXPECT_EQ(world.events.CursorAt("market"), answered + 1);
  EXPECT_EQ(world.events.CursorAt("notifications"), answered + 1);
  world.app().Stop();
}

TEST(SequencerAppTest, StopAnswersEverybody) {
  World world;
  ASSERT_TRUE(world.StartAndServe().ok());
  world.journal.Hold(true);
  auto framed = world.Ask(1);
  ASSERT_TRUE(world.journal.WaitForAppends(2));
  world.app().Stop();
  EXPECT_EQ(CodeOf(Await(framed)), absl::StatusCode::kUnknown);
  EXPECT_EQ(CodeOf(Await(world.Ask(2))), absl::StatusCode::kUnavailable);
  world.journal.ConfirmAll();
}

TEST(SequencerAppTest, AStandbyWaitsAndALostLeadershipHalts) {
  World world(/*leads_at_once=*/false);
  std::promise<absl::Status> halted;
  world.Launch().OnHalt([&](const absl::Status& status) { halted.set_value(status); });
  ASSERT_TRUE(world.app().Start().ok());
  EXPECT_EQ(CodeOf(Await(world.Ask(1))), absl::StatusCode::kUnavailable);
  EXPECT_THAT(world.process->health.ReadyJson(), ::testing::HasSubstr("standby"));
  world.election.Elect();
  ASSERT_TRUE(world.app().WaitUntilServing(Soon()).ok());
  EXPECT_TRUE(Await(world.Ask(2)).ok());
  world.election.Depose();
  EXPECT_TRUE(absl::IsFailedPrecondition(halted.get_future().get()));
  EXPECT_EQ(CodeOf(Await(world.Ask(3))), absl::StatusCode::kUnavailable);
}

TEST(SequencerAppTest, WhoIsElectedSaysSoBeforeTheJournalIsOpened) {
  World world(/*leads_at_once=*/false);
  int told = 0;
  world.Launch().BeforeLeading([&] {
    ++told;
    EXPECT_EQ(world.journal.epoch(), domain::Epoch()) << "it is not open yet";
  });
  ASSERT_TRUE(world.app().Start().ok());
  EXPECT_EQ(told, 0) << "it stands by";
  world.election.Elect();
  ASSERT_TRUE(world.app().WaitUntilServing(Soon()).ok());
  world.app().Stop();
  EXPECT_EQ(told, 1);
  EXPECT_EQ(world.journal.epoch(), domain::Epoch(1));
}

}  // namespace
}  // namespace xt::sequencer
