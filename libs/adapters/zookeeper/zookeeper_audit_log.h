// ZooKeeperAuditLog: what was done to a shard once and must be known for good, a persistent znode
// <root>/sequencer-<shard>/unclean-leaders/<epoch> for each leader that began unclean. Nothing is ever changed or
// deleted.
// Threads: any but the session's own; the calls block up to ZooKeeperConfig::call_timeout.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/adapters/zookeeper/zookeeper_session.h"
#include "libs/domain/ids.h"

namespace xt::zookeeper {

class ZooKeeperAuditLog {
 public:
  ZooKeeperAuditLog(std::shared_ptr<ZooKeeperSession> session, const std::string& shard);

  // OK: it is there, durably, also when an earlier call wrote it. ALREADY_EXISTS: the epoch has another text.
  absl::Status Write(domain::Epoch epoch, const std::string& text);
  // By epoch.
  absl::StatusOr<std::vector<std::string>> List();

 private:
  const std::shared_ptr<ZooKeeperSession> session_;
  const std::string folder_;  // below the root
};

}  // namespace xt::zookeeper
