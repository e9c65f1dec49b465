// ChildProcess: a program that this one starts, waits for and kills by pid. The child dies with the thread that started
// it. Its output goes to a file. Waiting is done on a pidfd, never by asking again and again. Not thread-safe.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace xt {

struct ChildOptions {
  std::string folder;                    // in which it runs; empty: where this program runs
  std::vector<std::string> environment;  // "NAME=value", besides what this program has
  bool own_group = false;                // it leads a process group, which gets all signals: for programs with children
};

class ChildProcess {
 public:
  // Starts `argv[0]`; stdout and stderr are appended to `output_file`. Aborts the program when that is impossible.
  ChildProcess(const std::vector<std::string>& argv, const std::string& output_file, const ChildOptions& options = {});
  ~ChildProcess();  // SIGKILL and reap, when it still runs
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }
  // Readable once it has ended: for poll().
  [[nodiscard]] int fd() const { return pidfd_; }
  void Signal(int signal) const;
  // The exit status (128 + signal when killed by one; 127 when it could not be started); nullopt when it still runs after
  // `timeout`.
  std::optional<int> Wait(std::chrono::milliseconds timeout);
  void Kill();  // SIGKILL and reap

  // Waits until `file` exists (it is renamed into place) or the child ends. True when it exists.
  bool WaitForFile(const std::string& file, std::chrono::milliseconds timeout);

 private:
  bool Reap();

  pid_t pid_ = -1;
  bool own_group_;
  int pidfd_ = -1;
  std::optional<int> status_;
};

}  // namespace xt
