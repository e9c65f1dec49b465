#include "tools/xtraderctl/verify/verify.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "tools/xtraderctl/table.h"
#include "tools/xtraderctl/verify/bus_check.h"
#include "tools/xtraderctl/verify/copies_check.h"
#include "tools/xtraderctl/verify/history_check.h"
#include "tools/xtraderctl/verify/live_check.h"
#include "tools/xtraderctl/verify/money_check.h"
#include "tools/xtraderctl/verify/rules_check.h"
#include "tools/xtraderctl/verify/store_check.h"

namespace xt::ctl {
namespace {

std::string NameOf(Outcome outcome) {
  switch (outcome) {
    case Outcome::kOk: return "ok";
    case Outcome::kViolated: return "violated";
    case Outcome::kNotChecked: return "not checked";
  }
  return "";
}

// "I10" stands behind "I9".
int NumberOf(const Verdict& verdict) {
  int number = 0;
  std::from_chars(verdict.invariant.data() + 1, verdict.invariant.data() + verdict.invariant.size(), number);
  return number;
}

Verdict ChainVerdict(const absl::Status& played, const ChainCheck& chain) {
  if (absl::IsDataLoss(played)) return {"I1", Outcome::kViolated, std::string(MessageOf(played))};
  return {"I1", Outcome::kOk,
          absl::StrCat(chain.records(), " frames, ", chain.sequence().value(), " commands, epochs: ", chain.epochs())};
}

// The journal as it is now: one that is being written has no end.
struct Present {
  domain::SequenceNumber end;
  std::string note;
  absl::Status damage;
};

absl::StatusOr<Present> PresentOf(JournalSource& source) {
  Present present;
  const auto read = source.Read([&](const ports::JournalRecord& record) {
    present.end = record.last_sequence;
    return absl::OkStatus();
  });
  if (!read.ok() && !absl::IsDataLoss(read.status())) return read.status();
  present.damage = read.status();
  if (read.ok()) present.note = *read;
  return present;
}

absl::StatusOr<std::unique_ptr<StoreView>> Store(const std::string& url) {
  if (url.empty()) return absl::UnavailableError("no database is named");
  return OpenPostgres(url);
}

}  // namespace

bool VerifyReport::violated() const {
  return std::ranges::any_of(verdicts, [](const Verdict& one) { return one.outcome == Outcome::kViolated; });
}

absl::StatusOr<VerifyReport> Verify(JournalSource& source, const std::vector<std::unique_ptr<Check>>& checks) {
  XT_ASSIGN_OR_RETURN(const Present present, PresentOf(source));
  Player player;
  absl::Status played = player.Play(source, {.sequence = present.end}, [&](const Step& step) {
    for (const auto& check : checks) check->Take(step);
  });
  if (played.ok()) played = present.damage;
  if (!played.ok() && !absl::IsDataLoss(played)) return played;
  VerifyReport report{source.name(), present.note, player.engine().applied(), {ChainVerdict(played, player.chain())}};
  for (const auto& check : checks) {
    for (Verdict& verdict : check->Finish()) report.verdicts.push_back(std::move(verdict));
  }
  std::ranges::stable_sort(report.verdicts, {}, NumberOf);
  return report;
}

absl::StatusOr<VerifyReport> VerifyPlaces(const Places& places, const std::string& shard,
                                          std::optional<History> history) {
  auto rules = std::make_unique<RulesCheck>();
  LiveAnswers answers = AskReplicas(places.matching);
  RestoreSnapshots(places.snapshots, answers);
  auto live = std::make_unique<LiveCheck>(std::move(answers), *rules);
  std::vector<std::unique_ptr<Check>> checks;
  checks.push_back(std::move(rules));
  checks.push_back(std::move(live));
  checks.push_back(std::make_unique<MoneyCheck>());
  auto store = Store(places.postgres);
  const domain::SequenceNumber watermark = store.ok() ? (*store)->watermark() : domain::SequenceNumber(0);
  checks.push_back(std::make_unique<StoreCheck>(std::move(store)));
  std::vector<BusContent> buses;
  if (!places.kafka.empty() || !places.complete) buses.push_back(ReadKafka(places, watermark));
  if (!places.redis.empty() || !places.complete) buses.push_back(ReadExecutions(places, shard, watermark));
  checks.push_back(std::make_unique<BusCheck>(std::move(buses)));
  checks.push_back(std::make_unique<HistoryCheck>(std::move(history)));
  XT_ASSIGN_OR_RETURN(const auto sources, SourcesOf(places, shard));
  XT_ASSIGN_OR_RETURN(JournalSource* const source, LongestOf(sources));
  XT_ASSIGN_OR_RETURN(VerifyReport report, Verify(*source, checks));
  report.verdicts.push_back(CompareCopies(sources, *source, watermark));
  std::ranges::stable_sort(report.verdicts, {}, NumberOf);
  return report;
}

std::string VerifyText(const VerifyReport& report) {
  std::vector<Row> rows;
  for (const Verdict& one : report.verdicts) {
    rows.push_back(
        {one.invariant, absl::StrCat(NameOf(one.outcome), one.outcome == Outcome::kOk ? "" : ":"), one.text});
  }
  return absl::StrCat("journal ", report.journal, ", up to sequence ", report.sequence.value(), "\n",
                      report.note.empty() ? "" : report.note + "\n", Aligned(rows));
}

std::string VerifyJson(const VerifyReport& report) {
  nlohmann::ordered_json out{{"violated", report.violated()},
                             {"journal", report.journal},
                             {"note", report.note},
                             {"sequence", report.sequence.value()},
                             {"invariants", nlohmann::ordered_json::array()}};
  for (const Verdict& one : report.verdicts) {
    out["invariants"].push_back({{"invariant", one.invariant}, {"outcome", NameOf(one.outcome)}, {"text", one.text}});
  }
  return out.dump(2) + "\n";
}

}  // namespace xt::ctl
