// A replica and a journal that does not begin with the first command: which snapshot it takes, of its own or of another
// replica, and what it says when none is had.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "services/matching/matching_app.h"
#include "services/matching/testing/states.h"
#include "tests/support/files.h"

namespace xt::matching {
namespace {

using domain::SequenceNumber;
using ::testing::AllOf;
using ::testing::ElementsAre;
using testing::FrameChain;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::ResultCollector;

constexpr std::uint64_t kSetup = FrameChain::kSetupCommands;

// Where the leader stands; each one is of a later epoch.
ports::SequencerPosition Leader(std::uint64_t results_after, std::uint64_t journal_begins,
                                std::vector<std::string> sources = {}) {
  static std::uint64_t epoch = 0;
  ports::SequencerPosition position;
  position.results_after = SequenceNumber(results_after);
  position.epoch = domain::Epoch(++epoch);
  position.journal_begins = SequenceNumber(journal_begins);
  position.snapshot_sources = std::move(sources);
  return position;
}
ports::SequencerPosition AsStandby(std::uint64_t journal_begins, std::vector<std::string> sources = {}) {
  ports::SequencerPosition position = Leader(0, journal_begins, std::move(sources));
  position.standby = true;
  return position;
}

// The journal that all of them follow: the frames of FrameChain::Setup and of six orders.
class Journal {
 public:
  explicit Journal(const std::string& ids = "o") {
    frames_.push_back(chain_.Next(FrameChain::Setup()));
    for (int i = 0; i < 6; ++i) {
      frames_.push_back(chain_.Next({FrameChain::Limit(1, domain::Side::kBuy, 100, 1, ids + std::to_string(i))}));
    }
  }
  // The frame that ends with it.
  [[nodiscard]] std::shared_ptr<const domain::Frame> At(std::uint64_t sequence) const {
    return frames_.at(sequence - kSetup);
  }

 private:
  FrameChain chain_;
  std::vector<std::shared_ptr<const domain::Frame>> frames_;
};

struct Replica {
  Replica(const std::string& folder, SnapshotSource source, std::size_t recent_bytes = 0)
      : app(Config(folder, recent_bytes), metrics, health, SystemClock::Instance(), std::move(source)) {
    EXPECT_TRUE(app.Start().ok());
  }
  static MatchingConfig Config(const std::string& folder, std::size_t recent_bytes) {
    MatchingConfig config;
    config.engine = testing::SmallEngine();
    config.max_recent_bytes = recent_bytes;
    config.snapshot_folder = folder;
    config.snapshot_every_commands = 0;
    config.snapshot_every_seconds = 0;
    return config;
  }

  absl::StatusOr<ports::ReplicaPosition> Connect(const ports::SequencerPosition& sequencer) {
    return app.Connect(results.Observer(), sequencer);
  }
  // The frames behind what it has applied, up to the one that ends with `sequence`.
  void Feed(const Journal& journal, std::uint64_t sequence) {
    for (std::uint64_t next = applied() < kSetup ? kSetup : applied() + 1; next <= sequence; ++next) {
      ASSERT_TRUE(app.Offer(journal.At(next)).ok());
      ASSERT_TRUE(app.Commit(SequenceNumber(next)).ok());
      ASSERT_TRUE(results.WaitForFrames(++frames));
    }
  }
  // Follows the journal up to `sequence`, with snapshots at these places.
  void Follow(const Journal& journal, const std::vector<std::uint64_t>& snapshots, std::uint64_t sequence) {
    ASSERT_TRUE(Connect(AsStandby(0)).ok());
    for (const std::uint64_t at : snapshots) {
      Feed(journal, at);
      ASSERT_TRUE(app.TakeSnapshot(false).ok());
    }
    Feed(journal, sequence);
  }
  [[nodiscard]] Hash128 Digest() { return app.GetStateDigest()->digest; }
  [[nodiscard]] std::uint64_t applied() { return app.GetStateDigest()->sequence.value(); }
  [[nodiscard]] std::vector<SequenceNumber> Kept() { return *app.ListSnapshots(); }

  runtime::MetricsRegistry metrics;
  runtime::HealthRegistry health{&metrics};
  ResultCollector results;
  MatchingApp app;
  std::size_t frames = 0;
};

class JournalBeginsTest : public ::testing::Test {
 protected:
  using Reader = std::function<absl::Status(SequenceRange range, const ports::ReplicaSnapshots::PieceVisitor& visitor)>;

