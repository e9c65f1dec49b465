#include "tools/servers/rabbitmq_server.h"

#include <filesystem>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"

namespace xt::servers {
namespace {

constexpr std::chrono::seconds kPortMapperPatience{20};
constexpr std::chrono::milliseconds kStep{10};
constexpr char kLibrary[] = "/usr/lib/rabbitmq/lib";

// Not the wrapper in /usr/sbin, which changes the user.
std::string FindScript() {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(kLibrary, error)) {
    const std::string script = entry.path().string() + "/sbin/rabbitmq-server";
    if (std::filesystem::exists(script, error)) return script;
  }
  return "";
}

// Whether it answers the protocol header with a first frame (a method on channel 0: connection.start).
bool OpensConnections(std::uint16_t port) {
  constexpr std::string_view kHeader("AMQP\0\0\x09\x01", 8);
  constexpr std::string_view kMethodOnChannel0("\x01\0\0", 3);
  return Ask(port, kHeader, kMethodOnChannel0.size()).starts_with(kMethodOnChannel0);
}

}  // namespace

RabbitMqServer::RabbitMqServer(std::string folder, std::uint16_t port)
    : ServerProcess("rabbitmq", std::move(folder), port), epmd_port_(FreePort()), distribution_port_(FreePort()) {}

// Before its epmd, or the node would start another one.
RabbitMqServer::~RabbitMqServer() { Kill(); }

std::string RabbitMqServer::url() const { return absl::StrCat("amqp://guest:guest@", address(), "/"); }

absl::Status RabbitMqServer::StartPortMapper() {
  const std::string program = FindProgram("epmd");
  if (program.empty()) return absl::NotFoundError("epmd is not installed");
  epmd_ = std::make_unique<ChildProcess>(
      std::vector<std::string>{program, "-port", absl::StrCat(epmd_port_), "-address", "127.0.0.1"}, log_file());
  const auto deadline = std::chrono::steady_clock::now() + kPortMapperPatience;
  while (!Accepts(epmd_port_)) {
    if (epmd_->Wait(kStep) || std::chrono::steady_clock::now() > deadline) {
      return absl::UnavailableError("epmd does not serve");
    }
  }
  return absl::OkStatus();
}

absl::Status RabbitMqServer::Prepare(Command& command) {
  const std::string script = FindScript();
  if (script.empty()) return absl::NotFoundError("rabbitmq-server is not installed");
  if (!epmd_) {
    if (absl::Status status = StartPortMapper(); !status.ok()) return status;
  }
  WriteFile("rabbitmq.conf", absl::StrCat("listeners.tcp.1 = ", address(),
                                          "\nvm_memory_high_watermark.absolute = 256MB\n"
                                          "disk_free_limit.absolute = 64MB\n"));
  WriteFile("advanced.config", "[].\n");
  WriteFile("enabled_plugins", "[].\n");
  const std::string home = std::filesystem::absolute(folder()).string();
  command.argv = {script};
  // RUNNING_UNDER_SYSTEMD: the script becomes the node instead of waiting for it, so that signals reach the node.
  command.options.environment = {"HOME=" + home,
                                 absl::StrCat("ERL_EPMD_PORT=", epmd_port_),
                                 "ERL_EPMD_ADDRESS=127.0.0.1",
                                 "ERL_CRASH_DUMP=/dev/null",
                                 "RABBITMQ_NODENAME=xtrader@localhost",  // names its data: the same on another port
                                 absl::StrCat("RABBITMQ_DIST_PORT=", distribution_port_),
                                 "RABBITMQ_MNESIA_BASE=" + home + "/data",
                                 "RABBITMQ_LOG_BASE=" + home + "/log",
                                 "RABBITMQ_LOGS=-",
                                 "RABBITMQ_CONF_ENV_FILE=/dev/null",
                                 "RABBITMQ_CONFIG_FILE=" + home + "/rabbitmq.conf",
                                 "RABBITMQ_ADVANCED_CONFIG_FILE=" + home + "/advanced.config",
                                 "RABBITMQ_ENABLED_PLUGINS_FILE=" + home + "/enabled_plugins",
                                 "RABBITMQ_PID_FILE=" + home + "/pid",
                                 "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=+S 1:1 +sbwt none -kernel "
                                 "inet_dist_use_interface {127,0,0,1}",
                                 "RUNNING_UNDER_SYSTEMD=true"};
  command.options.own_group = true;
  return absl::OkStatus();
}

bool RabbitMqServer::Serves() { return OpensConnections(port()); }

}  // namespace xt::servers
