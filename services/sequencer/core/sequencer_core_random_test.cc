// A seeded scheduler drives the core: submits, journal confirmations, answers of two replicas, losses, failures and jumps
// of the clock in any order that the ports allow. The rules are checked on every action, so a violation names its seed.
#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <random>
#include <set>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "services/sequencer/core/sequencer_core.h"
#include "services/sequencer/testing/core_support.h"

namespace xt::sequencer {
namespace {

using domain::Frame;
using domain::SequenceNumber;
using FramePtr = std::shared_ptr<const Frame>;

enum class Ending { kDrain, kJournalFails, kOutboxFails, kReplicasDisagree, kStopped };

// What is due after a frame: a function of the frame, as of the journal in matching.
std::int64_t DueAfter(const Frame& frame) {
  const std::uint64_t sequence = frame.last_sequence().value();
  if (sequence % 3 == 0) return 0;
  return frame.timestamp_ns + static_cast<std::int64_t>(sequence * 7919 % 4000);
}

// One run: the core with its surroundings, and what they have seen.
class World {
 public:
  explicit World(std::uint64_t seed)
      : random_(seed),
        limits_{.max_unanswered = 1 + Below(60), .max_frame_commands = 1 + Below(9), .max_open_frames = 2 + Below(5)},
        core_(limits_, encoder_),
        ending_(static_cast<Ending>(Below(5))) {
    tail_ = {SequenceNumber(Below(1000)), Hash128{Below(9), 1}, static_cast<std::int64_t>(Below(1'000'000))};
    last_hash_ = tail_.last_hash;
    last_sequence_ = replayed_ = tail_.last_sequence;
    last_timestamp_ = tail_.last_timestamp_ns;
  }

  void Run() {
    core_.Lead(domain::Epoch(4), tail_, Time());
    Execute();
    const std::size_t steps = 50 + Below(600);
    for (std::size_t step = 0; step < steps && !::testing::Test::HasFailure(); ++step) Step();
    End();
    CheckAtTheEnd();
  }

  [[nodiscard]] std::size_t replies() const { return replies_; }
  [[nodiscard]] std::size_t ticks() const { return ticks_; }
  [[nodiscard]] bool exhausted() const { return exhausted_; }
  [[nodiscard]] bool resumed() const { return resumed_; }

 private:
  std::uint64_t Below(std::uint64_t n) { return std::uniform_int_distribution<std::uint64_t>(0, n - 1)(random_); }

  Now Time() {
    monotonic_ += static_cast<std::int64_t>(Below(1000));
    if (Below(50) == 0) wall_offset_ = static_cast<std::int64_t>(Below(2'000'000)) - 1'000'000;
    return {monotonic_ + wall_offset_, monotonic_};
  }

  void Step() {
    const std::uint64_t choice = Below(100);
    if (choice < 40) {
      for (std::uint64_t n = Below(6) + 1; n > 0; --n) Submit();
    } else if (choice < 60) {
      ConfirmOne(absl::OkStatus());
    } else if (choice < 80) {
      AnswerOne(Below(2));
    } else if (choice < 82) {
      LoseReplicas();
    } else if (choice < 90) {
      TryResume();
    }
    core_.Advance(Time());
    Execute();
  }

  void Submit() {
    const Ticket ticket = ++last_ticket_;
    open_.insert(ticket);
    core_.Submit(testing::NumberedCommand(ticket), ticket);
    Execute();
    ASSERT_LE(core_.unanswered(), limits_.max_unanswered);
  }

  void ConfirmOne(const absl::Status& status) {
    if (journal_.empty()) return;
    const FramePtr frame = journal_.front();
    journal_.pop_front();
    if (status.ok()) confirmed_ = frame->last_sequence();
    core_.Appended(frame->last_sequence(), status);
    Execute();
  }

  // Replica `index` answers its next frame. Mostly only committed ones; the core must hold even the result of a replica
  // that was too quick.
  void AnswerOne(std::uint64_t index, bool lie = false) {
    auto& frames = replicas_.at(index);
    if (frames.empty()) return;
    if (frames.front()->last_sequence() > told_ && Below(10) != 0) return;
    FrameAnswer answer = testing::HonestAnswer(*frames.front());
    if (lie) answer.digest.low ^= 1;
    answer.next_due_ns = DueAfter(*frames.front());
    if (frames.front()->last_sequence() > answered_) next_due_ns_ = answer.next_due_ns;
    answered_ = std::max(answered_, frames.front()->last_sequence());
    frames.pop_front();
    core_.Answered(std::move(answer));
    Execute();
  }

