#include "tools/servers/zookeeper_server.h"

#include <filesystem>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace xt::servers {
namespace {

constexpr char kServerJar[] = "/usr/share/java/zookeeper.jar";  // its manifest names the jars that it needs
constexpr char kLoggerJar[] = "/usr/share/java/slf4j-simple.jar";
constexpr char kConfigFile[] = "zoo.cfg";
// preAllocSize in KiB: of each file of its log, else 64 MiB.
constexpr char kConfig[] = R"(tickTime=500
minSessionTimeout=1000
maxSessionTimeout=300000
clientPortAddress=127.0.0.1
maxClientCnxns=0
preAllocSize=1024
autopurge.snapRetainCount=3
autopurge.purgeInterval=1
admin.enableServer=false
4lw.commands.whitelist=ruok,srvr
)";

}  // namespace

ZooKeeperServer::ZooKeeperServer(std::string folder, std::uint16_t port)
    : ServerProcess("zookeeper", std::move(folder), port) {}

absl::Status ZooKeeperServer::Prepare(Command& command) {
  const std::string java = FindProgram("java");
  if (java.empty()) return absl::NotFoundError("java is not installed");
  if (!std::filesystem::exists(kServerJar)) return absl::NotFoundError(absl::StrCat(kServerJar, " is not installed"));
  WriteFile(kConfigFile, absl::StrCat(kConfig, "dataDir=", folder(), "/data\n", "clientPort=", port(), "\n"));
  command.argv = {java,
                  "-Xmx64m",
                  "-Xss256k",
                  "-XX:+UseSerialGC",
                  "-XX:TieredStopAtLevel=1",
                  "-XX:-UsePerfData",
                  "-XX:MaxMetaspaceSize=64m",
                  "-XX:ReservedCodeCacheSize=32m",
                  absl::StrCat("-Djava.io.tmpdir=", folder()),
                  "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                  "-Dzookeeper.jmx.log4j.disable=true",
                  "-cp",
                  absl::StrCat(kServerJar, ":", kLoggerJar),
                  "org.apache.zookeeper.server.quorum.QuorumPeerMain",
                  absl::StrCat(folder(), "/", kConfigFile)};
  return absl::OkStatus();
}

// It accepts connections, and says "imok", before it serves.
bool ZooKeeperServer::Serves() { return absl::StrContains(Ask(port(), "srvr"), "Mode: standalone"); }

}  // namespace xt::servers
