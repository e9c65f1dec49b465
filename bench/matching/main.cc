// bench-matching [--json] [--case NAME] [--rounds N]: the matching workloads on the bare book and on the complete engine.
// Exit status 1 when an answer is wrong, 2 for wrong arguments.
#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bench/matching/measure.h"
#include "bench/matching/metrics_case.h"
#include "bench/matching/restore_case.h"
#include "bench/support/machine.h"

namespace xt::bench {
namespace {

struct Case {
  std::string_view name;
  const WorkloadSpec& spec;
  CaseResult (*run)(const WorkloadSpec&, const Workload&, int rounds);
};

constexpr Case kCases[] = {{"W1-bare", kW1, RunBare},
                           {"W2-bare", kW2, RunBare},
                           {"W1-complete", kW1, RunComplete},
                           {"W2-complete", kW2, RunComplete},
                           {"W1-complete-ids", kW1, RunCompleteWithIds}};

struct Options {
  bool json = false;
  std::string only;
  int rounds = 3;
};

std::int64_t OpsPerSecond(const CaseResult& result) {
  return static_cast<std::int64_t>(static_cast<unsigned __int128>(result.operations) * 1'000'000'000 /
                                   static_cast<std::uint64_t>(std::max<std::int64_t>(1, result.elapsed_ns)));
}

// Tenths of a nanosecond per operation.
std::int64_t TenthsPerOp(const CaseResult& result) {
  return result.elapsed_ns * 10 / static_cast<std::int64_t>(result.operations);
}

// Millionths of an allocation per operation.
std::uint64_t MillionthsPerOp(const CaseResult& result) { return result.allocations * 1'000'000 / result.operations; }

// Hundredths of a percent that the metrics add to the time of a command.
std::int64_t CostOf(const MetricsResult& metrics) {
  return (metrics.with_ns - metrics.without_ns) * 10'000 / std::max<std::int64_t>(1, metrics.without_ns);
}

void PrintTable(const std::vector<CaseResult>& results, const std::optional<RestoreResult>& restore,
                const std::optional<MetricsResult>& metrics) {
  if (metrics) {
    const std::int64_t cost = CostOf(*metrics);
    const auto commands = static_cast<std::int64_t>(metrics->commands);
    std::printf("%s: %" PRId64 " ns a command with, %" PRId64 " ns without: %s%" PRId64 ".%02" PRId64
                " %%, answer %s\n",
                std::string(kMetricsCase).c_str(), metrics->with_ns / commands, metrics->without_ns / commands,
                cost < 0 ? "-" : "", std::abs(cost) / 100, std::abs(cost) % 100, metrics->right ? "right" : "WRONG");
  }
  if (restore) {
    std::printf("%s: %" PRIu64 " open orders, %" PRIu64 " bytes, saved in %" PRId64 " ms, restored in %" PRId64
                " ms, answer %s\n",
                std::string(kRestoreCase).c_str(), restore->open_orders, restore->bytes, restore->save_ms,
                restore->restore_ms, restore->right ? "right" : "WRONG");
  }
  if (results.empty()) return;
  std::printf("%-16s %12s %8s %8s %8s %8s  %-16s %10s %10s %11s %9s %6s\n", "case", "ops/s", "ns/op", "p50 ns",
              "p99 ns", "p99.9 ns", "digest", "trades", "live", "bytes/order", "allocs/op", "answer");
  for (const CaseResult& r : results) {
    const std::int64_t tenths = TenthsPerOp(r);
    std::printf("%-16s %12" PRId64 " %6" PRId64 ".%" PRId64 " %8" PRId64 " %8" PRId64 " %8" PRId64 "  %016" PRIx64
                " %10" PRIu64 " %10" PRIu64 " %11" PRIu64 " %2" PRIu64 ".%06" PRIu64 " %6s\n",
                r.name.c_str(), OpsPerSecond(r), tenths / 10, tenths % 10, r.p50_ns, r.p99_ns, r.p999_ns,
                r.answer.digest, r.answer.trades, r.answer.live_orders, r.bytes_per_order,
                MillionthsPerOp(r) / 1'000'000, MillionthsPerOp(r) % 1'000'000, r.right() ? "right" : "WRONG");
  }
}

void PrintJson(const std::vector<CaseResult>& results, const std::optional<RestoreResult>& restore,
               const std::optional<MetricsResult>& metrics) {
  std::printf(R"({"bench":"matching","machine":"%s","date":"%s","results":[)", Machine().c_str(), Date().c_str());
  const char* separator = "";
  for (const CaseResult& r : results) {
    const std::int64_t tenths = TenthsPerOp(r);
    std::printf(R"(%s{"case":"%s","ops_per_s":%)" PRId64 R"(,"ns_per_op":%)" PRId64 ".%" PRId64 R"(,"p50_ns":%)" PRId64
                R"(,"p99_ns":%)" PRId64 R"(,"p999_ns":%)" PRId64 R"(,"digest":"%016)" PRIx64 R"(","trades":%)" PRIu64
                R"(,"volume":%)" PRIu64 R"(,"live_orders":%)" PRIu64 R"(,"bytes_per_order":%)" PRIu64
                R"(,"allocations_per_op":%)" PRIu64 ".%06" PRIu64 R"(,"operations":%)" PRIu64 R"(,"right":%s})",
                separator, r.name.c_str(), OpsPerSecond(r), tenths / 10, tenths % 10, r.p50_ns, r.p99_ns, r.p999_ns,
                r.answer.digest, r.answer.trades, r.answer.volume, r.answer.live_orders, r.bytes_per_order,
                MillionthsPerOp(r) / 1'000'000, MillionthsPerOp(r) % 1'000'000, r.operations,
                r.right() ? "true" : "false");
    separator = ",";
  }
  if (restore) {
    std::printf(R"(%s{"case":"%s","open_orders":%)" PRIu64 R"(,"bytes":%)" PRIu64 R"(,"save_ms":%)" PRId64
                R"(,"restore_ms":%)" PRId64 R"(,"right":%s})",
                separator, std::string(kRestoreCase).c_str(), restore->open_orders, restore->bytes, restore->save_ms,
                restore->restore_ms, restore->right ? "true" : "false");
    separator = ",";
  }
  if (metrics) {
    std::printf(R"(%s{"case":"%s","commands":%)" PRIu64 R"(,"with_ns":%)" PRId64 R"(,"without_ns":%)" PRId64
                R"(,"right":%s})",
                separator, std::string(kMetricsCase).c_str(), metrics->commands, metrics->with_ns, metrics->without_ns,
                metrics->right ? "true" : "false");
  }
  std::printf("]}\n");
}

bool Parse(int argc, char** argv, Options& options) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--json") {
      options.json = true;
    } else if (argument == "--case" && i + 1 < argc) {
      options.only = argv[++i];
    } else if (argument == "--rounds" && i + 1 < argc) {
      options.rounds = std::clamp(std::atoi(argv[++i]), 1, 100);
    } else {
      return false;
    }
  }
  return options.only.empty() || options.only == kRestoreCase || options.only == kMetricsCase ||
         std::any_of(std::begin(kCases), std::end(kCases), [&](const Case& c) { return c.name == options.only; });
}

