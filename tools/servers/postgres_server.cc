#include "tools/servers/postgres_server.h"

#include <poll.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <utility>

#include "absl/strings/str_cat.h"

namespace xt::servers {
namespace {

namespace fs = std::filesystem;

constexpr char kRole[] = "xtrader";
constexpr int kOrphanPatienceMs = 30'000;

constexpr std::array kSettings{
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=.",  // relative to the data folder: a socket's path is at most 107 characters
    "shared_buffers=32MB",
    "max_connections=64",
    "max_wal_size=256MB",
    "wal_compression=on",
    "jit=off",
    "autovacuum_max_workers=1",
    "max_worker_processes=2",
    "dynamic_shared_memory_type=mmap",  // files in the data folder, where a killed server may leave them
    "log_line_prefix=%m [%p] ",
};

// PostgreSQL refuses to run as root. Traversing folders that are root's alone stays allowed, and so does dying with the
// parent, which a change of the user otherwise switches off.
std::vector<std::string> AsServerUser() {
  if (::geteuid() != 0) return {};
  return {FindProgram("setpriv"),
          "--reuid=postgres",
          "--regid=postgres",
          "--clear-groups",
          "--inh-caps=-all,+dac_override",
          "--ambient-caps=-all,+dac_override",
          "--pdeathsig=KILL",
          "--"};
}

// A line of postmaster.pid, from 1: 1 the process id, 7 the key and the id of the shared memory, 8 the state.
std::string PidFileLine(const std::string& data, int number) {
  std::ifstream file(data + "/postmaster.pid");
  std::string line;
  for (int i = 0; i < number; ++i) {
    if (!std::getline(file, line)) return "";
  }
  return line;
}

// PostgreSQL's processes that run in this folder.
std::vector<pid_t> ServersIn(const fs::path& folder) {
  std::vector<pid_t> pids;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    pid_t pid = 0;
    if (std::from_chars(name.data(), name.data() + name.size(), pid).ptr != name.data() + name.size()) continue;
    std::error_code gone;
    if (fs::read_symlink(entry.path() / "cwd", gone) != folder) continue;
    if (fs::read_symlink(entry.path() / "exe", gone).filename() == "postgres") pids.push_back(pid);
  }
  return pids;
}

void KillAndWait(pid_t pid) {
  const int pidfd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  if (pidfd < 0) return;  // gone
  ::syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, nullptr, 0);
  pollfd ended{.fd = pidfd, .events = POLLIN, .revents = 0};
  ::poll(&ended, 1, kOrphanPatienceMs);
  ::close(pidfd);
}

}  // namespace

PostgresServer::PostgresServer(std::string folder, std::uint16_t port, std::vector<std::string> settings)
    : ServerProcess("postgres", std::move(folder), port), settings_(std::move(settings)) {}

PostgresServer::~PostgresServer() {
  Stop();
  EndOrphans();
  // A server that ended by itself has removed it; a killed one leaves it with its pid file.
  const std::string line = PidFileLine(data(), 7);
  unsigned long key = 0;
  int id = -1;
  if (std::sscanf(line.c_str(), "%lu %d", &key, &id) == 2) ::shmctl(id, IPC_RMID, nullptr);
}

std::string PostgresServer::url() const { return absl::StrCat("postgresql://", kRole, "@", address(), "/postgres"); }

absl::Status PostgresServer::Prepare(Command& command) {
  const std::string postgres = FindProgram("postgres");
  if (postgres.empty()) return absl::NotFoundError("postgres is not installed (package postgresql)");
  EndOrphans();
  if (!fs::exists(data() + "/PG_VERSION")) {
    if (const absl::Status status = Initialize(postgres); !status.ok()) return status;
  }
  command.argv = AsServerUser();
  command.argv.insert(command.argv.end(), {postgres, "-D", data(), "-p", std::to_string(port())});
  for (const char* setting : kSettings) command.argv.insert(command.argv.end(), {"-c", setting});
  for (const std::string& setting : settings_) command.argv.insert(command.argv.end(), {"-c", setting});
  return absl::OkStatus();
}

absl::Status PostgresServer::Initialize(const std::string& postgres) {
  fs::create_directories(data());
  std::vector<std::string> argv = AsServerUser();
  if (!argv.empty()) {
    const auto chown = FindProgram("chown");
    if (const absl::Status status = RunTool({chown, "postgres:postgres", data()}); !status.ok()) return status;
  }
  const std::string initdb = fs::path(postgres).replace_filename("initdb");
  argv.insert(argv.end(), {initdb, "-D", data(), "-U", kRole, "--auth=trust", "--encoding=UTF8", "--locale=C",
                           "--no-instructions"});
  return RunTool(argv);
}

bool PostgresServer::Serves() {
  return PidFileLine(data(), 1) == std::to_string(pid()) && PidFileLine(data(), 8).starts_with("ready");
}

// Fast shutdown: clients are disconnected. SIGTERM would wait for them.
int PostgresServer::stop_signal() const { return SIGINT; }

void PostgresServer::EndOrphans() const {
  std::error_code none;
  const fs::path folder = fs::canonical(data(), none);
  if (none) return;
  const std::vector<pid_t> servers = ServersIn(folder);
  const auto is_postmaster = [owner = PidFileLine(data(), 1)](pid_t pid) { return std::to_string(pid) == owner; };
  if (std::any_of(servers.begin(), servers.end(), is_postmaster)) return;  // somebody else's: Start will say so
  for (const pid_t pid : servers) KillAndWait(pid);
}

}  // namespace xt::servers
