// What is kept, what is not, and what readers get of it.
#include "services/matching/snapshot_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <future>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/matching/testing/states.h"
#include "tests/support/files.h"

namespace xt::matching {
namespace {

using domain::SequenceNumber;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Le;
using ::testing::SizeIs;
using testing::SmallEngine;
using testing::SnapshotBehind;

constexpr std::uint64_t kSetup = testing::FrameChain::kSetupCommands;
constexpr SequenceRange kAny{SequenceNumber(0), SequenceNumber(std::numeric_limits<std::uint64_t>::max())};

std::vector<std::uint64_t> Values(const std::vector<SequenceNumber>& sequences) {
  std::vector<std::uint64_t> values;
  for (const SequenceNumber sequence : sequences) values.push_back(sequence.value());
  return values;
}

class SnapshotWriterTest : public ::testing::Test {
 protected:
  SnapshotWriterTest() { Restart(); }

  void Restart() {
    writer_.reset();
    auto store = SnapshotStore::Open(folder_ / "snapshots");
    ASSERT_TRUE(store.ok()) << store.status();
    writer_ =
        std::make_unique<SnapshotWriter>(*std::move(store), SmallEngine(), metrics_, "main", SystemClock::Instance());
  }
  absl::Status Write(Snapshot snapshot) {
    std::promise<absl::Status> done;
    EXPECT_TRUE(writer_->Write(std::move(snapshot), [&](const absl::Status& status) { done.set_value(status); }));
    const absl::Status status = done.get_future().get();
    writer_->AwaitIdle();
    return status;
  }
  [[nodiscard]] std::vector<std::uint64_t> Kept() { return Values(writer_->List()); }
  [[nodiscard]] std::vector<std::uint64_t> Files() const {
    return Values(SnapshotStore::OpenToRead(folder_ / "snapshots").List());
  }
  [[nodiscard]] std::string FileOf(std::uint64_t sequence) const {
    return SnapshotStore::OpenToRead(folder_ / "snapshots").FileOf(SequenceNumber(sequence));
  }
  void Damage(std::uint64_t sequence) const {
    std::fstream stream(FileOf(sequence), std::ios::in | std::ios::out | std::ios::binary);
    stream.seekp(-40, std::ios::end);
    stream.put('?');
  }
  [[nodiscard]] std::string Count(const std::string& result) {
    const std::string text = metrics_.Text();
    const std::string series = absl::StrCat(R"(matching_snapshots_total{shard="main",result=")", result, R"("} )");
    const std::size_t at = text.find(series);
    if (at == std::string::npos) return "";
    return text.substr(at + series.size(), text.find('\n', at) - at - series.size());
  }
  // The bytes of the newest in `range`.
  absl::StatusOr<std::string> Read(SequenceRange range) {
    std::string bytes;
    const absl::Status status = writer_->Read(range, [&](std::string_view piece) {
      bytes += piece;
      return absl::OkStatus();
    });
    if (!status.ok()) return status;
    return bytes;
  }
  absl::StatusOr<Restored> Fetch(const std::string& bytes, const absl::Status& checked = absl::OkStatus()) {
    return writer_->Fetch([&](const SnapshotWriter::PieceVisitor& visitor) { return visitor(bytes); },
                          [&](const Snapshot&) { return checked; });
  }