int Run(const Options& options) {
  std::vector<CaseResult> results;
  std::string_view generated;
  Workload workload;
  for (const Case& c : kCases) {
    if (!options.only.empty() && c.name != options.only) continue;
    if (generated != c.spec.name) workload = Generate(c.spec);
    generated = c.spec.name;
    std::fprintf(stderr, "%s ...\n", std::string(c.name).c_str());
    results.push_back(c.run(c.spec, workload, options.rounds));
  }
  std::optional<RestoreResult> restore;
  if (options.only.empty() || options.only == kRestoreCase) {
    std::fprintf(stderr, "%s ...\n", std::string(kRestoreCase).c_str());
    restore = RunRestore(options.rounds);
  }
  std::optional<MetricsResult> metrics;
  if (options.only.empty() || options.only == kMetricsCase) {
    std::fprintf(stderr, "%s ...\n", std::string(kMetricsCase).c_str());
    metrics = RunMetrics(options.rounds);
  }
  options.json ? PrintJson(results, restore, metrics) : PrintTable(results, restore, metrics);
  const bool all_right = std::all_of(results.begin(), results.end(), [](const CaseResult& r) { return r.right(); });
  return all_right && (!restore || restore->right) && (!metrics || metrics->right) ? 0 : 1;
}

}  // namespace
}  // namespace xt::bench

int main(int argc, char** argv) {
  xt::bench::Options options;
  if (!xt::bench::Parse(argc, argv, options)) {
    std::fprintf(stderr,
                 "usage: bench-matching [--json] [--rounds N]\n"
                 "       [--case W1-bare|W2-bare|W1-complete|W2-complete|W1-complete-ids|restore-1M|metrics]\n");
    return 2;
  }
  return xt::bench::Run(options);
}
