// xt-cluster: a whole exchange on this machine, as processes: the real servers and the six services. `./dev cluster` calls
// it; docs/operations.md has the way to use it.
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "libs/base/status.h"
#include "libs/runtime/service_main.h"
#include "tools/cluster/cluster_file.h"
#include "tools/cluster/supervisor.h"
#include "tools/cluster/topology.h"

namespace {

namespace cluster = xt::cluster;
using nlohmann::ordered_json;

constexpr std::chrono::seconds kUpPatience{240};
constexpr std::chrono::seconds kDownPatience{120};
constexpr std::chrono::milliseconds kStep{50};

struct Arguments {
  std::string data;
  std::string binaries;
  std::string replicas;
  std::string durability;
  std::string profile;
  std::string ready_file;
  std::uint16_t port = 0;
  int owner = 0;
  std::int64_t zookeeper_session_ms = 0;
  std::int64_t journal_keep_commands = 0;
  bool json = false;
  bool follow = false;
  std::string name;
};

int Fail(const std::string& message) {
  std::fprintf(stderr, "cluster: %s\n", message.c_str());
  return 1;
}

std::string ReadyFile(const Arguments& arguments) { return arguments.data + "/ready.json"; }

absl::StatusOr<cluster::Options> OptionsOf(const Arguments& arguments) {
  auto replicas = cluster::ParseReplicas(arguments.replicas);
  if (!replicas.ok()) return replicas.status();
  cluster::Options options{.data = arguments.data,
                           .binaries = arguments.binaries,
                           .port = arguments.port,
                           .replicas = *std::move(replicas),
                           .durability = arguments.durability,
                           .profile = arguments.profile,
                           .zookeeper_session_ms = arguments.zookeeper_session_ms,
                           .journal_keep_commands = arguments.journal_keep_commands,
                           .operator_secret = cluster::ReadOperatorSecret(arguments.data),
                           .owner = arguments.owner};
  XT_RETURN_IF_ERROR(cluster::CheckDurability(options));
  XT_RETURN_IF_ERROR(cluster::CheckProfile(options));
  return options;
}

int Supervise(const Arguments& arguments) {
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  sigprocmask(SIG_BLOCK, &ends, nullptr);
  if (const absl::Status held = cluster::HoldLock(arguments.data); !held.ok()) return Fail(std::string(held.message()));
  if (const absl::Status made = cluster::MakeOperatorSecret(arguments.data); !made.ok()) {
    return Fail(std::string(made.message()));
  }
  const auto options = OptionsOf(arguments);
  if (!options.ok()) return Fail(std::string(options.status().message()));
  std::filesystem::remove(ReadyFile(arguments));
  std::filesystem::remove_all(arguments.data + "/held");
  cluster::Supervisor supervisor(*options);
  const absl::Status started = supervisor.Start();
  if (!started.ok()) return Fail(std::string(started.message()));
  supervisor.Run();
  supervisor.Stop();
  std::filesystem::remove(ReadyFile(arguments));
  return 0;
}

// The supervisor in a session of its own, so that it outlives this terminal. Its output goes to a file.
pid_t StartSupervisor(const Arguments& arguments, const std::string& output) {
  const std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
  const std::vector<std::string> argv{self,
                                      "supervise",
                                      "--data",
                                      arguments.data,
                                      "--binaries",
                                      arguments.binaries,
                                      "--replicas",
                                      arguments.replicas,
                                      "--durability",
                                      arguments.durability,
                                      "--profile",
                                      arguments.profile,
                                      "--port",
                                      std::to_string(arguments.port),
                                      "--owner",
                                      std::to_string(arguments.owner),
                                      "--zookeeper-session-ms",
                                      std::to_string(arguments.zookeeper_session_ms),
                                      "--journal-keep-commands",
                                      std::to_string(arguments.journal_keep_commands)};
  std::vector<char*> pointers;
  for (const std::string& argument : argv) pointers.push_back(const_cast<char*>(argument.c_str()));
  pointers.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
  pid_t pid = -1;
  const int error = posix_spawn(&pid, self.c_str(), &actions, &attributes, pointers.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  return error == 0 ? pid : -1;
}

void ShowNewOutput(std::ifstream& output) {
  output.clear();
  const std::string text{std::istreambuf_iterator<char>(output), {}};
  std::fwrite(text.data(), 1, text.size(), stderr);
}

void ShowSummary(const ordered_json& ready, const std::string& data) {
  const auto text = [&ready](const char* key) { return ready.at(key).get<std::string>(); };
  std::printf(
      "\nThe cluster serves.\n\n  REST       %s\n  WebSocket  %s/ws/exchange\n  gRPC       %s\n  data       %s\n\n",
      text("rest").c_str(), text("ws").c_str(), text("grpc").c_str(), data.c_str());
  std::printf("A first trade:\n\n");
  const ordered_json& accounts = ready.at("accounts");
  const auto order = [&](std::size_t account, const char* what) {
    std::printf("  ./dev order --data %s --account %s %s BTC-KRW @ 100000000\n", data.c_str(),
                accounts.at(account).at("account").get<std::string>().c_str(), what);
  };
  order(0, "sell 0.5");
  order(1, "buy 0.2");
  std::printf("\n`./dev cluster status` shows what runs where, `./dev cluster down` ends it.\n");
}

int Up(const Arguments& arguments) {
  if (cluster::SupervisorOf(arguments.data) != 0) return Fail("a cluster runs in " + arguments.data + " already");
  if (const auto options = OptionsOf(arguments); !options.ok()) return Fail(std::string(options.status().message()));
  std::filesystem::create_directories(arguments.data);
  std::filesystem::remove(ReadyFile(arguments));
  const std::string output_file = arguments.data + "/supervisor.log";
  const pid_t supervisor = StartSupervisor(arguments, output_file);
  if (supervisor < 0) return Fail("the supervisor cannot be started");
  std::ifstream output(output_file);
  const auto deadline = std::chrono::steady_clock::now() + kUpPatience;
  bool ended = false;
  while (!ended && !std::filesystem::exists(ReadyFile(arguments)) && std::chrono::steady_clock::now() < deadline) {
    ended = cluster::WaitForEnd(supervisor, kStep);
    ShowNewOutput(output);
  }
  if (ended) return Fail("it did not start; everything it said is in " + output_file);
  const auto ready = cluster::ReadCluster(arguments.data);
  if (!ready.ok()) {
    ::kill(supervisor, SIGKILL);
    return Fail(std::string(ready.status().message()));
  }
  if (!arguments.ready_file.empty()) {
    const absl::Status written = xt::runtime::WriteFileAtomically(arguments.ready_file, ready->dump(2) + "\n");
    if (!written.ok()) return Fail(std::string(written.message()));
  }
  ShowSummary(*ready, arguments.data);
  return 0;
}

std::string Shown(const ordered_json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

int Status(const Arguments& arguments) {
  const auto state = cluster::ReadCluster(arguments.data);
  if (!state.ok()) return Fail(std::string(state.status().message()));
  if (arguments.json) {
    std::printf("%s\n", state->dump(2).c_str());
    return 0;
  }
  std::printf("%-16s %8s  %-22s %-28s %s\n", "service", "pid", "gRPC", "admin", "state");
  for (const ordered_json& service : state->at("services")) {
    const std::string ready = service.value("ready", false) ? "ready" : "not ready";
    const std::string leads = service.value("leader", false) ? ", leads" : "";
    std::printf("%-16s %8s  %-22s %-28s %s\n", Shown(service.at("id")).c_str(), service.at("pid").dump().c_str(),
                Shown(service.at("grpc")).c_str(), Shown(service.at("admin")).c_str(), (ready + leads).c_str());
  }
  std::printf("\n%-16s %8s  %s\n", "server", "pid", "address");
  for (const ordered_json& server : state->at("servers")) {
    std::printf("%-16s %8s  %s\n", Shown(server.at("name")).c_str(), server.at("pid").dump().c_str(),
                Shown(server.contains("url") ? server.at("url") : server.at("address")).c_str());
  }
  return 0;
}

int Logs(const Arguments& arguments) {
  const auto state = cluster::ReadCluster(arguments.data);
  if (!state.ok()) return Fail(std::string(state.status().message()));
  std::vector<std::string> argv{"tail", "-n", "50"};
  if (arguments.follow) argv.emplace_back("-F");
  for (const char* kind : {"services", "servers"}) {
    for (const ordered_json& one : state->at(kind)) {
      const std::string id = one.contains("id") ? Shown(one.at("id")) : Shown(one.at("name"));
      if (arguments.name.empty() || arguments.name == id) argv.push_back(Shown(one.at("log")));
    }
  }
  if (argv.back().front() != '/') return Fail("there is no '" + arguments.name + "'; see ./dev cluster status");
  std::vector<char*> pointers;
  for (std::string& argument : argv) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  ::execvp("tail", pointers.data());
  return Fail("tail cannot be run");
}

// Null when there is none of this name.
ordered_json Find(const ordered_json& state, const std::string& name) {
  for (const char* kind : {"services", "servers"}) {
    for (const ordered_json& one : state.at(kind)) {
      if (Shown(one.contains("id") ? one.at("id") : one.at("name")) == name) return one;
    }
  }
  return {};
}

int StopOne(const Arguments& arguments) {
  const auto state = cluster::ReadCluster(arguments.data);
  if (!state.ok()) return Fail(std::string(state.status().message()));
  const ordered_json one = Find(*state, arguments.name);
  if (one.is_null()) return Fail("there is no '" + arguments.name + "'; see ./dev cluster status");
  cluster::Hold(arguments.data, arguments.name);
  if (!one.at("pid").is_number()) return 0;
  const pid_t pid = one.at("pid");
  // To PostgreSQL SIGTERM means to wait until the last client has gone.
  ::kill(pid, arguments.name == "postgres" ? SIGINT : SIGTERM);
  return cluster::WaitForEnd(pid, kDownPatience) ? 0 : Fail(arguments.name + " does not end");
}

int StartOne(const Arguments& arguments) {
  if (cluster::SupervisorOf(arguments.data) == 0) return Fail("no cluster runs in " + arguments.data);
  if (!cluster::IsHeld(arguments.data, arguments.name)) return Fail("'" + arguments.name + "' was not stopped");
  cluster::Release(arguments.data, arguments.name);
  return 0;
}

int Down(const Arguments& arguments) {
  const pid_t supervisor = cluster::SupervisorOf(arguments.data);
  if (supervisor == 0) return Fail("no cluster runs in " + arguments.data);
  ::kill(supervisor, SIGTERM);
  if (cluster::WaitForEnd(supervisor, kDownPatience)) return 0;
  ::kill(supervisor, SIGKILL);
  return Fail("it did not end in time and was killed");
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("A whole exchange on this machine: real servers and the six services as processes.", "./dev cluster");
  app.require_subcommand(1);
  Arguments arguments;
  const auto command = [&](const char* name, const char* what) {
    CLI::App* sub = app.add_subcommand(name, what);
    sub->add_option("--data", arguments.data, "folder of everything it keeps")->required();
    return sub;
  };
  CLI::App* up = command("up", "starts it and returns when everything serves");
  CLI::App* supervise = command("supervise", "what `up` runs in the background");
  for (CLI::App* sub : {up, supervise}) {
    sub->add_option("--binaries", arguments.binaries, "folder of the services' programs")->required();
    sub->add_option("--replicas", arguments.replicas, "sequencer=2,matching=2,...; one of each where nothing is said");
    sub->add_option("--durability", arguments.durability,
                    "what an acknowledgement requires: memory, redis, local+redis (the default), local, always or "
                    "local+redis+standbys");
    sub->add_option("--profile", arguments.profile,
                    "which of Kafka and Redis carry events: kafka+redis (the default), kafka or redis");
    sub->add_option("--port", arguments.port, "of REST and WebSocket; 0: a free one");
    sub->add_option("--zookeeper-session-ms", arguments.zookeeper_session_ms,
                    "silence after which ZooKeeper takes a process for dead; 0: the services' default")
        ->check(CLI::Range(0, 60'000));
    sub->add_option("--journal-keep-commands", arguments.journal_keep_commands,
                    "commands that stay when the journal is trimmed, and that are between two snapshots; 0: the "
                    "services' defaults")
        ->check(CLI::Range(0, 1'000'000'000));
    sub->add_option("--owner", arguments.owner, "process with which it ends, however that ends; 0: none");
  }
  supervise->group("");
  up->add_option("--ready-file", arguments.ready_file, "written when everything serves: what runs where, and the keys");
  CLI::App* status = command("status", "what runs where, who is ready, who leads");
  status->add_flag("--json", arguments.json, "as `up` writes it to its ready file");
  CLI::App* logs = command("logs", "the end of the logs");
  logs->add_option("name", arguments.name, "of one service or server, as in status");
  logs->add_flag("--follow,-f", arguments.follow, "goes on until Ctrl-C");
  CLI::App* stop = command("stop", "ends one service or server, which stays away");
  CLI::App* start = command("start", "lets one that was stopped start again");
  for (CLI::App* sub : {stop, start}) {
    sub->add_option("name", arguments.name, "of the service or server, as in status")->required();
  }
  CLI::App* down = command("down", "ends it; the data stays");
  CLI11_PARSE(app, argc, argv);
  arguments.data = std::filesystem::absolute(arguments.data).lexically_normal().string();
  if (*up) return Up(arguments);
  if (*supervise) return Supervise(arguments);
  if (*status) return Status(arguments);
  if (*logs) return Logs(arguments);
  if (*stop) return StopOne(arguments);
  if (*start) return StartOne(arguments);
  if (*down) return Down(arguments);
  return 2;
}
