// The readers of the journal and what checks it: every break is named.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <map>

#include "libs/adapters/embedded/wal_journal.h"
#include "libs/base/status.h"
#include "tests/support/files.h"
#include "tools/xtraderctl/journal/chain_check.h"
#include "tools/xtraderctl/journal/journal_source.h"
#include "tools/xtraderctl/journal/places.h"
#include "tools/xtraderctl/journal/player.h"
#include "tools/xtraderctl/journal/until.h"
#include "tools/xtraderctl/testing/memory_journal.h"

namespace xt::ctl {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::MemoryJournal;
using ::testing::StartsWith;

std::string Broken(MemoryJournal journal) {
  ChainCheck chain;
  const auto read =
      journal.Read(testing::Anywhere, [&](const ports::JournalRecord& record) { return chain.Take(record).status(); });
  if (read.ok()) return "";
  EXPECT_TRUE(absl::IsDataLoss(read.status())) << read.status();
  return std::string(MessageOf(read.status()));
}

TEST(ChainCheckTest, AGoodJournal) {
  MemoryJournal journal = MemoryJournal::Story();
  ChainCheck chain;
  EXPECT_TRUE(journal.Read(testing::Anywhere, [&](const auto& record) { return chain.Take(record).status(); }).ok());
  EXPECT_EQ(chain.sequence().value(), 15U);
  EXPECT_EQ(chain.records(), 6U);
  EXPECT_EQ(chain.commands(), 15U);
  EXPECT_EQ(chain.epochs(), 1U);
}

TEST(ChainCheckTest, EveryBreakIsNamed) {
  struct Case {
    const char* what;
    std::function<void(MemoryJournal&)> plant;
    const char* said;
  };
  const Case cases[] = {
      {"a gap", [](MemoryJournal& j) { j.records.erase(j.records.begin() + 2); },
       "sequence 13: it follows 11: not gap-free"},
      {"another frame", [](MemoryJournal& j) { j.records[2].bytes.back() ^= 1; },
       "sequence 12: the frame does not have its own hash"},
      {"another frame with its hash",
       [](MemoryJournal& j) {
         domain::Frame frame = *wire::DecodeFrame(j.records[2].bytes);
         ++frame.timestamp_ns;
         j.records[2].bytes = wire::EncodeFrame(frame);
         j.records[2].hash = frame.hash;
       },
       "sequence 13: it does not have the hash of the frame before"},
      {"an epoch without its start",
       [](MemoryJournal& j) {
         domain::Frame frame = *wire::DecodeFrame(j.records[3].bytes);
         frame.epoch = j.records[3].epoch = domain::Epoch(2);
         j.records[3].bytes = wire::EncodeFrame(frame);
         testing::Rechain(j.records);
       },
       "sequence 13: epoch 2 does not begin with its start"},
      {"a second start", [](MemoryJournal& j) { j.Append({domain::EpochStart{domain::Epoch(1)}}); },
       "sequence 16: an epoch starts in the middle of an epoch"},
      {"an epoch that falls", [](MemoryJournal& j) { j.records[4].epoch = domain::Epoch(0); },
       "sequence 14: epoch 0 comes behind 1"},
      {"time that falls",
       [](MemoryJournal& j) {
         domain::Frame frame = *wire::DecodeFrame(j.records[4].bytes);
         frame.timestamp_ns = 5;
         j.records[4].bytes = wire::EncodeFrame(frame);
         testing::Rechain(j.records);
       },
       "sequence 14: journal time fell"},
  };
  for (const Case& one : cases) {
    MemoryJournal journal = MemoryJournal::Story();
    one.plant(journal);
    EXPECT_EQ(Broken(std::move(journal)), one.said) << one.what;
  }
}

// What the first of the records says of a chain that begins there.
std::string BrokenBehind(const ports::JournalBase& base, const MemoryJournal& journal) {
  ChainCheck chain(base);
  return std::string(MessageOf(chain.Take(journal.records.front()).status()));
}

TEST(ChainCheckTest, AJournalThatWasTrimmed) {
  MemoryJournal journal = MemoryJournal::Story();
  journal.TrimFront(12);
  const ports::JournalBase base = journal.base;
  ChainCheck chain(base);
  EXPECT_TRUE(journal.Read(testing::Anywhere, [&](const auto& record) { return chain.Take(record).status(); }).ok());
  EXPECT_EQ(chain.sequence().value(), 15U);
  EXPECT_EQ(chain.commands(), 3U);
  EXPECT_EQ(chain.epochs(), 1U);
  EXPECT_EQ(BrokenBehind({}, journal), "sequence 13: it follows 0: not gap-free");
  EXPECT_EQ(BrokenBehind({base.sequence, HashBytes("another"), base.epoch}, journal),
            "sequence 13: it does not have the hash of the frame before");
  EXPECT_EQ(BrokenBehind({base.sequence, base.hash, domain::Epoch(2)}, journal), "sequence 13: epoch 1 comes behind 2");
}

TEST(ChainCheckTest, WhereNothingTellsTheEpochBeforeTheFirstFrameMayStartOne) {
  MemoryJournal journal = MemoryJournal::Story();
  journal.Append({domain::EpochStart{domain::Epoch(1)}});
  journal.TrimFront(15);
  ports::JournalBase base = journal.base;
  EXPECT_EQ(BrokenBehind(base, journal), "sequence 16: an epoch starts in the middle of an epoch");
  base.epoch = {};
  EXPECT_EQ(BrokenBehind(base, journal), "");
  journal = MemoryJournal::Story();
  journal.TrimFront(12);
  base = journal.base;
  base.epoch = {};
  EXPECT_EQ(BrokenBehind(base, journal), "");
}

TEST(UntilTest, SequencesAndTimes) {
  EXPECT_EQ(ParseUntil("4711")->sequence.value(), 4711U);
  EXPECT_EQ(ParseUntil("2023-11-14T22:13:20Z")->time_ns, 1'700'000'000'000'000'000);
  EXPECT_EQ(ParseUntil("2023-11-15T07:13:20.5+09:00")->time_ns, 1'700'000'000'500'000'000);
  EXPECT_EQ(FormatTime(1'700'000'000'500'000'000), "2023-11-14T22:13:20.5Z");
  for (const char* text : {"", "-1", "1x", "2023-11-14", "2023-11-14T22:13:20"}) {
    EXPECT_FALSE(ParseUntil(text).ok()) << text;
  }
}

TEST(PlayerTest, StopsWhereItIsTold) {
  const auto played = [](const Until& until) {
    MemoryJournal journal = MemoryJournal::Story();
    Player player;
    const absl::Status status = player.Play(journal, until, [](const Step&) {});
    return std::pair(status.code(), player.engine().applied().value());
  };
  EXPECT_EQ(played({}), std::pair(absl::StatusCode::kOk, std::uint64_t{15}));
  // In the middle of a frame.
  EXPECT_EQ(played({.sequence = domain::SequenceNumber(4)}), std::pair(absl::StatusCode::kOk, std::uint64_t{4}));
  EXPECT_EQ(played({.sequence = domain::SequenceNumber(0)}), std::pair(absl::StatusCode::kOk, std::uint64_t{0}));
  EXPECT_EQ(played({.sequence = domain::SequenceNumber(16)}),
            std::pair(absl::StatusCode::kOutOfRange, std::uint64_t{15}));
  // The first frame is of ...001 ns, the third of ...003.
  EXPECT_EQ(played({.time_ns = 1'700'000'000'000'000'003}), std::pair(absl::StatusCode::kOk, std::uint64_t{12}));
  EXPECT_EQ(played({.time_ns = 1}), std::pair(absl::StatusCode::kOk, std::uint64_t{0}));
}

TEST(PlayerTest, PlaysNothingWithoutTheBeginning) {
  MemoryJournal journal = MemoryJournal::Story();
  journal.TrimFront(12);
  Player player;
  EXPECT_EQ(player.Play(journal, {}, [](const Step&) { ADD_FAILURE(); }),
            absl::FailedPreconditionError("memory begins behind sequence 12"));
}

class WalSourceTest : public ::testing::Test {
 protected:
  void Write(const MemoryJournal& journal) {
    embedded::WalJournal wal(folder(), {.segment_bytes = 4096});
    ASSERT_TRUE(wal.Open({domain::Epoch(1), 0}).ok());
    for (const ports::JournalRecord& record : journal.records) {
      std::promise<absl::Status> done;
      wal.Append(record, [&](const absl::Status& status) { done.set_value(status); });
      ASSERT_TRUE(done.get_future().get().ok());
    }
  }
  [[nodiscard]] std::string folder() const { return folder_ / "journal"; }
  [[nodiscard]] std::string first() const { return folder() + "/wal-00000001.log"; }
  // Name and content of every file.
  [[nodiscard]] std::map<std::string, std::string> Everything() const {
    std::map<std::string, std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder())) {
      files[entry.path().filename()] = test::ReadFile(entry.path());
    }
    return files;
  }
  void Overwrite(std::streamoff at, const std::string& bytes) const {
    std::fstream file(first(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(at);
    file << bytes;
  }
  // The last sequence and the note, or what is wrong.
  [[nodiscard]] std::pair<std::uint64_t, std::string> ReadAll() const {
    std::uint64_t last = 0;
    const auto read = WalSource(folder())->Read(testing::Anywhere, [&](const ports::JournalRecord& record) {
      last = record.last_sequence.value();
      return absl::OkStatus();
    });
    return {last, read.ok() ? *read : read.status().ToString()};
  }

  test::TemporaryFolder folder_;
};

TEST_F(WalSourceTest, ReadsOverSegmentsBesideTheOwnerAndChangesNothing) {
  MemoryJournal journal = MemoryJournal::Story();
  for (int i = 0; i < 60; ++i) journal.Append({domain::Tick{}});
  Write(journal);
  embedded::WalJournal owner(folder());
  ASSERT_TRUE(owner.Open({domain::Epoch(1), 0}).ok());
  const auto before = Everything();
  ASSERT_GT(before.size(), 4U) << "several segments";
  EXPECT_EQ(ReadAll(), std::pair(std::uint64_t{75}, std::string()));
  EXPECT_EQ(Everything(), before);
}

TEST_F(WalSourceTest, ATornTailIsIgnoredAndSaid) {
  Write(MemoryJournal::Story());
  const std::string bytes = test::ReadFile(first());
  const std::size_t end = (bytes.find_last_not_of('\0') + 8) / 8 * 8;
  Overwrite(static_cast<std::streamoff>(end), "torn");
  const auto before = Everything();
  const auto [last, note] = ReadAll();
  EXPECT_EQ(last, 15U);
  EXPECT_THAT(note, StartsWith("a torn tail is ignored: " + first() + " at offset "));
  EXPECT_EQ(Everything(), before);
}

TEST_F(WalSourceTest, DamageIsNoTornTail) {
  Write(MemoryJournal::Story());
  Overwrite(100, "damage");
  EXPECT_THAT(ReadAll().second, HasSubstr("a damaged record is followed by a good one"));
}

TEST_F(WalSourceTest, NothingIsThere) {
  EXPECT_THAT(ReadAll().second, StartsWith("NOT_FOUND"));
  EXPECT_FALSE(std::filesystem::exists(folder()));
}

TEST_F(WalSourceTest, TheFoldersOfAClusterAndOfTheStandalone) {
  std::ofstream(folder_ / "ready.json") << R"({"servers": [{"name": "redis-journal", "address": "127.0.0.1:1"},
    {"name": "redis", "address": "127.0.0.1:2"}, {"name": "kafka", "address": "127.0.0.1:3"},
    {"name": "postgres", "url": "postgresql://x"}], "services": [
    {"name": "matching", "id": "matching-0", "admin": "http://127.0.0.1:4", "grpc": "127.0.0.1:5"},
    {"name": "sequencer", "id": "sequencer-1", "admin": "http://127.0.0.1:6", "grpc": "127.0.0.1:7"}]})";
  const auto cluster = PlacesOf(folder_.path());
  ASSERT_TRUE(cluster.ok()) << cluster.status();
  EXPECT_EQ(cluster->redis_journal, "127.0.0.1:1");
  EXPECT_EQ(cluster->wals, std::vector<std::string>{folder_ / "sequencer-1/journal"});
  EXPECT_EQ(cluster->matching, std::vector<std::string>{"127.0.0.1:5"});
  EXPECT_EQ(cluster->sequencers, std::vector<std::string>{"127.0.0.1:6"});
  EXPECT_TRUE(cluster->complete);
  EXPECT_EQ((*SourcesOf(*cluster, "0")).front()->name(), "redis 127.0.0.1:1 xt:{0}:journal");
  std::ofstream(folder_ / "ready.json") << R"({"rest": "http://127.0.0.1:1", "metrics": []})";
  EXPECT_EQ(PlacesOf(folder_.path())->wals, std::vector<std::string>{folder_ / "journal"});
  EXPECT_FALSE(PlacesOf(folder_.path())->complete);
  std::ofstream(folder_ / "ready.json") << "{";
  EXPECT_TRUE(absl::IsInvalidArgument(PlacesOf(folder_.path()).status()));
  EXPECT_TRUE(absl::IsNotFound(PlacesOf(folder_ / "nothing").status()));
}

}  // namespace
}  // namespace xt::ctl
