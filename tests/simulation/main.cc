// sim: simulated runs of an exchange.
//
//   sim --seed 17 --story        one run, told
//   sim --seeds 2000             runs 1 to 2000, each in a process of its own
//   sim --seeds 200 --standby-files       all with the files of the sequencers that stand by
//   sim --seeds 40 --mistake any-run-id   until the planted mistake is found
//
// Exit status 0: no violation (with --mistake and --seeds: one). 1: the other way round. 2: a run did not come to its
// end. A violation names its seed; the same seed is the same run.
#include <sys/personality.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "tests/simulation/run.h"

namespace {

using xt::sim::Mistake;
using xt::sim::RunReport;

constexpr int kBroken = 1;
constexpr int kFailed = 2;  // there was no run

// What runs write is forgotten with the machine: in memory, where that can be had.
std::string MakeFolder() {
  const char* const base = std::getenv("TEST_TMPDIR");  // NOLINT(concurrency-mt-unsafe): there is one thread
  std::string folder = base != nullptr ? base : "/tmp";
  if (::access("/dev/shm", W_OK) == 0) folder = "/dev/shm";
  folder += "/xt-sim-XXXXXX";
  return ::mkdtemp(folder.data()) != nullptr ? folder : "";
}

int RunSeed(const xt::sim::RunOptions& options) {
  // A run that is not told logs all the same: what a service does besides must not make another run of it.
  if (!options.tells && std::freopen("/dev/null", "w", stderr) == nullptr) return kFailed;
  const RunReport report = xt::sim::RunOnce(options);
  std::printf(
      "seed %llu trace %016llx: %llu acknowledged, %llu commands, %llu epochs, %llu faults, %.1f s, %llu switches: "
      "%s\n",
      static_cast<unsigned long long>(options.seed), static_cast<unsigned long long>(report.trace_hash),
      static_cast<unsigned long long>(report.acknowledged), static_cast<unsigned long long>(report.commands),
      static_cast<unsigned long long>(report.epochs), static_cast<unsigned long long>(report.faults),
      static_cast<double>(report.simulated) / 1e9, static_cast<unsigned long long>(report.switches),
      report.violation.empty() ? "ok" : report.violation.c_str());
  return report.violation.empty() ? 0 : kBroken;
}

// In a process of its own. A run that did not come to its end has not found anything.
int RunChild(const xt::sim::RunOptions& options) {
  std::fflush(stdout);
  const pid_t child = ::fork();
  if (child == 0) {
    const int status = RunSeed(options);
    std::fflush(stdout);
    ::_exit(status);
  }
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) != child) return kFailed;
  std::filesystem::remove_all(options.folder);
  if (WIFEXITED(status)) return WEXITSTATUS(status);
  std::printf("seed %llu: died of signal %d\n", static_cast<unsigned long long>(options.seed), WTERMSIG(status));
  return kFailed;
}

}  // namespace

int main(int argc, char** argv) {
  // Addresses are part of what must be the same.
  if (const int now = ::personality(0xffffffff); now >= 0 && (now & ADDR_NO_RANDOMIZE) == 0) {
    if (::personality(static_cast<unsigned long>(now) | ADDR_NO_RANDOMIZE) >= 0) ::execv("/proc/self/exe", argv);
  }
  CLI::App app("Simulated runs of an exchange.");
  xt::sim::RunOptions options{.seed = 0};
  std::uint64_t seeds = 0;
  std::uint64_t first = 1;
  std::string mistake = "none";
  app.add_option("--seed", options.seed, "one run");
  app.add_option("--seeds", seeds, "so many runs");
  app.add_option("--first", first, "the first of --seeds");
  app.add_flag("--story", options.tells, "tell what happens");
  app.add_flag("--standby-files", options.standby_files, "sequencers that stand by hold the journal, too");
  app.add_option("--mistake", mistake, "plant a mistake");
  CLI11_PARSE(app, argc, argv);
  const Mistake planted = options.mistake = xt::sim::MistakeOf(mistake);
  options.folder = MakeFolder();
  if (options.folder.empty() || (planted == Mistake::kNone && mistake != "none")) return kFailed;
  if (seeds == 0) return RunChild(options);
  options.tells = false;
  std::uint64_t violations = 0;
  std::uint64_t failures = 0;
  std::uint64_t next = first;
  for (; next < first + seeds && (violations == 0 || planted == Mistake::kNone); ++next) {
    options.seed = next;
    const int status = RunChild(options);
    violations += status == kBroken ? 1 : 0;
    failures += status == kFailed ? 1 : 0;
  }
  std::printf("%llu of %llu runs broke a promise, %llu failed\n", static_cast<unsigned long long>(violations),
              static_cast<unsigned long long>(next - first), static_cast<unsigned long long>(failures));
  if (failures != 0) return kFailed;
  return (violations != 0) == (planted != Mistake::kNone) ? 0 : kBroken;
}
