// ZooKeeperRecord: one persistent znode with a version, changed only by compare-and-set. What is read is what every
// server has agreed on (sync before the read). A write whose reply was lost is looked for, never assumed: each carries a
// stamp of its own.
//
// Threads: any but the session's own; the calls block up to ZooKeeperConfig::call_timeout.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/adapters/zookeeper/zookeeper_session.h"

namespace xt::zookeeper {

class ZooKeeperRecord {
 public:
  static constexpr std::int32_t kAbsent = -1;
  struct Value {
    std::string bytes;
    std::int32_t version = kAbsent;
  };

  // `path` below the root, as "sequencer/state".
  ZooKeeperRecord(std::shared_ptr<ZooKeeperSession> session, const std::string& path);

  // Version kAbsent when there is no record yet. UNAVAILABLE when there was no answer in time.
  absl::StatusOr<Value> Read();
  // Writes when the version is still `expected` (kAbsent: when there is none), and returns the new version.
  // ABORTED: the record is not what this call would have made of it; read it and start over. UNAVAILABLE: there was no
  // answer in time, and whether it was written is unknown.
  absl::StatusOr<std::int32_t> CompareAndSet(std::int32_t expected, std::string_view bytes);

 private:
  using Deadline = std::chrono::steady_clock::time_point;
  // Calls it with a connected handle until it is no longer UNAVAILABLE, or the deadline has passed.
  absl::Status Retry(const std::function<absl::Status(ZooKeeperHandle&)>& attempt);

  const std::shared_ptr<ZooKeeperSession> session_;
  const std::string path_;
};

}  // namespace xt::zookeeper