  test::TemporaryFolder folder_;
  runtime::MetricsRegistry metrics_;
  std::unique_ptr<SnapshotWriter> writer_;
};

TEST_F(SnapshotWriterTest, KeepsTheTwoNewestThatWereVerified) {
  EXPECT_THAT(Kept(), IsEmpty());
  for (const std::uint64_t orders : {1, 2, 3}) ASSERT_TRUE(Write(SnapshotBehind(orders)).ok());
  EXPECT_THAT(Kept(), ElementsAre(kSetup + 3, kSetup + 2));
  EXPECT_THAT(Files(), ElementsAre(kSetup + 3, kSetup + 2));
  EXPECT_EQ(Count("written"), "3");
}

TEST_F(SnapshotWriterTest, OneThatIsNotTheStateItWasTakenOfIsSetAside) {
  ASSERT_TRUE(Write(SnapshotBehind(1)).ok());
  ASSERT_TRUE(Write(SnapshotBehind(2)).ok());
  Snapshot wrong = SnapshotBehind(3);
  wrong.state[wrong.state.size() / 2] = static_cast<char>(wrong.state[wrong.state.size() / 2] ^ 1);
  EXPECT_TRUE(absl::IsDataLoss(Write(wrong)));
  EXPECT_THAT(Kept(), ElementsAre(kSetup + 2, kSetup + 1)) << "nothing is removed for it";
  EXPECT_THAT(Files(), ElementsAre(kSetup + 2, kSetup + 1));
  EXPECT_TRUE(std::filesystem::exists(FileOf(kSetup + 3) + ".mismatched"));
  EXPECT_EQ(Count("written"), "2");
  EXPECT_EQ(Count("mismatched"), "1");
  EXPECT_EQ(Count("failed"), "0");
  EXPECT_EQ(writer_->newest(), SequenceNumber(kSetup + 3)) << "the next one is due when it would have been";
  // Written once more of the same command, it takes the good one's place.
  wrong = SnapshotBehind(2);
  wrong.state.back() = static_cast<char>(wrong.state.back() ^ 1);
  EXPECT_TRUE(absl::IsDataLoss(Write(wrong)));
  EXPECT_THAT(Kept(), ElementsAre(kSetup + 1));
}

TEST_F(SnapshotWriterTest, OneThatCannotBeWrittenIsNotKept) {
  std::filesystem::create_directory(FileOf(kSetup + 1));
  EXPECT_FALSE(Write(SnapshotBehind(1)).ok());
  EXPECT_THAT(Kept(), IsEmpty());
  EXPECT_EQ(Count("failed"), "1");
}

TEST_F(SnapshotWriterTest, TheNewestOfWhichEveryBusHadTheResultsStays) {
  ASSERT_TRUE(Write(SnapshotBehind(1)).ok());
  ASSERT_TRUE(Write(SnapshotBehind(2)).ok());
  ASSERT_TRUE(Write(SnapshotBehind(3, kSetup + 2)).ok());
  // The buses stand still.
  ASSERT_TRUE(Write(SnapshotBehind(4, kSetup + 2)).ok());
  ASSERT_TRUE(Write(SnapshotBehind(5, kSetup + 2)).ok());
  EXPECT_THAT(Kept(), ElementsAre(kSetup + 5, kSetup + 4, kSetup + 2));
  Restart();
  ASSERT_TRUE(writer_->Restore(kAny).has_value());
  ASSERT_TRUE(Write(SnapshotBehind(6, kSetup + 2)).ok());
  EXPECT_THAT(Files(), ElementsAre(kSetup + 6, kSetup + 5, kSetup + 2)) << "though no start has restored it";
  ASSERT_TRUE(Write(SnapshotBehind(7, kSetup + 6)).ok());
  EXPECT_THAT(Files(), ElementsAre(kSetup + 7, kSetup + 6));
}

TEST_F(SnapshotWriterTest, WhatWasRestoredIsVerified) {
  ASSERT_TRUE(Write(SnapshotBehind(1)).ok());
  ASSERT_TRUE(Write(SnapshotBehind(2)).ok());
  Restart();
  EXPECT_THAT(Kept(), IsEmpty()) << "nobody has read them yet";
  EXPECT_TRUE(absl::IsNotFound(Read(kAny).status()));
  const auto restored = writer_->Restore(kAny);
  ASSERT_TRUE(restored.has_value());
  EXPECT_EQ(restored->at.sequence, SequenceNumber(kSetup + 2));
  EXPECT_THAT(Kept(), ElementsAre(kSetup + 2));
  EXPECT_EQ(writer_->newest(), SequenceNumber(kSetup + 2));
  ASSERT_TRUE(writer_->Restore({SequenceNumber(0), SequenceNumber(kSetup + 1)}).has_value());
  EXPECT_THAT(Kept(), ElementsAre(kSetup + 2, kSetup + 1));
}

TEST_F(SnapshotWriterTest, RestoresWhatLiesInTheRange) {
  ASSERT_TRUE(Write(SnapshotBehind(1)).ok());
  ASSERT_TRUE(Write(SnapshotBehind(3)).ok());
  EXPECT_FALSE(writer_->Restore({SequenceNumber(kSetup + 2), SequenceNumber(kSetup + 2)}).has_value());
  EXPECT_FALSE(writer_->Restore({SequenceNumber(kSetup + 4), SequenceNumber(kSetup + 9)}).has_value());
  EXPECT_EQ(writer_->newest(), SequenceNumber(kSetup + 3)) << "nothing was restored";
  EXPECT_EQ(writer_->Restore({SequenceNumber(kSetup + 1), SequenceNumber(kSetup + 2)})->at.sequence,
            SequenceNumber(kSetup + 1));
}

TEST_F(SnapshotWriterTest, OneThatIsFoundDamagedIsKeptNoMore) {
  ASSERT_TRUE(Write(SnapshotBehind(1)).ok());
  ASSERT_TRUE(Write(SnapshotBehind(2)).ok());
  Damage(kSetup + 2);
  EXPECT_EQ(writer_->Restore(kAny)->at.sequence, SequenceNumber(kSetup + 1));
  EXPECT_THAT(Kept(), ElementsAre(kSetup + 1));
  EXPECT_EQ(Count("damaged"), "1");
}

TEST_F(SnapshotWriterTest, HandsOutTheFileInPieces) {
  const Snapshot large = SnapshotBehind(0, 0, "o", 15'000);
  ASSERT_TRUE(Write(SnapshotBehind(1)).ok());
  ASSERT_TRUE(Write(large).ok());
  std::vector<std::size_t> pieces;
  std::string bytes;
  const auto collect = [&](std::string_view piece) {
    pieces.push_back(piece.size());
    bytes += piece;
    return absl::OkStatus();
  };
  ASSERT_TRUE(writer_->Read(kAny, collect).ok());
  EXPECT_THAT(pieces, SizeIs(Ge(2u)));
  EXPECT_THAT(pieces, ::testing::Each(AllOf(Ge(1u), Le(std::size_t{1} << 20))));
  EXPECT_EQ(bytes, test::ReadFile(FileOf(large.sequence.value())));
  EXPECT_EQ(*Read({SequenceNumber(1), SequenceNumber(kSetup + 1)}), test::ReadFile(FileOf(kSetup + 1)));
  EXPECT_TRUE(absl::IsNotFound(Read({SequenceNumber(1), SequenceNumber(kSetup)}).status()));
  EXPECT_TRUE(absl::IsNotFound(Read({SequenceNumber(kSetup + 2), SequenceNumber(kSetup + 3)}).status()));
  pieces.clear();
  const absl::Status stopped = writer_->Read(kAny, [&](std::string_view piece) {
    pieces.push_back(piece.size());
    return absl::CancelledError("enough");
  });
  EXPECT_TRUE(absl::IsCancelled(stopped));
  EXPECT_THAT(pieces, SizeIs(1));
}

TEST_F(SnapshotWriterTest, WhatIsReadMayBeRemovedMeanwhile) {
  const Snapshot large = SnapshotBehind(0, 0, "o", 15'000);
  ASSERT_TRUE(Write(large).ok());
  const std::string file = FileOf(large.sequence.value());
  const std::string before = test::ReadFile(file);
  std::string bytes;
  const absl::Status read = writer_->Read(kAny, [&](std::string_view piece) {
    if (bytes.empty()) {
      for (const std::uint64_t orders : {1, 2}) {
        EXPECT_TRUE(Write(SnapshotBehind(orders, 0, "o", 15'000)).ok());
      }
      EXPECT_FALSE(std::filesystem::exists(file));
    }
    bytes += piece;
    return absl::OkStatus();
  });
  ASSERT_TRUE(read.ok()) << read;
  EXPECT_EQ(bytes, before);
}

TEST_F(SnapshotWriterTest, IsReadWhileOthersAreWritten) {
  ASSERT_TRUE(Write(SnapshotBehind(0)).ok());
  std::atomic<bool> written{false};
  std::thread reader([&] {
    while (!written) {
      EXPECT_THAT(writer_->List(), SizeIs(AllOf(Ge(1u), Le(3u))));
      const auto bytes = Read(kAny);
      EXPECT_TRUE(bytes.ok()) << bytes.status();
    }
  });
  for (std::uint64_t orders = 1; orders <= 20; ++orders) EXPECT_TRUE(Write(SnapshotBehind(orders)).ok());
  written = true;
  reader.join();
}

TEST_F(SnapshotWriterTest, ASnapshotOfAnotherReplicaTakesItsPlaceAmongThem) {
  ASSERT_TRUE(Write(SnapshotBehind(3)).ok());
  const std::string bytes = *Read(kAny);
  std::filesystem::remove(FileOf(kSetup + 3));
  Restart();
  ASSERT_TRUE(Write(SnapshotBehind(1)).ok());
  const auto fetched = Fetch(bytes);
  ASSERT_TRUE(fetched.ok()) << fetched.status();
  EXPECT_EQ(fetched->engine->applied(), SequenceNumber(kSetup + 3));
  EXPECT_THAT(Kept(), ElementsAre(kSetup + 3, kSetup + 1));
  EXPECT_EQ(*Read(kAny), bytes);
  EXPECT_EQ(writer_->newest(), SequenceNumber(kSetup + 3));
  EXPECT_EQ(Count("fetched"), "1");
}

TEST_F(SnapshotWriterTest, ASnapshotOfAnotherReplicaThatIsNotGoodLeavesNothing) {
  ASSERT_TRUE(Write(SnapshotBehind(3)).ok());
  std::string bytes = *Read(kAny);
  std::filesystem::remove(FileOf(kSetup + 3));
  Restart();
  EXPECT_TRUE(absl::IsAborted(Fetch(bytes, absl::AbortedError("not this one")).status()));
  EXPECT_TRUE(absl::IsDataLoss(Fetch(bytes.substr(0, bytes.size() - 1)).status()));
  EXPECT_TRUE(absl::IsDataLoss(Fetch("").status()));
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  EXPECT_TRUE(absl::IsDataLoss(Fetch(bytes).status()));
  const auto unreachable =
      writer_->Fetch([](const SnapshotWriter::PieceVisitor&) { return absl::UnavailableError("nobody is there"); },
                     [](const Snapshot&) { return absl::OkStatus(); });
  EXPECT_TRUE(absl::IsUnavailable(unreachable.status()));
  EXPECT_THAT(Kept(), IsEmpty());
  EXPECT_TRUE(std::filesystem::is_empty(folder_ / "snapshots"));
  EXPECT_EQ(Count("fetched"), "0");
}

TEST_F(SnapshotWriterTest, OfAnotherJournalAreThoseThatAreNotBeforeThePlace) {
  ASSERT_TRUE(Write(SnapshotBehind(1)).ok());
  ASSERT_TRUE(Write(SnapshotBehind(3)).ok());
  ASSERT_TRUE(writer_->SetAside(SequenceNumber(kSetup + 4)).ok());
  EXPECT_THAT(Kept(), ElementsAre(kSetup + 3, kSetup + 1));
  ASSERT_TRUE(writer_->SetAside(SequenceNumber(kSetup + 3)).ok());
  EXPECT_THAT(Kept(), ElementsAre(kSetup + 1));
  EXPECT_THAT(Files(), ElementsAre(kSetup + 1));
  EXPECT_TRUE(std::filesystem::exists(FileOf(kSetup + 3) + ".of-another-journal"));
  EXPECT_EQ(writer_->newest(), SequenceNumber(kSetup + 3)) << "no other one of that state is due";
  writer_->BeginEmpty();
  EXPECT_EQ(writer_->newest(), SequenceNumber(0));
}

}  // namespace
}  // namespace xt::matching