  void LoseReplicas() {
    core_.ReplicaLost(absl::UnavailableError("gone"));
    Execute();
    for (auto& frames : replicas_) frames.clear();
  }

  void TryResume() {
    if (core_.state() != SequencerCore::State::kSuspended || !core_.settled()) return;
    ASSERT_TRUE(journal_.empty());
    told_ = answered_ = confirmed_;
    replayed_ = confirmed_;
    resumed_ = true;
    next_due_ns_ = last_timestamp_ + static_cast<std::int64_t>(Below(4000));
    core_.Replayed(next_due_ns_);
    core_.Resume();
    Execute();
  }

  void End() {
    switch (ending_) {
      case Ending::kDrain:
        core_.StopAccepting();
        Settle();
        EXPECT_EQ(core_.unanswered(), 0U);
        return;
      case Ending::kJournalFails: ConfirmOne(absl::DataLossError("disk")); break;
      case Ending::kOutboxFails:
        outbox_status_ = absl::DataLossError("outbox");
        Settle();
        break;
      case Ending::kReplicasDisagree:
        while (!replicas_[0].empty() || !replicas_[1].empty()) {
          AnswerOne(0);
          AnswerOne(1, true);
        }
        break;
      case Ending::kStopped: break;
    }
    core_.HaltNow(absl::UnavailableError("stop"));
    Execute();
    EXPECT_EQ(core_.state(), SequencerCore::State::kHalted);
    for (int i = 0; i < 20; ++i) Step();
  }

  void Settle() {
    while (core_.unanswered() > 0 && core_.state() != SequencerCore::State::kHalted) {
      ConfirmOne(absl::OkStatus());
      AnswerOne(0);
      AnswerOne(1);
      TryResume();
      core_.Advance(Time());
      Execute();
      if (::testing::Test::HasFailure()) return;
    }
  }

  void Execute() {
    std::vector<Action> actions;
    for (core_.TakeActions(actions); !actions.empty(); core_.TakeActions(actions)) {
      for (Action& action : actions) {
        std::visit([this](auto& a) { Do(a); }, action);
      }
    }
  }

  void Do(AppendFrame& append) {
    const Frame& frame = *append.frame;
    EXPECT_FALSE(halted_);
    EXPECT_EQ(frame.first_sequence.value(), last_sequence_.value() + 1);
    EXPECT_EQ(frame.previous_hash, last_hash_);
    EXPECT_GE(frame.timestamp_ns, last_timestamp_);
    EXPECT_GE(frame.commands.size(), 1U);
    EXPECT_LE(frame.commands.size(), limits_.max_frame_commands);
    EXPECT_EQ(std::holds_alternative<domain::EpochStart>(frame.commands.front().body), first_frame_);
    first_frame_ = false;
    CheckTick(frame);
    last_sequence_ = frame.last_sequence();
    last_hash_ = frame.hash;
    last_timestamp_ = frame.timestamp_ns;
    for (const domain::Command& command : frame.commands) framed_.insert(testing::IdIn(command).view());
    journal_.push_back(append.frame);
    EXPECT_LE(journal_.size(), limits_.max_uncommitted_frames);
  }
  void CheckTick(const Frame& frame) {
    const auto is_tick = [](const domain::Command& c) { return std::holds_alternative<domain::Tick>(c.body); };
    if (std::none_of(frame.commands.begin(), frame.commands.end(), is_tick)) return;
    ++ticks_;
    EXPECT_EQ(frame.commands.size(), 1U);
    EXPECT_EQ(core_.waiting(), 0U) << "commands carry the time themselves";
    EXPECT_NE(next_due_ns_, 0);
    EXPECT_GE(frame.timestamp_ns, next_due_ns_) << "not before it is due";
    EXPECT_LT(last_timestamp_, next_due_ns_) << "no frame has reached it";
    EXPECT_LE(last_tick_, std::max(answered_, replayed_)) << "the one before was answered";
    last_tick_ = frame.last_sequence();
  }
  void Do(OfferFrame& offer) {
    for (auto& frames : replicas_) frames.push_back(offer.frame);
    EXPECT_EQ(offer.frame->last_sequence(), last_sequence_);
  }
  void Do(CommitFrame& commit) {
    EXPECT_GT(commit.last_sequence, told_);
    EXPECT_LE(commit.last_sequence, confirmed_);
    told_ = commit.last_sequence;
  }
  void Do(AppendEvents& append) {
    for (const domain::CommandResult& result : append.answer->results) {
      EXPECT_EQ(result.sequence.value(), std::max(outbox_, replayed_).value() + 1) << "the outbox has no gap";
      EXPECT_LE(result.sequence, confirmed_);
      outbox_ = result.sequence;
    }
    core_.EventsAppended(outbox_status_);
  }
  void Do(Reply& reply) {
    EXPECT_FALSE(halted_) << "no OK after a halt";
    EXPECT_EQ(open_.erase(reply.ticket), 1U) << "answered once";
    EXPECT_EQ(testing::IdIn(reply.result), testing::IdOf(reply.ticket)) << "the caller's own result";
    EXPECT_LE(reply.result.sequence, confirmed_) << "committed";
    EXPECT_LE(reply.result.sequence, answered_) << "answered by a replica";
    EXPECT_LE(reply.result.sequence, outbox_) << "in the outbox";
    EXPECT_GT(reply.result.sequence, last_reply_) << "in order";
    last_reply_ = reply.result.sequence;
    ++replies_;
  }
  void Do(Refuse& refuse) {
    EXPECT_EQ(open_.erase(refuse.ticket), 1U) << "answered once";
    const bool framed = framed_.contains(testing::IdOf(refuse.ticket).view());
    EXPECT_EQ(framed, refuse.status.code() == absl::StatusCode::kUnknown)
        << "unknown exactly when it may be journalled";
    if (refuse.status.code() == absl::StatusCode::kResourceExhausted) {
      exhausted_ = true;
      EXPECT_EQ(core_.unanswered(), limits_.max_unanswered);
    }
  }
  void Do(Halt&) {
    EXPECT_FALSE(halted_);
    halted_ = true;
  }

