#include "tools/servers/kafka_server.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"

namespace xt::servers {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kProperties = "server.properties";
constexpr std::string_view kClusterId = "eHRyYWRlci1kZXYta2Fma2E";  // any 16 bytes in base64
// What the node says last when it starts: then it takes requests and is not fenced any more.
constexpr std::string_view kStarted = "Kafka Server started";

std::string JarFolder() {
  const char* home = std::getenv("XTRADER_KAFKA_HOME");
  return absl::StrCat(home != nullptr && *home != '\0' ? home : XT_SOURCE_DIR "/build/kafka", "/libs");
}

}  // namespace

KafkaServer::KafkaServer(const std::string& folder, std::uint16_t port)
    : ServerProcess("kafka", folder, port), controller_port_(FreePort()) {}

absl::Status KafkaServer::Prepare(Command& command) {
  const std::string java = FindProgram("java");
  if (java.empty()) return absl::NotFoundError("kafka: there is no java");
  const std::string jars = JarFolder();
  if (!fs::is_directory(jars)) {
    return absl::NotFoundError(absl::StrCat("kafka: no jars in ", jars, "; `./dev test` fetches them"));
  }
  WriteFile(kProperties, Properties());
  // What the JVM would leave in /tmp when it is killed goes into the folder.
  command.argv = {java,
                  "-Xms128m",
                  "-Xmx384m",
                  "-Xss512k",
                  "-XX:+UseSerialGC",
                  "-XX:TieredStopAtLevel=1",
                  "-XX:-UsePerfData",
                  absl::StrCat("-Djava.io.tmpdir=", folder()),
                  "-cp",
                  jars + "/*"};
  if (!fs::exists(folder() + "/data/meta.properties")) {
    if (absl::Status status = Format(command.argv); !status.ok()) return status;
  }
  std::error_code no_log_yet;
  log_begin_ = fs::exists(log_file()) ? fs::file_size(log_file(), no_log_yet) : 0;
  command.argv.insert(command.argv.end(), {"kafka.Kafka", absl::StrCat(folder(), "/", std::string(kProperties))});
  return absl::OkStatus();
}

absl::Status KafkaServer::Format(const std::vector<std::string>& java) {
  std::vector<std::string> argv = java;
  argv.insert(argv.end(), {"kafka.tools.StorageTool", "format", "-t", std::string(kClusterId), "-c",
                           absl::StrCat(folder(), "/", std::string(kProperties))});
  return RunTool(argv);
}

bool KafkaServer::Serves() {
  if (!Accepts(port())) return false;
  std::ifstream log(log_file(), std::ios::binary);
  log.seekg(static_cast<std::streamoff>(log_begin_));
  const std::string text{std::istreambuf_iterator<char>(log), {}};
  return text.find(kStarted) != std::string::npos;
}

std::string KafkaServer::Properties() const {
  const std::string controller = absl::StrCat("127.0.0.1:", controller_port_);
  return absl::StrCat(
      "process.roles=broker,controller\n"
      "node.id=1\n"
      "controller.quorum.voters=1@",
      controller, "\nlisteners=PLAINTEXT://", address(), ",CONTROLLER://", controller,
      "\nadvertised.listeners=PLAINTEXT://", address(),
      "\ncontroller.listener.names=CONTROLLER\n"
      "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT\n"
      "log.dirs=",
      folder(),
      "/data\n"
      "auto.create.topics.enable=false\n"
      // After a crash the node waits for the end of its own dead session.
      "broker.session.timeout.ms=2000\n"
      "broker.heartbeat.interval.ms=500\n"
      "group.initial.rebalance.delay.ms=0\n"
      "group.min.session.timeout.ms=1000\n"
      // One node has one copy of everything; one partition of each internal topic is enough for it.
      "default.replication.factor=1\n"
      "offsets.topic.replication.factor=1\n"
      "offsets.topic.num.partitions=1\n"
      "transaction.state.log.replication.factor=1\n"
      "transaction.state.log.min.isr=1\n"
      "transaction.state.log.num.partitions=1\n"
      "share.coordinator.state.topic.replication.factor=1\n"
      "share.coordinator.state.topic.num.partitions=1\n"
      // Small.
      "num.network.threads=1\n"
      "num.io.threads=2\n"
      "background.threads=1\n"
      "log.cleaner.dedupe.buffer.size=4194304\n");
}

}  // namespace xt::servers
