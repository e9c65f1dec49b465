#include "tests/chaos/run.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <thread>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "libs/base/status.h"

namespace xt::chaos {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kPatience{300};
constexpr seconds kVerifyPatience{600};
constexpr std::uint64_t kWarm = 300;  // orders before the first fault

std::string HistoryFile(const std::string& data) { return data + "/history.jsonl"; }

}  // namespace

Run::Run(RunOptions options, std::function<void(const std::string&)> say)
    : options_(std::move(options)),
      say_(std::move(say)),
      world_(options_.binaries, options_.data, options_.durability) {
  report_.seed = options_.seed;
}

absl::Status Run::Start() {
  std::filesystem::create_directories(options_.data);
  XT_RETURN_IF_ERROR(world_.Up());
  history_ = std::make_unique<HistoryLog>(HistoryFile(options_.data));
  load_ = std::make_unique<ClientLoad>(LoadOptions{.gateways = world_.Gateways(),
                                                   .accounts = world_.accounts(),
                                                   .per_second = options_.orders_per_second,
                                                   .seed = options_.seed},
                                       *history_);
  const std::string wrong = Await([&]() -> std::string {
    if (load_->acknowledged() < kWarm) return absl::StrCat("only ", load_->acknowledged(), " orders were acknowledged");
    return world_.WhatIsNotHealthy();
  });
  return wrong.empty() ? absl::OkStatus() : absl::UnavailableError(wrong);
}

bool Run::Inject(const std::vector<const FaultEntry*>& entries) {
  FaultResult seen;
  std::vector<Injected> injected;
  milliseconds hold{0};
  for (const FaultEntry* entry : entries) {
    injected.push_back({entry, entry->make()});
    Fault& fault = *injected.back().fault;
    absl::Status status = fault.Inject(world_);
    // Nobody leads for a moment, when the fault before deposed the leader after everything was well again.
    if (absl::IsNotFound(status) && injected.size() == 1) {
      (void)Await(
          [&] {
            status = fault.Inject(world_);
            return absl::IsNotFound(status) ? status.ToString() : "";
          },
          kPatience);
    }
    if (absl::IsNotFound(status) && injected.size() > 1) {
      injected.pop_back();  // the fault before has hit the same one
      continue;
    }
    if (!status.ok()) seen.violations.push_back(absl::StrCat("not injected: ", status.ToString()));
    hold = std::max(hold, entry->hold);
    if (injected.size() == 1) load_->Mark();
  }
  std::this_thread::sleep_for(hold);  // the fault
  for (Injected& one : injected) {
    const absl::Status status = one.fault->Heal(world_);
    if (!status.ok()) seen.violations.push_back(absl::StrCat("not healed: ", status.ToString()));
  }
  if (const auto first = load_->AwaitFirst(kPatience)) {
    seen.first_acknowledgement.push_back(*first);
  } else {
    seen.violations.emplace_back("no order is acknowledged any more");
  }
  const std::string wrong = WaitUntilWell(injected);
  if (!wrong.empty()) seen.violations.push_back(wrong);
  ReadBack(seen);
  Note(injected, seen);
  return wrong.empty();
}

std::string Run::WaitUntilWell(const std::vector<Injected>& injected) {
  std::string wrong = Await(
      [&]() -> std::string {
        // With others at once a fault may not have what it otherwise has: nobody succeeds a leader without ZooKeeper.
        if (injected.size() == 1) {
          if (std::string broken = injected.front().fault->WhatDoesNotHold(world_); !broken.empty()) return broken;
        }
        return world_.WhatIsNotHealthy();
      },
      kPatience);
  return wrong.empty() ? world_.AwaitCaughtUp() : wrong;
}

