#include "tools/xtraderctl/verify/verify.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "tools/xtraderctl/journal/joined_source.h"
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

// The journal as it is now: one that is being written has no end.
struct Present {
  Beginning beginning;
  domain::SequenceNumber end;
  std::string note;
  absl::Status damage;
};

absl::StatusOr<Present> PresentOf(JournalSource& source) {
  Present present;
  const auto read = source.Read(
      [&](const Beginning& beginning) {
        present.beginning = beginning;
        present.end = beginning.base.sequence;
        return absl::OkStatus();
      },
      [&](const ports::JournalRecord& record) {
        present.end = record.last_sequence;
        return absl::OkStatus();
      });
  if (!read.ok() && !absl::IsDataLoss(read.status())) return read.status();
  present.damage = read.status();
  if (read.ok()) present.note = *read;
  return present;
}

// What was taken of the journal, and how far that is a chain.
struct Taken {
  std::unique_ptr<Player> player = std::make_unique<Player>();  // checks look at its engine until they are finished
  ChainCheck chain;
  absl::Status status;     // DATA_LOSS: of the chain
  Beginning beginning;     // of the chain
  std::string not_played;  // why, for each verdict; empty: it was
  std::string missing;     // the same as a sentence
};

// From where it begins to the end, as a chain alone.
void Follow(JournalSource& source, domain::SequenceNumber end, Taken& taken) {
  const auto read = source.Read(
      [&](const Beginning& beginning) {
        taken.beginning = beginning;
        taken.chain = ChainCheck(beginning.base);
        return absl::OkStatus();
      },
      [&](const ports::JournalRecord& record) -> absl::Status {
        XT_RETURN_IF_ERROR(taken.chain.Take(record).status());
        return record.last_sequence < end ? absl::OkStatus() : absl::CancelledError("far enough");
      });
  taken.status = absl::IsCancelled(read.status()) ? absl::OkStatus() : read.status();
}

Taken Take(JournalSource& source, const Present& present, const std::vector<std::unique_ptr<Check>>& checks) {
  Taken taken;
  taken.beginning = present.beginning;
  taken.status = taken.player->Play(source, {.sequence = present.end}, [&](const Step& step) {
    for (const auto& check : checks) check->Take(step);
  });
  taken.chain = taken.player->chain();
  if (!absl::IsFailedPrecondition(taken.status) && !absl::IsUnavailable(taken.status)) return taken;
  taken.missing = std::string(MessageOf(taken.status));
  Follow(source, present.end, taken);
  const std::uint64_t base = taken.beginning.base.sequence.value();
  taken.not_played = base == 0 ? taken.missing : absl::StrCat("the journal begins behind sequence ", base);
  return taken;
}

Verdict ChainVerdict(const Taken& taken) {
  if (absl::IsDataLoss(taken.status)) return {"I1", Outcome::kViolated, std::string(MessageOf(taken.status))};
  if (!taken.beginning.damage.empty()) {
    return {"I1", Outcome::kViolated, "the history is damaged: " + taken.beginning.damage};
  }
  const std::uint64_t base = taken.beginning.base.sequence.value();
  const ChainCheck& chain = taken.chain;
  return {"I1", Outcome::kOk,
          absl::StrCat(chain.records(), " frames, ", chain.commands(), " commands, epochs: ", chain.epochs(),
                       base == 0 ? "" : absl::StrCat("; only from sequence ", base + 1, " on"))};
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
  Taken taken = Take(source, present, checks);
  if (taken.status.ok()) taken.status = present.damage;
  if (!taken.status.ok() && !absl::IsDataLoss(taken.status)) return taken.status;
  VerifyReport report{source.name(),          present.note,  taken.beginning.base.sequence,
                      taken.chain.sequence(), taken.missing, {ChainVerdict(taken)}};
  for (const auto& check : checks) {
    auto verdicts = taken.not_played.empty() ? check->Finish() : check->FinishUnplayed(present.end, taken.not_played);
    for (Verdict& verdict : verdicts) report.verdicts.push_back(std::move(verdict));
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
  XT_ASSIGN_OR_RETURN(const CopySources copies, SourcesOf(places, shard));
  XT_ASSIGN_OR_RETURN(const auto journal, JoinedSource::Of(copies));
  XT_ASSIGN_OR_RETURN(VerifyReport report, Verify(*journal, checks));
  report.verdicts.push_back(CompareCopies(copies, journal->copy(), *journal, watermark));
  std::ranges::stable_sort(report.verdicts, {}, NumberOf);
  return report;
}

std::string VerifyText(const VerifyReport& report) {
  std::vector<Row> rows;
  for (const Verdict& one : report.verdicts) {
    rows.push_back(
        {one.invariant, absl::StrCat(NameOf(one.outcome), one.outcome == Outcome::kOk ? "" : ":"), one.text});
  }
  const std::string from = report.base.value() == 0 ? "" : absl::StrCat("from sequence ", report.base.value() + 1, " ");
  return absl::StrCat("journal ", report.journal, ", ", from, "up to sequence ", report.sequence.value(), "\n",
                      report.note.empty() ? "" : report.note + "\n", Aligned(rows),
                      report.missing.empty() ? "" : "not played: " + report.missing + "\n");
}

std::string VerifyJson(const VerifyReport& report) {
  nlohmann::ordered_json out{{"violated", report.violated()},
                             {"journal", report.journal},
                             {"note", report.note},
                             {"from", report.base.value() + 1},
                             {"sequence", report.sequence.value()},
                             {"missing", report.missing},
                             {"invariants", nlohmann::ordered_json::array()}};
  for (const Verdict& one : report.verdicts) {
    out["invariants"].push_back({{"invariant", one.invariant}, {"outcome", NameOf(one.outcome)}, {"text", one.text}});
  }
  return out.dump(2) + "\n";
}

}  // namespace xt::ctl
