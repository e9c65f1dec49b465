// Runs of the simulator, each with a seed of its own. XT_SIM_SEEDS says how many honest ones (default 200).
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
constexpr std::uint64_t kSeeds = 200;
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
  EXPECT_NE(Sim({"--seed", "4"}).output, first.output);
}

struct Planted {
  const char* mistake;
  int seeds;  // within which it is found
};

class MistakeTest : public testing::TestWithParam<Planted> {};

TEST_P(MistakeTest, IsFound) {
  const ToolResult result = Sim({"--mistake", GetParam().mistake, "--seeds", std::to_string(GetParam().seeds)});
  EXPECT_EQ(result.status, 0) << result.output;
}

INSTANTIATE_TEST_SUITE_P(Planted, MistakeTest,
                         testing::Values(Planted{"any-run-id", 40}, Planted{"ack-before-sync", 20},
                                         Planted{"ack-before-redis", 20}, Planted{"ack-from-memory", 10},
                                         Planted{"trust-own", 20}, Planted{"forget-duplicates", 10}),
                         [](const auto& planted) {
                           std::string name = planted.param.mistake;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace xt::test
