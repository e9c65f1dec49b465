// Places: where the parts of an exchange are that the commands look into, as a data folder or the command line names
// them. What is not named stays empty. Plain functions.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace xt::ctl {

struct Places {
  std::string redis_journal;            // "127.0.0.1:1"
  std::vector<std::string> wals;        // folders of journals
  std::string redis;                    // with the executions
  std::string kafka;                    // "127.0.0.1:1"
  std::string postgres;                 // postgresql://...
  std::string zookeeper;                // "127.0.0.1:1"
  std::vector<std::string> matching;    // gRPC of each replica
  std::vector<std::string> snapshots;   // folders of replicas' snapshots
  std::vector<std::string> sequencers;  // "host:port" of their admin ports
  bool complete = false;                // those of a cluster: a server that is not named is not there
};

// What <data>/ready.json names. NOT_FOUND when nothing runs there, INVALID_ARGUMENT when the file is another one.
absl::StatusOr<Places> PlacesOf(const std::string& data);

}  // namespace xt::ctl