  void CheckAtTheEnd() {
    if (ending_ == Ending::kDrain) {
      EXPECT_FALSE(halted_);
    }
    EXPECT_TRUE(open_.empty()) << open_.size() << " tickets without an answer";
  }

  std::mt19937_64 random_;
  const CoreLimits limits_;
  testing::TextEncoder encoder_;
  SequencerCore core_;
  const Ending ending_;
  ChainTail tail_;
  std::int64_t monotonic_ = 0;
  std::int64_t wall_offset_ = 0;

  std::deque<FramePtr> journal_;  // appended, not confirmed
  std::vector<std::deque<FramePtr>> replicas_ = std::vector<std::deque<FramePtr>>(2);
  SequenceNumber confirmed_, told_, answered_, replayed_, outbox_;
  absl::Status outbox_status_;

  bool first_frame_ = true;
  SequenceNumber last_sequence_, last_reply_;
  Hash128 last_hash_;
  std::int64_t last_timestamp_ = 0;
  std::int64_t next_due_ns_ = 0;  // as the core was told
  SequenceNumber last_tick_;
  std::size_t ticks_ = 0;
  Ticket last_ticket_ = kNoTicket;
  std::set<Ticket> open_;
  struct Framed {
    std::set<std::string, std::less<>> ids;
    void insert(std::string_view id) { ids.emplace(id); }
    [[nodiscard]] bool contains(std::string_view id) const { return ids.find(id) != ids.end(); }
  } framed_;
  bool halted_ = false;
  bool exhausted_ = false;
  bool resumed_ = false;
  std::size_t replies_ = 0;
};

TEST(SequencerCoreRandomTest, KeepsTheRulesUnderAnyInterleaving) {
  std::size_t replies = 0;
  std::size_t exhausted = 0;
  std::size_t resumed = 0;
  std::size_t ticks = 0;
  for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
    SCOPED_TRACE(seed);
    World world(seed);
    world.Run();
    if (HasFailure()) return;
    replies += world.replies();
    ticks += world.ticks();
    exhausted += world.exhausted() ? 1 : 0;
    resumed += world.resumed() ? 1 : 0;
  }
  // The runs must have reached what they are there to check.
  EXPECT_GT(replies, 10'000U);
  EXPECT_GT(exhausted, 100U);
  EXPECT_GT(resumed, 100U);
  EXPECT_GT(ticks, 1'000U);
}

}  // namespace
}  // namespace xt::sequencer
