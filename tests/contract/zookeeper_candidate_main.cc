// A process that campaigns for the role "role" until it is killed: zookeeper_candidate SERVERS ROOT SESSION_MS FOLDER ID.
// It writes its session's credentials into the file `session-<n>`, and what it is told into `told-<n>` as
// "<leads> <epoch> <leader>", each renamed into place.
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>

#include "libs/adapters/zookeeper/zookeeper_election.h"

namespace {

void WriteWhole(const std::string& path, const std::string& text) {
  std::ofstream(path + ".new") << text;
  std::filesystem::rename(path + ".new", path);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) return 2;
  const std::string folder = argv[4];
  int sessions = 0;
  int told = 0;
  xt::zookeeper::ZooKeeperConfig config;
  config.servers = argv[1];
  config.root = argv[2];
  config.session_timeout = std::chrono::milliseconds(std::atoi(argv[3]));
  config.on_session = [&](const xt::zookeeper::SessionCredentials& credentials) {
    WriteWhole(folder + "/session-" + std::to_string(++sessions), ToText(credentials));
  };
  const auto session = xt::zookeeper::ZooKeeperSession::Open(config);
  if (!session.ok()) return 3;
  xt::zookeeper::ZooKeeperElection election(*session, "role", argv[5]);
  const absl::Status campaign = election.Campaign([&](const xt::ports::Leadership& leadership) {
    WriteWhole(folder + "/told-" + std::to_string(++told), std::to_string(leadership.leader ? 1 : 0) + " " +
                                                               std::to_string(leadership.epoch.value()) + " " +
                                                               leadership.leader_id);
  });
  if (!campaign.ok()) return 4;
  for (;;) ::pause();
}
