#include "tests/support/cluster.h"

#include <unistd.h>

#include <utility>

#include "libs/base/check.h"
#include "libs/base/child_process.h"
#include "tests/support/eventually.h"

namespace xt::test {
namespace {

using nlohmann::json;

constexpr std::chrono::seconds kUp{300};
constexpr std::chrono::seconds kDown{150};
constexpr std::chrono::seconds kStatus{120};

}  // namespace

ToolResult RunTool(std::vector<std::string> argv, std::chrono::seconds timeout) {
  const TemporaryFolder folder;
  argv.insert(argv.begin(), "/usr/bin/env");
  ChildProcess process(argv, folder / "output");
  const auto status = process.Wait(timeout);
  return {status, ReadFile(folder / "output")};
}

Cluster::Cluster(std::string binaries, std::string replicas, std::string durability, std::string data,
                 std::string profile, std::chrono::milliseconds session)
    : binaries_(std::move(binaries)),
      replicas_(std::move(replicas)),
      durability_(std::move(durability)),
      profile_(std::move(profile)),
      data_(data.empty() ? folder_ / "data" : std::move(data)),
      session_(session) {}

Cluster::~Cluster() { (void)Down(); }

ToolResult Cluster::Command(std::vector<std::string> arguments, std::chrono::seconds timeout) const {
  arguments.insert(arguments.begin(), binaries_ + "/xt-cluster");
  arguments.insert(arguments.end(), {"--data", data()});
  return RunTool(std::move(arguments), timeout);
}

std::string Cluster::Up() {
  const std::string ready_file = folder_ / "ready.json";
  const ToolResult up =
      Command({"up", "--binaries", binaries_, "--replicas", replicas_, "--durability", durability_, "--profile",
               profile_, "--ready-file", ready_file, "--owner", std::to_string(::getpid()), "--zookeeper-session-ms",
               std::to_string(session_.count()), "--journal-keep-commands", std::to_string(keep_commands_)},
              kUp);
  if (up.status != 0) return "up failed:\n" + up.output;
  ready_ = json::parse(ReadFile(ready_file));
  return "";
}

ToolResult Cluster::Down() { return Command({"down"}, kDown); }

ToolResult Cluster::Stop(const std::string& name) const { return Command({"stop", name}, kDown); }

ToolResult Cluster::Start(const std::string& name) const { return Command({"start", name}, kStatus); }

json Cluster::Status() const {
  const ToolResult status = Command({"status", "--json"}, kStatus);
  return status.status == 0 ? json::parse(status.output) : json();
}

json Cluster::Find(const json& status, const std::string& name) {
  if (!status.is_object()) return {};
  for (const char* kind : {"services", "servers"}) {
    for (const json& one : status.value(kind, json::array())) {
      if (one.value("id", one.at("name").get<std::string>()) == name) return one;
    }
  }
  return {};
}

std::string Cluster::AwaitLeader(const std::string& name) const {
  std::string leader;
  Eventually([&] {
    leader = LeaderOf(Status(), name);
    return !leader.empty();
  });
  return leader;
}

std::string Cluster::LeaderOf(const json& status, const std::string& name) {
  if (!status.is_object()) return "";
  for (const json& service : status.value("services", json::array())) {
    if (service.at("name") == name && service.value("leader", false)) return service.at("id");
  }
  return "";
}

SignedClient Cluster::client(std::size_t i, std::size_t gateway) const {
  const json& account = ready_.at("accounts").at(i);
  const json service = Find(ready_, "gateway-" + std::to_string(gateway));
  XT_CHECK(!service.is_null(), "no such gateway");
  return SignedClient(service.at("rest").get<std::string>(),
                      Credentials{account.at("account"), account.at("apiKey"), account.at("secret")});
}

}  // namespace xt::test
