// ServerProcess: a real server (Redis, Kafka, ...) that this program starts on 127.0.0.1 for a test or for the local
// cluster: on a port of its own, with its data in one folder, in small memory. It dies with the thread that started it.
// Each kind of server is a class of its own that says how it is configured and when it serves. Not thread-safe.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "libs/base/child_process.h"

namespace xt::servers {

// A port of 127.0.0.1 that nobody listens on now, from a range in which the system takes none for connections: so it is
// still free when the server is started again. It is given once: until this process ends, neither this process nor another
// is given it again, however long the server takes to listen. One thread at a time.
std::uint16_t FreePort();
// The first of these programs that exists: an absolute path, or a name that is looked up in PATH, /usr/sbin and
// /usr/lib/postgresql/15/bin. Empty when there is none.
std::string FindProgram(std::string_view name);
// A socket connected to this port of 127.0.0.1, which the caller closes; -1 when nothing accepts there.
int ConnectTo(std::uint16_t port);
// What the server on this port of 127.0.0.1 answers to these bytes: the first `enough` bytes of it, or what came until it
// closed the connection or said nothing for so long. Empty when there is no server.
std::string Ask(std::uint16_t port, std::string_view request, std::size_t enough = std::string::npos,
                std::chrono::milliseconds silence = std::chrono::seconds(1));
// Whether something accepts connections on this port of 127.0.0.1.
bool Accepts(std::uint16_t port);
// The last 2,000 bytes of a file, for the message that says what went wrong; empty when there is no such file.
std::string EndOf(const std::string& file);

class ServerProcess {
 public:
  virtual ~ServerProcess();  // kills it, when it still runs
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  // Starts it with the data that is there and waits until it serves. UNAVAILABLE, with the end of its log, when it dies
  // or does not serve in time; NOT_FOUND when it is not installed.
  absl::Status Start();
  // The two halves of Start, so that several can start at once.
  absl::Status Launch();
  absl::Status AwaitServing();
  // SIGTERM, then SIGKILL when it is not gone in time.
  void Stop();
  void Kill();          // SIGKILL; what it had not written is lost
  void Pause() const;   // SIGSTOP; returns when it stands still
  void Resume() const;  // SIGCONT

  [[nodiscard]] std::string_view name() const { return name_; }
  // -1 when it does not run.
  [[nodiscard]] pid_t pid() const { return process_ ? process_->pid() : -1; }
  // The same for its whole life.
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string address() const;  // "127.0.0.1:<port>"
  [[nodiscard]] const std::string& folder() const { return folder_; }
  [[nodiscard]] std::string log_file() const { return folder_ + "/output.log"; }
  // Null when it does not run.
  [[nodiscard]] ChildProcess* process() { return process_.get(); }

 protected:
  struct Command {
    std::vector<std::string> argv;
    ChildOptions options;
  };

  // `port` 0: a free one. The folder is created.
  ServerProcess(std::string name, std::string folder, std::uint16_t port);

  // Before each start: writes the configuration, initialises the data folder when it is empty, and says what to run.
  virtual absl::Status Prepare(Command& command) = 0;
  // Asked again and again until it is true.
  virtual bool Serves() = 0;
  [[nodiscard]] virtual std::chrono::seconds patience() const { return std::chrono::seconds(180); }
  // How it is asked to end.
  [[nodiscard]] virtual int stop_signal() const;

  // Runs a program of the server to its end, with its output in the log.
  absl::Status RunTool(const std::vector<std::string>& argv, const ChildOptions& options = {});
  void WriteFile(std::string_view name, std::string_view text) const;

 private:
  const std::string name_;
  const std::string folder_;
  const std::uint16_t port_;
  std::unique_ptr<ChildProcess> process_;
};

}  // namespace xt::servers
