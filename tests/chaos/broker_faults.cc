#include "tests/chaos/broker_faults.h"

#include <csignal>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "libs/base/status.h"
#include "tests/support/cluster.h"

namespace xt::chaos {
namespace {

namespace fs = std::filesystem;

constexpr char kRabbitMq[] = "rabbitmq";
constexpr char kNotifier[] = "notifier-0";
constexpr int kSlowClients = 20;
constexpr std::int64_t kMostGrowthKb = 64 * 1024;  // of the notifier: its queues may hold 1 MiB a client

// Not the wrapper in /usr/sbin, which changes the user.
std::string ControlProgram() {
  for (const auto& version : fs::directory_iterator("/usr/lib/rabbitmq/lib")) {
    const fs::path program = version.path() / "sbin/rabbitmqctl";
    if (fs::exists(program)) return program;
  }
  return "rabbitmqctl";
}

// Finds its node by the environment that the node itself has.
test::ToolResult ControlRabbitMq(pid_t node, const std::vector<std::string>& arguments) {
  std::vector<std::string> argv{"env"};
  const std::string environment = test::ReadFile(absl::StrCat("/proc/", node, "/environ"));
  for (const auto piece : absl::StrSplit(environment, '\0', absl::SkipEmpty())) {
    const std::string variable(piece);
    const bool wanted = variable.starts_with("HOME=") || variable.starts_with("ERL_EPMD_") ||
                        variable.starts_with("RABBITMQ_NODENAME=") || variable.starts_with("RABBITMQ_CONF_ENV_FILE=");
    if (wanted) argv.push_back(variable);
  }
  argv.push_back(ControlProgram());
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return test::RunTool(argv, std::chrono::seconds(180));
}

std::int64_t ResidentKb(pid_t pid) {
  std::ifstream status(absl::StrCat("/proc/", pid, "/status"));
  std::string word;
  std::int64_t kilobytes = 0;
  while (status >> word) {
    if (word == "VmRSS:" && status >> kilobytes) return kilobytes;
  }
  return 0;
}

}  // namespace

absl::Status MemoryAlarm::Inject(World& world) {
  pid_ = world.Pid(kRabbitMq);
  const test::ToolResult alarm = ControlRabbitMq(pid_, {"set_vm_memory_high_watermark", "absolute", "1MB"});
  return alarm.status == 0 ? absl::OkStatus() : absl::UnavailableError("rabbitmqctl: " + alarm.output);
}

absl::Status MemoryAlarm::Heal(World& world) { return world.Signal(kRabbitMq, SIGKILL); }

std::string MemoryAlarm::WhatDoesNotHold(World& world) {
  const pid_t now = world.Pid(kRabbitMq);
  return now != 0 && now != pid_ ? "" : "RabbitMQ was not replaced";
}

absl::Status SlowConsumers::Inject(World& world) {
  notifier_kb_ = ResidentKb(world.Pid(kNotifier));
  const std::uint16_t port = test::PortOf(world.Field("gateway-1", "rest"));
  for (int i = 0; i < kSlowClients; ++i) {
    auto client = std::make_unique<http::WebSocketClient>(http::WebSocketClientOptions{
        .connect_timeout_ms = 60'000, .read_ahead_bytes = 1, .receive_buffer_bytes = 4'096});
    XT_RETURN_IF_ERROR(client->Connect("127.0.0.1", port, "/ws/exchange?channels=trade.*,orderbook.*"));
    clients_.push_back(std::move(client));
  }
  consumer_ = std::make_unique<ChildProcess>(
      std::vector<std::string>{"/usr/bin/env", "kcat", "-b", world.Field("kafka", "address"), "-t", "trading.events",
                               "-C", "-q"},
      "/dev/null");
  consumer_->Signal(SIGSTOP);
  return absl::OkStatus();
}

absl::Status SlowConsumers::Heal(World& world) {
  grown_kb_ = ResidentKb(world.Pid(kNotifier)) - notifier_kb_;
  clients_.clear();
  consumer_.reset();
  return absl::OkStatus();
}

std::string SlowConsumers::WhatDoesNotHold(World&) {
  return grown_kb_ <= kMostGrowthKb ? "" : absl::StrCat("the notifier has grown by ", grown_kb_, " KiB");
}

}  // namespace xt::chaos
