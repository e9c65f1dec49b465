#include "libs/base/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <string_view>

#include "libs/base/check.h"

namespace xt {
namespace {

using Clock = std::chrono::steady_clock;

int RemainingMs(Clock::time_point deadline) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
  return left < 0 ? 0 : static_cast<int>(left);
}

std::vector<char*> PointersTo(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

// Of this program, with those given in place of what it has of the same name.
std::vector<std::string> Environment(const std::vector<std::string>& given) {
  std::vector<std::string> all = given;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text(*variable);
    const std::string_view name = text.substr(0, text.find('=') + 1);
    const auto replaces = [name](const std::string& other) { return other.starts_with(name); };
    if (std::none_of(given.begin(), given.end(), replaces)) all.emplace_back(text);
  }
  return all;
}

// Between fork and exec nothing is allocated: another thread may have held a lock.
[[noreturn]] void RunChild(char* const* argv, char* const* environment, int output, const ChildOptions& options) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  sigset_t none;  // what this thread blocks is its own affair
  ::sigemptyset(&none);
  ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
  if (options.own_group) ::setpgid(0, 0);
  if (!options.folder.empty() && ::chdir(options.folder.c_str()) != 0) ::_exit(127);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  ::execve(argv[0], argv, environment);
  ::_exit(127);
}

}  // namespace

ChildProcess::ChildProcess(const std::vector<std::string>& argv, const std::string& output_file,
                           const ChildOptions& options)
    : own_group_(options.own_group) {
  const int output = ::open(output_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  XT_CHECK(output >= 0, output_file);
  const std::vector<char*> arguments = PointersTo(argv);
  const std::vector<std::string> variables = Environment(options.environment);
  const std::vector<char*> environment = PointersTo(variables);
  pid_ = ::fork();
  XT_CHECK(pid_ >= 0, "fork");
  if (pid_ == 0) RunChild(arguments.data(), environment.data(), output, options);
  if (own_group_) ::setpgid(pid_, pid_);  // whichever of the two comes first
  ::close(output);
  pidfd_ = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
  XT_CHECK(pidfd_ >= 0, "pidfd_open");
}

ChildProcess::~ChildProcess() {
  Kill();
  ::close(pidfd_);
}

void ChildProcess::Signal(int signal) const {
  if (!status_) ::kill(own_group_ ? -pid_ : pid_, signal);
}

bool ChildProcess::Reap() {
  int status = 0;
  if (status_ || ::waitpid(pid_, &status, WNOHANG) != pid_) return status_.has_value();
  status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return true;
}

std::optional<int> ChildProcess::Wait(std::chrono::milliseconds timeout) {
  const auto deadline = Clock::now() + timeout;
  while (!Reap()) {
    pollfd fd{.fd = pidfd_, .events = POLLIN, .revents = 0};
    if (::poll(&fd, 1, RemainingMs(deadline)) == 0) return Reap() ? status_ : std::nullopt;
  }
  return status_;
}

void ChildProcess::Kill() {
  if (status_) return;
  Signal(SIGKILL);
  Wait(std::chrono::seconds(30));
}

bool ChildProcess::WaitForFile(const std::string& file, std::chrono::milliseconds timeout) {
  const auto deadline = Clock::now() + timeout;
  const int watch = ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  XT_CHECK(watch >= 0, "inotify_init1");
  const std::string folder = std::filesystem::path(file).parent_path().string();
  XT_CHECK(::inotify_add_watch(watch, folder.c_str(), IN_MOVED_TO | IN_CLOSE_WRITE) >= 0, folder);
  bool found = false;
  while (!(found = std::filesystem::exists(file)) && !Reap()) {
    std::array<pollfd, 2> fds{
        {{.fd = watch, .events = POLLIN, .revents = 0}, {.fd = pidfd_, .events = POLLIN, .revents = 0}}};
    if (::poll(fds.data(), fds.size(), RemainingMs(deadline)) == 0) break;
    std::array<char, 4096> events;
    while (::read(watch, events.data(), events.size()) > 0) {
    }
  }
  ::close(watch);
  return found;
}

}  // namespace xt
