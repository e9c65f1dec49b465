// chaos: faults into a real cluster under load. `./dev chaos` calls it; README.md says what it does.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "tests/chaos/run.h"
#include "tests/chaos/schedule.h"

namespace {

using xt::chaos::FaultEntry;

constexpr std::chrono::seconds kPause{1};  // until a fault may come again that destroys data

struct Arguments {
  xt::chaos::RunOptions run;
  int minutes = 0;
  std::vector<std::string> faults;
  bool json = false;
  bool list = false;
};

void Say(const std::string& line) {
  std::fprintf(stderr, "%s\n", line.c_str());
  std::fflush(stderr);
}

// Those of these names, all when there are none. Empty when a name is unknown.
std::vector<const FaultEntry*> Chosen(const std::vector<std::string>& names) {
  std::vector<const FaultEntry*> chosen;
  for (const FaultEntry& entry : xt::chaos::AllFaults()) {
    if (names.empty() || std::ranges::find(names, entry.name) != names.end()) chosen.push_back(&entry);
  }
  return names.empty() || chosen.size() == names.size() ? chosen : std::vector<const FaultEntry*>{};
}

void List() {
  for (const FaultEntry& entry : xt::chaos::AllFaults()) {
    std::printf("%2d  %-22s %s\n", entry.number, entry.name.c_str(), entry.what.c_str());
  }
}

void InjectAll(xt::chaos::Run& run, const std::vector<const FaultEntry*>& entries, const Arguments& arguments) {
  if (arguments.minutes == 0) {
    for (const FaultEntry* entry : xt::chaos::InSomeOrder(entries, arguments.run.seed)) {
      if (!run.Inject({entry})) return;
    }
    return;
  }
  xt::chaos::Schedule schedule(entries, arguments.run.seed);
  const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(arguments.minutes);
  while (std::chrono::steady_clock::now() < end) {
    const auto next = schedule.Next(std::chrono::steady_clock::now());
    if (next.empty()) {
      std::this_thread::sleep_for(kPause);
    } else if (!run.Inject(next)) {
      return;
    }
  }
}

int RunIt(Arguments& arguments) {
  const auto entries = Chosen(arguments.faults);
  if (entries.empty()) {
    Say("chaos: no such fault; `./dev chaos --list` names them");
    return 2;
  }
  arguments.run.data = std::filesystem::absolute(arguments.run.data).lexically_normal().string();
  if (std::filesystem::exists(arguments.run.data) && !std::filesystem::is_empty(arguments.run.data)) {
    Say("chaos: " + arguments.run.data + " is not empty");
    return 2;
  }
  Say("seed " + std::to_string(arguments.run.seed));
  xt::chaos::Run run(arguments.run, Say);
  if (const absl::Status started = run.Start(); !started.ok()) {
    Say("chaos: " + started.ToString() + "\nsee " + arguments.run.data);
    return 1;
  }
  InjectAll(run, entries, arguments);
  const xt::chaos::Report& report = run.Finish();
  std::fputs((arguments.json ? xt::chaos::JsonOf(report) : xt::chaos::TextOf(report)).c_str(), stdout);
  return report.violated() ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Puts faults into a real cluster under load and proves that no acknowledged order is lost or doubled.",
               "./dev chaos");
  Arguments arguments;
  app.add_option("--binaries", arguments.run.binaries, "folder of the programs")->required();
  app.add_option("--data", arguments.run.data, "folder of everything; kept when something is violated")->required();
  app.add_option("--minutes", arguments.minutes, "so long, at random and now and then two at once; 0: each fault once");
  app.add_option("--seed", arguments.run.seed, "decides faults and orders");
  app.add_option("--rate", arguments.run.orders_per_second, "orders a second")->check(CLI::Range(1, 10'000));
  app.add_option("--fault", arguments.faults, "only this one; may be given several times");
  app.add_option("--durability", arguments.run.durability,
                 "of the journal: local+redis (the default), always or local+redis+standbys")
      ->check(CLI::IsMember({"local+redis", "always", "local+redis+standbys"}));
  app.add_flag("--json", arguments.json, "the table as JSON");
  app.add_flag("--list", arguments.list, "the faults");
  CLI11_PARSE(app, argc, argv);
  if (!arguments.list) return RunIt(arguments);
  List();
  return 0;
}
