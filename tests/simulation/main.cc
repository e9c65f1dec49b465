// sim: simulated runs of an exchange.
//
//   sim --seed 17 --story        one run, told
//   sim --seeds 2000             runs 1 to 2000, each in a process of its own
//   sim --seeds 40 --mistake any-run-id   until the planted mistake is found
//
// Exit status 0: no violation (with --mistake: one). A violation names its seed; the same seed is the same run.
#include <sys/personality.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>

#include "libs/runtime/log.h"
#include "tests/simulation/run.h"

namespace {

using xt::sim::Mistake;
using xt::sim::RunReport;

const std::map<std::string, Mistake> kMistakes{
    {"none", Mistake::kNone},
    {"no-fence", Mistake::kNoFence},
    {"no-generation", Mistake::kNoGeneration},
    {"no-compare", Mistake::kNoCompare},
    {"any-run-id", Mistake::kAnyRunId},
    {"any-disk", Mistake::kAnyDisk},
    {"ack-before-sync", Mistake::kAckBeforeSync},
    {"ack-before-redis", Mistake::kAckBeforeRedis},
    {"ack-from-memory", Mistake::kAckFromMemory},
    {"set-without-compare", Mistake::kSetWithoutCompare},
    {"shrink-without-set", Mistake::kShrinkWithoutSet},
    {"trust-own", Mistake::kTrustOwn},
    {"forget-duplicates", Mistake::kForgetDuplicates},
};

int RunSeed(std::uint64_t seed, Mistake mistake, bool story) {
  const char* const base = std::getenv("TEST_TMPDIR");  // NOLINT(concurrency-mt-unsafe): there is one thread
  std::string folder = std::string(base != nullptr ? base : "/tmp") + "/xt-sim-XXXXXX";
  if (::mkdtemp(folder.data()) == nullptr) return 2;
  if (!story) xt::runtime::SetLogLevel(xt::runtime::LogLevel::kError);
  const RunReport report = xt::sim::RunOnce({seed, mistake, story, folder});
  std::filesystem::remove_all(folder);
  std::printf(
      "seed %llu trace %016llx: %llu acknowledged, %llu commands, %llu epochs, %llu faults, %.1f s, %llu switches: "
      "%s\n",
      static_cast<unsigned long long>(seed), static_cast<unsigned long long>(report.trace_hash),
      static_cast<unsigned long long>(report.acknowledged), static_cast<unsigned long long>(report.commands),
      static_cast<unsigned long long>(report.epochs), static_cast<unsigned long long>(report.faults),
      static_cast<double>(report.simulated) / 1e9, static_cast<unsigned long long>(report.switches),
      report.violation.empty() ? "ok" : report.violation.c_str());
  return report.violation.empty() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  // Addresses are part of what must be the same.
  if (const int now = ::personality(0xffffffff); now >= 0 && (now & ADDR_NO_RANDOMIZE) == 0) {
    if (::personality(static_cast<unsigned long>(now) | ADDR_NO_RANDOMIZE) >= 0) ::execv("/proc/self/exe", argv);
  }
  CLI::App app("Simulated runs of an exchange.");
  std::uint64_t seed = 0;
  std::uint64_t seeds = 0;
  std::uint64_t first = 1;
  bool story = false;
  std::string mistake = "none";
  app.add_option("--seed", seed, "one run");
  app.add_option("--seeds", seeds, "so many runs");
  app.add_option("--first", first, "the first of --seeds");
  app.add_flag("--story", story, "tell what happens");
  app.add_option("--mistake", mistake, "plant a mistake");
  CLI11_PARSE(app, argc, argv);
  const Mistake planted = kMistakes.at(mistake);
  if (seeds == 0) {
    const int status = RunSeed(seed, planted, story);
    std::fflush(stdout);
    ::_exit(status);
  }
  std::uint64_t violations = 0;
  std::uint64_t next = first;
  for (; next < first + seeds && (violations == 0 || planted == Mistake::kNone); ++next) {
    std::fflush(stdout);
    const pid_t child = ::fork();
    if (child == 0) {
      const int status = RunSeed(next, planted, false);
      std::fflush(stdout);
      ::_exit(status);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    if (status != 0) {
      ++violations;
      if (!WIFEXITED(status))
        std::printf("seed %llu: died of signal %d\n", static_cast<unsigned long long>(next), WTERMSIG(status));
    }
  }
  std::printf("%llu of %llu runs broke a promise\n", static_cast<unsigned long long>(violations),
              static_cast<unsigned long long>(next - first));
  return (violations != 0) == (planted != Mistake::kNone) ? 0 : 1;
}
