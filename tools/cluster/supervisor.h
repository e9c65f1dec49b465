// Supervisor: the process that holds a local cluster together. It starts the servers and the services, waits until they
// serve, makes the demo markets and accounts, and then starts again whatever dies, with a pause that doubles. When a
// service has died it ends its ZooKeeper session, so that another one leads at once and not after the session's timeout.
// Everything it starts dies with it. What runs where is in <data>/ready.json, as docs/operations.md says.
// One thread, the main one: what it starts dies with the thread that started it.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "libs/base/child_process.h"
#include "tools/cluster/topology.h"
#include "tools/servers/server_process.h"

namespace xt::cluster {

class Supervisor {
 public:
  explicit Supervisor(Options options);
  ~Supervisor();

  // Returns when everything serves. SIGTERM and SIGINT are blocked before. UNAVAILABLE when the owner has ended.
  absl::Status Start();
  // Until SIGTERM or SIGINT, or until the owner has ended.
  void Run();
  // Services first, from the edge inwards, then the servers.
  void Stop();

 private:
  using Clock = std::chrono::steady_clock;
  struct Pause {
    Clock::time_point started;
    std::chrono::milliseconds next{0};
    Clock::time_point until = Clock::time_point::max();  // when it is started again; max while it runs
  };
  struct RunningServer {
    std::unique_ptr<servers::ServerProcess> server;
    Pause pause;
  };
  struct RunningService {
    Service service;
    std::unique_ptr<ChildProcess> process;
    Pause pause;
  };

  absl::Status FindOwner();
  absl::Status StartServers();
  absl::Status StartServices();
  absl::Status MakeDemo();
  absl::Status AwaitReady();
  void Launch(RunningService& service);
  absl::Status AwaitReadyFile(RunningService& service);

  // Notes who has died and starts again whose pause is over.
  void LookAfter(RunningServer& server);
  void LookAfter(RunningService& service);
  static void Rest(Pause& pause);
  // Whether its pause is over and nobody holds it (cluster_file.h); one that is held is asked about again a little later.
  [[nodiscard]] bool MayStart(Pause& pause, const std::string& name) const;
  void EndSession(const Service& service) const;
  [[nodiscard]] std::chrono::milliseconds UntilNextStart() const;
  void WriteReadyFile() const;

  const Options options_;
  int owner_ = -1;  // descriptor of the process; -1: none
  ServerAddresses addresses_;
  std::vector<RunningServer> servers_;
  std::vector<RunningService> services_;
  std::string accounts_;  // JSON
};

}  // namespace xt::cluster
