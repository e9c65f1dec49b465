// Snapshots: going on from one is the same as never having stopped, and whatever is wrong with the bytes is refused.
#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "libs/base/hash.h"
#include "services/matching/core/engine.h"
#include "tests/scenarios/random_journal.h"

namespace xt::scenarios {
namespace {

using matching::Engine;
using matching::EngineConfig;

constexpr std::size_t kHashBytes = 16;
constexpr std::size_t kVersionAt = 8;
constexpr std::size_t kLengthAt = 16;
constexpr std::size_t kBodyAt = 24;

std::vector<domain::Event> Apply(Engine& engine, const JournalEntry& entry) {
  const auto events =
      engine.Apply(domain::SequenceNumber(engine.applied().value() + 1), entry.timestamp_ns, entry.command);
  return {events.begin(), events.end()};
}

std::unique_ptr<Engine> RunFirst(const std::vector<JournalEntry>& journal, std::size_t count) {
  auto engine = std::make_unique<Engine>(SmallEngineConfig());
  for (std::size_t i = 0; i < count; ++i) Apply(*engine, journal[i]);
  return engine;
}

std::string RefusalOf(const EngineConfig& config, std::string_view bytes) {
  std::string error;
  const auto engine = Engine::RestoreSnapshot(config, bytes, &error);
  EXPECT_EQ(engine == nullptr, !error.empty());
  return error;
}

// With the length and the hash that belong to this body.
std::string Sealed(std::string bytes_and_old_hash) {
  std::string bytes = bytes_and_old_hash.substr(0, bytes_and_old_hash.size() - kHashBytes);
  const std::uint64_t length = bytes.size() - kBodyAt;
  std::memcpy(bytes.data() + kLengthAt, &length, sizeof(length));
  return bytes + HashBytes(bytes).ToBytes();
}

class SnapshotStreamTest : public testing::TestWithParam<std::uint64_t> {};

TEST_P(SnapshotStreamTest, GoingOnFromASnapshotIsTheSame) {
  constexpr std::size_t kEvery = 97;
  const auto journal = MakeJournal(GetParam(), 8'000);
  Engine straight(SmallEngineConfig());
  auto restarted = std::make_unique<Engine>(SmallEngineConfig());
  for (std::size_t i = 0; i < journal.size(); ++i) {
    ASSERT_EQ(Apply(straight, journal[i]), Apply(*restarted, journal[i])) << "command " << i;
    if (i % kEvery != 0) continue;
    const std::string bytes = restarted->SaveSnapshot();
    ASSERT_EQ(bytes, straight.SaveSnapshot()) << "command " << i;
    std::string error;
    restarted = Engine::RestoreSnapshot(SmallEngineConfig(), bytes, &error);
    ASSERT_NE(restarted, nullptr) << "command " << i << ": " << error;
    ASSERT_EQ(restarted->SaveSnapshot(), bytes) << "command " << i;
    ASSERT_EQ(restarted->Digest(), straight.Digest()) << "command " << i;
    ASSERT_EQ(restarted->next_due_ns(), straight.next_due_ns()) << "command " << i;
    ASSERT_EQ(restarted->CheckInvariants(), "") << "command " << i;
  }
  EXPECT_EQ(restarted->Digest(), straight.Digest());
  EXPECT_GT(straight.open_orders(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Seeds, SnapshotStreamTest, testing::Values(1, 2, 3, 4));

TEST(SnapshotTest, RestoredAtEveryCommandOfAShortJournal) {
  const auto journal = MakeJournal(11, 300);
  Engine straight(SmallEngineConfig());
  auto restarted = std::make_unique<Engine>(SmallEngineConfig());
  for (const JournalEntry& entry : journal) {
    ASSERT_EQ(Apply(straight, entry), Apply(*restarted, entry));
    std::string error;
    restarted = Engine::RestoreSnapshot(SmallEngineConfig(), restarted->SaveSnapshot(), &error);
    ASSERT_NE(restarted, nullptr) << error;
  }
  EXPECT_EQ(restarted->Digest(), straight.Digest());
}

TEST(SnapshotTest, OfAnEmptyEngine) {
  const Engine engine(SmallEngineConfig());
  const std::string bytes = engine.SaveSnapshot();
  std::string error;
  const auto restored = Engine::RestoreSnapshot(SmallEngineConfig(), bytes, &error);
  ASSERT_NE(restored, nullptr) << error;
  EXPECT_EQ(restored->Digest(), engine.Digest());
  EXPECT_EQ(restored->SaveSnapshot(), bytes);
  EXPECT_EQ(restored->applied(), domain::SequenceNumber(0));
}

TEST(SnapshotTest, EveryFlippedByteIsRefused) {
  const std::string bytes = RunFirst(MakeJournal(5, 120), 120)->SaveSnapshot();
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    for (const int mask : {0x01, 0x80, 0xFF}) {
      std::string damaged = bytes;
      damaged[i] = static_cast<char>(damaged[i] ^ mask);
      ASSERT_NE(RefusalOf(SmallEngineConfig(), damaged), "") << "byte " << i;
    }
  }
}

TEST(SnapshotTest, EveryTruncationIsRefused) {
  const std::string bytes = RunFirst(MakeJournal(5, 120), 120)->SaveSnapshot();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    ASSERT_NE(RefusalOf(SmallEngineConfig(), std::string_view(bytes).substr(0, size)), "") << size << " bytes";
  }
  for (const std::string& more : {std::string(1, 0), std::string("x"), std::string("12345678")}) {
    ASSERT_NE(RefusalOf(SmallEngineConfig(), bytes + more), "");
  }
  ASSERT_NE(RefusalOf(SmallEngineConfig(), bytes + bytes), "");
}

// The hash is right: what is read must notice by itself.
TEST(SnapshotTest, ABodyThatIsTooShortOrTooLongIsRefused) {
  const std::string bytes = RunFirst(MakeJournal(5, 120), 120)->SaveSnapshot();
  for (std::size_t size = kBodyAt; size + kHashBytes < bytes.size(); ++size) {
    ASSERT_NE(RefusalOf(SmallEngineConfig(), Sealed(bytes.substr(0, size) + std::string(kHashBytes, ' '))), "");
  }
  EXPECT_EQ(RefusalOf(SmallEngineConfig(), Sealed(bytes)), "");
  const std::string longer = bytes.substr(0, bytes.size() - kHashBytes) + std::string(8 + kHashBytes, '\0');
  EXPECT_NE(RefusalOf(SmallEngineConfig(), Sealed(longer)).find("bytes after the end"), std::string::npos);
}

// Every word of the body changed, under a right hash: refused, or a state that keeps its invariants and its bytes.
TEST(SnapshotTest, NothingIsTakenOnTrust) {
  const std::string bytes = RunFirst(MakeJournal(6, 400), 400)->SaveSnapshot();
  std::size_t refused = 0;
  for (std::size_t i = kBodyAt; i + sizeof(std::uint64_t) + kHashBytes <= bytes.size(); i += sizeof(std::uint64_t)) {
    for (const std::uint64_t by :
         {std::uint64_t{1}, ~std::uint64_t{0}, std::uint64_t{1} << 32, std::uint64_t{1} << 63}) {
      std::string changed = bytes;
      std::uint64_t word = 0;
      std::memcpy(&word, changed.data() + i, sizeof(word));
      word += by;
      std::memcpy(changed.data() + i, &word, sizeof(word));
      changed = Sealed(changed);
      std::string error;
      const auto engine = Engine::RestoreSnapshot(SmallEngineConfig(), changed, &error);
      if (engine == nullptr) {
        ++refused;
        ASSERT_NE(error, "");
        continue;
      }
      ASSERT_EQ(engine->CheckInvariants(), "") << "byte " << i;
      ASSERT_TRUE(engine->SaveSnapshot() == changed) << "byte " << i << " by " << by;
    }
  }
  EXPECT_GT(refused, bytes.size() / sizeof(std::uint64_t));
}

TEST(SnapshotTest, AnotherVersionIsRefused) {
  std::string bytes = RunFirst(MakeJournal(5, 60), 60)->SaveSnapshot();
  for (const char version : {'\0', '\2', '\xFF'}) {
    bytes[kVersionAt] = version;
    EXPECT_NE(RefusalOf(SmallEngineConfig(), Sealed(bytes)).find("its version is"), std::string::npos);
  }
  EXPECT_NE(RefusalOf(SmallEngineConfig(), std::string(200, 'x')).find("it is none"), std::string::npos);
}

TEST(SnapshotTest, TooSmallAConfigurationIsRefused) {
  const auto journal = MakeJournal(7, 1'500);
  const auto engine = RunFirst(journal, journal.size());
  const std::string bytes = engine->SaveSnapshot();
  const auto with = [](auto member, auto value) {
    EngineConfig config = SmallEngineConfig();
    config.*member = value;
    return config;
  };
  ASSERT_GT(engine->open_orders(), 8u);
  EXPECT_NE(RefusalOf(with(&EngineConfig::max_orders, 8), bytes), "");
  EXPECT_NE(RefusalOf(with(&EngineConfig::max_client_ids, 8), bytes), "");
  EXPECT_NE(RefusalOf(with(&EngineConfig::max_level_pages, 2), bytes), "");
  EXPECT_NE(RefusalOf(with(&EngineConfig::max_accounts, 5), bytes), "");
  EXPECT_NE(RefusalOf(with(&EngineConfig::max_assets, std::uint16_t{4}), bytes), "");
  EXPECT_NE(RefusalOf(with(&EngineConfig::max_symbols, std::uint16_t{4}), bytes), "");
  EXPECT_EQ(
      RefusalOf(with(&EngineConfig::max_accounts, static_cast<std::uint32_t>(engine->accounts().count() - 1)), bytes),
      "");
}

TEST(SnapshotTest, ALargerConfigurationGoesOnAlike) {
  const auto journal = MakeJournal(8, 2'000);
  const std::size_t half = journal.size() / 2;
  const auto straight = RunFirst(journal, half);
  EngineConfig larger = SmallEngineConfig();
  larger.max_orders *= 3;
  larger.max_client_ids *= 2;
  larger.max_level_pages *= 2;
  larger.max_accounts *= 5;
  larger.max_countdowns *= 2;
  std::string error;
  const auto restored = Engine::RestoreSnapshot(larger, straight->SaveSnapshot(), &error);
  ASSERT_NE(restored, nullptr) << error;
  for (std::size_t i = half; i < journal.size(); ++i) {
    ASSERT_EQ(Apply(*straight, journal[i]), Apply(*restored, journal[i]));
  }
  EXPECT_EQ(restored->Digest(), straight->Digest());
}

}  // namespace
}  // namespace xt::scenarios
