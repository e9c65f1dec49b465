// World: a cluster for faults, and what they and the run ask of it: who runs, who leads, whether all is well again. One
// thread.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "tests/chaos/client_load.h"
#include "tests/chaos/sabotage.h"
#include "tests/support/cluster.h"
#include "tests/support/cutting_proxy.h"
#include "tools/metrics/metrics_text.h"

namespace xt::chaos {

// Asks again and again until the answer, what is still wrong, is empty. Returns the last answer.
std::string Await(const std::function<std::string()>& what_is_wrong,
                  std::chrono::seconds patience = std::chrono::seconds(300));

class World {
 public:
  // `binaries`: the folder of the programs; `data`: of everything that the cluster keeps, absolute; `durability`: of the
  // journal, with several copies.
  World(std::string binaries, std::string data, std::string durability = "");

  absl::Status Up();
  absl::Status Down();

  // Of a service or server. 0 while it does not run.
  [[nodiscard]] pid_t Pid(const std::string& name) const;
  [[nodiscard]] bool IsReady(const std::string& service) const;
  // All instances of a service: "sequencer-0", ...
  [[nodiscard]] std::vector<std::string> Instances(const std::string& service) const;
  // Of a sequencer that leads, of the replica of matching that is fed; empty while there is none.
  [[nodiscard]] std::string Leader() const;
  [[nodiscard]] std::string FedReplica() const;
  // An instance of the same service that is not this one.
  [[nodiscard]] std::string Other(const std::string& instance) const;
  // The first series with these labels; nullopt when nobody answers or there is none.
  [[nodiscard]] std::optional<std::int64_t> Metric(const std::string& service, const std::string& name,
                                                   const metrics::Labels& labels = {}) const;
  // "127.0.0.1:1" of a server, or what else the cluster's file says of a part.
  [[nodiscard]] std::string Field(const std::string& name, const std::string& key) const;
  [[nodiscard]] std::string Folder(const std::string& name) const;

  // NOT_FOUND when it does not run.
  absl::Status Signal(const std::string& name, int signal) const;
  // SIGKILL, and it stays away until Release.
  absl::Status KillAway(const std::string& name) const;
  void Release(const std::string& name) const;
  // Of a sequencer, or one of the two Redis.
  Sabotage& SabotageOf(const std::string& name);
  // Between a sequencer and "redis-journal" or "zookeeper".
  CuttingProxy& Link(const std::string& sequencer, const std::string& server);

  // Everything runs, is ready, has all its servers, and the journal has all its copies. Empty, or what is missing.
  [[nodiscard]] std::string WhatIsNotHealthy() const;
  // The brokers and the database have what the leader has given out by now. Empty, or who lags.
  [[nodiscard]] std::string AwaitCaughtUp() const;

  [[nodiscard]] std::vector<std::string> Gateways() const;
  [[nodiscard]] const std::vector<LoadAccount>& accounts() const { return accounts_; }
  [[nodiscard]] const std::string& data() const { return data_; }
  [[nodiscard]] const std::string& binaries() const { return binaries_; }
  [[nodiscard]] test::ToolResult Sql(const std::string& script) const;

 private:
  [[nodiscard]] nlohmann::json Read() const;
  [[nodiscard]] nlohmann::json Find(const std::string& name) const;
  [[nodiscard]] std::string WhatIsWrongWith(const nlohmann::json& service) const;
  absl::Status MakeAccounts();
  // Before it starts: its programs, and the files that say how their system fails.
  void PrepareSabotage();
  // From now on the sequencers reach those servers through a proxy each: their configuration is written anew, and they are
  // started again, who leads last.
  absl::Status PutLinks();
  [[nodiscard]] std::string Configuration(const std::string& name) const;

  const std::string binaries_;
  const std::string data_;
  test::Cluster cluster_;
  std::vector<LoadAccount> accounts_;
  std::map<std::string, std::unique_ptr<Sabotage>> sabotage_;
  std::map<std::pair<std::string, std::string>, std::unique_ptr<CuttingProxy>> links_;
};

}  // namespace xt::chaos
