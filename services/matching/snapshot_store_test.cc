#include "services/matching/snapshot_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <vector>

#include "services/matching/testing/states.h"
#include "tests/support/files.h"

namespace xt::matching {
namespace {

using domain::SequenceNumber;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::SmallEngine;
using testing::SnapshotBehind;

Snapshot SnapshotAt(std::uint64_t sequence) {
  return {SequenceNumber(sequence), Hash128{sequence, 2}, 77, SequenceNumber(sequence - 1),
          "the state at " + std::to_string(sequence)};
}

void WriteText(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
}

class SnapshotStoreTest : public ::testing::Test {
 protected:
  SnapshotStore Open() {
    auto store = SnapshotStore::Open(folder_ / "snapshots");
    EXPECT_TRUE(store.ok()) << store.status();
    return *std::move(store);
  }
  test::TemporaryFolder folder_;
};

TEST_F(SnapshotStoreTest, HasWhatWasWrittenUntilItIsRemoved) {
  SnapshotStore store = Open();
  EXPECT_THAT(store.List(), IsEmpty());
  for (const std::uint64_t sequence : {5, 900, 12}) ASSERT_TRUE(store.Write(SnapshotAt(sequence)).ok());
  EXPECT_THAT(store.List(), ElementsAre(SequenceNumber(900), SequenceNumber(12), SequenceNumber(5)));
  const auto loaded = Open().Load(SequenceNumber(900));
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->frame_hash, (Hash128{900, 2}));
  EXPECT_EQ(loaded->timestamp_ns, 77);
  EXPECT_EQ(loaded->published, SequenceNumber(899));
  EXPECT_EQ(loaded->state, "the state at 900");
  ASSERT_TRUE(store.Remove(SequenceNumber(12)).ok());
  EXPECT_THAT(Open().List(), ElementsAre(SequenceNumber(900), SequenceNumber(5)));
}

TEST_F(SnapshotStoreTest, WhatWasLeftHalfWrittenIsRemoved) {
  SnapshotStore store = Open();
  const std::string half = store.FileOf(SequenceNumber(7)) + ".123.tmp";
  WriteText(half, "half");
  EXPECT_THAT(Open().List(), IsEmpty());
  EXPECT_FALSE(std::filesystem::exists(half));
}

TEST_F(SnapshotStoreTest, EveryDamageOfTheHeaderOrTheLengthIsFound) {
  SnapshotStore store = Open();
  ASSERT_TRUE(store.Write(SnapshotAt(7)).ok());
  const std::string file = store.FileOf(SequenceNumber(7));
  const std::string good = test::ReadFile(file);
  constexpr std::size_t kHeader = 80;
  for (std::size_t at = 0; at < kHeader; ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 1);
    WriteText(file, bad);
    EXPECT_TRUE(absl::IsDataLoss(store.Load(SequenceNumber(7)).status())) << at;
  }
  for (const std::size_t size : {std::size_t{0}, kHeader - 1, kHeader, good.size() - 1}) {
    WriteText(file, good.substr(0, size));
    EXPECT_TRUE(absl::IsDataLoss(store.Load(SequenceNumber(7)).status())) << size;
  }
  WriteText(file, good + "x");
  EXPECT_THAT(store.Load(SequenceNumber(7)).status().ToString(), HasSubstr(file));
  std::filesystem::rename(file, store.FileOf(SequenceNumber(8)));
  EXPECT_TRUE(absl::IsDataLoss(store.Load(SequenceNumber(8)).status())) << "another name";
  EXPECT_TRUE(absl::IsDataLoss(store.Load(SequenceNumber(9)).status())) << "no such file";
}

TEST_F(SnapshotStoreTest, WhatIsSetAsideStaysAndIsNotUsed) {
  SnapshotStore store = Open();
  ASSERT_TRUE(store.Write(SnapshotAt(7)).ok());
  ASSERT_TRUE(store.Write(SnapshotAt(8)).ok());
  ASSERT_TRUE(store.SetAside(SequenceNumber(7), "why").ok());
  EXPECT_THAT(store.List(), ElementsAre(SequenceNumber(8)));
  EXPECT_TRUE(std::filesystem::exists(store.FileOf(SequenceNumber(7)) + ".why"));
  EXPECT_THAT(store.SetAside(SequenceNumber(9), "why").ToString(), HasSubstr(store.FileOf(SequenceNumber(9))));
}

