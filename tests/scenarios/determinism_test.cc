// The journal alone decides: the same commands, through the wire in frames of any size, give the same bytes of events and
// the same state, and how large the tables of an engine are decides nothing that a client can see.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "libs/domain/frame.h"
#include "libs/wire/event_codec.h"
#include "libs/wire/frame_codec.h"
#include "services/matching/core/engine.h"
#include "tests/scenarios/random_journal.h"

namespace xt::scenarios {
namespace {

using matching::Engine;
using matching::EngineConfig;

// Commands that share a timestamp, as those of a frame do, and that a frame can carry.
std::vector<JournalEntry> MakeWireJournal(std::uint64_t seed) {
  constexpr int kCommands = 6'000;
  constexpr int kSameTime = 300;
  return MakeJournal(seed, kCommands, kSameTime,
                     [](const domain::Command& command) { return wire::ValidateCommand(command).ok(); });
}

struct Outcome {
  std::vector<std::string> batches;  // one a command, encoded
  Hash128 chain;                     // of the last frame
  Hash128 digest;                    // of the state
};

// `draw_size` says how many commands the next frame may hold.
Outcome RunInFrames(const std::vector<JournalEntry>& journal, const std::function<std::size_t()>& draw_size) {
  Engine engine(SmallEngineConfig());
  Outcome outcome;
  for (std::size_t i = 0; i < journal.size();) {
    domain::Frame frame;
    frame.epoch = domain::Epoch(1);
    frame.first_sequence = domain::SequenceNumber(i + 1);
    frame.timestamp_ns = journal[i].timestamp_ns;
    frame.previous_hash = outcome.chain;
    for (std::size_t room = draw_size(); room > 0 && i < journal.size(); --room, ++i) {
      if (journal[i].timestamp_ns != frame.timestamp_ns) break;
      frame.commands.push_back(journal[i].command);
    }
    const auto read = wire::DecodeFrame(wire::EncodeFrame(frame));
    EXPECT_TRUE(read.ok()) << read.status();
    if (!read.ok()) return outcome;
    outcome.chain = read->hash;
    std::uint64_t sequence = read->first_sequence.value();
    for (const domain::Command& command : read->commands) {
      const auto events = engine.Apply(domain::SequenceNumber(sequence), read->timestamp_ns, command);
      outcome.batches.push_back(wire::EncodeEventBatch(
          {domain::SequenceNumber(sequence), read->timestamp_ns, {events.begin(), events.end()}}));
      ++sequence;
    }
  }
  outcome.digest = engine.Digest();
  return outcome;
}

class FramesTest : public testing::TestWithParam<std::uint64_t> {};

TEST_P(FramesTest, OfAnySizeGiveTheSameBytes) {
  const auto journal = MakeWireJournal(GetParam());
  ASSERT_GT(journal.size(), 4'000u);
  const Outcome single = RunInFrames(journal, [] { return std::size_t{1}; });
  ASSERT_EQ(single.batches.size(), journal.size());
  Random random(GetParam());
  const std::function<std::size_t()> sizes[] = {
      [] { return domain::kMaxFrameCommands; },
      [] { return std::size_t{7}; },
      [&] { return static_cast<std::size_t>(random.Between(1, 256)); },
      [&] { return static_cast<std::size_t>(random.OneIn(2) ? 1 : random.Between(1, 30)); },
  };
  for (const auto& draw_size : sizes) {
    const Outcome framed = RunInFrames(journal, draw_size);
    EXPECT_TRUE(framed.batches == single.batches);
    EXPECT_EQ(framed.digest, single.digest);
    EXPECT_NE(framed.chain, single.chain) << "the frames themselves are others";
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, FramesTest, testing::Values(1, 2, 3));

TEST(CapacitiesTest, AreNoPartOfTheState) {
  EngineConfig larger = SmallEngineConfig();
  larger.max_orders = 50'000;
  larger.max_client_ids = 100'000;
  larger.max_level_pages = 1'000;
  larger.max_accounts = 5'000;
  larger.max_countdowns = 1'000;
  larger.max_assets = 60'000;
  larger.max_symbols = 60'000;
  Engine small(SmallEngineConfig());
  Engine large(larger);
  std::uint64_t sequence = 0;
  for (const JournalEntry& entry : MakeJournal(21, 8'000)) {
    const domain::SequenceNumber next(++sequence);
    const auto a = small.Apply(next, entry.timestamp_ns, entry.command);
    const auto b = large.Apply(next, entry.timestamp_ns, entry.command);
    ASSERT_TRUE(std::equal(a.begin(), a.end(), b.begin(), b.end())) << "sequence " << sequence;
    if (sequence % 500 == 0) {
      ASSERT_EQ(small.Digest(), large.Digest()) << "sequence " << sequence;
    }
  }
  EXPECT_EQ(small.Digest(), large.Digest());
  EXPECT_EQ(small.SaveSnapshot(), large.SaveSnapshot());
}

// What no event tells is state as well: the digest sees it.
TEST(DigestTest, ChangesWithEveryCommandThatIsAccepted) {
  Engine engine(SmallEngineConfig());
  Hash128 previous = engine.Digest();
  std::uint64_t sequence = 0;
  for (const JournalEntry& entry : MakeJournal(22, 500)) {
    engine.Apply(domain::SequenceNumber(++sequence), entry.timestamp_ns, entry.command);
    const Hash128 now = engine.Digest();
    ASSERT_NE(now, previous) << "sequence " << sequence;
    previous = now;
  }
}

}  // namespace
}  // namespace xt::scenarios
