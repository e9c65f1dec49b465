#include "tools/servers/server_process.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "libs/base/check.h"

namespace xt::servers {
namespace {

constexpr std::chrono::milliseconds kStep{20};
constexpr std::chrono::seconds kStopPatience{30};
constexpr std::size_t kLogBytes = 2'000;

sockaddr_in Loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

// Holds a name of the abstract namespace, which the system frees when this process ends; false when another holds it.
bool Reserve(std::uint16_t port) {
  const int holder = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  XT_CHECK(holder >= 0, "socket");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string name = absl::StrCat("xtrader-port-", port);
  name.copy(address.sun_path + 1, name.size());
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  if (::bind(holder, reinterpret_cast<const sockaddr*>(&address), length) == 0) return true;
  ::close(holder);
  return false;
}

}  // namespace

std::uint16_t FreePort() {
  constexpr int kFirst = 15'000;
  constexpr int kLast = 32'000;
  constexpr int kAttempts = 1'000;
  static std::minstd_rand random{std::random_device{}()};
  std::uniform_int_distribution<int> ports(kFirst, kLast);
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const auto port = static_cast<std::uint16_t>(ports(random));
    if (!Reserve(port)) continue;  // first: it may be the port of a server that is about to listen
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = Loopback(port);
    const bool free = ::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
    ::close(socket);
    if (free) return port;
  }
  XT_CHECK(false, "no free port");
  return 0;
}

std::string FindProgram(std::string_view name) {
  if (name.starts_with('/')) return std::filesystem::exists(name) ? std::string(name) : "";
  const char* path = std::getenv("PATH");
  const std::string folders =
      std::string(path != nullptr ? path : "") + ":/usr/bin:/usr/sbin:/usr/lib/postgresql/15/bin";
  for (const auto folder : absl::StrSplit(folders, ':', absl::SkipEmpty())) {
    const std::string program = std::string(folder) + "/" + std::string(name);
    if (::access(program.c_str(), X_OK) == 0) return program;
  }
  return "";
}

int ConnectTo(std::uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  XT_CHECK(socket >= 0, "socket");
  const sockaddr_in address = Loopback(port);
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) return socket;
  ::close(socket);
  return -1;
}

std::string Ask(std::uint16_t port, std::string_view request, std::size_t enough, std::chrono::milliseconds silence) {
  const int socket = ConnectTo(port);
  if (socket < 0) return "";
  std::string reply;
  std::array<char, 1024> bytes;
  pollfd readable{.fd = socket, .events = POLLIN, .revents = 0};
  if (::send(socket, request.data(), request.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(request.size())) {
    while (reply.size() < enough && ::poll(&readable, 1, static_cast<int>(silence.count())) == 1) {
      const ssize_t count = ::recv(socket, bytes.data(), bytes.size(), 0);
      if (count <= 0) break;
      reply.append(bytes.data(), static_cast<std::size_t>(count));
    }
  }
  ::close(socket);
  return reply;
}

bool Accepts(std::uint16_t port) {
  const int socket = ConnectTo(port);
  if (socket >= 0) ::close(socket);
  return socket >= 0;
}

std::string EndOf(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  return text.size() <= kLogBytes ? text : text.substr(text.size() - kLogBytes);
}

ServerProcess::ServerProcess(std::string name, std::string folder, std::uint16_t port)
    : name_(std::move(name)), folder_(std::move(folder)), port_(port != 0 ? port : FreePort()) {
  std::filesystem::create_directories(folder_);
}

ServerProcess::~ServerProcess() = default;

absl::Status ServerProcess::Start() {
  const absl::Status status = Launch();
  return status.ok() ? AwaitServing() : status;
}

absl::Status ServerProcess::Launch() {
  XT_CHECK(!process_, "it runs already");
  Command command;
  if (const absl::Status status = Prepare(command); !status.ok()) return status;
  process_ = std::make_unique<ChildProcess>(command.argv, log_file(), command.options);
  return absl::OkStatus();
}

absl::Status ServerProcess::AwaitServing() {
  const auto deadline = std::chrono::steady_clock::now() + patience();
  while (!Serves()) {
    const auto ended = process_->Wait(kStep);
    if (!ended && std::chrono::steady_clock::now() < deadline) continue;
    process_.reset();
    const std::string how = ended ? absl::StrCat("ended with status ", *ended) : "did not serve in time";
    return absl::UnavailableError(absl::StrCat(name_, " ", how, ":\n", EndOf(log_file())));
  }
  return absl::OkStatus();
}

void ServerProcess::Stop() {
  if (!process_) return;
  process_->Signal(stop_signal());
  process_->Wait(kStopPatience);
  process_.reset();
}

void ServerProcess::Kill() { process_.reset(); }

void ServerProcess::Pause() const {
  XT_CHECK(process_, "it does not run");
  process_->Signal(SIGSTOP);
  // Its other threads go on until the one that has to take the signal is scheduled.
  siginfo_t stopped{};
  while (::waitid(P_PID, static_cast<id_t>(pid()), &stopped, WSTOPPED | WEXITED | WNOWAIT) != 0 && errno == EINTR) {
  }
}

void ServerProcess::Resume() const {
  XT_CHECK(process_, "it does not run");
  process_->Signal(SIGCONT);
}

std::string ServerProcess::address() const { return absl::StrCat("127.0.0.1:", port_); }

int ServerProcess::stop_signal() const { return SIGTERM; }

absl::Status ServerProcess::RunTool(const std::vector<std::string>& argv, const ChildOptions& options) {
  ChildProcess tool(argv, log_file(), options);
  const auto status = tool.Wait(patience());
  if (status == 0) return absl::OkStatus();
  const std::string how = status ? absl::StrCat("ended with status ", *status) : "did not end in time";
  return absl::UnavailableError(absl::StrCat(name_, ": ", argv[0], " ", how, ":\n", EndOf(log_file())));
}

void ServerProcess::WriteFile(std::string_view name, std::string_view text) const {
  const std::string path = folder_ + "/" + std::string(name);
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  XT_CHECK(!file.fail(), path);
}

}  // namespace xt::servers
