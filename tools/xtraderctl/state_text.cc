#include "tools/xtraderctl/state_text.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tools/xtraderctl/table.h"

namespace xt::ctl {
namespace {

using nlohmann::ordered_json;

std::string_view StateName(Readiness readiness) {
  switch (readiness) {
    case Readiness::kReady: return "ready";
    case Readiness::kStandby: return "standby";
    case Readiness::kNotReady: return "not ready";
    case Readiness::kNoAnswer: return "no answer";
  }
  return "";
}

std::string Behind(std::optional<std::int64_t> lag) { return lag ? absl::StrCat(*lag) : "?"; }

std::string LeadershipText(const InstanceState& state) {
  std::vector<std::string> texts;
  for (const Role& role : state.roles) {
    texts.push_back(absl::StrCat(role.leads ? "leads " : "follows in ", role.role, ", epoch ", role.epoch));
  }
  return absl::StrJoin(texts, "; ");
}

std::string PositionText(const InstanceState& state) {
  std::vector<std::string> texts;
  for (const Position& position : state.positions) {
    const bool head = position.metric == "sequencer_sequence";
    const char* what = head ? "gave out " : position.metric == "matching_applied_sequence" ? "applied " : "stored ";
    texts.push_back(absl::StrCat(what, position.sequence));
    if (!head) absl::StrAppend(&texts.back(), " (", Behind(position.lag), " behind)");
  }
  for (const Consumer& consumer : state.consumers) {
    texts.push_back(absl::StrCat("reads ", consumer.topic, " (", consumer.lag, " behind)"));
  }
  return absl::StrJoin(texts, "; ");
}

// What is wrong with an instance that answers, one line each; on standby that is as it should be.
std::string ReasonLines(const InstanceState& state) {
  std::string text;
  const auto add = [&](std::string_view reason) { text += absl::StrCat("    ", std::string(reason), "\n"); };
  if (state.readiness == Readiness::kNoAnswer) add(state.error);
  if (!state.process.empty() && state.process != "serving") add(state.process);
  for (const HealthCheck& check : state.checks) {
    if (state.readiness == Readiness::kStandby && check.hard) continue;
    add(absl::StrCat(check.component, " ", check.status, ": ", check.reason));
  }
  return text;
}

std::string InstanceTable(const ClusterState& cluster) {
  std::vector<Row> rows{{"instance", "state", "leadership", "sequence"}};
  for (const InstanceState& state : cluster.instances) {
    rows.push_back(
        {state.instance.name, std::string(StateName(state.readiness)), LeadershipText(state), PositionText(state)});
  }
  const std::string lines = Aligned(rows);
  // Behind each instance's line its reasons.
  std::string text;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::size_t end = lines.find('\n', begin) + 1;
    text += lines.substr(begin, end - begin);
    if (i > 0) text += ReasonLines(cluster.instances[i - 1]);
    begin = end;
  }
  return text;
}

std::string BusTable(const InstanceState& leader) {
  std::vector<Row> rows{{"bus", "link", "published", "behind", "in outbox"}};
  for (const Bus& bus : leader.buses) {
    rows.push_back(
        {bus.name, bus.up ? "up" : "down", absl::StrCat(bus.cursor), Behind(bus.lag), absl::StrCat(bus.outbox_depth)});
  }
  return Aligned(rows);
}

std::string JournalText(const std::optional<Journal>& journal) {
  if (!journal) return "journal: one copy, no second one is configured\n";
  const std::string copies = absl::StrCat(" (own file ", journal->own, ", second copy ", journal->remote, ")\n");
  const bool alone = std::ranges::none_of(journal->standbys, &Journal::StandbyFile::in_sync);
  std::string text = "journal: the second copy is ";
  text += journal->in_sync ? "in sync" : alone ? "NOT in sync, the leader's file alone counts" : "NOT in sync";
  text += copies;
  for (const Journal::StandbyFile& file : journal->standbys) {
    absl::StrAppend(&text, "journal: the file of ", file.standby, file.in_sync ? " is in sync (" : " is NOT in sync (",
                    file.sequence, ")\n");
  }
  return text;
}

ordered_json OrNull(const std::optional<std::int64_t>& value) {
  return value ? ordered_json(*value) : ordered_json(nullptr);
}

ordered_json InstanceJson(const InstanceState& state) {
  ordered_json one{{"name", state.instance.name},
                   {"admin", absl::StrCat("http://", state.instance.host, ":", state.instance.port)},
                   {"state", StateName(state.readiness)},
                   {"ready", state.readiness == Readiness::kReady}};
  if (state.readiness == Readiness::kNoAnswer) one["error"] = state.error;
  for (const char* list : {"checks", "roles", "sequences", "consumers"}) one[list] = ordered_json::array();
  for (const HealthCheck& check : state.checks) {
    one["checks"].push_back(
        {{"component", check.component}, {"status", check.status}, {"hard", check.hard}, {"reason", check.reason}});
  }
  for (const Role& role : state.roles) {
    one["roles"].push_back({{"role", role.role}, {"leader", role.leads}, {"epoch", role.epoch}});
  }
  for (const Position& position : state.positions) {
    one["sequences"].push_back(
        {{"metric", position.metric}, {"sequence", position.sequence}, {"lag", OrNull(position.lag)}});
  }
  for (const Consumer& consumer : state.consumers) {
    one["consumers"].push_back(
        {{"bus", consumer.bus}, {"topic", consumer.topic}, {"group", consumer.group}, {"lag", consumer.lag}});
  }
  return one;
}

}  // namespace

std::string StateTable(const ClusterState& cluster) {
  std::string text = InstanceTable(cluster) + "\n";
  if (!cluster.leader) return text + "buses, journal: unknown while no sequencer leads\n";
  const InstanceState& leader = cluster.instances[*cluster.leader];
  return text + BusTable(leader) + "\n" + JournalText(leader.journal);
}

std::string StateJson(const ClusterState& cluster) {
  ordered_json out{{"ready", cluster.problems.empty()}, {"problems", cluster.problems},
                   {"sequence", OrNull(cluster.head)},  {"instances", ordered_json::array()},
                   {"buses", ordered_json::array()},    {"journal", nullptr}};
  for (const InstanceState& state : cluster.instances) out["instances"].push_back(InstanceJson(state));
  if (!cluster.leader) return out.dump(2) + "\n";
  const InstanceState& leader = cluster.instances[*cluster.leader];
  for (const Bus& bus : leader.buses) {
    out["buses"].push_back({{"bus", bus.name},
                            {"up", bus.up},
                            {"cursor", bus.cursor},
                            {"lag", OrNull(bus.lag)},
                            {"outboxDepth", bus.outbox_depth}});
  }
  if (leader.journal) {
    out["journal"] = {{"inSync", leader.journal->in_sync},
                      {"own", leader.journal->own},
                      {"remote", leader.journal->remote},
                      {"standbys", ordered_json::array()}};
    for (const Journal::StandbyFile& file : leader.journal->standbys) {
      out["journal"]["standbys"].push_back(
          {{"standby", file.standby}, {"inSync", file.in_sync}, {"sequence", file.sequence}});
    }
  }
  return out.dump(2) + "\n";
}

}  // namespace xt::ctl
