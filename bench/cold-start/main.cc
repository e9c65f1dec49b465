// bench-cold-start [--json] [--commands N] [--snapshot-every N]: fills sequencer and matching with orders, kills both with
// SIGKILL, and measures from their start to the first command that is acknowledged: with the newest snapshot, and with
// the whole journal. Exit status 1 when it fails, 2 for wrong arguments.
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>

#include "bench/cold-start/exchange.h"
#include "bench/support/machine.h"
#include "libs/base/status.h"
#include "tests/support/files.h"

namespace xt::bench {
namespace {

using nlohmann::ordered_json;

struct Options {
  bool json = false;
  std::int64_t commands = 5'000'000;
  std::int64_t snapshot_every = 1'000'000;
};

std::int64_t MillisecondsSince(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin).count();
}

absl::StatusOr<std::int64_t> Restart(Exchange& exchange) {
  const auto begin = std::chrono::steady_clock::now();
  exchange.Start();
  XT_RETURN_IF_ERROR(exchange.AwaitServing());
  return MillisecondsSince(begin);
}

absl::Status Run(const Options& options, ordered_json& out) {
  const test::TemporaryFolder folder;
  Exchange exchange(folder / "exchange", options.snapshot_every, options.commands + 1'000'000);
  std::fprintf(stderr, "%lld orders ...\n", static_cast<long long>(options.commands));
  exchange.Start();
  XT_RETURN_IF_ERROR(exchange.AwaitServing());
  XT_RETURN_IF_ERROR(exchange.SetUp());
  const auto begin = std::chrono::steady_clock::now();
  XT_RETURN_IF_ERROR(exchange.SendOrders(static_cast<std::uint64_t>(options.commands)));
  out["commands"] = exchange.sequence();
  out["orders_per_s"] = options.commands * 1'000 / std::max<std::int64_t>(1, MillisecondsSince(begin));
  exchange.Kill();

  const auto snapshots = exchange.Snapshots();
  const std::uint64_t newest = snapshots.empty() ? 0 : snapshots.front();
  out["snapshot_at"] = newest;
  out["behind_snapshot"] = exchange.sequence() - newest;
  std::fprintf(stderr, "killed; the newest snapshot is at %llu; starting again ...\n",
               static_cast<unsigned long long>(newest));
  XT_ASSIGN_OR_RETURN(out["with_snapshot_ms"], Restart(exchange));
  exchange.Kill();
  exchange.RemoveSnapshots();
  std::fprintf(stderr, "killed; starting again without a snapshot ...\n");
  XT_ASSIGN_OR_RETURN(out["whole_journal_ms"], Restart(exchange));
  exchange.Kill();
  return absl::OkStatus();
}

}  // namespace
}  // namespace xt::bench

int main(int argc, char** argv) {
  xt::bench::Options options;
  CLI::App app("From the start of killed processes to the first acknowledgement.");
  app.add_flag("--json", options.json, "one JSON object instead of lines");
  app.add_option("--commands", options.commands, "orders before the kill")->check(CLI::Range(1'000, 50'000'000));
  app.add_option("--snapshot-every", options.snapshot_every, "commands between two snapshots; 0: none")
      ->check(CLI::Range(0, 1'000'000'000));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int status = app.exit(error);
    return status == 0 ? 0 : 2;
  }
  nlohmann::ordered_json out{{"bench", "cold-start"}, {"machine", xt::bench::Machine()}, {"date", xt::bench::Date()}};
  if (const absl::Status status = xt::bench::Run(options, out); !status.ok()) {
    std::fprintf(stderr, "cold-start: %s\n", std::string(xt::MessageOf(status)).c_str());
    return 1;
  }
  if (options.json) {
    std::printf("%s\n", out.dump().c_str());
  } else {
    for (const auto& [name, value] : out.items()) std::printf("%-18s %s\n", name.c_str(), value.dump().c_str());
  }
  return 0;
}
