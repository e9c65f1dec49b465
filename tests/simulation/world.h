// World: the one place where a run's parts find each other.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/simulation/kernel.h"
#include "tests/simulation/mistake.h"
#include "tests/simulation/network.h"
#include "tests/simulation/redis_server.h"
#include "tests/simulation/zookeeper_server.h"

namespace xt::sim {

// What leaders trimmed off the journal, by last sequence: what a whole journal is made of afterwards.
struct Trimmed {
  std::map<std::uint64_t, std::string> frames;
  std::string violation;  // two leaders trimmed different frames
};

struct World {
  World(Kernel& k, Mistake planted)
      : kernel(k), network(k), redis(k, planted), zookeeper(k, planted), mistake(planted) {}
  static World*& Current() {
    static World* current = nullptr;
    return current;
  }
  // The host of the process that runs.
  [[nodiscard]] Host host() const {
    const ProcessId process = kernel.process();
    return process < hosts.size() ? hosts[process] : 0;
  }
  void Place(ProcessId process, Host host) {
    if (hosts.size() <= process) hosts.resize(process + 1, 0);
    hosts[process] = host;
  }
  // A line of the story, when it is told.
  void Tell(const std::string& line) const;

  Kernel& kernel;
  Network network;
  RedisServer redis;
  ZooKeeperServer zookeeper;
  Trimmed trimmed;
  const Mistake mistake;
  bool tells = false;
  bool standby_files = false;  // sequencers that stand by hold the journal, too
  std::vector<Host> hosts;     // by process
};

// Hosts that are not of our services.
inline constexpr Host kRedisHost = 100;
inline constexpr Host kZooKeeperHost = 101;
inline constexpr Host kClientHost = 102;

}  // namespace xt::sim
