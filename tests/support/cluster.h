// Cluster: a whole cluster under test: real servers and the six services as processes, started and ended by xt-cluster as
// `./dev cluster` does. Not thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/files.h"
#include "tests/support/signed_client.h"

namespace xt::test {

// What a program printed, and how it ended.
struct ToolResult {
  std::optional<int> status;  // nullopt: not in time
  std::string output;         // both streams
};
// Runs a program to its end. `argv[0]` is looked up in PATH.
ToolResult RunTool(std::vector<std::string> argv, std::chrono::seconds timeout = std::chrono::seconds(60));

class Cluster {
 public:
  // Of the services with ZooKeeper: so long that no pause of the machine moves the leadership.
  static constexpr std::chrono::milliseconds kPatientSession{10'000};

  // `binaries`: the folder of the programs. `replicas`, `durability` and `profile` as for `./dev cluster up`; empty: its
  // default. `data`: where it keeps everything, which then outlives this; empty: in a temporary folder. `session`: 0 is
  // the services' default.
  Cluster(std::string binaries, std::string replicas, std::string durability = "", std::string data = "",
          std::string profile = "", std::chrono::milliseconds session = kPatientSession);
  ~Cluster();  // `down`, as when this process is killed
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  // What stays when the journal is trimmed, and what is between two snapshots. Before Up.
  void KeepCommands(std::int64_t commands) { keep_commands_ = commands; }
  // Empty when it serves, else what `up` said.
  [[nodiscard]] std::string Up();
  [[nodiscard]] ToolResult Down();
  // One service or server stays away until it is started again.
  [[nodiscard]] ToolResult Stop(const std::string& name) const;
  [[nodiscard]] ToolResult Start(const std::string& name) const;

  // As it is now: `status --json`. Null when that fails.
  [[nodiscard]] nlohmann::json Status() const;
  [[nodiscard]] const nlohmann::json& ready() const { return ready_; }
  // The id of the service of this name that leads, once one does; empty when none did in time.
  [[nodiscard]] std::string AwaitLeader(const std::string& name) const;
  // One service by id, or server by name, of a status.
  [[nodiscard]] static nlohmann::json Find(const nlohmann::json& status, const std::string& name);
  // The id of the service of this name that leads; empty when none does.
  [[nodiscard]] static std::string LeaderOf(const nlohmann::json& status, const std::string& name);

  // The i-th demo account through the gateway-g.
  [[nodiscard]] SignedClient client(std::size_t i, std::size_t gateway = 0) const;
  [[nodiscard]] std::string data() const { return data_; }

 private:
  [[nodiscard]] ToolResult Command(std::vector<std::string> arguments, std::chrono::seconds timeout) const;

  TemporaryFolder folder_;
  const std::string binaries_;
  const std::string replicas_;
  const std::string durability_;
  const std::string profile_;
  const std::string data_;
  const std::chrono::milliseconds session_;
  std::int64_t keep_commands_ = 0;
  nlohmann::json ready_;
};

}  // namespace xt::test
