#include "tools/cluster/supervisor.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/adapters/zookeeper/zookeeper_session.h"
#include "libs/base/check.h"
#include "libs/base/status.h"
#include "libs/http/client.h"
#include "libs/runtime/service_main.h"
#include "tools/cluster/cluster_file.h"
#include "tools/servers/kafka_server.h"
#include "tools/servers/postgres_server.h"
#include "tools/servers/rabbitmq_server.h"
#include "tools/servers/redis_server.h"
#include "tools/servers/zookeeper_server.h"

namespace xt::cluster {
namespace {

constexpr std::chrono::milliseconds kFirstPause{100};
constexpr std::chrono::milliseconds kLongestPause{10'000};
constexpr std::chrono::seconds kSettled{30};  // who lived so long starts with the first pause again
constexpr std::chrono::seconds kStartPatience{120};
constexpr std::chrono::milliseconds kStep{50};
constexpr std::chrono::seconds kStopPatience{15};
constexpr int kWorthAnotherTry = 75;  // exit status of xt-bootstrap
constexpr int kBadConfiguration = 2;  // exit status of a service

void Say(const std::string& text) {
  std::printf("%s\n", text.c_str());
  std::fflush(stdout);
}

// A gateway's configuration holds the operators' secret: only the owner of the file may read it.
void WriteConfig(const std::string& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  std::filesystem::permissions(path, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  out << text;
  out.close();
  XT_CHECK(!out.fail(), path);
}

// What /readyz says when it is not 200, or why it was not reached; empty when it is ready.
std::string WhatIsNotReady(const Service& service) {
  http::Client client({.port = service.admin_port, .connect_timeout_ms = 200, .request_timeout_ms = 1'000});
  const auto response = client.Get("/readyz");
  if (!response.ok()) return std::string(response.status().message());
  return response->status == 200 ? "" : absl::StrCat(response->status, " ", response->body);
}

// A descriptor that is readable when one of the signals that end the supervisor has come.
class EndSignal {
 public:
  EndSignal() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    fd_ = ::signalfd(-1, &signals, SFD_CLOEXEC);
    XT_CHECK(fd_ >= 0, "signalfd");
  }
  ~EndSignal() { ::close(fd_); }
  EndSignal(const EndSignal&) = delete;
  EndSignal& operator=(const EndSignal&) = delete;
  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_;
};

}  // namespace

Supervisor::Supervisor(Options options) : options_(std::move(options)) {}

Supervisor::~Supervisor() {
  Stop();
  if (owner_ >= 0) ::close(owner_);
}

absl::Status Supervisor::FindOwner() {
  if (options_.owner == 0) return absl::OkStatus();
  owner_ = static_cast<int>(::syscall(SYS_pidfd_open, options_.owner, 0));
  if (owner_ < 0) return absl::UnavailableError(absl::StrCat("there is no process ", options_.owner, " to run for"));
  return absl::OkStatus();
}

absl::Status Supervisor::Start() {
  XT_RETURN_IF_ERROR(FindOwner());
  XT_RETURN_IF_ERROR(StartServers());
  XT_RETURN_IF_ERROR(StartServices());
  XT_RETURN_IF_ERROR(MakeDemo());
  XT_RETURN_IF_ERROR(AwaitReady());
  WriteReadyFile();
  return absl::OkStatus();
}

absl::Status Supervisor::StartServers() {
  const auto add = [this](auto server) -> auto& {
    auto& added = *server;
    servers_.push_back({std::move(server), {}});
    return added;
  };
  const std::string folder = options_.data + "/servers/";
  using Kind = servers::RedisServer::Kind;
  const servers::RedisServer::Options synced{.fsync_always = options_.durability == "always"};
  const auto& journal =
      add(std::make_unique<servers::RedisServer>(Kind::kJournal, folder + "redis-journal", 0, synced));
  if (HasRedis(options_)) {
    addresses_.redis = add(std::make_unique<servers::RedisServer>(Kind::kGeneral, folder + "redis")).address();
  }
  if (HasKafka(options_)) {
    addresses_.kafka = add(std::make_unique<servers::KafkaServer>(folder + "kafka")).address();
  }
  const auto& rabbitmq = add(std::make_unique<servers::RabbitMqServer>(folder + "rabbitmq"));
  const auto& postgres = add(std::make_unique<servers::PostgresServer>(folder + "postgres"));
  const auto& zookeeper = add(std::make_unique<servers::ZooKeeperServer>(folder + "zookeeper"));
  addresses_.redis_journal = journal.address();
  addresses_.rabbitmq = rabbitmq.url();
  addresses_.postgres = postgres.url();
  addresses_.zookeeper = zookeeper.address();
  for (RunningServer& running : servers_) {
    running.pause.started = Clock::now();
    XT_RETURN_IF_ERROR(running.server->Launch());
  }
  for (RunningServer& running : servers_) {
    XT_RETURN_IF_ERROR(running.server->AwaitServing());
    Say(absl::StrCat("  ", std::string(running.server->name()), " serves at ", running.server->address()));
  }
  return absl::OkStatus();
}

absl::Status Supervisor::StartServices() {
  for (Service& service : PlanServices(options_, addresses_)) {
    std::filesystem::create_directories(service.folder);
    WriteConfig(service.config_file(), service.config);
    services_.push_back({std::move(service), nullptr, {}});
  }
  for (RunningService& running : services_) Launch(running);
  for (RunningService& running : services_) XT_RETURN_IF_ERROR(AwaitReadyFile(running));
  return absl::OkStatus();
}

void Supervisor::Launch(RunningService& running) {
  std::filesystem::remove(running.service.ready_file());
  running.pause.started = Clock::now();
  running.pause.until = Clock::time_point::max();
  running.process = std::make_unique<ChildProcess>(
      std::vector<std::string>{running.service.program, "--config", running.service.config_file()},
      running.service.folder + "/output.log");
}

absl::Status Supervisor::AwaitReadyFile(RunningService& running) {
  const Service& service = running.service;
  const auto deadline = Clock::now() + kStartPatience;
  while (true) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
    if (running.process->WaitForFile(service.ready_file(), left)) break;
    const auto status = running.process->Wait(kFirstPause);
    if (!status || status == kBadConfiguration || Clock::now() > deadline) {
      const std::string output = service.folder + "/output.log";
      return absl::UnavailableError(absl::StrCat(service.id, " did not start; see ", output, " and ",
                                                 service.log_file(), "; at last it said:\n", servers::EndOf(output)));
    }
    Launch(running);  // a server that was slow to answer, on a busy machine
  }
  Say(absl::StrCat("  ", service.id, " serves at ", service.grpc()));
  return absl::OkStatus();
}

absl::Status Supervisor::MakeDemo() {
  std::vector<Service> services;
  for (const RunningService& running : services_) services.push_back(running.service);
  const auto list = [&](std::string_view name) { return absl::StrJoin(AddressesOf(services, name), ","); };
  const std::string file = options_.data + "/accounts.json";
  const std::vector<std::string> argv{options_.binaries + "/xt-bootstrap", "--sequencer=" + list("sequencer"),
                                      "--matching=" + list("matching"), "--persistence=" + list("persistence"),
                                      "--out=" + file};
  const auto deadline = Clock::now() + kStartPatience;
  std::optional<int> status;
  do {
    ChildProcess bootstrap(argv, options_.data + "/bootstrap.log");
    status = bootstrap.Wait(std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()));
  } while (status == kWorthAnotherTry && Clock::now() < deadline);
  if (status != 0)
    return absl::UnavailableError("the demo accounts were not made; see " + options_.data + "/bootstrap.log");
  accounts_ = ReadText(file);
  return absl::OkStatus();
}

absl::Status Supervisor::AwaitReady() {
  const auto deadline = Clock::now() + kStartPatience;
  for (RunningService& running : services_) {
    if (running.service.name != "gateway") continue;
    std::string missing;
    while (!(missing = WhatIsNotReady(running.service)).empty()) {
      if (running.process->Wait(kStep) || Clock::now() > deadline) {
        return absl::UnavailableError(
            absl::StrCat(running.service.id, " is not ready: ", running.service.admin(), "/readyz:\n", missing));
      }
    }
  }
  return absl::OkStatus();
}

void Supervisor::Run() {
  const EndSignal end;
  while (true) {
    // poll passes over a descriptor of -1.
    std::vector<pollfd> fds{{.fd = end.fd(), .events = POLLIN, .revents = 0},
                            {.fd = owner_, .events = POLLIN, .revents = 0}};
    const auto watch = [&fds](const ChildProcess* process) {
      if (process != nullptr) fds.push_back({.fd = process->fd(), .events = POLLIN, .revents = 0});
    };
    for (RunningServer& running : servers_) watch(running.server->process());
    for (RunningService& running : services_) watch(running.process.get());
    ::poll(fds.data(), fds.size(), static_cast<int>(UntilNextStart().count()));
    if (fds[0].revents != 0 || fds[1].revents != 0) return;
    for (RunningServer& running : servers_) LookAfter(running);
    for (RunningService& running : services_) LookAfter(running);
  }
}

void Supervisor::LookAfter(RunningServer& running) {
  ChildProcess* process = running.server->process();
  if (process != nullptr) {
    const auto status = process->Wait(std::chrono::milliseconds(0));
    if (!status) return;
    Say(absl::StrCat(std::string(running.server->name()), " ended with status ", *status));
    running.server->Kill();
    Rest(running.pause);
    WriteReadyFile();
  } else if (MayStart(running.pause, std::string(running.server->name()))) {
    running.pause.started = Clock::now();
    running.pause.until = Clock::time_point::max();
    if (const absl::Status launched = running.server->Launch(); !launched.ok()) {
      Say(std::string(launched.message()));
      Rest(running.pause);
    }
    WriteReadyFile();
  }
}

void Supervisor::LookAfter(RunningService& running) {
  if (running.process != nullptr) {
    const auto status = running.process->Wait(std::chrono::milliseconds(0));
    if (!status) return;
    EndSession(running.service);
    Say(absl::StrCat(running.service.id, " ended with status ", *status));
    running.process.reset();
    Rest(running.pause);
    WriteReadyFile();
  } else if (MayStart(running.pause, running.service.id)) {
    Launch(running);
    WriteReadyFile();
  }
}

void Supervisor::Rest(Pause& pause) {
  const bool settled = Clock::now() - pause.started > kSettled;
  pause.next = settled || pause.next.count() == 0 ? kFirstPause : std::min(2 * pause.next, kLongestPause);
  pause.until = Clock::now() + pause.next;
}

bool Supervisor::MayStart(Pause& pause, const std::string& name) const {
  if (Clock::now() < pause.until) return false;
  if (!IsHeld(options_.data, name)) return true;
  pause.until = Clock::now() + kFirstPause;
  return false;
}

void Supervisor::EndSession(const Service& service) const {
  std::string text = ReadText(service.session_file());
  while (!text.empty() && text.back() == '\n') text.pop_back();
  if (text.empty()) return;
  std::filesystem::remove(service.session_file());
  absl::Status ended;
  if (const auto credentials = zookeeper::CredentialsFromText(text); credentials.ok()) {
    ended = zookeeper::CloseSession(addresses_.zookeeper, *credentials, std::chrono::milliseconds(1'000));
  } else {
    ended = credentials.status();
  }
  if (!ended.ok()) Say(absl::StrCat("the ZooKeeper session of ", service.id, ": ", std::string(ended.message())));
}

std::chrono::milliseconds Supervisor::UntilNextStart() const {
  constexpr std::chrono::milliseconds kIdle{60'000};
  Clock::time_point next = Clock::now() + kIdle;
  for (const RunningServer& running : servers_) next = std::min(next, running.pause.until);
  for (const RunningService& running : services_) next = std::min(next, running.pause.until);
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - Clock::now());
  return std::max(left, std::chrono::milliseconds(0));
}

void Supervisor::Stop() {
  for (auto running = services_.rbegin(); running != services_.rend(); ++running) {
    if (running->process == nullptr) continue;
    running->process->Signal(SIGTERM);
    running->process->Wait(kStopPatience);
    running->process.reset();
  }
  for (RunningServer& running : servers_) {
    if (ChildProcess* process = running.server->process()) process->Signal(SIGCONT);
    running.server->Stop();
  }
  services_.clear();
  servers_.clear();
}

void Supervisor::WriteReadyFile() const {
  using nlohmann::ordered_json;
  const auto pid_of = [](pid_t pid) { return pid > 0 ? ordered_json(pid) : ordered_json(nullptr); };
  ordered_json ready{{"rest", ""}, {"ws", ""}, {"grpc", ""}, {"metrics", ordered_json::array()}, {"pid", ::getpid()}};
  ready["accounts"] = ordered_json::parse(accounts_.empty() ? "[]" : accounts_);
  ready["services"] = ordered_json::array();
  for (const auto& [service, process, pause] : services_) {
    ordered_json one{{"name", service.name}, {"id", service.id}, {"pid", pid_of(process ? process->pid() : -1)}};
    one["grpc"] = service.grpc();
    one["admin"] = service.admin();
    if (service.name == "gateway") {
      const std::string origin = "127.0.0.1:" + std::to_string(service.edge_port);
      one["rest"] = "http://" + origin;
      if (ready["rest"] == "") {
        ready["rest"] = one["rest"];
        ready["ws"] = "ws://" + origin;
        ready["grpc"] = service.grpc();
      }
    }
    one["log"] = service.log_file();
    ready["metrics"].push_back(service.admin() + "/metrics");
    ready["services"].push_back(std::move(one));
  }
  ready["servers"] = ordered_json::array();
  for (const auto& [server, pause] : servers_) {
    ordered_json one{{"name", server->name()}, {"pid", pid_of(server->pid())}, {"address", server->address()}};
    if (server->name() == "rabbitmq") one["url"] = addresses_.rabbitmq;
    if (server->name() == "postgres") one["url"] = addresses_.postgres;
    one["log"] = server->log_file();
    ready["servers"].push_back(std::move(one));
  }
  const absl::Status written = runtime::WriteFileAtomically(options_.data + "/ready.json", ready.dump(2) + "\n");
  if (!written.ok()) Say(std::string(written.message()));
}

}  // namespace xt::cluster
