// A persistent znode whose content carries the stamp of who wrote it, so that a writer who never got its answer can tell
// by reading whether the write was its own. The content is the stamp, a line feed, and the bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/adapters/zookeeper/internal/zookeeper_handle.h"

namespace xt::zookeeper {

inline constexpr std::int32_t kAbsentVersion = -1;

struct StampedNode {
  std::string stamp;
  std::string bytes;
  std::int32_t version = kAbsentVersion;  // kAbsentVersion: there is no such znode
};

// 128 random bits in hexadecimal digits.
std::string NewStamp();

// What the server has that this handle is connected to; sync before when it must be the newest. DATA_LOSS when the
// content has no stamp.
absl::StatusOr<StampedNode> ReadStamped(ZooKeeperHandle& handle, const std::string& path, bool watch);
// Writes when the version is still `expected`; kAbsentVersion creates the znode. The new version. ABORTED when another
// was faster, UNAVAILABLE when the outcome is unknown.
absl::StatusOr<std::int32_t> WriteStamped(ZooKeeperHandle& handle, const std::string& path, std::int32_t expected,
                                          std::string_view stamp, std::string_view bytes);

}  // namespace xt::zookeeper