TEST_F(SnapshotStoreTest, VerifiesThatWhatWasWrittenIsTheStateItWasTakenOf) {
  SnapshotStore store = Open();
  const Snapshot taken = SnapshotBehind(3, 11);
  ASSERT_TRUE(store.Write(taken).ok());
  EXPECT_TRUE(store.Verify(SmallEngine(), taken).ok());
  Snapshot other = SnapshotBehind(3, 11, "other");
  ASSERT_EQ(other.sequence, taken.sequence);
  other.frame_hash = taken.frame_hash;
  EXPECT_TRUE(absl::IsDataLoss(store.Verify(SmallEngine(), other))) << "another state";
  for (const auto& change : std::vector<std::function<void(Snapshot&)>>{[](Snapshot& at) { ++at.frame_hash.low; },
                                                                        [](Snapshot& at) { ++at.timestamp_ns; },
                                                                        [](Snapshot& at) { ++at.published; }}) {
    Snapshot elsewhere = taken;
    change(elsewhere);
    EXPECT_TRUE(absl::IsDataLoss(store.Verify(SmallEngine(), elsewhere))) << "another place in the journal";
  }
  EXPECT_TRUE(absl::IsDataLoss(store.Verify({.max_orders = 1}, taken))) << "it cannot be restored";
}

TEST_F(SnapshotStoreTest, WhatArrivesIsNoneOfThemUntilItIsKept) {
  SnapshotStore store = Open();
  const Snapshot taken = SnapshotBehind(3);
  ASSERT_TRUE(store.Write(taken).ok());
  const std::string bytes = test::ReadFile(store.FileOf(taken.sequence));
  ASSERT_TRUE(store.Remove(taken.sequence).ok());
  {
    ArrivingSnapshot arriving(store);
    ASSERT_TRUE(arriving.Append(bytes.substr(0, 100)).ok());
    EXPECT_TRUE(absl::IsDataLoss(arriving.Restore(SmallEngine()).status())) << "it is not all there";
    ASSERT_TRUE(arriving.Append(bytes.substr(100)).ok());
    const auto restored = arriving.Restore(SmallEngine());
    ASSERT_TRUE(restored.ok()) << restored.status();
    EXPECT_EQ(restored->at.frame_hash, taken.frame_hash);
    EXPECT_TRUE(restored->engine->IsStateOf(taken.state));
    EXPECT_THAT(store.List(), IsEmpty());
    ASSERT_TRUE(arriving.KeepAs(taken.sequence).ok());
  }
  EXPECT_THAT(store.List(), ElementsAre(taken.sequence));
  EXPECT_EQ(test::ReadFile(store.FileOf(taken.sequence)), bytes);
}

TEST_F(SnapshotStoreTest, WhatArrivedAndWasNotKeptIsRemoved) {
  const SnapshotStore store = Open();
  const auto files = [this] {
    return std::distance(std::filesystem::directory_iterator(folder_ / "snapshots"),
                         std::filesystem::directory_iterator());
  };
  {
    ArrivingSnapshot arriving(store);
    ASSERT_TRUE(arriving.Append("half").ok());
    EXPECT_EQ(files(), 1);
  }
  EXPECT_EQ(files(), 0);
  WriteText(folder_ / "snapshots/arriving.tmp", "of a process that was killed");
  (void)Open();
  EXPECT_EQ(files(), 0);
}

TEST_F(SnapshotStoreTest, AFolderThatCannotBeMadeIsNamed) {
  WriteText(folder_ / "file", "");
  const auto store = SnapshotStore::Open((folder_ / "file") + "/below");
  EXPECT_THAT(store.status().ToString(), HasSubstr("file/below"));
}

}  // namespace
}  // namespace xt::matching