  SnapshotSource Source() {
    return [this](const std::string& address, SequenceRange range,
                  const ports::ReplicaSnapshots::PieceVisitor& visitor) -> absl::Status {
      asked_.push_back(address);
      const auto found = readers_.find(address);
      if (found == readers_.end()) return absl::UnavailableError("nobody is there");
      return found->second(range, visitor);
    };
  }
  static Reader ReaderOf(Replica& replica) {
    return [&replica](SequenceRange range, const ports::ReplicaSnapshots::PieceVisitor& visitor) {
      return replica.app.ReadSnapshot(range.least, range.most, visitor);
    };
  }
  // What `reader` hands out, as a whole.
  static std::string BytesOf(const Reader& reader, std::uint64_t sequence) {
    std::string bytes;
    const absl::Status read = reader({SequenceNumber(sequence), SequenceNumber(sequence)}, [&](std::string_view piece) {
      bytes += piece;
      return absl::OkStatus();
    });
    EXPECT_TRUE(read.ok()) << read;
    return bytes;
  }
  [[nodiscard]] bool NothingIsLeftOver() const {
    for (const auto& entry : std::filesystem::directory_iterator(folder_ / "own")) {
      if (entry.path().extension() == ".tmp") return false;
    }
    return true;
  }

  const Journal journal_;
  std::map<std::string, Reader> readers_;
  std::vector<std::string> asked_;
  test::TemporaryFolder folder_;
  Replica other_{folder_ / "other", nullptr};
  Replica replica_{folder_ / "own", Source()};
};

TEST_F(JournalBeginsTest, AnEmptyReplicaTakesTheSnapshotOfAnotherOne) {
  other_.Follow(journal_, {kSetup + 2, kSetup + 4}, kSetup + 5);
  readers_["other:1"] = ReaderOf(other_);
  const auto position = replica_.Connect(AsStandby(kSetup + 3, {"other:1"}));
  ASSERT_TRUE(position.ok()) << position.status();
  EXPECT_EQ(position->applied, SequenceNumber(kSetup + 4));
  EXPECT_EQ(position->frame_hash, journal_.At(kSetup + 4)->hash);
  EXPECT_EQ(position->results_from, SequenceNumber(kSetup + 5));
  EXPECT_THAT(replica_.Kept(), ElementsAre(SequenceNumber(kSetup + 4)));
  EXPECT_TRUE(NothingIsLeftOver());
  replica_.Feed(journal_, kSetup + 5);
  EXPECT_EQ(replica_.Digest(), other_.Digest());
  EXPECT_THAT(replica_.metrics.Text(), AllOf(HasSubstr(R"(matching_snapshots_total{shard="main",result="fetched"} 1)"),
                                             HasSubstr(R"(matching_book_orders{symbol="BTC-KRW",side="BUY"} 5)"),
                                             HasSubstr(R"(matching_state_drops_total{shard="main"} 0)")));
}

TEST_F(JournalBeginsTest, ACopyIsKeptAndTheStateStays) {
  other_.Follow(journal_, {kSetup + 2, kSetup + 4}, kSetup + 5);
  readers_["other:1"] = ReaderOf(other_);
  replica_.Follow(journal_, {kSetup}, kSetup + 1);
  const auto copy = [&](std::uint64_t at_least, std::uint64_t at_most) {
    return replica_.app.CopySnapshot("other:1", SequenceNumber(at_least), SequenceNumber(at_most));
  };
  ASSERT_TRUE(copy(kSetup + 2, kSetup + 3).ok());
  EXPECT_EQ(replica_.applied(), kSetup + 1);
  EXPECT_THAT(replica_.Kept(), ElementsAre(SequenceNumber(kSetup + 2), SequenceNumber(kSetup)));
  ASSERT_TRUE(copy(kSetup + 1, kSetup + 3).ok());
  EXPECT_THAT(asked_, ElementsAre("other:1")) << "it had one already";
  EXPECT_TRUE(absl::IsNotFound(copy(kSetup + 5, kSetup + 6)));
  readers_.clear();
  EXPECT_TRUE(absl::IsUnavailable(copy(kSetup + 4, kSetup + 4)));
  readers_["other:1"] = [bytes = BytesOf(ReaderOf(other_), kSetup + 4)](SequenceRange, const auto& visitor) {
    return visitor(bytes);
  };
  EXPECT_EQ(copy(kSetup + 3, kSetup + 3).code(), absl::StatusCode::kDataLoss) << "not what was asked for";
  EXPECT_THAT(replica_.Kept(), ElementsAre(SequenceNumber(kSetup + 2), SequenceNumber(kSetup)));
  EXPECT_TRUE(NothingIsLeftOver());
}

TEST_F(JournalBeginsTest, AReplicaThatStandsWhereTheJournalBeginsNeedsNothing) {
  replica_.Follow(journal_, {}, kSetup + 2);
  const auto position = replica_.Connect(AsStandby(kSetup + 3, {"other:1"}));
  ASSERT_TRUE(position.ok()) << position.status();
  EXPECT_EQ(position->applied, SequenceNumber(kSetup + 2));
  EXPECT_THAT(asked_, IsEmpty());
}

TEST_F(JournalBeginsTest, OneThatStandsBeforeItDropsItsState) {
  other_.Follow(journal_, {kSetup + 3}, kSetup + 3);
  readers_["other:1"] = ReaderOf(other_);
  replica_.Follow(journal_, {kSetup}, kSetup + 1);
  const auto position = replica_.Connect(AsStandby(kSetup + 3, {"other:1"}));
  ASSERT_TRUE(position.ok()) << position.status();
  EXPECT_EQ(position->applied, SequenceNumber(kSetup + 3));
  EXPECT_EQ(replica_.Digest(), other_.Digest());
  EXPECT_THAT(replica_.metrics.Text(), HasSubstr(R"(matching_state_drops_total{shard="main"} 1)"));
}

TEST_F(JournalBeginsTest, ItsOwnSnapshotComesFirst) {
  replica_.Follow(journal_, {kSetup + 2, kSetup + 4}, kSetup + 5);
  ASSERT_TRUE(replica_.Connect(Leader(kSetup + 2, 0)).ok());
  ASSERT_EQ(replica_.applied(), kSetup + 2) << "the results behind it are lacking";
  const auto position = replica_.Connect(AsStandby(kSetup + 4, {"other:1"}));
  ASSERT_TRUE(position.ok()) << position.status();
  EXPECT_EQ(position->applied, SequenceNumber(kSetup + 4));
  EXPECT_THAT(asked_, IsEmpty());
}

TEST_F(JournalBeginsTest, NoResultThatTheLeaderLacksIsLost) {
  other_.Follow(journal_, {kSetup + 2, kSetup + 4}, kSetup + 5);
  readers_["other:1"] = ReaderOf(other_);
  auto position = replica_.Connect(Leader(kSetup + 1, kSetup + 3, {"other:1"}));
  EXPECT_TRUE(absl::IsFailedPrecondition(position.status())) << position.status();
  EXPECT_THAT(position.status().ToString(), HasSubstr("lacks the results behind 11"));
  EXPECT_THAT(asked_, IsEmpty()) << "there can be none";
  position = replica_.Connect(Leader(kSetup + 3, kSetup + 3, {"other:1"}));
  ASSERT_TRUE(position.ok()) << position.status();
  EXPECT_EQ(position->applied, SequenceNumber(kSetup + 2)) << "not the newest one";
  EXPECT_EQ(position->results_from, SequenceNumber(kSetup + 3));
}

TEST_F(JournalBeginsTest, ResultsThatEveryBusHasNobodyLacks) {
  other_.Follow(journal_, {kSetup + 2, kSetup + 4}, kSetup + 5);
  readers_["other:1"] = ReaderOf(other_);
  ports::SequencerPosition leader = Leader(0, kSetup + 3, {"other:1"});
  leader.published = SequenceNumber(kSetup + 4);
  const auto position = replica_.Connect(leader);
  ASSERT_TRUE(position.ok()) << position.status();
  EXPECT_EQ(position->applied, SequenceNumber(kSetup + 4));
}

TEST_F(JournalBeginsTest, WhatIsBeforeTheBeginningIsNoStateToFallBackTo) {
  replica_.Follow(journal_, {kSetup + 2, kSetup + 4}, kSetup + 5);
  const Hash128 before = replica_.Digest();
  const auto refused = replica_.Connect(Leader(kSetup + 3, kSetup + 4));
  EXPECT_TRUE(absl::IsFailedPrecondition(refused.status())) << refused.status();
  EXPECT_EQ(replica_.applied(), kSetup + 5);
  EXPECT_EQ(replica_.Digest(), before);
  const auto position = replica_.Connect(Leader(kSetup + 3, kSetup + 3));
  ASSERT_TRUE(position.ok()) << position.status();
  EXPECT_EQ(position->applied, SequenceNumber(kSetup + 2));
}

TEST_F(JournalBeginsTest, WhenNoneIsHadItSaysWhyAndStaysAsItIs) {
  replica_.Follow(journal_, {kSetup}, kSetup + 1);
  other_.Follow(journal_, {kSetup + 2}, kSetup + 2);
  readers_["itself:1"] = ReaderOf(replica_);
  readers_["other:1"] = ReaderOf(other_);
  const Hash128 before = replica_.Digest();
  const auto refused = replica_.Connect(AsStandby(kSetup + 5, {"away:1", "itself:1", "other:1"}));
  EXPECT_TRUE(absl::IsFailedPrecondition(refused.status()));
  EXPECT_THAT(refused.status().ToString(),
              AllOf(HasSubstr("the journal begins at sequence 15, the replica stands at 11"),
                    HasSubstr("no snapshot from 14 was had: its own: none; away:1: nobody is there; itself:1: "),
                    HasSubstr("other:1: it keeps no such snapshot")));
  EXPECT_THAT(asked_, ElementsAre("away:1", "itself:1", "other:1"));
  EXPECT_EQ(replica_.applied(), kSetup + 1);
  EXPECT_EQ(replica_.Digest(), before);
  EXPECT_THAT(replica_.Kept(), ElementsAre(SequenceNumber(kSetup)));
  EXPECT_THAT(replica_.metrics.Text(), HasSubstr(R"(matching_state_drops_total{shard="main"} 0)"));
  EXPECT_THAT(replica_.health.ReadyJson(), HasSubstr("the journal begins at sequence 15"));
  EXPECT_FALSE(replica_.app.Offer(journal_.At(kSetup + 2)).ok()) << "nobody is connected";
  const auto position = replica_.Connect(AsStandby(kSetup + 2));
  ASSERT_TRUE(position.ok()) << position.status();
  EXPECT_EQ(position->applied, SequenceNumber(kSetup + 1));
  EXPECT_EQ(position->frame_hash, journal_.At(kSetup + 1)->hash);
  EXPECT_THAT(replica_.health.ReadyJson(), Not(HasSubstr("the journal begins")));
}

TEST_F(JournalBeginsTest, ARefusalForgetsNothingThatWasTold) {
  replica_.Follow(journal_, {}, kSetup + 2);
  ASSERT_TRUE(replica_.app.Published(SequenceNumber(kSetup + 2)).ok());
  ports::SequencerPosition refused = Leader(0, kSetup + 5);
  refused.published = SequenceNumber(1);
  EXPECT_FALSE(replica_.Connect(refused).ok());
  const auto position = replica_.Connect(Leader(0, 0));
  ASSERT_TRUE(position.ok()) << position.status();
  EXPECT_EQ(position->results_from, SequenceNumber(kSetup + 3));
}

TEST_F(JournalBeginsTest, WithoutAFolderNothingIsTaken) {
  other_.Follow(journal_, {kSetup + 2}, kSetup + 2);
  readers_["other:1"] = ReaderOf(other_);
  Replica without("", Source());
  const auto refused = without.Connect(AsStandby(kSetup + 2, {"other:1"}));
  EXPECT_TRUE(absl::IsFailedPrecondition(refused.status()));
  EXPECT_THAT(refused.status().ToString(), HasSubstr("snapshot.folder"));
  EXPECT_THAT(asked_, IsEmpty());
}

TEST_F(JournalBeginsTest, ASourceThatHandsOutSomethingElseIsPassedOver) {
  other_.Follow(journal_, {kSetup + 2, kSetup + 4}, kSetup + 4);
  readers_["other:1"] = ReaderOf(other_);
  std::string damaged = BytesOf(readers_["other:1"], kSetup + 4);
  damaged[damaged.size() / 2] = static_cast<char>(damaged[damaged.size() / 2] ^ 1);
  const std::string early = BytesOf(readers_["other:1"], kSetup + 2);
  readers_["damaged:1"] = [&](SequenceRange, const ports::ReplicaSnapshots::PieceVisitor& visitor) {
    return visitor(damaged);
  };
  readers_["early:1"] = [&](SequenceRange, const ports::ReplicaSnapshots::PieceVisitor& visitor) {
    return visitor(early);
  };
  const auto refused = replica_.Connect(AsStandby(kSetup + 4, {"damaged:1", "early:1"}));
  EXPECT_TRUE(absl::IsFailedPrecondition(refused.status()));
  EXPECT_THAT(refused.status().ToString(), HasSubstr("early:1: it handed out the snapshot at 12"));
  EXPECT_THAT(replica_.Kept(), IsEmpty());
  const auto position = replica_.Connect(AsStandby(kSetup + 4, {"damaged:1", "early:1", "other:1"}));
  ASSERT_TRUE(position.ok()) << position.status();
  EXPECT_EQ(position->applied, SequenceNumber(kSetup + 4));
  EXPECT_TRUE(NothingIsLeftOver());
}

TEST_F(JournalBeginsTest, BeginsAnewWithAnotherReplicasSnapshotWhenItsOwnAreTooOld) {
  const Journal elsewhere("elsewhere");
  other_.Follow(journal_, {kSetup + 3}, kSetup + 3);
  readers_["other:1"] = ReaderOf(other_);
  readers_["itself:1"] = ReaderOf(replica_);
  replica_.Follow(elsewhere, {kSetup + 1, kSetup + 3}, kSetup + 3);
  ports::SequencerPosition leader = AsStandby(kSetup + 3, {"itself:1", "other:1"});
  leader.begin_anew = true;
  const auto position = replica_.Connect(leader);
  ASSERT_TRUE(position.ok()) << position.status();
  EXPECT_EQ(position->applied, SequenceNumber(kSetup + 3));
  EXPECT_EQ(position->frame_hash, journal_.At(kSetup + 3)->hash);
  EXPECT_EQ(replica_.Digest(), other_.Digest());
  EXPECT_THAT(asked_, ElementsAre("itself:1", "other:1")) << "what is set aside is handed out no more";
  EXPECT_TRUE(std::filesystem::exists(SnapshotStore::OpenToRead(folder_ / "own").FileOf(SequenceNumber(kSetup + 3)) +
                                      ".of-another-journal"));
}

TEST_F(JournalBeginsTest, TheStateThatDoesNotFitIsNotTakenBack) {
  const Journal elsewhere("elsewhere");
  other_.Follow(elsewhere, {kSetup + 3}, kSetup + 3);
  readers_["other:1"] = ReaderOf(other_);
  replica_.Follow(elsewhere, {kSetup + 3}, kSetup + 3);
  ports::SequencerPosition leader = AsStandby(kSetup + 3, {"other:1"});
  leader.begin_anew = true;
  const auto refused = replica_.Connect(leader);
  EXPECT_TRUE(absl::IsFailedPrecondition(refused.status())) << refused.status();
  EXPECT_THAT(refused.status().ToString(), HasSubstr("the state that is to be dropped"));
  EXPECT_EQ(replica_.applied(), kSetup + 3);
  EXPECT_THAT(replica_.Kept(), IsEmpty()) << "nobody is to take it from here";
}

// Hands out pieces as long as they are taken.
class EndlessSource {
 public:
  std::function<absl::Status(SequenceRange, const ports::ReplicaSnapshots::PieceVisitor&)> Reader() {
    return [this](SequenceRange, const ports::ReplicaSnapshots::PieceVisitor& visitor) {
      absl::Status status = visitor("piece");
      begun_.set_value();
      while (status.ok()) status = visitor("piece");
      return status;
    };
  }
  void AwaitBegun() { begun_.get_future().wait(); }

 private:
  std::promise<void> begun_;
};

TEST_F(JournalBeginsTest, TheEndOfTheProcessDoesNotWaitForASource) {
  for (const bool by_drain : {true, false}) {
    EndlessSource endless;
    readers_["endless:1"] = endless.Reader();
    Replica replica(folder_ / "ending", Source());
    auto connecting = std::async(std::launch::async, [&] {
      return replica.Connect(AsStandby(kSetup + 3, {"endless:1", "away:1"}));
    });
    endless.AwaitBegun();
    if (by_drain) {
      replica.app.Drain(std::chrono::steady_clock::now());
    } else {
      replica.app.Stop();
    }
    EXPECT_TRUE(absl::IsUnavailable(connecting.get().status()));
  }
}

}  // namespace
}  // namespace xt::matching
