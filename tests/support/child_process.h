// ChildProcess: a program that a test starts, waits for and kills by pid. The child dies with the test. Its output goes
// to a file. Waiting is done on a pidfd, never by asking again and again. Not thread-safe.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace xt::test {

class ChildProcess {
 public:
  // Starts `argv[0]`; stdout and stderr are appended to `output_file`. Aborts the test program when that is impossible.
  ChildProcess(const std::vector<std::string>& argv, const std::string& output_file);
  ~ChildProcess();  // SIGKILL and reap, when it still runs
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }
  void Signal(int signal) const;
  // The exit status (128 + signal when killed by one); nullopt when it still runs after `timeout`.
  std::optional<int> Wait(std::chrono::milliseconds timeout);
  void Kill();  // SIGKILL and reap

  // Waits until `file` exists (it is renamed into place) or the child ends. True when it exists.
  bool WaitForFile(const std::string& file, std::chrono::milliseconds timeout);

 private:
  bool Reap();

  pid_t pid_ = -1;
  int pidfd_ = -1;
  std::optional<int> status_;
};

// The whole content; empty when it cannot be read.
std::string ReadFile(const std::string& path);

// A new empty folder below the test's temporary folder, removed with the object.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace xt::test
