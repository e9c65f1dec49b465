// Runs of the simulator, each with a seed of its own. XT_SIM_SEEDS says how many honest ones (default 2,000).
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/cluster.h"

namespace xt::test {
namespace {

constexpr std::uint64_t kProcesses = 2;
constexpr std::uint64_t kSeeds = 2'000;
// More of them than any run needs; only ends one that has gone wrong.
constexpr std::chrono::seconds kPatience{20'000};

ToolResult Sim(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), XT_BINARY_DIR "/bin/sim");
  return RunTool(std::move(arguments), kPatience);
}

TEST(SimulationTest, NoPromiseIsBroken) {
  const char* const wanted = std::getenv("XT_SIM_SEEDS");  // NOLINT(concurrency-mt-unsafe): before any thread
  const std::uint64_t seeds = wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : kSeeds;
  ASSERT_GE(seeds, kProcesses);
  const std::uint64_t share = seeds / kProcesses;
  std::vector<ToolResult> results(kProcesses);
  std::vector<std::thread> threads;
  for (std::uint64_t i = 0; i < kProcesses; ++i) {
    threads.emplace_back([&, i] {
      results[i] = Sim({"--seeds", std::to_string(share), "--first", std::to_string(1 + i * share)});
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const ToolResult& result : results) EXPECT_EQ(result.status, 0) << result.output;
}

TEST(SimulationTest, TheSameSeedIsTheSameRun) {
  const ToolResult first = Sim({"--seed", "3"});
  const ToolResult again = Sim({"--seed", "3"});
  EXPECT_EQ(first.status, 0) << first.output;
  EXPECT_EQ(first.output, again.output);
  EXPECT_NE(first.output.find(" trace "), std::string::npos);
  EXPECT_TRUE(Sim({"--seeds", "2", "--first", "2"}).output.find(first.output) != std::string::npos) << first.output;
  EXPECT_NE(Sim({"--seed", "4"}).output, first.output);
}

// What nobody planted must not be found: else a check that always fails would pass for one that finds everything.
TEST(SimulationTest, NothingIsFoundWhereNothingIsPlanted) {
  const ToolResult result = Sim({"--mistake", "harmless", "--seeds", "20"});
  EXPECT_EQ(result.status, 1) << result.output;
  EXPECT_NE(result.output.find("0 of 20 runs broke a promise, 0 failed"), std::string::npos) << result.output;
}

// As an honest run would that broke a promise.
TEST(SimulationTest, ARunThatBreaksAPromiseFails) {
  ToolResult result;
  for (int seed = 1; seed <= 20 && result.status != 1; ++seed) {
    result = Sim({"--mistake", "same-epoch", "--seed", std::to_string(seed)});
    EXPECT_EQ(result.status, result.output.find(": ok\n") == std::string::npos ? 1 : 0) << result.output;
  }
  EXPECT_EQ(result.status, 1) << result.output;
  EXPECT_NE(result.output.find("the epoch of the frame"), std::string::npos) << result.output;
}

TEST(SimulationTest, ARunThatCannotBeIsNoFinding) {
  EXPECT_EQ(Sim({"--mistake", "there-is-none", "--seeds", "1"}).status, 2);
}

struct Planted {
  const char* mistake;
  int seeds;  // within which it is found
};

class MistakeTest : public testing::TestWithParam<Planted> {};

// The kill matrix. README.md has what was measured, and how the limits follow.
TEST_P(MistakeTest, IsFound) {
  const ToolResult result = Sim({"--mistake", GetParam().mistake, "--seeds", std::to_string(GetParam().seeds)});
  EXPECT_EQ(result.status, 0) << result.output;
}

INSTANTIATE_TEST_SUITE_P(
    Planted, MistakeTest,
    testing::Values(Planted{"no-fence", 30}, Planted{"no-generation", 120}, Planted{"no-compare", 60},
                    Planted{"any-run-id", 40}, Planted{"any-disk", 20}, Planted{"ack-before-sync", 60},
                    Planted{"ack-before-redis", 60}, Planted{"ack-from-memory", 60}, Planted{"swallow-errors", 20},
                    Planted{"set-without-compare", 40}, Planted{"shrink-without-set", 30},
                    Planted{"grow-without-set", 40}, Planted{"trust-own", 60}, Planted{"own-chain", 20},
                    Planted{"redis-chain", 30}, Planted{"same-epoch", 20}, Planted{"own-time", 60},
                    Planted{"forget-duplicates", 60}, Planted{"remember-in-leader", 60},
                    Planted{"duplicate-is-new", 60}, Planted{"break-is-reject", 60}, Planted{"apply-uncommitted", 120},
                    Planted{"publish-twice", 30}, Planted{"publish-gaps", 20}, Planted{"believe-cursor", 20},
                    Planted{"ack-before-standby", 20}, Planted{"any-standby", 20}, Planted{"leave-out-without-set", 20},
                    Planted{"adopt-alone", 20}),
    [](const auto& planted) {
      std::string name = planted.param.mistake;
      std::replace(name.begin(), name.end(), '-', '_');
      return name;
    });

}  // namespace
}  // namespace xt::test
