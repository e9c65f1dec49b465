#include "tests/chaos/world.h"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "libs/base/status.h"
#include "libs/http/client.h"
#include "tools/cluster/cluster_file.h"

namespace xt::chaos {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::seconds;
using test::Cluster;

constexpr char kReplicas[] = "sequencer=2,matching=2,gateway=2";
constexpr const char* kSequencers[] = {"sequencer-0", "sequencer-1"};
constexpr int kAccounts = 6;
constexpr milliseconds kStep{50};
constexpr milliseconds kDefaultSession{0};      // a paused leader is to be deposed soon
constexpr std::int64_t kKeepCommands = 10'000;  // so that the journal is trimmed while faults come and go
constexpr seconds kTool{120};
// What a sequencer reaches through a proxy, and its key for that.
constexpr std::pair<const char*, const char*> kLinks[] = {{"redis-journal", "redis_journal.address"},
                                                          {"zookeeper", "zookeeper.servers"}};
constexpr const char* kBuses[] = {"executions", "market", "notifications"};

std::optional<std::string> Get(const std::string& admin, const std::string& target) {
  http::Client client({.port = test::PortOf(admin), .connect_timeout_ms = 500, .request_timeout_ms = 2'000});
  const auto answer = client.Get(target);
  return answer.ok() ? std::optional(answer->body) : std::nullopt;
}

}  // namespace

std::string Await(const std::function<std::string()>& what_is_wrong, seconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (true) {
    std::string wrong = what_is_wrong();
    if (wrong.empty() || std::chrono::steady_clock::now() > deadline) return wrong;
    std::this_thread::sleep_for(kStep);
  }
}

World::World(std::string binaries, std::string data, std::string durability)
    : binaries_(std::move(binaries)),
      data_(std::move(data)),
      cluster_(data_ + "/bin", kReplicas, std::move(durability), data_, "", kDefaultSession) {
  cluster_.KeepCommands(kKeepCommands);
}

absl::Status World::Up() {
  PrepareSabotage();
  if (const std::string error = cluster_.Up(); !error.empty()) return absl::UnavailableError(error);
  XT_RETURN_IF_ERROR(MakeAccounts());
  return PutLinks();
}

std::string World::Configuration(const std::string& name) const {
  return name.starts_with("redis") ? data_ + "/servers/" + name + "/redis.conf" : data_ + "/" + name + "/config.toml";
}

void World::PrepareSabotage() {
  const std::string programs = data_ + "/bin";
  MakeSabotagedPrograms(programs, binaries_, XT_SABOTAGE_PRELOAD);
  const char* path = std::getenv("PATH");
  ::setenv("PATH", absl::StrCat(programs, ":", path != nullptr ? path : "").c_str(), 1);
  std::vector<std::string> names{"redis", "redis-journal"};
  names.insert(names.end(), std::begin(kSequencers), std::end(kSequencers));
  for (const std::string& name : names) {
    const std::string configuration = Configuration(name);
    std::filesystem::create_directories(std::filesystem::path(configuration).parent_path());
    sabotage_[name] = std::make_unique<Sabotage>(SabotageFile(configuration));
  }
}

absl::Status World::PutLinks() {
  const std::string leader = Leader();
  std::vector<std::string> sequencers = Instances("sequencer");
  std::ranges::sort(sequencers, {}, [&](const std::string& id) { return id == leader; });
  for (const std::string& id : sequencers) {
    std::string text = test::ReadFile(Configuration(id));
    for (const auto& [server, key] : kLinks) {
      auto& link = links_[{id, server}] = std::make_unique<CuttingProxy>(test::PortOf(Field(server, "address")));
      const std::size_t begin = text.find(key);
      if (begin == std::string::npos) return absl::NotFoundError(absl::StrCat(id, " has no ", key));
      text.replace(begin, text.find('\n', begin) - begin, absl::StrCat(key, " = \"", link->address(), "\""));
    }
    std::ofstream(Configuration(id), std::ios::trunc) << text;
    const pid_t before = Pid(id);
    XT_RETURN_IF_ERROR(Signal(id, SIGTERM));
    const std::string wrong = Await([&]() -> std::string {
      const pid_t now = Pid(id);
      return now == 0 || now == before ? id + " does not start again" : WhatIsNotHealthy();
    });
    if (!wrong.empty()) return absl::UnavailableError(wrong);
  }
  return absl::OkStatus();
}

Sabotage& World::SabotageOf(const std::string& name) { return *sabotage_.at(name); }

CuttingProxy& World::Link(const std::string& sequencer, const std::string& server) {
  return *links_.at({sequencer, server});
}

absl::Status World::Down() {
  const test::ToolResult down = cluster_.Down();
  return down.status == 0 ? absl::OkStatus() : absl::UnavailableError(down.output);
}

absl::Status World::MakeAccounts() {
  const std::string file = data_ + "/chaos-accounts.json";
  std::vector<std::string> argv{binaries_ + "/xt-bootstrap", absl::StrCat("--accounts=", kAccounts), "--out=" + file};
  for (const std::string name : {"sequencer", "matching", "persistence"}) {
    for (const std::string& id : Instances(name)) argv.push_back("--" + name + "=" + Field(id, "grpc"));
  }
  constexpr int kTryAgain = 75;  // a replica did not say in time where it stands
  test::ToolResult made;
  (void)Await([&]() -> std::string {
    made = test::RunTool(argv, kTool);
    return made.status == kTryAgain ? made.output : "";
  });
  if (made.status != 0) return absl::UnavailableError(made.output);
  std::string stored;
  const std::string wrong = Await([&]() -> std::string {
    stored = Sql("SELECT id, name FROM accounts ORDER BY id;").output;
    const auto lines = absl::StrSplit(stored, '\n', absl::SkipEmpty());
    return std::distance(lines.begin(), lines.end()) >= kAccounts ? "" : "the accounts are not stored: " + stored;
  });
  if (!wrong.empty()) return absl::UnavailableError(wrong);
  const json accounts = json::parse(test::ReadFile(file));
  for (const auto line : absl::StrSplit(stored, '\n', absl::SkipEmpty())) {
    const std::vector<std::string> columns = absl::StrSplit(line, '|');
    for (const json& account : accounts) {
      if (columns.size() != 2 || account.at("account") != columns[1]) continue;
      LoadAccount& added = accounts_.emplace_back();
      added.credentials = {account.at("account"), account.at("apiKey"), account.at("secret")};
      if (!absl::SimpleAtoi(columns[0], &added.number)) return absl::InternalError(stored);
    }
  }
  return absl::OkStatus();
}

json World::Read() const { return json::parse(test::ReadFile(data_ + "/ready.json"), nullptr, false); }

json World::Find(const std::string& name) const { return Cluster::Find(Read(), name); }

pid_t World::Pid(const std::string& name) const {
  const json one = Find(name);
  return one.is_object() && one.at("pid").is_number() ? one.at("pid").get<pid_t>() : 0;
}

std::string World::Field(const std::string& name, const std::string& key) const { return Find(name).at(key); }

std::string World::Folder(const std::string& name) const {
  return Find(name).contains("id") ? data_ + "/" + name : data_ + "/servers/" + name;
}

bool World::IsReady(const std::string& service) const {
  const auto page = Get(Field(service, "admin"), "/readyz?verbose");
  return page && json::parse(*page, nullptr, false).value("ready", false);
}

std::vector<std::string> World::Instances(const std::string& service) const {
  std::vector<std::string> found;
  const json now = Read();
  for (const json& one : now.at("services")) {
    if (one.at("name") == service) found.push_back(one.at("id"));
  }
  return found;
}

std::string World::Leader() const {
  for (const std::string& id : Instances("sequencer")) {
    if (Metric(id, "leader_is_leader") == 1) return id;
  }
  return "";
}

std::string World::FedReplica() const {
  for (const std::string& id : Instances("matching")) {
    if (IsReady(id) && Metric(id, "matching_standby") == 0) return id;
  }
  return "";
}

std::string World::Other(const std::string& instance) const {
  for (const std::string& id : Instances(instance.substr(0, instance.rfind('-')))) {
    if (id != instance) return id;
  }
  return "";
}

std::vector<std::string> World::Gateways() const {
  std::vector<std::string> found;
  for (const std::string& id : Instances("gateway")) found.push_back(Field(id, "rest"));
  return found;
}

std::optional<std::int64_t> World::Metric(const std::string& service, const std::string& name,
                                          const metrics::Labels& labels) const {
  const auto page = Get(Field(service, "admin"), "/metrics");
  if (!page) return std::nullopt;
  const auto samples = metrics::ParseMetrics(*page);
  if (!samples.ok()) return std::nullopt;
  const auto found = metrics::SamplesOf(*samples, name, labels);
  if (found.empty()) return std::nullopt;
  return static_cast<std::int64_t>(found.front().value);
}

absl::Status World::Signal(const std::string& name, int signal) const {
  const pid_t pid = Pid(name);
  if (pid == 0 || ::kill(pid, signal) != 0) return absl::NotFoundError(absl::StrCat("'", name, "' does not run"));
  return absl::OkStatus();
}

absl::Status World::KillAway(const std::string& name) const {
  const pid_t pid = Pid(name);
  if (pid == 0) return absl::NotFoundError(absl::StrCat("'", name, "' does not run"));
  cluster::Hold(data_, name);
  XT_RETURN_IF_ERROR(Signal(name, SIGKILL));
  const bool ended = cluster::WaitForEnd(pid, seconds(60));
  return ended ? absl::OkStatus() : absl::InternalError(name + " does not end");
}

void World::Release(const std::string& name) const { cluster::Release(data_, name); }

// Instances that stand by are not ready; they have to answer.
std::string World::WhatIsWrongWith(const json& service) const {
  const std::string id = service.at("id");
  const auto page = Get(service.at("admin"), "/readyz?verbose");
  if (!page) return id + " does not answer";
  const json answer = json::parse(*page, nullptr, false);
  for (const json& check : answer.value("checks", json::array())) {
    if (check.at("status") == "ok") continue;
    const bool stands_by = check.at("reason") == "standby" || check.at("reason") == "no sequencer is connected";
    return stands_by ? "" : absl::StrCat(id, " ", check.dump());
  }
  return answer.value("ready", false) ? "" : absl::StrCat(id, " ", *page);
}

std::string World::WhatIsNotHealthy() const {
  const json now = Read();
  for (const char* kind : {"servers", "services"}) {
    for (const json& one : now.at(kind)) {
      if (!one.at("pid").is_number()) return absl::StrCat("does not run: ", one.dump());
    }
  }
  for (const json& service : now.at("services")) {
    if (std::string wrong = WhatIsWrongWith(service); !wrong.empty()) return wrong;
  }
  const std::string leader = Leader();
  if (leader.empty()) return "no sequencer leads";
  if (!IsReady(leader)) return leader + " leads and is not ready";
  if (FedReplica().empty()) return "no replica of matching works for the leader";
  if (Metric(leader, "journal_remote_required") != 1) return "the journal's Redis is not in sync";
  // In the mode that has one.
  if (Metric(leader, "journal_standby_required").value_or(1) != 1) return "the standby's file is not in sync";
  return "";
}

std::string World::AwaitCaughtUp() const {
  const auto head = Metric(Leader(), "sequencer_sequence");
  if (!head) return "the leader does not answer";
  return Await([&]() -> std::string {
    const std::string leader = Leader();
    if (leader.empty()) return "no sequencer leads";
    for (const char* bus : kBuses) {
      const auto confirmed = Metric(leader, "mq_producer_confirmed_sequence", {{"broker", bus}});
      if (confirmed.value_or(0) < *head) return absl::StrCat(bus, " has ", confirmed.value_or(0), " of ", *head);
    }
    std::int64_t stored = 0;
    for (const std::string& id : Instances("persistence")) {
      stored = std::max(stored, Metric(id, "persistence_committed_sequence").value_or(0));
    }
    return stored >= *head ? "" : absl::StrCat("the database has ", stored, " of ", *head);
  });
}

test::ToolResult World::Sql(const std::string& script) const {
  const std::string file = data_ + "/chaos.sql";
  std::ofstream(file, std::ios::trunc) << "SET search_path = xtrader;\n" << script << "\n";
  return test::RunTool({"psql", Field("postgres", "url"), "-Atq", "-v", "ON_ERROR_STOP=1", "-f", file}, kTool);
}

}  // namespace xt::chaos