void Run::ReadBack(FaultResult& result) {
  const LoadReport load = load_->Take();
  result.acknowledged = load.acknowledged.size();
  if (!load.refused.empty()) {
    result.violations.push_back(absl::StrCat(load.refused.size(), " orders were refused: ", load.refused.front()));
  }
  if (!load.unanswered.empty()) {
    result.violations.push_back(
        absl::StrCat(load.unanswered.size(), " orders have no answer: ", load.unanswered.front()));
  }
  const std::string file = options_.data + "/acknowledged";
  std::ofstream out(file, std::ios::trunc);
  for (const auto& [account, id, sequence] : load.acknowledged)
    out << account << '\t' << id << '\t' << sequence << '\n';
  out.close();
  // The last of them may have been acknowledged after everything had caught up.
  const std::string wrong = Await(
      [&]() -> std::string {
        const test::ToolResult read = world_.Sql(absl::StrCat(
            "CREATE TEMP TABLE acked (account bigint, id text, sequence bigint);\n\\copy acked from '", file, "'\n",
            "SELECT count(*) FROM acked a WHERE NOT EXISTS (SELECT FROM orders o WHERE o.account = a.account AND "
            "o.client_order_id = a.id AND o.created_sequence = a.sequence);\n",
            "SELECT count(*) FROM (SELECT FROM orders GROUP BY account, client_order_id HAVING count(*) > 1) d;"));
        const std::vector<std::string> counts = absl::StrSplit(read.output, '\n', absl::SkipEmpty());
        const bool told = read.status == 0 && counts.size() == 2 && absl::SimpleAtoi(counts[0], &result.lost) &&
                          absl::SimpleAtoi(counts[1], &result.doubled);
        if (!told) return "the database cannot be asked: " + read.output;
        return result.lost == 0 ? "" : absl::StrCat(result.lost, " acknowledged orders are not stored; see ", file);
      },
      kPatience);
  if (!wrong.empty()) result.violations.push_back(wrong);
  if (result.doubled > 0) result.violations.push_back(absl::StrCat(result.doubled, " orders are stored twice"));
}

void Run::Note(const std::vector<Injected>& injected, const FaultResult& seen) {
  std::vector<std::string> names;
  for (const Injected& one : injected) {
    FaultResult& result = report_.Of(one.entry->name);
    result.known = one.entry->known;
    ++result.injected;
    result.acknowledged += seen.acknowledged;
    result.lost += seen.lost;
    result.doubled += seen.doubled;
    for (const milliseconds time : seen.first_acknowledgement) result.first_acknowledgement.push_back(time);
    result.violations.insert(result.violations.end(), seen.violations.begin(), seen.violations.end());
    names.push_back(one.entry->name);
  }
  const std::string first =
      seen.first_acknowledgement.empty() ? "never" : absl::StrCat(seen.first_acknowledgement.front().count(), " ms");
  say_(absl::StrFormat("%-36s %7d acknowledged, %d lost, %d doubled, the first after %s%s", absl::StrJoin(names, " + "),
                       seen.acknowledged, seen.lost, seen.doubled, first,
                       seen.violations.empty() ? "" : "; VIOLATED: " + absl::StrJoin(seen.violations, "; ")));
}

const Report& Run::Finish() {
  load_->Stop();
  history_->Flush();
  FaultResult rest;
  if (const std::string wrong = world_.AwaitCaughtUp(); !wrong.empty()) rest.violations.push_back(wrong);
  ReadBack(rest);
  report_.violations.insert(report_.violations.end(), rest.violations.begin(), rest.violations.end());
  Verify();
  if (const absl::Status down = world_.Down(); !down.ok()) report_.violations.push_back(down.ToString());
  if (report_.violated()) {
    report_.kept = options_.data;
  } else {
    std::filesystem::remove_all(options_.data);
  }
  return report_;
}

void Run::Verify() {
  const test::ToolResult verified = test::RunTool(
      {world_.binaries() + "/xtraderctl", "--data", options_.data, "verify", "--history", HistoryFile(options_.data)},
      kVerifyPatience);
  report_.verified = verified.output;
  if (verified.status != 0) report_.violations.emplace_back("`xtraderctl verify --history` is not clean");
}

}  // namespace xt::chaos
