#include "services/gateway/infra_watch.h"

#include <algorithm>
#include <chrono>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace xt::gateway {
namespace {

using ports::ServerStatus;

constexpr std::string_view kServers[] = {"redis", "kafka", "rabbitmq", "zookeeper", "postgresql"};
constexpr std::int64_t kNsPerMs = 1'000'000;

std::string_view NameOf(ServerStatus status) {
  switch (status) {
    case ServerStatus::kUnknown: return "unknown";
    case ServerStatus::kOk: return "ok";
    case ServerStatus::kDegraded: return "degraded";
    case ServerStatus::kDown: return "down";
  }
  return "unknown";
}

InfraComponent ComponentOf(std::string_view server, const std::vector<InfraReport>& reports) {
  std::vector<std::string> silent, reasons;
  bool configured = false;
  ServerStatus worst = ServerStatus::kUnknown;
  for (const InfraReport& report : reports) {
    if (!report.servers.ok()) {
      silent.push_back(report.name);
      continue;
    }
    for (const ports::ServerState& state : *report.servers) {
      if (state.server != server) continue;
      configured = true;
      worst = std::max(worst, state.status);
      if (state.status > ServerStatus::kOk) reasons.push_back(absl::StrCat(report.name, ": ", state.reason));
    }
  }
  InfraComponent component{.component = std::string(server), .status = std::string(NameOf(worst)), .why = ""};
  if (worst != ServerStatus::kUnknown) {
    component.why = absl::StrJoin(reasons, "; ");
  } else if (!silent.empty()) {
    component.why = absl::StrCat("no answer from ", absl::StrJoin(silent, ", "));
  } else if (configured) {
    component.why = "nobody uses it now";
  } else {
    component.status = "off";
    component.why = "not configured";
  }
  return component;
}

const InfraComponent& Find(const InfraHealth& health, std::string_view server) {
  return *std::find_if(health.components.begin(), health.components.end(),
                       [&](const InfraComponent& component) { return component.component == server; });
}

bool Usable(const InfraComponent& component) { return component.status == "ok" || component.status == "degraded"; }

}  // namespace

InfraHealth SummarizeInfra(const std::vector<InfraReport>& reports) {
  InfraHealth health;
  health.components.clear();
  for (const std::string_view server : kServers) health.components.push_back(ComponentOf(server, reports));
  const InfraComponent& kafka = Find(health, "kafka");
  const InfraComponent& redis = Find(health, "redis");
  health.profile = Usable(kafka) ? (Usable(redis) ? "full" : "kafka-only") : (Usable(redis) ? "redis-only" : "none");
  health.why = absl::StrCat("kafka is ", kafka.status, ", redis is ", redis.status);
  return health;
}

InfraWatch::InfraWatch(std::vector<Source> sources, const Clock& clock) : sources_(std::move(sources)), clock_(clock) {
  std::vector<InfraReport> nobody;
  for (const Source& source : sources_) nobody.push_back({source.name, absl::UnavailableError("not asked yet")});
  Take(SummarizeInfra(nobody));
  thread_ = std::thread([this] { Run(); });
}

InfraWatch::~InfraWatch() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

InfraHealth InfraWatch::Now() const {
  const std::lock_guard lock(mutex_);
  return health_;
}

void InfraWatch::Run() {
  constexpr std::chrono::seconds kInterval{1};
  while (true) {
    std::vector<InfraReport> reports;
    for (const Source& source : sources_) reports.push_back({source.name, source.status->GetServers()});
    Take(SummarizeInfra(reports));
    std::unique_lock lock(mutex_);
    if (changed_.wait_for(lock, kInterval, [&] { return stopping_; })) return;
  }
}

void InfraWatch::Take(InfraHealth health) {
  const std::int64_t now_ms = clock_.WallNs() / kNsPerMs;
  const std::lock_guard lock(mutex_);
  const auto since = [&](const std::string& name, const std::string& status) {
    auto& [before, since_ms] = since_[name];
    if (std::exchange(before, status) != status) since_ms = now_ms;
    return since_ms;
  };
  health.since_ms = since("profile", health.profile);
  for (InfraComponent& component : health.components) component.since_ms = since(component.component, component.status);
  health_ = std::move(health);
}

}  // namespace xt::gateway
