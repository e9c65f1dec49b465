// The znode <root>/<role>/leader: who leads a role and in which epoch. It is persistent and changed only by
// compare-and-set, so that the epoch never falls.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "libs/adapters/zookeeper/internal/stamped_node.h"
#include "libs/adapters/zookeeper/internal/zookeeper_handle.h"
#include "libs/domain/ids.h"

namespace xt::zookeeper {

struct LeaderRecord {
  domain::Epoch epoch;    // 0: nobody has led yet
  std::string leader_id;  // empty: the leader has resigned, and no other has followed yet
  std::string stamp;      // of the candidacy that it comes from
  std::int32_t version = kAbsentVersion;
};

std::string LeaderPath(const std::string& role_path);
// Creates it when there is none, so that there is something to watch.
absl::StatusOr<LeaderRecord> ReadLeader(ZooKeeperHandle& handle, const std::string& role_path, bool watch);
// Writes over the version that was read; sets it to the new one.
absl::Status WriteLeader(ZooKeeperHandle& handle, const std::string& role_path, LeaderRecord& record);

}  // namespace xt::zookeeper
