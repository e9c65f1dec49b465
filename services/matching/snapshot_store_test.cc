#include "services/matching/snapshot_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/support/files.h"

namespace xt::matching {
namespace {

using domain::SequenceNumber;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

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

TEST_F(SnapshotStoreTest, KeepsTheTwoNewest) {
  SnapshotStore store = Open();
  EXPECT_THAT(store.List(), IsEmpty());
  for (const std::uint64_t sequence : {5, 900, 12}) ASSERT_TRUE(store.Write(SnapshotAt(sequence)).ok());
  EXPECT_THAT(store.List(), ElementsAre(SequenceNumber(900), SequenceNumber(12)));
  const auto loaded = Open().Load(SequenceNumber(900));
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->frame_hash, (Hash128{900, 2}));
  EXPECT_EQ(loaded->timestamp_ns, 77);
  EXPECT_EQ(loaded->published, SequenceNumber(899));
  EXPECT_EQ(loaded->state, "the state at 900");
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
  ASSERT_TRUE(store.SetAside().ok());
  EXPECT_THAT(store.List(), IsEmpty());
  EXPECT_TRUE(std::filesystem::exists(store.FileOf(SequenceNumber(7)) + ".of-another-journal"));
}

TEST_F(SnapshotStoreTest, AFolderThatCannotBeMadeIsNamed) {
  WriteText(folder_ / "file", "");
  const auto store = SnapshotStore::Open((folder_ / "file") + "/below");
  EXPECT_THAT(store.status().ToString(), HasSubstr("file/below"));
}

}  // namespace
}  // namespace xt::matching
