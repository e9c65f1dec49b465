#include "tools/xtraderctl/state.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/base/status.h"
#include "tools/metrics/metrics_text.h"

namespace xt::ctl {
namespace {

using metrics::Sample;
using nlohmann::json;
using Samples = std::vector<Sample>;

constexpr const char* kSequencer = "sequencer";
constexpr const char* kHead = "sequencer_sequence";
constexpr const char* kApplied = "matching_applied_sequence";
constexpr const char* kHotStandby = "matching_standby";
constexpr const char* kCommitted = "persistence_committed_sequence";

std::int64_t Whole(const Sample& sample) { return static_cast<std::int64_t>(sample.value); }

std::optional<std::int64_t> Value(const Samples& samples, const char* name, const metrics::Labels& labels = {}) {
  const auto found = metrics::SamplesOf(samples, name, labels);
  if (found.empty()) return std::nullopt;
  return Whole(found.front());
}

std::string Label(const Sample& sample, const std::string& name) {
  const auto found = sample.labels.find(name);
  return found == sample.labels.end() ? "" : found->second;
}

// What a sequencer that does not lead and a replica of matching that is not fed say.
bool IsStandby(const HealthCheck& check) {
  return check.reason.starts_with("standby") || check.component == "matching.sequencer";
}

void TakeReadiness(const json& ready, InstanceState& state) {
  state.process = ready.at("state");
  bool standby = state.process == "serving";
  for (const json& one : ready.at("checks")) {
    if (one.at("status") == "ok") continue;
    HealthCheck check{one.at("component"), one.at("status"), one.at("hard"), one.at("reason")};
    if (check.hard && check.status == "down") standby = standby && IsStandby(check);
    state.checks.push_back(std::move(check));
  }
  const bool ok = ready.at("ready");
  state.readiness = ok ? Readiness::kReady : standby ? Readiness::kStandby : Readiness::kNotReady;
}

void TakeRoles(const Samples& samples, InstanceState& state) {
  for (const Sample& sample : metrics::SamplesOf(samples, "leader_is_leader")) {
    const auto epoch = Value(samples, "leader_epoch", sample.labels);
    state.roles.push_back({Label(sample, "role"), sample.value == 1, epoch.value_or(0)});
  }
}

// A sequencer that does not lead has opened no journal, and knows no sequence.
void TakePositions(const Samples& samples, InstanceState& state) {
  for (const char* name : {kHead, kApplied, kCommitted}) {
    const auto sequence = Value(samples, name);
    if (sequence && (name != kHead || state.Leads(kSequencer))) state.positions.push_back({name, *sequence, {}});
  }
  for (const Sample& sample : metrics::SamplesOf(samples, "mq_consumer_lag")) {
    state.consumers.push_back({Label(sample, "broker"), Label(sample, "topic"), Label(sample, "group"), Whole(sample)});
  }
}

void TakeOutbox(const Samples& samples, InstanceState& state) {
  if (!state.Leads(kSequencer)) return;
  for (const Sample& sample : metrics::SamplesOf(samples, "mq_spill_queue_depth")) {
    const metrics::Labels& bus = sample.labels;
    state.buses.push_back({.name = Label(sample, "broker"),
                           .up = Value(samples, "mq_connection_up", bus) == 1,
                           .cursor = Value(samples, "mq_producer_confirmed_sequence", bus).value_or(0),
                           .outbox_depth = Whole(sample),
                           .lag = {}});
  }
  const auto required = Value(samples, "journal_remote_required");
  if (!required) return;
  const auto confirmed = [&](const char* copy) {
    return Value(samples, "journal_confirmed_sequence", {{"copy", copy}}).value_or(0);
  };
  state.journal = Journal{*required == 1, confirmed("own"), confirmed("remote"), {}};
  for (const Sample& sample : metrics::SamplesOf(samples, "journal_standby_required")) {
    state.journal->standbys.push_back({Label(sample, "standby"), sample.value == 1,
                                       Value(samples, "journal_standby_sequence", sample.labels).value_or(0)});
  }
}

InstanceState NoAnswer(const Instance& instance, std::string error) {
  InstanceState state;
  state.instance = instance;
  state.error = std::move(error);
  return state;
}

bool Has(const InstanceState& state, std::string_view metric) {
  return std::ranges::any_of(state.positions, [&](const Position& position) { return position.metric == metric; });
}

std::string Problem(const InstanceState& state) {
  if (state.readiness == Readiness::kNoAnswer) {
    return absl::StrCat(state.instance.name, " does not answer: ", state.error);
  }
  std::vector<std::string> reasons;
  if (state.process != "serving") reasons.push_back(state.process);
  for (const HealthCheck& check : state.checks) {
    if (check.hard && check.status == "down") reasons.push_back(absl::StrCat(check.component, ": ", check.reason));
  }
  return absl::StrCat(state.instance.name, " is not ready: ", absl::StrJoin(reasons, "; "));
}

void FindProblems(ClusterState& cluster) {
  std::map<std::string, int> leaders;
  bool matching_fed = false;
  bool matching_waits = false;
  for (const InstanceState& state : cluster.instances) {
    const bool bad = state.readiness == Readiness::kNotReady || state.readiness == Readiness::kNoAnswer;
    if (bad) cluster.problems.push_back(Problem(state));
    for (const Role& role : state.roles) leaders[role.role] += role.leads ? 1 : 0;
    if (!Has(state, kApplied)) continue;
    matching_fed = matching_fed || state.readiness == Readiness::kReady;
    matching_waits = matching_waits || state.readiness == Readiness::kStandby;
  }
  for (const auto& [role, count] : leaders) {
    if (count == 0) cluster.problems.push_back(absl::StrCat("nobody leads ", role));
    if (count > 1) cluster.problems.push_back(absl::StrCat(count, " instances say that they lead ", role));
  }
  if (matching_waits && !matching_fed) cluster.problems.emplace_back("no replica of matching works for the leader");
}

}  // namespace

bool InstanceState::Leads(std::string_view role) const {
  return std::ranges::any_of(roles, [&](const Role& one) { return one.role == role && one.leads; });
}

InstanceState ReadInstance(const Instance& instance, const absl::StatusOr<http::Response>& ready,
                           const absl::StatusOr<http::Response>& metrics) {
  if (!ready.ok()) return NoAnswer(instance, std::string(MessageOf(ready.status())));
  if (!metrics.ok()) return NoAnswer(instance, std::string(MessageOf(metrics.status())));
  const auto samples = metrics::ParseMetrics(metrics->body);
  if (!samples.ok()) return NoAnswer(instance, absl::StrCat("/metrics: ", samples.status().message()));
  InstanceState state;
  state.instance = instance;
  try {
    TakeReadiness(json::parse(ready->body), state);
  } catch (const json::exception& error) {
    return NoAnswer(instance, absl::StrCat("/readyz is not that of a service: ", error.what()));
  }
  if (state.readiness == Readiness::kReady && Value(*samples, kHotStandby) == 1) state.readiness = Readiness::kStandby;
  TakeRoles(*samples, state);
  TakePositions(*samples, state);
  TakeOutbox(*samples, state);
  return state;
}

ClusterState Assess(std::vector<InstanceState> instances) {
  ClusterState cluster;
  cluster.instances = std::move(instances);
  const auto leads = [](const InstanceState& state) { return state.Leads(kSequencer); };
  const auto leader = std::ranges::find_if(cluster.instances, leads);
  if (leader != cluster.instances.end() && std::ranges::count_if(cluster.instances, leads) == 1) {
    cluster.leader = static_cast<std::size_t>(leader - cluster.instances.begin());
    for (const Position& position : leader->positions) {
      if (position.metric == kHead) cluster.head = position.sequence;
    }
  }
  // The instances were asked one moment after the other, so that somebody may seem to be ahead.
  const auto lag = [&](std::int64_t sequence) -> std::optional<std::int64_t> {
    if (!cluster.head) return std::nullopt;
    return std::max<std::int64_t>(0, *cluster.head - sequence);
  };
  for (InstanceState& state : cluster.instances) {
    for (Position& position : state.positions) position.lag = lag(position.sequence);
    for (Bus& bus : state.buses) bus.lag = lag(bus.cursor);
  }
  FindProblems(cluster);
  return cluster;
}

}  // namespace xt::ctl
