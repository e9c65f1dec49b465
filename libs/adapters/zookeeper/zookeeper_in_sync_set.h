// ZooKeeperInSyncSet: the in-sync set of a shard's journal as a record <root>/sequencer-<shard>/in-sync,
// {"epoch": 7, "members": ["redis:...", "wal:..."]}, changed only by compare-and-set and only by the leader with the highest
// epoch that claimed it. Threads: as the port says; the calls block up to ZooKeeperConfig::call_timeout.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "libs/adapters/zookeeper/zookeeper_record.h"
#include "libs/adapters/zookeeper/zookeeper_session.h"
#include "libs/ports/in_sync_set.h"

namespace xt::zookeeper {

class ZooKeeperInSyncSet final : public ports::InSyncSet {
 public:
  ZooKeeperInSyncSet(std::shared_ptr<ZooKeeperSession> session, const std::string& shard);

  absl::StatusOr<std::vector<std::string>> Claim(domain::Epoch epoch) override;
  absl::Status Replace(const std::vector<std::string>& members) override;

  struct State {
    std::uint64_t epoch = 0;  // of the leader that claimed it last; 0: nobody did
    std::vector<std::string> members;
  };
  // For an operator, who leads nothing and claims nothing.
  absl::StatusOr<State> Look();
  // One more entry beside what Look saw. ABORTED, and nothing is changed: somebody wrote meanwhile.
  absl::Status Add(const std::string& entry);
  // Without an entry that Look saw. ABORTED as Add.
  absl::Status Remove(const std::string& entry);

 private:
  // What stands there; DATA_LOSS when it is not what this class writes.
  absl::StatusOr<State> Read();
  absl::Status Write(const State& state);

  ZooKeeperRecord record_;
  std::int32_t version_ = ZooKeeperRecord::kAbsent;  // of what was read or written last
  domain::Epoch epoch_;
  State seen_;  // by Look
};

}  // namespace xt::zookeeper
